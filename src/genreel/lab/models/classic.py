"""Models of scikit-learn."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.decomposition import PCA
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

from genreel.calibration import logit
from genreel.errors import RecipeError
from genreel.features import Feature
from genreel.lab.examples import Examples
from genreel.lab.frozen import Extractor, extracted_rows
from genreel.lab.imbalance import CORRECTIONS, imbalance_problem, resampled
from genreel.lab.model import Place, Scores, biased_logistic, inputs_of, prior
from genreel.lab.settings import nearest
from genreel.paths import cache_folder
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
"""Estimator → option → the values that the graph knows."""


@dataclass(frozen=True)
class EstimatorSettings:
    """An estimator of scikit-learn, one per genre.

    Attributes:
        estimator: a key of ESTIMATORS.
        options: arguments of its class, such as n_estimators.
        imbalance: how rare genres are heeded: "none", "weights" (positives and negatives weigh
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
    known = inspect.signature(ESTIMATORS[settings.estimator]).parameters
    for name in settings.options:
        if name not in known:
            return f"{settings.estimator} has no option {name!r}; {nearest(name, known)}"
    for name, values in GRAPHED.get(settings.estimator, {}).items():
        if settings.options.get(name, values[0]) not in values:
            return f"{settings.estimator}: {name} must be {' or '.join(map(repr, values))}"
    heeds = _CORRECTIONS if _weighs(settings.estimator) else ("none", "resampling")
    return imbalance_problem(settings.imbalance, heeds)


_CORRECTIONS = CORRECTIONS[:3]  # a loss of its own is a network's affair


def _weighs(estimator: str) -> bool:
    return "sample_weight" in inspect.signature(ESTIMATORS[estimator].fit).parameters


# One movie alone says nothing of a genre, and cannot be held out either.
_FEWEST = 2


class PerGenre:
    """One estimator per genre, each fitted on the cells known for its genre.

    After `fit`: `estimators`, one a genre, None where fewer than two movies have it, or lack it;
    `priors` float32, shape (genres,), the scores of those.
    """

    def __init__(self, settings: EstimatorSettings) -> None:
        self.settings = settings
        self.estimators: list[Any] = []
        self.priors: NDArray[np.float32] = np.empty(0, np.float32)

    def fit(self, x: Any, labels: Labels, counted: NDArray[Any], seed: int) -> None:
        """Fits every genre.

        Args:
            x: dense or sparse, shape (n, d).
            labels: shape (n, genres).
            counted: how much a cell counts, shape (n, genres): 0 or 1, or between where the
                estimator takes weights.
            seed: of what is random.
        """
        genres = labels.shape[1]
        self.priors = prior(labels, counted).astype(np.float32)
        self.estimators = []
        if self.settings.imbalance == "resampling":
            drawn = resampled(labels, counted > 0, np.random.default_rng(seed))
            x, labels, counted = x[drawn], labels[drawn], counted[drawn]
        for g in progress(range(genres), self.settings.estimator, genres):
            use = counted[:, g] > 0
            y = labels[use, g]
            told = min(y.sum(), (1 - y).sum()) >= _FEWEST
            self.estimators.append(self._fitted(x, y, counted[:, g], seed) if told else None)

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

    def _fitted(self, x: Any, y: NDArray[np.float32], counted: NDArray[Any], seed: int) -> Any:
        use = counted > 0
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
                weights["sample_weight"] = compute_sample_weight("balanced", y) * counted[use]
            elif (counted[use] < 1).any():
                weights["sample_weight"] = counted[use]
            estimator = cls(**options).fit(x[use], y, **weights)
        except (TypeError, ValueError) as error:  # of an option, most likely
            raise RecipeError(f"{self.settings.estimator}: {error}") from None
        _round_thresholds(estimator)
        return estimator


def _nearest(estimator: KNeighborsClassifier, x: Any) -> NDArray[np.int64]:
    """Rows of the training matrix nearest to each of x, shape (n, neighbours).

    Of equally near ones, such as copies of one poster, the first count, as in the graph;
    scikit-learn itself takes any of them.
    """
    given = dense(estimator._fit_X).astype(np.float64)
    found = [np.empty((0, min(estimator.n_neighbors, len(given))), np.int64)]
    for start in range(0, x.shape[0], 256):
        batch = dense(x[start : start + 256]).astype(np.float64)
        distance = (batch**2).sum(axis=1)[:, None] - 2 * batch @ given.T + (given**2).sum(axis=1)
        order = np.argsort(distance.astype(np.float32), axis=1, kind="stable")
        found.append(order[:, : estimator.n_neighbors])
    return np.concatenate(found)


def dense(matrix: Any) -> NDArray[Any]:
    """A matrix that may be sparse, as an array."""
    return np.asarray(matrix.toarray() if scipy.sparse.issparse(matrix) else matrix)


def _round_thresholds(estimator: Any) -> None:
    """Rounds a tree's thresholds down to float32: features are float32, so no decision changes,
    and the graph, which holds float32, takes the very same ones.
    """
    for tree in np.ravel(getattr(estimator, "estimators_", [estimator])):
        if hasattr(tree, "tree_"):
            exact = tree.tree_.threshold
            rounded = exact.astype(np.float32)
            above = rounded > exact
            rounded[above] = np.nextafter(rounded[above], np.float32(-np.inf))
            exact[:] = rounded


@dataclass(frozen=True)
class ClassicSettings(EstimatorSettings):
    """Settings of `Classic`.

    Attributes:
        pca: reduce the features to so many principal components first; 0 for none.
        backbone: pixels become the vectors of this frozen model of timm; "" takes raw pixels.
        weights: of the backbone, "imagenet" or "random".
    """

    pca: int = 0
    backbone: str = ""
    weights: str = "imagenet"


class Classic:
    """An estimator of scikit-learn over terms, dominant colours, or pixels: raw in [0, 1], reduced
    by PCA, or as vectors of a frozen backbone. Trained on the movies that have the input.
    """

    Settings = ClassicSettings

    def __init__(
        self, settings: ClassicSettings, names: tuple[str, ...], features: Mapping[str, Feature]
    ) -> None:
        self.settings = settings
        self.features = names
        self.inputs = inputs_of(names, features)
        self.core = PerGenre(settings)
        self.pca: PCA | None = None
        self.extractor: Extractor | None = None

    @staticmethod
    def problem(spec: Any, kinds: Mapping[str, str]) -> str:
        """Why the recipe's combination cannot work, or ""."""
        read = list(kinds.values())
        if read not in (["terms"], ["pixels"], ["colours"]) or spec.parts:
            return (
                "kind 'classic' reads one feature of kind 'terms', 'pixels' or 'colours', and has "
                "no parts"
            )
        if read != ["pixels"] and (spec.settings.backbone or spec.settings.pca):
            return "pca and backbone belong to pixels; remove them"
        if spec.settings.pca < 0:
            return "pca must be 0 or more"
        return _frozen_problem(spec.settings) or estimator_problem(spec.settings)

    def fit(self, train: Examples, valid: Examples, place: Place) -> None:
        """PCA and estimators on the training movies that have the input."""
        train = train.take(np.flatnonzero(train.has(self.inputs)))
        if self.settings.backbone and self.extractor is None:
            self.extractor = _frozen(self.settings, self.features[0], train, place.seed)
        x = self._matrix(train)
        if self.settings.pca:
            components = min(self.settings.pca, *x.shape)
            self.pca = PCA(components, svd_solver="randomized", random_state=place.seed).fit(x)
            x = self._reduced(x)
        self.core.fit(x, train.labels, train.counted(), place.seed)

    def scores(self, examples: Examples) -> Scores:
        """Probabilities; 0 for a movie without the input."""
        there = np.flatnonzero(examples.has(self.inputs))
        x = self._matrix(examples.take(there))
        if self.pca is not None and len(there):
            x = self._reduced(x)
        scores = np.zeros((len(examples), examples.labels.shape[1]), np.float32)
        scores[there] = self.core.scores(x)
        return scores

    def _reduced(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Principal components, in float64 as in the graph: a tree's decision must not hang on
        the order in which float32 sums are taken.
        """
        assert self.pca is not None
        reduced = (x.astype(np.float64) - self.pca.mean_) @ self.pca.components_.T
        return np.asarray(reduced, np.float32)

    def _matrix(self, examples: Examples) -> Any:
        """Sparse for terms, dense float32 for posters; shape (n, d)."""
        [name] = self.features
        if self.extractor is not None:
            examples = extracted_rows(examples, name, self.extractor, cache_folder())
        feature = examples.features[name]
        if not feature.array:
            return sparse_rows(examples.read(name), _width(feature))
        rows = examples.arrays([name])[f"{name}.{feature.array}"]
        if not feature.shape:
            return rows
        return rows.reshape(len(rows), math.prod(feature.shape)).astype(np.float32) / 255


def _frozen_problem(settings: ClassicSettings) -> str:
    from genreel.lab.networks.towers import BackboneSettings, backbone_problem

    backbone = BackboneSettings("", settings.backbone, settings.weights, frozen=True)
    return backbone_problem(backbone) if settings.backbone else ""


def _frozen(settings: ClassicSettings, name: str, train: Examples, seed: int) -> Extractor:
    from genreel.lab.networks.towers import BackboneSettings, frozen_backbone

    backbone = BackboneSettings(name, settings.backbone, settings.weights, frozen=True)
    return frozen_backbone(backbone, train, seed)


@dataclass(frozen=True)
class LinearSettings:
    """Settings of `Linear`.

    Attributes:
        C: inverse of the L2 penalty, as in scikit-learn.
        imbalance: how rare genres are heeded, as in `EstimatorSettings`.
        kin: above 0, what speaks for the other genres counts as well (`_kin`); this is the
            precision of the prior that binds their weights to 0. A rare genre gains most.
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
        self.inputs = inputs_of(names, features)
        self.weights: NDArray[np.float32] = np.empty((0, 0), np.float32)
        self.bias: NDArray[np.float32] = np.empty(0, np.float32)

    @staticmethod
    def problem(spec: Any, kinds: Mapping[str, str]) -> str:
        """Why the recipe's combination cannot work, or ""."""
        if not kinds or set(kinds.values()) != {"terms"}:
            return "kind 'linear' reads features of kind 'terms'; name at least one"
        if problem := imbalance_problem(spec.settings.imbalance, _CORRECTIONS):
            return problem
        if not spec.settings.C > 0:
            return "C must be above 0"
        if spec.settings.kin < 0:
            return "kin must be at least 0"
        return "kind 'linear' has no parts; remove them" if spec.parts else ""

    def fit(self, train: Examples, valid: Examples, place: Place) -> None:
        """One logistic regression per genre; a genre with one class keeps its prior."""
        terms = self._matrix(train)
        told = np.asarray(terms.getnnz(axis=1) > 0)
        x, labels, counted = terms[told], train.labels[told], train.counted()[told]
        weights, bias = self._fitted(x, labels, counted, place.seed)
        if self.settings.kin:
            logits = np.empty((len(labels), len(bias)))
            fold = np.random.default_rng(place.seed).permutation(len(labels)) % _FOLDS
            for k in range(_FOLDS):
                rest, held = fold != k, fold == k
                w, b = self._fitted(x[rest], labels[rest], counted[rest], place.seed)
                logits[held] = x[held] @ w + b
            mix, extra = _kin(logits, labels, train.known[told], self.settings.kin)
            weights, bias = weights @ mix, bias @ mix + extra
        self.weights, self.bias = weights.astype(np.float32), bias.astype(np.float32)

    def _fitted(
        self, x: Any, labels: Labels, counted: NDArray[Any], seed: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Weights, shape (terms, genres), and bias, shape (genres,), a genre by itself."""
        options = {"C": self.settings.C, "solver": "liblinear"}
        core = PerGenre(EstimatorSettings("logistic", options, self.settings.imbalance))
        core.fit(x, labels, counted, seed)
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
        sizes = [_width(features[name]) for name in self.features]
        return dict(zip(self.features, np.split(self.weights, np.cumsum(sizes)[:-1]), strict=True))

    def _matrix(self, examples: Examples) -> Any:
        blocks = [
            sparse_rows(examples.read(name), _width(examples.features[name]))
            for name in self.features
        ]
        return scipy.sparse.hstack(blocks, format="csr")


_FOLDS = 4


def _kin(
    logits: NDArray[np.float64], labels: Labels, known: NDArray[np.bool_], precision: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A logistic regression per genre on all genres' logits, drawn to the genre's own logit:
    the second level of Godbole & Sarawagi 2004, which over linear models is linear itself.

    Args:
        logits: of movies that the models behind them did not learn from, shape (n, genres).
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
        if min(y.sum(), (1 - y).sum()) < _FEWEST:
            continue
        mix[:, g], bias[g] = biased_logistic(logits[use], y, mix[:, g], precision)
    return mix, bias


def _width(feature: Any) -> int:
    return max(1, len(feature))  # a vocabulary may be empty, a matrix may not


def sparse_rows(rows: list[Any], width: int) -> Any:
    """Rows of `Terms` (None: all zero) as a CSR matrix, shape (n, width)."""
    empty = (np.empty(0, np.int64), np.empty(0, np.float32))
    pairs = [row if row is not None else empty for row in rows]
    starts = np.cumsum([0, *(len(indices) for indices, _ in pairs)])
    indices = np.concatenate([p[0] for p in pairs]) if pairs else empty[0]
    values = np.concatenate([p[1] for p in pairs]) if pairs else empty[1]
    return scipy.sparse.csr_matrix((values, indices, starts), shape=(len(rows), width))
