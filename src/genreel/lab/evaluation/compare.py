"""Recipes side by side: each trained and measured on one split, the source's figure beside ours."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from genreel.bundle import read_bundle
from genreel.cases import AS_GIVEN, BOTH, PLOT, POSTER
from genreel.catalogue import Movie
from genreel.errors import BundleError, GenreelError
from genreel.files import write_whole
from genreel.lab.evaluation import charts
from genreel.lab.evaluation.figures import HEADINGS
from genreel.lab.evaluation.pages.plots import Svg
from genreel.lab.evaluation.pages.render import render
from genreel.lab.evaluation.reported import as_text, decision_of, ours, theirs
from genreel.lab.recipe import Recipe, builds
from genreel.lab.splits import Split
from genreel.predictor import Predictor
from genreel.progress import say

FIGURES = (
    "macro_roc_auc",
    "macro_average_precision",
    "macro_f1",
    "micro_f1",
    "weighted_f1",
    "samples_f1",
    "label_accuracy",
    "log_loss",
)
COLUMNS = (
    "recipe",
    "source",
    "changed",
    "decides",
    "case",
    "movies",
    "trained_on",
    *(name for figure in FIGURES for name in (figure, f"{figure}_low", f"{figure}_high")),
    "reported",
    "measured",
    "reported_on",
    "reported_roc_auc",
    "training_seconds",
    "parameters",
    "bundle_bytes",
    "movies_per_second",
    "error",
)

Train = Callable[[Recipe, Path], Mapping[str, Any]]


def compare(
    recipes: Sequence[Recipe], train: Train, test: Sequence[Movie], split: Split, out: Path
) -> list[dict[str, Any]]:
    """Trains every recipe that is not finished yet, and writes the leaderboard after each.

    Args:
        recipes: what to compare.
        train: trains one into a bundle's folder and returns its metrics.
        test: movies to time predictions on.
        split: the split that `train` uses; a bundle of another split is trained again.
        out: for leaderboard.csv, .json and .html, and the bundles.

    Returns:
        A row (see COLUMNS) for each recipe, best macro ROC AUC first, failures last. A failure
        does not stop the rest: its row has `error`. `decides` is how it comes from scores to
        genres, `reported` what its source reports, and `measured` ours by the same measures.
        `trained_on` is how many of the movies in
        `test` it was trained or tuned on, by id or by title and year; None where a bundle of an
        earlier genreel cannot tell.
    """
    rows: list[dict[str, Any]] = []
    histories: dict[str, Any] = {}
    start, count = time.monotonic(), 0
    for i, recipe in enumerate(recipes):
        name = recipe.head.id
        bundle = out / "bundles" / name
        try:
            metrics = _read_metrics(bundle, recipe, split)
            if metrics is None:
                forecast = _forecast(time.monotonic() - start, count, len(recipes) - i)
                say(f"{name}: training ({i + 1} of {len(recipes)}){forecast}")
                metrics = dict(train(recipe, bundle))
                count += 1
            rows.append(_row(recipe, metrics, bundle, test))
            histories[name] = metrics.get("history", {})
        except (GenreelError, OSError) as error:  # OSError: such as a disk that is full
            say(f"{name}: {error}")
            rows.append({**dict.fromkeys(COLUMNS), **_about(recipe), "error": str(error)})
        rows.sort(key=lambda row: (row["macro_roc_auc"] is None, -(row["macro_roc_auc"] or 0)))
        _write(rows, histories, out)
    return rows


def _forecast(seconds: float, count: int, remaining: int) -> str:
    """How long the remaining recipes take, if each takes as long as those so far."""
    return f", about {seconds / count * remaining / 60:.0f} min left" if count else ""


def _read_metrics(bundle: Path, recipe: Recipe, split: Split) -> dict[str, Any] | None:
    """Metrics of an earlier, complete run of the same recipe on the same split, or None."""
    try:
        read_bundle(bundle)
        metrics: dict[str, Any] = json.loads((bundle / "metrics.json").read_bytes())
        is_same = builds((bundle / "recipe.toml").read_text(encoding="utf-8")) == recipe.builds()
    except (BundleError, OSError, ValueError):
        return None
    is_same = is_same and metrics.get("split") == split.digest()
    return metrics if is_same and "test" in metrics else None


def _about(recipe: Recipe) -> dict[str, Any]:
    head = recipe.head
    remark = head.reported.get("remark", "")
    return {
        "recipe": head.id,
        "source": head.source,
        "changed": "; ".join(recipe.overrides),
        "decides": decision_of(head),
        "reported": "; ".join(filter(None, (as_text(theirs(head)), remark))),
        "reported_on": head.reported.get("data", ""),
        "reported_roc_auc": head.reported.get("roc_auc"),
    }


def _row(
    recipe: Recipe, metrics: Mapping[str, Any], bundle: Path, test: Sequence[Movie]
) -> dict[str, Any]:
    predictor = Predictor(bundle)
    case = next(
        case
        for case in (BOTH, PLOT, POSTER, AS_GIVEN)
        if case.name in metrics["test"] and case.is_read_by(predictor.reads)
    )
    figures = metrics["test"][case.name]
    row: dict[str, Any] = {**dict.fromkeys(COLUMNS), **_about(recipe), "case": case.name}
    row["measured"] = as_text(ours(recipe.head, metrics, figures))
    row |= {"movies": figures["movies"], "trained_on": _trained_on(predictor, test)}
    row |= {name: metrics[name] for name in ("training_seconds", "parameters")}
    row |= {name: figures[name] for name in FIGURES}
    for name in FIGURES:
        row[f"{name}_low"], row[f"{name}_high"] = figures["intervals"].get(name, (None, None))
    row["bundle_bytes"] = sum(path.stat().st_size for path in bundle.iterdir())
    views = [case.view(movie) for movie in test[:200]]
    start = time.perf_counter()
    count = sum(1 for _ in predictor.predict_many(views))
    row["movies_per_second"] = round(count / (time.perf_counter() - start), 1)
    return row


def _trained_on(predictor: Predictor, test: Sequence[Movie]) -> int | None:
    seen = predictor.bundle.seen
    return sum(seen.part_of(m) in ("train", "valid") for m in test) if seen else None


def _sentence(rows: Sequence[Mapping[str, Any]]) -> str:
    """What the page says of the movies that were measured."""
    counts = [row["trained_on"] for row in rows if not row["error"]]
    if None in counts:
        return "A bundle here cannot tell which movies it was trained on."
    most = max(counts, default=0)
    if most:
        return (
            f"Up to {most:,} of the movies measured share title and year with one that a recipe "
            "was trained or tuned on."
        )
    return "No recipe was trained or tuned on a movie that is measured."


def _panels(name: str, histories: Mapping[str, Any]) -> list[Svg]:
    return charts.learning(histories.get(name, {}))


def _write(rows: Sequence[Mapping[str, Any]], histories: Mapping[str, Any], out: Path) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(out / "leaderboard.csv", text.getvalue().encode())
    write_whole(out / "leaderboard.json", json.dumps(rows, indent=1).encode())
    headings = {name: HEADINGS[name] for name in FIGURES[1:]}
    values = {"rows": rows, "headings": headings, "seen": _sentence(rows)}
    values["learning"] = {row["recipe"]: _panels(row["recipe"], histories) for row in rows}
    page = render("leaderboard.html", values | {"colours": charts.LEARNING_COLOURS})
    write_whole(out / "leaderboard.html", page.encode())
