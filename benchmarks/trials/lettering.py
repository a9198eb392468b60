"""What is printed on a poster, beside plot and picture: by genre, and fused in other ways.

Late fusion fits a case of its own for movies whose posters were read. The valid part has 482 of
them with a plot; two have the genre Western and one Film-Noir, where 1,309 have a plot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from genreel.calibration import sigmoid
from genreel.catalogue import LETTERING
from genreel.lab.metrics import average_precision, log_loss
from genreel.lab.models.late_fusion import LateFusionSettings, Sum, add_lettering, fit_sum
from genreel.vocabulary import GENRES
from trials.default_parts import PLOT, POSTER, PRINTED, Part, read_test_posters, read_valid_part
from trials.measure import DIVISIONS, FOLDS, Row, figures, folds_of, mean_figures

Array: TypeAlias = NDArray[Any]
CASES = {
    "both, read": ((*PLOT, *POSTER), ("plot", "poster")),
    "poster read": (POSTER, ("poster",)),
}
"""Case → the parts that read all but the lettering, and what they need."""

SETTINGS = LateFusionSettings()


def lettering(out: Path) -> Iterator[Row]:
    """Macro figures of each way: by folds of the valid part, then on the test part."""
    valid, test = read_valid_part(out), read_test_posters(out)
    for case, (parts, needs) in CASES.items():
        rows = valid.having(*needs, LETTERING)
        cells = valid.labels[rows], valid.known[rows]
        tables: dict[str, list[Row]] = {}
        for seed in range(DIVISIONS):
            for name, logits in _by_folds(valid, parts, needs, seed).items():
                tables.setdefault(name, []).append(figures(name, case, *cells, logits))
        yield from map(mean_figures, tables.values())
    for case, (rows, ways) in _on_test(valid, test).items():
        for name, logits in ways.items():
            cells = test.labels[rows], test.known[rows]
            yield figures(name, f"{case}, test part", *cells, logits)


def lettering_by_genre(out: Path) -> Iterator[Row]:
    """Average precision of each genre in each way on the test part, how many movies have it, and
    at the end the log loss.
    """
    valid, test = read_valid_part(out), read_test_posters(out)
    for case, (rows, ways) in _on_test(valid, test).items():
        labels, known = test.labels[rows], test.known[rows]
        values = {name: average_precision(labels, known, z) for name, z in ways.items()}
        for g, genre in enumerate(GENRES):
            row = {"inputs": case, "genre": genre, "films": int((labels * known)[:, g].sum())}
            yield row | {name: f"{column[g]:.3f}" for name, column in values.items()}
        losses = {n: f"{log_loss(labels, known, sigmoid(z)):.4f}" for n, z in ways.items()}
        yield {"inputs": case, "genre": "log loss", "films": len(rows), **losses}


def _by_folds(
    part: Part, parts: tuple[str, ...], needs: tuple[str, ...], seed: int
) -> Mapping[str, Array]:
    """Way → logits of the movies that were read, each by what the other four fifths taught."""
    everyone, posters = part.having(*needs), part.having(*needs, LETTERING)
    folds = folds_of(len(part.movies), seed)
    results: dict[str, Array] = {}
    for fold in range(FOLDS):
        teachers = everyone[folds[everyone] != fold]
        is_scored = folds[posters] == fold
        ways = _fit_ways(part, parts, teachers, np.intersect1d(teachers, posters))
        x = part.stack((*parts, *PRINTED), posters[is_scored])
        for name, total in ways.items():
            logits = results.setdefault(name, np.zeros((len(posters), len(GENRES))))
            logits[is_scored] = total(x)
    return results


def _on_test(valid: Part, test: Part) -> dict[str, tuple[Array, dict[str, Array]]]:
    """Case → the test movies that were read, and way → logits by what the valid part taught."""
    results = {}
    for case, (parts, needs) in CASES.items():
        rows = test.having(*needs, LETTERING)
        everyone, posters = valid.having(*needs), valid.having(*needs, LETTERING)
        ways = _fit_ways(valid, parts, everyone, posters)
        x = test.stack((*parts, *PRINTED), rows)
        results[case] = rows, {name: total(x) for name, total in ways.items()}
    return results


def _fit_ways(
    part: Part, parts: tuple[str, ...], everyone: Array, posters: Array
) -> dict[str, Sum]:
    names = (*parts, *PRINTED)
    is_printed = np.isin(names, PRINTED)
    every, printed = (
        (part.stack(names, rows), part.labels[rows], part.known[rows])
        for rows in (everyone, posters)
    )
    is_any = np.ones(len(names), np.bool_)
    without = fit_sum(*every, ~is_printed, SETTINGS)
    return {
        "without lettering": without,
        "a case of its own": fit_sum(*printed, is_any, SETTINGS),
        "the same, one weight for all genres": fit_sum(
            *printed, is_any, replace(SETTINGS, shrinkage=1e5)
        ),
        "added to the case without": add_lettering(without, *printed, is_printed, SETTINGS),
    }
