"""The tables of the report: what a bundle answered, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from genreel.cases import PLOT, POSTER
from genreel.lab.evaluation.evaluate import Outcome
from genreel.lab.metrics import average_precision, precision_recall_f1
from genreel.thresholds import top_k


def genre_rows(metrics: Mapping[str, Any], main: str) -> list[dict[str, Any]]:
    """A row for each genre, the most frequent first.

    Args:
        metrics: case → `Outcome.figures`.
        main: the case of the row's own figures; those with one input only stand in `single`.
    """
    rows = []
    for genre, figures in metrics[main]["genres"].items():
        low, high = figures["intervals"].get("roc_auc", (None, None))
        single = {
            case.name: metrics[case.name]["genres"][genre]["roc_auc"]
            for case in (PLOT, POSTER)
            if case.name in metrics
        }
        rows.append({"genre": genre, **figures, "low": low, "high": high, "single": single})
    return sorted(rows, key=lambda row: -row["positive"])


def pair_rows(outcome: Outcome, other: Outcome) -> list[dict[str, Any]]:
    """Two bundles on the movies that both answered: a row for each genre, the most frequent first.

    Returns:
        Each with `genre`, `films` (how many have it) and `figures`: pairs (other's, ours) of
        average precision; recall and F1 at 0.5; precision, recall and F1 as decided.
    """
    positions = {movie.id: i for i, movie in enumerate(other.movies)}
    at = [i for i, movie in enumerate(outcome.movies) if movie.id in positions]
    ours = outcome.take(np.array(at, np.int64))
    theirs = other.take(np.array([positions[movie.id] for movie in ours.movies], np.int64))
    before, after = _genre_figures(theirs), _genre_figures(ours)
    return [
        {
            "genre": genre,
            "films": int(ours.labels[ours.known[:, g], g].sum()),
            "figures": list(zip(before[genre], after[genre], strict=True)),
        }
        for g in ours.frequent_genres()
        if (genre := ours.genres[g]) in before
    ]


def _genre_figures(outcome: Outcome) -> dict[str, list[float | None]]:
    """Genre → the figures of `pair_rows`, None where undefined."""
    arrays = outcome.labels, outcome.known
    _, *at_half = precision_recall_f1(*arrays, outcome.scores >= 0.5)
    in_use = precision_recall_f1(*arrays, outcome.decisions)
    rows = np.stack((average_precision(*arrays, outcome.scores), *at_half, *in_use), axis=1)
    return {
        genre: [None if np.isnan(value) else float(value) for value in row]
        for genre, row in zip(outcome.genres, rows, strict=True)
    }


def decision_rows(
    cases: Mapping[str, Outcome], decisions: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """What other ways to decide would give: a row for each case and way.

    Args:
        cases: case → what the bundle answered.
        decisions: case → thresholds chosen on validation movies (`rules.Choice.others`).
    """
    return [
        {"case": case, "way": way, **_decision_figures(outcome, choice)}
        for case, outcome in cases.items()
        for way, choice in _ways(outcome, decisions.get(case)).items()
    ]


def _ways(outcome: Outcome, others: Mapping[str, Any] | None) -> dict[str, Any]:
    """Way to decide → decisions, bool, shape (n, genres)."""
    scores = outcome.scores
    ways = {"0.5 for every genre": scores >= 0.5, "by genre (in use)": outcome.decisions}
    if others:
        ways[f"one for all, {others['global']:.2f}"] = scores >= others["global"]
        ways[f"the {others['top_k']} highest"] = top_k(scores, others["top_k"])
        for promise, limits in others["promise"].items():
            # No score reaches 2: such a genre is never promised.
            limit = [2.0 if limits[genre] is None else limits[genre] for genre in outcome.genres]
            ways[f"promise: {float(promise):.0%} right"] = scores >= np.array(limit)
    return ways


def _decision_figures(outcome: Outcome, decisions: Any) -> dict[str, float | None]:
    """Figures of decisions; `films` is the share of movies that get a genre."""
    arrays = outcome.labels, outcome.known, decisions
    precision, recall, f1 = (float(x) for x in precision_recall_f1(*arrays, axis=None))
    positive = ((outcome.labels > 0) & outcome.known).any(axis=0)
    by_genre = precision_recall_f1(*arrays)[2][positive]
    count = (decisions & outcome.known).any(axis=1)
    return {
        "macro_f1": float(by_genre.mean()) if len(by_genre) else None,
        "micro_f1": f1,
        "precision": precision if count.any() else None,
        "covered": recall,
        "films": float(count.mean()) if len(count) else None,
    }
