"""Parts of a graph: taken out of one, fed from elsewhere, and weights that two of them share."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
from onnx import ModelProto

from genreel.cases import SENSES


def part_graph(model: bytes, number: int) -> bytes:
    """The graph of an ensemble's part, from its features' arrays to `scores` (n, genres).

    Args:
        model: the graph of the ensemble, as `ensemble._over_parts` joins it.
        number: of the part, from 0.
    """
    graph = onnx.load_model_from_string(model)
    output = f"part_{number}"
    needs, nodes = {output}, []
    for node in reversed(graph.graph.node):  # in the order of the work, so users come later
        if needs.intersection(node.output):
            needs.update(node.input)
            nodes.append(node)
    nodes.reverse()
    part = onnx.helper.make_graph(
        nodes,
        output,
        [value for value in graph.graph.input if value.name in needs],
        [_scores_like(graph, output)],
        [tensor for tensor in graph.graph.initializer if tensor.name in needs],
    )
    for node in part.node:
        for side in (node.input, node.output):
            for i, name in enumerate(side):
                side[i] = "scores" if name == output else name
    taken = onnx.helper.make_model(part, opset_imports=list(graph.opset_import))
    taken.ir_version = graph.ir_version
    _widen_present(taken)
    data: bytes = taken.SerializeToString()
    return data


def _scores_like(graph: ModelProto, name: str) -> onnx.ValueInfoProto:
    value: onnx.ValueInfoProto = copy.deepcopy(graph.graph.output[0])
    value.name = "scores"
    return value


def _widen_present(model: ModelProto) -> None:
    """Lets an older graph, which was told of the first senses alone, be told of all."""
    for value in model.graph.input:
        columns = value.type.tensor_type.shape.dim[1].dim_value if value.name == "present" else 0
        if 0 < columns < len(SENSES):
            choose_senses(model, SENSES[:columns])


def choose_senses(model: ModelProto, senses: Sequence[str]) -> None:
    """Gives the graph, in place, these columns of `present` for those that it reads."""
    if not any(value.name == "present" for value in model.graph.input):
        return
    # A graph that was taken from another one may have chosen before.
    chosen = f"present/{len(model.graph.initializer)}"
    for node in model.graph.node:
        for i, name in enumerate(node.input):
            node.input[i] = chosen if name == "present" else name
    columns = np.array([SENSES.index(sense) for sense in senses], np.int64)
    model.graph.initializer.append(onnx.numpy_helper.from_array(columns, f"{chosen}/columns"))
    choice = onnx.helper.make_node("Gather", ["present", f"{chosen}/columns"], [chosen], axis=1)
    model.graph.node.insert(0, choice)
    for value in model.graph.input:
        if value.name == "present":
            value.type.tensor_type.shape.dim[1].dim_value = len(SENSES)


def feed(model: ModelProto, pairs: Sequence[tuple[str, str]], senses: Mapping[str, str]) -> None:
    """Lets a graph read other features, in place.

    Args:
        model: from its features' arrays to `scores`.
        pairs: features that it reads, and those that stand for them; of others, which must be
            features of terms, nothing is there.
        senses: those of the first, and of what stands for them.
    """
    choose_senses(model, [senses.get(sense, sense) for sense in SENSES])
    names = dict(pairs)
    inputs = list(model.graph.input)
    del model.graph.input[:]
    renamed: dict[str, str] = {}
    for value in inputs:
        feature, _, short = value.name.rpartition(".")
        if feature in names:
            renamed[value.name] = value.name = f"{names[feature]}.{short}"
        elif feature:
            is_whole = value.type.tensor_type.elem_type == onnx.TensorProto.INT64
            nothing = np.zeros((1, 1), np.int64 if is_whole else np.float32)
            model.graph.initializer.append(onnx.numpy_helper.from_array(nothing, value.name))
            continue
        model.graph.input.append(value)
    for node in model.graph.node:
        for i, name in enumerate(node.input):
            node.input[i] = renamed.get(name, name)


def share_weights(model: ModelProto) -> None:
    """Keeps each array of weights once, in place, however many parts read it."""
    first: dict[tuple[object, ...], str] = {}
    same: dict[str, str] = {}
    tensors = list(model.graph.initializer)
    for tensor in tensors:
        key = (tensor.data_type, tuple(tensor.dims), onnx.numpy_helper.to_array(tensor).tobytes())
        same[tensor.name] = first.setdefault(key, tensor.name)
    del model.graph.initializer[:]
    model.graph.initializer.extend(t for t in tensors if same[t.name] == t.name)
    for node in model.graph.node:
        for i, name in enumerate(node.input):
            node.input[i] = same.get(name, name)
