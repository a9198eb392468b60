"""What a library itself says of each of its movies: learnt from the others, out of fold.

A model that was trained on a movie has seen its labels, the wrong ones too. So each movie is judged
by a logistic regression that learnt from the other movies of the library (cross-validation, as
confident learning asks for: Northcutt, Jiang & Chuang, 2021).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FOLDS = 5
LEAST = 500
"""Movies with genres from which a library is large enough to learn from."""

_PENALTY = 30.0  # of the squares of weights, whose inputs vary by about 1
_STEPS = 60
_SEED = 0

Floats = NDArray[np.float32]


def fold_logits(inputs: Floats, labels: Floats, known: NDArray[np.bool_]) -> Floats:
    """Logits of each genre for each movie, from the others of the library.

    Args:
        inputs: what a movie is known by, shape (n, d).
        labels: in {0, 1}, shape (n, genres); those that are not known do not count.
        known: shape (n, genres).

    Returns:
        float32, shape (n, genres).
    """
    spread = inputs.std(axis=0)
    columns = (inputs - inputs.mean(axis=0)) / np.where(spread > 0, spread, 1)
    columns = np.concatenate([columns, np.ones((len(columns), 1))], axis=1).astype(np.float32)
    folds = np.random.default_rng(_SEED).permutation(len(columns)) % FOLDS
    logits = np.zeros(labels.shape, np.float32)
    for fold in range(FOLDS):
        rest = folds != fold
        weights = fit(columns[rest], labels[rest], known[rest])
        logits[~rest] = columns[~rest] @ weights
    return logits


def fit(columns: Floats, labels: Floats, known: NDArray[np.bool_]) -> Floats:
    """Weights of one logistic regression a genre, all at once, shape (d, genres).

    The curvature is bounded by a quarter of the inputs' (Böhning 1992), which is the same for all
    genres and steps; Nesterov's momentum makes up for the bound. The last column is the constant.
    """
    penalty = np.full((columns.shape[1], 1), _PENALTY, np.float32)
    penalty[-1] = 1
    bound = columns.T @ columns / 4 + np.diag(penalty[:, 0])
    inverse = np.linalg.inv(bound.astype(np.float64)).astype(np.float32)
    weights = ahead = np.zeros((columns.shape[1], labels.shape[1]), np.float32)
    momentum = 1.0
    for _ in range(_STEPS):
        errors = (sigmoid(columns @ ahead) - labels) * known
        step = ahead - inverse @ (columns.T @ errors + penalty * ahead)
        following = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
        ahead = step + np.float32((momentum - 1) / following) * (step - weights)
        weights, momentum = step, following
    return weights


def sigmoid(logits: NDArray[np.floating]) -> Floats:
    """Probabilities of logits, without overflow."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), np.float32)


def logit(scores: NDArray[np.floating]) -> Floats:
    """Logits of probabilities, which are kept a ten-thousandth away from 0 and 1."""
    safe = np.clip(scores, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(safe / (1 - safe)), np.float32)
