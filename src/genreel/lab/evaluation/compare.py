"""Recipes side by side: each trained and measured on one split, the source's figure beside ours."""

from __future__ import annotations

import csv
import html
import io
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from genreel.bundle import read_bundle
from genreel.cases import AS_GIVEN, BOTH, PLOT, POSTER
from genreel.catalogue import Movie
from genreel.errors import BundleError, GenreelError
from genreel.files import write_whole
from genreel.lab.evaluation.card import HEADINGS
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
    *("recipe", "source", "changed", "case", "movies"),
    *(name for figure in FIGURES for name in (figure, f"{figure}_low", f"{figure}_high")),
    *(
        "reported",
        "reported_on",
        "reported_roc_auc",
        "training_seconds",
        "parameters",
        "bundle_bytes",
    ),
    *("movies_per_second", "error"),
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
        split: what `train` trains and measures on; a bundle of another one is trained again.
        out: for leaderboard.csv, .json and .html, and the bundles.

    Returns:
        A row (see COLUMNS) a recipe, best macro ROC AUC first, failures last. One failure does
        not stop the rest: its row has `error`.
    """
    rows: list[dict[str, Any]] = []
    started, trained = time.monotonic(), 0
    for i, recipe in enumerate(recipes):
        name = recipe.head.id
        bundle = out / "bundles" / name
        try:
            metrics = _finished(bundle, recipe, split)
            if metrics is None:
                left = _left(started, trained, len(recipes) - i)
                say(f"{name}: training ({i + 1} of {len(recipes)}){left}")
                metrics = dict(train(recipe, bundle))
                trained += 1
            rows.append(_row(recipe, metrics, bundle, test))
        except (GenreelError, OSError) as error:  # OSError: such as a disk that is full
            say(f"{name}: {error}")
            rows.append({**dict.fromkeys(COLUMNS), **_about(recipe), "error": str(error)})
        rows.sort(key=lambda row: (row["macro_roc_auc"] is None, -(row["macro_roc_auc"] or 0)))
        _write(rows, out)
    return rows


def _left(started: float, trained: int, remaining: int) -> str:
    if not trained:
        return ""
    seconds = (time.monotonic() - started) / trained * remaining
    return f", about {seconds / 60:.0f} min left"


def _finished(bundle: Path, recipe: Recipe, split: Split) -> dict[str, Any] | None:
    """Metrics of an earlier run of the very same recipe on the very same split, if it is whole."""
    try:
        read_bundle(bundle)
        metrics: dict[str, Any] = json.loads((bundle / "metrics.json").read_bytes())
        same = builds((bundle / "recipe.toml").read_text(encoding="utf-8")) == recipe.builds()
    except (BundleError, OSError, ValueError):
        return None
    return (
        metrics if same and metrics.get("split") == split.digest() and "test" in metrics else None
    )


def _about(recipe: Recipe) -> dict[str, Any]:
    reported = dict(recipe.head.reported)
    data = reported.pop("data", "")
    return {
        "recipe": recipe.head.id,
        "source": recipe.head.source,
        "changed": "; ".join(recipe.overrides),
        "reported": "; ".join(f"{name} {value}" for name, value in reported.items()),
        "reported_on": data,
        "reported_roc_auc": reported.get("roc_auc"),
    }


def _row(
    recipe: Recipe, metrics: Mapping[str, Any], bundle: Path, test: Sequence[Movie]
) -> dict[str, Any]:
    predictor = Predictor(bundle)
    case = next(
        case
        for case in (BOTH, PLOT, POSTER, AS_GIVEN)
        if case.name in metrics["test"] and case.is_read_by(predictor.inputs)
    )
    figures = metrics["test"][case.name]
    row: dict[str, Any] = {**dict.fromkeys(COLUMNS), **_about(recipe), "case": case.name}
    row |= {"movies": figures["movies"]}
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


def _write(rows: Sequence[Mapping[str, Any]], out: Path) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(out / "leaderboard.csv", text.getvalue().encode())
    write_whole(out / "leaderboard.json", json.dumps(rows, indent=1).encode())
    write_whole(out / "leaderboard.html", "".join(_page(rows)).encode())


_STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 16%, transparent);
  --bar: #3b7dd8; --theirs: #c2571a; }
@media (prefers-color-scheme: dark) { :root { --bar: #6ea8ff; --theirs: #ffa05c; } }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 100rem;
  padding: 0 1rem; }
h1 { margin-bottom: .2rem; }
p { max-width: 48rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .6rem; text-align: right;
  white-space: nowrap; vertical-align: top; }
th { vertical-align: bottom; font-weight: 600; }
th:nth-child(-n+2), td:nth-child(-n+2), th:nth-child(5), td:nth-child(5) { text-align: left; }
td:first-child { font-weight: 600; }
small { display: block; font-weight: 400; opacity: .75; white-space: normal; width: 17rem; }
.range { position: relative; display: inline-block; width: 9rem; height: .7rem; margin-left: .6rem;
  background: var(--line); border-radius: .35rem; vertical-align: baseline; }
.range i { position: absolute; top: 0; bottom: 0; background: var(--bar); border-radius: .35rem; }
.range b { position: absolute; top: -.2rem; bottom: -.2rem; width: .2rem; margin-left: -.1rem;
  background: var(--theirs); }
.key { color: var(--theirs); font-weight: 600; }
.error { color: light-dark(#b3261e, #ff8a80); white-space: normal; text-align: left; }
@media print { body { max-width: none; font-size: 10px; } .scroll { overflow: visible; } }
"""


def _page(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A page that needs nothing but itself; the first figure is drawn with its interval."""
    yield "<!doctype html><html lang=en><meta charset=utf-8><title>Leaderboard</title>"
    yield "<meta name=viewport content='width=device-width'>"
    yield f"<style>{_STYLE}</style><h1>Leaderboard</h1>"
    yield "<p>One split, known cells only. A bar spans the 95 % bootstrap interval of macro ROC "
    yield "AUC, on a scale from 0.5 to 1; <span class=key>a mark</span> on it is what the source "
    yield "reported, on its own data. Under a recipe stands what was changed in it.</p>"
    yield "<div class=scroll><table><thead><tr>"
    heads = (
        *("recipe", "inputs", "films", "macro ROC AUC", "reported by the source"),
        *(HEADINGS[name] for name in FIGURES[1:]),
        *("training", "parameters", "bundle", "films/s"),
    )
    yield "".join(f"<th scope=col>{head}" for head in heads) + "</thead><tbody>"
    for row in rows:
        yield f"<tr><td>{html.escape(row['recipe'])}"
        yield f"<small>{html.escape(row['changed'])}</small>" if row["changed"] else ""
        if row["error"]:
            yield f"<td colspan={len(heads) - 1} class=error>{html.escape(row['error'])}"
            continue
        yield f"<td>{row['case']}<td>{row['movies']:,}<td>{_number(row['macro_roc_auc'])}"
        yield _range(row["macro_roc_auc_low"], row["macro_roc_auc_high"], row["reported_roc_auc"])
        yield f"<td>{html.escape(row['reported'])}<small>{html.escape(row['source'])}: "
        yield f"{html.escape(row['reported_on'])}</small>"
        yield "".join(f"<td>{_number(row[name])}" for name in FIGURES[1:])
        yield f"<td>{row['training_seconds']:,.0f} s<td>{row['parameters']:,}"
        yield f"<td>{row['bundle_bytes'] / 1e6:,.1f} MB<td>{row['movies_per_second']:,.0f}"
    yield "</tbody></table></div></html>"


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:.3f}"


def _range(low: float | None, high: float | None, reported: float | None) -> str:
    if low is None or high is None:
        return ""
    left, width = max(0.0, (low - 0.5) * 200), max(1.0, (high - low) * 200)
    title = f"95 % interval {low:.3f} to {high:.3f}"
    mark = ""
    if reported is not None:
        title += f"; the source reports {reported:.3f}"
        mark = f"<b style='left:{min(100.0, max(0.0, (reported - 0.5) * 200)):.1f}%'></b>"
    return (
        f"<span class=range role=img aria-label='{title}' title='{title}'>"
        f"<i style='left:{left:.1f}%;width:{width:.1f}%'></i>{mark}</span>"
    )
