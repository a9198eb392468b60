"""Cuts the graph of an ensemble into its parts, so that only those that movies need are loaded."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from genreel.graph_parts import MAX_FIELDS, field_head, new_field, read_fields

# Numbers of fields of onnx.proto.
_GRAPH = 7  # of a model
_NODE, _TENSOR, _INPUT, _OUTPUT, _SHAPE = 1, 5, 11, 12, 13  # of a graph
_INPUTS, _OUTPUTS, _OPERATOR = 1, 2, 4  # of a node
_NAME, _TENSOR_NAME = 1, 8  # of an input or output; of a tensor
_NAMES = {_NODE: _OUTPUTS, _TENSOR: _TENSOR_NAME, _INPUT: _NAME, _OUTPUT: _NAME}

# The type of an input or output: tensors of float32.
_FLOATS = new_field(2, new_field(1, b"\x08\x01"))

_PART = re.compile(r"part_\d+")
"""What an ensemble calls the scores of its parts, float32 (n, genres)."""

_AROUND = frozenset({"If", "SequenceMap"})
"""Operators with a graph inside, which may read any tensor of the one around it."""


@dataclass(frozen=True)
class Piece:
    """Some nodes of a graph, as a graph of their own.

    Attributes:
        features: those whose arrays it reads.
        outputs: those outputs of the whole graph that it gives.
        content: the bytes of an ONNX graph, in several.
    """

    features: frozenset[str]
    outputs: frozenset[str]
    content: tuple[bytes | memoryview, ...]


def cut_graph(model: bytes) -> dict[str, Piece]:
    """Tensor → the piece of a graph that makes it, the last one "scores".

    Of an ensemble each part is a piece, and "scores" reads what these make. Any other graph is one
    piece. What several pieces need is in each of them.

    Args:
        model: the bytes of an ONNX graph that has passed `check_graph`.

    Raises:
        BundleError: it is damaged.
    """
    graph = _Graph(model)
    parts = [] if graph.operators & _AROUND else list(filter(_PART.fullmatch, graph.sources))
    tensors = {part: graph.upstream([part]) for part in parts}
    outputs: dict[str, set[str]] = {piece: set() for piece in (*parts, "scores")}
    for output in graph.outputs:
        owner = next((part for part in parts if output in tensors[part]), "scores")
        outputs[owner].add(output)
    tensors["scores"] = graph.upstream(outputs["scores"], parts)
    return {
        piece: Piece(
            frozenset(feature for name, feature in graph.features.items() if name in needs),
            frozenset(outputs[piece]),
            graph.content(needs, {*outputs[piece], piece}, needs.intersection(parts) - {piece}),
        )
        for piece, needs in tensors.items()
    }


class _Graph:
    """A graph, read as far as it takes to cut it.

    Attributes:
        sources: tensor that a node makes → the tensors that the node reads.
        operators: of its nodes.
        outputs: names of its outputs.
        features: name of an input → the feature whose array that is.
    """

    def __init__(self, model: bytes) -> None:
        self._budget = iter(range(MAX_FIELDS))
        self._around: list[bytes] = []  # the model's other fields
        self._fields: list[tuple[int, memoryview, list[str]]] = []  # with what each makes or names
        self.sources: dict[str, list[str]] = {}
        self.operators: set[str] = set()
        self.outputs: list[str] = []
        self.features: dict[str, str] = {}
        for number, content in read_fields(memoryview(model), self._budget):
            if number != _GRAPH or isinstance(content, int):
                self._around.append(new_field(number, content))
                continue
            for part, value in read_fields(content, self._budget):
                if part != _SHAPE and not isinstance(value, int):
                    self._fields.append((part, value, self._read(part, value)))

    def _read(self, number: int, content: memoryview) -> list[str]:
        """The tensors that a field of the graph makes or names."""
        if number not in _NAMES:
            return []
        texts: dict[int, list[str]] = {_NAMES[number]: []}
        if number == _NODE:
            texts |= {_INPUTS: [], _OPERATOR: []}
        for field, value in read_fields(content, self._budget):
            if field in texts and not isinstance(value, int):
                texts[field].append(bytes(value).decode(errors="replace"))
        names = texts[_NAMES[number]]
        if number == _NODE:
            self.operators.update(texts[_OPERATOR])
            self.sources.update(dict.fromkeys(names, texts[_INPUTS]))
        elif number == _OUTPUT:
            self.outputs += names
        elif number == _INPUT:
            self.features |= {name: name.rpartition(".")[0] for name in names if "." in name}
        return names

    def upstream(self, tensors: Iterable[str], ends: Collection[str] = ()) -> set[str]:
        """These tensors and all that they are made from, not looking behind `ends`."""
        names: set[str] = set()
        queue = list(tensors)
        while queue:
            name = queue.pop()
            if name not in names:
                names.add(name)
                queue += () if name in ends else self.sources.get(name, ())
        return names

    def content(
        self, tensors: Collection[str], outputs: Collection[str], inputs: Collection[str]
    ) -> tuple[bytes | memoryview, ...]:
        """A graph of what makes or names these tensors, from `inputs` among them to `outputs`."""
        parts: list[bytes | memoryview] = []
        for number, content, names in self._fields:
            group = outputs if number == _OUTPUT else tensors
            if number not in _NAMES or any(n in group and n not in inputs for n in names):
                parts += (field_head(number, len(content)), content)
        new = [(_INPUT, name) for name in sorted(inputs)]
        new += [(_OUTPUT, name) for name in sorted(outputs) if name not in self.outputs]
        parts += (new_field(k, new_field(_NAME, name.encode()) + _FLOATS) for k, name in new)
        return (*self._around, field_head(_GRAPH, sum(map(len, parts))), *parts)
