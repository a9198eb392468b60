"""The graph of `Classic`: features to a matrix, the matrix to scores, scores to movies."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto

from genreel.cases import SENSES
from genreel.features import Feature
from genreel.features.colours import Colours
from genreel.features.image import Pixels
from genreel.features.sentences import Sentences
from genreel.features.text import Terms
from genreel.lab.graphs.estimators import per_genre_graph
from genreel.lab.graphs.network import backbone_graph
from genreel.lab.graphs.text import join_graphs, parse_graph, rename_values
from genreel.lab.models.classic import Classic

Floats = NDArray[np.float64]


def classic_graph(model: Classic, features: Mapping[str, Feature]) -> ModelProto:
    """From the arrays of the model's one feature to scores; 0 for a movie without the input."""
    [name] = model.features
    feature = features[name]
    if isinstance(feature, Terms):
        return _over_terms(model, feature, name)
    if isinstance(feature, Colours | Sentences):
        width = feature.width
        matrix = parse_graph(
            [f"float[m, {width}] vectors"],
            f"float[m, {width}] x",
            ["x = Identity (vectors)"],
            names={"vectors": f"{name}.{feature.array}"},
        )
    else:
        assert isinstance(feature, Pixels)
        matrix, width = _pixel_matrix(model, feature, name)
    return _over_rows(model, matrix, width, name)


def _over_terms(model: Classic, feature: Terms, name: str) -> ModelProto:
    genres = len(model.core.priors)
    width = max(1, len(feature))
    matrix = parse_graph(
        ["int64[n, terms] indices", "float[n, terms] values"],
        f"float[n, {width}] x",
        [
            "shape = Shape <start=0, end=1> (indices)",
            "whole = Concat <axis=0> (shape, width)",
            "zeros = ConstantOfShape (whole)",
            'x = ScatterElements <axis=1, reduction="add"> (zeros, indices, values)',
        ],
        constants={"width": np.array([width], np.int64)},
        names={"indices": f"{name}.indices", "values": f"{name}.values"},
    )
    scores = join_graphs([matrix], ["x"], per_genre_graph(model.core, width))
    mask = parse_graph(
        [f"float[n, {len(SENSES)}] present", f"float[n, {genres}] there"],
        f"float[n, {genres}] scores",
        ["shown = Gather <axis=1> (present, column)", "scores = Mul (there, shown)"],
        constants={"column": np.array([SENSES.index(feature.sense)], np.int64)},
    )
    return join_graphs([scores], ["there"], mask)


def _over_rows(model: Classic, matrix: ModelProto, width: int, name: str) -> ModelProto:
    """`matrix` gives `x`, float32 (m, width), a row for each movie that has the input."""
    genres = len(model.core.priors)
    # Some of onnxruntime's nodes refuse a matrix without rows, so a row of zeros always goes along.
    pad = parse_graph(
        [f"float[m, {width}] some"],
        f"float[k, {width}] x",
        ["x = Concat <axis=0> (some, row)"],
        constants={"row": np.zeros((1, width), np.float32)},
    )
    with_row = join_graphs([matrix], ["some"], pad)
    scores = join_graphs([with_row], ["x"], per_genre_graph(model.core, width))
    place = parse_graph(
        [f"float[n, {len(SENSES)}] present", "int64[m] rows", f"float[k, {genres}] padded"],
        f"float[n, {genres}] scores",
        [
            "count = Shape <start=0, end=1> (present)",
            "whole = Concat <axis=0> (count, width)",
            "zeros = ConstantOfShape (whole)",
            "at = Unsqueeze (rows, one)",
            "there = Slice (padded, first, last, first)",
            "scores = ScatterND (zeros, at, there)",
        ],
        constants={
            "width": np.array([genres], np.int64),
            "one": np.array([1], np.int64),
            "first": np.array([0], np.int64),
            "last": np.array([-1], np.int64),
        },
        names={"rows": f"{name}.rows"},
    )
    return join_graphs([scores], ["padded"], place)


def _pixel_matrix(model: Classic, feature: Pixels, name: str) -> tuple[ModelProto, int]:
    """The graph from pixels to the matrix that the estimators take, and its width."""
    channels, height, width = feature.shape
    if model.extractor is not None:
        size = model.extractor.width
        raw = backbone_graph(model.extractor, feature, name, "raw")
    else:
        size = channels * height * width
        raw = parse_graph(
            [f"uint8[m, {channels}, {height}, {width}] pixels"],
            f"float[m, {size}] raw",
            ["flat = Flatten (pixels)", "values = Cast <to=1> (flat)", "raw = Div (values, white)"],
            constants={"white": np.array(255, np.float32)},
            names={"pixels": f"{name}.pixels"},
        )
    if model.pca is None:
        return rename_values(raw, {"raw": "x"}), size
    components = model.pca.components_.T.astype(np.float64)
    return _reduce(raw, model.pca.mean_.astype(np.float64), components), components.shape[1]


def _reduce(raw: ModelProto, mean: Floats, components: Floats) -> ModelProto:
    """`raw` reduced to its principal components, in float64 as in the model.

    Args:
        mean: shape (width,).
        components: shape (width, components).
    """
    width, count = components.shape
    reduce = parse_graph(
        [f"float[m, {width}] raw"],
        f"float[m, {count}] x",
        [
            "exact = Cast <to=11> (raw)",
            "centred = Sub (exact, mean)",
            "reduced = MatMul (centred, components)",
            "x = Cast <to=1> (reduced)",
        ],
        constants={"mean": mean, "components": components},
    )
    return join_graphs([raw], ["raw"], reduce)
