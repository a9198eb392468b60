"""What a person does to many films at once: all of it is undone at once."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import sqlalchemy as sa

from genreel.app.store.decide import settle
from genreel.app.store.events import events_of_batch, log_many
from genreel.app.store.genres import Genres
from genreel.app.store.opinions import ACCEPTED, person_verdicts, replace_verdicts
from genreel.app.store.schema import decisions, films
from genreel.app.store.store import Store
from genreel.app.store.trash import KEPT_SECONDS, empty_trash, throw_away
from genreel.app.store.undo import AT_ONCE
from genreel.catalogue import LAST_YEAR
from genreel.decade import YEARS, decade_of
from genreel.errors import StoreError

Kind = Literal["accept", "review", "add", "remove", "decade", "delete"]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Act:
    """What is done to each of many films.

    Attributes:
        kind: accept: the film keeps the genres that it has, as a person's word. review: it has
            `genres` and no others. add, remove: it has `genres`, or has them not; what is said of
            other genres stays. decade: its year becomes the first of `decade`, unless it is in
            there already. delete: it goes to the trash.
        genres: of the store's.
        decade: such as 1950.

    Raises:
        StoreError: a genre or decade is missing.
    """

    kind: Kind
    genres: tuple[str, ...] = ()
    decade: int | None = None

    def __post_init__(self) -> None:
        if self.kind in ("add", "remove") and not self.genres:
            raise StoreError(f"{self.kind} which genre? give genres")
        if self.kind == "decade" and not _is_decade(self.decade):
            raise StoreError("decade is none; give one such as 1950")


@dataclass(slots=True)
class Outcome:
    """What became of an act.

    Attributes:
        batch: its name, for what follows of the same act.
        done: ids of films that were changed, in the order in which they were given.
        unchanged: ids of films that were like that already.
        refused: id → why nothing was changed.
    """

    batch: str
    done: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Now:
    """How films are before an act: genres that they have, and what a person said of them; all
    genres that there are, and those that are only suggested.
    """

    genres: Mapping[str, Collection[str]]
    verdicts: Mapping[str, Mapping[str, bool]]
    all_genres: Collection[str]
    silent: Collection[str]


Change = dict[str, Any]
"""What an act changes of a film: "state", "year", or "genres", a person's verdicts."""


def act_on_many(
    store: Store, versions: Mapping[str, int | None], act: Act, batch: str = "", by: str = ""
) -> Outcome:
    """Does the same to many films, in one transaction.

    Args:
        store: the films'.
        versions: id → the film's version, as the person saw it; None to not ask. AT_ONCE at most.
        act: what is done.
        batch: name of the act, where this is a further part of it; asked for the same part again,
            a film counts as done, and nothing is done twice.
        by: the name of the person, if known.

    Raises:
        StoreError: a genre that is not one of the store's, or too many films.
    """
    if len(versions) > AT_ONCE:
        raise StoreError(f"{len(versions):,} films at once; send at most {AT_ONCE} with one batch")
    unknown = [genre for genre in act.genres if genre not in store.defaults]
    if unknown:
        raise StoreError(
            f"unknown genre {', '.join(unknown)}; the model tells {', '.join(store.defaults)}"
        )
    outcome = Outcome(batch or uuid.uuid4().hex)
    with store.database.writing() as connection:
        rows = _rows(connection, versions, outcome)
        now = _read_now(connection, rows, store.genres.now(connection))
        changes: dict[str, Change] = {}
        for film, row in rows.items():
            change = _CHANGES[act.kind](act, row, now)
            if isinstance(change, str):
                outcome.refused[film] = change
            elif change is None:
                outcome.unchanged.append(film)
            else:
                changes[film] = change
        rows = {film: rows[film] for film in changes}
        if act.kind == "delete":
            _delete(connection, rows, outcome.batch)
        elif changes:
            _change(connection, store, rows, changes, now)
            _log(connection, act, rows, changes, now, outcome.batch, by)
        outcome.done += changes
    return outcome


def _is_decade(year: int | None) -> bool:
    return year is not None and 0 <= year <= LAST_YEAR and year % YEARS == 0


def _rows(
    connection: sa.Connection, versions: Mapping[str, int | None], outcome: Outcome
) -> dict[str, sa.RowMapping]:
    """The rows of the films that are as the person saw them, which are locked; notes the others."""
    # In the order of their ids, so that two who change the same films do not wait for each other.
    query = sa.select(films).where(films.c.id.in_(versions)).order_by(films.c.id).with_for_update()
    by_id = {row["id"]: row for row in connection.execute(query).mappings()}
    past = events_of_batch(connection, outcome.batch)
    rows = {}
    for film, version in versions.items():
        row = by_id.get(film)
        if film in past:
            outcome.done.append(film)
        elif row is None:
            outcome.refused[film] = f"no film {film[:80]!r}; somebody deleted it"
        elif version is not None and row["version"] != version:
            outcome.refused[film] = "was changed by somebody else; look at it again"
        else:
            rows[film] = row
    return rows


def _read_now(connection: sa.Connection, film_ids: Collection[str], all_genres: Genres) -> _Now:
    query = sa.select(decisions.c.film, decisions.c.genre).where(decisions.c.film.in_(film_ids))
    genres: dict[str, set[str]] = {}
    for film, genre in connection.execute(query):
        genres.setdefault(film, set()).add(genre)
    verdicts = person_verdicts(connection, film_ids)
    return _Now(genres, verdicts, all_genres.thresholds, all_genres.silent)


# An act, a film's row and how films are → what changes; None: nothing; a text: why it cannot.
_Rule = Callable[[Act, sa.RowMapping, _Now], "Change | str | None"]


def _accept(act: Act, row: sa.RowMapping, now: _Now) -> Change | str | None:
    genres = now.genres.get(row["id"], ())
    if row["state"] in ("reviewed", "accepted"):  # whoever looked at it closely has decided
        return None
    if not genres:
        return "has no genre to accept; give it one"
    # Of a genre that was only suggested, nobody has looked whether the film has it.
    told = [genre for genre in now.all_genres if genre in genres or genre not in now.silent]
    old = now.verdicts.get(row["id"], {})
    new = {genre: genre in genres for genre in told}
    return {"state": "accepted", "genres": {**old, **new}}


def _review(act: Act, row: sa.RowMapping, now: _Now) -> Change:
    return {"state": "reviewed", "genres": {genre: genre in act.genres for genre in now.all_genres}}


def _say(act: Act, row: sa.RowMapping, now: _Now) -> Change | None:
    old = now.verdicts.get(row["id"], {})
    new = {**old, **dict.fromkeys(act.genres, act.kind == "add")}
    return None if new == old else {"genres": new}


def _move(act: Act, row: sa.RowMapping, now: _Now) -> Change | None:
    is_there = row["year"] is not None and decade_of(row["year"]) == act.decade
    return None if is_there else {"year": act.decade}


_CHANGES: dict[str, _Rule] = {
    "accept": _accept,
    "review": _review,
    "add": _say,
    "remove": _say,
    "decade": _move,
    "delete": lambda act, row, now: {},
}

_EVENTS = {"add": "verdicts", "remove": "verdicts", "decade": "edit"}


def _change(
    connection: sa.Connection,
    store: Store,
    rows: Mapping[str, sa.RowMapping],
    changes: Mapping[str, Change],
    now: _Now,
) -> None:
    values: dict[str, Any] = {"version": films.c.version + 1}
    [first, *_] = changes.values()  # but for the genres, all films change alike
    values |= {name: first[name] for name in ("state", "year") if name in first}
    if "year" in values:  # another decade may have another correction
        values["correction"] = "stale"
    connection.execute(films.update().where(films.c.id.in_(rows)).values(values))
    if "genres" in first:
        by = ACCEPTED if first.get("state") == "accepted" else ""
        replace_verdicts(connection, {film: one["genres"] for film, one in changes.items()}, by)
    while "year" in values and store.tuning.rescore_some(connection):
        pass
    settle(connection, store.tuning.overrides(connection), list(rows))


def _log(
    connection: sa.Connection,
    act: Act,
    rows: Mapping[str, sa.RowMapping],
    changes: Mapping[str, Change],
    now: _Now,
    batch: str,
    by: str,
) -> None:
    def before(film: str) -> Change:
        old = {name: rows[film][name] for name in changes[film] if name != "genres"}
        return old | ({"genres": now.verdicts.get(film, {})} if "genres" in changes[film] else {})

    kind = _EVENTS.get(act.kind, act.kind)
    log_many(
        connection,
        [
            {
                "kind": kind,
                "film": film,
                "life": rows[film]["life"],
                "before": before(film),
                "after": change,
                "batch": batch,
                "by": by,
            }
            for film, change in changes.items()
        ],
    )


def _delete(connection: sa.Connection, rows: Mapping[str, sa.RowMapping], batch: str) -> None:
    fields = ("title", "year", "plot", "path")
    log_many(
        connection,
        [
            {
                "kind": "delete",
                "film": film,
                "life": row["life"],
                "before": {name: row[name] for name in fields},
                "batch": batch,
            }
            for film, row in rows.items()
        ],
    )
    numbers = events_of_batch(connection, batch)
    throw_away(connection, {numbers[film]: row for film, row in rows.items()})
    empty_trash(connection, time.time() - KEPT_SECONDS)
