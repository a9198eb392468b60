"""Finds the vectors that a graph's networks make of posters and plots, and has them given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from genreel.catalogue import INPUTS
from genreel.features import Array, Feature
from genreel.graph_parts import MAX_FIELDS, new_field, read_fields

# Numbers of fields of onnx.proto.
_GRAPH, _NODE, _OUTPUT, _NAME = 7, 1, 12, 1  # of a model; of a graph; of a value
_INPUTS, _OUTPUTS, _OPERATOR = 1, 2, 4  # of a node


def find_vectors(model: bytes) -> dict[str, tuple[str, ...]]:
    """Feature → the tensors, float32 of shape (n, width), that networks make of it.

    A network reads only the movies that have an input. It scatters their vectors to the rows that
    the graph's input `FEATURE.rows` says, among zeros for the others; by that they are found.

    Args:
        model: the bytes of an ONNX graph that has passed `check_graph`.

    Raises:
        BundleError: it is damaged.
    """
    sources: dict[str, str] = {}  # tensor → the first input of the node that makes it
    scatters: list[tuple[str, str]] = []  # what says the rows, and the tensor
    for inputs, outputs, operator in _nodes(memoryview(model)):
        if operator == "ScatterND" and len(inputs) == 3:
            scatters.append((inputs[1], outputs[0]))
        elif inputs:
            sources.update(dict.fromkeys(outputs, inputs[0]))
    tensors: dict[str, tuple[str, ...]] = {}
    for rows, tensor in scatters:
        for _ in range(len(sources)):  # bounds a circle
            if rows not in sources:
                break
            rows = sources[rows]
        feature, _, array = rows.rpartition(".")
        if array == "rows":
            tensors[feature] = (*tensors.get(feature, ()), tensor)
    return tensors


def with_outputs(model: bytes, tensors: Iterable[str]) -> bytes:
    """The graph with further outputs: inner tensors of it, by their names."""
    outputs = b"".join(new_field(_OUTPUT, new_field(_NAME, name.encode())) for name in tensors)
    # Protocol Buffers join two messages of a field that is there once.
    return model + new_field(_GRAPH, outputs)


def vectors_by_input(
    features: Mapping[str, Feature], vectors: Mapping[str, Sequence[Array]]
) -> dict[str, Array]:
    """Input → vectors of length 1, float32 (n, width); zeros where a movie lacks the input.

    Args:
        features: name → feature.
        vectors: feature → arrays (n, width), zeros where a movie lacks it. Each counts alike.
    """
    groups: dict[str, list[Array]] = {}
    for name, arrays in vectors.items():
        if features[name].input in INPUTS:  # what is printed on a poster is not its picture
            groups.setdefault(features[name].input, []).extend(map(_unit_rows, arrays))
    return {name: _unit_rows(np.concatenate(group, axis=1)) for name, group in groups.items()}


def _unit_rows(rows: Array) -> Array:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-12), np.float32)


def _nodes(model: memoryview) -> Iterator[tuple[list[str], list[str], str]]:
    """Inputs, outputs and operator of each node of the main graph."""
    budget = iter(range(MAX_FIELDS))
    for number, graph in read_fields(model, budget):
        if number != _GRAPH or isinstance(graph, int):
            continue
        for part, node in read_fields(graph, budget):
            if part != _NODE or isinstance(node, int):
                continue
            texts: dict[int, list[str]] = {_INPUTS: [], _OUTPUTS: [], _OPERATOR: [""]}
            for field, value in read_fields(node, budget):
                if field in texts and not isinstance(value, int):
                    texts[field].append(bytes(value).decode(errors="replace"))
            yield texts[_INPUTS], texts[_OUTPUTS], texts[_OPERATOR][-1]
