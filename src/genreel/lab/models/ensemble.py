"""Models made of other models' scores."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel.calibration import logit
from genreel.features import Feature
from genreel.lab.examples import Examples
from genreel.lab.imbalance import imbalance_problem
from genreel.lab.model import Model, ModelSpec, Place, Scores, senses_of
from genreel.lab.models.again import Again
from genreel.lab.models.estimators import EstimatorSettings, PerGenre, estimator_problem
from genreel.lab.networks.joint import Joint, JointSettings, joint_problem
from genreel.lab.settings import settings_from

Parts = Mapping[str, Model]


def parts_problem(spec: ModelSpec) -> str:
    """Why a model made of parts cannot work, or ""."""
    if len(spec.parts) < 2:
        return f"kind {spec.kind!r} needs at least two parts"
    for number, (name, part) in enumerate(spec.parts.items()):
        earlier = [n for n in list(spec.parts)[:number] if spec.parts[n].kind != "again"]
        if part.kind == "again" and part.settings.of not in earlier:
            return f"part {name!r} is {part.settings.of!r} again, which no part before it is"
    return f"kind {spec.kind!r} reads its parts, not features" if spec.features else ""


def has_parts(parts: Parts, examples: Examples) -> NDArray[np.bool_]:
    """bool, shape (n, parts): whether a movie has any of a part's senses."""
    return np.stack(
        [
            np.logical_or.reduce([examples.has([name]) for name in part.senses])
            for part in parts.values()
        ],
        axis=1,
    )


class Ensemble:
    """What models made of parts have in common."""

    def __init__(
        self, settings: Any, names: tuple[str, ...], features: Mapping[str, Feature], parts: Parts
    ) -> None:
        self.settings = settings
        self.parts = parts
        for part in parts.values():
            if isinstance(part, Again):
                part.part = parts[part.settings.of]
        self.features = tuple(
            dict.fromkeys(name for part in parts.values() for name in part.features)
        )
        self.senses = senses_of(self.features, features)

    @staticmethod
    def problem(spec: ModelSpec, kinds: Mapping[str, str]) -> str:
        """Why the recipe's combination cannot work, or ""."""
        return parts_problem(spec)

    def part_scores(self, examples: Examples) -> NDArray[np.float32]:
        """Shape (n, parts, genres)."""
        return np.stack([part.scores(examples) for part in self.parts.values()], axis=1)


@dataclass(frozen=True)
class AverageSettings:
    """`Average` has no settings."""


class Average(Ensemble):
    """The mean of the parts' probabilities, over the parts whose input a movie has."""

    Settings = AverageSettings

    def fit(self, train: Examples, valid: Examples, place: Place) -> None:
        """Fits the parts."""
        for part in self.parts.values():
            part.fit(train, valid, place)

    def scores(self, examples: Examples) -> Scores:
        """The mean; 0 for a movie that has no part's input."""
        has_part = has_parts(self.parts, examples)[:, :, None]
        total = (self.part_scores(examples) * has_part).sum(axis=1)
        return np.asarray(total / np.maximum(has_part.sum(axis=1), 1), np.float32)


@dataclass(frozen=True)
class StackSettings(EstimatorSettings):
    """Settings of `Stack`.

    Attributes:
        estimator: one of scikit-learn's for each genre; or "network", one with an output a genre,
            whose `options` are those of `networks.joint.JointSettings`.
        folds: the estimator learns from out-of-fold scores: those of parts that were trained on
            the other folds of the training movies. 0: from the scores on the valid movies, so
            that the parts are trained only once.
    """

    folds: int = 3


NETWORK = "network"
"""The `estimator` of a stack that is one network."""


def _joint_settings(settings: StackSettings) -> JointSettings:
    joint: JointSettings = settings_from(JointSettings, settings.options, "stack.options")
    return joint


SUREST = 0.01
"""A stack clips its parts' scores to [SUREST, 1 − SUREST], late fusion what genres heed."""


def bounded_logit(scores: NDArray[Any]) -> NDArray[np.float64]:
    """The logit of scores clipped to [SUREST, 1 − SUREST].

    Closer to 0 or 1, float32's rounding of a score would change its logit.
    """
    return logit(np.clip(scores, SUREST, 1 - SUREST))


class Stack(Ensemble):
    """An estimator, or one network, over the logits of all genres from every part (Wolpert 1992).

    A part whose input is missing gives its mean logits. After `fit`: `core`; `means` float32,
    shape (parts, genres).
    """

    Settings = StackSettings

    def __init__(
        self, settings: Any, names: tuple[str, ...], features: Mapping[str, Feature], parts: Parts
    ) -> None:
        super().__init__(settings, names, features, parts)
        is_network = settings.estimator == NETWORK
        self.core = Joint(_joint_settings(settings)) if is_network else PerGenre(settings)
        self.means: NDArray[np.float32] = np.empty((0, 0), np.float32)

    @staticmethod
    def problem(spec: ModelSpec, kinds: Mapping[str, str]) -> str:
        """Why the recipe's combination cannot work, or ""."""
        if spec.settings.folds < 0 or spec.settings.folds == 1:
            return "folds must be 0, or 2 and more"
        if spec.settings.estimator == NETWORK:
            imbalance = imbalance_problem(spec.settings.imbalance, ("none",))
            core = imbalance or joint_problem(_joint_settings(spec.settings))
        else:
            core = estimator_problem(spec.settings)
        return parts_problem(spec) or core

    def fit(self, train: Examples, valid: Examples, place: Place) -> None:
        """Scores out of fold, then the parts on all of `train`, then the estimators."""
        scores = self._out_of_fold(train, valid, place) if self.settings.folds else None
        for part in self.parts.values():
            part.fit(train, valid, place)
        examples = train if self.settings.folds else valid
        x = bounded_logit(self.part_scores(valid) if scores is None else scores)
        has_part = has_parts(self.parts, examples)
        weight = has_part[:, :, None]
        means = (x * weight).sum(axis=0) / np.maximum(weight.sum(axis=0), 1)
        self.means = means.astype(np.float32)
        use = has_part.any(axis=1)
        rows = self._fill(x, has_part)[use]
        self.core.fit(rows, examples.labels[use], examples.counts()[use], place.seed)

    def scores(self, examples: Examples) -> Scores:
        """The estimators' probabilities."""
        has_part = has_parts(self.parts, examples)
        return self.core.scores(self._fill(bounded_logit(self.part_scores(examples)), has_part))

    def _out_of_fold(self, train: Examples, valid: Examples, place: Place) -> NDArray[np.float32]:
        """Scores of copies of the parts that did not learn from a movie's fold, shape (n, parts,
        genres).
        """
        fold = np.random.default_rng(place.seed).permutation(len(train)) % self.settings.folds
        scores = np.zeros((len(train), len(self.parts), train.labels.shape[1]), np.float32)
        for k in range(self.settings.folds):
            rest, test = (train.take(np.flatnonzero(side)) for side in (fold != k, fold == k))
            for p, part in enumerate(self.parts.values()):
                twin = copy.deepcopy(part)
                twin.fit(rest, valid, place)
                scores[fold == k, p] = twin.scores(test)
        return scores

    def _fill(self, x: NDArray[Any], has_part: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Shape (n, parts · genres), absent parts replaced by their means."""
        rows = np.where(has_part[:, :, None], x, self.means)
        return np.asarray(rows.reshape(len(rows), -1), np.float32)
