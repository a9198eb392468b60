"""How far what the films of one decade teach holds in another: a model per decade, on each."""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from genreel.catalogue import Movie
from genreel.errors import CatalogueError
from genreel.files import write_whole
from genreel.lab.evaluation import plots
from genreel.lab.evaluation.bootstrap import intervals
from genreel.lab.evaluation.eras import enough, eras
from genreel.lab.evaluation.metrics import roc_auc
from genreel.lab.examples import read_examples
from genreel.lab.models.base import Place
from genreel.lab.recipe import Recipe
from genreel.lab.splits import PARTS, Split
from genreel.lab.training.cache import default_cache
from genreel.lab.training.run import build_model, fit_features
from genreel.progress import say

ALL = "all"
"""One model for every decade."""

AS_FEW = "all, as few"
"""A model of as many films as its test decade has, drawn from all: it tells era from amount."""


@dataclass(frozen=True)
class Cell:
    """A model trained on one decade, measured on another.

    Attributes:
        trained_on: a decade, ALL or AS_FEW.
        tested_on: a decade.
        trained, tested: movies.
        genres: those that the test decade has enough films of (`eras.enough`), over which the
            mean goes; the same for every model measured there.
        macro_roc_auc, low, high: with its 95 % bootstrap interval; None where no genre counts.
    """

    trained_on: str
    tested_on: str
    trained: int
    tested: int
    genres: int
    macro_roc_auc: float | None
    low: float | None
    high: float | None


def compare_decades(
    recipe: Recipe, movies: Mapping[str, Movie], split: Split, out: Path
) -> list[Cell]:
    """Trains the recipe on each decade's films, and on all, and measures it on every decade.

    Features are fitted on the same films as the model: a decade's model knows only its words. A
    run that was stopped goes on with the next model. Writes eras.csv, eras.json and eras.html.

    Args:
        recipe: what to train; its exported graph is not needed, so none is written.
        movies: id → movie, with years.
        split: its valid part stops training, its test part is measured.
        out: a folder that is there.

    Raises:
        CatalogueError: fewer than two decades have films enough to train and to test on.
    """
    parts = {name: split.part(name, movies) for name in PARTS}
    tests = eras(parts["test"])
    trains = {name: at for name, at in eras(parts["train"]).items() if name in tests}
    if len(trains) < 2:
        raise CatalogueError(
            "fewer than two decades have films enough to train and to test on; "
            "give a catalogue with years"
        )
    everything = np.arange(len(parts["train"]))
    rng = np.random.default_rng(recipe.head.seed)
    plan = [(name, at, list(tests)) for name, at in trains.items()]
    plan += [
        (AS_FEW, np.sort(rng.permutation(everything)[: len(at)]), [name])
        for name, at in trains.items()
    ]
    plan.append((ALL, everything, list(tests)))

    kept = out / "eras.json"
    identity = {"recipe": recipe.builds(), "split": split.digest()}
    done = _kept(kept, identity)
    found: list[Cell] = []
    for k, (name, at, where) in enumerate(plan):
        cells = [cell for cell in done if cell.trained_on == name and cell.tested_on in where]
        if not cells:
            say(f"{name}, for {', '.join(where)}: {len(at):,} films ({k + 1} of {len(plan)})")
            chosen = {**parts, "train": [parts["train"][i] for i in at]}
            place = Place(out / "checkpoints" / f"{k}", recipe.head.seed)
            cells = list(_measured(recipe, chosen, name, {n: tests[n] for n in where}, place))
        found += cells
        text = json.dumps({**identity, "cells": [asdict(cell) for cell in found]}, indent=1)
        write_whole(kept, text.encode())
    write_whole(out / "eras.csv", _table(found).encode())
    write_whole(out / "eras.html", "".join(_page(found, recipe.head.title)).encode())
    return found


def _kept(path: Path, identity: Mapping[str, Any]) -> list[Cell]:
    """What an earlier run of the same recipe and split measured."""
    try:
        earlier = json.loads(path.read_text(encoding="utf-8"))
        same = {name: earlier[name] for name in identity} == json.loads(json.dumps(identity))
        return [Cell(**cell) for cell in earlier["cells"]] if same else []
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _measured(
    recipe: Recipe,
    parts: Mapping[str, Sequence[Movie]],
    trained_on: str,
    tests: Mapping[str, Any],
    place: Place,
) -> Iterator[Cell]:
    features = fit_features(recipe, parts["train"])
    cache = default_cache()
    train, valid, test = (
        read_examples(parts[name], features, recipe.vocabulary, cache) for name in PARTS
    )
    model = build_model(recipe.model, features)
    model.fit(train, valid, place)
    for name, at in tests.items():
        shown = test.take(at)
        shown = shown.take(np.flatnonzero(shown.told()))
        use = enough(shown.labels, shown.known)
        labels, known = shown.labels[:, use], shown.known[:, use]
        scores = model.scores(shown)[:, use].astype(np.float64)
        value = low = high = None
        if use.any():
            value = round(float(roc_auc(labels, known, scores).mean()), 4)
            ends, _ = intervals(labels, known, scores, scores >= 0.5)
            low, high = (round(end, 4) for end in ends["macro_roc_auc"])
        yield Cell(trained_on, name, len(train), len(shown), int(use.sum()), value, low, high)


def _table(cells: Sequence[Cell]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(Cell.__dataclass_fields__), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(cell) for cell in cells)
    return text.getvalue()


_LAYOUT = """
body { background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif;
  max-width: 60rem; margin: 2.5rem auto; padding: 0 1.25rem; }
h1, h2 { font-family: Georgia, "Times New Roman", serif; line-height: 1.2; }
h2 { margin-top: 2.6rem; } p { max-width: 44rem; } figure { margin: 1rem 0; overflow-x: auto; }
.key span { margin-right: 1.2rem; white-space: nowrap; }
.key span::before { content: ""; display: inline-block; width: .8rem; height: .8rem;
  border-radius: .25rem; background: var(--colour); margin-right: .4rem; }
"""

_COLOURS = {"its own": "var(--both)", AS_FEW: "var(--poster)", ALL: "var(--plot)"}


def _page(cells: Sequence[Cell], title: str) -> Iterator[str]:
    """A page that needs nothing but itself: the matrix, and own models against one for all."""
    by_place = {(cell.trained_on, cell.tested_on): cell for cell in cells}
    columns = list(dict.fromkeys(cell.tested_on for cell in cells))
    rows = [name for name in (*columns, ALL) if any(cell.trained_on == name for cell in cells)]
    values = [
        [c.macro_roc_auc if (c := by_place.get((row, column))) else None for column in columns]
        for row in rows
    ]
    told = [value for row in values for value in row if value is not None]
    scale = (min(told, default=0.5), max(max(told, default=1.0), min(told, default=0.5) + 0.01))
    yield "<!doctype html><html lang=en><meta charset=utf-8><title>Decades</title>"
    yield "<meta name=viewport content='width=device-width, initial-scale=1'>"
    yield f"<link rel=icon href='data:,'><style>{plots.STYLE}{_LAYOUT}</style><main>"
    yield f"<h1>{html.escape(title)}, decade by decade</h1>"
    yield "<p>Macro ROC AUC of a model trained on the films of the decade of the row, on the test "
    yield "films of the decade of the column, over the genres that have at least five films there, "
    yield "and as many without.</p><figure>"
    yield plots.heatmap(rows, columns, values, "ROC AUC by training and test decade", 3, scale)
    yield "</figure><h2>A model of its own against one for all</h2>"
    yield "<p>The model of all decades learnt from more films. One of as few films as the decade "
    yield "has, drawn from all decades, tells what is due to the era from what is due to the "
    yield "amount. Bars are 95&nbsp;% bootstrap intervals; below each decade, its test films.</p>"
    yield "<p class=key>"
    for name, colour in _COLOURS.items():
        yield f"<span style='--colour:{colour}'>{name}</span>"
    yield "</p><figure>"
    groups = []
    for column in columns:
        trained = {"its own": column, AS_FEW: AS_FEW, ALL: ALL}
        shown = {
            name: plots.Whisker(name, c.macro_roc_auc, c.low or 0.0, c.high or 0.0, _COLOURS[name])
            for name, row in trained.items()
            if (c := by_place.get((row, column))) and c.macro_roc_auc is not None
        }
        if shown:
            groups.append((column, by_place[ALL, column].tested, shown))
    yield plots.columns_of(groups, 0.5, 1.0, "ROC AUC of three models by decade")
    yield "</figure></main></html>"
