"""Logistic regression over terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.special import expit

from genreel.calibration import logit
from genreel.features import Feature
from genreel.lab.examples import Examples
from genreel.lab.imbalance import imbalance_problem
from genreel.lab.model import ModelSpec, Place, Scores, biased_logistic, senses_of
from genreel.lab.models.estimators import (
    FEWEST,
    SAMPLE_CORRECTIONS,
    EstimatorSettings,
    PerGenre,
)
from genreel.lab.models.matrix import term_columns, term_matrix
from genreel.vocabulary import Labels


@dataclass(frozen=True)
class LinearSettings:
    """Settings of `Linear`.

    Attributes:
        C: inverse of the L2 penalty, as in scikit-learn.
        imbalance: correction for rare genres, as in `EstimatorSettings`.
        kin: above 0, a genre's score also depends on the other genres' logits (`_kin`); this is
            the precision of the prior around 0 on their weights. Rare genres gain most.
    """

    C: float = 1.0
    imbalance: str = "none"
    kin: float = 0.0


class Linear:
    """Logistic regression over the terms of any number of features, one per genre.

    After `fit`: `weights` float32, shape (all terms, genres), features one below the other in
    the order of `features`; `bias` float32, shape (genres,).
    """

    Settings = LinearSettings

    def __init__(
        self, settings: LinearSettings, names: tuple[str, ...], features: Mapping[str, Feature]
    ) -> None:
        self.settings = settings
        self.features = names
        self.senses = senses_of(names, features)
        self.weights: NDArray[np.float32] = np.empty((0, 0), np.float32)
        self.bias: NDArray[np.float32] = np.empty(0, np.float32)

    @staticmethod
    def problem(spec: ModelSpec, kinds: Mapping[str, str]) -> str:
        """Why the recipe's combination cannot work, or ""."""
        if not kinds or set(kinds.values()) != {"terms"}:
            return "kind 'linear' reads features of kind 'terms'; name at least one"
        if problem := imbalance_problem(spec.settings.imbalance, SAMPLE_CORRECTIONS):
            return problem
        if not spec.settings.C > 0:
            return "C must be above 0"
        if spec.settings.kin < 0:
            return "kin must be at least 0"
        return "kind 'linear' has no parts; remove them" if spec.parts else ""

    def fit(self, train: Examples, valid: Examples, place: Place) -> None:
        """One logistic regression per genre; a genre with one class keeps its prior."""
        terms = self._matrix(train)
        has_terms = np.asarray(terms.getnnz(axis=1) > 0)
        x, labels, counts = terms[has_terms], train.labels[has_terms], train.counts()[has_terms]
        weights, bias = self._fit_genres(x, labels, counts, place.seed)
        if self.settings.kin:
            logits = np.empty((len(labels), len(bias)))
            fold = np.random.default_rng(place.seed).permutation(len(labels)) % _FOLDS
            for k in range(_FOLDS):
                rest, test = fold != k, fold == k
                w, b = self._fit_genres(x[rest], labels[rest], counts[rest], place.seed)
                logits[test] = x[test] @ w + b
            mix, extra = _kin(logits, labels, train.known[has_terms], self.settings.kin)
            weights, bias = weights @ mix, bias @ mix + extra
        self.weights, self.bias = weights.astype(np.float32), bias.astype(np.float32)

    def _fit_genres(
        self, x: Any, labels: Labels, counts: NDArray[Any], seed: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Weights, shape (terms, genres), and bias, shape (genres,), each genre by itself."""
        options = {"C": self.settings.C, "solver": "liblinear"}
        core = PerGenre(EstimatorSettings("logistic", options, self.settings.imbalance))
        core.fit(x, labels, counts, seed)
        bias = logit(core.priors)
        weights = np.zeros((x.shape[1], len(bias)))
        for g, estimator in enumerate(core.estimators):
            if estimator is not None:
                weights[:, g] = estimator.coef_[0]
                bias[g] = estimator.intercept_[0]
        return weights, bias

    def scores(self, examples: Examples) -> Scores:
        """Sigmoid of the linear terms."""
        z = self._matrix(examples) @ self.weights + self.bias
        return np.asarray(expit(z), np.float32)

    def blocks(self, features: Mapping[str, Feature]) -> dict[str, NDArray[np.float32]]:
        """Feature → its rows of `weights`."""
        sizes = [term_columns(features[name]) for name in self.features]
        return dict(zip(self.features, np.split(self.weights, np.cumsum(sizes)[:-1]), strict=True))

    def _matrix(self, examples: Examples) -> Any:
        blocks = [term_matrix(examples, name) for name in self.features]
        return scipy.sparse.hstack(blocks, format="csr")


_FOLDS = 4


def _kin(
    logits: NDArray[np.float64], labels: Labels, known: NDArray[np.bool_], precision: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A logistic regression per genre on all genres' logits, drawn to the genre's own logit:
    the second level of Godbole & Sarawagi 2004, which over linear models is linear itself.

    Args:
        logits: out of fold, shape (n, genres).
        labels, known: shape (n, genres).
        precision: of the prior.

    Returns:
        mix, shape (genres, genres), and bias, shape (genres,): better logits are
        `logits @ mix + bias`. A genre that fewer than two movies have, or lack, stays as it is.
    """
    genres = logits.shape[1]
    mix, bias = np.eye(genres), np.zeros(genres)
    for g in range(genres):
        use = known[:, g]
        y = labels[use, g]
        if min(y.sum(), (1 - y).sum()) < FEWEST:
            continue
        mix[:, g], bias[g] = biased_logistic(logits[use], y, mix[:, g], precision)
    return mix, bias
