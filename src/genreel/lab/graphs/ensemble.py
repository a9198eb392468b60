"""The graphs of models made of other models' scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import ModelProto

from genreel.calibration import EPSILON
from genreel.cases import SENSES
from genreel.lab.graphs.estimators import per_genre_graph
from genreel.lab.graphs.text import Constants, count_columns, join_graphs, parse_graph
from genreel.lab.models.ensemble import SUREST, Average, Stack
from genreel.lab.models.late_fusion import KIN_BOUND, LateFusion
from genreel.lab.networks.joint import Joint


def average_graph(model: Average, parts: Sequence[ModelProto]) -> ModelProto:
    """The mean of the graphs `parts`, over those whose input a movie has."""
    lines = [
        *_SHOWN,
        "weighted = Mul (stacked, shown)",
        "sum = ReduceSum <keepdims=0> (weighted, one)",
        "total = ReduceSum <keepdims=0> (shown, one)",
        "least = Max (total, unit)",
        "scores = Div (sum, least)",
    ]
    return _over_parts(parts, "scores", count_columns(parts[0]), lines, _shown_constants(model))


def stack_graph(model: Stack, parts: Sequence[ModelProto]) -> ModelProto:
    """An estimator per genre, or one network, over the logits of the graphs `parts`."""
    lines = [
        *_SHOWN,
        *_LOGS,
        "there = Cast <to=9> (shown)",
        "filled = Where (there, logs, means)",
        "x = Flatten (filled)",
    ]
    constants = {**_shown_constants(model), **_bounds(SUREST), "means": model.means}
    front = _over_parts(parts, "x", model.means.size, lines, constants)
    core = model.core
    top = joint_graph(core) if isinstance(core, Joint) else per_genre_graph(core, model.means.size)
    return join_graphs([front], ["x"], top)


def joint_graph(core: Joint) -> ModelProto:
    """From `x`, float32 (n, d), to `scores`, float32 (n, genres)."""
    lines: list[str] = []
    constants: dict[str, Any] = {}
    name = "x"
    for k, (matrix, bias) in enumerate(core.layers):
        constants |= {f"matrix_{k}": matrix, f"bias_{k}": bias}
        lines.append(f"sums_{k} = Gemm ({name}, matrix_{k}, bias_{k})")
        name = f"positive_{k}"
        lines.append(f"{name} = Relu (sums_{k})")
    lines[-1] = f"scores = Sigmoid (sums_{len(core.layers) - 1})"
    return parse_graph(
        [f"float[n, {len(core.layers[0][0])}] x"],
        f"float[n, {len(core.layers[-1][1])}] scores",
        lines,
        constants=constants,
    )


def late_fusion_graph(model: LateFusion, parts: Sequence[ModelProto]) -> ModelProto:
    """A weighted sum of the logits of the graphs `parts`, by the movie's pattern of inputs."""
    lines = [
        "bits = MatMul (present, powers)",
        "pattern = Cast <to=7> (bits)",
        "weight = Gather (weights, pattern)",
        "shift = Gather (bias, pattern)",
        *_LOGS,
        "weighted = Mul (logs, weight)",
        "total = ReduceSum <keepdims=0> (weighted, one)",
        *(_KIN if model.settings.kin else ["logits = Add (total, shift)"]),
        "scores = Sigmoid (logits)",
    ]
    constants = {
        **_bounds(EPSILON),
        "powers": model.powers.astype(np.float32),
        "weights": model.weights,
        "bias": model.bias,
    }
    if model.settings.kin:
        bounds = {"least_kin": -KIN_BOUND, "most_kin": KIN_BOUND}
        constants |= {name: np.array(value, np.float32) for name, value in bounds.items()}
        constants |= {"kin": model.kin}
    return _over_parts(parts, "scores", model.bias.shape[1], lines, constants)


_KIN = (
    "own = Add (total, shift)",
    "matrix = Gather (kin, pattern)",
    "bounded = Clip (logs, least_kin, most_kin)",
    "flat = Flatten (bounded)",
    "row = Unsqueeze (flat, one)",
    "product = MatMul (row, matrix)",
    "others = Squeeze (product, one)",
    "logits = Add (own, others)",
)
"""Lines that give `logits`: the weighted sum, and what the other genres' logits add."""


def _over_parts(
    parts: Sequence[ModelProto],
    output: str,
    width: int,
    lines: Sequence[str],
    constants: Constants,
) -> ModelProto:
    """The graphs under lines that make `output` (n, width) of `stacked` (n, parts, genres) and
    `present` (n, senses).
    """
    names = [f"part_{k}" for k in range(len(parts))]
    stacking = [f"{name}_row = Unsqueeze ({name}, one)" for name in names]
    stacking.append(f"stacked = Concat <axis=1> ({', '.join(f'{name}_row' for name in names)})")
    inputs = [f"float[n, {len(SENSES)}] present"]
    inputs += [f"float[n, {count_columns(parts[0])}] {name}" for name in names]
    top = parse_graph(
        inputs,
        f"float[n, {width}] {output}",
        [*stacking, *lines],
        constants={"one": np.array([1], np.int64), **constants},
    )
    return join_graphs(parts, names, top)


_SHOWN = (
    "counts = MatMul (present, table)",
    "flags = Clip (counts, nothing, unit)",
    "shown = Unsqueeze (flags, last)",
)
"""Lines that give `shown` (n, parts, 1): 1 where a movie has any of a part's inputs."""


def _shown_constants(model: Average | Stack) -> Constants:
    """The constants of `_SHOWN`."""
    table = [[float(name in part.senses) for part in model.parts.values()] for name in SENSES]
    return {
        "table": np.array(table, np.float32),
        "nothing": np.array(0, np.float32),
        "unit": np.array(1, np.float32),
        "last": np.array([2], np.int64),
    }


_LOGS = (
    "p = Clip (stacked, lowest, highest)",
    "q = Sub (unit, p)",
    "odds = Div (p, q)",
    "logs = Log (odds)",
)
"""Lines that give `logs`, the logits of `stacked`."""


def _bounds(least: float) -> Constants:
    """The constants of `_LOGS`, for scores that are kept `least` away from 0 and 1."""
    bounds = {"lowest": least, "highest": 1 - least, "unit": 1}
    return {name: np.array(value, np.float32) for name, value in bounds.items()}
