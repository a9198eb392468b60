"""Decades: a model on each, measured on every other, and how a bundle fares in each."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from genreel.cases import AS_GIVEN
from genreel.catalogue import Movie
from genreel.errors import CatalogueError
from genreel.lab import decades as lab_decades
from genreel.lab.decades import ALL, AS_FEW, Cell, compare_decades
from genreel.lab.evaluation.eras import by_era, enough, era_of, eras
from genreel.lab.evaluation.evaluate import Outcome
from genreel.lab.recipe import Recipe, load_recipe
from genreel.lab.splits import Split

RECIPE = """
[features.plot]
kind = "terms"
min_count = 1
[model]
kind = "linear"
features = ["plot"]
"""
SAYS = {"1970s": ("ghost", "joke"), "1990s": ("spectre", "quip")}  # its Horror and Comedy


def film(i: int, year: int) -> Movie:
    """Horror and Comedy say other words in each decade; "the" is all that they share."""
    rng = np.random.default_rng([i, year])
    told = rng.random(2) < 0.5
    words = np.array(SAYS[f"{year // 10 * 10}s"])[told]
    genres = tuple(np.array(["Horror", "Comedy"])[told]) or ("War",)
    return Movie(
        f"{year}-{i}", year=year, plot=" ".join(["the", *words]), genres={"genreel": genres}
    )


@pytest.fixture(scope="module")
def movies() -> dict[str, Movie]:
    made = [film(i, year) for year in (1975, 1995) for i in range(120)]
    return {movie.id: movie for movie in made}


@pytest.fixture(scope="module")
def split(movies: dict[str, Movie]) -> Split:
    parts: dict[str, list[str]] = {"train": [], "valid": [], "test": []}
    for i, name in enumerate(movies):
        parts["test" if i % 3 == 0 else "valid" if i % 12 == 1 else "train"].append(name)
    return Split(*(tuple(parts[name]) for name in ("train", "valid", "test")))


@pytest.fixture
def recipe(toml: Callable[..., Path]) -> Recipe:
    return load_recipe(toml(RECIPE))


def cell(cells: list[Cell], trained_on: str, tested_on: str) -> Cell:
    [found] = [c for c in cells if (c.trained_on, c.tested_on) == (trained_on, tested_on)]
    return found


def test_what_one_decade_teaches_is_measured_on_the_other(
    movies: dict[str, Movie], split: Split, recipe: Recipe, tmp_path: Path
) -> None:
    cells = compare_decades(recipe, movies, split, tmp_path)
    assert len(cells) == 2 * 2 + 2 + 2  # each on each, as few, one for all
    for name, other in (("1970s", "1990s"), ("1990s", "1970s")):
        own, away = cell(cells, name, name), cell(cells, name, other)
        assert own.macro_roc_auc == 1.0 and own.low == own.high == 1.0
        assert away.macro_roc_auc == 0.5  # its words are not known: every film scores alike
        assert own.trained == 70 and own.tested == 40 and own.genres == away.genres == 3
        assert cell(cells, ALL, name).macro_roc_auc == 1.0
        assert cell(cells, ALL, name).trained == 140
        few = cell(cells, AS_FEW, name)
        assert few.trained == 70 and few.macro_roc_auc is not None
    rows = list(csv.DictReader((tmp_path / "eras.csv").open()))
    assert [(row["trained_on"], float(row["macro_roc_auc"])) for row in rows] == [
        (c.trained_on, c.macro_roc_auc) for c in cells
    ]
    page = (tmp_path / "eras.html").read_text()
    assert page.count("<svg") == 2 and "1970s → 1990s: 0.500" in page


def test_a_run_that_was_stopped_goes_on_with_the_next_model(
    movies: dict[str, Movie],
    split: Split,
    recipe: Recipe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    honest, trained = lab_decades._measure, []

    def breaking(*arguments: object) -> object:
        trained.append(arguments[2])
        if len(trained) == 3:
            raise KeyboardInterrupt
        return honest(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(lab_decades, "_measure", breaking)
    with pytest.raises(KeyboardInterrupt):
        compare_decades(recipe, movies, split, tmp_path)
    resumed = compare_decades(recipe, movies, split, tmp_path)
    assert trained == ["1970s", "1990s", AS_FEW, AS_FEW, AS_FEW, ALL]
    monkeypatch.undo()
    (tmp_path / "unbroken").mkdir()
    assert resumed == compare_decades(recipe, movies, split, tmp_path / "unbroken")


def test_another_recipe_starts_afresh(
    movies: dict[str, Movie],
    split: Split,
    recipe: Recipe,
    toml: Callable[..., Path],
    tmp_path: Path,
) -> None:
    compare_decades(recipe, movies, split, tmp_path)
    before = json.loads((tmp_path / "eras.json").read_text())
    other = load_recipe(toml(RECIPE + "C = 0.01\n", "other"))
    compare_decades(other, movies, split, tmp_path)
    after = json.loads((tmp_path / "eras.json").read_text())
    assert before["recipe"]["model"] != after["recipe"]["model"]


def test_films_without_years(
    movies: dict[str, Movie], split: Split, recipe: Recipe, tmp_path: Path
) -> None:
    undated = {name: replace(movie, year=None) for name, movie in movies.items()}
    with pytest.raises(CatalogueError, match="fewer than two decades"):
        compare_decades(recipe, undated, split, tmp_path)


@pytest.mark.parametrize(
    ("year", "era"),
    [(1959, "before 1960"), (1960, "1960s"), (1969, "1960s"), (2020, "2020s"), (None, "")],
)
def test_eras_have_names(year: int | None, era: str) -> None:
    assert era_of(Movie("a", year=year)) == era


def test_eras_in_the_order_of_time_with_films_enough() -> None:
    years = [2001] * 30 + [1950] * 31 + [1985] * 29 + [None] * 40
    found = eras([Movie(str(i), year=year) for i, year in enumerate(years)])
    assert {name: len(at) for name, at in found.items()} == {"before 1960": 31, "2000s": 30}
    assert list(found) == ["before 1960", "2000s"]


def test_a_genre_counts_where_it_has_five_films_and_five_without() -> None:
    labels = np.zeros((20, 3), np.float32)
    labels[:5, 0], labels[:4, 1], labels[:16, 2] = 1, 1, 1
    known = np.ones(labels.shape, np.bool_)
    assert enough(labels, known).tolist() == [True, False, False]
    known[0, 0] = False
    assert not enough(labels, known).any()


def test_a_bundle_by_era() -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random((80, 2)) < 0.5).astype(np.float32)
    scores = labels.astype(np.float64)
    scores[40:] = 1 - scores[40:]  # right in the first decade, wrong in the second
    films = [Movie(str(i), year=1975 if i < 40 else 1985) for i in range(80)]
    known = np.ones(labels.shape, np.bool_)
    outcome = Outcome(AS_GIVEN, films, labels, known, scores, scores >= 0.5, ("Horror", "Comedy"))
    found = by_era(outcome)
    assert list(found) == ["1970s", "1980s"]
    assert found["1970s"]["macro_roc_auc"] == 1.0 and found["1980s"]["macro_roc_auc"] == 0.0
    assert found["1970s"]["intervals"]["macro_f1"] == [1.0, 1.0]
    assert found["1980s"]["movies"] == 40 and found["1980s"]["genres"] == 2
