"""Checks, loads and runs the graph of a bundle. The only file that imports onnxruntime."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import onnxruntime

from genreel.errors import BundleError
from genreel.features import Array
from genreel.graph_parts import check_graph

MAX_GRAPH_BYTES = 768 * 2**20
"""Memory that the graphs of a process may hold together, their weights included."""

Session: TypeAlias = onnxruntime.InferenceSession

_ROUNDING = 1e-5  # by which a sum of shares in float32 may miss 0 or 1


def load_session(model: bytes) -> Session:
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
        return Session(model, options, providers=["CPUExecutionProvider"])
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


def run_session(session: Session, arrays: Mapping[str, Array]) -> Array:
    """Scores of a graph, float32, shape (n, genres), for arrays of `features.collate`.

    Raises:
        Exception: of onnxruntime, where the arrays do not fit the graph or memory runs out.
    """
    return run_outputs(session, arrays, ["scores"])[0]


def run_outputs(
    session: Session, arrays: Mapping[str, Array], outputs: Sequence[str]
) -> list[Array]:
    """Those outputs of a graph, in that order; else as `run_session`."""
    inputs = {i.name: arrays[i.name] for i in session.get_inputs()}
    if "present" in inputs:  # older graphs are told of the first senses alone
        [columns] = [i.shape[1] for i in session.get_inputs() if i.name == "present"]
        inputs["present"] = inputs["present"][:, :columns]
    return list(map(np.asarray, session.run(list(outputs), inputs)))


def probabilities(scores: Array) -> Array:
    """The scores of a graph, float32, in [0, 1]; ValueError where they are none."""
    scores = np.asarray(scores, np.float32)
    if not (np.abs(scores - 0.5) <= 0.5 + _ROUNDING).all():  # NaN neither
        raise ValueError("its scores are not from 0 to 1")
    return scores.clip(0, 1)
