"""A graph with its weights in fewer bits: smaller, in int8 also faster, and nearly as exact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
from numpy.typing import NDArray

from genreel.graph import load_session, run_session
from genreel.lab.examples import Examples
from genreel.lab.graphs.integers import count_in_integers
from genreel.lab.graphs.parity import input_cases
from genreel.lab.graphs.rewriting import add_constant, new_node, replace_all
from genreel.predictor import BATCH_SIZE

_SMALLEST = 1024  # numbers; fewer are not worth a node
_ROW_LEVELS = 127  # of a table: int8, symmetric


def reduce_precision(graph: bytes, precision: str, examples: Examples) -> bytes:
    """The graph with its large weights in fewer bits; inputs, outputs and the rest stay float32.

    float16: weights are kept in 16 bits, and become float32 again when the graph is loaded.

    int8: tables that rows are gathered from are kept in 8 bits with a scale for each row;
    products with matrices and convolutions of images are computed in integers, see `integers`.
    Other weights are kept as with float16.

    Args:
        graph: as `export` gives it.
        precision: one of `recipe.PRECISIONS`.
        examples: movies that the model learnt from; they fix the ranges of int8.
    """
    if precision == "float32":
        return graph
    model = onnx.load_model_from_string(graph)
    if precision == "int8":
        count_in_integers(model, examples)
    rewriter = _Rewriter(model.graph)
    for tensor in list(model.graph.initializer):
        if tensor.data_type == onnx.TensorProto.FLOAT:
            rewriter.rewrite(tensor, integers=precision == "int8")
    rewriter.finish()
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


def drift(graph: bytes, small: bytes, examples: Examples) -> dict[str, float]:
    """Differences between the scores of two graphs, as `mean` and `largest`, over movies, genres
    and `parity.input_cases`.
    """
    sessions = [load_session(data) for data in (graph, small)]
    by_batch = [
        np.abs(np.subtract(*(run_session(session, batch.arrays()) for session in sessions))).ravel()
        for case in input_cases(examples)
        for batch in case.batches(BATCH_SIZE)
    ]
    differences = np.concatenate(by_batch) if by_batch else np.zeros(1)
    return {"mean": float(differences.mean()), "largest": float(differences.max())}


class _Rewriter:
    """Replaces weights of a graph in place, with the nodes that read them before their users."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self.before: dict[int, list[Any]] = {}  # position of a node → nodes that go before it
        self.replacements: dict[int, list[Any]] = {}  # position of a node → what takes its place
        self.users: dict[str, list[int]] = {}
        for position, node in enumerate(graph.node):
            for name in node.input:
                self.users.setdefault(name, []).append(position)

    def rewrite(self, tensor: Any, integers: bool) -> None:
        """Stores one float32 weight in fewer bits, where that is worth a node."""
        array = onnx.numpy_helper.to_array(tensor)
        users = [(p, self.graph.node[p]) for p in self.users.get(tensor.name, ())]
        if array.size < _SMALLEST or not users:
            return
        if any(node.op_type == "DequantizeLinear" for _, node in users):
            return  # a scale of weights that are in integers already
        is_matrix = integers and array.ndim == 2
        if is_matrix and all(_gathers(node, tensor.name) for _, node in users):
            self._table(tensor, array, users)
        elif np.abs(array).max() <= np.finfo(np.float16).max:
            self._half(tensor, array, users)

    def finish(self) -> None:
        """Writes the nodes back, each after those whose output it reads."""
        nodes: list[Any] = []
        for position, node in enumerate(self.graph.node):
            nodes += self.before.get(position, [])
            nodes += self.replacements.get(position, [node])
        replace_all(self.graph.node, nodes)
        del self.graph.value_info[:]

    def _half(self, tensor: Any, array: NDArray[Any], users: Sequence[tuple[int, Any]]) -> None:
        name = tensor.name
        self._replace(tensor, array.astype(np.float16), f"{name}/half")
        cast = new_node("Cast", f"{name}/half", name, to=onnx.TensorProto.FLOAT)
        self.before.setdefault(users[0][0], []).append(cast)

    def _table(self, tensor: Any, array: NDArray[Any], users: Sequence[tuple[int, Any]]) -> None:
        name = tensor.name
        scales = np.maximum(np.abs(array).max(axis=1, keepdims=True) / _ROW_LEVELS, 1e-20)
        self._replace(tensor, np.rint(array / scales).astype(np.int8), f"{name}/integers")
        add_constant(self.graph, f"{name}/scales", scales.astype(np.float32))
        for position, node in users:
            [out], at = node.output, node.input[1]
            self.replacements[position] = [
                new_node("Gather", f"{name}/integers", at, f"{out}/integers"),
                new_node("Gather", f"{name}/scales", at, f"{out}/scales"),
                new_node("Cast", f"{out}/integers", f"{out}/floats", to=onnx.TensorProto.FLOAT),
                new_node("Mul", f"{out}/floats", f"{out}/scales", out),
            ]

    def _replace(self, tensor: Any, array: NDArray[Any], name: str) -> None:
        tensor.CopyFrom(onnx.numpy_helper.from_array(np.ascontiguousarray(array), name))


def _gathers(node: Any, name: str) -> bool:
    axis = {attribute.name: attribute.i for attribute in node.attribute}.get("axis", 0)
    return bool(node.op_type == "Gather" and node.input[0] == name and axis == 0)
