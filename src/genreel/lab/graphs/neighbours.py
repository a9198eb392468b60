"""The graph of nearest neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import ModelProto

from genreel.lab.graphs.text import parse_graph
from genreel.lab.models.estimators import PerGenre
from genreel.lab.models.matrix import dense


def neighbours_graph(core: PerGenre, width: int) -> ModelProto:
    """The share of positives among the nearest training rows, |x|² − 2 x·v + |v|² away.

    Genres that are known for the same movies share their distances.
    """
    genres = range(len(core.estimators))
    lines = [
        "exact = Cast <to=11> (x)",
        "square = ReduceSumSquare (exact, one)",
        "rows = Shape <start=0, end=1> (x)",
        "whole = Concat <axis=0> (rows, one)",
    ]
    constants: dict[str, Any] = {"one": np.array([1], np.int64), "two": np.array(2, np.float64)}
    numbers: dict[bytes, int] = {}  # of the matrices of training rows
    for g, estimator in enumerate(core.estimators):
        if estimator is None:
            constants[f"prior_{g}"] = core.priors[[g]]
            lines.append(f"column_{g} = Expand (prior_{g}, whole)")
            continue
        vectors = dense(estimator._fit_X).astype(np.float32)
        k = numbers.setdefault(vectors.tobytes(), len(numbers))
        if f"given_{k}" not in constants:
            constants[f"given_{k}"] = vectors.T
            constants[f"lengths_{k}"] = (vectors.astype(np.float64) ** 2).sum(axis=1)
            constants[f"count_{k}"] = np.array([min(estimator.n_neighbors, len(vectors))], np.int64)
            lines += _nearest(k)
        constants[f"labels_{g}"] = estimator._y.astype(np.float32)
        lines.append(f"said_{g} = Gather (labels_{g}, at_{k})")
        lines.append(f"column_{g} = ReduceMean (said_{g}, one)")
    lines.append(f"scores = Concat <axis=1> ({', '.join(f'column_{g}' for g in genres)})")
    return parse_graph(
        [f"float[n, {width}] x"], f"float[n, {len(genres)}] scores", lines, constants=constants
    )


def _nearest(k: int) -> list[str]:
    """Lines that give `at_k` (n, neighbours): the nearest rows of the k-th matrix."""
    return [
        f"vectors_{k} = Cast <to=11> (given_{k})",
        f"product_{k} = MatMul (exact, vectors_{k})",
        f"twice_{k} = Mul (product_{k}, two)",
        f"near_{k} = Sub (square, twice_{k})",
        f"distance_{k} = Add (near_{k}, lengths_{k})",
        f"single_{k} = Cast <to=1> (distance_{k})",
        f"nearest_{k}, at_{k} = TopK <largest=0> (single_{k}, count_{k})",
    ]
