"""Takes a person's acts back, those on many films in one go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from genreel.app.store.database import set_setting
from genreel.app.store.decide import settle
from genreel.app.store.events import log_many
from genreel.app.store.films import expect_life, update_film
from genreel.app.store.genre_events import restore_genres
from genreel.app.store.identity import restore_verdicts
from genreel.app.store.opinions import replace_verdicts
from genreel.app.store.trash import restore
from genreel.app.store.tuning import Tuning

AT_ONCE = 500
"""Films that are changed in one transaction: about a second, in which others wait."""

_OPINIONS = ("genres", "lookup")
"""What an event says that no column of a film holds."""


def take_back(
    connection: sa.Connection, tuning: Tuning, events: Sequence[sa.RowMapping]
) -> list[str | None]:
    """Takes events of different films back, and notes that.

    Returns:
        The ids that their films have now; None for an event that was about no film.
    """
    ids = [_take_back(connection, tuning, event) for event in events]
    on_films = [(film, event) for film, event in zip(ids, events, strict=True) if film]
    verdicts = {film: event["before"]["genres"] for film, event in on_films if _has_genres(event)}
    replace_verdicts(connection, verdicts)
    if any(event["kind"] in ("delete", "edit") for _, event in on_films):
        while tuning.rescore_some(connection):
            pass
    settle(connection, tuning.overrides(connection), [film for film, _ in on_films])
    log_many(
        connection,
        [
            {
                "kind": "undo",
                "film": film,
                "life": event["life"],
                "before": event["after"],
                "after": event["before"],
                "undoes": event["id"],
                "batch": event["batch"],
            }
            for film, event in zip(ids, events, strict=True)
        ],
    )
    return ids


def _take_back(connection: sa.Connection, tuning: Tuning, event: sa.RowMapping) -> str | None:
    """Takes back what an event changed in the film's row; returns the id that it has now."""
    before: Mapping[str, Any] = event["before"] or {}
    if event["kind"] == "thresholds":
        tuning.use_thresholds(connection, before)
        return None
    if event["kind"] == "decide":
        tuning.use_decision(connection, before["decide"], before["thresholds"])
        return None
    if event["kind"] == "views":
        set_setting(connection, "views", before["views"])
        return None
    if event["kind"] == "genre":
        restore_genres(connection, tuning.genres, before["genres"])
        return None
    if event["kind"] == "delete":
        return restore(connection, event["id"])
    values = {name: value for name, value in before.items() if name not in _OPINIONS}
    row = expect_life(connection, event["life"])
    if "lookup" in before:
        restore_verdicts(connection, row["id"], before["lookup"])
    update_film(connection, tuning, row, **values)
    return str(row["id"])


def _has_genres(event: sa.RowMapping) -> bool:
    """Whether an event changed a person's verdicts."""
    return event["kind"] in ("review", "accept", "verdicts")
