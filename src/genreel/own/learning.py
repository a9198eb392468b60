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
            distances = rows - mean
            if name == SCORES:
                factor = 1 / np.maximum(distances.std(axis=0), 0.5)
            else:
                length = np.sqrt((distances**2).sum(axis=1).mean())
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


def prior_weights(words: Words, scale: Scale, pool_rows: Mapping[str, Floats]) -> dict[str, Floats]:
    """Weights of scaled traits that follow from name and description; scores over the pool have a
    standard deviation of 1.

    A bundle's genre counts as it would in a ridge regression from the genres' names to the new
    one: with cosines of all names that are centred.

    Args:
        words: of the genre.
        scale: of the pool.
        pool_rows: traits of the pool, scaled.
    """
    names = _directions(scale, words)
    weights: dict[str, Floats] = {}
    width = pool_rows[SCORES].shape[1]
    votes: Floats = np.zeros(width)
    if names is not None:
        genre, others = names
        if "plot" in pool_rows:
            weights["plot"] = genre / _deviation(pool_rows["plot"] @ genre)
        if len(others) == width:
            ridge = LIKENESS_RIDGE * np.eye(width)
            alike = np.asarray(np.linalg.solve(others @ others.T + ridge, others @ genre))
            votes = alike * LIKENESS_WEIGHT / _deviation(pool_rows[SCORES] @ alike)
    if words.parent is not None:
        votes[words.parent] += PARENT_WEIGHT
    weights[SCORES] = votes
    total = _deviation(_score(pool_rows, weights))
    return {name: one / total for name, one in weights.items()}


def _directions(scale: Scale, words: Words) -> tuple[Floats, Floats] | None:
    """Unit vectors of the genre's texts and of the others' names, from these names' mean."""
    if "plot" not in words.genre or "plot" not in words.others:
        return None
    # Texts need no scale of a pool that has no plots.
    mean = scale.means.get("plot", np.zeros(words.others["plot"].shape[1]))
    others = _units(words.others["plot"] - mean)
    genre = _units(words.genre["plot"][has_trait(words.genre["plot"])] - mean).mean(axis=0)
    centre = others.mean(axis=0)
    return _units((genre - centre)[None])[0], _units(others - centre)


def learn(
    words: Words,
    pool: Traits,
    examples: Traits,
    labels: NDArray[np.bool_],
    is_example: NDArray[np.bool_] | None = None,
) -> tuple[Linear, Floats]:
    """A genre's weights, and how it would have judged each example without having seen it.

    Args:
        words: what the bundle makes of the genre's name and description.
        pool: traits of movies such as are to be told apart, at least one. As most movies are not
            of a genre, some of them count a little as examples of what it is not: people pick
            examples, and what they pick has the genre far more often than what is there.
        examples, labels: what a person said, shape (n,); n may be 0.
        is_example: which movies of the pool are examples, too: they are none of the others. None:
            no movie is.

    Returns:
        The weights; and cross-validated scores in [0, 1], shape (n,), NaN where there are not two
        examples of each kind.
    """
    number = len(labels)
    scale = Scale(pool)
    pool_rows = scale(pool)
    prior = prior_weights(words, scale, pool_rows)
    centre = float(np.mean(_score(pool_rows, prior)))
    others = np.linspace(0, count(pool) - 1, min(OTHERS, count(pool))).astype(int)
    share = _others_weight(labels) / len(others)
    if is_example is not None:
        others = others[~is_example[others]]
    rows = {
        name: np.concatenate([array, pool_rows[name][others]])
        for name, array in scale(examples).items()
    }
    start = _score(rows, prior) - centre
    parts = {name: array * SCALES[name] for name, array in rows.items()} | {"prior": start[:, None]}
    x = np.concatenate([*parts.values()], axis=1)
    kernel = x @ x.T
    y = np.r_[labels, np.zeros(len(others), bool)]
    weights = np.r_[np.ones(number), np.full(len(others), share)]

    def fit(rows: NDArray[np.bool_]) -> tuple[Floats, float]:
        return _fit(kernel[np.ix_(rows, rows)], y[rows], weights[rows], start[rows])

    test_scores = np.full(number, np.nan)
    for fold in _folds(labels):
        held_back = np.r_[fold, np.zeros(len(others), bool)]
        steps, bias = fit(~held_back)
        odds = start[held_back] + kernel[np.ix_(held_back, ~held_back)] @ steps + bias
        test_scores[fold] = sigmoid(odds)
    steps, bias = fit(np.ones(len(y), bool)) if number else (np.zeros(len(y)), 0.0)
    growth = 1 + float(start @ steps)
    learnt = {name: growth * one for name, one in prior.items()}
    for name in rows:
        learnt[name] = learnt.get(name, 0) + SCALES[name] * (parts[name].T @ steps)
    return scale.unscale(learnt, bias - growth * centre), test_scores


OTHERS = 200
"""Movies of the pool that count as examples of what a genre is not."""

OTHERS_SHARE = 5.0
"""How many examples all of them together are worth, for each that has the genre."""


def _others_weight(labels: NDArray[np.bool_]) -> float:
    return OTHERS_SHARE * max(1, int(labels.sum()))


def _score(rows: Mapping[str, Floats], weights: Mapping[str, Floats]) -> Floats:
    return np.asarray(sum(rows[name] @ weights[name] for name in weights if name in rows))


def _fit(
    kernel: Floats, labels: NDArray[np.bool_], weights: Floats, offset: Floats
) -> tuple[Floats, float]:
    """Logistic regression with a Gaussian prior, by Newton's method on the dual; a step is halved
    until the loss falls, as whole steps need not converge.

    Returns:
        What each example adds to the weights, in its own direction; and the bias, which is free.
    """

    def loss(steps: Floats, bias: float) -> float:
        odds = offset + kernel @ steps + bias
        misfit = weights @ (np.logaddexp(0, odds) - labels * odds)
        return float(misfit + steps @ kernel @ steps / 2)

    steps, bias = np.zeros(len(labels)), 0.0
    at = loss(steps, bias)
    for _ in range(_ITERATIONS):
        odds = offset + kernel @ steps + bias
        p = sigmoid(odds)
        curvature = np.maximum(weights * p * (1 - p), _LEAST_CURVATURE)
        target = odds - offset + weights * (labels - p) / curvature
        solution = np.linalg.solve(
            kernel + np.diag(1 / curvature), np.stack([target, np.ones(len(labels))], 1)
        )
        new_bias = float(solution[:, 0].sum() / solution[:, 1].sum())
        new_steps = solution[:, 0] - new_bias * solution[:, 1]
        size = 1.0
        while size > _LEAST_STEP:
            trial = steps + size * (new_steps - steps), bias + size * (new_bias - bias)
            if (value := loss(*trial)) <= at:
                break
            size /= 2
        else:
            break
        (steps, bias), gain, at = trial, at - value, value
        if gain < 1e-6 * max(1.0, at):
            break
    return steps, bias


_ITERATIONS = 30
_LEAST_STEP = 1e-3
_LEAST_CURVATURE = 1e-5


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
