"""From scores to decisions: thresholds, chosen on validation movies only.

Throughout, `labels` in {0, 1}, `known` bool and `scores` in [0, 1] have shape (n, genres), and
only known cells count.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel.vocabulary import Known, Labels

Scores = NDArray[Any]
Decided = NDArray[np.bool_]

SMOOTHING = 20.0
"""Number of positives at which a genre's best threshold weighs as much as the common one."""

CANDIDATES = np.linspace(0.02, 0.9, 89)
"""Thresholds among which the one of best F1 is chosen."""


def choose_thresholds(
    genres: Sequence[str], labels: Labels, known: Known, scores: Scores
) -> dict[str, float]:
    """The threshold of best F1 for each genre, near the common one where positives are few.

    Tuning each label by itself overfits rare ones (doi:10.1145/3583780.3614996), so genre g
    with p positives gets (p · best + SMOOTHING · common) / (p + SMOOTHING), where `best` has the
    best F1 for the genre and `common` is that of `global_threshold`.

    Args:
        genres: names, shape (genres,).
        labels, known, scores: of validation movies.

    Returns:
        genre → threshold in (0, 1).
    """
    f1 = _f1_by_threshold(labels, known, scores)
    common = CANDIDATES[f1.mean(axis=0).argmax()]
    positives = ((labels > 0) & known).sum(axis=0)
    best = CANDIDATES[f1.argmax(axis=1)]
    smooth = (positives * best + SMOOTHING * common) / (positives + SMOOTHING)
    return dict(zip(genres, map(float, smooth), strict=True))


def sure_thresholds(
    genres: Sequence[str],
    labels: Labels,
    known: Known,
    scores: Scores,
    precision: float,
    confidence: float = 0.8,
) -> dict[str, float]:
    """The lowest threshold of each genre from which `precision` of what is given is right.

    As `by_promise`, with less confidence, and near the threshold of all genres together where
    positives are few, as in `choose_thresholds`: so a genre by itself may be right less often.

    Returns:
        genre → threshold in (0, 1]; 1 where none is right that often.
    """

    def lowest(truth: NDArray[Any], values: Scores) -> float:
        return promised_threshold(truth, values, precision, confidence) or 1.0

    return _near_common(genres, labels, known, scores, lowest)


def generous_thresholds(
    genres: Sequence[str], labels: Labels, known: Known, scores: Scores, recall: float = 0.9
) -> dict[str, float]:
    """The highest threshold of each genre that `recall` of its movies reach; near the one of all
    genres together where positives are few.
    """

    def highest(truth: NDArray[Any], values: Scores) -> float:
        positive = values[truth > 0]
        return float(np.quantile(positive, 1 - recall)) if len(positive) else 0.5

    return _near_common(genres, labels, known, scores, highest)


def _near_common(
    genres: Sequence[str],
    labels: Labels,
    known: Known,
    scores: Scores,
    choose: Callable[[NDArray[Any], Scores], float],
) -> dict[str, float]:
    """What is chosen for each genre, drawn to what is chosen for all cells together."""
    common = choose(labels[known], scores[known])
    positives = ((labels > 0) & known).sum(axis=0)
    best = [choose(labels[use, g], scores[use, g]) for g, use in enumerate(known.T)]
    smooth = (positives * np.array(best) + SMOOTHING * common) / (positives + SMOOTHING)
    return dict(zip(genres, map(float, smooth), strict=True))


def global_threshold(labels: Labels, known: Known, scores: Scores) -> float:
    """The one threshold for all genres with the best mean F1 over them."""
    return float(CANDIDATES[_f1_by_threshold(labels, known, scores).mean(axis=0).argmax()])


def top_k(scores: Scores, k: int) -> Decided:
    """Decides for the `k` highest scores of each movie, whatever they are."""
    rank = np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1, kind="stable")
    return np.asarray(rank < k)


def choose_top_k(labels: Labels, known: Known, scores: Scores, most: int = 5) -> int:
    """The k, from 1 to `most`, with the best mean F1 over the movies that have a genre."""
    true = (labels > 0) & known
    has_genre = true.any(axis=1)

    def samples_f1(k: int) -> float:
        decisions = top_k(scores, k)[has_genre] & known[has_genre]
        count = decisions.sum(axis=1) + true[has_genre].sum(axis=1)
        return float((2 * (decisions & true[has_genre]).sum(axis=1) / count).mean())

    return max(range(1, most + 1), key=samples_f1) if has_genre.any() else 1


def by_promise(
    genres: Sequence[str],
    labels: Labels,
    known: Known,
    scores: Scores,
    precision: float = 0.9,
    confidence: float = 0.95,
) -> dict[str, float | None]:
    """The lowest threshold of each genre from which decisions are right as often as promised.

    A threshold keeps the promise if, were its true precision only `precision`, the validation
    movies would show as many right decisions with a chance of at most 1 − `confidence`: the
    exact one-sided binomial test, whose limit is that of Clopper & Pearson (1934).

    Returns:
        genre → threshold; None where none keeps the promise, either because the model is not good
        enough or because there are too few movies to know (see `decisions_needed`).
    """
    return {
        genre: promised_threshold(
            labels[known[:, g], g], scores[known[:, g], g], precision, confidence
        )
        for g, genre in enumerate(genres)
    }


def promised_threshold(
    labels: NDArray[Any], scores: Scores, precision: float = 0.9, confidence: float = 0.95
) -> float | None:
    """As `by_promise`, for cells of any genres together; labels and scores have shape (n,)."""
    if not len(labels):
        return None
    order = np.argsort(-scores, kind="stable")
    candidates = scores[order]
    right = np.cumsum(labels[order] > 0)
    count = np.arange(1, len(candidates) + 1)
    # Equal scores are decided alike, so only the last of each run is a threshold.
    last = np.flatnonzero(np.r_[np.diff(candidates) != 0, True])
    for i in last[::-1]:
        # The tail is costly, so it is only computed where the share itself is high enough.
        is_precise = right[i] >= precision * count[i]
        if is_precise and _binomial_tail(int(right[i]), int(count[i]), precision) <= 1 - confidence:
            return float(candidates[i])
    return None


def decisions_needed(precision: float = 0.9, confidence: float = 0.95) -> int:
    """Least number of decisions, all of them right, that can keep a promise."""
    return max(1, math.ceil(math.log(1 - confidence) / math.log(precision)))


def _binomial_tail(successes: int, trials: int, p: float) -> float:
    """Chance of at least so many successes."""
    k = np.arange(successes, trials + 1)
    factorials = np.r_[0.0, np.cumsum(np.log(np.arange(1, trials + 1)))]
    logs = factorials[trials] - factorials[k] - factorials[trials - k]
    return float(np.exp(logs + k * math.log(p) + (trials - k) * math.log1p(-p)).sum())


def _f1_by_threshold(labels: Labels, known: Known, scores: Scores) -> NDArray[np.float64]:
    """Shape (genres, CANDIDATES); 0 where undefined."""
    true = (labels > 0) & known
    f1 = np.zeros((labels.shape[1], len(CANDIDATES)))
    for i, threshold in enumerate(CANDIDATES):
        decisions = (scores >= threshold) & known
        total = true.sum(axis=0) + decisions.sum(axis=0)
        f1[:, i] = 2 * (true & decisions).sum(axis=0) / np.maximum(total, 1)
    return f1
