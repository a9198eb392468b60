"""Models made of other models' scores."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from genreel.calibration import logit
from genreel.cases import SENSES
from genreel.features import Feature
from genreel.lab.examples import Examples
from genreel.lab.imbalance import imbalance_problem
from genreel.lab.model import Model, ModelSpec, Place, Scores, fit_logistics, senses_of
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
"""A stack clips its parts' scores to [SUREST, 1 − SUREST]."""


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


@dataclass(frozen=True)
class LateFusionSettings:
    """Settings of `LateFusion`.

    Attributes:
        shrinkage: how strongly a genre's weights are drawn to the mean over genres, as the
            precision of a Gaussian prior; rare genres have too few movies of their own.
    """

    shrinkage: float = 30.0


class LateFusion(Ensemble):
    """A weighted sum of the parts' logits, with weights for every combination of senses.

    For each pattern of senses (only the picture, words and title, …) and genre, a logistic
    regression on the parts' logits is fitted on the validation movies, with the other senses
    taken away from them. So a missing input is a learnt state, never a zero, and scores are
    calibrated in every case (Platt 1999, per pattern).

    After `fit`: `weights` float32, shape (patterns, parts, genres); `bias` float32, shape
    (patterns, genres); pattern Σ present[i] · 2^i over SENSES.
    """

    Settings = LateFusionSettings

    def __init__(
        self, settings: Any, names: tuple[str, ...], features: Mapping[str, Feature], parts: Parts
    ) -> None:
        super().__init__(settings, names, features, parts)
        # A part, rows of examples, senses that are shown → these rows, and the scores of each.
        self._memory: dict[tuple[int, int, frozenset[str]], tuple[Any, dict[int, Any]]] = {}
        self.weights: NDArray[np.float32] = np.empty((0, 0, 0), np.float32)
        self.bias: NDArray[np.float32] = np.empty((0, 0), np.float32)

    def fit(self, train: Examples, valid: Examples, place: Place) -> None:
        """Fits the parts on `train`, then the weights on `valid`."""
        parts = list(self.parts.values())
        for part in parts:
            part.fit(train, valid, place)
        self._memory.clear()
        genres = train.labels.shape[1]
        self.weights = np.zeros((2 ** len(SENSES), len(self.parts), genres), np.float32)
        self.bias = np.zeros((2 ** len(SENSES), genres), np.float32)
        shown = {name for name in self.senses if valid.has([name]).any()}
        for senses in self._combinations():
            pattern = self._pattern(senses)
            if absent := set(senses) - shown:
                # No movie shows what such a sense tells: as if it were not there.
                simpler = self._pattern(set(senses) - absent)
                self.weights[pattern], self.bias[pattern] = (
                    self.weights[simpler],
                    self.bias[simpler],
                )
                continue
            active = [k for k, part in enumerate(parts) if set(part.senses) & set(senses)]
            some = valid.take(np.flatnonzero(valid.has(senses)))
            x = logit(self.part_scores(some.without(set(SENSES) - set(senses))))[:, active]
            w, b = fit_logistics(x, some.labels, some.known, self.settings.shrinkage)
            self.weights[pattern, active] = w
            self.bias[pattern] = b

    def scores(self, examples: Examples) -> Scores:
        """Sigmoid of the weighted sum for each movie's pattern."""
        present = np.stack([examples.has([name]) for name in SENSES], axis=1)
        pattern = present @ self.powers
        x = logit(self.part_scores(examples))
        z = (x * self.weights[pattern]).sum(axis=1) + self.bias[pattern]
        return np.asarray(expit(z), np.float32)

    def part_scores(self, examples: Examples) -> NDArray[np.float32]:
        """Shape (n, parts, genres); 1/2 where a movie has none of a part's senses.

        A part's scores depend only on its own senses; they are kept, as encoders are slow.
        """
        genres = examples.labels.shape[1]
        scores = np.full((len(examples), len(self.parts), genres), 0.5, np.float32)
        for k, part in enumerate(self.parts.values()):
            senses = frozenset(name for name in part.senses if examples.has([name]).any())
            key = k, id(examples.rows), senses
            _, table = self._memory.setdefault(key, (examples.rows, {}))
            shown = examples.without(set(part.senses) - senses)
            is_active = np.logical_or.reduce([examples.has([name]) for name in part.senses])
            at = np.flatnonzero(is_active)
            new = [i for i in at.tolist() if examples.index[i] not in table]
            if new:
                found = part.scores(shown.take(new))
                table.update(zip(examples.index[new].tolist(), found, strict=True))
            for i in at:
                scores[i, k] = table[examples.index[i]]
        return scores

    @property
    def powers(self) -> NDArray[np.int64]:
        """What each of SENSES adds to the pattern; 0 for those that no part reads."""
        read = [2**i if name in self.senses else 0 for i, name in enumerate(SENSES)]
        return np.array(read, np.int64)

    def _pattern(self, senses: Iterable[str]) -> int:
        return int(sum(self.powers[SENSES.index(name)] for name in senses))

    def _combinations(self) -> Iterator[tuple[str, ...]]:
        """Every set of senses that is not empty, smaller ones first."""
        for size in range(1, len(self.senses) + 1):
            yield from itertools.combinations(self.senses, size)
