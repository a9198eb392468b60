"""What is printed on a poster, beside plot and picture: by genre, and fused in other ways.

Late fusion fits a case of its own for movies whose poster was read. The valid part has 482 of them
with a plot, some genres among them fewer than ten times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from genreel.calibration import map_logistic
from genreel.catalogue import LETTERING
from genreel.lab.metrics import average_precision, log_loss
from genreel.lab.model import fit_logistics
from genreel.vocabulary import GENRES
from trials.default_parts import PLOT, POSTER, PRINTED, ValidPart, read_valid_part
from trials.measure import FOLDS, Row, figures, folds_of

Array: TypeAlias = NDArray[Any]
CASES = {
    "both, read": ((*PLOT, *POSTER), ("plot", "poster")),
    "poster read": (POSTER, ("poster",)),
}
"""Case → the parts that read all but the lettering, and what they need."""

BIAS_PRECISION = 10.0
"""Of the prior that a genre is as common among movies whose posters were read."""


def lettering(out: Path) -> Iterator[Row]:
    """Macro figures of each way."""
    part = read_valid_part(out)
    for case in CASES:
        rows, ways = scores_of(part, case)
        for name, scores in ways.items():
            yield figures(name, case, part.labels[rows], part.known[rows], scores)


def lettering_by_genre(out: Path) -> Iterator[Row]:
    """Average precision of each genre in each way, and how many valid movies have it."""
    part = read_valid_part(out)
    for case in CASES:
        rows, ways = scores_of(part, case)
        labels, known = part.labels[rows], part.known[rows]
        precisions = {name: average_precision(labels, known, z) for name, z in ways.items()}
        for g, genre in enumerate(GENRES):
            row = {"inputs": case, "genre": genre, "films": int((labels * known)[:, g].sum())}
            yield row | {name: f"{values[g]:.3f}" for name, values in precisions.items()}


def scores_of(part: ValidPart, case: str) -> tuple[NDArray[np.int64], dict[str, Array]]:
    """The movies of a case, and way → their logits, by folds of the valid part."""
    parts, needs = CASES[case]
    everyone, read = part.having(*needs), part.having(*needs, LETTERING)
    folds = folds_of(len(part.movies))
    ways: dict[str, Callable[[Array, Array], Array]] = {
        "without lettering": lambda taught, shown: _plain(part, parts, taught, shown),
        "a case of its own": lambda taught, shown: _plain(
            part, (*parts, *PRINTED), np.intersect1d(taught, read), shown
        ),
        "the same, weights of genres drawn together": lambda taught, shown: _plain(
            part, (*parts, *PRINTED), np.intersect1d(taught, read), shown, 3000
        ),
        "added to the case without": lambda taught, shown: _added(
            part, parts, taught, np.intersect1d(taught, read), shown
        ),
    }
    results = {name: np.zeros((len(read), len(GENRES))) for name in ways}
    for fold in range(FOLDS):
        taught = everyone[folds[everyone] != fold]
        is_shown = folds[read] == fold
        for name, fit in ways.items():
            results[name][is_shown] = fit(taught, read[is_shown])
    return read, results


def _plain(
    part: ValidPart, parts: tuple[str, ...], taught: Array, shown: Array, shrinkage: float = 30
) -> Array:
    """Late fusion, as the default has it."""
    x = part.stack(parts, taught)
    weights, bias = fit_logistics(x, part.labels[taught], part.known[taught], shrinkage)
    return np.asarray((part.stack(parts, shown) * weights).sum(axis=1) + bias)


def _added(
    part: ValidPart, parts: tuple[str, ...], taught: Array, read: Array, shown: Array
) -> Array:
    """Late fusion without lettering, plus what lettering says beyond its mean.

    So lettering that tells nothing changes nothing. The weights are drawn to their mean over
    genres, the bias to 0.
    """
    x = part.stack(parts, taught)
    weights, bias = fit_logistics(x, part.labels[taught], part.known[taught], 30)

    def rows_of(movies: Array) -> tuple[Array, Array]:
        base = (part.stack(parts, movies) * weights).sum(axis=1) + bias
        return base, part.stack(PRINTED, movies)

    base, printed = rows_of(read)
    middle = printed.mean(axis=0)
    later, later_printed = rows_of(shown)
    labels, known = part.labels[read], part.known[read]
    columns = 1 + len(PRINTED)
    solution = np.zeros((columns + 1, labels.shape[1]))
    centre, precision = np.array([1.0, *np.full(len(PRINTED), 1 / 3)]), 1.0
    for _ in range(2):
        for g in range(labels.shape[1]):
            use = known[:, g]
            design = np.column_stack(
                [base[use, g], (printed - middle)[use, :, g], np.ones(use.sum())]
            )
            precisions = np.array([*np.full(columns, precision), BIAS_PRECISION])
            solution[:, g] = map_logistic(design, labels[use, g], np.append(centre, 0), precisions)
        centre, precision = solution[:columns].mean(axis=1), 30.0
    added = ((later_printed - middle) * solution[1:columns]).sum(axis=1)
    return np.asarray(later * solution[0] + added + solution[columns])


def losses(part: ValidPart, case: str) -> dict[str, float]:
    """Way → log loss, the mean over genres, in nats."""
    rows, ways = scores_of(part, case)
    labels, known = part.labels[rows], part.known[rows]
    return {name: log_loss(labels, known, 1 / (1 + np.exp(-z))) for name, z in ways.items()}
