"""Tiny bundles written by hand, so that using a bundle is tested without the lab.

Their features are those of the recipes `words` and `fast`, fitted on the movies given. Their
weights are drawn at random, and are so large that every word and every pixel shows in the scores.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.numpy_helper
import onnx.parser

from genreel.bundle import write_bundle
from genreel.calibration import CaseRules, Curve
from genreel.catalogue import Movie
from genreel.features import Feature
from genreel.features.image import Pixels, PixelSettings
from genreel.features.text import Terms, TermSettings
from genreel.vocabulary import GENRES, Vocabulary

TERMS = {
    "plot": TermSettings("plot", ngrams=(1, 2), min_count=1),
    "title": TermSettings("title", min_count=1, scale=0.5),
    "decade": TermSettings("year", min_count=1, weighting="binary", scale=0.3),
}
POSTER = PixelSettings(height=48, width=32)


def write_words(folder: Path, movies: Iterable[Movie]) -> None:
    """A bundle that reads plot, title and year."""
    _write(folder, _fit_terms(movies), ("title and year", "plot only"))


def write_tiny(folder: Path, movies: Iterable[Movie]) -> None:
    """A bundle that reads poster, plot, title and year."""
    features = {**_fit_terms(movies), "poster": Pixels(POSTER)}
    _write(folder, features, ("title and year", "poster only", "plot only", "both"))


def _fit_terms(movies: Iterable[Movie]) -> dict[str, Feature]:
    movies = list(movies)
    return {name: Terms.fit(settings, movies) for name, settings in TERMS.items()}


def _write(folder: Path, features: Mapping[str, Feature], cases: Iterable[str]) -> None:
    random = np.random.default_rng(1)
    rules = {
        case: CaseRules(
            {genre: round(float(random.uniform(0.4, 0.6)), 6) for genre in GENRES},
            {genre: Curve(slope=0.8, intercept=-0.1) for genre in GENRES[::2]},
        )
        for case in cases
    }
    write_bundle(
        folder,
        name=folder.name,
        vocabulary=Vocabulary(GENRES),
        thresholds=dict.fromkeys(GENRES, 0.5),
        cases=rules,
        features=features,
        model=_graph(features).SerializeToString(),
        recipe=f'id = "{folder.name}"\n',
        metrics={"recipe": folder.name},
        card=f"# {folder.name}\n\nWritten by hand, for tests.\n",
    )


def _graph(features: Mapping[str, Feature]) -> Any:
    """A linear model of all terms and pixels: the features' arrays → `scores` (n, genres)."""
    random = np.random.default_rng(0)
    inputs, lines = ["float[n, 4] present"], []
    arrays = {"one": np.array([1], np.int64)}
    for name, feature in features.items():
        if isinstance(feature, Pixels):
            rows, deviation = math.prod(feature.shape), 1e-4
            sizes = ", ".join(map(str, feature.shape))
            inputs += [f"uint8[m, {sizes}] {name}_pixels", f"int64[m] {name}_rows"]
            arrays["nothing"] = np.zeros((4, len(GENRES)), np.float32)
            lines += [
                f"{name}_bytes = Flatten ({name}_pixels)",
                f"{name}_numbers = Cast <to=1> ({name}_bytes)",
                f"{name}_some = MatMul ({name}_numbers, {name}_weights)",
                f"{name}_none = MatMul (present, nothing)",
                f"{name}_places = Unsqueeze ({name}_rows, one)",
                f"{name}_logits = ScatterND ({name}_none, {name}_places, {name}_some)",
            ]
        else:
            rows, deviation = len(feature), 2.0
            inputs += [
                f"int64[n, {name}_terms] {name}_indices",
                f"float[n, {name}_terms] {name}_values",
            ]
            lines += [
                f"{name}_chosen = Gather ({name}_weights, {name}_indices)",
                f"{name}_row = Unsqueeze ({name}_values, one)",
                f"{name}_product = MatMul ({name}_row, {name}_chosen)",
                f"{name}_logits = Squeeze ({name}_product, one)",
            ]
        arrays[f"{name}_weights"] = random.normal(0, deviation, (rows, len(GENRES)))
    logits = ", ".join(f"{name}_logits" for name in features)
    lines += [f"logits = Sum ({logits})", "scores = Sigmoid (logits)"]
    body = "\n".join(lines)
    model = onnx.parser.parse_model(
        '<ir_version: 10, opset_import: ["" : 21]>\n'
        f"graph ({', '.join(inputs)}) => (float[n, {len(GENRES)}] scores) {{\n{body}\n}}"
    )
    for name, array in arrays.items():
        array = array if array.dtype == np.int64 else array.astype(np.float32)
        model.graph.initializer.append(onnx.numpy_helper.from_array(array, name))
    # ONNX's text form has no names with a dot, which the features' arrays have.
    dotted = {value.name: value.name.replace("_", ".") for value in model.graph.input}
    for value in model.graph.input:
        value.name = dotted[value.name]
    for node in model.graph.node:
        node.input[:] = [dotted.get(name, name) for name in node.input]
    return model
