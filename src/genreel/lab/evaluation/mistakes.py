"""Movies whose genres the model got wrong, and labels that may be wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from cleanlab.filter import find_label_issues

from genreel.catalogue import Movie
from genreel.lab.evaluation.evaluate import Outcome

_ENOUGH = 5  # movies of each class, before a genre's labels can be doubted


@dataclass(frozen=True)
class Cell:
    """One genre of one movie: what its label says, and the model's score."""

    movie: Movie
    genre: str
    label: bool
    score: float


def surest_mistakes(outcome: Outcome, count: int, label: bool) -> list[Cell]:
    """The known cells with this label whose scores are furthest from it, a movie at most once."""
    wrong = outcome.known & ((outcome.labels > 0) == label) & (outcome.decisions != label)
    distance = np.where(wrong, 1 - outcome.scores if label else outcome.scores, -1.0)
    best = distance.argmax(axis=1)
    rows = np.argsort(-distance.max(axis=1, initial=-1.0), kind="stable")
    return [_cell(outcome, i, best[i]) for i in rows[:count] if distance[i, best[i]] >= 0]


def doubtful_labels(outcome: Outcome, count: int) -> list[Cell]:
    """Known cells whose label is likely wrong, the likeliest first.

    Confident learning (Northcutt et al. 2021) by cleanlab, genre by genre, on the known cells: a
    label is doubted where the model is surer of the other class than it is, on average, of movies
    that have it. The model must not have been trained on these movies.
    """
    cells: list[Cell] = []
    for g in range(len(outcome.genres)):
        rows = np.flatnonzero(outcome.known[:, g])
        labels = (outcome.labels[rows, g] > 0).astype(int)
        if min(labels.sum(), len(labels) - labels.sum()) < _ENOUGH:
            continue
        scores = outcome.scores[rows, g]
        at = find_label_issues(
            labels,
            np.column_stack([1 - scores, scores]),
            return_indices_ranked_by="self_confidence",
            n_jobs=1,
        )
        cells += [_cell(outcome, rows[i], g) for i in at]
    return sorted(cells, key=lambda cell: cell.score if cell.label else 1 - cell.score)[:count]


def _cell(outcome: Outcome, i: int, g: int) -> Cell:
    label, score = bool(outcome.labels[i, g] > 0), float(outcome.scores[i, g])
    return Cell(outcome.movies[i], outcome.genres[g], label, score)
