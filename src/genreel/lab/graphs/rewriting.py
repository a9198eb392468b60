"""Helpers that rewrite an ONNX graph in place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
from numpy.typing import NDArray


def new_node(operator: str, *names: str, **attributes: Any) -> Any:
    """A node with one output, whose name comes last."""
    return onnx.helper.make_node(operator, names[:-1], names[-1:], **attributes)


def add_constant(graph: Any, name: str, array: NDArray[Any] | np.generic) -> str:
    """Adds a constant to the graph; returns its name."""
    graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(array), name))
    return name


def replace_all(field: Any, messages: Iterable[Any]) -> None:
    """Replaces the messages of a repeated field; the new ones may include old ones."""
    copies = [type(message).FromString(message.SerializeToString()) for message in messages]
    del field[:]
    field.extend(copies)


def name_sizes(graph: Any) -> None:
    """Replaces the -1 in a Reshape's sizes by the size, where the exporter knows it.

    onnxruntime up to 1.28 cannot infer a -1 where another size is 0, as in a batch without a plot.
    """
    shapes = {
        value.name: [size.dim_value for size in value.type.tensor_type.shape.dim]
        for value in (*graph.value_info, *graph.output)
    }
    unknown = {
        tensor.name
        for tensor in graph.initializer
        if onnx.numpy_helper.to_array(tensor).tolist() == [-1]
    }
    shapes_of: dict[str, set[tuple[int, ...]]] = {}  # what gives Reshapes their sizes → shapes
    for node in graph.node:
        if node.op_type == "Reshape":
            shapes_of.setdefault(node.input[1], set()).add(tuple(shapes.get(node.output[0], ())))
    for node in graph.node:
        outputs = shapes_of.get(node.output[0], set()) if node.op_type == "Concat" else set()
        for place, name in enumerate(node.input):
            sizes = {shape[place] for shape in outputs if len(shape) == len(node.input)}
            if name in unknown and len(sizes) == 1 and sizes != {0}:
                size = np.array([*sizes], np.int64)
                node.input[place] = add_constant(graph, f"{node.output[0]}/{place}", size)
