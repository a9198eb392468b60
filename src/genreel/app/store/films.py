"""Rows of films and their posters, read and changed inside a transaction."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from genreel.app.store.events import fields_of_person, log
from genreel.app.store.film import Film, film_from_row
from genreel.app.store.opinions import read_opinions
from genreel.app.store.schema import (
    STATES,
    decisions,
    films,
    full_posters,
    posters,
    text_keys,
    trash,
)
from genreel.app.store.tuning import Tuning
from genreel.catalogue import Movie, Scalar
from genreel.errors import Conflict, UnknownFilm

MAX_ID = 200
"""Characters of a film's id."""


def read_row(
    connection: sa.Connection, film_id: str | None, *, lock: bool = False
) -> sa.RowMapping | None:
    """The row of a film; None where there is none.

    Args:
        lock: nobody else may change it until the transaction ends.
    """
    query = sa.select(films).where(films.c.id == film_id)
    if lock:  # SQLite needs none: its writers come one after the other
        query = query.with_for_update()
    return connection.execute(query).mappings().first()


def expect_row(
    connection: sa.Connection, film_id: str, version: int | None = None
) -> sa.RowMapping:
    """The row of a film that is to be changed; it is locked.

    Args:
        version: the film's, as the person saw it; None to not ask.

    Raises:
        UnknownFilm, Conflict: somebody else changed it since.
    """
    row = read_row(connection, film_id, lock=True)
    if row is None:
        raise UnknownFilm(film_id)
    if version is not None and row["version"] != version:
        raise Conflict(f"{film_id[:80]!r} was changed by somebody else; look at it again")
    return row


def expect_life(connection: sa.Connection, life: str) -> sa.RowMapping:
    """The row of the film that has a life, which is locked; its id may have changed."""
    query = sa.select(films).where(films.c.life == life).with_for_update()
    row = connection.execute(query).mappings().first()
    if row is None:
        raise Conflict("the film was deleted at the same moment; look again")
    return row


def read_film(connection: sa.Connection, film_id: str, order: Iterable[str]) -> Film:
    """A film with all opinions; raises UnknownFilm.

    Args:
        order: all genres; the film's own stand by score, and in this order where scores are equal.
    """
    row = read_row(connection, film_id)
    if row is None:
        raise UnknownFilm(film_id)
    query = sa.select(decisions.c.genre).where(decisions.c.film == film_id)
    decided_genres = set(connection.execute(query).scalars())
    genres = tuple(genre for genre in order if genre in decided_genres)
    film = film_from_row(row, genres, read_opinions(connection, film_id))
    by_score = sorted(genres, key=lambda genre: -(film.score(genre) or 0))
    return replace(film, genres=tuple(by_score))


def update_film(
    connection: sa.Connection, tuning: Tuning, row: sa.RowMapping, **values: Any
) -> None:
    """Changes columns of a film and raises its version; scores follow where the year changed."""
    if "title" in values or "plot" in values:
        values |= text_keys({**row, **values})
    if "year" in values:  # another decade may have another correction
        values["correction"] = "stale"
    update = films.update().where(films.c.id == row["id"])
    connection.execute(update.values(version=row["version"] + 1, **values))
    if "year" in values:
        tuning.rescore_some(connection)


def edit_film(
    connection: sa.Connection,
    tuning: Tuning,
    row: sa.RowMapping,
    changes: Mapping[str, Any],
    source: str,
) -> None:
    """Changes columns of a film and notes the event."""
    update_film(connection, tuning, row, **changes)
    before = {name: row[name] for name in changes}
    log(connection, "edit", row["id"], source, before=before, after=dict(changes))


def save_movie(
    connection: sa.Connection,
    tuning: Tuning,
    movie: Movie,
    poster: str | None,
    path: str,
    source: str,
) -> None:
    """Adds a film, or completes the one with its id, but for its genres; see `Store.save`.

    Args:
        poster: digest of its poster, which is kept already; None: there is none.
    """
    values: dict[str, Any] = {
        "title": movie.title,
        "year": movie.year,
        "plot": movie.plot,
        "language": movie.language,
        "poster": poster,
        "path": path,
    }
    values = {name: value for name, value in values.items() if value not in ("", None)}
    lettering = None if movie.lettering is None else movie.lettering.to_json()
    row = read_row(connection, movie.id, lock=True)
    if extra := _own_columns(movie):
        values["extra"] = {**(row["extra"] or {}), **extra} if row else extra
    if row is None:
        life, now = uuid.uuid4().hex, time.time()
        new = {"id": movie.id, "life": life, "added": now, "problem": movie.problem}
        new |= {"lettering": lettering}
        keys = text_keys({"title": "", "plot": "", **values, **new})
        connection.execute(films.insert().values({**new, **values, **keys}))
        log(connection, "add", movie.id, source, after=values)
    else:
        persons_fields = fields_of_person(connection, movie.id)
        changes = {
            name: value
            for name, value in values.items()
            if row[name] != value
            and name not in persons_fields
            and not (name == "language" and "plot" in persons_fields)
        }
        if "plot" in changes:  # another plot tells its own language
            changes = {"language": movie.language, **changes}
        if changes:
            edit_film(connection, tuning, row, changes, source)
        if lettering is not None:  # it may be what the film is called
            keys = text_keys({**row, **changes, "lettering": lettering})
            update = films.update().where(films.c.id == movie.id)
            connection.execute(update.values(lettering=lettering, **keys))


def save_poster(connection: sa.Connection, poster: bytes, full: bytes | None = None) -> str:
    """Keeps a poster's JPEG, and a larger one if there is; returns its digest."""
    digest = hashlib.sha256(poster).hexdigest()
    # The same poster may arrive twice, at two servers, at the same moment.
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    for table, data in ((posters, poster), (full_posters, full)):
        if data is not None:
            insert = dialect.insert(table).values({"digest": digest, "data": data})
            connection.execute(insert.on_conflict_do_nothing())
    return digest


def drop_unused_poster(connection: sa.Connection, digest: str | None) -> None:
    """Deletes a poster that no film has any more, nor one in the trash."""
    owners = sa.union_all(
        sa.select(films.c.poster).where(films.c.poster == digest),
        sa.select(trash.c.poster).where(trash.c.poster == digest),
    )
    if digest and connection.execute(owners).first() is None:
        connection.execute(posters.delete().where(posters.c.digest == digest))


def _own_columns(movie: Movie) -> dict[str, Scalar]:
    """A movie's other columns, without the state that an export of a store writes."""
    columns = dict(movie.extra)
    if columns.get("state") in STATES:
        del columns["state"]
    return columns
