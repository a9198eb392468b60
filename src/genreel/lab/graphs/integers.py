"""The products and convolutions of a graph in integers: faster, hardly less exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
from numpy.typing import NDArray

from genreel.lab.examples import Examples
from genreel.lab.graphs.rewriting import add_constant, new_node, replace_all
from genreel.predictor import load_session

_SMALLEST = 1024  # numbers of a matrix; fewer are not worth a node
_LEVELS = 255  # of what comes in and, of convolutions, goes out: uint8, one scale for all of it
_WEIGHT_LEVELS = {False: 63, True: 127}
"""Of weights, by whether a convolution is depthwise. Of the others two products, with unsigned
8-bit numbers, are added in 16 bits on CPUs without VNNI, and saturate with more.
"""
_MOVIES = 256  # of the examples, evenly spread
_LARGEST_BIAS = 2**30  # in int32, with room for the products


@dataclass(frozen=True)
class Reach:
    """What a value between layers is in the examples.

    Attributes:
        step: between two levels, so that they span the value, and 0.
        zero: the level of 0.
        means: float32, shape (channels,).
    """

    step: np.float32
    zero: np.uint8
    means: NDArray[np.float32]


def count_in_integers(model: Any, examples: Examples) -> None:
    """Rewrites a float32 graph in place, so that its products with matrices that it holds, and
    its convolutions of images, are those of integers.

    Every output channel has a scale of its own; what lies between layers has one scale, and
    reaches as far as it does in the examples, so that a movie's scores do not depend on those it
    shares a batch with. What rounding the weights adds to a channel on average is taken off its
    bias (Nagel et al. 2021, A White Paper on Neural Network Quantization, section 3). An
    activation after a convolution becomes the bounds of its values' levels. ONNX writes integers
    as pairs of QuantizeLinear and DequantizeLinear; onnxruntime makes integer nodes of them.

    Args:
        model: as `onnx.load_model_from_string` gives it.
        examples: movies like those in use; at least one has all inputs that come in posters or
            plots.
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
    reached = _reached(model, images, rows, examples)

    gone = {*activations.values(), *(add.output[0] for add in additions.values() if add)}
    nodes: list[Any] = []
    for value in graph.input:
        nodes += _in_levels(value.name, images, rows, reached, graph)
    for node in graph.node:
        [made, *_] = node.output
        if made in gone:
            continue
        if made in convolutions:
            nodes += _weights(node, weights, node.input[2:], reached[node.input[0]], graph)
            node.output[0] = activations[made] or made
        for place, name in enumerate(node.input):
            if name in images:
                node.input[place] = f"{name}/near"
        if made in products:
            nodes += _product(node, weights, additions[made], reached[node.input[0]], graph)
            made = additions[made].output[0] if additions[made] else made
        else:
            nodes.append(node)
            made = node.output[0]
        nodes += _in_levels(made, images, rows, reached, graph)
    replace_all(graph.node, nodes)
    read = {name for node in graph.node for name in node.input}
    replace_all(graph.initializer, [tensor for tensor in graph.initializer if tensor.name in read])
    del graph.value_info[:]


def _takes_images(node: Any, weights: Mapping[str, Any]) -> bool:
    """Whether a node is a convolution over height and width, whose weights are known."""
    return bool(
        node.op_type == "Conv"
        and all(name in weights for name in node.input[1:])
        and len(weights[node.input[1]].dims) == 4
    )


def _takes_rows(node: Any, weights: Mapping[str, Any]) -> bool:
    """Whether a node multiplies rows with a matrix that is known, and large enough."""
    if node.op_type != "MatMul" or node.input[1] not in weights or node.input[0] in weights:
        return False
    shape = weights[node.input[1]].dims
    return len(shape) == 2 and shape[0] * shape[1] >= _SMALLEST


def _activation(name: str, graph: Any) -> str:
    """What the activation after a value makes of it; "" where something else reads it too."""
    readers = [node for node in graph.node if name in node.input]
    alone = len(readers) == 1 and readers[0].op_type in ("Relu", "Clip")
    return readers[0].output[0] if alone else ""


def _addition(name: str, graph: Any, weights: Mapping[str, Any]) -> Any:
    """The node that adds a bias to a value, where nothing else reads it; else None."""
    readers = [node for node in graph.node if name in node.input]
    if len(readers) != 1 or readers[0].op_type != "Add":
        return None
    others = [other for other in readers[0].input if other in weights]
    return readers[0] if others and len(weights[others[0]].dims) == 1 else None


def _reached(model: Any, images: set[str], rows: set[str], examples: Examples) -> dict[str, Reach]:
    """What the values are in the examples, one movie at a time, so that nothing is padding."""
    names = sorted(images | rows)
    if not names:
        return {}
    asked = onnx.ModelProto.FromString(model.SerializeToString())
    del asked.graph.output[:]
    over = {
        False: add_constant(asked.graph, "means/of area", np.array([0, 2, 3], np.int64)),
        True: add_constant(asked.graph, "means/of rows", np.array([0], np.int64)),
    }
    for name in names:
        flat = f"{name}/flat"
        asked.graph.node.append(
            new_node("Flatten", name, flat, axis=-1)
            if name in rows
            else new_node("Identity", name, flat)
        )
        for operator, *axes in (("ReduceMin",), ("ReduceMax",), ("ReduceMean", over[name in rows])):
            found = f"{name}/{operator}"
            asked.graph.node.append(new_node(operator, flat, *axes, found, keepdims=0))
            asked.graph.output.append(
                onnx.helper.make_tensor_value_info(found, onnx.TensorProto.FLOAT, None)
            )
    session = load_session(asked.SerializeToString())
    takes = {value.name for value in session.get_inputs()}
    inputs = {f.input for f in examples.features.values()} & {"poster", "plot"}
    there = np.flatnonzero(examples.has(inputs))
    some = there[np.unique(np.linspace(0, len(there) - 1, _MOVIES).astype(np.int64))]
    found_in = [
        session.run(None, {k: a for k, a in one.arrays().items() if k in takes})
        for one in examples.take(some).batches(1)
    ]
    ends = iter(zip(*found_in, strict=True))
    return {name: _reach(*(np.array(next(ends)) for _ in range(3))) for name in names}


def _reach(lows: NDArray[Any], highs: NDArray[Any], means: NDArray[Any]) -> Reach:
    low, high = min(lows.min(), 0.0), max(highs.max(), 0.0)
    step = np.float32(max((high - low) / _LEVELS, 1e-8))
    return Reach(step, np.uint8(np.rint(-low / step)), means.mean(axis=0))


def _in_levels(
    name: str, images: set[str], rows: set[str], reached: Mapping[str, Reach], graph: Any
) -> list[Any]:
    """Nodes that put a value in levels, and back; none where it needs no levels."""
    if name not in reached:
        return []
    step = add_constant(graph, f"{name}/step", reached[name].step)
    zero = add_constant(graph, f"{name}/zero", reached[name].zero)
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
    node: Any, weights: Mapping[str, Any], addition: Any, come: Reach, graph: Any
) -> list[Any]:
    """Nodes for a product of rows with a matrix, and for the bias that is added to it."""
    [made], [x, matrix] = node.output, node.input
    biases = [name for name in addition.input if name != made] if addition else []
    gemm = new_node("Gemm", f"{x}/near", matrix, f"{made}/flat", alpha=1.0, beta=1.0)
    kept = _weights(gemm, weights, biases, come, graph)
    width = add_constant(graph, f"{made}/width", np.array(weights[matrix].dims[1:], np.int64))
    return [
        *kept,
        gemm,
        new_node("Concat", f"{x}/shape", width, f"{made}/size", axis=0),
        new_node("Reshape", f"{made}/flat", f"{made}/size", (addition or node).output[0]),
    ]


def _weights(
    node: Any, weights: Mapping[str, Any], biases: Sequence[str], come: Reach, graph: Any
) -> list[Any]:
    """Nodes that a convolution or Gemm reads its weights and bias from, kept as integers.

    Args:
        node: whose weights and bias become theirs.
        biases: the name of its bias, if it has one.
        come: what comes into it.
    """
    kept = onnx.numpy_helper.to_array(weights[node.input[1]])
    is_matrix = kept.ndim == 2  # of shape (in, out)
    kernel = kept.T[:, :, None, None] if is_matrix else kept
    bias = np.zeros(len(kernel), np.float32)
    for name in biases:
        bias = onnx.numpy_helper.to_array(weights[name])
    depthwise = kernel.shape[1] == 1 and len(come.means) > 1
    sizes = np.abs(kernel).max(axis=(1, 2, 3)) / _WEIGHT_LEVELS[depthwise]
    steps = np.maximum(sizes, np.maximum(np.abs(bias), 1e-8) / (come.step * _LARGEST_BIAS))
    integers = np.rint(kernel / steps[:, None, None, None])
    lost = (kernel - integers * steps[:, None, None, None]).sum(axis=(2, 3))
    inputs = come.means.reshape(-1, 1, kernel.shape[1])
    bias = bias + (lost.reshape(len(inputs), -1, kernel.shape[1]) * inputs).sum(axis=2).ravel()
    integers = integers[:, :, 0, 0].T if is_matrix else integers
    arrays = {
        "weights": (integers.astype(np.int8), steps, int(is_matrix)),
        "bias": (np.rint(bias / (steps * come.step)).astype(np.int32), steps * come.step, 0),
    }
    nodes = []
    del node.input[1:]
    for name, (whole, scales, axis) in arrays.items():
        held = f"{node.output[0]}/{name}"
        numbers = [
            add_constant(graph, f"{held}/integers", np.ascontiguousarray(whole)),
            add_constant(graph, f"{held}/scales", scales.astype(np.float32)),
            add_constant(graph, f"{held}/zeros", np.zeros(len(scales), whole.dtype)),
        ]
        nodes.append(new_node("DequantizeLinear", *numbers, held, axis=axis))
        node.input.append(held)
    return nodes
