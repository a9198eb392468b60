"""Where films come from: a catalogue, or whatever `genreel import` reads."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from genreel.catalogue import TABLE_SUFFIXES, TABLES, Catalogue, Movie
from genreel.errors import CatalogueError
from genreel.films.building import Builder
from genreel.films.fetching import PUBLISHERS
from genreel.films.film import film_of
from genreel.formats import FORMATS
from genreel.formats.film import Options
from genreel.formats.source import Source

_MAX_LINE = 2**20  # bytes; a gzip file of a few kilobytes may hold one of gigabytes

# A file that a format's folder or archive holds → the format.
_MARKS = {
    "movies_metadata.csv": "kaggle_movies",
    "title.basics.tsv.gz": "imdb",
    "title.basics.tsv": "imdb",
    "movies.dat": "movielens",
}


@dataclass(frozen=True)
class FilmSource:
    """A source of films: its path or query, and its format; "catalogue" is genreel's own."""

    path: Path
    format: str

    def movies(self) -> Iterator[Movie]:
        """Its films; a row that cannot be read is a movie whose `problem` says why."""
        if self.format == "catalogue":
            return iter(Catalogue(self.path, extra=True))
        return FORMATS[self.format].read(self.path, Options())


def find_source(text: str) -> FilmSource:
    """A source by its path, whose format is seen from its files, or as FORMAT:PATH.

    Raises:
        CatalogueError: it does not exist, or is of no format that is known.
    """
    name, colon, rest = text.partition(":")
    if colon and name in FORMATS:
        return FilmSource(Path(rest), name)
    path = Path(text)
    if not path.exists():
        if "=" in text:
            return FilmSource(path, "tmdb")
        remedy = f"did you mean {text} --fetch?" if text in PUBLISHERS else "check the path"
        raise CatalogueError(f"{text} does not exist; {remedy}")
    return FilmSource(path, _format_of(path))


def _format_of(path: Path) -> str:
    if path.name.lower() in _MARKS:
        return _MARKS[path.name.lower()]
    if path.suffix.lower() in TABLE_SUFFIXES:
        return "movielens" if _is_movielens(path) else "catalogue"
    source = Source(path)
    for name, format_name in _MARKS.items():
        if source.has(name):
            return format_name
    if path.is_dir() and any((path / name).is_file() for name in TABLES):
        return "movielens" if _is_movielens(path / TABLES[0]) else "catalogue"
    if source.has("movies.csv"):
        return "movielens"
    if path.is_dir():
        return "kodi"
    raise CatalogueError(f"{path} is of no known format; name it: FORMAT:{path}")


def _is_movielens(table: Path) -> bool:
    if table.suffix.lower() != ".csv" or not table.is_file():
        return False
    with table.open("rb") as file:
        return file.readline(200).lstrip(b"\xef\xbb\xbf").startswith(b"movieId,title,genres")


def add_source(builder: Builder, source: FilmSource, movies: Iterator[Movie]) -> list[str]:
    """Adds a source's films to an index, of IMDb's also the ratings and akas beside them.

    Args:
        builder: of the index.
        source: where `movies` are from.
        movies: its films.

    Returns:
        What is wrong with the rows that were left out.

    Raises:
        CatalogueError: the source cannot be read.
        FilmsError: the index cannot be written.
    """
    problems: list[str] = []

    def usable() -> Iterator[Movie]:
        for movie in movies:
            if movie.title:
                yield movie
            elif movie.problem:
                is_said = movie.problem.startswith(movie.id)
                problems.append(movie.problem if is_said else f"{movie.id}: {movie.problem}")

    builder.add((film_of(m, source.format) for m in usable()), source.path.name, source.format)
    if source.format == "imdb":
        folder = source.path if source.path.is_dir() else source.path.parent
        builder.add_votes(_votes(folder))
        builder.add_titles(_akas(folder))
    return problems


def _votes(folder: Path) -> Iterator[tuple[str, int]]:
    for row in _rows(folder, "title.ratings.tsv", ("tconst", "numVotes")):
        if row[1].isdecimal() and len(row[1]) <= 12:
            yield row[0], int(row[1])


def _akas(folder: Path) -> Iterator[tuple[str, str]]:
    for row in _rows(folder, "title.akas.tsv", ("titleId", "title")):
        yield row[0], row[1]


def _rows(folder: Path, name: str, columns: tuple[str, str]) -> Iterator[tuple[str, str]]:
    """Two columns of one of IMDb's tables; none where the table is not there."""
    path = next((p for p in (folder / f"{name}.gz", folder / name) if p.is_file()), None)
    if path is None:
        return
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            header = file.readline(_MAX_LINE).decode("utf-8", "replace").rstrip("\r\n").split("\t")
            lacking = set(columns) - set(header)
            if lacking:
                raise CatalogueError(f"{path}: no column {min(lacking)!r}; is it {name}?")
            first, second = (header.index(column) for column in columns)
            for line in iter(lambda: file.readline(_MAX_LINE), b""):
                cells = line.decode("utf-8", "replace").rstrip("\r\n").split("\t")
                if len(cells) == len(header):
                    yield cells[first], cells[second]
    except (EOFError, OSError, zlib.error) as error:
        raise CatalogueError(f"{path}: damaged ({error}); download it again") from None
