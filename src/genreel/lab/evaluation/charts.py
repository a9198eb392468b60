"""The figures of the report: what a bundle answered, drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from sklearn.metrics import precision_recall_curve

from genreel.cases import AS_GIVEN, BOTH, PLOT, POSTER
from genreel.catalogue import Movie
from genreel.lab.evaluation.eras import by_era
from genreel.lab.evaluation.evaluate import Outcome
from genreel.lab.evaluation.pages import plots
from genreel.lab.evaluation.pages.plots import Point, Svg, Whisker
from genreel.lab.metrics import CALIBRATION_BINS, calibration_bin

COLOURS = {
    AS_GIVEN.name: "var(--all)",
    BOTH.name: "var(--both)",
    PLOT.name: "var(--plot)",
    POSTER.name: "var(--poster)",
}
"""Case → the CSS colour of its lines."""

_POINTS = 60  # of a curve
_FEWEST_CELLS = 20  # of a bin of scores: fewer say nothing about its share

T = TypeVar("T")


def distinct(cases: Mapping[str, T]) -> Mapping[str, T]:
    """The cases but AS_GIVEN, which mixes the others; with no other, AS_GIVEN."""
    return {name: value for name, value in cases.items() if name != AS_GIVEN.name} or cases


def headline(metrics: Mapping[str, Any]) -> Svg:
    """Macro ROC AUC of each case."""
    rows = [
        _whisker(case, figures)
        for case, figures in metrics.items()
        if figures["macro_roc_auc"] is not None
    ]
    low = min([0.7, *(np.floor(row.low * 10) / 10 for row in rows)])
    return plots.whiskers(rows, low, 1.0, "Macro ROC AUC by input case")


def _whisker(case: str, figures: Mapping[str, Any]) -> Whisker:
    value = figures["macro_roc_auc"]
    low, high = figures["intervals"].get("macro_roc_auc", (value, value))
    return Whisker(case, value, low, high, COLOURS[case])


def curves(cases: Mapping[str, Outcome]) -> list[Svg]:
    """Precision over recall: a panel for each genre, a line for each case."""
    first = next(iter(cases.values()))
    panels = []
    for g in first.frequent_genres():
        lines = {
            COLOURS[case]: points
            for case, outcome in distinct(cases).items()
            if (points := _curve(outcome, g))
        }
        note = f"{int(first.labels[first.known[:, g], g].sum()):,}"
        panels.append(plots.panel(first.genres[g], note, lines, ("recall", "precision"), False))
    return panels


def _curve(outcome: Outcome, g: int) -> list[Point]:
    """(recall, precision) of one genre; empty without a positive."""
    rows = outcome.known[:, g]
    labels, scores = outcome.labels[rows, g], outcome.scores[rows, g]
    if not labels.sum() > 0:
        return []
    precision, recall, _ = precision_recall_curve(labels, scores)
    # Evenly along recall, which falls: rare genres have few points where they matter.
    at = len(recall) - np.searchsorted(recall[::-1], np.linspace(1, 0, _POINTS), side="right")
    at = np.unique(at)
    at = at[at < len(recall)]
    return list(zip(recall[at], precision[at], strict=True))


def reliability(cases: Mapping[str, Outcome]) -> list[Svg]:
    """Share of movies that have a genre over their score for it, all genres together."""
    panels = []
    for case, outcome in cases.items():
        bins = calibration_bin(outcome.scores)[outcome.known]
        counts = np.bincount(bins, minlength=CALIBRATION_BINS)
        use = counts >= _FEWEST_CELLS
        means = (
            np.bincount(bins, values[outcome.known], CALIBRATION_BINS)[use] / counts[use]
            for values in (outcome.scores, outcome.labels)
        )
        lines = {COLOURS[case]: list(zip(*means, strict=True))}
        panels.append(plots.panel(case, "", lines, ("score", "share of movies"), True))
    return panels


def mix_ups(outcome: Outcome) -> Svg:
    """Of the movies labelled with the genre of a row, the share that the model assigns each."""
    true = ((outcome.labels > 0) & outcome.known).astype(float)
    order = outcome.frequent_genres()
    shares = true.T @ outcome.decisions / np.maximum(true.sum(axis=0), 1)[:, None]
    names = [outcome.genres[g] for g in order]
    cells = [[float(shares[r, c]) for c in order] for r in order]
    return plots.heatmap(names, names, cells, "Genres assigned to the movies of each genre")


LEARNING_COLOURS = {"training movies": "var(--plot)", "validation movies": "var(--both)"}
"""Whose figures → the CSS colour of their line."""


def learning(history: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Svg]:
    """Loss and label accuracy by epoch: two panels for each network.

    Args:
        history: name of a network → its epochs, as metrics.json has them.
    """
    panels = []
    for name, epochs in history.items():
        prefix = f"{name}: " if len(history) > 1 else ""
        for figure, digits in (("loss", 3), ("accuracy", 3)):
            keys = (figure, f"valid_{figure}")
            lines = {
                colour: [epoch.get(key) for epoch in epochs]
                for colour, key in zip(LEARNING_COLOURS.values(), keys, strict=True)
            }
            panels.append(plots.epochs(f"{prefix}{figure}", lines, digits))
    return panels


def decades(cases: Mapping[str, Outcome]) -> Svg | None:
    """Macro ROC AUC by era, a dot for each case; None where no era has movies enough."""
    counts: dict[str, int] = {}
    rows: dict[str, list[Whisker]] = {}
    # A case may hide the year from the model; the movie still has one.
    years = {
        movie.id: movie.year
        for outcome in cases.values()
        for movie in outcome.movies
        if movie.year is not None
    }
    for case, outcome in distinct(cases).items():
        movies = [Movie(movie.id, year=years.get(movie.id)) for movie in outcome.movies]
        for era, figures in by_era(outcome, movies).items():
            if figures["macro_roc_auc"] is not None:
                counts.setdefault(era, figures["movies"])
                rows.setdefault(era, []).append(_whisker(case, figures))
    groups = [(era, counts[era], row) for era, row in rows.items()]
    return plots.columns(groups, 0.5, 1.0, "Macro ROC AUC by decade") if groups else None
