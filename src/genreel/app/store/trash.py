"""Films that were deleted: kept for a while, so that the deletion can be undone."""

from __future__ import annotations

import time
from collections.abc import Mapping

import sqlalchemy as sa

from genreel.app.store.films import MAX_ID, drop_unused_poster
from genreel.app.store.schema import films, opinions, text_keys, trash
from genreel.errors import Conflict

KEPT_SECONDS = 30 * 86400
"""How long a deleted film can come back."""


def throw_away(connection: sa.Connection, rows: Mapping[int, sa.RowMapping]) -> None:
    """Moves films with their opinions into the trash.

    Args:
        rows: of the films, each by the number of the event of its deletion.
    """
    ids = [row["id"] for row in rows.values()]
    by_film: dict[str, list[dict[str, object]]] = {}
    query = sa.select(opinions).where(opinions.c.film.in_(ids))
    for opinion in connection.execute(query).mappings():
        by_film.setdefault(opinion["film"], []).append(_values(opinions, opinion))
    now = time.time()
    entries = [
        {
            "event": event,
            "time": now,
            "film": _values(films, row),
            "opinions": by_film.get(row["id"], []),
            "poster": row["poster"],
        }
        for event, row in rows.items()
    ]
    if entries:
        connection.execute(trash.insert(), entries)
        connection.execute(films.delete().where(films.c.id.in_(ids)))


def restore(connection: sa.Connection, event: int) -> str:
    """Puts a film back; returns its id, which is another where a new film has the old one.

    What follows from its opinions is not worked out: it counts as scored by a stale correction.
    """
    is_it = trash.c.event == event
    entry = connection.execute(sa.select(trash).where(is_it)).mappings().first()
    if entry is None:
        raise Conflict("somebody else undid the same at the same moment; look again")
    film = dict(entry["film"])
    film_id = _free_id(connection, film["id"])
    film |= {"id": film_id, "version": film["version"] + 1, "correction": "stale"}
    film |= text_keys(film)
    connection.execute(films.insert().values(film))
    rows = [{**row, "film": film_id} for row in entry["opinions"]]
    if rows:
        connection.execute(opinions.insert(), rows)
    connection.execute(trash.delete().where(is_it))
    return film_id


def empty_trash(connection: sa.Connection, before: float) -> None:
    """Drops the films that were deleted before a time, in seconds since 1970."""
    is_old = trash.c.time < before
    posters = connection.execute(sa.select(trash.c.poster).where(is_old)).scalars().all()
    connection.execute(trash.delete().where(is_old))
    for digest in set(posters):
        drop_unused_poster(connection, digest)


def _values(table: sa.Table, row: sa.RowMapping) -> dict[str, object]:
    return {column.key: row[column] for column in table.c}


def _free_id(connection: sa.Connection, film_id: str) -> str:
    """An id that no film has: this one, or one with a number behind it."""
    query = sa.select(films.c.id)
    free_id, number = film_id, 1
    while connection.execute(query.where(films.c.id == free_id)).first() is not None:
        number += 1
        suffix = f"-{number}"
        free_id = f"{film_id[: MAX_ID - len(suffix)]}{suffix}"
    return free_id
