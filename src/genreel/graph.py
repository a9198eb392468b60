"""Checks, loads and runs the graph of a bundle. The only file that imports onnxruntime."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping

import numpy as np
import onnxruntime

from genreel.errors import BundleError
from genreel.features import Array

DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml"})
"""Whose operators a graph may use: those that ONNX itself defines."""

LOOPS = frozenset({"Loop", "Scan"})
"""Operators that a graph may not use: they may run without end, and no model of the lab has one."""

MAX_GRAPH_BYTES = 768 * 2**20
"""Memory that the graphs of a process may hold together, their weights included."""


def load_session(model: bytes) -> onnxruntime.InferenceSession:
    """The graph, ready to run on one core: several batches side by side use several cores better
    than one batch that is shared out.

    Args:
        model: the bytes of an ONNX graph.

    Raises:
        BundleError: it does not pass `check_graph`, or cannot be loaded.
    """
    check_graph(model)
    _bound_memory()
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.use_env_allocators", "1")  # that of _bound_memory
    options.intra_op_num_threads = 1
    options.log_severity_level = 4  # its errors reach us as exceptions; it need not print them
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions have no common base
        raise BundleError(f"model.onnx cannot be loaded ({error}); get the bundle again") from None


@functools.cache
def _bound_memory() -> None:
    """Gives all graphs of this process one allocator that refuses more than MAX_GRAPH_BYTES, as
    the memory that a node will ask for is not known before it runs.
    """
    memory = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    # Strategy 1 takes from the system what is asked for, not the next power of two.
    arena = onnxruntime.OrtArenaCfg({"max_mem": MAX_GRAPH_BYTES, "arena_extend_strategy": 1})
    onnxruntime.create_and_register_allocator(memory, arena)


def run_session(session: onnxruntime.InferenceSession, arrays: Mapping[str, Array]) -> Array:
    """Scores of a graph, float32, shape (n, genres), for arrays of `features.collate`.

    Raises:
        Exception: of onnxruntime, where the arrays do not fit the graph or memory runs out.
    """
    [scores] = session.run(["scores"], {i.name: arrays[i.name] for i in session.get_inputs()})
    return np.asarray(scores)


def check_graph(model: bytes) -> None:
    """Refuses what onnxruntime itself would run or read: loops, operators of its own, and values
    in other files.

    Args:
        model: the bytes of an ONNX graph.

    Raises:
        BundleError: it holds such a thing, or is damaged.
    """
    domains: set[str] = set()
    operators: set[str] = set()
    messages = [("model", memoryview(model))]
    while messages:
        kind, message = messages.pop()
        for number, value in _fields(message):
            if (kind, number) == _EXTERNAL:
                raise BundleError("model.onnx refers to files outside itself; get it again")
            if number == _DOMAIN.get(kind):
                domains.add(bytes(value).decode(errors="replace"))
            elif kind == "node" and number == _OPERATOR:
                operators.add(bytes(value).decode(errors="replace"))
            elif inner := _CHILDREN.get(kind, {}).get(number):
                messages.append((inner, value))
    if loops := sorted(operators & LOOPS):
        raise BundleError(f"model.onnx cannot be loaded (operator {loops[0]}); get it again")
    if foreign := domains - DOMAINS:
        names = ", ".join(sorted(name[:80] for name in foreign))
        raise BundleError(f"model.onnx cannot be loaded (operators of {names}); get it again")


# Messages of onnx.proto, and numbers of their fields.
_DOMAIN = {"opset": 1, "node": 7}  # of a node too: onnxruntime runs com.microsoft undeclared
_OPERATOR = 4  # of a node
_EXTERNAL = ("tensor", 13)  # the file that holds its values
_CHILDREN = {
    "model": {7: "graph", 8: "opset", 25: "function"},
    "function": {7: "node", 9: "opset", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and content of each field of a Protocol Buffers message whose type has a length."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = 0
        for shift in range(0, 70, 7):
            if at >= len(message):
                break
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise BundleError("model.onnx cannot be loaded (no Protocol Buffers); get it again")

    while at < len(message):
        key = varint() & 0xFFFFFFFF  # Protocol Buffers keep 32 bits of it
        kind = key & 7
        if kind == 0:
            varint()
            continue
        size = {1: 8, 5: 4}.get(kind) or (varint() if kind == 2 else len(message) + 1)
        if at + size > len(message):
            raise BundleError("model.onnx cannot be loaded (no Protocol Buffers); get it again")
        if kind == 2:
            yield key >> 3, message[at : at + size]
        at += size
