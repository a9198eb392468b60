"""Splits: on disk, from a catalogue, and by genre."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from genreel.catalogue import Movie
from genreel.errors import CatalogueError
from genreel.lab.splits import (
    PARTS,
    Split,
    column_split,
    decade_split,
    group_split,
    groups_of,
    read_split,
    stratified_split,
    write_split,
)
from genreel.vocabulary import Vocabulary

GENRES = Vocabulary(("Drama", "Comedy", "Horror", "Western"))
SHARES = (0.5, 0.3, 0.15, 0.05)


@pytest.fixture(scope="module")
def films() -> list[Movie]:
    rng = np.random.default_rng(1)
    drawn = rng.random((400, 4)) < SHARES
    return [
        Movie(f"m{i}", genres={"genreel": tuple(np.array(GENRES.genres)[row]) or ("War",)})
        for i, row in enumerate(drawn)
    ]


def test_round_trip(tmp_path: Path) -> None:
    split = Split(("a", "b"), ("c",), ("ä",))
    write_split(split, tmp_path / "split.json")
    assert read_split(tmp_path / "split.json") == split
    assert json.loads((tmp_path / "split.json").read_bytes())["train"] == ["a", "b"]


def test_ids_that_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "split.json"
    path.write_text('{"train": [1, 2], "valid": [], "test": ["3"]}')
    assert read_split(path) == Split(("1", "2"), (), ("3",))


@pytest.mark.parametrize(
    "parts", [(("a",), ("a",), ()), (("a", "a"), (), ()), ((), ("a",), ("a",))]
)
def test_an_id_is_in_one_part_once(parts: tuple[tuple[str, ...], ...]) -> None:
    with pytest.raises(CatalogueError, match=r"^split: id 'a' is there twice; keep it once$"):
        Split(*parts)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "3",
        '{"train": [], "valid": []}',
        '{"train": "abc", "valid": [], "test": []}',
        '{"train": {"a": 1}, "valid": [], "test": []}',
        '{"train": null, "valid": [], "test": []}',
    ],
)
def test_not_a_split(tmp_path: Path, text: str) -> None:
    path = tmp_path / "split.json"
    path.write_text(text)
    with pytest.raises(CatalogueError) as caught:
        read_split(path)
    expected = 'expected JSON {"train": [ids], "valid": [ids], "test": [ids]}'
    assert str(caught.value) == f"split {path}: {expected}"


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"No such file or directory; check the path$"):
        read_split(tmp_path / "none.json")


def test_parts_of_a_catalogue() -> None:
    movies = {name: Movie(name) for name in "abcd"}
    split = Split(("c", "a"), ("b",), ("x", "y"))
    assert split.part("train", movies) == [Movie("c"), Movie("a")]
    with pytest.raises(CatalogueError) as caught:
        split.part("test", movies)
    assert str(caught.value) == (
        "split: 2 ids of 'test' are not in the catalogue, such as 'x'; "
        "give the split that belongs to it"
    )


def test_stratified_parts_are_disjoint_and_complete(films: list[Movie]) -> None:
    split = stratified_split(films, GENRES, seed=0)
    ids = [*split.train, *split.valid, *split.test]
    assert sorted(ids) == sorted(movie.id for movie in films)
    assert len(split.valid) == pytest.approx(40, abs=8)
    assert len(split.test) == pytest.approx(40, abs=8)


def test_stratified_is_decided_by_the_seed(films: list[Movie]) -> None:
    first = stratified_split(films, GENRES, seed=0)
    assert stratified_split(films, GENRES, seed=0) == first
    assert stratified_split(films, GENRES, seed=1).test != first.test


@pytest.mark.parametrize("seed", [0, 1])
def test_every_genre_keeps_its_share(films: list[Movie], seed: int) -> None:
    movies = {movie.id: movie for movie in films}
    split = stratified_split(films, GENRES, seed, valid=0.2, test=0.1)
    counts = {
        part: GENRES.encode(m.genres for m in split.part(part, movies))[0].sum(axis=0)
        for part in PARTS
    }
    whole = sum(counts.values())
    for part, share in zip(PARTS, (0.7, 0.2, 0.1), strict=True):
        assert np.abs(counts[part] - share * whole).max() <= 1.5, part


@pytest.mark.parametrize("count", [0, 9])
def test_too_few_movies(count: int) -> None:
    films = [Movie(str(i), genres={"genreel": (GENRES.genres[i % 3],)}) for i in range(count)]
    with pytest.raises(CatalogueError, match=rf"^{count} movies are too few"):
        stratified_split(films, GENRES, seed=0)


@pytest.mark.parametrize(("valid", "test"), [(0, 0.1), (0.1, 0), (-0.1, 0.1), (0.5, 0.5), (0.1, 1)])
def test_shares_that_leave_nothing(films: list[Movie], valid: float, test: float) -> None:
    with pytest.raises(
        CatalogueError, match="leave a part of the split empty; both must be above 0"
    ):
        stratified_split(films, GENRES, 0, valid, test)


def test_decades(films: list[Movie]) -> None:
    dated = [replace(m, year=1960 + i % 40 if i % 7 else None) for i, m in enumerate(films)]
    years = {m.id: m.year for m in dated}
    split = decade_split(dated, GENRES, 0, (1970, 1990))
    decades = {name: {(years[i] or 0) // 10 for i in getattr(split, name)} for name in PARTS}
    assert decades == {"train": {196, 198}, "valid": {196, 198}, "test": {197, 199}}
    told = [m for m in dated if m.year]
    assert sum(len(getattr(split, name)) for name in PARTS) == len(told)
    narrow = decade_split(dated, GENRES, 0, (1970,), trained_on=(1980,))
    assert {(years[i] or 0) // 10 for i in narrow.train + narrow.valid} == {198}
    with pytest.raises(CatalogueError, match="choose other decades"):
        decade_split(dated, GENRES, 0, (1890,))


def test_groups_stay_together(films: list[Movie]) -> None:
    told = [
        replace(m, title=f"Film {i // 2}", year=1999, extra={"group": f"g{i // 4}"})
        for i, m in enumerate(films)
    ]
    alike = [("m4", "m0")]
    split = group_split(told, GENRES, 0, 0.2, 0.2, groups=groups_of(told, alike))
    part = {i: name for name in PARTS for i in getattr(split, name)}
    assert len(part) == len(films)
    assert all(part[f"m{i}"] == part[f"m{i - i % 4}"] for i in range(len(films)))
    assert part["m4"] == part["m0"], "one picture"
    assert 40 <= len(split.test) <= 120
    with pytest.raises(CatalogueError, match="1 groups are too few"):
        same = [replace(m, extra={"group": "g"}) for m in films]
        group_split(same, GENRES, 0, groups=groups_of(same))


def test_the_column_split() -> None:
    movies = [Movie("a", split="train"), Movie("b", split="valid"), Movie("c", split="test")]
    assert column_split([*movies, Movie("d")]) == Split(("a",), ("b",), ("c",))
    with pytest.raises(CatalogueError, match="no movie's column split says 'test'"):
        column_split(movies[:2])
