"""Counts a graph's parts, and refuses what it may not hold, before onnxruntime sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from genreel.errors import BundleError

DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml"})
"""Whose operators a graph may use: those that ONNX itself defines."""

LOOPS = frozenset({"Loop", "Scan"})
"""Operators that a graph may not use: they may run without end, and no model of the lab has one."""

MAX_BYTES = 768 * 2**20
"""Of a graph; loading takes up to three times as much."""

MAX_NODES = 20_000
"""Nodes of a graph; the default bundle has 1,132, and onnxruntime takes seconds for so many."""

MAX_PARTS = 200_000
"""Nodes, attributes, tensors and the like of a graph."""

MAX_FIELDS = 1_000_000
"""Fields of all its parts; the values of a list are not counted."""

MAX_TREE_DEPTH = 5000
"""Levels of a decision tree. onnxruntime calls itself for each: of 20,000 it crashes."""

_TREES = frozenset({"TreeEnsembleRegressor", "TreeEnsembleClassifier", "TreeEnsemble"})
_TEXT = 8  # STRING, of TensorProto.DataType


def check_graph(model: bytes) -> None:
    """Refuses what onnxruntime itself would run, read or hold without bounds: loops, operators of
    its own, values in other files, texts, trees that are very deep, and very many parts.

    Args:
        model: the bytes of an ONNX graph.

    Raises:
        BundleError: it holds such a thing, or is damaged.
    """
    if len(model) > MAX_BYTES:
        raise BundleError(f"model.onnx is over {MAX_BYTES:,} bytes; it is not loaded")
    domains: set[str] = set()
    operators: set[str] = set()
    budget = iter(range(MAX_FIELDS))
    nodes = parts = 0
    messages = [("model", memoryview(model))]
    while messages:
        kind, message = messages.pop()
        attributes: list[memoryview] = []
        operator = ""
        for number, value in read_fields(message, budget, _LISTS if kind == "attribute" else None):
            if isinstance(value, int):
                if (kind, number) == _DATA_TYPE and _is_text(value):
                    raise _refusal("texts")
                continue
            if (kind, number) == _EXTERNAL:
                raise BundleError("model.onnx refers to files outside itself; get it again")
            if number == _DOMAIN.get(kind):
                domains.add(bytes(value[:80]).decode(errors="replace"))
            elif kind == "node" and number == _OPERATOR:
                operator = bytes(value[:80]).decode(errors="replace")
                operators.add(operator)
            elif inner := _CHILDREN.get(kind, {}).get(number):
                messages.append((inner, value))
                parts += 1
                nodes += inner == "node"
                if inner == "attribute":
                    attributes.append(value)
                if nodes > MAX_NODES or parts > MAX_PARTS:
                    raise _refusal(f"over {MAX_NODES:,} nodes or {MAX_PARTS:,} parts")
        if kind == "node":
            _check_node(operator, attributes, budget)
    if loops := sorted(operators & LOOPS):
        raise _refusal(f"operator {loops[0]}")
    if foreign := domains - DOMAINS:
        raise _refusal(f"operators of {', '.join(sorted(foreign))}")


def _refusal(reason: str) -> BundleError:
    return BundleError(f"model.onnx cannot be loaded ({reason}); get it again")


# Messages of onnx.proto, and numbers of their fields.
_DOMAIN = {"opset": 1, "node": 7}  # of a node too: onnxruntime runs com.microsoft undeclared
_OPERATOR = 4  # of a node
_DATA_TYPE = ("tensor", 2)
_EXTERNAL = ("tensor", 13)  # the file that holds its values
_CHILDREN = {
    "model": {7: "graph", 8: "opset", 25: "function"},
    "function": {7: "node", 9: "opset", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
_NAME, _INTEGER, _INTEGERS, _STRINGS = 1, 3, 8, 9  # fields of an attribute

# An attribute's lists have a field for each value: here floats, integers, and texts of up to 15
# bytes, such as the kinds of a tree's nodes. A forest has millions, so they are passed as a whole.
_INTEGER_FIELD = rb"\x40[\x80-\xff]{0,9}[\x00-\x7f]"
_SHORT_TEXTS = b"|".join(re.escape(bytes([n])) + b"[\\s\\S]{%d}" % n for n in range(16))
_LISTS = re.compile(rb"(?:\x3d[\s\S]{4}|" + _INTEGER_FIELD + rb"|\x4a(?:" + _SHORT_TEXTS + rb"))++")
_LIST = 0  # stands for the number of the fields of such a list, which have several
# In pieces, as what is made of one takes many times its room.
_INTEGER_FIELDS = re.compile(rb"(?:" + _INTEGER_FIELD + rb"){1,65536}+")
_PACKED = re.compile(rb"(?:[\x80-\xff]{0,9}[\x00-\x7f]){1,65536}+")
_LEAF = re.compile(rb"\x4a\x04LEAF")
_BRANCH = re.compile(
    rb"\x4a(?:\x09BRANCH_(?:LT|GT|EQ)|\x0aBRANCH_(?:LEQ|GTE|NEQ)|\x0dBRANCH_MEMBER)"
)


def _check_node(operator: str, attributes: list[memoryview], budget: Iterator[int]) -> None:
    """Refuses texts, whose memory has no bounds, and trees that are no trees or too deep."""
    by_name: dict[str, memoryview] = {}
    for message in attributes:
        name, whole = "", 0
        for number, value in read_fields(message, budget, _LISTS):
            if number == _NAME and not isinstance(value, int):
                name = bytes(value[:80]).decode(errors="replace")
            elif number == _INTEGER and isinstance(value, int):
                whole = value
        # Whatever makes texts has an attribute of that kind, and "string" in its name.
        if "string" in name or (operator == "Cast" and name == "to" and _is_text(whole)):
            raise _refusal("texts")
        if name in by_name:
            raise _refusal(f"attribute {name!r} twice")
        by_name[name] = message
    if operator in _TREES and not _are_trees(by_name, budget):
        raise _refusal(f"trees that are none, or of over {MAX_TREE_DEPTH:,} levels")


def _is_text(data_type: int) -> bool:
    return data_type & 0xFFFFFFFF == _TEXT


def _are_trees(attributes: Mapping[str, memoryview], budget: Iterator[int]) -> bool:
    """Whether the nodes of a TreeEnsembleRegressor form trees of up to MAX_TREE_DEPTH levels."""
    columns = [f"nodes_{name}" for name in ("treeids", "nodeids", "truenodeids", "falsenodeids")]
    if not {"nodes_modes", *columns} <= set(attributes):
        return False
    tree, node, *children = (_integers(attributes[name], budget) for name in columns)
    is_branch = _branches(attributes["nodes_modes"], budget)
    n = len(node)
    if not n or any(len(column) != n for column in (tree, *children, is_branch)):
        return False
    branch = np.flatnonzero(is_branch)
    _, tree = np.unique(tree, return_inverse=True)
    names, node = np.unique(node, return_inverse=True)
    keys = tree * len(names) + node
    order = np.argsort(keys)
    below = np.full((2, n), -1)
    for side, column in enumerate(children):
        name = np.minimum(np.searchsorted(names, column[branch]), len(names) - 1)
        key = tree[branch] * len(names) + name
        place = np.minimum(np.searchsorted(keys, key, sorter=order), n - 1)
        child = order[place]
        if (names[name] != column[branch]).any() or (keys[child] != key).any():
            return False  # a node that is none
        below[side, branch] = child
    parents = np.bincount(below[:, branch].ravel(), minlength=n)
    level = np.flatnonzero(parents == 0)
    count = 0
    for _ in range(MAX_TREE_DEPTH):
        count += len(level)
        level = below[:, level].ravel()
        level = level[level >= 0]
        if not len(level):  # nodes in a circle are below no root
            return count == n and bool((parents <= 1).all())
        if count > n:
            break
    return False


def _integers(message: memoryview, budget: Iterator[int]) -> NDArray[np.int64]:
    """The integers of an attribute, in order, int64."""
    parts: list[NDArray[np.int64]] = []
    for number, value in read_fields(message, budget, _LISTS):
        if isinstance(value, int):
            if number == _INTEGERS:  # with a longer tag than it needs
                parts.append(np.array([value & (2**64 - 1)], np.uint64).view(np.int64))
        elif number == _LIST:
            parts += (_varints(piece)[1::2] for piece in _pieces(_INTEGER_FIELDS, value))
        elif number == _INTEGERS:
            parts += (_varints(piece) for piece in _pieces(_PACKED, value))
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def _branches(message: memoryview, budget: Iterator[int]) -> NDArray[np.bool_]:
    """Which nodes are no leaves, of an attribute nodes_modes."""
    kinds = []
    for number, value in read_fields(message, budget, _LISTS):
        if not isinstance(value, int) and number == _LIST:
            kinds.append(_BRANCH.sub(b"\1", _LEAF.sub(b"\0", bytes(value))))
        elif number == _STRINGS:
            raise _refusal("kinds of nodes")
    values = np.frombuffer(b"".join(kinds), np.uint8)
    if (values > 1).any():
        raise _refusal("kinds of nodes")
    return np.equal(values, 1)


def _pieces(pattern: re.Pattern[bytes], data: memoryview) -> Iterator[bytes]:
    """A text of bytes in pieces that match; BundleError where something does not."""
    at = 0
    while at < len(data):
        piece = pattern.match(data, at)
        if piece is None:
            raise _refusal("no Protocol Buffers")
        yield piece[0]
        at = piece.end()


def _varints(data: bytes) -> NDArray[np.int64]:
    """Numbers of Protocol Buffers: seven bits a byte, the lowest first; the last is below 128."""
    values = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(values < 128)
    starts = np.concatenate(([0], ends[:-1] + 1))
    place = np.arange(len(values)) - np.repeat(starts, ends - starts + 1)
    shifted = (values & 127).astype(np.uint64) << (7 * place).astype(np.uint64)
    return np.add.reduceat(shifted, starts).view(np.int64)


def read_fields(
    message: memoryview, budget: Iterator[int], lists: re.Pattern[bytes] | None = None
) -> Iterator[tuple[int, int | memoryview]]:
    """Number and content of each field of a Protocol Buffers message that is a whole number or has
    a length; of what `lists` matches, _LIST and all of it.
    """
    at, end = 0, len(message)

    def varint() -> int:
        nonlocal at
        if at < end and (byte := message[at]) < 128:  # most have one byte
            at += 1
            return byte
        value = 0
        for shift in range(0, 70, 7):
            if at >= end:
                break
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise _refusal("no Protocol Buffers")

    while at < end:
        if next(budget, None) is None:
            raise _refusal(f"over {MAX_FIELDS:,} fields")
        if lists and (found := lists.match(message, at)):
            yield _LIST, message[at : found.end()]
            at = found.end()
            continue
        key = varint() & 0xFFFFFFFF  # Protocol Buffers keep 32 bits of it
        kind = key & 7
        if kind == 0:
            yield key >> 3, varint()
            continue
        size = {1: 8, 5: 4}.get(kind) or (varint() if kind == 2 else end + 1)
        if at + size > end:
            raise _refusal("no Protocol Buffers")
        if kind == 2:
            yield key >> 3, message[at : at + size]
        at += size


def new_field(number: int, content: int | bytes | memoryview) -> bytes:
    """A field of a Protocol Buffers message: a whole number, or what has a length."""
    if isinstance(content, int):
        return _varint(number << 3) + _varint(content)
    return field_head(number, len(content)) + bytes(content)


def field_head(number: int, length: int) -> bytes:
    """What stands before the content of a field that has a length."""
    return _varint(number << 3 | 2) + _varint(length)


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; all but the last have the highest bit."""
    low, rest = value & 127, value >> 7
    return bytes([low | 128]) + _varint(rest) if rest else bytes([low])
