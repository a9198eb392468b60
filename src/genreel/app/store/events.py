"""Everything that happened in a store, as events that stay."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from genreel.app.store.database import Database
from genreel.app.store.schema import events, films, trash

UNDOABLE = (
    *("review", "accept", "verdicts", "skip", "edit", "identify", "delete"),
    *("thresholds", "decide", "views", "genre"),
)
"""Kinds of a person's events that can be undone."""


def log(
    connection: sa.Connection,
    kind: str,
    film_id: str | None,
    source: str,
    by: str = "",
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    undoes: int | None = None,
) -> int:
    """Notes an event, in the transaction of the change itself; returns its number.

    Args:
        kind: add, edit, identify, genres, predict, review, accept, verdicts, skip, thresholds,
            decide, views, genre, learn, undo or delete.
        film_id: the film it happened to, if it was one; it is in the store.
        source: who did it, one of SOURCES.
        by: the version of the model, or the name of the person.
        before, after: what changed.
        undoes: the event that this one takes back.
    """
    result = connection.execute(
        events.insert().values(
            time=time.time(),
            kind=kind,
            film=film_id,
            life=_life(film_id),
            source=source,
            by=by,
            before=None if before is None else dict(before),
            after=None if after is None else dict(after),
            undoes=undoes,
        )
    )
    [number] = result.inserted_primary_key or (0,)
    return int(number)


def log_many(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Notes what a person did to many films; a row has columns of the table."""
    common = {"time": time.time(), "source": "person", "by": ""}
    if rows:
        connection.execute(events.insert(), [{**common, **row} for row in rows])


def last_change(connection: sa.Connection) -> int:
    """Number of the last event that may have changed what films there are, or what is known of one
    but for its genres; 0 where there is none.
    """
    is_change = events.c.kind.in_(("add", "edit", "identify", "delete", "undo"))
    query = sa.select(events.c.id).where(is_change).order_by(events.c.id.desc()).limit(1)
    return int(connection.execute(query).scalar_one_or_none() or 0)


def _life(film_id: str | None) -> sa.ScalarSelect[str]:
    """The life of a film of the store."""
    return sa.select(films.c.life).where(films.c.id == film_id).scalar_subquery()


def _is_of(connection: sa.Connection, film_id: str) -> sa.ColumnElement[bool]:
    """Whether an event belongs to a film: to its life, or to all that had its id if it has none."""
    life = connection.execute(sa.select(_life(film_id))).scalar_one()
    return events.c.film == film_id if life is None else events.c.life == life


def is_in_force() -> sa.ColumnElement[bool]:
    """Whether an event was not undone."""
    later = events.alias()
    return ~sa.exists().where(later.c.undoes == events.c.id)


def read_history(
    connection: sa.Connection, film_id: str | None, limit: int
) -> list[dict[str, Any]]:
    """Events, the newest first: of one film, or of the whole store."""
    columns = [column for column in events.c if column.name != "life"]
    query = sa.select(*columns).order_by(events.c.id.desc()).limit(limit)
    if film_id is not None:
        query = query.where(_is_of(connection, film_id))
    return [dict(row) for row in connection.execute(query).mappings()]


def last_undoable(connection: sa.Connection, film_id: str | None) -> sa.RowMapping | None:
    """A person's last event that can be undone, of one film or of any."""
    query = sa.select(events).where(_is_undoable(events)).order_by(events.c.id.desc()).limit(1)
    if film_id is not None:
        query = query.where(_is_of(connection, film_id))
    return connection.execute(query).mappings().first()


def last_act(database: Database) -> str:
    """Kind of a person's last act, which undo would take back; empty: there is none."""
    with database.reading() as connection:
        event = last_undoable(connection, None)
    return "" if event is None else str(event["kind"])


def undoable_of_batch(connection: sa.Connection, batch: str, limit: int) -> Sequence[sa.RowMapping]:
    """The events of a batch that can be undone, the newest first. What a person did to a film
    after that stands, so the film is left out.
    """
    later = events.alias("after")
    is_newest = ~sa.exists().where(
        later.c.life == events.c.life, later.c.id > events.c.id, _is_undoable(later)
    )
    query = sa.select(events).where(events.c.batch == batch, _is_undoable(events), is_newest)
    return connection.execute(query.order_by(events.c.id.desc()).limit(limit)).mappings().all()


def events_of_batch(connection: sa.Connection, batch: str) -> dict[str, int]:
    """Film → the number of its event in a batch, where that was not undone."""
    query = sa.select(events.c.film, events.c.id)
    is_of = (events.c.batch == batch) & (events.c.kind != "undo") & is_in_force()
    pairs: dict[str, int] = dict(connection.execute(query.where(is_of)).all())
    return pairs


def _is_undoable(of: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether an event of a table, or of an alias of it, is a person's and can be undone."""
    undoing = events.alias()
    is_in_force = ~sa.exists().where(undoing.c.undoes == of.c.id)
    # A film that is there, or in the trash, or no film at all: thresholds.
    is_possible = (
        of.c.film.is_(None)
        | sa.exists().where(films.c.life == of.c.life, of.c.kind != "delete")
        | sa.exists().where(trash.c.event == of.c.id)
    )
    return (of.c.source == "person") & of.c.kind.in_(UNDOABLE) & is_in_force & is_possible


def fields_of_person(connection: sa.Connection, film_id: str) -> set[str]:
    """Fields of a film (title, year, plot) that a person wrote, in its life."""
    query = sa.select(events.c.after).where(
        events.c.life == _life(film_id),
        events.c.kind.in_(("edit", "identify")),
        events.c.source == "person",
        is_in_force(),
    )
    return {name for after in connection.execute(query).scalars() for name in after}


def titles_of_life(connection: sa.Connection, film_id: str) -> set[str]:
    """Titles that a film has had, as its events tell."""
    query = sa.select(events.c.before, events.c.after).where(
        events.c.life == _life(film_id), events.c.kind.in_(("add", "edit", "identify"))
    )
    texts = [text for row in connection.execute(query) for text in row if text]
    return {text["title"] for text in texts if text.get("title")}
