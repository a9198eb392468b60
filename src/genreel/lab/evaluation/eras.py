"""How well a model does by decade, and how far what one decade teaches holds in another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genreel.catalogue import Movie
from genreel.lab.evaluation.bootstrap import intervals
from genreel.lab.evaluation.evaluate import Outcome
from genreel.lab.evaluation.metrics import roc_auc, summary

if TYPE_CHECKING:  # a report needs no torch
    from genreel.lab.examples import Examples
    from genreel.lab.models.base import Model

FEWEST_FILMS = 30
"""A decade with fewer films to measure on is left out."""

FEWEST_POSITIVES = 5
"""A genre with fewer positives (or negatives) in a decade has no figure there."""

ALL = "all"


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
        use = _enough(part.labels, part.known)
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


def matrix(
    make: Callable[[], Model],
    fit: Callable[[Model, Examples], None],
    train: Examples,
    train_movies: Sequence[Movie],
    test: Examples,
    test_movies: Sequence[Movie],
) -> dict[str, dict[str, float | None]]:
    """Macro ROC AUC of models trained on one decade, on every decade.

    Args:
        make: an unfitted model.
        fit: fits it on examples.
        train, test: examples, with their movies for the years.

    Returns:
        Training decade → test decade → macro ROC AUC over the genres that the test decade has
        enough films of; the same genres down each column. The row "all" is one model for every
        decade, "all, as few" one trained on as many films of all decades as the decade itself has
        (so that era and amount can be told apart; on the test decade alone).
    """
    tests = decades(test_movies)
    trains = {name: at for name, at in decades(train_movies).items() if name in tests}
    rows: dict[str, dict[str, float | None]] = {}

    def measured(at: NDArray[np.int64], where: Sequence[str]) -> dict[str, float | None]:
        model = make()
        fit(model, train.take(at))
        return {name: _auc(model, test.take(tests[name])) for name in where}

    for name, at in trains.items():
        rows[name] = measured(at, list(tests))
    rng = np.random.default_rng(0)
    rows["all, as few"] = {
        name: measured(np.sort(rng.permutation(len(train))[: len(at)]), [name])[name]
        for name, at in trains.items()
    }
    rows[ALL] = measured(np.arange(len(train)), list(tests))
    return rows


def own_against_all(rows: Mapping[str, Mapping[str, float | None]]) -> dict[str, float]:
    """Decade → ROC AUC of its own model less that of the one for all."""
    return {
        name: own - every
        for name in rows
        if name in rows[ALL]
        and (own := rows[name].get(name)) is not None
        and (every := rows[ALL][name]) is not None
    }


def _auc(model: Model, test: Examples) -> float | None:
    use = _enough(test.labels, test.known)
    values = roc_auc(test.labels, test.known, model.scores(test))[use]
    return round(float(values.mean()), 6) if len(values) else None


def _enough(labels: NDArray[Any], known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    positive = ((labels > 0) & known).sum(axis=0)
    return np.asarray(np.minimum(positive, known.sum(axis=0) - positive) >= FEWEST_POSITIVES)
