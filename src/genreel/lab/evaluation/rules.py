"""Chooses calibration and thresholds for every input case, on validation movies alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from genreel.calibration import CaseRules, Curve, logit
from genreel.cases import BUNDLE_CASES
from genreel.lab.evaluation.metrics import cell_losses
from genreel.lab.examples import Examples
from genreel.lab.models.ensemble import fit_logistics
from genreel.thresholds import by_promise, choose_thresholds, choose_top_k, global_threshold
from genreel.vocabulary import Known, Labels

PROMISES = (0.8, 0.9, 0.95)
"""Precisions for which thresholds by promise are noted."""


def cases_of(examples: Examples, inputs: Collection[str]) -> dict[str, Examples]:
    """Case → its movies as the model sees them, for each case that a model of `inputs` reads."""
    return {
        name: examples.take(np.flatnonzero(examples.has(case.needs))).without(case.hides)
        for name, case in BUNDLE_CASES.items()
        if case.is_read_by(inputs)
    }


FEWEST = 10
"""Films that a genre's calibration needs of each kind."""

_FOLDS = 5
_SLOPES = np.geomspace(0.2, 5, 101)  # inverse temperatures
_SHRINKAGE = 10.0  # of Platt's slopes towards their mean over genres, see `fit_logistics`

Scored = tuple[Labels, Known, NDArray[Any]]
"""Labels and known cells of validation movies, and their scores; shape (n, genres) each."""


@dataclass(frozen=True)
class Choice:
    """What was chosen.

    Attributes:
        thresholds: of best F1, over movies as they are; for cases without rules of their own.
        cases: some of BUNDLE_CASES → calibration and thresholds of best F1.
        others: case → "global" threshold, "top_k", and "promise": precision → genre →
            threshold or None. For the report and for whoever wants to decide otherwise.
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
        named = {g: curve for g, curve in zip(genres, curves, strict=True) if curve is not None}
        rules[case] = CaseRules(choose_thresholds(genres, labels, known, scores), named)
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

    Temperature, Platt and isotonic calibration are each fitted on four fifths of the movies and
    judged by log loss on the rest, in turn. The best is taken, and fitted on all, if it beats the
    scores themselves by more than the standard error of the difference (the one-standard-error
    rule of Breiman et al. 1984): calibrating what is calibrated only adds noise. So does
    calibrating on a handful of films: a genre keeps its scores unless FEWEST have it and FEWEST
    do not.
    """
    fold = np.random.default_rng(seed).permutation(len(labels)) % _FOLDS
    plain = cell_losses(labels, scores)
    gains = {name: np.zeros_like(plain) for name in _FITS}
    for k in range(min(_FOLDS, len(labels))):
        rest, held = fold != k, fold == k
        for name, fit in _FITS.items():
            for g, curve in enumerate(fit(labels[rest], known[rest], scores[rest])):
                judged = scores[held, g] if curve is None else curve(scores[held, g])
                gains[name][held, g] = plain[held, g] - cell_losses(labels[held, g], judged)
    fitted = {name: fit(labels, known, scores) for name, fit in _FITS.items()}
    chosen: list[Curve | None] = []
    for g in range(labels.shape[1]):
        positive = ((labels[:, g] > 0) & known[:, g]).sum()
        if min(positive, known[:, g].sum() - positive) < FEWEST:
            chosen.append(None)
            continue
        found = {name: gain[known[:, g], g] for name, gain in gains.items()}
        sure = {n: x.mean() for n, x in found.items() if x.mean() > x.std() / len(x) ** 0.5}
        chosen.append(fitted[max(sure, key=sure.__getitem__)][g] if sure else None)
    return chosen


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
        given = scores[use, g].astype(np.float64)
        shares, step = np.unique(fit.fit_transform(given, labels[use, g]), return_inverse=True)
        # Lines between the middles of its steps (Oron & Flournoy 2017, Centered isotonic
        # regression): on a flat step films of different scores would rank alike.
        middles = np.bincount(step, given) / np.bincount(step)
        x, y = (np.round([0, *values, 1], 6).tolist() for values in (middles, shares))
        curves.append(Curve(scores=tuple(x), shares=tuple(y)))
    return curves


_FITS: dict[str, Callable[[Labels, Known, NDArray[Any]], list[Curve | None]]] = {
    "temperature": _temperature,
    "Platt": _platt,
    "isotonic": _isotonic,
}
