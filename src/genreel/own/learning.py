"""Learns a genre of one's own: from its name and description alone, then from every yes and no.

A logistic regression on what the bundle makes of a movie: the logits of its own genres, and the
vectors of plot and poster. Its prior is what name and description tell: the cosine of a plot to
them, and the bundle's genres as far as they are called alike. So the first examples need only say
where that is wrong. Settings were chosen on training movies; see benchmarks/own.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genreel.calibration import sigmoid
from genreel.features import Array
from genreel.own.traits import SCORES, Traits, count, has_trait

Floats = NDArray[np.float64]

SCALES = {SCORES: 0.2, "plot": 1.0, "poster": 1.0}
"""How far a weight may go from its prior: standard deviations, where a trait has length 1."""

LIKENESS_RIDGE = 0.3
LIKENESS_WEIGHT = 0.7
"""How much the bundle's genres say of one that is called alike, against the words themselves."""

PARENT_WEIGHT = 2.0
"""Of the parent's logit in the prior, in its standard deviations."""

FOLDS = 5


@dataclass(frozen=True)
class Words:
    """What the bundle makes of texts, each read as a plot.

    Attributes:
        genre: traits of the genre's name and description.
        others: traits of the names of the bundle's genres, one row each, in their order.
        parent: the place of the parent among these; None: it has none there.
    """

    genre: Traits
    others: Traits
    parent: int | None = None


@dataclass(frozen=True)
class Linear:
    """log odds = bias + Σ weights · traits, over the traits that a movie has.

    Attributes:
        weights: trait → float64, shape (width,).
        biases: trait → what is added where a movie has it.
        bias: what is added to all.
    """

    weights: Mapping[str, Floats]
    biases: Mapping[str, float]
    bias: float = 0.0

    def __call__(self, traits: Traits) -> Floats:
        """Log odds, shape (n,)."""
        odds = np.full(count(traits), self.bias)
        for name, weights in self.weights.items():
            if name in traits:
                odds += traits[name] @ weights + self.biases[name] * has_trait(traits[name])
        return odds


class Scale:
    """Centres traits, and brings them to a common length.

    Args:
        pool: traits of movies such as are to be told apart; labels are not needed.
    """

    def __init__(self, pool: Traits) -> None:
        self.means: dict[str, Floats] = {}
        self.factors: dict[str, Floats] = {}
        for name, rows in pool.items():
            rows = rows[has_trait(rows)].astype(np.float64)
            mean = rows.sum(axis=0) / (len(rows) + (0 if name == SCORES else _SHRINK))
            centred = rows - mean
            if name == SCORES:
                factor = 1 / np.maximum(centred.std(axis=0), 0.5)
            else:
                length = np.sqrt((centred**2).sum(axis=1).mean())
                factor = np.full(rows.shape[1], 1 / max(length, 1e-3))
            self.means[name], self.factors[name] = mean, factor

    def __call__(self, traits: Traits) -> dict[str, Floats]:
        """Scaled traits of those that the pool had; still zeros where a movie lacks one."""
        return {
            name: (traits[name] - mean) * self.factors[name] * has_trait(traits[name])[:, None]
            for name, mean in self.means.items()
            if name in traits
        }

    def unscale(self, weights: Mapping[str, Floats], bias: float) -> Linear:
        """Weights of scaled traits as those of the traits themselves."""
        raw = {name: weights[name] * self.factors[name] for name in weights}
        return Linear(raw, {name: -float(raw[name] @ self.means[name]) for name in raw}, bias)


_SHRINK = 10.0  # movies that a mean of zero counts as: of one movie alone, it would leave nothing


def prior_weights(words: Words, scale: Scale, scaled: Mapping[str, Floats]) -> dict[str, Floats]:
    """Weights of scaled traits that follow from name and description; scores over the pool have a
    standard deviation of 1.

    A bundle's genre counts as it would in a ridge regression from the genres' names to the new
    one: with cosines of all names that are centred.

    Args:
        words: of the genre.
        scale: of the pool.
        scaled: traits of the pool, scaled.
    """
    names = _directions(scale, words)
    weights: dict[str, Floats] = {}
    width = scaled[SCORES].shape[1]
    votes: Floats = np.zeros(width)
    if names is not None:
        own, others = names
        if "plot" in scaled:
            weights["plot"] = own / _deviation(scaled["plot"] @ own)
        if len(others) == width:
            ridge = LIKENESS_RIDGE * np.eye(width)
            alike = np.asarray(np.linalg.solve(others @ others.T + ridge, others @ own))
            votes = alike * LIKENESS_WEIGHT / _deviation(scaled[SCORES] @ alike)
    if words.parent is not None:
        votes[words.parent] += PARENT_WEIGHT
    weights[SCORES] = votes
    total = _deviation(_score(scaled, weights))
    return {name: one / total for name, one in weights.items()}


def _directions(scale: Scale, words: Words) -> tuple[Floats, Floats] | None:
    """Unit vectors of the genre's texts and of the others' names, from these names' mean."""
    if "plot" not in words.genre or "plot" not in words.others:
        return None
    # Texts need no scale of a pool that has no plots.
    mean = scale.means.get("plot", np.zeros(words.others["plot"].shape[1]))
    others = _units(words.others["plot"] - mean)
    own = _units(words.genre["plot"][has_trait(words.genre["plot"])] - mean).mean(axis=0)
    centre = others.mean(axis=0)
    return _units((own - centre)[None])[0], _units(others - centre)


def learn(
    words: Words, pool: Traits, examples: Traits, labels: NDArray[np.bool_]
) -> tuple[Linear, Floats]:
    """A genre's weights, and how it would have judged each example without having seen it.

    Args:
        words: what the bundle makes of the genre's name and description.
        pool: traits of movies such as are to be told apart, at least one.
        examples, labels: what a person said, shape (n,); n may be 0.

    Returns:
        The weights; and cross-validated scores in [0, 1], shape (n,), NaN where there are not two
        examples of each kind.
    """
    scale = Scale(pool)
    scaled, scaled_pool = scale(examples), scale(pool)
    prior = prior_weights(words, scale, scaled_pool)
    centre = float(np.mean(_score(scaled_pool, prior)))
    start = _score(scaled, prior) - centre if len(labels) else np.zeros(0)
    parts = {name: scaled[name] * SCALES[name] for name in scaled}
    parts["prior"] = start[:, None]
    x = np.concatenate([*parts.values()], axis=1)
    kernel = x @ x.T
    tested = np.full(len(labels), np.nan)
    for fold in _folds(labels):
        rest = ~fold
        steps, bias = _fit(kernel[np.ix_(rest, rest)], labels[rest], start[rest])
        tested[fold] = sigmoid(start[fold] + kernel[np.ix_(fold, rest)] @ steps + bias)
    steps, bias = _fit(kernel, labels, start)
    growth = 1 + float(start @ steps)
    weights = {name: growth * one for name, one in prior.items()}
    for name in scaled:
        change = SCALES[name] * (parts[name].T @ steps)
        weights[name] = weights.get(name, 0) + change
    return scale.unscale(weights, bias - growth * centre), tested


def _score(scaled: Mapping[str, Floats], weights: Mapping[str, Floats]) -> Floats:
    return np.asarray(sum(scaled[name] @ weights[name] for name in weights if name in scaled))


def _fit(kernel: Floats, labels: NDArray[np.bool_], offset: Floats) -> tuple[Floats, float]:
    """Logistic regression with a Gaussian prior, by Newton's method on the dual.

    Returns:
        What each example adds to the weights, in its own direction; and the bias, which is free
        where both kinds are there.
    """
    steps, bias = np.zeros(len(labels)), 0.0
    is_free = 0 < labels.sum() < len(labels)
    for _ in range(_ITERATIONS if len(labels) else 0):
        odds = offset + kernel @ steps + bias
        p = sigmoid(odds)
        weight = np.maximum(p * (1 - p), 1e-4)
        target = odds - offset + (labels - p) / weight
        ones = np.ones(len(labels))
        solved = np.linalg.solve(kernel + np.diag(1 / weight), np.stack([target, ones], 1))
        bias = float(solved[:, 0].sum() / solved[:, 1].sum()) if is_free else 0.0
        steps = solved[:, 0] - bias * solved[:, 1]
    return steps, bias


_ITERATIONS = 12


def _folds(labels: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """Which examples are held back together: each kind in equal shares, in the order given."""
    number = min(FOLDS, int(labels.sum()), int((~labels).sum()))
    if number < 2:
        return []
    place = np.where(labels, np.cumsum(labels), np.cumsum(~labels)) % number
    return [place == fold for fold in range(number)]


def _deviation(scores: Floats) -> float:
    return float(np.std(scores)) or 1.0


def _units(rows: Array | Floats) -> Floats:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))
