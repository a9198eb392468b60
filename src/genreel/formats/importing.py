"""From a source of any format to a catalogue: one table, and the posters beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from genreel.catalogue import TABLE_SUFFIXES, TABLES, Movie
from genreel.errors import GenreelError, InputError, PosterError
from genreel.files import read_file, remove_parts, whole_file, write_whole
from genreel.formats.source import Poster
from genreel.formats.table import csv_line, write_catalogue
from genreel.posters import Limits, suffix_of

PROBLEMS = "import-problems.csv"
"""Table beside the catalogue of what could not be used."""


_LONGEST = 200  # bytes of a name; file systems hold 255, with the suffix and a temporary one's


@dataclass
class Imported:
    """What became of a source.

    Attributes:
        movies: in the catalogue now.
        left_out: movies that are not, each with a reason among the problems.
        problems: rows of the table of problems.
    """

    table: Path
    movies: int = 0
    left_out: int = 0
    problems: int = 0


def table_of(target: Path) -> Path:
    """The table that a target means: itself, or movies.csv in a folder."""
    return target if target.suffix.lower() in TABLE_SUFFIXES else target / TABLES[0]


def write_import(
    movies: Iterable[Movie], target: Path, *, with_poster: bool = False, overwrite: bool = False
) -> Imported:
    """Writes movies and their posters as a catalogue; the table comes last, and whole.

    A run that was stopped is begun again: posters that are there already are not written twice.

    Args:
        movies: as a reader of FORMATS gives them.
        target: the catalogue's folder, or its table.
        with_poster: leave out movies that have none.
        overwrite: replace an older table.

    Raises:
        GenreelError: it cannot be written, or there is one already.
    """
    result = Imported(table_of(target))
    folder = result.table.parent
    if result.table.exists() and not overwrite:
        raise GenreelError(f"{result.table} is there already; give --overwrite to replace it")
    try:
        (folder / "posters").mkdir(parents=True, exist_ok=True)
        remove_parts(folder / "posters")
        for name in (result.table.name, PROBLEMS):
            remove_parts(folder, name)
    except OSError as error:
        raise GenreelError(f"cannot write to {folder} ({error.strerror}); choose another") from None
    with whole_file(folder / PROBLEMS) as problems:
        problems.write(csv_line(("id", "problem")))

        def note(movie: Movie) -> None:
            result.problems += 1
            problems.write(csv_line((movie.id, movie.problem)))

        def usable() -> Iterator[Movie]:
            ids: set[str] = set()
            for movie in movies:
                if movie.id in ids:
                    result.left_out += 1
                    note(Movie(movie.id, problem="a movie with this id came before; left out"))
                    continue
                movie = keep_poster(movie, folder)
                if with_poster and movie.poster is None:
                    reason = "; ".join(filter(None, (movie.problem, "no poster; left out")))
                    movie = Movie(movie.id, problem=reason)
                if movie.problem:
                    note(movie)
                if any(movie.has(name) for name in ("poster", "plot", "title")):
                    ids.add(movie.id)
                    yield movie
                else:
                    result.left_out += 1
                    if not movie.problem:
                        note(replace(movie, problem="no poster, plot or title; left out"))

        result.movies = write_catalogue(usable(), result.table)
    if not result.problems:
        (folder / PROBLEMS).unlink()
    return result


def keep_poster(movie: Movie, folder: Path) -> Movie:
    """The movie with its poster in the catalogue's folder; one inside already stays there."""
    if not isinstance(movie.poster, Path | bytes):
        return movie
    try:
        return replace(movie, poster=_keep(movie.id, movie.poster, folder))
    except PosterError as error:
        problem = "; ".join(filter(None, (movie.problem, str(error))))
        return replace(movie, poster=None, problem=problem)


def _keep(movie_id: str, poster: Poster, folder: Path) -> Path:
    if isinstance(poster, Path) and poster.is_relative_to(folder):
        return poster
    if isinstance(poster, Path):
        try:
            data = read_file(poster, Limits().max_bytes)
        except InputError as error:
            raise PosterError(f"poster {error}") from None
        except OSError as error:
            raise PosterError(f"poster {poster}: {error.strerror}; check it") from None
    else:
        data = poster
    path = folder / "posters" / (file_name(movie_id) + suffix_of(data))
    if not (path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data):
        write_whole(path, data, sync=False)
    return path


def file_name(movie_id: str) -> str:
    """An id as the name of a file, without folders; another id never gives the same name."""
    name = "".join(c if c.isalnum() or c in "-_ .()" else "_" for c in movie_id).strip(" .")
    if name and name == movie_id and len(name.encode()) <= _LONGEST:
        return name
    digest = hashlib.sha256(movie_id.encode("utf-8", "replace")).hexdigest()[:12]
    short = name.encode("utf-8", "replace")[:_LONGEST].decode("utf-8", "ignore")
    return f"{short.strip(' .') or 'film'}-{digest}"
