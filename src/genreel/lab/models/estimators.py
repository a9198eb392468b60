"""An estimator of scikit-learn per genre."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.class_weight import compute_sample_weight

from genreel.errors import RecipeError
from genreel.lab.imbalance import CORRECTIONS, imbalance_problem, resampled
from genreel.lab.model import Scores, prior
from genreel.lab.models.matrix import dense
from genreel.lab.settings import nearest
from genreel.progress import progress
from genreel.vocabulary import Labels

ESTIMATORS: dict[str, Any] = {
    "knn": KNeighborsClassifier,
    "logistic": LogisticRegression,
    "svm": SVC,
    "tree": DecisionTreeClassifier,
    "forest": RandomForestClassifier,
    "extra-trees": ExtraTreesClassifier,
    "boosting": GradientBoostingClassifier,
    "mlp": MLPClassifier,
}
"""Key → class; its own arguments are the recipe's `options`."""

GRAPHED: dict[str, dict[str, tuple[Any, ...]]] = {
    "svm": {"kernel": ("rbf", "linear")},
    "knn": {"weights": ("uniform",), "metric": ("minkowski", "euclidean"), "p": (2,)},
}
"""Estimator → option → the values that can be exported."""


@dataclass(frozen=True)
class EstimatorSettings:
    """An estimator of scikit-learn, one per genre.

    Attributes:
        estimator: a key of ESTIMATORS.
        options: arguments of its class, such as n_estimators.
        imbalance: correction for rare genres: "none", "weights" (positives and negatives weigh
            alike) or "resampling"; see `lab.imbalance`.
    """

    estimator: str
    options: dict[str, Any] = field(default_factory=dict)
    imbalance: str = "none"


def estimator_problem(settings: EstimatorSettings) -> str:
    """Why these settings cannot work, or ""."""
    if settings.estimator not in ESTIMATORS:
        return (
            f"unknown estimator {settings.estimator!r}; {nearest(settings.estimator, ESTIMATORS)}"
        )
    parameters = inspect.signature(ESTIMATORS[settings.estimator]).parameters
    for name in settings.options:
        if name not in parameters:
            return f"{settings.estimator} has no option {name!r}; {nearest(name, parameters)}"
    for name, values in GRAPHED.get(settings.estimator, {}).items():
        if settings.options.get(name, values[0]) not in values:
            return f"{settings.estimator}: {name} must be {' or '.join(map(repr, values))}"
    corrections = SAMPLE_CORRECTIONS if _weighs(settings.estimator) else ("none", "resampling")
    return imbalance_problem(settings.imbalance, corrections)


SAMPLE_CORRECTIONS = CORRECTIONS[:3]
"""Without the last, which is a loss: only networks can change theirs."""


def _weighs(estimator: str) -> bool:
    return "sample_weight" in inspect.signature(ESTIMATORS[estimator].fit).parameters


# From one movie a genre cannot be learnt, nor can it be measured on another.
FEWEST = 2


class PerGenre:
    """One estimator per genre, each fitted on the cells known for its genre.

    After `fit`: `estimators`, one a genre, None where fewer than two movies have it, or lack it;
    `priors` float32, shape (genres,), the scores of those.
    """

    def __init__(self, settings: EstimatorSettings) -> None:
        self.settings = settings
        self.estimators: list[Any] = []
        self.priors: NDArray[np.float32] = np.empty(0, np.float32)

    def fit(self, x: Any, labels: Labels, counts: NDArray[Any], seed: int) -> None:
        """Fits every genre.

        Args:
            x: dense or sparse, shape (n, d).
            labels: shape (n, genres).
            counts: weight of each cell, shape (n, genres): 0 or 1, or between where the estimator
                takes weights.
            seed: of what is random.
        """
        genres = labels.shape[1]
        self.priors = prior(labels, counts).astype(np.float32)
        self.estimators = []
        if self.settings.imbalance == "resampling":
            sample = resampled(labels, counts > 0, np.random.default_rng(seed))
            x, labels, counts = x[sample], labels[sample], counts[sample]
        for g in progress(range(genres), self.settings.estimator, genres):
            use = counts[:, g] > 0
            y = labels[use, g]
            is_enough = min(y.sum(), (1 - y).sum()) >= FEWEST
            self.estimators.append(self._fit_one(x, y, counts[:, g], seed) if is_enough else None)

    def scores(self, x: Any) -> Scores:
        """Probabilities, shape (n, genres); for an SVM, the sigmoid of its decision function, so
        that 0.5 is the machine's own decision.
        """
        scores = np.tile(self.priors, (x.shape[0], 1))
        for g, estimator in enumerate(self.estimators):
            if estimator is None or not x.shape[0]:
                continue
            if isinstance(estimator, KNeighborsClassifier):
                scores[:, g] = estimator._y[_nearest(estimator, x)].mean(axis=1)
            elif isinstance(estimator, SVC):
                scores[:, g] = expit(estimator.decision_function(x))
            else:
                scores[:, g] = estimator.predict_proba(x)[:, 1]
        return scores

    def _fit_one(self, x: Any, y: NDArray[np.float32], counts: NDArray[Any], seed: int) -> Any:
        use = counts > 0
        options = dict(self.settings.options)
        cls = ESTIMATORS[self.settings.estimator]
        if cls is SVC and options.get("gamma", "scale") == "scale":
            # One width for all genres, so that they can share their kernel in the graph.
            squares = x.multiply(x).mean() if scipy.sparse.issparse(x) else (x * x).mean()
            options["gamma"] = 1 / (x.shape[1] * max(squares - x.mean() ** 2, 1e-12))
        if "random_state" in inspect.signature(cls).parameters:
            options.setdefault("random_state", seed)
        if "n_jobs" in inspect.signature(cls).parameters and "forest" in str(cls).lower():
            options.setdefault("n_jobs", -1)
        try:
            weights = {}
            if self.settings.imbalance == "weights":
                weights["sample_weight"] = compute_sample_weight("balanced", y) * counts[use]
            elif (counts[use] < 1).any():
                weights["sample_weight"] = counts[use]
            estimator = cls(**options).fit(x[use], y, **weights)
        except (TypeError, ValueError) as error:  # of an option, most likely
            raise RecipeError(f"{self.settings.estimator}: {error}") from None
        _round_thresholds(estimator)
        return estimator


def _nearest(estimator: KNeighborsClassifier, x: Any) -> NDArray[np.int64]:
    """Rows of the training matrix nearest to each of x, shape (n, neighbours).

    Ties, such as copies of a poster, go to the earlier row, as in the graph; scikit-learn's own
    choice is arbitrary.
    """
    vectors = dense(estimator._fit_X).astype(np.float64)
    lengths = (vectors**2).sum(axis=1)
    batches = [np.empty((0, min(estimator.n_neighbors, len(vectors))), np.int64)]
    for start in range(0, x.shape[0], 256):
        batch = dense(x[start : start + 256]).astype(np.float64)
        product = 2 * batch @ vectors.T
        distance = (batch**2).sum(axis=1)[:, None] - product + lengths
        order = np.argsort(distance.astype(np.float32), axis=1, kind="stable")
        batches.append(order[:, : estimator.n_neighbors])
    return np.concatenate(batches)


def _round_thresholds(estimator: Any) -> None:
    """Rounds a tree's thresholds down to float32: features are float32, so no decision changes,
    and the graph, which holds float32, takes the very same ones.
    """
    for tree in np.ravel(getattr(estimator, "estimators_", [estimator])):
        if hasattr(tree, "tree_"):
            exact = tree.tree_.threshold
            thresholds = exact.astype(np.float32)
            above = thresholds > exact
            thresholds[above] = np.nextafter(thresholds[above], np.float32(-np.inf))
            exact[:] = thresholds
