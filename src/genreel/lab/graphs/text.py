"""Graphs written in ONNX's own text form, and how they are renamed and put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx.compose
import onnx.helper
import onnx.numpy_helper
import onnx.parser
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto

OPSET = 21

Constants = Mapping[str, NDArray[np.generic]]


def parse_graph(
    inputs: Sequence[str],
    output: str,
    lines: Sequence[str],
    *,
    constants: Constants | None = None,
    names: Mapping[str, str] | None = None,
) -> ModelProto:
    """A graph from lines of ONNX's text form.

    Args:
        inputs: type, shape and name of each, such as "float[n, 4] x".
        output: the same of what it gives.
        lines: one node each, such as "y = Add (x, bias)".
        constants: name → array; every name in `lines` that no node gives and no input has.
        names: input or output → the name it gets in the graph, such as "plot.indices", which
            the text form cannot spell.
    """
    body = "\n".join(lines)
    model = onnx.parser.parse_model(
        f'<ir_version: 10, opset_import: ["" : {OPSET}]>\n'
        f"graph ({', '.join(inputs)}) => ({output}) {{\n{body}\n}}"
    )
    model.graph.initializer.extend(
        onnx.numpy_helper.from_array(np.ascontiguousarray(array), name)
        for name, array in (constants or {}).items()
    )
    return rename_values(model, names or {})


def rename_values(model: ModelProto, names: Mapping[str, str]) -> ModelProto:
    """The same model, with its inputs, its outputs and what nodes pass on renamed in place."""
    for value in [*model.graph.input, *model.graph.output]:
        value.name = names.get(value.name, value.name)
    for node in model.graph.node:
        for side in (node.input, node.output):
            for i, name in enumerate(side):
                side[i] = names.get(name, name)
    return model


def join_graphs(parts: Sequence[ModelProto], names: Sequence[str], top: ModelProto) -> ModelProto:
    """Puts graphs under `top`, in place: its input `names[i]` becomes the output of `parts[i]`.

    Inputs of the same name become one; the inputs of `top` that stay come first.
    """
    graph = top.graph
    versions = {entry.domain: entry.version for entry in top.opset_import}
    inputs = [value for value in graph.input if value.name not in names]
    nodes: list[NodeProto] = []
    for part, name in zip(parts, names, strict=True):
        part = onnx.compose.add_prefix(part, f"{name}/", rename_inputs=False, rename_outputs=False)
        part = rename_values(part, {part.graph.output[0].name: name})
        _rename_sizes(part, name)
        for entry in part.opset_import:
            versions[entry.domain] = max(entry.version, versions.get(entry.domain, 0))
        nodes += part.graph.node
        graph.initializer.extend(part.graph.initializer)
        earlier = {value.name for value in inputs}
        inputs += [value for value in part.graph.input if value.name not in earlier]
    nodes += graph.node
    del graph.input[:], graph.node[:]
    graph.input.extend(inputs)
    graph.node.extend(nodes)
    del top.opset_import[:]
    top.opset_import.extend(onnx.helper.make_opsetid(d, v) for d, v in sorted(versions.items()))
    return top


def _rename_sizes(model: ModelProto, suffix: str) -> None:
    """Gives every size but the number of movies a new name: two of one name must be equal."""
    graph = model.graph
    for value in (*graph.input, *graph.value_info, *graph.output):
        for size in value.type.tensor_type.shape.dim:
            if size.dim_param not in ("", "n"):
                size.dim_param = f"{size.dim_param}_{suffix}"


def count_columns(model: ModelProto) -> int:
    """Columns of a graph's output, such as the genres of `scores` (n, genres)."""
    return int(model.graph.output[0].type.tensor_type.shape.dim[1].dim_value)
