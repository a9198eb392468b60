"""Measures a bundle the way it is used: through the Predictor, in every input case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel.catalogue import INPUTS, Movie
from genreel.lab.evaluation.bootstrap import intervals
from genreel.lab.metrics import summary
from genreel.predictor import Predictor
from genreel.progress import progress
from genreel.vocabulary import Known, Labels

CASES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "as they are": ((), INPUTS),
    "both": (("poster", "plot"), INPUTS),
    "plot only": (("plot",), ("plot", "title", "year")),
    "poster only": (("poster",), ("poster",)),
}
"""Case → the inputs that a movie must have to be in it, and those that the model is shown."""


@dataclass(frozen=True)
class Outcome:
    """What a bundle answered in one input case.

    Attributes:
        needs, shown: inputs that a movie must have to be in it, and those that the model saw.
        movies: the movies that got scores, as they were shown; shape (n,).
        labels, known, scores, decided: shape (n, genres).
        genres: names.
        unanswered: how many movies got no scores, and are left out.
    """

    needs: tuple[str, ...]
    shown: tuple[str, ...]
    movies: Sequence[Movie]
    labels: Labels
    known: Known
    scores: NDArray[np.float64]
    decided: NDArray[np.bool_]
    genres: tuple[str, ...]
    unanswered: int = 0

    def take(self, at: NDArray[Any]) -> Outcome:
        """The movies at these positions, or where a mask is true."""
        at = np.arange(len(self.movies))[at]
        return replace(
            self,
            movies=[self.movies[i] for i in at],
            labels=self.labels[at],
            known=self.known[at],
            scores=self.scores[at],
            decided=self.decided[at],
        )

    def figures(self) -> dict[str, Any]:
        """`metrics.summary` with 95 % `intervals`, overall and by genre, as JSON values."""
        arrays = self.labels, self.known, self.scores, self.decided
        found = summary(self.genres, *arrays)
        overall, by_genre = intervals(*arrays)
        for genre, ends in zip(self.genres, by_genre, strict=True):
            found["genres"][genre]["intervals"] = ends
        about = {"needs": list(self.needs), "shown": list(self.shown)}
        return {**about, **found, "intervals": overall, "unanswered": self.unanswered}


def evaluate(predictor: Predictor, movies: Sequence[Movie]) -> dict[str, Any]:
    """Figures of a bundle on labelled movies: case → `Outcome.figures`."""
    return {case: outcome.figures() for case, outcome in outcomes(predictor, movies).items()}


def outcomes(predictor: Predictor, movies: Sequence[Movie]) -> dict[str, Outcome]:
    """What a bundle answers in every case.

    Args:
        predictor: the bundle.
        movies: with genres; an input that cannot be used counts as missing.

    Returns:
        Case → outcome; a case without movies, or with inputs that the bundle does not read, is
        left out.
    """
    found = {}
    for case, (needed, shown) in CASES.items():
        chosen = [movie for movie in movies if all(movie.has(name) for name in needed)]
        if chosen and set(needed) <= set(predictor.inputs):
            hidden = [name for name in INPUTS if name not in shown]
            answers = _answers(predictor, [movie.without(hidden) for movie in chosen], case)
            found[case] = Outcome(needed, shown, *answers)
    return found


def _answers(predictor: Predictor, movies: Sequence[Movie], case: str) -> Any:
    predictions = list(progress(predictor.predict_many(movies), case, len(movies)))
    answered = [i for i, prediction in enumerate(predictions) if prediction.scores]
    vocabulary = predictor.bundle.vocabulary
    genres = vocabulary.genres
    labels, known = vocabulary.encode(movies[i].genres for i in answered)
    scores = np.array([list(predictions[i].scores.values()) for i in answered], np.float64)
    decided = np.array([[g in predictions[i].genres for g in genres] for i in answered], np.bool_)
    return (
        [movies[i] for i in answered],
        labels,
        known,
        scores.reshape(labels.shape),
        decided.reshape(labels.shape),
        genres,
        len(movies) - len(answered),
    )
