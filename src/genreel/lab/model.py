"""What all models of the lab share: their protocol, and regressions under a prior."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from genreel.calibration import map_logistic
from genreel.cases import SENSES
from genreel.features import Feature
from genreel.lab.examples import Examples
from genreel.vocabulary import Labels

Scores = NDArray[np.float32]


@dataclass(frozen=True)
class Place:
    """Where and how a model is fitted.

    Attributes:
        folder: for checkpoints; a stopped run resumes from them.
        seed: of everything random.
    """

    folder: Path
    seed: int


@dataclass(frozen=True)
class ModelSpec:
    """A model to build.

    Attributes:
        kind: a key of `lab.models.KINDS`.
        features: names of the features that it reads.
        settings: an instance of its class's `Settings`.
        parts: name → the models that it is made of.
    """

    kind: str
    features: tuple[str, ...]
    settings: Any
    parts: Mapping[str, ModelSpec]


class Model(Protocol):
    """Arrays in, scores out.

    A kind also has `Settings` (a frozen dataclass) and `problem(spec, kinds)`, which says why a
    recipe's combination cannot work, or returns "".

    Attributes:
        features: names of the features that the model and its parts read.
        senses: those that these features are, in the order of SENSES.
    """

    features: tuple[str, ...]
    senses: tuple[str, ...]

    def fit(self, train: Examples, valid: Examples, place: Place) -> None:
        """Learns from the known cells of `train`; `valid` may decide settings."""

    def scores(self, examples: Examples) -> Scores:
        """Probabilities, shape (n, genres); without meaning for a movie that has no row."""


def prior(labels: Labels, counts: NDArray[Any]) -> NDArray[np.float64]:
    """Weighted share of positives among each genre's cells, shape (genres,).

    By Laplace's rule of succession, so never quite 0 or 1. A genre with no known cell gets 0: with
    1/2 it would be predicted for every movie.
    """
    count = counts.sum(axis=0)
    return np.where(count > 0, ((labels * counts).sum(axis=0) + 1) / (count + 2), 0.0)


_BIAS_PRECISION = 0.01


def biased_logistic(
    x: NDArray[np.float64],
    y: NDArray[Any],
    mean: NDArray[np.float64],
    precision: float,
    bias_precision: float = _BIAS_PRECISION,
) -> tuple[NDArray[np.float64], float]:
    """Weights and bias of a logistic regression under a Gaussian prior (`map_logistic`).

    Args:
        x: shape (n, weights).
        y: labels, in [0, 1], shape (n,).
        mean: of the prior on the weights, shape (weights,).
        precision: of that prior, the same for each weight.
        bias_precision: of the prior around 0 on the bias, as it is very wide.
    """
    design = np.column_stack([x, np.ones(len(y))])
    precisions = np.append(np.full(len(mean), precision), bias_precision)
    solution = map_logistic(design, y, np.append(mean, 0.0), precisions)
    return solution[:-1], float(solution[-1])


def fit_logistics(
    x: NDArray[np.float64],
    labels: NDArray[Any],
    known: NDArray[np.bool_],
    shrinkage: float,
    *,
    centre: NDArray[np.float64] | None = None,
    bias_precision: float = _BIAS_PRECISION,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One logistic regression per genre, with weights shrunk towards their mean over genres.

    Two rounds of maximum a posteriori (empirical Bayes): the first, under a weak prior around
    `centre`, gives the mean over genres that centres the prior of the second.

    Args:
        x: logits, shape (n, parts, genres).
        labels, known: shape (n, genres).
        shrinkage: precision of the prior on the weights.
        centre: shape (parts,); None: equal weights, which sum to 1.
        bias_precision: of the prior around 0 on the bias, as it is very wide.

    Returns:
        weights, shape (parts, genres), and bias, shape (genres,).
    """
    parts, genres = x.shape[1:]
    centre, precision = np.full(parts, 1 / parts) if centre is None else centre, 1.0
    weights, bias = np.zeros((parts, genres)), np.zeros(genres)
    for _ in range(2):
        for g in range(genres):
            use = known[:, g]
            y = labels[use, g]
            weights[:, g], bias[g] = biased_logistic(
                x[use, :, g], y, centre, precision, bias_precision
            )
        centre, precision = weights.mean(axis=1), shrinkage
    return weights, bias


def senses_of(names: Collection[str], features: Mapping[str, Feature]) -> tuple[str, ...]:
    """The senses that these features are, each once, in the order of SENSES."""
    senses = {features[name].sense for name in names}
    return tuple(sense for sense in SENSES if sense in senses)
