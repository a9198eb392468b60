"""Eras: the decades in which a bundle is measured, and how well it does in each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel.catalogue import Movie
from genreel.decade import decade_name, decade_of
from genreel.lab.evaluation.bootstrap import intervals
from genreel.lab.evaluation.evaluate import Outcome
from genreel.lab.metrics import summary

FIRST_DECADE = 1960
"""All years before this decade are one era, since catalogues hold few movies of each."""

FEWEST_MOVIES = 30
"""An era with fewer movies to measure on is left out."""

FEWEST_POSITIVES = 5
"""A genre with fewer positives (or negatives) in an era has no figure there."""


def era_of(movie: Movie) -> str:
    """Its decade, such as "1980s"; "before 1960" for all that came earlier, "" without a year."""
    decade = decade_of(movie.year)
    if decade is None:
        return ""
    return decade_name(decade) if decade >= FIRST_DECADE else f"before {FIRST_DECADE}"


def eras(movies: Sequence[Movie]) -> dict[str, NDArray[np.int64]]:
    """Era → positions of its movies, in the order of time; those with FEWEST_MOVIES."""
    names = np.array([era_of(movie) for movie in movies])
    in_time = sorted(set(names.tolist()) - {""}, key=lambda name: (name[0].isdigit(), name))
    positions = {name: np.flatnonzero(names == name) for name in in_time}
    return {name: at for name, at in positions.items() if len(at) >= FEWEST_MOVIES}


def by_era(outcome: Outcome, movies: Sequence[Movie] | None = None) -> dict[str, dict[str, Any]]:
    """Figures of each era on the genres that it has enough movies of (see `enough`).

    Args:
        outcome: of one case.
        movies: the same movies with their years, where the outcome hides them.

    Returns:
        Era → movies, genres (how many count), macro_roc_auc, macro_average_precision,
        macro_f1, label_accuracy, and `intervals`.
    """
    names = ("macro_roc_auc", "macro_average_precision", "macro_f1", "label_accuracy")
    rows = {}
    for era, at in eras(movies or outcome.movies).items():
        part = outcome.take(at)
        use = enough(part.labels, part.known)
        arrays = (
            part.labels[:, use],
            part.known[:, use],
            part.scores[:, use],
            part.decisions[:, use],
        )
        figures = summary([g for g, u in zip(part.genres, use, strict=True) if u], *arrays)
        ends, _ = intervals(*arrays)
        rows[era] = {
            "movies": len(at),
            "genres": int(use.sum()),
            **{name: figures[name] for name in names},
            "intervals": {name: ends[name] for name in names if name in ends},
        }
    return rows


def enough(labels: NDArray[Any], known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Genres with FEWEST_POSITIVES among their known cells, and as many negatives; (genres,)."""
    positive = ((labels > 0) & known).sum(axis=0)
    return np.asarray(np.minimum(positive, known.sum(axis=0) - positive) >= FEWEST_POSITIVES)
