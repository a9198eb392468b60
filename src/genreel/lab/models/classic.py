"""An estimator of scikit-learn over one feature."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from genreel.features import Feature
from genreel.lab.examples import Examples
from genreel.lab.frozen import extracted_rows
from genreel.lab.model import ModelSpec, Place, Scores, senses_of
from genreel.lab.models.estimators import EstimatorSettings, PerGenre, estimator_problem
from genreel.lab.models.matrix import term_matrix
from genreel.lab.networks.backbone import (
    Backbone,
    BackboneSettings,
    backbone_problem,
    frozen_backbone,
)
from genreel.paths import cache_folder


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
    """An estimator of scikit-learn over terms, sentences, dominant colours, or pixels: raw in
    [0, 1], reduced by PCA, or as vectors of a frozen backbone. Trained on the movies that have the
    input.
    """

    Settings = ClassicSettings

    def __init__(
        self, settings: ClassicSettings, names: tuple[str, ...], features: Mapping[str, Feature]
    ) -> None:
        self.settings = settings
        self.features = names
        self.senses = senses_of(names, features)
        self.core = PerGenre(settings)
        self.pca: PCA | None = None
        self.extractor: Backbone | None = None

    @staticmethod
    def problem(spec: ModelSpec, kinds: Mapping[str, str]) -> str:
        """Why the recipe's combination cannot work, or ""."""
        read = list(kinds.values())
        if read not in (["terms"], ["sentences"], ["pixels"], ["colours"]) or spec.parts:
            return (
                "kind 'classic' reads one feature of kind 'terms', 'sentences', 'pixels' or "
                "'colours', and has no parts"
            )
        if read != ["pixels"] and (spec.settings.backbone or spec.settings.pca):
            return "pca and backbone belong to pixels; remove them"
        if spec.settings.pca < 0:
            return "pca must be 0 or more"
        problem = backbone_problem(_backbone(spec.settings, "")) if spec.settings.backbone else ""
        return problem or estimator_problem(spec.settings)

    def fit(self, train: Examples, valid: Examples, place: Place) -> None:
        """PCA and estimators on the training movies that have the input."""
        train = train.take(np.flatnonzero(train.has(self.senses)))
        if self.settings.backbone and self.extractor is None:
            backbone = _backbone(self.settings, self.features[0])
            self.extractor = frozen_backbone(backbone, train, place.seed)
        x = self._matrix(train)
        if self.settings.pca:
            components = min(self.settings.pca, *x.shape)
            self.pca = PCA(components, svd_solver="randomized", random_state=place.seed).fit(x)
            x = self._reduce(x)
        self.core.fit(x, train.labels, train.counts(), place.seed)

    def scores(self, examples: Examples) -> Scores:
        """Probabilities; 0 for a movie without the input."""
        present = np.flatnonzero(examples.has(self.senses))
        x = self._matrix(examples.take(present))
        if self.pca is not None and len(present):
            x = self._reduce(x)
        scores = np.zeros((len(examples), examples.labels.shape[1]), np.float32)
        scores[present] = self.core.scores(x)
        return scores

    def _reduce(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Principal components, in float64 as in the graph: a tree's decision must not depend on
        the order of float32 sums.
        """
        assert self.pca is not None
        components = (x.astype(np.float64) - self.pca.mean_) @ self.pca.components_.T
        return np.asarray(components, np.float32)

    def _matrix(self, examples: Examples) -> Any:
        """Sparse for terms, dense float32 for posters; shape (n, d)."""
        [name] = self.features
        if self.extractor is not None:
            examples = extracted_rows(examples, name, self.extractor, cache_folder())
        feature = examples.features[name]
        if not feature.array:
            return term_matrix(examples, name)
        rows = examples.arrays([name])[f"{name}.{feature.array}"]
        if not feature.shape:
            return rows
        return rows.reshape(len(rows), math.prod(feature.shape)).astype(np.float32) / 255


def _backbone(settings: ClassicSettings, feature: str) -> BackboneSettings:
    return BackboneSettings(feature, settings.backbone, settings.weights, frozen=True)
