"""The rows of a table that is added, each with the id of its film."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from genreel.app.service.added import Added
from genreel.app.service.ids import check_id, file_name, has_id, id_of_row, is_other
from genreel.app.store.film import Film
from genreel.app.store.films import MAX_ID
from genreel.app.store.store import Store
from genreel.catalogue import Catalogue, Movie
from genreel.errors import InputError, UnknownFilm


def movies_of_table(store: Store, catalogue: Catalogue, table: str) -> Iterator[Movie | Added]:
    """The rows of a table with the ids of their films; a row that cannot be used is an error.

    Args:
        store: its films may be those of rows.
        catalogue: the table.
        table: what its file is called.
    """
    ids: set[str] = set()
    for movie in catalogue:
        if movie.problem and not (movie.title or movie.plot or movie.poster):
            yield Added(movie.id, error=movie.problem)
            continue
        if isinstance(movie.poster, Path):  # the table lies in a folder that soon is gone
            movie = replace(movie, poster=Path(os.path.relpath(movie.poster, catalogue.folder)))
        try:
            film_id = _id_of_row(store, movie, table, ids)
        except InputError as error:
            yield Added(movie.id, error=str(error))
            continue
        ids.add(film_id)
        yield replace(movie, id=film_id)


def _id_of_row(store: Store, movie: Movie, table: str, ids: set[str]) -> str:
    """The id of a row's film; raises InputError where it cannot be used, or is another's."""
    film = find_film(store, movie.id) if len(movie.id) <= MAX_ID else None
    if has_id(movie):
        check_id(movie.id)
        if film and is_other(film, movie, store.titles(film.id)):
            year = f" ({film.year})" if film.year else ""
            raise InputError(
                f"id {movie.id[:80]!r} is that of {film.title[:80]!r}{year}, another film; "
                "give this row an id of its own, or correct the film on its page"
            )
        return movie.id
    # A film that an older genreel, or an import, called after its row.
    if film and film.title and (film.title, film.year) == (movie.title, movie.year):
        return movie.id
    film_id = id_of_row(table, movie, ids)
    if movie.poster and find_film(store, film_id) is None:  # perhaps its poster came first
        film = store.film_by_path(file_name(str(movie.poster)))
        if film and film.id not in ids and not film.title:
            return film.id
        if film and (film.title, film.year) == (movie.title, movie.year):
            return film.id
    return film_id


def find_film(store: Store, film_id: str) -> Film | None:
    """A film of the store; None: it has none of that id."""
    try:
        return store.film(film_id)
    except UnknownFilm:
        return None
