"""The leaderboard: resumes, survives failures, and shows the source's figure beside ours."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from genreel.catalogue import Catalogue, Movie
from genreel.errors import RecipeError
from genreel.lab.evaluation.compare import compare
from genreel.lab.recipe import Recipe, load_recipe, recipe_names
from genreel.lab.splits import Split
from genreel.lab.train import train

SAMPLES = Path(__file__).parent.parent.parent / "samples"
NAMES = ("castelblanco-tree-plot", "castelblanco-ngrams", "words")


def small(name: str) -> Recipe:
    changes = ["features.plot.min_count=1"]
    if name == "words":
        changes += ["features.title.min_count=1", "features.decade.min_count=1"]
    return load_recipe(name, changes)


@pytest.fixture(scope="module")
def board(
    tmp_path_factory: pytest.TempPathFactory, movies: list[Movie], split: Split
) -> tuple[Path, list[str], list[dict[str, Any]]]:
    out = tmp_path_factory.mktemp("board")
    trained: list[str] = []

    def trainer(recipe: Recipe, bundle: Path) -> Mapping[str, Any]:
        trained.append(recipe.head.id)
        if recipe.head.id == "castelblanco-ngrams":
            raise RecipeError("the loss is nan <b>")
        return train(recipe, Catalogue(SAMPLES), bundle, split=split)

    recipes = [small(name) for name in NAMES]
    test = split.part("test", {movie.id: movie for movie in movies})
    compare(recipes, trainer, test, split, out)
    rows = compare(recipes, trainer, test, split, out)
    return out, trained, rows


def test_a_finished_recipe_is_not_trained_again(board: Any) -> None:
    _, trained, _ = board
    assert trained == [*NAMES, "castelblanco-ngrams"]


def test_a_failure_is_a_row_and_stops_nothing(board: Any) -> None:
    _, _, rows = board
    assert [row["recipe"] for row in rows][-1] == "castelblanco-ngrams"
    assert rows[-1]["error"] == "the loss is nan <b>"
    assert rows[-1]["macro_roc_auc"] is None
    assert all(row["error"] is None for row in rows[:-1])


def test_rows_are_sorted_and_hold_figures(board: Any) -> None:
    _, _, rows = board
    best, second = rows[0], rows[1]
    assert best["macro_roc_auc"] >= second["macro_roc_auc"]
    for row in (best, second):
        assert row["case"] == "plot only"
        assert row["macro_roc_auc_low"] <= row["macro_roc_auc_high"]
        assert row["bundle_bytes"] > 1000 and row["movies_per_second"] > 0


def test_the_files_say_the_same(board: Any) -> None:
    out, _, rows = board
    assert json.loads((out / "leaderboard.json").read_bytes()) == rows
    with (out / "leaderboard.csv").open(newline="") as file:
        assert [row["recipe"] for row in csv.DictReader(file)] == [row["recipe"] for row in rows]
    page = (out / "leaderboard.html").read_text(encoding="utf-8")
    assert "the loss is nan &lt;b&gt;" in page and "<b>" not in page
    assert f"{rows[0]['macro_roc_auc']:.3f}" in page
    assert "http" not in page  # it needs nothing but itself


def test_another_split_is_trained_again(board: Any, movies: list[Movie], split: Split) -> None:
    out, _, _ = board
    other = Split(split.train[1:], split.valid, split.test)
    seen: list[str] = []

    def trainer(recipe: Recipe, bundle: Path) -> Mapping[str, Any]:
        seen.append(recipe.head.id)
        raise RecipeError("enough")

    compare([small("words")], trainer, [], other, out)
    assert seen == ["words"]


def test_every_published_figure_has_its_data() -> None:
    for name in recipe_names():
        head = load_recipe(name).head
        assert head.id == name
        assert name in head.command
        if not head.source.startswith("genreel"):
            assert head.reported["data"], name
