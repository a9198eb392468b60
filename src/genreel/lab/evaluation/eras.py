"""How well a bundle does by decade."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel.catalogue import Movie
from genreel.lab.evaluation.bootstrap import intervals
from genreel.lab.evaluation.evaluate import Outcome
from genreel.lab.metrics import summary

FEWEST_FILMS = 30
"""A decade with fewer films to measure on is left out."""

FEWEST_POSITIVES = 5
"""A genre with fewer positives (or negatives) in a decade has no figure there."""


def decade_of(movie: Movie) -> str:
    """Such as "1980s"; empty without a year, "before 1960" for all that came earlier."""
    if movie.year is None:
        return ""
    return f"{movie.year // 10 * 10}s" if movie.year >= 1960 else "before 1960"


def decades(movies: Sequence[Movie]) -> dict[str, NDArray[np.int64]]:
    """Decade → positions of its movies, in the order of time; those with FEWEST_FILMS."""
    names = np.array([decade_of(movie) for movie in movies])
    found = {name: np.flatnonzero(names == name) for name in sorted(set(names.tolist()) - {""})}
    ordered = sorted(found, key=lambda name: (not name.startswith("before"), name))
    return {name: found[name] for name in ordered if len(found[name]) >= FEWEST_FILMS}


def by_decade(outcome: Outcome, movies: Sequence[Movie] | None = None) -> dict[str, dict[str, Any]]:
    """Figures of each decade on the genres that it has enough films of.

    Args:
        outcome: of one input case.
        movies: the same movies with their years, where the outcome hides them.

    Returns:
        Decade → movies, genres (how many count), macro_roc_auc, macro_average_precision,
        macro_f1, label_accuracy, and `intervals`.
    """
    found = {}
    for name, at in decades(movies or outcome.movies).items():
        part = outcome.take(at)
        use = enough(part.labels, part.known)
        arrays = (
            part.labels[:, use],
            part.known[:, use],
            part.scores[:, use],
            part.decided[:, use],
        )
        figures = summary([g for g, u in zip(part.genres, use, strict=True) if u], *arrays)
        kept = ("macro_roc_auc", "macro_average_precision", "macro_f1", "label_accuracy")
        overall, _ = intervals(*arrays)
        found[name] = {
            "movies": len(at),
            "genres": int(use.sum()),
            **{key: figures[key] for key in kept},
            "intervals": {key: overall[key] for key in kept if key in overall},
        }
    return found


def enough(labels: NDArray[Any], known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Genres with FEWEST_POSITIVES among their known cells, and as many negatives; (genres,)."""
    positive = ((labels > 0) & known).sum(axis=0)
    return np.asarray(np.minimum(positive, known.sum(axis=0) - positive) >= FEWEST_POSITIVES)
