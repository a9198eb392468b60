"""What rewriting an ONNX graph in place takes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
from numpy.typing import NDArray


def new_node(operator: str, *names: str, **attributes: Any) -> Any:
    """A node; the last of the names is that of its output."""
    return onnx.helper.make_node(operator, names[:-1], names[-1:], **attributes)


def add_constant(graph: Any, name: str, array: NDArray[Any] | np.generic) -> str:
    """Gives the graph a constant; its name."""
    graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(array), name))
    return name


def replace_all(field: Any, messages: Iterable[Any]) -> None:
    """Puts messages in the place of a field's, some of which may be among them."""
    copies = [type(message).FromString(message.SerializeToString()) for message in messages]
    del field[:]
    field.extend(copies)


def name_sizes(graph: Any) -> None:
    """Puts the size that the exporter knows in the place of a Reshape's -1, which onnxruntime up
    to 1.28 cannot tell where another of the sizes is 0, as in a batch without a plot.
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
    asked: dict[str, set[tuple[int, ...]]] = {}  # what gives a Reshape its sizes → what they are
    for node in graph.node:
        if node.op_type == "Reshape":
            asked.setdefault(node.input[1], set()).add(tuple(shapes.get(node.output[0], ())))
    for node in graph.node:
        known = asked.get(node.output[0], set()) if node.op_type == "Concat" else set()
        for place, name in enumerate(node.input):
            sizes = {shape[place] for shape in known if len(shape) == len(node.input)}
            if name in unknown and len(sizes) == 1 and sizes != {0}:
                size = np.array([*sizes], np.int64)
                node.input[place] = add_constant(graph, f"{node.output[0]}/{place}", size)
