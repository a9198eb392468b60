"""Figures of merit, on the known cells only.

Throughout: `labels` in {0, 1}, `known` bool, `scores` in [0, 1] or any increasing function of
it, `decisions` bool; all of shape (n, genres). A genre without both a known positive and a known
negative has no ROC AUC and no average precision: it is NaN there and left out of macro means.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel.vocabulary import Known, Labels

Floats = NDArray[np.floating[Any]]
Decisions = NDArray[np.bool_]
Weights = NDArray[np.float64]


def ranking_figures(
    labels: NDArray[Any], known: NDArray[np.bool_], scores: NDArray[Any], weights: Weights
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """ROC AUC and average precision of one genre, for each row of weights.

    Args:
        labels, known, scores: of one genre, shape (n,).
        weights: how often each movie counts, shape (rows, n).

    Returns:
        Two arrays of shape (rows,), NaN where undefined.
    """
    y, s, w = labels[known], scores[known], weights[:, known]
    if not len(y):
        nothing = np.full(len(weights), np.nan)
        return nothing, nothing
    order = np.argsort(-s, kind="stable")
    # Movies of equal score stand together: no threshold separates them.
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
    return auc, np.where(np.isfinite(auc), average, np.nan)


def roc_auc(labels: Labels, known: Known, scores: Floats) -> NDArray[np.float64]:
    """Area under the ROC curve of each genre (Hanley & McNeil 1982)."""
    return _by_genre(labels, known, scores)[0]


def average_precision(labels: Labels, known: Known, scores: Floats) -> NDArray[np.float64]:
    """Average precision of each genre: Σ (R_k − R_{k−1}) P_k, without interpolation."""
    return _by_genre(labels, known, scores)[1]


def _by_genre(
    labels: Labels, known: Known, scores: Floats
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`ranking_figures` of every genre, each movie counted once; two arrays, shape (genres,)."""
    once = np.ones((1, len(labels)))
    figures = [
        ranking_figures(labels[:, g], known[:, g], scores[:, g], once)
        for g in range(labels.shape[1])
    ]
    table = np.array(figures, np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def macro_roc_auc(labels: Labels, known: Known, scores: Floats) -> float:
    """Mean of `roc_auc` over the genres that have one; NaN if none has."""
    return _mean(roc_auc(labels, known, scores))


def precision_recall_f1(
    labels: Labels, known: Known, decisions: Decisions, axis: int | None = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Precision, recall and F1 = 2TP / (2TP + FP + FN) along an axis.

    Args:
        axis: 0 gives one figure a genre, 1 one a movie, None pools all cells (micro).

    Returns:
        Three arrays; 0 where the denominator is 0, as in scikit-learn's default.
    """
    true = (labels > 0) & known
    positive = decisions & known
    tp = (true & positive).sum(axis=axis)
    true_count, positive_count = true.sum(axis=axis), positive.sum(axis=axis)
    return (
        tp / np.maximum(positive_count, 1),
        tp / np.maximum(true_count, 1),
        2 * tp / np.maximum(true_count + positive_count, 1),
    )


def tag_figures(labels: Labels, known: Known, tags: Decisions) -> dict[str, Any]:
    """Of the tags that a decision gives, shares in [0, 1] as JSON values: `right`, those that are;
    `found`, the share of all genres that they are; `tagged`, the share of movies that get one.
    """
    precision, recall, _ = precision_recall_f1(labels, known, tags, axis=None)
    share = (tags & known).any(axis=1).mean() if len(tags) else 0.0
    return {"right": _json(precision), "found": _json(recall), "tagged": _json(share)}


def label_accuracy(labels: Labels, known: Known, decisions: Decisions) -> float:
    """Share of known cells decided rightly. Flatters: deciding nothing scores about 0.85."""
    return float(((labels > 0) == decisions)[known].mean()) if known.any() else float("nan")


def hamming_loss(labels: Labels, known: Known, decisions: Decisions) -> float:
    """Share of known cells decided wrongly (Schapire & Singer 2000): 1 − `label_accuracy`."""
    return 1 - label_accuracy(labels, known, decisions)


def cell_losses(labels: Labels, scores: Floats) -> NDArray[np.float64]:
    """Binary cross-entropy of each cell in nats, shape (n, genres)."""
    p = np.clip(scores.astype(np.float64), 1e-7, 1 - 1e-7)
    return np.asarray(-(labels * np.log(p) + (1 - labels) * np.log(1 - p)))


def log_loss(labels: Labels, known: Known, scores: Floats) -> float:
    """Mean binary cross-entropy in nats over the known cells."""
    losses = cell_losses(labels, scores)[known]
    return float(losses.mean()) if len(losses) else float("nan")


def coverage_at(labels: Labels, known: Known, scores: Floats, k: int) -> NDArray[np.float64]:
    """Share of each movie's genres that are among its `k` highest scores, shape (n,).

    Also called recall at k (Jégou et al. 2011). Genres that are unknown for a movie are not
    ranked. NaN for a movie without a genre.
    """
    true = (labels > 0) & known
    order = np.argsort(-np.where(known, scores, -np.inf), axis=1, kind="stable")[:, :k]
    hits = np.take_along_axis(true, order, axis=1).sum(axis=1)
    count = true.sum(axis=1)
    return np.where(count > 0, hits / np.maximum(count, 1), np.nan)


CALIBRATION_BINS = 15


def calibration_bin(scores: Floats) -> NDArray[np.int64]:
    """Which of CALIBRATION_BINS equal parts of [0, 1] each score is in; an edge is the lower's."""
    return np.searchsorted(np.linspace(0, 1, CALIBRATION_BINS + 1)[1:-1], scores)


def calibration_error(labels: Labels, known: Known, scores: Floats) -> NDArray[np.float64]:
    """Expected calibration error of each genre, shape (genres,); NaN where nothing is known.

    Σ over bins of (share of the movies in it) · |share of positives − mean score| (Naeini et al.
    2015; Guo et al. 2017, eq. 3). With few movies a perfect model scores above 0.
    """
    errors = np.full(labels.shape[1], np.nan)
    bins = calibration_bin(scores)
    for g in np.flatnonzero(known.any(axis=0)):
        use = known[:, g]
        gap = np.bincount(bins[use, g], (labels - scores)[use, g], CALIBRATION_BINS)
        errors[g] = np.abs(gap).sum() / use.sum()
    return errors


TOP_K = (1, 3, 5)


def summary(
    genres: Sequence[str],
    labels: Labels,
    known: Known,
    scores: Floats,
    decisions: Decisions,
) -> dict[str, Any]:
    """All figures of one set of predictions, as JSON values (None where undefined).

    Returns:
        movies; macro_roc_auc, macro_average_precision; f1, precision and recall, each macro_,
        micro_, weighted_ (by positives) and samples_; label_accuracy, hamming_loss, log_loss,
        calibration_error (the mean over genres), coverage_at_1, _3 and _5; and `genres`: genre →
        known, positive, roc_auc, average_precision, precision, recall, f1, calibration_error.
    """
    auc, ap = roc_auc(labels, known, scores), average_precision(labels, known, scores)
    ece = calibration_error(labels, known, scores)
    positive = ((labels > 0) & known).sum(axis=0)
    has_genre = ((labels > 0) & known).any(axis=1)  # a movie without a genre has no F1
    by_genre = precision_recall_f1(labels, known, decisions)
    micro = precision_recall_f1(labels, known, decisions, axis=None)
    by_movie = precision_recall_f1(
        labels[has_genre], known[has_genre], decisions[has_genre], axis=1
    )
    figures: dict[str, Any] = {
        "movies": len(labels),
        "macro_roc_auc": _mean(auc),
        "macro_average_precision": _mean(ap),
    }
    for i, name in enumerate(("precision", "recall", "f1")):
        figures[f"macro_{name}"] = _mean(np.where(positive > 0, by_genre[i], np.nan))
        figures[f"micro_{name}"] = float(micro[i])
        figures[f"weighted_{name}"] = float((by_genre[i] * positive).sum() / max(1, positive.sum()))
        figures[f"samples_{name}"] = _mean(by_movie[i])
    figures |= {
        "label_accuracy": label_accuracy(labels, known, decisions),
        "hamming_loss": hamming_loss(labels, known, decisions),
        "log_loss": log_loss(labels, known, scores),
        "calibration_error": _mean(ece),
    }
    for k in TOP_K:
        figures[f"coverage_at_{k}"] = _mean(coverage_at(labels, known, scores, k))
    rows = {
        "known": known.sum(axis=0),
        "positive": positive,
        "roc_auc": auc,
        "average_precision": ap,
        **dict(zip(("precision", "recall", "f1"), by_genre, strict=True)),
        "calibration_error": ece,
    }
    genre_figures = {
        genre: {name: _json(values[g]) for name, values in rows.items()}
        for g, genre in enumerate(genres)
    }
    return {**{name: _json(value) for name, value in figures.items()}, "genres": genre_figures}


def _mean(values: NDArray[np.float64]) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def _json(value: Any) -> float | int | None:
    if isinstance(value, int | np.integer):
        return int(value)
    return round(float(value), 6) if np.isfinite(value) else None
