"""A second-level model over all logits of all parts, in late fusion's place (Wolpert 1992)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel.catalogue import LETTERING
from genreel.lab.model import biased_logistic, fit_logistics
from trials.default_parts import PLOT, POSTER, PRINTED, read_test_posters, read_valid_part
from trials.measure import DIVISIONS, FOLDS, Row, figures, folds_of, mean_figures

CASES = {
    "poster only": (POSTER, ("poster",)),
    "poster read": ((*POSTER, *PRINTED), ("poster", LETTERING)),
    "plot only": (PLOT, ("plot",)),
    "both": ((*PLOT, *POSTER), ("plot", "poster")),
}
"""Inputs → the parts of the default that read them, and what a movie must have."""

PRECISIONS = (30.0, 100.0, 300.0, 1000.0, 3000.0)
"""Of the prior around late fusion; the best is chosen by folds of the movies that teach."""


def second_level(out: Path) -> Iterator[Row]:
    """Each movie is scored by models that the other four fifths of the valid part taught; then
    those test movies whose posters were read, by models that the whole valid part taught.
    """
    part = read_valid_part(out)
    for case, (parts, needs) in CASES.items():
        rows = part.having(*needs)
        x, labels, known = part.stack(parts, rows), part.labels[rows], part.known[rows]
        for name, fit in WAYS.items():
            table = []
            for seed in range(DIVISIONS):
                folds, scores = folds_of(len(rows), seed), np.zeros(labels.shape)
                for fold in range(FOLDS):
                    rest = folds != fold
                    scores[~rest] = fit(x[rest], labels[rest], known[rest], x[~rest])
                table.append(figures(name, case, labels, known, scores))
            yield mean_figures(table)
    test = read_test_posters(out)
    for case, (parts, needs) in CASES.items():
        rows, test_rows = part.having(*needs), test.having(*needs)
        x, labels, known = part.stack(parts, rows), part.labels[rows], part.known[rows]
        cells = test.labels[test_rows], test.known[test_rows]
        for name, fit in WAYS.items():
            scores = fit(x, labels, known, test.stack(parts, test_rows))
            yield figures(name, f"{case}, test part", *cells, scores)


def _late_fusion(
    x: NDArray[Any], labels: NDArray[Any], known: NDArray[Any], others: NDArray[Any]
) -> NDArray[Any]:
    weights, bias = fit_logistics(x, labels, known, 30)
    return np.asarray((others * weights).sum(axis=1) + bias)


def _over_genres(
    x: NDArray[Any], labels: NDArray[Any], known: NDArray[Any], others: NDArray[Any]
) -> NDArray[Any]:
    """A genre's logit from the fused ones of all genres; its own counts 1 in the prior."""
    sums = _late_fusion(x, labels, known, x)
    other_rows = _late_fusion(x, labels, known, others)
    return _corrected(sums, np.eye(labels.shape[1]), labels, known, other_rows)


def _over_parts(
    x: NDArray[Any], labels: NDArray[Any], known: NDArray[Any], others: NDArray[Any]
) -> NDArray[Any]:
    """A genre's logit from those of all genres and parts; late fusion's weights are the prior's."""
    weights, _ = fit_logistics(x, labels, known, 30)
    parts, genres = weights.shape
    means = np.zeros((genres, parts, genres))
    means[np.arange(genres), :, np.arange(genres)] = weights.T
    flat = x.reshape(len(x), -1)
    other_rows = others.reshape(len(others), -1)
    return _corrected(flat, means.reshape(genres, -1), labels, known, other_rows)


def _corrected(
    x: NDArray[Any],
    means: NDArray[Any],
    labels: NDArray[Any],
    known: NDArray[Any],
    others: NDArray[Any],
) -> NDArray[Any]:
    """A logistic regression a genre, drawn to `means`, shape (genres, columns)."""
    halves = folds_of(len(x)) < 3  # three fifths teach, two decide how strong the prior is
    losses = []
    for precision in PRECISIONS:
        z = _fit_genres(x[halves], means, labels[halves], known[halves], precision, x[~halves])
        losses.append((np.logaddexp(0, (1 - 2 * labels[~halves]) * z) * known[~halves]).sum())
    best = PRECISIONS[int(np.argmin(losses))]
    return _fit_genres(x, means, labels, known, best, others)


def _fit_genres(
    x: NDArray[Any],
    means: NDArray[Any],
    labels: NDArray[Any],
    known: NDArray[Any],
    precision: float,
    others: NDArray[Any],
) -> NDArray[Any]:
    scale = x.std(axis=0)  # a prior on weights of what varies alike
    z = np.zeros((len(others), labels.shape[1]))
    for g, mean in enumerate(means):
        use = known[:, g]
        weights, bias = biased_logistic(x[use] / scale, labels[use, g], mean * scale, precision)
        z[:, g] = (others / scale) @ weights + bias
    return z


WAYS = {
    "late fusion": _late_fusion,
    "and every genre's fused logit": _over_genres,
    "and every genre's logit from every part": _over_parts,
}
