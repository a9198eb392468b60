"""A head on posters that learns from labels as they are, smoothed, and mixed with a teacher's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genreel.catalogue import Movie
from genreel.features import load_feature
from genreel.lab.examples import Examples, read_examples
from genreel.lab.frozen import extracted_rows
from genreel.lab.networks.backbone import Backbone, BackboneSettings
from genreel.paths import cache_folder
from genreel.predictor import Predictor
from genreel.vocabulary import Vocabulary
from trials.measure import Row, figures, head_logits, movies_by_part


def noise(out: Path) -> Iterator[Row]:
    """Labels as they are, smoothed, and mixed with a teacher's."""
    parts = movies_by_part(has_extra=False)
    teacher = Predictor("default")
    vectors = {}
    for part in ("train", "valid"):
        movies = [movie for movie in parts[part] if movie.has("poster")]
        examples = _vectors(movies)
        vectors[part] = (np.stack(examples.read("poster")), examples.labels, examples.known)
        if part == "train":
            answers = _answers(teacher, movies)
    (x, labels, known), (y, valid_labels, valid_known) = vectors["train"], vectors["valid"]
    has, unknown = ~np.isnan(answers), ~known & ~np.isnan(answers)
    soft = np.nan_to_num(answers)
    share = (labels * known).sum(axis=0) / known.sum(axis=0)
    ways = {
        "labels as they are": (labels, known),
        "smoothed by 0.05": (0.95 * labels + 0.05 * share, known),
        "teacher 0.3": (np.where(has, 0.7 * labels + 0.3 * soft, labels), known),
        "teacher 0.5": (np.where(has, 0.5 * labels + 0.5 * soft, labels), known),
        "teacher in unknown cells": (
            np.where(unknown, soft, labels),
            np.where(unknown, 0.5, known),
        ),
    }
    for name, (targets, weights) in ways.items():
        logits = np.mean([head_logits(x, targets, weights, y, seed) for seed in (0, 1)], axis=0)
        yield figures(name, "poster only", valid_labels, valid_known, logits)


def _vectors(movies: Sequence[Movie]) -> Examples:
    """The movies with ImageNet's vectors of their posters."""
    feature = load_feature("pixels", {"height": 192, "width": 128}, {})
    examples = read_examples(movies, {"poster": feature}, Vocabulary(), cache_folder())
    backbone = Backbone(BackboneSettings("poster", frozen=True), feature, examples)  # type: ignore[arg-type]
    return extracted_rows(examples, "poster", backbone, cache_folder())


def _answers(teacher: Predictor, movies: Sequence[Movie]) -> NDArray[np.float64]:
    """What the teacher says of the plots, shape (n, genres); NaN where there is none."""
    plots = (movie.without(["poster"]) for movie in movies)
    nothing = [np.nan] * len(teacher.genres)
    return np.array([list(p.scores.values()) or nothing for p in teacher.predict_many(plots)])
