"""Lettering as a catalogue keeps it."""

from __future__ import annotations

from pathlib import Path

import pytest

from genreel.catalogue import Catalogue, Movie, movie_from_record
from genreel.errors import InputError
from genreel.formats.lettering import with_letterings
from genreel.formats.table import write_catalogue
from genreel.lettering import MAX_LINE, Lettering, Line, parse_lettering

LETTERING = Lettering(
    (
        Line("THE SALT ROAD", 0.998, 0.1, 0.1, 0.7, 0.06),
        Line('"Salt, 盐"', 0.9, 0.1, 0.8, 0.5, 0.03),
    )
)
BAD = (
    "{}",
    "[1]",
    "nonsense",
    '[["a", 1, 0, 0, 0]]',
    "[[1, 1, 0, 0, 0, 0]]",
    '[["a", "1", 0, 0, 0, 0]]',
    '[["a", NaN, 0, 0, 0, 0]]',
    '[["a", 1, 0, 0, 0, 1' + 400 * "0" + "]]",
    '[["a", 1, 0, 0, 0, 2]]',
    '[["a", 1, -0.5, 0, 0, 0]]',
    20_000 * "[",
)


def test_json_and_back() -> None:
    assert parse_lettering(LETTERING.to_json()) == LETTERING
    assert LETTERING.to_json().startswith('[["THE SALT ROAD", 0.998, 0.1,')
    assert parse_lettering(Lettering().to_json()) == Lettering()


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_a_bad_cell_costs_only_itself(text: str) -> None:
    movie = movie_from_record({"title": "Sea", "lettering": text}, "row 1")
    assert movie.lettering is None and movie.title == "Sea"
    assert movie.problem.startswith("lettering cannot be read (")
    assert movie.problem.endswith("; read the poster again, or leave the cell empty")


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_catalogue_keeps_it(tmp_path: Path, suffix: str) -> None:
    movies = [
        Movie("read", "The Salt Road", lettering=LETTERING),
        Movie("blank", "Night", lettering=Lettering()),
        Movie("unread", "Sea"),
    ]
    write_catalogue(movies, tmp_path / f"movies{suffix}")
    assert list(Catalogue(tmp_path, extra=True)) == movies


def test_a_movie_without_its_poster_has_none_of_its_lettering() -> None:
    movie = Movie("a", poster=b"x", lettering=LETTERING)
    assert movie.without(["poster"]).lettering is None
    assert movie.without(["plot"]).lettering == LETTERING


def test_every_other_byte_of_a_table_stays() -> None:
    data = b'id;title;Note\r\n1;"Salt; road"; x \r\n2;Sea;=1\r\nbad\r\n'
    new = with_letterings(data, ".csv", {"1": Lettering()})
    assert new == b'id;title;Note;lettering\r\n1;"Salt; road"; x ;[]\r\n2;Sea;=1;\r\nbad\r\n'
    assert with_letterings(new, ".csv", {"2": Lettering()}) == new.replace(b"=1;", b"=1;[]")
    lines = b'{"id":1, "x":1.10}\nbad\n{"id":"2"}\n'
    assert with_letterings(lines, ".jsonl", {"1": Lettering()}) == (
        b'{"id":1, "x":1.10,"lettering":"[]"}\nbad\n{"id":"2"}\n'
    )


def test_a_cell_is_as_large_as_a_poster_needs() -> None:
    long = Lettering((Line("A" * 5_000, 0.9, 0.1, 0.1, 0.7, 0.06),))
    assert parse_lettering(long.to_json()).lines[0].text == "A" * MAX_LINE
    with pytest.raises(InputError, match="lettering of over 1,048,576 characters"):
        parse_lettering("[" + "[]," * 400_000 + "[]]")


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        ((("THE SALT", 0.2), ("ROAD", 0.2), ("with nobody you know", 0.05)), "THE SALT ROAD"),
        ((("救火英雄", 0.2),), "救火英雄"),
        ((("S A L T", 0.2),), ""),
        ((("1975", 0.2),), ""),
        ((("A tagline that goes on " * 4, 0.2),), ""),
        ((), ""),
    ],
)
def test_a_headline_of_a_few_words_may_be_a_title(
    lines: tuple[tuple[str, float], ...], title: str
) -> None:
    rows = [Line(text, 0.9, 0.1, 0.1 * n, 0.7, height) for n, (text, height) in enumerate(lines)]
    assert Lettering(tuple(rows)).title() == title
