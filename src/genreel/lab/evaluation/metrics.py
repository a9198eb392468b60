"""Figures of merit, on the known cells alone.

Throughout: `labels` in {0, 1}, `known` bool, `scores` in [0, 1] or any increasing function of
it, `decided` bool; all of shape (n, genres). A genre without both a known positive and a known
negative has no ROC AUC and no average precision: it is NaN there and left out of macro means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from genreel.vocabulary import Known, Labels

Floats = NDArray[np.floating[Any]]
Decided = NDArray[np.bool_]


def per_genre(
    metric: Callable[..., float], labels: Labels, known: Known, scores: Floats
) -> NDArray[np.float64]:
    """`metric(labels, scores)` of each genre's known cells, shape (genres,); NaN for one class."""
    values = np.full(labels.shape[1], np.nan)
    for g in range(labels.shape[1]):
        y, s = labels[known[:, g], g], scores[known[:, g], g]
        if len(y) and y.min() != y.max():
            values[g] = metric(y, s)
    return values


def roc_auc(labels: Labels, known: Known, scores: Floats) -> NDArray[np.float64]:
    """Area under the ROC curve of each genre (Hanley & McNeil 1982)."""
    return per_genre(roc_auc_score, labels, known, scores)


def average_precision(labels: Labels, known: Known, scores: Floats) -> NDArray[np.float64]:
    """Average precision of each genre: Σ (R_k − R_{k−1}) P_k, without interpolation."""
    return per_genre(average_precision_score, labels, known, scores)


def macro_roc_auc(labels: Labels, known: Known, scores: Floats) -> float:
    """Mean of `roc_auc` over the genres that have one; NaN if none has."""
    return _mean(roc_auc(labels, known, scores))


def precision_recall_f1(
    labels: Labels, known: Known, decided: Decided, axis: int | None = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Precision, recall and F1 = 2TP / (2TP + FP + FN) along an axis.

    Args:
        axis: 0 gives one figure a genre, 1 one a movie, None pools all cells (micro).

    Returns:
        Three arrays; 0 where the denominator is 0, as in scikit-learn's default.
    """
    true = (labels > 0) & known
    chosen = decided & known
    tp = (true & chosen).sum(axis=axis)
    positives, decisions = true.sum(axis=axis), chosen.sum(axis=axis)
    return (
        tp / np.maximum(decisions, 1),
        tp / np.maximum(positives, 1),
        2 * tp / np.maximum(positives + decisions, 1),
    )


def label_accuracy(labels: Labels, known: Known, decided: Decided) -> float:
    """Share of known cells decided rightly. Flatters: deciding nothing scores about 0.85."""
    return float(((labels > 0) == decided)[known].mean()) if known.any() else float("nan")


def log_loss(labels: Labels, known: Known, scores: Floats) -> float:
    """Mean binary cross-entropy in nats over the known cells."""
    p = np.clip(scores[known].astype(np.float64), 1e-7, 1 - 1e-7)
    y = labels[known]
    return float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()) if len(y) else float("nan")


def summary(
    genres: Sequence[str],
    labels: Labels,
    known: Known,
    scores: Floats,
    thresholds: Mapping[str, float],
) -> dict[str, Any]:
    """All figures of one set of predictions, as JSON values (None where undefined).

    Keys: movies, macro_roc_auc, macro_average_precision, macro_f1, micro_f1, weighted_f1,
    samples_f1, label_accuracy, log_loss, and `genres`: genre → known, positive, roc_auc,
    average_precision, precision, recall, f1.
    """
    decided = scores >= np.array([thresholds[genre] for genre in genres])
    auc, ap = roc_auc(labels, known, scores), average_precision(labels, known, scores)
    precision, recall, f1 = precision_recall_f1(labels, known, decided)
    positive = ((labels > 0) & known).sum(axis=0)
    told = ((labels > 0) & known).any(axis=1)  # a movie without a genre has no F1
    samples = precision_recall_f1(labels[told], known[told], decided[told], axis=1)[2]
    figures = {
        "movies": len(labels),
        "macro_roc_auc": _mean(auc),
        "macro_average_precision": _mean(ap),
        "macro_f1": _mean(np.where(positive > 0, f1, np.nan)),
        "micro_f1": float(precision_recall_f1(labels, known, decided, axis=None)[2]),
        "weighted_f1": float((f1 * positive).sum() / max(1, positive.sum())),
        "samples_f1": _mean(samples),
        "label_accuracy": label_accuracy(labels, known, decided),
        "log_loss": log_loss(labels, known, scores),
    }
    rows = {
        "known": known.sum(axis=0),
        "positive": positive,
        "roc_auc": auc,
        "average_precision": ap,
        "precision": precision,
        "recall": recall,
        "f1": f1,
    }
    by_genre = {
        genre: {name: _json(values[g]) for name, values in rows.items()}
        for g, genre in enumerate(genres)
    }
    return {**{name: _json(value) for name, value in figures.items()}, "genres": by_genre}


def _mean(values: NDArray[np.float64]) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def _json(value: Any) -> float | int | None:
    if isinstance(value, int | np.integer):
        return int(value)
    return round(float(value), 6) if np.isfinite(value) else None
