"""A table of any quality becomes movies; what cannot be used says so, row by row."""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
import sys
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genreel.catalogue import (
    INPUTS,
    Catalogue,
    Movie,
    movie_from_record,
    movies_from_json_lines,
)
from genreel.errors import CatalogueError, MissingExtra, VocabularyError
from genreel.tables import COLUMNS
from genreel.vocabulary import Vocabulary

HEADER = "id,title,year,plot,poster,genres\n"
ROW = "a,Alba,1999,A plot.,,Drama\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Where a test puts its table."""
    return tmp_path / "movies.csv"


def read(path: Path, content: str | bytes) -> list[Movie]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(Catalogue(path))


def problems(movies: list[Movie]) -> list[str]:
    """Each movie's problem, held to one line."""
    assert not any("\n" in movie.problem for movie in movies)
    return [movie.problem for movie in movies]


def refusal(path: Path, content: str | bytes | None = None) -> str:
    """The one line with which a whole table is refused."""
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(CatalogueError) as caught:
        list(Catalogue(path))
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith(str(path))
    return line.removeprefix(str(path))


def problem(**record: Any) -> str:
    """What is wrong with a record, and with nothing else."""
    movie = movie_from_record(record, "row 1", Path())
    for column in record:
        assert not getattr(movie, column)
    return movie.problem


# A movie


def test_what_a_movie_has() -> None:
    movie = Movie("a", title="Alba", year=1999, plot="  \n\t ", poster=b"")
    assert [movie.has(name) for name in ("poster", "plot", "title", "year")] == [
        True,
        False,
        True,
        True,
    ]
    assert not any(Movie("a").has(name) for name in ("poster", "plot", "title", "year"))


def test_without_hides_inputs_and_nothing_else() -> None:
    movie = Movie("a", "Alba", 1999, "A plot.", b"poster", {"imdb": ("Drama",)}, "test")
    bare = movie.without(["poster", "plot", "title", "year"])
    assert bare == Movie("a", genres={"imdb": ("Drama",)}, split="test")
    assert movie.without(["plot"]) == Movie(
        "a", "Alba", 1999, "", b"poster", {"imdb": ("Drama",)}, "test"
    )


# Records


def test_every_input_has_a_column() -> None:
    assert set(INPUTS) <= set(COLUMNS)


@pytest.mark.parametrize("value", ["1999", " 1999 ", 1999, 1999.0, "1999.0", "1.999e3"])
def test_years_that_are_understood(value: Any) -> None:
    assert movie_from_record({"year": value}, "row 1").year == 1999


@pytest.mark.parametrize("value", [None, "", "  ", float("nan")])
@pytest.mark.parametrize("column", COLUMNS)
def test_empty_values_are_missing(column: str, value: Any) -> None:
    assert movie_from_record({column: value}, "row 1") == Movie("row 1")


@pytest.mark.parametrize(
    "value",
    ["0", "1869", "2101", "-1999", "1999.5", "nan", "inf", "1e999", "MCMXCIX", "1999-2001", True],
)
def test_years_that_are_none(value: Any) -> None:
    expected = f"year '{value}' is not a year from 1870 to 2100; correct it or leave it empty"
    assert problem(year=value) == expected


def test_a_year_of_any_length_is_cut() -> None:
    assert len(problem(year="9" * 4000)) < 130
    assert len(problem(year=10**1000)) < 130


def label_problem(genres: Any) -> str:
    movie = movie_from_record({"genres": genres}, "row 1")
    assert movie.problem == ""
    return movie.label_problem


def test_unknown_genres_are_named_with_the_nearest() -> None:
    movie = movie_from_record({"genres": "Drama|Commedy|Heist"}, "row 1")
    assert movie.label_problem == "unknown genre 'Commedy'; did you mean 'Comedy'?"
    assert movie.unknown_genres == ("Commedy", "Heist")
    assert (movie.genres, movie.problem) == ({"genreel": ("Drama",)}, "")
    assert label_problem(["Драма"]) == "unknown genre 'Драма'"
    assert len(label_problem("x" * 1_000_000)) < 100


def test_columns_of_genres_may_name_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "movies.csv"
    rows = ["a,Heist|drama", "b,HEIST", "c,Polka|Western", "d,Hiest"]
    path.write_text("\n".join(["title,genres", *rows]), encoding="utf-8")
    a, b, c, d = Catalogue(path, genres=("Heist", "Drama"))
    assert a.genres == {"genreel": ("Heist", "Drama")}
    assert b.genres == {"genreel": ("Heist",)}
    assert (c.genres, c.unknown_genres) == ({"genreel": ("Western",)}, ("Polka",))
    assert d.label_problem == "row 4: unknown genre 'Hiest'; did you mean 'Heist'?"


@pytest.mark.parametrize("value", [5, {"Drama": 1}, [1], [["Drama"]], [None], True, b"Drama"])
def test_genres_of_another_kind(value: Any) -> None:
    expected = "genres are neither a list nor text separated by '|'"
    assert label_problem(value) == expected


def test_genre_columns_and_their_taxonomies() -> None:
    record = {
        "genres": "science fiction | Drama||drama",
        "genres_tmdb": ["Sci-Fi", "Kids"],
        "genres_imdb": "",
        "genres_ml": "Film-Noir",
    }
    assert movie_from_record(record, "row 1", taxonomy="imdb").genres == {
        "imdb": ("Sci-Fi", "Drama"),
        "tmdb": ("Sci-Fi", "Family"),
        "movielens": ("Film-Noir",),
    }


@pytest.mark.parametrize("column", ["id", "title", "plot", "poster", "split"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["a"], "is not text"),
        ({"a": 1}, "is not text"),
        (b"a", "is not text"),
        ("a\0b", "holds a NUL character; remove it"),
        ("caf\udce9", "is not valid UTF-8; save the file as UTF-8"),
    ],
)
def test_text_of_another_kind(column: str, value: Any, expected: str) -> None:
    movie = movie_from_record({"id": "a", "plot": "A plot."} | {column: value}, "row 1")
    assert movie.problem == f"{column} {expected}"
    assert movie.id == ("row 1" if column == "id" else "a")
    assert movie.plot == ("" if column == "plot" else "A plot.")


def test_every_problem_is_told_and_the_rest_is_kept() -> None:
    record = {"id": 7, "title": "Alba", "year": "x", "genres": "Dram", "plot": ["x"]}
    movie = movie_from_record(record, "row 1")
    assert (movie.id, movie.title, movie.year, movie.plot, movie.genres) == (
        "7",
        "Alba",
        None,
        "",
        {},
    )
    problems = f"{movie.problem}; {movie.label_problem}"
    assert sorted(part.split()[0] for part in problems.split("; ")) == [
        "correct",
        "did",
        "plot",
        "unknown",
        "year",
    ]


def test_posters_stay_inside_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "catalogue"
    (folder / "posters").mkdir(parents=True)
    (tmp_path / "outside.jpg").touch()
    (folder / "link.jpg").symlink_to(tmp_path / "outside.jpg")
    (folder / "up").symlink_to(tmp_path)
    (folder / "loop.jpg").symlink_to(folder / "loop.jpg")
    (folder / "alias.jpg").symlink_to(folder / "posters" / "a.jpg")

    def poster(value: str) -> tuple[Any, str]:
        movie = movie_from_record({"poster": value}, "row 1", folder)
        return movie.poster, movie.problem

    for inside in ("posters/a.jpg", "posters/../a.jpg", "alias.jpg", "loop.jpg", "../catalogue/a"):
        assert poster(inside) == (folder / inside, "")
    outside = str(tmp_path / "outside.jpg")
    for out in ("../outside.jpg", outside, "link.jpg", "up/outside.jpg", "posters/../../x", "/"):
        assert poster(out) == (
            None,
            f"poster path {out[:80]!r} leaves the catalogue's folder; put the poster inside it",
        )
    assert movie_from_record({"poster": outside}, "row 1").poster == Path(outside)


def test_a_folder_that_is_itself_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "movies.csv").write_text(HEADER + "a,,,,posters/a.jpg,\n")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    [movie] = Catalogue(tmp_path / "link")
    assert (movie.poster, movie.problem) == (tmp_path / "link" / "posters" / "a.jpg", "")


# CSV


def test_a_full_row(table: Path) -> None:
    content = (
        "id,title,year,plot,poster,genres,genres_tmdb,split,other\n"
        "tt1, Alba ,1999,A plot.,posters/a.jpg,Drama|War,Drama,test,x\n"
    )
    assert read(table, content) == [
        Movie(
            "tt1",
            "Alba",
            1999,
            "A plot.",
            table.parent / "posters" / "a.jpg",
            {"genreel": ("Drama", "War"), "tmdb": ("Drama",)},
            "test",
        )
    ]
    assert [dict(m.genres) for m in Catalogue(table, "imdb")] == [
        {"imdb": ("Drama", "War"), "tmdb": ("Drama",)}
    ]


def test_column_names_in_any_case_and_order(table: Path) -> None:
    assert read(table, " Plot ,ID\nA plot.,a\n") == [Movie("a", plot="A plot.")]


def test_rows_without_an_id_are_numbered(table: Path) -> None:
    assert [m.id for m in read(table, "plot\nOne.\nTwo.\n")] == ["row 1", "row 2"]


@pytest.mark.parametrize("content", [HEADER + ROW, "\ufeff" + HEADER + ROW])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_byte_order_mark_and_line_ends(table: Path, content: str, newline: str) -> None:
    movie = Movie("a", "Alba", 1999, "A plot.", genres={"genreel": ("Drama",)})
    assert read(table, content.replace("\n", newline)) == [movie]
    assert read(table, content.replace("\n", newline).removesuffix(newline)) == [movie]


def test_quotes_commas_and_new_lines_inside_a_plot(table: Path) -> None:
    plot = 'She says: "Run, now!"\r\nHe runs,\nand runs.'
    quoted = plot.replace('"', '""')
    movies = read(table, f'id,plot\na,"{quoted}"\nb,After.\n')
    assert movies == [Movie("a", plot=plot), Movie("b", plot="After.")]


text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")).map(str.strip)


@settings(deadline=None)
@given(st.lists(st.tuples(text, text, st.integers(1870, 2100) | st.none())))
def test_what_python_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, int | None]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "round.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "title", "plot", "year"])
        writer.writerows([n, title, plot, year] for n, (title, plot, year) in enumerate(rows))
    assert list(Catalogue(path)) == [
        Movie(str(n), title, year, plot) for n, (title, plot, year) in enumerate(rows)
    ]


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_movies_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "random.csv"
    problems(read(path, b"id,plot\na,b\n" + content))
    try:
        read(path, content)
    except CatalogueError as error:
        assert "\n" not in str(error)


def test_latin_1_loses_its_row_only(table: Path) -> None:
    rows = [b"a,Caf\xe9,,,,", b"b,Caf\xc3\xa9,,,,", b"c,,,,,Com\xe9die"]
    movies = read(table, HEADER.encode() + b"\n".join(rows))
    assert problems(movies) == [
        "row 1: title is not valid UTF-8; save the file as UTF-8",
        "",
        "",
    ]
    assert movies[2].label_problem == (
        "row 3: unknown genre 'Com\\udce9die'; did you mean 'Comedy'?"
    )
    assert [movie.title for movie in movies] == ["", "Café", ""]


def test_utf_16_is_refused(table: Path) -> None:
    assert "no column poster, plot or title" in refusal(table, (HEADER + ROW).encode("utf-16"))


def test_duplicate_ids_after_the_first(table: Path) -> None:
    movies = read(table, "id,plot\na,One.\nb,Two.\na,Three.\na,Four.\n")
    line = "duplicate id 'a', first in row 1; give each movie its own id"
    assert problems(movies) == ["", "", f"row 3: {line}", f"row 4: {line}"]
    assert [movie.plot for movie in movies] == ["One.", "Two.", "", ""]


def test_wrong_number_of_cells(table: Path) -> None:
    movies = read(table, "id,plot,title\na,One.,A\nb,Two\nc,Three, three,C\n\nd,Four.,D\n")
    remedy = "the header 3; quote cells that hold commas"
    assert problems(movies) == [
        "",
        f"row 2: line 3 has 2 cells, {remedy}",
        f"row 3: line 4 has 4 cells, {remedy}",
        "",
    ]
    assert [(m.id, m.plot) for m in movies] == [
        ("a", "One."),
        ("row 2", ""),
        ("row 3", ""),
        ("d", "Four."),
    ]


def test_an_open_quote_swallows_no_rows_unsaid(table: Path) -> None:
    movies = read(table, 'id,plot\na,One.\nb,"Two.\nc,Three.\n')
    assert problems(movies) == [
        "",
        "row 2: unexpected end of data (from line 3); fix its quotes",
    ]


def test_a_quote_amid_a_quoted_cell(table: Path) -> None:
    movies = read(table, 'id,plot\na,"He says "no" to it"\nb,Two.\n')
    assert problems(movies) == [
        "row 1: ',' expected after '\"' (from line 2); fix its quotes",
        "",
    ]
    assert movies[1].plot == "Two."


def test_nul_bytes(table: Path) -> None:
    movies = read(table, HEADER + "a,A,,One\0two,,\nb,B,,Two.,p\0.jpg,\nc,C,,Three.,,\n")
    assert problems(movies) == [
        "row 1: plot holds a NUL character; remove it",
        "row 2: poster holds a NUL character; remove it",
        "",
    ]
    assert [m.title for m in movies] == ["A", "B", "C"]


def test_a_plot_of_a_million_characters_is_read(table: Path) -> None:
    plot = "word " * 200_000
    [movie, after] = read(table, f"id,plot\na,{plot}\nb,Two.\n")
    assert movie == Movie("a", plot=plot.strip())
    assert after.plot == "Two."


def test_a_cell_beyond_the_limit_is_a_problem(table: Path) -> None:
    movies = read(table, "id,plot\na," + "x" * (16 * 2**20 + 1) + "\nb,Two.\n")
    assert problems(movies) == [
        "row 1: field larger than field limit (16777216) (from line 2); fix its quotes",
        "",
    ]


def test_header_only(table: Path) -> None:
    assert read(table, HEADER) == []
    assert len(Catalogue(table)) == 0


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", "none"),
        ("\n", "none"),
        ("id,year\na,1999\n", "'id', 'year'"),
        ("id;title;plot\n", "'id;title;plot'"),
        ("\0\0\0\0", r"'\x00\x00\x00\x00'"),
        (",".join("abcdefghij"), "'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'"),
    ],
)
def test_columns_that_are_of_no_use(table: Path, content: str, found: str) -> None:
    line = f": no column poster, plot or title (found: {found}); rename the columns"
    assert refusal(table, content) == line


def test_the_same_column_twice(table: Path) -> None:
    content = "id,plot, Plot\na,One.,Two.\n"
    assert refusal(table, content) == ": several columns 'plot'; keep one of them"
    assert read(table, "id,plot,x,x,,\na,One.,1,2,3,4\n") == [Movie("a", plot="One.")]


def test_a_header_that_is_no_csv(table: Path) -> None:
    assert refusal(table, '"id,plot').endswith("; is it really a CSV file?")


def test_length_counts_rows(table: Path) -> None:
    table.write_text('id,plot\na,"One\ntwo"\n\nb\nc,"\n')
    assert len(Catalogue(table)) == len(list(Catalogue(table))) == 3


# JSON lines


def test_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "movies.jsonl"
    lines = [
        '\ufeff{"id": "a", "title": "Alba", "year": 1999, "genres": ["Drama"], "poster": null}',
        "",
        "{",
        "[1, 2]",
        '"text"',
        '{"id": 2, "plot": "Two.", "year": NaN, "x": {}}\r',
        "[" * 100_000,
        '{"plot": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"plot": "\\ud800"}',
        '{"id": "a"}',
    ]
    content = "\n".join(lines).encode() + b'\n{"plot": "caf\xe9"}'
    movies = read(path, content)
    assert movies[0] == Movie("a", "Alba", 1999, genres={"genreel": ("Drama",)})
    assert movies[4] == Movie("2", plot="Two.")
    assert [m.id for m in movies[1:4]] == ["row 3", "row 4", "row 5"]
    starts = [
        "",
        "row 3: not a line of UTF-8 JSON (Expecting property name",
        "row 4: not a JSON object; write one {…} a line",
        "row 5: not a JSON object; write one {…} a line",
        "",
        "row 7: not a line of UTF-8 JSON (",
        "row 8: not a line of UTF-8 JSON (",
        "row 9: plot is not valid UTF-8",
        "row 10: duplicate id 'a', first in row 1",
        "row 11: not a line of UTF-8 JSON ('utf-8' codec can't decode byte 0xe9",
    ]
    found = problems(movies)
    assert [bool(line) for line in found] == [bool(start) for start in starts]
    for line, start in zip(found, starts, strict=True):
        assert line.startswith(start)


def test_json_lines_of_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    content = b'{"plot": "One.", "poster": "/elsewhere/a.jpg"}\n{\n{"id": "b", "year": 0}\n'
    one, bad, b = movies_from_json_lines(io.BytesIO(content))
    assert one == Movie("line 1", plot="One.", poster=Path("/elsewhere/a.jpg"))
    assert bad.id == "line 2"
    assert bad.problem.startswith("line 2: not a line of UTF-8 JSON (")
    assert b.problem.startswith("year '0' is not a year")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert [m.id for m in movies_from_json_lines()] == ["line 1", "line 2", "b"]


# Parquet


def test_parquet_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "movies.parquet"
    columns = {
        "id": ["a", "b", None],
        "title": ["Alba", None, "Café"],
        "year": [1999.0, None, 0.0],
        "plot": [None, "Two.", "Three\0."],
        "genres": [["Drama", "Western"], None, []],
        "poster": ["posters/a.jpg", None, "../c.jpg"],
        "embedding": [[0.5], [0.25], None],
    }
    pq.write_table(pa.table(columns), path)
    a, b, c = Catalogue(path)
    assert a == Movie(
        "a",
        "Alba",
        1999,
        poster=tmp_path / "posters" / "a.jpg",
        genres={"genreel": ("Drama", "Western")},
    )
    assert b == Movie("b", plot="Two.")
    assert (c.id, c.title, c.plot, c.poster, c.year) == ("row 3", "Café", "", None, None)
    assert c.problem.startswith("row 3: ")
    assert all(what in c.problem for what in ("year '0.0'", "NUL", "leaves the catalogue"))
    assert len(Catalogue(path)) == 3


def test_parquet_in_many_pieces(tmp_path: Path) -> None:
    path = tmp_path / "movies.parquet"
    table = pa.table({"plot": [f"Plot {n}." for n in range(3000)]})
    pq.write_table(table, path, row_group_size=700)
    assert [m.plot for m in Catalogue(path)] == table["plot"].to_pylist()


def test_other_columns_of_a_parquet_table_are_not_even_decoded(tmp_path: Path) -> None:
    path = tmp_path / "movies.parquet"
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.array([0, 1], pa.int32()).buffers()[1], pa.py_buffer(b"\xe9")]
    )
    pq.write_table(pa.table({"plot": ["One."], "other": broken}), path)
    assert list(Catalogue(path)) == [Movie("row 1", plot="One.")]
    pq.write_table(pa.table({"id": ["a"], "plot": broken}), path)
    assert refusal(path).startswith(": not a readable Parquet file ('utf-8' codec can't decode")


def test_corrupt_parquet(tmp_path: Path) -> None:
    path = tmp_path / "movies.parquet"
    pq.write_table(pa.table({"plot": ["One.", "Two."]}), path)
    data = path.read_bytes()
    for content in (b"", b"PAR1", b"junk" * 99, data[:-9], data[: len(data) // 2], data[4:]):
        line = refusal(path, content)
        assert line.startswith(": not a readable Parquet file (")
        assert line.endswith("); write it again")


def test_parquet_without_a_column_of_use(tmp_path: Path) -> None:
    path = tmp_path / "movies.parquet"
    pq.write_table(pa.table({"id": ["a"], "overview": ["One."]}), path)
    assert refusal(path) == (
        ": no column poster, plot or title (found: 'id', 'overview'); rename the columns"
    )


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "movies.parquet"
    path.touch()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r"python -m pip install 'genreel\[parquet\]'"):
        list(Catalogue(path))


# Finding and opening the table


def test_a_folder_is_searched_for_its_table(tmp_path: Path) -> None:
    line = " has no table; expected one of movies.csv, movies.jsonl, movies.parquet"
    assert refusal(tmp_path) == line
    (tmp_path / "movies.csv").mkdir()
    assert refusal(tmp_path) == line
    (tmp_path / "movies.jsonl").write_text('{"id": "a"}')
    catalogue = Catalogue(str(tmp_path))
    assert (catalogue.path, catalogue.folder) == (tmp_path / "movies.jsonl", tmp_path)
    assert [m.id for m in catalogue] == ["a"]


def test_what_is_no_table(tmp_path: Path) -> None:
    line = " is not a catalogue; use .csv, .jsonl or .parquet"
    assert refusal(tmp_path / "movies.xlsx", "") == line
    assert refusal(tmp_path / "movies", "") == line
    assert refusal(tmp_path / "gone.csv") == " does not exist; check the path"
    assert refusal(tmp_path / ("x" * 5000 + ".csv")).startswith(" cannot be read (")
    assert read(tmp_path / "MOVIES.CSV", "plot\nOne.\n") == [Movie("row 1", plot="One.")]


def test_an_unknown_taxonomy(table: Path) -> None:
    table.write_text(HEADER)
    with pytest.raises(VocabularyError, match="unknown taxonomy 'imbd'; choose one of genreel"):
        Catalogue(table, "imbd")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_no_permission_on_disk(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"movies.{suffix}"
    path.write_text(HEADER)
    path.chmod(0)
    assert "ermission" in refusal(path)


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_no_permission(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"movies.{suffix}"
    path.write_text(HEADER)

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert refusal(path) == (" cannot be read (Permission denied); check it and its permissions")


# Streaming


def rows(suffix: str) -> Iterator[str]:
    if suffix == "csv":
        yield "id,plot\n"
    for number in range(20_000):
        plot = f"Plot {number}. " + "word " * 100
        yield f"{number},{plot}\n" if suffix == "csv" else json.dumps({"plot": plot}) + "\n"


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_iterating_never_holds_the_whole_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"movies.{suffix}"
    with path.open("w") as file:
        file.writelines(rows(suffix))
    assert path.stat().st_size > 10_000_000
    catalogue = Catalogue(path)
    tracemalloc.start()
    try:
        first = list(itertools.islice(catalogue, 10))
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
        assert [movie.plot.split(".")[0] for movie in first] == [f"Plot {n}" for n in range(10)]
        for movie in itertools.islice(catalogue, 4000):
            assert not movie.problem
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_iterating_twice_and_at_the_same_time(table: Path) -> None:
    table.write_text("id,plot\na,One.\nb,Two.\n")
    catalogue = Catalogue(table)
    pairs = [(x.id, y.id, x.problem, y.problem) for x in catalogue for y in catalogue]
    assert [pair[:2] for pair in pairs] == [("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")]
    assert not any(pair[2] or pair[3] for pair in pairs)


# Real films


def test_the_label_rule_on_real_films(data: Path) -> None:
    """Known cells as the collection's own rule counts them, from its columns alone."""
    vocabulary = Vocabulary()
    four = {"Biography", "Film-Noir", "Musical", "Sport"}  # what TMDb cannot say
    movielens = set(vocabulary.genres) - {"Biography", "History", "Music", "Sport"}
    expected = Counter[str]()
    films = 0
    with (data / "movies" / "movies.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            films += 1
            known: set[str] = set()
            if row["genres_imdb"]:
                known = set(vocabulary.genres)
            elif row["genres_tmdb"]:
                known = set(vocabulary.genres) - four
            elif row["genres_ml"]:
                known = movielens
            expected.update(known)
    movies = list(Catalogue(data / "movies"))
    assert len(movies) == films
    labels, known_cells = vocabulary.encode(movie.genres for movie in movies)
    found = dict(zip(vocabulary.genres, known_cells.sum(0).tolist(), strict=True))
    assert found == {genre: expected[genre] for genre in vocabulary.genres}
    assert not labels[~known_cells].any()
    assert not [movie.problem for movie in movies if movie.problem]
