"""Measures a bundle the way it is used: through the Predictor, in every input case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from genreel.catalogue import INPUTS, Movie
from genreel.lab.evaluation.bootstrap import intervals
from genreel.lab.evaluation.metrics import summary
from genreel.predictor import Predictor
from genreel.progress import progress

CASES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "as they are": ((), INPUTS),
    "both": (("poster", "plot"), INPUTS),
    "plot only": (("plot",), ("plot", "title", "year")),
    "poster only": (("poster",), ("poster",)),
}
"""Case → the inputs that a movie must have to be in it, and those that the model is shown."""


def evaluate(predictor: Predictor, movies: Sequence[Movie]) -> dict[str, Any]:
    """Figures of a bundle on labelled movies.

    Args:
        predictor: the bundle.
        movies: with genres; an input that cannot be used counts as missing.

    Returns:
        Case → figures (see `metrics.summary`), their 95 % `intervals`, and `unanswered`, the
        number of movies that got no scores and are left out of the figures. A case without
        movies is left out.
    """
    results = {}
    for case, (needed, shown) in CASES.items():
        if not set(needed) <= set(predictor.inputs):
            continue
        chosen = [movie for movie in movies if all(movie.has(name) for name in needed)]
        if not chosen:
            continue
        hidden = [name for name in INPUTS if name not in shown]
        figures = _measure(predictor, [movie.without(hidden) for movie in chosen], case)
        results[case] = {"needs": list(needed), "shown": list(shown), **figures}
    return results


def _measure(predictor: Predictor, movies: Sequence[Movie], case: str) -> dict[str, Any]:
    predictions = list(progress(predictor.predict_many(movies), case, len(movies)))
    answered = [i for i, prediction in enumerate(predictions) if prediction.scores]
    scores = np.array([list(predictions[i].scores.values()) for i in answered], np.float64)
    vocabulary = predictor.bundle.vocabulary
    labels, known = vocabulary.encode(movies[i].genres for i in answered)
    scores = scores.reshape(labels.shape)
    genres = vocabulary.genres
    decided = np.array([[g in predictions[i].genres for g in genres] for i in answered], np.bool_)
    decided = decided.reshape(labels.shape)
    figures = summary(genres, labels, known, scores, decided)
    overall, by_genre = intervals(labels, known, scores, decided)
    for genre, found in zip(vocabulary.genres, by_genre, strict=True):
        figures["genres"][genre]["intervals"] = found
    return {
        **figures,
        "intervals": overall,
        "unanswered": len(movies) - len(answered),
    }
