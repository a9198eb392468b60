"""How far a figure would move with other films: percentile bootstrap (Efron 1979).

Films are drawn with replacement; a film drawn k times counts k times, in every genre at once. All
resamples are worked out together, as weights of shape (resamples, films).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel.lab.metrics import (
    CALIBRATION_BINS,
    TOP_K,
    calibration_bin,
    cell_losses,
    coverage_at,
    precision_recall_f1,
)
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
) -> tuple[dict[str, list[float]], list[dict[str, list[float]]]]:
    """95 % intervals of the figures.

    Args:
        labels, known, scores, decided: shape (n, genres), as in `metrics`.
        seed: of the draws.
        resamples: how many.

    Returns:
        Every figure of `metrics.summary` but the number of movies → [low, high], and, a dict a
        genre, the same for the figures that it has by genre. What is undefined is left out.
    """
    overall, by_genre = _resampled(labels, known, scores, decided, seed, resamples)
    return _ends(overall), [
        _ends({name: values[:, g] for name, values in by_genre.items()})
        for g in range(labels.shape[1])
    ]


_Figures = dict[str, NDArray[np.float64]]


def _resampled(
    labels: Labels,
    known: Known,
    scores: NDArray[Any],
    decided: NDArray[np.bool_],
    seed: int,
    resamples: int,
) -> tuple[_Figures, _Figures]:
    """Figures over all genres, shape (1 + resamples,), and by genre, (1 + resamples, genres).

    The first of each is that of the films themselves.
    """
    n = len(labels)
    if not known.any():
        return {}, {}
    draws = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples)
    weights = np.vstack([np.ones(n), draws])
    ranked = [
        _ranked(labels[:, g], known[:, g], scores[:, g], weights) for g in range(len(labels.T))
    ]
    auc, precision = (np.stack(values, axis=1) for values in zip(*ranked, strict=True))
    overall, by_genre = _decided(labels, known, decided, weights)
    error = _calibration(labels, known, scores, weights)
    overall |= {
        "macro_roc_auc": _mean(auc),
        "macro_average_precision": _mean(precision),
        "calibration_error": _mean(error),
    }
    by_genre |= {"roc_auc": auc, "average_precision": precision, "calibration_error": error}
    told = ((labels > 0) & known).any(axis=1)
    cells = weights @ known.sum(axis=1)
    by_movie = precision_recall_f1(labels, known, decided, axis=1)
    for name, values in zip(("precision", "recall", "f1"), by_movie, strict=True):
        overall[f"samples_{name}"] = _over(weights @ (values * told), weights @ told)
    for k in TOP_K:
        covered = np.nan_to_num(coverage_at(labels, known, scores, k))
        overall[f"coverage_at_{k}"] = _over(weights @ covered, weights @ told)
    losses = np.where(known, cell_losses(labels, scores), 0).sum(axis=1)
    wrong = (((labels > 0) != decided) & known).sum(axis=1)
    overall["log_loss"] = _over(weights @ losses, cells)
    overall["hamming_loss"] = _over(weights @ wrong, cells)
    overall["label_accuracy"] = 1 - overall["hamming_loss"]
    return overall, by_genre


def _ends(figures: _Figures) -> dict[str, list[float]]:
    ends = {}
    for name, (figure, *resamples) in figures.items():
        if np.isfinite(figure) and np.isfinite(resamples).any():
            low, high = np.nanpercentile(resamples, (2.5, 97.5))
            if name == "calibration_error":
                # Films that are drawn twice look less calibrated than they are: a bias of the
                # bootstrap, taken off.
                bias = np.nanmean(resamples) - figure
                low, high = max(0.0, low - bias), high - bias
            ends[name] = [round(float(low), 6), round(float(high), 6)]
    return ends


def _over(total: NDArray[np.float64], count: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(count > 0, total / count, np.nan))


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


def _decided(
    labels: Labels, known: Known, decided: NDArray[np.bool_], weights: Weights
) -> tuple[_Figures, _Figures]:
    """Precision, recall and F1: macro, micro and weighted, and by genre."""
    true, chosen = (labels > 0) & known, decided & known
    tp, positives, decisions = (weights @ cells for cells in (true & chosen, true, chosen))
    shares = {
        "precision": (tp, np.where(decisions > 0, decisions, 1)),
        "recall": (tp, positives),
        "f1": (2 * tp, positives + decisions),
    }
    overall: _Figures = {}
    by_genre: _Figures = {}
    for name, (part, whole) in shares.items():
        found = np.where(positives > 0, _over(part, whole), np.nan)
        by_genre[name] = found
        overall[f"macro_{name}"] = _mean(found)
        overall[f"weighted_{name}"] = _over(
            np.nansum(found * positives, axis=1), positives.sum(axis=1)
        )
    pooled = tp.sum(axis=1), positives.sum(axis=1), decisions.sum(axis=1)
    overall["micro_precision"] = _over(pooled[0], pooled[2])
    overall["micro_recall"] = _over(pooled[0], pooled[1])
    overall["micro_f1"] = _over(2 * pooled[0], pooled[1] + pooled[2])
    return overall, by_genre


def _calibration(
    labels: Labels, known: Known, scores: NDArray[Any], weights: Weights
) -> NDArray[np.float64]:
    """Expected calibration error of each genre in every resample."""
    gaps = np.where(known, labels - scores, 0)
    bins = np.where(known, calibration_bin(scores), -1)
    total = np.zeros((len(weights), labels.shape[1]))
    for b in range(CALIBRATION_BINS):
        total += np.abs(weights @ (gaps * (bins == b)))
    return _over(total, weights @ known)


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over genres, leaving out NaN; NaN where nothing is left."""
    there = np.isfinite(values)
    total = np.where(there, values, 0).sum(axis=1)
    return np.where(there.any(axis=1), total / np.maximum(there.sum(axis=1), 1), np.nan)
