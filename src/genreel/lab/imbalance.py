"""Corrections for rare genres.

"weights" gives a genre's positives and negatives the same total weight; "resampling" shows movies
of rare genres more often; "asymmetric" is a loss that ignores easy negatives (only for networks).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel.lab.settings import nearest
from genreel.vocabulary import Known, Labels

CORRECTIONS = ("none", "weights", "resampling", "asymmetric")

FREQUENT = 0.1
"""Movies whose genres each have at least this share of all movies are not drawn more often."""


def imbalance_problem(name: str, corrections: tuple[str, ...]) -> str:
    """Why a model that has these `corrections` cannot do this one, or ""."""
    if name in corrections:
        return ""
    return f"imbalance must be {' or '.join(corrections)}, not {name!r}; " + nearest(
        name, corrections
    )


def resampled(labels: Labels, known: Known, rng: np.random.Generator) -> NDArray[np.int64]:
    """As many movies as there are, drawn with replacement, those of rare genres more often.

    Repeat factor sampling (Gupta, Dollár & Girshick 2019, section 4.2): a movie is drawn in
    proportion to the highest factor of its genres, max(1, √(FREQUENT / share)), the share being
    that of the genre among the movies for which it is known.

    Returns:
        Positions, shape (n,).
    """
    positive = (labels > 0) & known
    share = positive.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    factor = np.maximum(1, np.sqrt(FREQUENT / np.maximum(share, 1e-9)))
    chance = np.where(positive, factor, 1.0).max(axis=1, initial=1.0)
    return rng.choice(len(labels), len(labels), p=chance / chance.sum())


def balanced_weights(labels: Any, known: Any) -> Any:
    """Negatives / positives of each genre, shape (genres,): the weight of a positive that gives
    both classes the same total (King & Zeng 2001).

    Args:
        labels, known: arrays or tensors of 0 and 1, shape (n, genres).
    """
    positive = (labels * known).sum(0)
    return (known.sum(0) - positive) / positive.clip(min=1)
