"""A graph with its weights in fewer bits: smaller, in int8 also faster, hardly less exact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
from numpy.typing import NDArray

from genreel.lab.examples import Examples
from genreel.lab.models.convolutions import quantise_convolutions
from genreel.lab.models.export import shown_in_turn
from genreel.lab.models.rewriting import add_constant, new_node, replace_all
from genreel.predictor import load_session, run_session

_SMALLEST = 1024  # numbers; fewer are not worth a node
_ROW_LEVELS = 127  # of a table or of what comes into a product: int8, symmetric
_WEIGHT_LEVELS = 63
"""7 bits: pairs of products of an unsigned 8-bit and a signed number are added in 16 bits on CPUs
without VNNI, and saturate with more.
"""

_GELU_LEAST = 0.17
"""GELU never goes further below 0, so that its largest value tells how far it reaches."""


def reduce_precision(graph: bytes, precision: str, examples: Examples) -> bytes:
    """The graph with its large weights in fewer bits; inputs, outputs and the rest stay float32.

    float16: weights are kept in 16 bits, and become float32 again when the graph is loaded.

    int8: tables that rows are gathered from are kept in 8 bits with a scale for each row, and
    products with a matrix are computed in integers, each column of the matrix and each row of
    what it is multiplied with having a scale of its own (Yao et al. 2022, ZeroQuant). The ranges
    that onnxruntime's own dynamic quantisation takes over a whole batch would make a movie's
    scores depend on its neighbours. Convolutions of images are computed in integers as well, see
    `convolutions`. Other weights are kept as with float16.

    Args:
        graph: as `export` gives it.
        precision: one of `recipe.PRECISIONS`.
        examples: movies that the model learnt from, of which convolutions learn their ranges.
    """
    if precision == "float32":
        return graph
    model = onnx.load_model_from_string(graph)
    if precision == "int8":
        quantise_convolutions(model, examples)
    rewriter = _Rewriter(model.graph)
    for tensor in list(model.graph.initializer):
        if tensor.data_type == onnx.TensorProto.FLOAT:
            rewriter.rewrite(tensor, integers=precision == "int8")
    rewriter.finish()
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


def drift(graph: bytes, reduced: bytes, examples: Examples) -> dict[str, float]:
    """How far the scores of two graphs are apart: `mean` and `largest` difference over movies,
    genres and every combination of inputs that single ones and all of them make.
    """
    sessions = [load_session(data) for data in (graph, reduced)]
    apart = [
        np.abs(np.subtract(*(run_session(session, batch.arrays()) for session in sessions))).ravel()
        for batch in shown_in_turn(examples)
    ]
    differences = np.concatenate(apart) if apart else np.zeros(1)
    return {"mean": float(differences.mean()), "largest": float(differences.max())}


class _Rewriter:
    """Replaces weights of a graph in place, with the nodes that read them before their users."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self.before: dict[int, list[Any]] = {}  # position of a node → nodes that go before it
        self.replaced: dict[int, list[Any]] = {}  # position of a node → what takes its place
        self.quantised: dict[str, tuple[str, str, str]] = {}  # value → what `_in_levels` made
        self.users: dict[str, list[int]] = {}
        self.gelus = {node.output[0] for node in graph.node if node.op_type == "Gelu"}
        for position, node in enumerate(graph.node):
            for name in node.input:
                self.users.setdefault(name, []).append(position)

    def rewrite(self, tensor: Any, integers: bool) -> None:
        """Puts one float32 weight into fewer bits, where that is worth it."""
        array = onnx.numpy_helper.to_array(tensor)
        users = [(p, self.graph.node[p]) for p in self.users.get(tensor.name, ())]
        if array.size < _SMALLEST or not users:
            return
        if any(node.op_type == "DequantizeLinear" for _, node in users):
            return  # the scales of what is in integers already
        is_matrix = integers and array.ndim == 2
        if is_matrix and all(_gathers(node, tensor.name) for _, node in users):
            self._table(tensor, array, users)
        elif is_matrix and all(_multiplies(node, tensor.name) for _, node in users):
            self._matrix(tensor, array, users)
        elif np.abs(array).max() <= np.finfo(np.float16).max:
            self._half(tensor, array, users)

    def finish(self) -> None:
        """Writes the nodes back, in an order in which each comes after what it reads."""
        nodes: list[Any] = []
        for position, node in enumerate(self.graph.node):
            nodes += self.before.get(position, [])
            nodes += self.replaced.get(position, [node])
        replace_all(self.graph.node, nodes)
        del self.graph.value_info[:]

    def _half(self, tensor: Any, array: NDArray[Any], users: Sequence[tuple[int, Any]]) -> None:
        name = tensor.name
        self._put(tensor, array.astype(np.float16), f"{name}/half")
        cast = new_node("Cast", f"{name}/half", name, to=onnx.TensorProto.FLOAT)
        self.before.setdefault(users[0][0], []).append(cast)

    def _table(self, tensor: Any, array: NDArray[Any], users: Sequence[tuple[int, Any]]) -> None:
        name = tensor.name
        integers, scales = _scaled(array, 1, _ROW_LEVELS)
        self._put(tensor, integers, f"{name}/integers")
        add_constant(self.graph, f"{name}/scales", scales)
        for position, node in users:
            [out], at = node.output, node.input[1]
            self.replaced[position] = [
                new_node("Gather", f"{name}/integers", at, f"{out}/integers"),
                new_node("Gather", f"{name}/scales", at, f"{out}/scales"),
                new_node("Cast", f"{out}/integers", f"{out}/floats", to=onnx.TensorProto.FLOAT),
                new_node("Mul", f"{out}/floats", f"{out}/scales", out),
            ]

    def _matrix(self, tensor: Any, array: NDArray[Any], users: Sequence[tuple[int, Any]]) -> None:
        name, width = tensor.name, array.shape[1]
        integers, scales = _scaled(array, 0, _WEIGHT_LEVELS)
        self._put(tensor, integers, f"{name}/integers")
        add_constant(self.graph, f"{name}/scales", scales[0])
        add_constant(self.graph, f"{name}/width", np.array([width], np.int64))
        for position, node in users:
            x, [out] = node.input[0], node.output
            levels, x_scales, x_shape = self._in_levels(x, position)
            # A product of two DequantizeLinear is how ONNX writes one of integers; onnxruntime
            # makes a single node of the first two lines, which scales the columns as it goes.
            self.replaced[position] = [
                new_node(
                    "DequantizeLinear", f"{name}/integers", f"{name}/scales", f"{out}/w", axis=1
                ),
                new_node("MatMul", levels, f"{out}/w", f"{out}/columns"),
                new_node("Mul", f"{out}/columns", x_scales, f"{out}/rows"),
                new_node("Concat", x_shape, f"{name}/width", f"{out}/shape", axis=0),
                new_node("Reshape", f"{out}/rows", f"{out}/shape", out),
            ]

    def _in_levels(self, x: str, position: int) -> tuple[str, str, str]:
        """Names of a value's rows in 8 bits, shape (rows, width), of their scales, shape
        (rows, 1), and of the value's shape without its last axis; made once.
        """
        if x not in self.quantised:
            if not self.quantised:
                add_constant(self.graph, "precision/zero", np.array(128, np.uint8))
                add_constant(self.graph, "precision/last axis", np.array([-1], np.int64))
                add_constant(self.graph, "precision/first place", np.array([0], np.int64))
                add_constant(self.graph, "precision/one place", np.array([1], np.int64))
                add_constant(self.graph, "precision/one", np.array(1, np.float32))
                add_constant(self.graph, "precision/levels", np.array(_ROW_LEVELS, np.float32))
                add_constant(self.graph, "precision/least", np.array(1e-20, np.float32))
                least = np.array(_GELU_LEAST / _ROW_LEVELS, np.float32)
                add_constant(self.graph, "precision/least of GELU", least)
            sized, smallest = f"{x}/abs", "precision/least"
            absolute = [new_node("Abs", f"{x}/rows", sized)]
            if x in self.gelus:
                sized, smallest, absolute = f"{x}/rows", "precision/least of GELU", []
            first, one, last = (f"precision/{n}" for n in ("first place", "one place", "last axis"))
            self.before.setdefault(position, []).extend(
                [
                    new_node("Shape", x, f"{x}/shape", end=-1),
                    new_node("Flatten", x, f"{x}/rows", axis=-1),
                    *absolute,
                    new_node("ReduceMax", sized, last, f"{x}/most"),
                    # onnxruntime forgets to reduce the last axis where there are no rows.
                    new_node("Slice", f"{x}/most", first, one, last, f"{x}/size"),
                    new_node("Div", f"{x}/size", "precision/levels", f"{x}/step"),
                    new_node("Max", f"{x}/step", smallest, f"{x}/scale"),
                    new_node("Reshape", f"{x}/scale", last, f"{x}/scales"),
                    new_node("Shape", f"{x}/scales", f"{x}/count"),
                    new_node("Expand", "precision/zero", f"{x}/count", f"{x}/zeros"),
                    new_node(
                        *("QuantizeLinear", f"{x}/rows", f"{x}/scales", f"{x}/zeros"),
                        f"{x}/integers",
                        axis=0,
                    ),
                    new_node(
                        *("DequantizeLinear", f"{x}/integers", "precision/one", "precision/zero"),
                        f"{x}/levels",
                    ),
                ]
            )
            self.quantised[x] = (f"{x}/levels", f"{x}/scale", f"{x}/shape")
        return self.quantised[x]

    def _put(self, tensor: Any, array: NDArray[Any], name: str) -> None:
        tensor.CopyFrom(onnx.numpy_helper.from_array(np.ascontiguousarray(array), name))


def _scaled(
    array: NDArray[Any], axis: int, levels: int
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """int8 in [-levels, levels] and float32 scales, one for all numbers along the axis."""
    scales = np.maximum(np.abs(array).max(axis=axis, keepdims=True) / levels, 1e-20)
    scales = scales.astype(np.float32)
    return np.rint(array / scales).astype(np.int8), scales


def _gathers(node: Any, name: str) -> bool:
    axis = {attribute.name: attribute.i for attribute in node.attribute}.get("axis", 0)
    return bool(node.op_type == "Gather" and node.input[0] == name and axis == 0)


def _multiplies(node: Any, name: str) -> bool:
    return bool(node.op_type == "MatMul" and node.input[1] == name and node.input[0] != name)
