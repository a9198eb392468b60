"""Changes of genres, as events that can be undone."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from genreel.app.store.events import log
from genreel.app.store.genres import GenresOfStore, StoreGenre
from genreel.app.store.schema import films, opinions


def keep_genres(
    connection: sa.Connection, genres: GenresOfStore, rows: Iterable[StoreGenre]
) -> list[StoreGenre]:
    """Keeps rows in place of the older ones, as a person's act that can be undone."""
    now = genres.now(connection)
    new = [replace(row, version=row.version + 1, added=row.added or time.time()) for row in rows]
    before: dict[str, dict[str, Any] | None] = {}
    for row in new:
        old = now.rows.get(row.genre)
        if old is None and row.is_own:
            before[row.genre] = None
        else:
            before[row.genre] = (old or now[row.genre]).to_json()
    after = {row.genre: row.to_json() for row in new}
    _put(connection, genres, new)
    log(connection, "genre", None, "person", before={"genres": before}, after={"genres": after})
    return new


def restore_genres(
    connection: sa.Connection, genres: GenresOfStore, before: Mapping[str, Any]
) -> None:
    """Brings genres back to how they were; films follow with `rescore`."""
    now = genres.now(connection)
    rows = []
    for genre, values in before.items():
        row = now.rows.get(genre) or StoreGenre(genre, genre)
        values = {"is_deleted": True} if values is None else values
        rows.append(replace(row, version=row.version + 1, **values))
    _put(connection, genres, rows)


def _put(connection: sa.Connection, genres: GenresOfStore, rows: Sequence[StoreGenre]) -> None:
    """Keeps rows; the films that may have another genre for it are to be rescored."""
    old = genres.now(connection).rows
    movers = [row for row in rows if _moves_films(old.get(row.genre), row)]
    genres.put(connection, rows)
    is_models = opinions.c.source == "model"
    clueless = [row.genre for row in rows if row.is_own and row.learnt is None]
    connection.execute(opinions.delete().where(is_models, opinions.c.genre.in_(clueless)))
    if any(not row.is_own for row in movers):  # another may be a film's likeliest now
        connection.execute(films.update().values(correction="stale"))
    of_genre = opinions.c.genre.in_([row.genre for row in movers])
    is_of = sa.exists().where(opinions.c.film == films.c.id, of_genre)
    connection.execute(films.update().where(is_of).values(correction="stale"))


def _moves_films(old: StoreGenre | None, new: StoreGenre) -> bool:
    def facts(row: StoreGenre) -> tuple[object, ...]:
        return row.is_hidden, row.is_deleted, row.parent

    return old is None or facts(old) != facts(new)
