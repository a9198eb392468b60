"""A graph's products and convolutions in integers: faster, and nearly as exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
from numpy.typing import NDArray

from genreel.graph import load_session
from genreel.lab.examples import Examples
from genreel.lab.graphs.rewriting import add_constant, new_node, replace_all

_SMALLEST = 1024  # numbers in a matrix; a smaller one is not worth a node
_LEVELS = 255  # of inputs and of convolutions' outputs: uint8, one scale for the whole value
_WEIGHT_LEVELS = {False: 63, True: 127}
"""Largest integer weight, by whether a convolution is depthwise.

CPUs without VNNI add pairs of 8-bit products in 16 bits, which saturates with larger weights; a
depthwise convolution is computed without such pairs.
"""
_MOVIES = 256  # of the examples, evenly spaced, on which values are measured
_LARGEST_BIAS = 2**30  # in int32, with room for the products


@dataclass(frozen=True)
class Range:
    """The range of a value between layers, over the examples.

    Attributes:
        step: from one of its 256 levels to the next; they span the range, and 0.
        zero: the level that stands for 0.
        means: the mean of each channel, float32, shape (channels,).
    """

    step: np.float32
    zero: np.uint8
    means: NDArray[np.float32]


def count_in_integers(model: Any, examples: Examples) -> None:
    """Rewrites a float32 graph in place: its convolutions of images, and its products with
    constant matrices, are then computed in integers.

    Weights have a scale for each output channel. A value between layers has one scale, fixed by
    its range over the examples, so a movie's scores do not depend on the rest of its batch. The
    mean error that rounding the weights makes in a channel is subtracted from its bias (Nagel et
    al. 2021, A White Paper on Neural Network Quantization, section 3). An activation after a
    convolution becomes the bounds of the output's levels. The graph holds pairs of
    QuantizeLinear and DequantizeLinear, ONNX's notation; onnxruntime fuses them into integer
    nodes.

    Args:
        model: as `onnx.load_model_from_string` gives it.
        examples: movies like those in use; at least one has every poster or plot that the model
            reads.
    """
    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    convolutions = {node.output[0]: node for node in graph.node if _takes_images(node, weights)}
    products = {node.output[0]: node for node in graph.node if _takes_rows(node, weights)}
    activations = {name: _activation(name, graph) for name in convolutions}
    additions = {name: _addition(name, graph, weights) for name in products}
    images = {node.input[0] for node in convolutions.values()}
    images |= {activations[name] or name for name in convolutions}
    for node in graph.node:
        if node.op_type == "Add" and images.issuperset(node.input):
            images.add(node.output[0])
    rows = {node.input[0] for node in products.values()}
    ranges = _measure_ranges(model, images, rows, examples)

    obsolete = {*activations.values(), *(add.output[0] for add in additions.values() if add)}
    nodes: list[Any] = []
    for value in graph.input:
        nodes += _in_levels(value.name, images, rows, ranges, graph)
    for node in graph.node:
        [output, *_] = node.output
        if output in obsolete:
            continue
        if output in convolutions:
            nodes += _weights(node, weights, node.input[2:], ranges[node.input[0]], graph)
            node.output[0] = activations[output] or output
        for place, name in enumerate(node.input):
            if name in images:
                node.input[place] = f"{name}/near"
        if output in products:
            nodes += _product(node, weights, additions[output], ranges[node.input[0]], graph)
            output = additions[output].output[0] if additions[output] else output
        else:
            nodes.append(node)
            output = node.output[0]
        nodes += _in_levels(output, images, rows, ranges, graph)
    replace_all(graph.node, nodes)
    read = {name for node in graph.node for name in node.input}
    replace_all(graph.initializer, [tensor for tensor in graph.initializer if tensor.name in read])
    del graph.value_info[:]


def _takes_images(node: Any, weights: Mapping[str, Any]) -> bool:
    """Whether a node is a convolution over height and width with constant weights."""
    return bool(
        node.op_type == "Conv"
        and all(name in weights for name in node.input[1:])
        and len(weights[node.input[1]].dims) == 4
    )


def _takes_rows(node: Any, weights: Mapping[str, Any]) -> bool:
    """Whether a node multiplies rows with a constant matrix that is large enough."""
    if node.op_type != "MatMul" or node.input[1] not in weights or node.input[0] in weights:
        return False
    shape = weights[node.input[1]].dims
    return len(shape) == 2 and shape[0] * shape[1] >= _SMALLEST


def _activation(name: str, graph: Any) -> str:
    """Output of the activation after a value; "" where there is none, or another reader."""
    readers = [node for node in graph.node if name in node.input]
    has_activation = len(readers) == 1 and readers[0].op_type in ("Relu", "Clip")
    return readers[0].output[0] if has_activation else ""


def _addition(name: str, graph: Any, weights: Mapping[str, Any]) -> Any:
    """The node that adds a bias to a value; None where there is none, or another reader."""
    readers = [node for node in graph.node if name in node.input]
    if len(readers) != 1 or readers[0].op_type != "Add":
        return None
    others = [other for other in readers[0].input if other in weights]
    return readers[0] if others and len(weights[others[0]].dims) == 1 else None


def _measure_ranges(
    model: Any, images: set[str], rows: set[str], examples: Examples
) -> dict[str, Range]:
    """Ranges of the values, measured on one movie at a time, so that no row is padding."""
    names = sorted(images | rows)
    if not names:
        return {}
    probe = onnx.ModelProto.FromString(model.SerializeToString())
    del probe.graph.output[:]
    over = {
        False: add_constant(probe.graph, "means/of area", np.array([0, 2, 3], np.int64)),
        True: add_constant(probe.graph, "means/of rows", np.array([0], np.int64)),
    }
    for name in names:
        flat = f"{name}/flat"
        probe.graph.node.append(
            new_node("Flatten", name, flat, axis=-1)
            if name in rows
            else new_node("Identity", name, flat)
        )
        for operator, *axes in (("ReduceMin",), ("ReduceMax",), ("ReduceMean", over[name in rows])):
            statistic = f"{name}/{operator}"
            probe.graph.node.append(new_node(operator, flat, *axes, statistic, keepdims=0))
            probe.graph.output.append(
                onnx.helper.make_tensor_value_info(statistic, onnx.TensorProto.FLOAT, None)
            )
    session = load_session(probe.SerializeToString())
    takes = {value.name for value in session.get_inputs()}
    inputs = {f.input for f in examples.features.values()} & {"poster", "plot"}
    complete = np.flatnonzero(examples.has(inputs))
    some = complete[np.unique(np.linspace(0, len(complete) - 1, _MOVIES).astype(np.int64))]
    found_in = [
        session.run(None, {k: a for k, a in one.arrays().items() if k in takes})
        for one in examples.take(some).batches(1)
    ]
    ends = iter(zip(*found_in, strict=True))
    return {name: _range(*(np.array(next(ends)) for _ in range(3))) for name in names}


def _range(lows: NDArray[Any], highs: NDArray[Any], means: NDArray[Any]) -> Range:
    low, high = min(lows.min(), 0.0), max(highs.max(), 0.0)
    step = np.float32(max((high - low) / _LEVELS, 1e-8))
    return Range(step, np.uint8(np.rint(-low / step)), means.mean(axis=0))


def _in_levels(
    name: str, images: set[str], rows: set[str], ranges: Mapping[str, Range], graph: Any
) -> list[Any]:
    """Nodes that round a value to its levels; none where it stays float32."""
    if name not in ranges:
        return []
    step = add_constant(graph, f"{name}/step", ranges[name].step)
    zero = add_constant(graph, f"{name}/zero", ranges[name].zero)
    before, value = [], name
    if name in rows:
        value = f"{name}/rows"
        before = [
            new_node("Shape", name, f"{name}/shape", end=-1),
            new_node("Flatten", name, value, axis=-1),
        ]
    return [
        *before,
        new_node("QuantizeLinear", value, step, zero, f"{name}/levels"),
        new_node("DequantizeLinear", f"{name}/levels", step, zero, f"{name}/near"),
    ]


def _product(
    node: Any, weights: Mapping[str, Any], addition: Any, incoming: Range, graph: Any
) -> list[Any]:
    """Nodes for a product of rows with a matrix, and for the bias that is added."""
    [output], [x, matrix] = node.output, node.input
    biases = [name for name in addition.input if name != output] if addition else []
    gemm = new_node("Gemm", f"{x}/near", matrix, f"{output}/flat", alpha=1.0, beta=1.0)
    nodes = _weights(gemm, weights, biases, incoming, graph)
    width = add_constant(graph, f"{output}/width", np.array(weights[matrix].dims[1:], np.int64))
    return [
        *nodes,
        gemm,
        new_node("Concat", f"{x}/shape", width, f"{output}/size", axis=0),
        new_node("Reshape", f"{output}/flat", f"{output}/size", (addition or node).output[0]),
    ]


def _weights(
    node: Any, weights: Mapping[str, Any], biases: Sequence[str], incoming: Range, graph: Any
) -> list[Any]:
    """Nodes that a convolution or Gemm reads its weights and bias from, kept as integers.

    Args:
        node: whose weights and bias become theirs.
        biases: the name of its bias, if it has one.
        incoming: the range of its input.
    """
    array = onnx.numpy_helper.to_array(weights[node.input[1]])
    is_matrix = array.ndim == 2  # of shape (in, out)
    kernel = array.T[:, :, None, None] if is_matrix else array
    bias = np.zeros(len(kernel), np.float32)
    for name in biases:
        bias = onnx.numpy_helper.to_array(weights[name])
    depthwise = kernel.shape[1] == 1 and len(incoming.means) > 1
    sizes = np.abs(kernel).max(axis=(1, 2, 3)) / _WEIGHT_LEVELS[depthwise]
    steps = np.maximum(sizes, np.maximum(np.abs(bias), 1e-8) / (incoming.step * _LARGEST_BIAS))
    integers = np.rint(kernel / steps[:, None, None, None])
    errors = (kernel - integers * steps[:, None, None, None]).sum(axis=(2, 3))
    inputs = incoming.means.reshape(-1, 1, kernel.shape[1])
    bias = bias + (errors.reshape(len(inputs), -1, kernel.shape[1]) * inputs).sum(axis=2).ravel()
    integers = integers[:, :, 0, 0].T if is_matrix else integers
    arrays = {
        "weights": (integers.astype(np.int8), steps, int(is_matrix)),
        "bias": (
            np.rint(bias / (steps * incoming.step)).astype(np.int32),
            steps * incoming.step,
            0,
        ),
    }
    nodes = []
    del node.input[1:]
    for name, (whole, scales, axis) in arrays.items():
        prefix = f"{node.output[0]}/{name}"
        numbers = [
            add_constant(graph, f"{prefix}/integers", np.ascontiguousarray(whole)),
            add_constant(graph, f"{prefix}/scales", scales.astype(np.float32)),
            add_constant(graph, f"{prefix}/zeros", np.zeros(len(scales), whole.dtype)),
        ]
        nodes.append(new_node("DequantizeLinear", *numbers, prefix, axis=axis))
        node.input.append(prefix)
    return nodes
