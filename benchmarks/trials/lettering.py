"""What is printed on a poster, beside plot and picture: by genre, and fused in other ways.

Late fusion fits a case of its own for movies whose posters were read. The valid part has 482 of
them with a plot; two have the genre Western and one Film-Noir, where 1,309 have a plot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from genreel.calibration import map_logistic, sigmoid
from genreel.catalogue import LETTERING
from genreel.lab.metrics import average_precision, log_loss
from genreel.lab.model import fit_logistics
from genreel.vocabulary import GENRES
from trials.default_parts import PLOT, POSTER, PRINTED, Part, read_test_posters, read_valid_part
from trials.measure import DIVISIONS, FOLDS, Row, figures, folds_of, mean_figures

Array: TypeAlias = NDArray[Any]
CASES = {
    "both, read": ((*PLOT, *POSTER), ("plot", "poster")),
    "poster read": (POSTER, ("poster",)),
}
"""Case → the parts that read all but the lettering, and what they need."""

SHRINKAGE = 30.0
BIAS_PRECISION = 10.0
"""Of the prior that a genre is as common among movies whose posters were read."""


class Fusion(Protocol):
    """From the parts' logits to those of movies."""

    def logits(self, part: Part, rows: Array) -> Array:
        """Shape (rows, genres)."""


@dataclass(frozen=True)
class Case:
    """Late fusion as the default has it: weights, shape (parts, genres), and bias of one case."""

    parts: tuple[str, ...]
    weights: Array
    bias: Array

    def logits(self, part: Part, rows: Array) -> Array:
        """The weighted sum."""
        return np.asarray((part.stack(self.parts, rows) * self.weights).sum(axis=1) + self.bias)


@dataclass(frozen=True)
class Added:
    """A case without lettering, plus what lettering says beyond its mean.

    So lettering that tells nothing changes nothing.

    Attributes:
        base: that case.
        middle: mean logits of the lettering's parts, shape (parts, genres).
        weights: of the base's logit and of these parts, shape (1 + parts, genres).
        bias: shape (genres,).
    """

    base: Case
    middle: Array
    weights: Array
    bias: Array

    def logits(self, part: Part, rows: Array) -> Array:
        """The sum."""
        printed = part.stack(PRINTED, rows) - self.middle
        base = self.base.logits(part, rows) * self.weights[0]
        return np.asarray(base + (printed * self.weights[1:]).sum(axis=1) + self.bias)


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
        for name, fusion in _fit_ways(
            part, parts, teachers, np.intersect1d(teachers, posters)
        ).items():
            logits = results.setdefault(name, np.zeros((len(posters), len(GENRES))))
            logits[is_scored] = fusion.logits(part, posters[is_scored])
    return results


def _on_test(valid: Part, test: Part) -> dict[str, tuple[Array, dict[str, Array]]]:
    """Case → the test movies that were read, and way → logits by what the valid part taught."""
    results = {}
    for case, (parts, needs) in CASES.items():
        rows = test.having(*needs, LETTERING)
        everyone, posters = valid.having(*needs), valid.having(*needs, LETTERING)
        ways = _fit_ways(valid, parts, everyone, posters)
        results[case] = rows, {name: way.logits(test, rows) for name, way in ways.items()}
    return results


def _fit_ways(
    part: Part, parts: tuple[str, ...], everyone: Array, posters: Array
) -> dict[str, Fusion]:
    without = _fit_case(part, parts, everyone)
    all_parts = (*parts, *PRINTED)
    return {
        "without lettering": without,
        "a case of its own": _fit_case(part, all_parts, posters),
        "the same, one weight for all genres": _fit_case(part, all_parts, posters, 1e5),
        "added to the case without": _fit_added(part, without, posters),
    }


def _fit_case(
    part: Part, parts: tuple[str, ...], rows: Array, shrinkage: float = SHRINKAGE
) -> Case:
    x, labels, known = part.stack(parts, rows), part.labels[rows], part.known[rows]
    return Case(parts, *fit_logistics(x, labels, known, shrinkage))


def _fit_added(part: Part, base: Case, rows: Array) -> Added:
    """The weights are drawn to their mean over genres, as late fusion's are, the bias to 0."""
    printed, labels, known = part.stack(PRINTED, rows), part.labels[rows], part.known[rows]
    middle = printed.mean(axis=0)
    x = np.concatenate([base.logits(part, rows)[:, None], printed - middle], axis=1)
    columns, genres = x.shape[1:]
    weights, bias = np.zeros((columns, genres)), np.zeros(genres)
    centre, precision = np.array([1.0, *np.full(len(PRINTED), 1 / len(PRINTED))]), 1.0
    for _ in range(2):
        precisions = np.array([*np.full(columns, precision), BIAS_PRECISION])
        for g in range(genres):
            use = known[:, g]
            design = np.column_stack([x[use, :, g], np.ones(use.sum())])
            solution = map_logistic(design, labels[use, g], np.append(centre, 0), precisions)
            weights[:, g], bias[g] = solution[:-1], solution[-1]
        centre, precision = weights.mean(axis=1), SHRINKAGE
    return Added(base, middle, weights, bias)
