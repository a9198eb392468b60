"""From scores to decisions: one threshold a genre, chosen on validation movies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel.vocabulary import Known, Labels

SMOOTHING = 20.0
"""A genre's own threshold counts as much as the common one when it has this many positives."""


def choose_thresholds(
    genres: Sequence[str], labels: Labels, known: Known, scores: NDArray[Any]
) -> dict[str, float]:
    """The threshold of best F1 for each genre, drawn to the common one where positives are few.

    Tuning each label by itself overfits rare ones (doi:10.1145/3583780.3614996), so genre g
    with p positives gets (p · own + SMOOTHING · common) / (p + SMOOTHING), where `common` is
    the best single threshold for the mean F1 over genres.

    Args:
        genres: names, shape (genres,).
        labels, known: of validation movies, shape (n, genres).
        scores: probabilities in [0, 1], shape (n, genres).

    Returns:
        genre → threshold in (0, 1).
    """
    candidates = np.linspace(0.02, 0.9, 89)
    f1 = np.array(
        [[_f1(labels, known, scores >= t, g) for t in candidates] for g in range(len(genres))]
    )
    common = candidates[f1.mean(axis=0).argmax()]
    positives = ((labels > 0) & known).sum(axis=0)
    own = candidates[f1.argmax(axis=1)]
    smooth = (positives * own + SMOOTHING * common) / (positives + SMOOTHING)
    return dict(zip(genres, map(float, smooth), strict=True))


def _f1(labels: Labels, known: Known, decided: NDArray[np.bool_], g: int) -> float:
    y, d = labels[known[:, g], g] > 0, decided[known[:, g], g]
    total = y.sum() + d.sum()
    return float(2 * (y & d).sum() / total) if total else 0.0
