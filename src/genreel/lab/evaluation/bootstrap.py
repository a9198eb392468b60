"""How far a figure would move with other films: percentile bootstrap (Efron 1979).

Films are drawn with replacement; a film drawn k times counts k times, in every genre at once. All
resamples are worked out together, as weights of shape (resamples, films).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel.vocabulary import Known, Labels

Weights = NDArray[np.float64]
RESAMPLES = 200


def intervals(
    labels: Labels,
    known: Known,
    scores: NDArray[Any],
    decided: NDArray[np.bool_],
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> dict[str, list[float]]:
    """95 % intervals of the macro figures.

    Args:
        labels, known, scores, decided: shape (n, genres), as in `metrics`.
        seed: of the draws.
        resamples: how many.

    Returns:
        macro_roc_auc, macro_average_precision, macro_f1, micro_f1, weighted_f1 → [low, high].
    """
    n = len(labels)
    if n == 0:
        return {}
    draws = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples)
    weights = draws.astype(np.float64)
    ranked = [
        _ranked(labels[:, g], known[:, g], scores[:, g], weights) for g in range(len(labels.T))
    ]
    auc, precision = (np.stack(values, axis=1) for values in zip(*ranked, strict=True))
    figures = {"macro_roc_auc": _mean(auc), "macro_average_precision": _mean(precision)}
    figures |= _f1(labels, known, decided, weights)
    return {
        name: [round(float(np.nanpercentile(values, q)), 6) for q in (2.5, 97.5)]
        for name, values in figures.items()
        if np.isfinite(values).any()
    }


def _ranked(
    labels: NDArray[Any], known: NDArray[np.bool_], scores: NDArray[Any], weights: Weights
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """ROC AUC and average precision of one genre in every resample, NaN where undefined."""
    y, s, w = labels[known], scores[known], weights[:, known]
    if not len(y):
        nothing = np.full(len(weights), np.nan)
        return nothing, nothing
    order = np.argsort(-s, kind="stable")
    # Films of equal score stand together: no threshold can part them.
    starts = np.flatnonzero(np.r_[True, np.diff(s[order]) != 0])
    positive = np.add.reduceat((w * y)[:, order], starts, axis=1)
    negative = np.add.reduceat((w * (1 - y))[:, order], starts, axis=1)
    tp, fp = positive.cumsum(axis=1), negative.cumsum(axis=1)
    positives, negatives = tp[:, -1], fp[:, -1]
    with np.errstate(invalid="ignore", divide="ignore"):
        # Each positive beats the negatives ranked below it, and half of those at its score.
        beaten = negatives[:, None] - fp + negative / 2
        auc = (positive * beaten).sum(axis=1) / (positives * negatives)
        precision = np.where(positive > 0, tp / (tp + fp), 0)
        average = (precision * positive).sum(axis=1) / positives
    # As in `metrics`: a genre with one class alone has neither.
    return auc, np.where(np.isfinite(auc), average, np.nan)


def _f1(
    labels: Labels, known: Known, decided: NDArray[np.bool_], weights: Weights
) -> dict[str, NDArray[np.float64]]:
    true, chosen = (labels > 0) & known, decided & known
    tp, positives, decisions = (weights @ cells for cells in (true & chosen, true, chosen))
    with np.errstate(invalid="ignore", divide="ignore"):
        by_genre = np.where(positives > 0, 2 * tp / (positives + decisions), np.nan)
        micro = 2 * tp.sum(axis=1) / (positives.sum(axis=1) + decisions.sum(axis=1))
        weighted = np.nansum(by_genre * positives, axis=1) / positives.sum(axis=1)
    return {"macro_f1": _mean(by_genre), "micro_f1": micro, "weighted_f1": weighted}


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over genres, leaving out NaN; NaN where nothing is left."""
    there = np.isfinite(values)
    total = np.where(there, values, 0).sum(axis=1)
    return np.where(there.any(axis=1), total / np.maximum(there.sum(axis=1), 1), np.nan)
