"""Checks, loads and runs the graph of a bundle. The only file that imports onnxruntime."""

from __future__ import annotations

import functools
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import numpy as np
import onnxruntime

from genreel.errors import BundleError
from genreel.features import Array
from genreel.graph_cut import cut_graph
from genreel.graph_parts import check_graph

MAX_GRAPH_BYTES = 768 * 2**20
"""Memory that the graphs of a process may hold together, their weights included."""

Session: TypeAlias = onnxruntime.InferenceSession

_ROUNDING = 1e-5  # by which a sum of shares in float32 may miss 0 or 1


class Graph:
    """The graph of a bundle; of an ensemble, each part is loaded when a movie first needs it.

    Args:
        model: the bytes of an ONNX graph.

    Attributes:
        pieces: what `cut_graph` made of it.
        sessions: piece → what runs it, of those that are loaded.

    Raises:
        BundleError: it does not pass `check_graph`, or cannot be loaded.
    """

    def __init__(self, model: bytes) -> None:
        check_graph(model)
        self.pieces = cut_graph(model)
        self.sessions: dict[str, Session] = {}
        self._lock = threading.Lock()
        self.load(["scores"])

    def load(self, pieces: Iterable[str] | None = None) -> None:
        """Loads pieces now, side by side, where they are not loaded yet; None: all.

        Raises:
            BundleError: one cannot be loaded.
        """
        with self._lock:
            names = [n for n in pieces or self.pieces if n not in self.sessions]
            if len(names) > 1:
                with ThreadPoolExecutor(len(names)) as pool:
                    self.sessions.update(zip(names, pool.map(self._session, names), strict=True))
            elif names:
                self.sessions[names[0]] = self._session(names[0])

    def _session(self, name: str) -> Session:
        return _start(b"".join(self.pieces[name].content))

    def run(
        self,
        arrays: Mapping[str, Array],
        outputs: Sequence[str] = ("scores",),
        idle: Collection[str] = (),
    ) -> list[Array]:
        """Those outputs of the graph, in that order.

        Args:
            arrays: as `features.collate` gives them.
            outputs: "scores" is float32, shape (n, genres).
            idle: features that no movie of the batch has. What a part says of features that are
                missing does not count in an ensemble, so that it need not be asked.

        Raises:
            BundleError: a part cannot be loaded.
            Exception: of onnxruntime, where the arrays do not fit the graph or memory runs out.
        """
        tensors_of = {
            name: [tensor for tensor in outputs if tensor in piece.outputs]
            for name, piece in self.pieces.items()
            if piece.outputs & {*outputs} or not piece.features <= {*idle}
        }
        self.load(tensors_of)
        shapes = {o.name: o.shape for o in self.sessions["scores"].get_outputs()}
        tensors = dict(arrays)
        for name in self.pieces:
            if name not in tensors_of:
                size = len(arrays["present"]), shapes["scores"][-1]
                tensors[name] = np.full(size, 0.5, np.float32)
                continue
            names = list(dict.fromkeys([*tensors_of[name], name]))
            values = run_outputs(self.sessions[name], tensors, names)
            tensors.update(zip(names, values, strict=True))
        return [tensors[name] for name in outputs]


def load_session(model: bytes) -> Session:
    """The graph, ready to run on one core: several batches side by side use several cores better
    than one batch that is shared out.

    Args:
        model: the bytes of an ONNX graph.

    Raises:
        BundleError: it does not pass `check_graph`, or cannot be loaded.
    """
    check_graph(model)
    return _start(model)


def _start(model: bytes) -> Session:
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
