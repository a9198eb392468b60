"""How far a figure would move with other movies: percentile bootstrap (Efron 1979).

Movies are drawn with replacement; a movie drawn k times counts k times, in every genre at once. All
resamples are computed together, as weights of shape (resamples, movies).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel.lab.metrics import (
    CALIBRATION_BINS,
    TOP_K,
    Weights,
    calibration_bin,
    cell_losses,
    coverage_at,
    precision_recall_f1,
    ranking_figures,
)
from genreel.vocabulary import Known, Labels

RESAMPLES = 200


def intervals(
    labels: Labels,
    known: Known,
    scores: NDArray[Any],
    decisions: NDArray[np.bool_],
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> tuple[dict[str, list[float]], list[dict[str, list[float]]]]:
    """95 % intervals of the figures: from the 2.5th to the 97.5th percentile of resamples.

    Args:
        labels, known, scores, decisions: shape (n, genres), as in `metrics`.
        seed: of the draws.
        resamples: how many.

    Returns:
        Every figure of `metrics.summary` but the number of movies → [low, high], and, a dict a
        genre, the same for the figures that it has by genre. What is undefined is left out.
    """
    overall, by_genre = _resample(labels, known, scores, decisions, seed, resamples)
    return _ends(overall), [
        _ends({name: values[:, g] for name, values in by_genre.items()})
        for g in range(labels.shape[1])
    ]


def difference(
    labels: Labels,
    known: Known,
    scores: NDArray[Any],
    others: NDArray[Any],
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> tuple[float, float, float]:
    """Macro ROC AUC of one model less that of another on the same movies, and its 95 % interval.

    Both are measured on the same resamples (paired bootstrap), so what makes some movies hard for
    either cancels; an interval without 0 orders the two.

    Args:
        labels, known: shape (n, genres).
        scores, others: of the two models, shape (n, genres).
        seed, resamples: as in `intervals`.

    Returns:
        The difference, and its interval's ends.
    """
    n = len(labels)
    draws = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples)
    weights = np.vstack([np.ones(n), draws])
    one, other = (
        np.stack(
            [
                ranking_figures(labels[:, g], known[:, g], values[:, g], weights)[0]
                for g in range(labels.shape[1])
            ],
            axis=1,
        )
        for values in (scores, others)
    )
    figure, *rest = _mean(one) - _mean(other)
    low, high = np.nanpercentile(rest, (2.5, 97.5))
    return float(figure), float(low), float(high)


_Figures = dict[str, NDArray[np.float64]]


def _resample(
    labels: Labels,
    known: Known,
    scores: NDArray[Any],
    decisions: NDArray[np.bool_],
    seed: int,
    resamples: int,
) -> tuple[_Figures, _Figures]:
    """Figures over all genres, shape (1 + resamples,), and by genre, (1 + resamples, genres).

    The first of each is that of the movies themselves.
    """
    n = len(labels)
    if not known.any():
        return {}, {}
    draws = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples)
    weights = np.vstack([np.ones(n), draws])
    rankings = [
        ranking_figures(labels[:, g], known[:, g], scores[:, g], weights)
        for g in range(len(labels.T))
    ]
    auc, precision = (np.stack(values, axis=1) for values in zip(*rankings, strict=True))
    overall, by_genre = _decision_figures(labels, known, decisions, weights)
    error = _calibration(labels, known, scores, weights)
    overall |= {
        "macro_roc_auc": _mean(auc),
        "macro_average_precision": _mean(precision),
        "calibration_error": _mean(error),
    }
    by_genre |= {"roc_auc": auc, "average_precision": precision, "calibration_error": error}
    has_genre = ((labels > 0) & known).any(axis=1)
    cells = weights @ known.sum(axis=1)
    by_movie = precision_recall_f1(labels, known, decisions, axis=1)
    for name, values in zip(("precision", "recall", "f1"), by_movie, strict=True):
        overall[f"samples_{name}"] = _over(weights @ (values * has_genre), weights @ has_genre)
    for k in TOP_K:
        coverage = np.nan_to_num(coverage_at(labels, known, scores, k))
        overall[f"coverage_at_{k}"] = _over(weights @ coverage, weights @ has_genre)
    losses = np.where(known, cell_losses(labels, scores), 0).sum(axis=1)
    wrong = (((labels > 0) != decisions) & known).sum(axis=1)
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
                # Movies that are drawn twice look less calibrated than they are: a bias of the
                # bootstrap, which is subtracted.
                bias = np.nanmean(resamples) - figure
                low, high = max(0.0, low - bias), high - bias
            ends[name] = [round(float(low), 6), round(float(high), 6)]
    return ends


def _over(total: NDArray[np.float64], count: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(count > 0, total / count, np.nan))


def _decision_figures(
    labels: Labels, known: Known, decisions: NDArray[np.bool_], weights: Weights
) -> tuple[_Figures, _Figures]:
    """Precision, recall and F1: macro, micro and weighted, and by genre."""
    true, positive = (labels > 0) & known, decisions & known
    tp, true_count, positive_count = (
        weights @ cells for cells in (true & positive, true, positive)
    )
    shares = {
        "precision": (tp, np.where(positive_count > 0, positive_count, 1)),
        "recall": (tp, true_count),
        "f1": (2 * tp, true_count + positive_count),
    }
    overall: _Figures = {}
    by_genre: _Figures = {}
    for name, (part, whole) in shares.items():
        share = np.where(true_count > 0, _over(part, whole), np.nan)
        by_genre[name] = share
        overall[f"macro_{name}"] = _mean(share)
        overall[f"weighted_{name}"] = _over(
            np.nansum(share * true_count, axis=1), true_count.sum(axis=1)
        )
    tp, true_count, positive_count = (c.sum(axis=1) for c in (tp, true_count, positive_count))
    overall["micro_precision"] = _over(tp, positive_count)
    overall["micro_recall"] = _over(tp, true_count)
    overall["micro_f1"] = _over(2 * tp, true_count + positive_count)
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
    is_finite = np.isfinite(values)
    total, count = np.where(is_finite, values, 0).sum(axis=1), is_finite.sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
