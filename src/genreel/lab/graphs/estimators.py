"""The graph of `PerGenre`: one estimator of scikit-learn a genre."""

from __future__ import annotations

import numpy as np
import skl2onnx
from onnx import ModelProto
from skl2onnx.common.data_types import FloatTensorType

from genreel.lab.graphs.neighbours import neighbours_graph
from genreel.lab.graphs.svm import svm_graph
from genreel.lab.graphs.text import OPSET, join_graphs, parse_graph
from genreel.lab.graphs.trees import trees_graph
from genreel.lab.models.estimators import PerGenre

_OF_ALL_GENRES = {
    "svm": svm_graph,
    "knn": neighbours_graph,
    **dict.fromkeys(("tree", "forest", "extra-trees", "boosting"), trees_graph),
}
"""Estimator → a graph in which the genres share their work."""


def per_genre_graph(core: PerGenre, width: int) -> ModelProto:
    """From `x`, float32 (n, width), to `scores`, float32 (n, genres)."""
    make = _OF_ALL_GENRES.get(core.settings.estimator)
    return make(core, width) if make and any(core.estimators) else _by_genre(core, width)


def _by_genre(core: PerGenre, width: int) -> ModelProto:
    """A graph a genre, as skl2onnx makes it; where a genre has no estimator, its prior."""
    parts, names, columns, lines = [], [], [], []
    for g, estimator in enumerate(core.estimators):
        if estimator is None:
            continue
        part = skl2onnx.to_onnx(
            estimator,
            initial_types=[("x", FloatTensorType([None, width]))],
            options={"zipmap": False},
            target_opset={"": OPSET, "ai.onnx.ml": 3},
        )
        del part.graph.output[0]  # the decision; ours is taken by thresholds
        parts.append(part)
        names.append(f"both_{g}")
        lines.append(f"column_{g} = Slice (both_{g}, one, two, one)")
    constants = {"one": np.array([1], np.int64), "two": np.array([2], np.int64)}
    lines += ["rows = Shape <start=0, end=1> (x)", "whole = Concat <axis=0> (rows, one)"]
    for g, estimator in enumerate(core.estimators):
        if estimator is None:
            constants[f"prior_{g}"] = core.priors[[g]].astype(np.float32)
            lines.append(f"column_{g} = Expand (prior_{g}, whole)")
        columns.append(f"column_{g}")
    lines.append(f"scores = Concat <axis=1> ({', '.join(columns)})")
    top = parse_graph(
        [f"float[n, {width}] x", *(f"float[n, 2] {name}" for name in names)],
        f"float[n, {len(columns)}] scores",
        lines,
        constants=constants,
    )
    return join_graphs(parts, names, top)
