"""A weighted sum of what other models say, for every combination of senses."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from genreel.calibration import Floats, logit
from genreel.cases import SENSES
from genreel.features import Feature
from genreel.lab.examples import Examples
from genreel.lab.model import ModelSpec, Place, Scores, biased_logistic, fit_logistics
from genreel.lab.models.ensemble import SUREST, Ensemble, Parts, parts_problem
from genreel.vocabulary import Known, Labels

KIN_BOUND = float(logit(np.array(1 - SUREST)))
"""Of the logits that other genres heed, upwards and downwards."""


@dataclass(frozen=True)
class LateFusionSettings:
    """Settings of `LateFusion`.

    Attributes:
        shrinkage: how strongly a genre's weights are drawn to the mean over genres, as the
            precision of a Gaussian prior; rare genres have too few movies of their own.
        kin: above 0, a genre's sum also takes every genre's logits from every part, within
            bounds (the second level of Godbole & Sarawagi 2004); this is the precision of the
            prior around 0 on their weights, and around 1 on the sum without them.
    """

    shrinkage: float = 30.0
    kin: float = 0.0


@dataclass(frozen=True)
class Sum:
    """From the parts' logits, shape (n, parts, genres), to those of movies.

    Attributes:
        weights: of a genre's own logits, shape (parts, genres).
        bias: shape (genres,).
        kin: weights of every genre's logits, bounded by KIN_BOUND, shape (parts · genres,
            genres), in the order of a part's genres.
    """

    weights: Floats
    bias: Floats
    kin: Floats

    def __call__(self, x: Floats) -> Floats:
        """Logits, shape (n, genres)."""
        own = (x * self.weights).sum(axis=1) + self.bias
        return np.asarray(own + _bounded(x).reshape(len(x), len(self.kin)) @ self.kin)

    def scaled(self, factors: Floats, bias: Floats) -> Sum:
        """Each genre's logit times a factor, plus a bias, shape (genres,) each."""
        return Sum(self.weights * factors, self.bias * factors + bias, self.kin * factors)


def zero_sum(parts: int, genres: int) -> Sum:
    """The sum that is 0 for every movie."""
    kin = np.zeros((parts * genres, genres))
    return Sum(np.zeros((parts, genres)), np.zeros(genres), kin)


def fit_sum(
    x: Floats,
    labels: Labels,
    known: Known,
    is_active: NDArray[np.bool_],
    settings: LateFusionSettings,
) -> Sum:
    """The sum that movies teach by themselves.

    Args:
        x: logits, shape (n, parts, genres).
        labels, known: shape (n, genres).
        is_active: shape (parts,); the other parts have no weight.
    """
    total = zero_sum(*x.shape[1:])
    total.weights[is_active], total.bias[:] = fit_logistics(
        x[:, is_active], labels, known, settings.shrinkage
    )
    return _heeding(total, x, labels, known, is_active, settings.kin) if settings.kin else total


def _heeding(
    own: Sum,
    x: Floats,
    labels: Labels,
    known: Known,
    is_active: NDArray[np.bool_],
    precision: float,
) -> Sum:
    """A sum that also takes the other genres' logits."""
    parts, genres = x.shape[1:]
    sums, rows = own(x), _bounded(x[:, is_active]).reshape(len(x), is_active.sum() * genres)
    mean = np.eye(1 + rows.shape[1])[0]
    factors, bias, kin = np.ones(genres), np.zeros(genres), np.zeros((parts, genres, genres))
    for g in range(genres):
        use = known[:, g]
        columns = np.column_stack([sums[use, g], rows[use]])
        solution, bias[g] = biased_logistic(columns, labels[use, g], mean, precision)
        factors[g], kin[is_active, :, g] = solution[0], solution[1:].reshape(-1, genres)
    return replace(own.scaled(factors, bias), kin=kin.reshape(parts * genres, genres))


def _bounded(x: Floats) -> Floats:
    """Nearer to 0 or 1, float32's rounding of a score would change the other genres' sums."""
    return np.clip(x, -KIN_BOUND, KIN_BOUND)


def add_lettering(
    base: Sum,
    x: Floats,
    labels: Labels,
    known: Known,
    is_printed: NDArray[np.bool_],
    settings: LateFusionSettings,
) -> Sum:
    """The sum `base`, times a weight, and what lettering says beyond its mean.

    Lettering that tells nothing has a genre's prior as its logit, not 0. A bias of its own would
    have to make up for that, and of a rare genre there are too few movies to teach it.

    Args:
        base: the sum without lettering, over the same parts.
        x: logits, shape (n, parts, genres).
        labels, known: shape (n, genres).
        is_printed: shape (parts,), which of them read lettering.
    """
    printed = x[:, is_printed]
    mean = printed.sum(axis=0) / max(len(x), 1)
    columns = np.concatenate([base(x)[:, None], printed - mean], axis=1)
    factors, bias = fit_logistics(
        columns,
        labels,
        known,
        settings.shrinkage,
        centre=np.eye(columns.shape[1])[0],
        bias_precision=_LETTERING_BIAS,
    )
    total = base.scaled(factors[0], bias - (mean * factors[1:]).sum(axis=0))
    weights = total.weights.copy()
    weights[is_printed] = factors[1:]
    return replace(total, weights=weights)


class LateFusion(Ensemble):
    """A weighted sum of the parts' logits, with weights for every combination of senses.

    For each pattern of senses (only the picture, words and title, …) and genre, a logistic
    regression on the parts' logits is fitted on the validation movies, with the other senses
    taken away from them. So a missing input is a learnt state, never a zero, and scores are
    calibrated in every case (Platt 1999, per pattern).

    Few movies come with their lettering. So a pattern with it and others keeps the sum of these
    others, times a weight, and adds what the lettering's parts say beyond their mean.

    After `fit`: `weights` float32, shape (patterns, parts, genres); `bias` float32, shape
    (patterns, genres); `kin` float32, shape (patterns, parts · genres, genres), 0 where the
    setting is 0; pattern Σ present[i] · 2^i over SENSES. Each is a `Sum`.
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
        self.kin: NDArray[np.float32] = np.empty((0, 0, 0), np.float32)

    @staticmethod
    def problem(spec: ModelSpec, kinds: Mapping[str, str]) -> str:
        """Why the recipe's combination cannot work, or ""."""
        if spec.settings.shrinkage < 0 or spec.settings.kin < 0:
            return "shrinkage and kin must be at least 0"
        return parts_problem(spec)

    def fit(self, train: Examples, valid: Examples, place: Place) -> None:
        """Fits the parts on `train`, then the weights on `valid`."""
        for part in self.parts.values():
            part.fit(train, valid, place)
        self._memory.clear()
        width, genres = len(self.parts), train.labels.shape[1]
        sums = {frozenset[str](): zero_sum(width, genres)}
        shown = {name for name in self.senses if valid.has([name]).any()}
        for senses in self._combinations():
            # Of a sense that no movie shows, nothing is known: as if it were not there.
            is_shown = senses <= shown
            sums[senses] = self._fit(senses, valid, sums) if is_shown else sums[senses & shown]
        table = [zero_sum(width, genres)] * 2 ** len(SENSES)
        for senses, total in sums.items():
            table[self._pattern(senses)] = total
        self.weights, self.bias, self.kin = (
            np.array([getattr(total, name) for total in table], np.float32)
            for name in ("weights", "bias", "kin")
        )

    def scores(self, examples: Examples) -> Scores:
        """Sigmoid of the weighted sum for each movie's pattern."""
        present = np.stack([examples.has([name]) for name in SENSES], axis=1)
        pattern = present @ self.powers
        x = logit(self.part_scores(examples))
        z = np.zeros((len(x), x.shape[2]))
        for p in np.unique(pattern):
            rows = pattern == p
            z[rows] = Sum(self.weights[p], self.bias[p], self.kin[p])(x[rows])
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

    def _fit(
        self, senses: frozenset[str], valid: Examples, sums: Mapping[frozenset[str], Sum]
    ) -> Sum:
        """The sum of a combination, those of smaller ones being there."""
        some = valid.take(np.flatnonzero(valid.has(sorted(senses))))
        x = logit(self.part_scores(some.without(set(SENSES) - senses)))
        cells = some.labels, some.known
        others = senses - {_LETTERING}
        if len(senses) > len(others) > 0 and self._is_lettering_apart():
            return add_lettering(
                sums[others], x, *cells, self._are_active({_LETTERING}), self.settings
            )
        return fit_sum(x, *cells, self._are_active(senses), self.settings)

    def _are_active(self, senses: Collection[str]) -> NDArray[np.bool_]:
        """bool, shape (parts,): which parts read any of these senses."""
        return np.array([not set(senses).isdisjoint(p.senses) for p in self.parts.values()])

    def _is_lettering_apart(self) -> bool:
        """Whether the parts that read lettering read nothing else."""
        return all(
            part.senses == (_LETTERING,)
            for part in self.parts.values()
            if _LETTERING in part.senses
        )

    def _pattern(self, senses: Iterable[str]) -> int:
        return int(sum(self.powers[SENSES.index(name)] for name in senses))

    def _combinations(self) -> Iterator[frozenset[str]]:
        """Every set of senses that is not empty, smaller ones first."""
        for size in range(1, len(self.senses) + 1):
            yield from map(frozenset, itertools.combinations(self.senses, size))


_LETTERING = "lettering"

_LETTERING_BIAS = 1.0
"""Precision of the prior that a genre is as common where posters were read."""
