"""Calibration: from a graph's scores to probabilities, and the thresholds of each case.

The same score means less where the model saw only a poster, so each combination of poster and plot
has a calibration and thresholds of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel.cases import BUNDLE_CASES, case_numbers
from genreel.errors import InputError

EPSILON = 1e-6
"""Scores are kept this far from 0 and 1 before their logit is taken."""

Floats = NDArray[np.float64]


def logit(scores: NDArray[Any]) -> Floats:
    """ln(p / (1 - p)), with p kept EPSILON away from 0 and 1."""
    p = np.clip(np.asarray(scores, np.float64), EPSILON, 1 - EPSILON)
    return np.asarray(np.log(p / (1 - p)))


def sigmoid(z: NDArray[Any]) -> Floats:
    """1 / (1 + e^-z), for any z without overflow."""
    return np.asarray(np.exp(-np.logaddexp(0, -z)), np.float64)


def map_logistic(x: Floats, y: NDArray[Any], mean: Floats, precision: Floats) -> Floats:
    """The most likely weights of a logistic regression under a Gaussian prior, by Newton's method.

    A step is halved until the loss falls by at least a quarter of what the slope predicts (Armijo
    1966), as whole steps, or steps of a fixed length, need not converge.

    Args:
        x: shape (n, weights); a column of ones for a bias.
        y: labels, in [0, 1], shape (n,).
        mean, precision: of the prior, independent for each weight, shape (weights,).
    """

    def loss(w: Floats) -> float:
        z = x @ w
        prior = (precision * (w - mean) ** 2).sum() / 2
        return float(np.logaddexp(0, z).sum() - y @ z + prior)

    w = mean
    for _ in range(100):
        p = sigmoid(x @ w)
        gradient = x.T @ (p - y) + precision * (w - mean)
        hessian = (x * (p * (1 - p))[:, None]).T @ x + np.diag(precision)
        step = np.linalg.solve(hessian, gradient)
        gain = gradient @ step
        if gain < 1e-10:
            break
        before, size = loss(w), 1.0
        while size > 1e-9 and loss(w - size * step) > before - size * gain / 4:
            size /= 2
        w = w - size * step
    return w


@dataclass(frozen=True)
class Curve:
    """A rising map from a score to a probability.

    Either sigmoid(slope · logit(score) + intercept) — Platt scaling (1999), with intercept 0
    temperature scaling (Guo et al. 2017) — or, if there are `scores`, straight lines between the
    points (scores[i], shares[i]), as isotonic regression finds them (Zadrozny & Elkan 2002).
    """

    slope: float = 1.0
    intercept: float = 0.0
    scores: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        steps = np.array([self.scores, self.shares]) if self.scores else np.empty((2, 0))
        rising = (np.diff(steps) >= 0).all() and ((steps >= 0) & (steps <= 1)).all()
        if len(self.scores) != len(self.shares) or not (rising and self.slope > 0):
            raise ValueError("a calibration curve does not rise from 0 to 1")

    def __call__(self, scores: NDArray[Any]) -> Floats:
        """Probabilities for scores in [0, 1], of any shape."""
        if self.scores:
            return np.asarray(np.interp(scores, self.scores, self.shares), np.float64)
        return sigmoid(self.slope * logit(scores) + self.intercept)

    def to_dict(self) -> dict[str, Any]:
        """JSON values, as `Curve(**…)` takes them."""
        if self.scores:
            points = {"scores": self.scores, "shares": self.shares}
            return {name: [round(x, 6) for x in values] for name, values in points.items()}
        # Six places: fewer would change scores, more would have no effect.
        return {"slope": round(self.slope, 6), "intercept": round(self.intercept, 6)}

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> Curve:
        """From `to_dict`; ValueError or TypeError where that makes no rising curve."""
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else float(value)
            for key, value in dict(table).items()
        }
        return cls(**values)


DECISIONS = ("balanced", "sure", "everything")
"""How a bundle decides: thresholds of best F1; those from which three genres in four are right, or
more (see `thresholds.sure_thresholds`); those from which nine in ten of a genre's movies get it.
"""

BALANCED, SURE = "balanced", "sure"


def decision(name: str) -> str:
    """The name of one of DECISIONS; InputError where it is none."""
    if name not in DECISIONS:
        raise InputError(f"no decision {name!r}; choose one of {', '.join(DECISIONS)}")
    return name


CaseThresholds = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Of DECISIONS → of `cases.BUNDLE_CASES` → genre → the score from which it is assigned."""

NEVER = 2.0
"""The threshold of a genre that is never assigned."""


def _rounded(thresholds: Mapping[str, float]) -> dict[str, float]:
    return {genre: round(threshold, 6) for genre, threshold in thresholds.items()}


@dataclass(frozen=True)
class CaseRules:
    """Thresholds and calibration of the movies that have one combination of inputs.

    Attributes:
        thresholds: genre → the (calibrated) score from which it is assigned, in [0, 1].
        curves: genre → its calibration; other genres keep their scores.
        others: of DECISIONS but BALANCED → thresholds that are taken instead; above 1 where a
            genre is never assigned. A decision that is not there is as BALANCED.
    """

    thresholds: Mapping[str, float]
    curves: Mapping[str, Curve] = field(default_factory=dict)
    others: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def limits(self, decide: str) -> Mapping[str, float]:
        """The thresholds of one of DECISIONS."""
        return self.others.get(decide, self.thresholds)

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "thresholds": _rounded(self.thresholds),
            "calibration": {genre: curve.to_dict() for genre, curve in self.curves.items()},
            **{decide: _rounded(thresholds) for decide, thresholds in self.others.items()},
        }

    @classmethod
    def from_dict(cls, table: Mapping[str, Any], genres: Sequence[str]) -> CaseRules:
        """From `to_dict`; KeyError, TypeError or ValueError where it does not suit `genres`."""
        thresholds = {genre: float(table["thresholds"][genre]) for genre in genres}
        others = {
            decide: {genre: float(table[decide][genre]) for genre in genres}
            for decide in DECISIONS
            if decide in table
        }
        if not all(0 <= threshold <= 1 for threshold in thresholds.values()):
            raise ValueError("a threshold outside [0, 1]")
        if not all(0 <= t <= NEVER for limits in others.values() for t in limits.values()):
            raise ValueError(f"a threshold outside [0, {NEVER:g}]")
        calibration = dict(table).get("calibration", {})
        curves = {genre: Curve.from_dict(curve) for genre, curve in dict(calibration).items()}
        if not set(curves) <= set(genres):
            raise ValueError("a calibration is of no genre of the bundle")
        return cls(thresholds, curves, others)


class Rules:
    """The rules of every case, ready for whole batches.

    Args:
        genres: names, in the order of the scores.
        thresholds: those of the cases that have no rules of their own.
        cases: some of `cases.BUNDLE_CASES` → rules.
    """

    def __init__(
        self,
        genres: Sequence[str],
        thresholds: Mapping[str, float],
        cases: Mapping[str, CaseRules] | None = None,
    ) -> None:
        self.genres = tuple(genres)
        self.cases = dict(cases or {})
        if not set(self.cases) <= set(BUNDLE_CASES):
            raise ValueError(f"cases are {', '.join(BUNDLE_CASES)}")
        common = CaseRules(thresholds)
        rules = [
            self.cases.get(name) or self.cases.get(case.simple) or common
            for name, case in BUNDLE_CASES.items()
        ]
        self._thresholds = {
            decide: np.array([[rule.limits(decide)[g] for g in genres] for rule in rules]).reshape(
                len(rules), len(genres)
            )
            for decide in DECISIONS
        }
        self._curves = [
            (number, column, rule.curves[genre])
            for number, rule in enumerate(rules)
            for column, genre in enumerate(genres)
            if genre in rule.curves
        ]

    def thresholds(self, present: NDArray[Any], decide: str = BALANCED) -> Floats:
        """Shape (n, genres), for the graph's `present` and one of DECISIONS."""
        return np.asarray(self._thresholds[decide][case_numbers(present)])

    def by_case(self) -> CaseThresholds:
        """The thresholds of every decision and case; `Prediction.case` says which are a movie's."""
        return {
            decide: {
                case: dict(zip(self.genres, row, strict=True))
                for case, row in zip(BUNDLE_CASES, table.tolist(), strict=True)
            }
            for decide, table in self._thresholds.items()
        }

    def calibrate(self, scores: NDArray[Any], present: NDArray[Any]) -> NDArray[Any]:
        """Scores of the graph, shape (n, genres), as probabilities."""
        if not self._curves:
            return scores
        probabilities = scores.copy()
        numbers = case_numbers(present)
        for number, column, curve in self._curves:
            rows = np.flatnonzero(numbers == number)
            if len(rows):
                probabilities[rows, column] = curve(scores[rows, column])
        return probabilities
