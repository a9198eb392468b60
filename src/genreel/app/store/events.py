"""Everything that happened in a store, as events that stay."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from genreel.app.store.schema import events


def log(
    connection: sa.Connection,
    kind: str,
    film_id: str | None,
    source: str,
    version: str = "",
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    undoes: int | None = None,
) -> None:
    """Notes an event, in the transaction of the change itself.

    Args:
        kind: add, edit, genres, predict, review, skip, thresholds, learn, undo or delete.
        film_id: the film it happened to, if it was one.
        source: who did it, one of SOURCES.
        version: of the model, or the name of the person.
        before, after: what changed.
        undoes: the event that this one takes back.
    """
    connection.execute(
        events.insert().values(
            time=time.time(),
            kind=kind,
            film=film_id,
            source=source,
            version=version,
            before=None if before is None else dict(before),
            after=None if after is None else dict(after),
            undoes=undoes,
        )
    )


def standing() -> sa.ColumnElement[bool]:
    """Whether an event was not taken back."""
    undoing = events.alias()
    return ~sa.exists().where(undoing.c.undoes == events.c.id)
