"""Measures a bundle the way it is used: through the Predictor, in every input case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel.cases import REPORT_CASES, Case
from genreel.catalogue import Movie
from genreel.lab.evaluation.bootstrap import intervals
from genreel.lab.metrics import summary, tag_figures
from genreel.predictor import Predictor
from genreel.progress import progress
from genreel.vocabulary import Known, Labels


@dataclass(frozen=True)
class Outcome:
    """What a bundle answered in one input case.

    Attributes:
        case: which one.
        movies: the n movies that got scores, as the model saw them.
        labels, known, scores, decisions: shape (n, genres).
        genres: names.
        unanswered: how many movies got no scores, and are left out.
        tags: decision, one of `calibration.DECISIONS` → what it gives, shape (n, genres).
    """

    case: Case
    movies: Sequence[Movie]
    labels: Labels
    known: Known
    scores: NDArray[np.float64]
    decisions: NDArray[np.bool_]
    genres: tuple[str, ...]
    unanswered: int = 0
    tags: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)

    def take(self, at: NDArray[Any]) -> Outcome:
        """The movies at these positions, or where a mask is true."""
        at = np.arange(len(self.movies))[at]
        return replace(
            self,
            movies=[self.movies[i] for i in at],
            labels=self.labels[at],
            known=self.known[at],
            scores=self.scores[at],
            decisions=self.decisions[at],
            tags={decide: tags[at] for decide, tags in self.tags.items()},
        )

    def frequent_genres(self) -> list[int]:
        """Columns of the genres that have both classes, the most frequent first."""
        positive = ((self.labels > 0) & self.known).sum(axis=0)
        has_both = (positive > 0) & (positive < self.known.sum(axis=0))
        return [int(g) for g in np.argsort(-positive, kind="stable") if has_both[g]]

    def figures(self) -> dict[str, Any]:
        """`metrics.summary` with 95 % `intervals`, overall and by genre, and `tag_figures` of every
        decision, as JSON values.
        """
        arrays = self.labels, self.known, self.scores, self.decisions
        figures = summary(self.genres, *arrays)
        overall, by_genre = intervals(*arrays)
        for genre, ends in zip(self.genres, by_genre, strict=True):
            figures["genres"][genre]["intervals"] = ends
        about = {"needs": list(self.case.needs), "shown": list(self.case.shows)}
        by_decision = {
            decide: tag_figures(self.labels, self.known, tags) for decide, tags in self.tags.items()
        }
        rest = {"unanswered": self.unanswered, "by_decision": by_decision}
        return {**about, **figures, "intervals": overall, **rest}


def evaluate(predictor: Predictor, movies: Sequence[Movie]) -> dict[str, Any]:
    """Figures of a bundle on labelled movies: case → `Outcome.figures`."""
    return {case: outcome.figures() for case, outcome in outcomes(predictor, movies).items()}


def outcomes(predictor: Predictor, movies: Sequence[Movie]) -> dict[str, Outcome]:
    """What a bundle answers in each of REPORT_CASES.

    Args:
        predictor: the bundle.
        movies: with genres; an input that cannot be used counts as missing.

    Returns:
        Case → outcome; a case without movies, or with inputs that the bundle does not read, is
        left out.
    """
    answers: dict[str, Outcome] = {}
    for name, case in REPORT_CASES.items():
        members = [case.view(movie) for movie in movies if case.is_met_by(movie)]
        if members and case.is_read_by(predictor.reads):
            answers[name] = _outcome(predictor, members, case)
    return answers


def _outcome(predictor: Predictor, movies: Sequence[Movie], case: Case) -> Outcome:
    predictions = list(progress(predictor.predict_many(movies), case.name, len(movies)))
    at = [i for i, prediction in enumerate(predictions) if prediction.scores]
    genres = predictor.genres
    labels, known = predictor.bundle.vocabulary.encode(movies[i].genres for i in at)
    shape = labels.shape
    scores = np.array([list(predictions[i].scores.values()) for i in at], np.float64)
    decisions = [[genre in predictions[i].genres for genre in genres] for i in at]
    tags = {}
    for decide, by_case in predictor.bundle.rules().by_case().items():
        limits = [[by_case[predictions[i].case][genre] for genre in genres] for i in at]
        tags[decide] = scores.reshape(shape) >= np.array(limits, np.float64).reshape(shape)
    return Outcome(
        case=case,
        movies=[movies[i] for i in at],
        labels=labels,
        known=known,
        scores=scores.reshape(shape),
        decisions=np.array(decisions, np.bool_).reshape(shape),
        genres=genres,
        unanswered=len(movies) - len(at),
        tags=tags,
    )
