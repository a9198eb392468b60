"""How well a model of one decade's movies does on those of another."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel.catalogue import Movie
from genreel.errors import CatalogueError
from genreel.files import write_whole
from genreel.lab.evaluation.bootstrap import intervals
from genreel.lab.evaluation.eras import enough, eras
from genreel.lab.evaluation.pages import plots
from genreel.lab.evaluation.pages.render import render
from genreel.lab.examples import read_examples
from genreel.lab.metrics import roc_auc
from genreel.lab.model import Place
from genreel.lab.recipe import Recipe
from genreel.lab.splits import PARTS, Split
from genreel.lab.train import build_model, fit_features
from genreel.paths import cache_folder
from genreel.progress import say

ALL = "all"
"""One model for every decade."""

AS_FEW = "all, as few"
"""A model of as many movies as its test decade has, drawn from all decades: its figure differs from
the decade's own model by the era alone, not by the number of movies."""


Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Cell:
    """A model trained on one decade, measured on another.

    Attributes:
        trained_on: an era (see `eras`), ALL or AS_FEW.
        tested_on: an era.
        trained, tested: how many movies.
        genres: how many the mean is over, those that the test era has enough movies of
            (`eras.enough`); the same for every model that is measured on it.
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
    """Trains the recipe on each decade's movies, and on all, and measures it on every decade.

    Features are fitted on the same movies as the model: a decade's model knows only its words. A
    run that was stopped goes on with the next model. Writes eras.csv, eras.json and eras.html.

    Args:
        recipe: what to train; its exported graph is not needed, so none is written.
        movies: id → movie, with years.
        split: its valid part stops training, its test part is measured.
        out: a folder that exists.

    Raises:
        CatalogueError: fewer than two decades have movies enough to train and to test on.
    """
    parts = {name: split.part(name, movies) for name in PARTS}
    tests = eras(parts["test"])
    trains = {name: at for name, at in eras(parts["train"]).items() if name in tests}
    if len(trains) < 2:
        raise CatalogueError(
            "fewer than two decades have films enough to train and to test on; "
            "give a catalogue with years"
        )
    plan = _plan(trains, list(tests), len(parts["train"]), recipe.head.seed)

    path = out / "eras.json"
    identity = {"recipe": recipe.builds(), "split": split.digest()}
    earlier = _read_cells(path, identity)
    cells: list[Cell] = []
    for k, (name, at, names) in enumerate(plan):
        row = [cell for cell in earlier if cell.trained_on == name and cell.tested_on in names]
        if not row:
            say(f"{name}, for {', '.join(names)}: {len(at):,} films ({k + 1} of {len(plan)})")
            own = {**parts, "train": [parts["train"][i] for i in at]}
            place = Place(out / "checkpoints" / f"{k}", recipe.head.seed)
            row = list(_measure(recipe, own, name, {n: tests[n] for n in names}, place))
        cells += row
        text = json.dumps({**identity, "cells": [asdict(cell) for cell in cells]}, indent=1)
        write_whole(path, text.encode())
    write_whole(out / "eras.csv", _table(cells).encode())
    write_whole(out / "eras.html", _page(cells, recipe.head.title).encode())
    return cells


def _plan(
    trains: Mapping[str, Positions], tests: list[str], count: int, seed: int
) -> list[tuple[str, Positions, list[str]]]:
    """What is trained: its name, positions of its movies, and the eras it is measured on.

    Args:
        trains: era → positions of its training movies.
        tests: names of the eras that are measured.
        count: how many training movies there are.
        seed: of the draws for AS_FEW.
    """
    rng = np.random.default_rng(seed)
    everything = np.arange(count)
    own = [(name, at, tests) for name, at in trains.items()]
    as_few = [
        (AS_FEW, np.sort(rng.permutation(everything)[: len(at)]), [name])
        for name, at in trains.items()
    ]
    return [*own, *as_few, (ALL, everything, tests)]


def _read_cells(path: Path, identity: Mapping[str, Any]) -> list[Cell]:
    """What an earlier run of the same recipe and split measured."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        is_same = {name: table[name] for name in identity} == json.loads(json.dumps(identity))
        return [Cell(**cell) for cell in table["cells"]] if is_same else []
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _measure(
    recipe: Recipe,
    parts: Mapping[str, Sequence[Movie]],
    trained_on: str,
    tests: Mapping[str, Positions],
    place: Place,
) -> Iterator[Cell]:
    """Trains on one part and measures on each era; `tests` has positions in the test part."""
    features = fit_features(recipe, parts["train"])
    cache = cache_folder()
    train, valid, test = (
        read_examples(parts[name], features, recipe.vocabulary, cache) for name in PARTS
    )
    model = build_model(recipe.model, features)
    model.fit(train, valid, place)
    for name, at in tests.items():
        part = test.take(at)
        part = part.take(np.flatnonzero(part.has_any()))
        use = enough(part.labels, part.known)
        labels, known = part.labels[:, use], part.known[:, use]
        scores = model.scores(part)[:, use].astype(np.float64)
        value = low = high = None
        if use.any():
            value = round(float(roc_auc(labels, known, scores).mean()), 4)
            ends, _ = intervals(labels, known, scores, scores >= 0.5)
            low, high = (round(end, 4) for end in ends["macro_roc_auc"])
        yield Cell(trained_on, name, len(train), len(part), int(use.sum()), value, low, high)


def _table(cells: Sequence[Cell]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(Cell.__dataclass_fields__), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(cell) for cell in cells)
    return text.getvalue()


_COLOURS = {"its own": "var(--both)", AS_FEW: "var(--poster)", ALL: "var(--plot)"}
"""Model → the CSS colour of its figures."""


def _page(cells: Sequence[Cell], title: str) -> str:
    """The matrix of all models and eras; then each era's own model against one for all."""
    by_place = {(cell.trained_on, cell.tested_on): cell for cell in cells}
    columns = list(dict.fromkeys(cell.tested_on for cell in cells))
    rows = [name for name in (*columns, ALL) if any(cell.trained_on == name for cell in cells)]
    values = [
        [c.macro_roc_auc if (c := by_place.get((row, column))) else None for column in columns]
        for row in rows
    ]
    figures = [value for row in values for value in row if value is not None]
    low = min(figures, default=0.5)
    scale = (low, max(max(figures, default=1.0), low + 0.01))
    groups = []
    for column in columns:
        whiskers = [
            plots.Whisker(name, c.macro_roc_auc, c.low or 0.0, c.high or 0.0, _COLOURS[name])
            for name, row in {"its own": column, AS_FEW: AS_FEW, ALL: ALL}.items()
            if (c := by_place.get((row, column))) and c.macro_roc_auc is not None
        ]
        if whiskers:
            groups.append((column, by_place[ALL, column].tested, whiskers))
    matrix = plots.heatmap(rows, columns, values, "ROC AUC by training and test decade", 3, scale)
    models = plots.columns(groups, 0.5, 1.0, "ROC AUC of three models by decade")
    return render(
        "eras.html", {"title": title, "matrix": matrix, "models": models, "colours": _COLOURS}
    )
