"""Chooses calibration and thresholds for every case of inputs, on validation movies."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from genreel.calibration import CaseRules, Curve, logit
from genreel.cases import BUNDLE_CASES
from genreel.lab.examples import Examples
from genreel.lab.metrics import cell_losses
from genreel.lab.model import fit_logistics
from genreel.thresholds import (
    by_promise,
    choose_thresholds,
    choose_top_k,
    generous_thresholds,
    global_threshold,
    sure_thresholds,
)
from genreel.vocabulary import Known, Labels

PROMISES = (0.8, 0.9, 0.95)
"""Precisions for which thresholds by promise are chosen."""


def cases_of(examples: Examples, senses: Collection[str]) -> dict[str, Examples]:
    """Case → its movies as the model sees them, for each case that a model of `senses` can have."""
    needs = {name: case.senses or {"title"} for name, case in BUNDLE_CASES.items()}
    return {
        name: examples.take(np.flatnonzero(examples.has(needs[name]))).without(case.hides)
        for name, case in BUNDLE_CASES.items()
        if needs[name] <= set(senses)
    }


FEWEST = 10
"""A genre is calibrated only if so many movies have it, and so many do not."""

SURE, SURE_WITH_PLOT = 0.78, 0.88
"""Shares of the genres that are given which are to be right where only what is sure is given: a
little above 0.75 and 0.85, as thresholds that are chosen on some movies do worse on others.
"""

_FOLDS = 5
_SLOPES = np.geomspace(0.2, 5, 101)  # inverse temperatures
_SHRINKAGE = 10.0  # of Platt's slopes towards their mean over genres, see `fit_logistics`

Scored = tuple[Labels, Known, NDArray[Any]]
"""Labels and known cells of validation movies, and their scores; shape (n, genres) each."""


@dataclass(frozen=True)
class Choice:
    """What was chosen.

    Attributes:
        thresholds: of best F1, over movies as they are; for cases without their own rules.
        cases: some of BUNDLE_CASES → calibration and thresholds of best F1.
        others: case → "global" threshold, "top_k", and "promise": precision → genre →
            threshold or None. Other ways to decide, which the report shows.
    """

    thresholds: dict[str, float]
    cases: dict[str, CaseRules]
    others: dict[str, Any]


def choose_rules(genres: Sequence[str], everything: Scored, cases: Mapping[str, Scored]) -> Choice:
    """Rules for all cases.

    Args:
        genres: names, in the order of the scores.
        everything: validation movies with the inputs that they have.
        cases: some of BUNDLE_CASES → the movies that have its inputs, all else hidden.
    """
    rules, others = {}, {}
    for case, (labels, known, scores) in cases.items():
        if not len(labels):
            continue
        curves = choose_curves(labels, known, scores)
        scores = np.column_stack(
            [
                scores[:, g] if curve is None else curve(scores[:, g])
                for g, curve in enumerate(curves)
            ]
        )
        by_genre = {g: curve for g, curve in zip(genres, curves, strict=True) if curve}
        has_plot = BUNDLE_CASES[case].senses & {"words", "languages"}
        precision = SURE_WITH_PLOT if has_plot else SURE
        rules[case] = CaseRules(
            choose_thresholds(genres, labels, known, scores),
            by_genre,
            {
                "sure": sure_thresholds(genres, labels, known, scores, precision),
                "everything": generous_thresholds(genres, labels, known, scores),
            },
        )
        others[case] = {
            "global": global_threshold(labels, known, scores),
            "top_k": choose_top_k(labels, known, scores),
            "promise": {str(p): by_promise(genres, labels, known, scores, p) for p in PROMISES},
        }
    return Choice(choose_thresholds(genres, *everything), rules, others)


def choose_curves(
    labels: Labels, known: Known, scores: NDArray[Any], seed: int = 0
) -> list[Curve | None]:
    """A calibration for each genre, or None where its scores are best left as they are.

    Temperature, Platt and isotonic calibration are compared by cross-validation: in turn, each is
    fitted on four fifths of the movies and measured by log loss on the rest. The best is fitted on
    all movies, if it beats the plain scores by more than the standard error of the difference (the
    one-standard-error rule of Breiman et al. 1984): otherwise it would only add noise. For the same
    reason a genre keeps its scores unless FEWEST movies have it and FEWEST do not.

    Args:
        labels, known, scores: of validation movies, shape (n, genres).
        seed: of the division into fifths.
    """
    positives = ((labels > 0) & known).sum(axis=0)
    fewest = np.minimum(positives, known.sum(axis=0) - positives)
    if not (fewest >= FEWEST).any():
        return [None] * labels.shape[1]
    gains = _cross_validate(labels, known, scores, seed)
    fits = {name: fit(labels, known, scores) for name, fit in _FITS.items()}
    curves: list[Curve | None] = []
    for g in range(labels.shape[1]):
        rows = known[:, g]
        best, best_gain = None, 0.0
        if fewest[g] >= FEWEST:
            for name, gain in gains.items():
                cells = gain[rows, g]
                error = cells.std() / len(cells) ** 0.5
                if cells.mean() > max(error, best_gain):
                    best, best_gain = fits[name][g], float(cells.mean())
        curves.append(best)
    return curves


def _cross_validate(
    labels: Labels, known: Known, scores: NDArray[Any], seed: int
) -> dict[str, NDArray[np.float64]]:
    """How much log loss each calibration saves in each cell, in nats, shape (n, genres)."""
    folds = np.random.default_rng(seed).permutation(len(labels)) % _FOLDS
    plain = cell_losses(labels, scores)
    gains = {name: np.zeros_like(plain) for name in _FITS}
    for k in range(min(_FOLDS, len(labels))):
        rest, part = folds != k, folds == k
        for name, fit in _FITS.items():
            for g, curve in enumerate(fit(labels[rest], known[rest], scores[rest])):
                values = scores[part, g] if curve is None else curve(scores[part, g])
                gains[name][part, g] = plain[part, g] - cell_losses(labels[part, g], values)
    return gains


def _temperature(labels: Labels, known: Known, scores: NDArray[Any]) -> list[Curve | None]:
    z = logit(scores)
    losses = np.array(
        [
            np.where(known, np.logaddexp(0, (1 - 2 * labels) * slope * z), 0).sum(axis=0)
            for slope in _SLOPES
        ]
    )
    return [Curve(slope=float(_SLOPES[i])) for i in losses.argmin(axis=0)]


def _platt(labels: Labels, known: Known, scores: NDArray[Any]) -> list[Curve | None]:
    slopes, intercepts = fit_logistics(logit(scores)[:, None], labels, known, _SHRINKAGE)
    return [
        Curve(float(slope), float(intercept)) if slope > 0 else None
        for slope, intercept in zip(slopes[0], intercepts, strict=True)
    ]


def _isotonic(labels: Labels, known: Known, scores: NDArray[Any]) -> list[Curve | None]:
    curves: list[Curve | None] = []
    for g in range(labels.shape[1]):
        use = known[:, g]
        n = int(use.sum())
        if n < 2:
            curves.append(None)
            continue
        # Laplace's rule: no finite number of movies shows that something never happens.
        fit = IsotonicRegression(y_min=1 / (n + 2), y_max=1 - 1 / (n + 2))
        x = scores[use, g].astype(np.float64)
        shares, step = np.unique(fit.fit_transform(x, labels[use, g]), return_inverse=True)
        # Lines between the middles of its steps (Oron & Flournoy 2017, Centered isotonic
        # regression): on a flat step, movies of different scores would rank alike.
        middles = np.bincount(step, x) / np.bincount(step)
        points = [tuple(np.round([0, *values, 1], 6).tolist()) for values in (middles, shares)]
        curves.append(Curve(scores=points[0], shares=points[1]))
    return curves


_FITS: dict[str, Callable[[Labels, Known, NDArray[Any]], list[Curve | None]]] = {
    "temperature": _temperature,
    "Platt": _platt,
    "isotonic": _isotonic,
}
