"""Indexes and films that somebody made to do harm: one line, or an answer, and soon."""

from __future__ import annotations

import sqlite3
import struct
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from shelf import FILMS, poster, write_index

from genreel.catalogue import Movie
from genreel.errors import FilmsError
from genreel.films import opening
from genreel.films.building import Builder
from genreel.films.film import MAX_TEXT, Film, film_of
from genreel.films.films import Films
from genreel.films.sources import FilmSource, add_source
from genreel.films.titles import forms
from genreel.lettering import Lettering, Line

POSTER = poster(("The Quince Orchard", 0.3, 0.1), ("Lanterns over Brill", 0.6, 0.05))


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return write_index(tmp_path / "films.db")


def ask(path: Path) -> None:
    films = Films(path)
    for answer in (films.identify(POSTER, {"Drama": 0.9}), films.identify(POSTER)):
        assert 0 <= answer.probability <= 1
    films.search("The Quince Orchard")
    films.named("The Quince Orchard", 1951)
    films.get("tt9000001")


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"

# What is no table of ours.
SCHEMAS = {
    "view without end": f"DROP TABLE film; CREATE VIEW film AS {ENDLESS} SELECT i AS number, "
    "'a' AS id, 'b' AS title, 1 AS year, '' AS genres, '' AS plot, '' AS people, 1 AS votes, "
    "'' AS imdb, '' AS tmdb FROM n",
    "trigger": "CREATE TRIGGER t AFTER INSERT ON film BEGIN DELETE FROM film; END",
    "generated column": "DROP TABLE source; CREATE TABLE source (name TEXT, format TEXT, "
    "films INTEGER, made TEXT AS (hex(zeroblob(1000000000))))",
    "virtual table": "DROP TABLE source; "
    "CREATE VIRTUAL TABLE source USING fts5(name, format, films, made)",
    "index of an expression": "CREATE INDEX slow ON film (hex(plot))",
    "table beside": "CREATE TABLE mine (a)",
    "table that lacks": "DROP TABLE trigram",
    "table of other columns": "ALTER TABLE film RENAME COLUMN plot TO plots",
}


@pytest.mark.parametrize("script", SCHEMAS.values(), ids=SCHEMAS)
def test_what_genreel_did_not_make_is_never_asked(index: Path, script: str) -> None:
    with sqlite3.connect(index) as database:
        database.executescript(script)
    with pytest.raises(FilmsError, match="is no index that genreel made; make it again"):
        ask(index)


# Values of our tables; True: it is damaged, False: there is an answer all the same.
VALUES = {
    "a year of the far future": ("UPDATE film SET year = 9000000000000000000", False),
    "a year in words": ("UPDATE film SET year = 'soon'", False),
    "votes below zero": ("UPDATE film SET votes = -2", False),
    "votes in words": ("UPDATE film SET votes = 'many'", False),
    "a title of bytes": ("UPDATE film SET title = x'00ff'", False),
    "a title that is not UTF-8": ("UPDATE film SET title = CAST(x'ff' AS TEXT)", True),
    "NUL in texts": ("UPDATE film SET title = char(0), plot = char(0), people = char(0)", False),
    "a title of megabytes": (
        "UPDATE film SET title = printf('%.*c ', 3000000, 'ab') WHERE number < 2",
        False,
    ),
    "a row over the limit": ("UPDATE film SET plot = zeroblob(9000000) WHERE number < 2", True),
    "people of megabytes": (
        "UPDATE film SET people = printf('%.*c', 3000000, '|') WHERE number < 2",
        False,
    ),
    "no values": ("UPDATE film SET id = NULL, title = NULL", False),
    "genres that are no JSON": ("UPDATE film SET genres = '{'", True),
    "genres that are a list": ("UPDATE film SET genres = '[1]'", True),
    "genres that are numbers": ("""UPDATE film SET genres = '{"imdb": [1]}'""", True),
    "genres nested deep": ("UPDATE film SET genres = printf('%.*c', 9000, '[')", True),
    "genres of megabytes": ("UPDATE film SET genres = printf('%.*c', 90000, '[')", True),
    "unknown genres": ("""UPDATE film SET genres = '{"x": ["y"]}'""", False),
    "titles of no film": ("UPDATE title SET film = 99", True),
    "titles in words": ("UPDATE title SET film = 'a', kind = 'b'", True),
    "titles in no part": ("UPDATE title SET number = number + 5000000", True),
    "titles of megabytes": (
        "UPDATE title SET text = squeezed || printf('%.*c', 3000000, 'a'), squeezed = text "
        "WHERE number < 2",
        False,
    ),
    "rarities of text": ("UPDATE part SET norms = 'abc'", True),
    "rarities of half a number": ("UPDATE part SET norms = x'00'", True),
    "rarities that are none": ("UPDATE part SET norms = x'007e007e'", True),
    "rarities below zero": ("UPDATE part SET norms = x'00c200c2'", True),
    "a part below zero": ("UPDATE part SET number = -1", True),
    "parts of megabytes": ("UPDATE part SET norms = zeroblob(4000000)", True),
    "places that are far": (
        "UPDATE trigram SET titles = replace(titles, titles, x'ffffff7f'), count = 1",
        True,
    ),
    "places in words": ("UPDATE trigram SET titles = 'abcd', count = 1", True),
    "places that are fewer": ("UPDATE trigram SET count = 40", True),
    "counts in words": ("UPDATE trigram SET count = 'a'", True),
    "counts below zero": ("UPDATE trigram SET count = -1", True),
    "sources in words": ("UPDATE source SET films = 'a', made = 7", False),
    "statistics": (
        "ANALYZE; UPDATE sqlite_stat1 SET stat = '1 1 1 unordered noskipscan sz=1'",
        False,
    ),
}


@pytest.mark.parametrize(("script", "is_damaged"), VALUES.values(), ids=VALUES)
def test_values_that_nobody_wrote(index: Path, script: str, is_damaged: bool) -> None:
    with sqlite3.connect(index) as database:
        database.executescript(script)
    if is_damaged:
        with pytest.raises(FilmsError, match="is damaged"):
            ask(index)
    else:
        ask(index)


def test_a_tree_that_leads_in_circles_is_given_up(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite3.connect(index) as database:
        [(root,)] = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'part'")
        [(size,)] = database.execute("PRAGMA page_size")
    data = bytearray(index.read_bytes())
    leaf = bytes(data[(root - 1) * size : root * size])
    pages = len(data) // size
    for depth in range(12):
        child = pages + 1 + depth
        page = _inner_page(size, child)
        if depth:
            data += page
        else:
            data[(root - 1) * size : root * size] = page
    data += leaf
    data[28:32] = struct.pack(">I", len(data) // size)
    index.write_bytes(data)
    monkeypatch.setattr(opening, "SECONDS", 0.2)
    start = time.monotonic()
    with pytest.raises(FilmsError, match=r"is damaged \(interrupted\)"):
        Films(index)
    assert time.monotonic() - start < 5


def _inner_page(size: int, child: int, count: int = 300) -> bytes:
    """An inner page of a table's tree, all of whose children are one page."""
    cells = struct.pack(">I", child) + b"\x01"
    places = [size - 5 * (n + 1) for n in range(count)]
    header = struct.pack(">BHHHBI", 5, 0, count, places[-1], 0, child)
    body = header + b"".join(struct.pack(">H", place) for place in places)
    return body.ljust(places[-1], b"\0") + cells * count


def test_a_file_that_is_cut_off_while_it_is_open_is_one_line(index: Path) -> None:
    films = Films(index)
    with index.open("r+b") as file:
        file.truncate(8192)
    with pytest.raises(FilmsError, match="is damaged"):
        films.search("The Quince Orchard")


def test_a_file_that_grows_changes_nothing(index: Path) -> None:
    films = Films(index)
    with index.open("ab") as file:
        file.write(b"\xff" * 100_000)
    assert films.search("The Quince Orchard")[0].id == FILMS[0].id


def test_journals_beside_it_are_not_looked_at(index: Path) -> None:
    for end in ("-wal", "-journal", "-shm"):
        Path(f"{index}{end}").write_bytes(b"\xff" * 4096)
    ask(index)
    assert sorted(path.stat().st_size for path in index.parent.iterdir())[:3] == [4096] * 3


def test_a_link_to_an_index_is_followed_and_one_to_a_device_is_not(index: Path) -> None:
    link = index.with_name("link.db")
    link.symlink_to(index)
    ask(link)
    link.unlink()
    link.symlink_to("/dev/zero")
    with pytest.raises(FilmsError, match="is no regular file"):
        ask(link)


# Films that an index is made of


def test_hostile_films_are_kept_as_far_as_sqlite_can(tmp_path: Path) -> None:
    text = "A\x00B\ud800C"
    movie = Movie(
        text,
        title=text + "D" * 5_000,
        plot=text,
        extra={"director": f"{text};{text}", "original_title": text, "vote_count": "1e300"},
    )
    film = film_of(movie)
    assert film.id == film.plot == "ABC"
    assert len(film.title) <= MAX_TEXT
    path = write_index(tmp_path / "films.db", (film,))
    known = Films(path).get("ABC")
    assert known is not None
    assert known.people == ("ABC",)
    assert known.votes == 10**12


def test_a_film_that_sqlite_cannot_hold_is_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(FilmsError, match="cannot write"),
        Builder(tmp_path / "films.db") as builder,
    ):
        builder.add([Film("a\ud800", "Quince")], "shelf")
    assert list(tmp_path.iterdir()) == []


def test_hostile_lines_of_imdbs_tables_are_passed_over(tmp_path: Path) -> None:
    header = "tconst\ttitleType\tprimaryTitle\toriginalTitle\tisAdult\tstartYear\tgenres\n"
    row = "tt9000001\tmovie\tThe Quince Orchard\tQuince\t0\t1951\tDrama\n"
    (tmp_path / "title.basics.tsv").write_text(header + row)
    votes = ["9" * 5_000, "9" * 30, "-1", "x" * 3_000_000, "700"]
    lines = [f"tt9000001\t5.0\t{count}\n" for count in votes]
    (tmp_path / "title.ratings.tsv").write_text(
        "tconst\taverageRating\tnumVotes\n" + "".join(lines)
    )
    source = FilmSource(tmp_path, "imdb")
    with Builder(tmp_path / "films.db") as builder:
        add_source(builder, source, source.movies())
    film = Films(tmp_path / "films.db").get("tt9000001")
    assert film is not None
    assert film.votes == 700


# Time in proportion


def seconds(work: Callable[[int], object], size: int) -> float:
    """The best of three, of the processor."""
    best = 99.0
    for _ in range(3):
        start = time.thread_time()
        work(size)
        best = min(best, time.thread_time() - start)
    return best


@pytest.mark.parametrize("piece", [" ", "( ", " - ", ",A", "a\u0316\u0301"])
def test_titles_take_a_time_in_proportion(piece: str) -> None:
    def work(size: int) -> None:
        for _ in forms(piece * size + "x"):
            pass

    assert seconds(work, 20_000) < 8 * seconds(work, 5_000) + 0.01


def test_noise_for_lettering_is_soon_ranked(index: Path) -> None:
    lines = [Line("ab1& é" * 60, 0.9, 0.01 * n, 0.02 * n, 0.3, 0.3) for n in range(40)]
    start = time.thread_time()
    Films(index).identify(Lettering(tuple(lines)))
    assert time.thread_time() - start < 1
