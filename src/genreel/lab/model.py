"""What every model of the lab has in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from genreel.calibration import map_logistic
from genreel.lab.examples import Examples
from genreel.vocabulary import Labels

Scores = NDArray[np.float32]


@dataclass(frozen=True)
class Place:
    """Where and how a model is fitted.

    Attributes:
        folder: for checkpoints; a run that was stopped goes on from what it finds there.
        seed: of everything random.
    """

    folder: Path
    seed: int


class Model(Protocol):
    """Arrays in, scores out.

    A kind also has `Settings` (a frozen dataclass) and `problem(spec, kinds)`, which says why a
    recipe's combination cannot work, or returns "".

    Attributes:
        features: names of the features that the model and its parts read.
        inputs: movie inputs that these features read.
    """

    features: tuple[str, ...]
    inputs: tuple[str, ...]

    def fit(self, train: Examples, valid: Examples, place: Place) -> None:
        """Learns from the known cells of `train`; may choose settings on `valid`."""

    def scores(self, examples: Examples) -> Scores:
        """Probabilities, shape (n, genres); they say nothing of a movie that has no row."""


def prior(labels: Labels, counted: NDArray[Any]) -> NDArray[np.float64]:
    """Share of positives among the cells of each genre that count, shape (genres,).

    By Laplace's rule of succession, so never quite 0 or 1; but 0 for a genre that no movie is
    known for: one half would have the model say it of every film.
    """
    count = counted.sum(axis=0)
    return np.where(count > 0, ((labels * counted).sum(axis=0) + 1) / (count + 2), 0.0)


def biased_logistic(
    x: NDArray[np.float64], y: NDArray[Any], mean: NDArray[np.float64], precision: float
) -> tuple[NDArray[np.float64], float]:
    """Weights and bias of a logistic regression under a Gaussian prior (`map_logistic`).

    Args:
        x: shape (n, weights).
        y: labels, in [0, 1], shape (n,).
        mean: of the prior on the weights, shape (weights,).
        precision: of that prior, the same for each weight; the bias is hardly bound.
    """
    design = np.column_stack([x, np.ones(len(y))])
    precisions = np.append(np.full(len(mean), precision), _BIAS_PRECISION)
    found = map_logistic(design, y, np.append(mean, 0.0), precisions)
    return found[:-1], float(found[-1])


_BIAS_PRECISION = 0.01


def fit_logistics(
    x: NDArray[np.float64], labels: NDArray[Any], known: NDArray[np.bool_], shrinkage: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One logistic regression per genre, drawn to their common mean.

    Two rounds of maximum a posteriori: a weak prior around equal weights gives a first set;
    their mean is then the centre of the prior proper (empirical Bayes).

    Args:
        x: logits, shape (n, parts, genres).
        labels, known: shape (n, genres).
        shrinkage: precision of the prior on the weights; the bias is hardly bound.

    Returns:
        weights, shape (parts, genres), and bias, shape (genres,).
    """
    parts, genres = x.shape[1:]
    centre, precision = np.full(parts, 1 / parts), 1.0
    weights, bias = np.zeros((parts, genres)), np.zeros(genres)
    for _ in range(2):
        for g in range(genres):
            use = known[:, g]
            y = labels[use, g]
            weights[:, g], bias[g] = biased_logistic(x[use, :, g], y, centre, precision)
        centre, precision = weights.mean(axis=1), shrinkage
    return weights, bias


def inputs_of(names: tuple[str, ...], features: Mapping[str, Any]) -> tuple[str, ...]:
    """The inputs that these features read, each once."""
    return tuple(dict.fromkeys(features[name].input for name in names))
