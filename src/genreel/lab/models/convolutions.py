"""The convolutions of a graph in integers: twice as fast, hardly less exact."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
from numpy.typing import NDArray

from genreel.lab.examples import Examples
from genreel.lab.models.rewriting import add_constant, new_node, replace_all
from genreel.predictor import load_session

_LEVELS = 255  # of what comes into a convolution and out of it: uint8, one scale for all of it
_WEIGHT_LEVELS = {False: 63, True: 127}
"""Of weights, by whether the convolution is depthwise: onnxruntime adds the products of others in
16 bits on CPUs without VNNI, see `precision`.
"""
_POSTERS = 256  # of the examples, evenly spread
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


def quantise_convolutions(model: Any, examples: Examples) -> None:
    """Rewrites a float32 graph in place, so that its images' convolutions count in integers.

    Every output channel has a scale of its own; what lies between layers has one scale, and
    reaches as far as it does in the examples. What rounding the weights adds to a channel on
    average is taken off its bias (Nagel et al. 2021, A White Paper on Neural Network
    Quantization, section 3). An activation becomes the bounds of its values' levels. ONNX writes
    integers as pairs of QuantizeLinear and DequantizeLinear; onnxruntime makes integer nodes of
    them.

    Args:
        model: as `onnx.load_model_from_string` gives it.
        examples: movies with posters like those in use, at least one.
    """
    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    convolutions = {node.output[0]: node for node in graph.node if _takes_images(node, weights)}
    activations = {name: _activation(name, graph) for name in convolutions}
    values = {node.input[0] for node in convolutions.values()}
    values |= {activations[name] or name for name in convolutions}
    for node in graph.node:
        if node.op_type == "Add" and values.issuperset(node.input):
            values.add(node.output[0])
    reached = _reached(model, values, examples)

    nodes: list[Any] = []
    for value in graph.input:
        nodes += _in_levels(value.name, reached, graph)
    for node in graph.node:
        if node.output[0] in activations.values():
            continue
        if node.output[0] in convolutions:
            nodes += _in_integers(node, weights, reached[node.input[0]], graph)
            node.output[0] = activations[node.output[0]] or node.output[0]
        for place, name in enumerate(node.input):
            if name in reached:
                node.input[place] = f"{name}/near"
        nodes += [node, *_in_levels(node.output[0], reached, graph)]
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


def _activation(name: str, graph: Any) -> str:
    """What the activation after a value makes of it; "" where something else reads it too."""
    readers = [node for node in graph.node if name in node.input]
    alone = len(readers) == 1 and readers[0].op_type in ("Relu", "Clip")
    return readers[0].output[0] if alone else ""


def _reached(model: Any, values: Collection[str], examples: Examples) -> dict[str, Reach]:
    """What the values are in the examples."""
    if not values:
        return {}
    asked = onnx.ModelProto.FromString(model.SerializeToString())
    del asked.graph.output[:]
    channels = add_constant(asked.graph, "channels apart", np.array([0, 2, 3], np.int64))
    names = sorted(values)
    for name in names:
        for operator, *over in (("ReduceMin",), ("ReduceMax",), ("ReduceMean", channels)):
            found = f"{name}/{operator}"
            asked.graph.node.append(new_node(operator, name, *over, found, keepdims=0))
            asked.graph.output.append(
                onnx.helper.make_tensor_value_info(found, onnx.TensorProto.FLOAT, None)
            )
    session = load_session(asked.SerializeToString())
    takes = {value.name for value in session.get_inputs()}
    there = np.flatnonzero(examples.has(["poster"]))
    some = there[np.unique(np.linspace(0, len(there) - 1, _POSTERS).astype(np.int64))]
    batches = [
        session.run(None, {k: a for k, a in batch.arrays().items() if k in takes})
        for batch in examples.take(some).batches(16)
    ]
    ends = iter(zip(*batches, strict=True))
    return {name: _reach(*(np.array(next(ends)) for _ in range(3))) for name in names}


def _reach(lows: NDArray[Any], highs: NDArray[Any], means: NDArray[Any]) -> Reach:
    low, high = min(lows.min(), 0.0), max(highs.max(), 0.0)
    step = np.float32(max((high - low) / _LEVELS, 1e-8))
    return Reach(step, np.uint8(np.rint(-low / step)), means.mean(axis=0))


def _in_levels(name: str, reached: Mapping[str, Reach], graph: Any) -> list[Any]:
    """Nodes that put a value in levels, and back; none where it is not among those reached."""
    if name not in reached:
        return []
    step = add_constant(graph, f"{name}/step", reached[name].step)
    zero = add_constant(graph, f"{name}/zero", reached[name].zero)
    return [
        new_node("QuantizeLinear", name, step, zero, f"{name}/levels"),
        new_node("DequantizeLinear", f"{name}/levels", step, zero, f"{name}/near"),
    ]


def _in_integers(node: Any, weights: Mapping[str, Any], come: Reach, graph: Any) -> list[Any]:
    """Nodes that a convolution reads its weights and bias from, kept as integers.

    Args:
        come: what comes into the convolution.
    """
    kernel, *biases = (onnx.numpy_helper.to_array(weights[name]) for name in node.input[1:])
    bias = biases[0] if biases else np.zeros(len(kernel), np.float32)
    depthwise = kernel.shape[1] == 1 and len(come.means) > 1
    sizes = np.abs(kernel).max(axis=(1, 2, 3)) / _WEIGHT_LEVELS[depthwise]
    steps = np.maximum(sizes, np.maximum(np.abs(bias), 1e-8) / (come.step * _LARGEST_BIAS))
    integers = np.rint(kernel / steps[:, None, None, None])
    lost = (kernel - integers * steps[:, None, None, None]).sum(axis=(2, 3))
    inputs = come.means.reshape(-1, 1, kernel.shape[1])
    bias = bias + (lost.reshape(len(inputs), -1, kernel.shape[1]) * inputs).sum(axis=2).ravel()
    named = node.output[0]
    arrays = {
        "weights": (integers.astype(np.int8), steps),
        "bias": (np.rint(bias / (steps * come.step)).astype(np.int32), steps * come.step),
    }
    nodes = []
    del node.input[1:]
    for name, (whole, scales) in arrays.items():
        held = add_constant(graph, f"{named}/{name}/integers", whole)
        by = add_constant(graph, f"{named}/{name}/scales", scales.astype(np.float32))
        nodes.append(new_node("DequantizeLinear", held, by, f"{named}/{name}", axis=0))
        node.input.append(f"{named}/{name}")
    return nodes
