"""Models of scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from genreel.features import Feature
from genreel.features.text import Terms
from genreel.lab.examples import Examples
from genreel.lab.models.base import Place, Scores, inputs_of, logit, prior
from genreel.progress import progress


@dataclass(frozen=True)
class LinearSettings:
    """Settings of `Linear`.

    Attributes:
        C: inverse of the L2 penalty, as in scikit-learn.
        class_weight: "none" or "balanced" (n / (2 · count), King & Zeng 2001).
    """

    C: float = 1.0
    class_weight: str = "none"


class Linear:
    """Logistic regression over sparse terms, one per genre, on the cells known for that genre.

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
        if not kinds or set(kinds.values()) != {Terms.kind}:
            return "kind 'linear' reads features of kind 'terms'; name at least one"
        if spec.settings.class_weight not in ("none", "balanced"):
            return "class_weight must be 'none' or 'balanced'"
        if not spec.settings.C > 0:
            return "C must be above 0"
        return "kind 'linear' has no parts; remove them" if spec.parts else ""

    def fit(self, train: Examples, valid: Examples, place: Place) -> None:
        """One logistic regression per genre; one without both classes keeps its prior."""
        terms = self._matrix(train)
        genres = train.labels.shape[1]
        self.weights = np.zeros((terms.shape[1], genres), np.float32)
        self.bias = np.zeros(genres, np.float32)
        weight = None if self.settings.class_weight == "none" else "balanced"
        told = np.asarray(terms.getnnz(axis=1) > 0)
        for g in progress(range(genres), "linear", genres):
            use = train.known[:, g] & told
            y = train.labels[use, g]
            if y.min(initial=1) >= y.max(initial=0):
                self.bias[g] = logit(prior(train.labels[told, g], train.known[told, g]))
                continue
            regression = LogisticRegression(
                C=self.settings.C, class_weight=weight, solver="liblinear", random_state=place.seed
            ).fit(terms[use], y)
            self.weights[:, g] = regression.coef_[0]
            self.bias[g] = regression.intercept_[0]

    def scores(self, examples: Examples) -> Scores:
        """Sigmoid of the linear terms."""
        z = self._matrix(examples) @ self.weights + self.bias
        return np.asarray(1 / (1 + np.exp(-z)), np.float32)

    def blocks(self, features: Mapping[str, Feature]) -> dict[str, NDArray[np.float32]]:
        """Feature → its rows of `weights`."""
        sizes = [_width(features[name]) for name in self.features]
        return dict(zip(self.features, np.split(self.weights, np.cumsum(sizes)[:-1]), strict=True))

    def _matrix(self, examples: Examples) -> Any:
        blocks = [
            _sparse(examples.read(name), _width(examples.features[name])) for name in self.features
        ]
        return scipy.sparse.hstack(blocks, format="csr")


def _width(feature: Any) -> int:
    return max(1, len(feature.terms))  # a vocabulary may be empty, a matrix may not


def _sparse(rows: list[Any], width: int) -> Any:
    empty = (np.empty(0, np.int64), np.empty(0, np.float32))
    pairs = [row if row is not None else empty for row in rows]
    starts = np.cumsum([0, *(len(indices) for indices, _ in pairs)])
    indices = np.concatenate([p[0] for p in pairs]) if pairs else empty[0]
    values = np.concatenate([p[1] for p in pairs]) if pairs else empty[1]
    return scipy.sparse.csr_matrix((values, indices, starts), shape=(len(rows), width))
