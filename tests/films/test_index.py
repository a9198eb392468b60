"""The index of films: what goes in, and what is said of a file that is none."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from shelf import FILMS, write_index

from genreel.errors import FilmsError, GenreelError
from genreel.films.building import Builder
from genreel.films.film import Film
from genreel.films.films import Films


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return write_index(tmp_path / "films.db")


def test_it_says_what_it_holds_and_from_where(index: Path) -> None:
    films = Films(index)
    assert len(films) == len(FILMS)
    [origin] = films.origins
    assert (origin.name, origin.films) == ("shelf", len(FILMS))
    film = films.get("tt9000001")
    assert film is not None
    assert (film.title, film.year, film.votes) == ("The Quince Orchard", 1951, 900)
    assert film.genres == {"imdb": ("Drama",)}
    assert film.plot == "Two sisters."
    assert films.get("tt1") is None


def test_a_film_of_two_sources_is_one(tmp_path: Path) -> None:
    with Builder(tmp_path / "films.db") as builder:
        builder.add(FILMS, "shelf")
        again = (
            Film("tt9000001", "Le Verger", 1952, {"tmdb": ("Romance",)}, votes=2_000, tmdb="7"),
            Film("x1", "Perihelion Six", 2012, {"movielens": ("Sci-Fi",)}, "A crew."),
            Film("x2", "Perihelion Six", 1980),
        )
        # Films of the first source have ids of IMDb only as their own, not as `imdb`.
        first = Film("tt9000099", "Verger, Le", 1950, imdb="tt9000099")
        builder.add((first,), "more")
        builder.add((*again, Film("y", "Le Verger", 1999, imdb="tt9000099")), "third")
    films = Films(tmp_path / "films.db")
    merged = films.get("tt9000099")
    assert merged is not None
    assert merged.year == 1950
    six = films.search("Perihelion Six")
    assert [film.year for film in six] == [2012, 1980]
    assert six[0].genres == {"imdb": ("Sci-Fi",), "movielens": ("Sci-Fi",)}
    assert six[0].plot == "A crew."


def test_a_film_that_a_source_has_twice_is_one(tmp_path: Path) -> None:
    films = Films(write_index(tmp_path / "films.db", (FILMS[0], FILMS[1], FILMS[0])))
    assert len(films) == 2
    assert films.origins[0].films == 2


def test_search_finds_what_is_typed(index: Path) -> None:
    films = Films(index)
    assert films.search("quince orchard")[0].id == "tt9000001"
    assert films.search("lant")[0].title.startswith("Lanterns")
    assert films.search("å")[0].id == "tt9000005"
    assert films.search("城と月")[0].id == "tt9000008"
    assert films.search("house on tallow hil")[0].id == "tt9000007"
    assert len(films.search("The Ferryman", 20)) >= 10
    assert films.search("?!") == []


def test_it_is_only_read(index: Path) -> None:
    index.chmod(0o444)
    before = index.read_bytes()
    Films(index).search("Ferryman")
    assert index.read_bytes() == before
    assert [path.name for path in index.parent.iterdir()] == ["films.db"]


def _version(version: int) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with sqlite3.connect(path) as database:
            database.execute(f"PRAGMA user_version = {version}")

    return change


def _other(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE film (id)")


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:9_000])


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _spoil(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Path.unlink, "does not exist"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_bytes(b"id,title\n1,Quince\n" * 99), "is no index of films"),
        (_other, "is no index of films"),
        (_version(0), "of an older genreel"),
        (_version(99), "of a newer genreel"),
        (_cut, "is cut off"),
        (_spoil, "is damaged"),
        (_pipe, "is no regular file"),
        (_folder, "is a folder"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line_with_the_remedy(
    index: Path, change: Callable[[Path], object], words: str
) -> None:
    change(index)
    with pytest.raises(FilmsError, match=words) as error:
        Films(index).search("The Quince Orchard")
    assert "genreel films SOURCE --out" in str(error.value)
    assert "\n" not in str(error.value)


def test_an_index_without_films_says_so(tmp_path: Path) -> None:
    write_index(tmp_path / "films.db", (Film("a", "?"),))
    with pytest.raises(FilmsError, match="holds no films"):
        Films(tmp_path / "films.db")
    with pytest.raises(FilmsError, match="is a folder"):
        Films(tmp_path)


def test_an_older_index_stays_where_a_source_fails(index: Path) -> None:
    before = index.read_bytes()

    def films() -> object:
        yield FILMS[0]
        raise GenreelError("the source broke off")

    with pytest.raises(GenreelError, match="broke off"), Builder(index) as builder:
        builder.add(films(), "shelf")  # type: ignore[arg-type]
    assert index.read_bytes() == before
    assert [path.name for path in index.parent.iterdir()] == ["films.db"]


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(FilmsError, match="cannot write"), Builder(tmp_path / "no" / "films.db"):
        pass
