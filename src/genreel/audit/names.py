"""What genres are called in a library, letter by letter."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from genreel.catalogue import Catalogue, Movie
from genreel.errors import CatalogueError
from genreel.formats.nfo import read_nfo
from genreel.formats.source import Source
from genreel.tables import read_table


def read_names(path: Path, movies: Iterable[Movie]) -> dict[str, list[str]]:
    """Id → the names in a movie's NFO file, or in the column genres of a table.

    Args:
        path: the library, or the catalogue.
        movies: of it.
    """
    if isinstance(movies, Catalogue):
        names = {}
        for number, record in read_table(movies.path, False):
            if not isinstance(record, CatalogueError):
                value = record.get("genres") or []
                some = value.split("|") if isinstance(value, str) else value
                if isinstance(some, list | tuple):
                    names[str(record.get("id") or f"row {number}")] = list(map(str, some))
        return names
    source = Source(path)
    names = {}
    for movie in movies:
        try:
            nfo = movie.extra.get("nfo")
            names[movie.id] = list(read_nfo(source.read(str(nfo))).genres) if nfo else []
        except CatalogueError:
            continue  # told as a problem of the movie
    return names
