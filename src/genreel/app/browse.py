"""Finding films: by genre, decade, state and words; what to review next, and how much is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from genreel.app.film import Film, film_from_row
from genreel.app.schema import STATES, decisions, films
from genreel.app.store import Store
from genreel.decade import YEARS, decade_years

ORDERS = {
    "unsure": "least sure first",
    "newest": "newest first",
    "rarest": "rarest genre first",
    "title": "by title",
}
"""Orders of films, and what they are called."""

NO_GENRE = "none"
"""Asked for as a genre: the films that have none."""

PAGE = 60


@dataclass(frozen=True, slots=True)
class Filter:
    """Which films; an empty field asks for nothing.

    Attributes:
        genre: that they have, or NO_GENRE.
        decade: such as 1950; None for all.
        state: one of STATES, or "problem" for those whose input could not be used.
        text: words that all stand in the title, the plot or the id.
    """

    genre: str = ""
    decade: int | None = None
    state: str = ""
    text: str = ""


def find(
    store: Store, wanted: Filter, order: str = "newest", limit: int = PAGE, offset: int = 0
) -> list[Film]:
    """Films without their opinions, at most `limit`."""
    chosen = sa.select(films).where(*_where(wanted)).order_by(*_order(order))
    with store.database.reading() as connection:
        rows = connection.execute(chosen.limit(limit).offset(offset)).mappings().all()
        pairs = connection.execute(
            sa.select(decisions.c.film, decisions.c.genre).where(
                decisions.c.film.in_([row["id"] for row in rows])
            )
        ).all()
    genres: dict[str, set[str]] = {}
    for film, genre in pairs:
        genres.setdefault(film, set()).add(genre)
    return [
        film_from_row(row, tuple(g for g in store.defaults if g in genres.get(row["id"], ())))
        for row in rows
    ]


def count(store: Store, wanted: Filter) -> int:
    """How many films there are."""
    with store.database.reading() as connection:
        chosen = sa.select(sa.func.count()).select_from(films).where(*_where(wanted))
        return int(connection.execute(chosen).scalar_one())


def facets(store: Store, wanted: Filter) -> dict[str, dict[Any, int]]:
    """For each of genre, decade and state: value → films, if it were chosen instead."""
    genre = replace(wanted, genre="")
    decade = replace(wanted, decade=None)
    state = replace(wanted, state="")
    number = sa.func.count()
    by_genre = (
        sa.select(decisions.c.genre, number)
        .join(films, films.c.id == decisions.c.film)
        .where(*_where(genre))
        .group_by(decisions.c.genre)
    )
    # Not by %: where a statement has no parameters, pg8000 leaves the %% that stands for it.
    ten = sa.literal_column(str(YEARS), sa.Integer)
    of_decade = films.c.year // ten * ten
    by_decade = sa.select(of_decade, number).where(*_where(decade), films.c.year.is_not(None))
    by_state = sa.select(films.c.state, number).where(*_where(state)).group_by(films.c.state)
    with store.database.reading() as connection:
        genres: dict[str, int] = dict(connection.execute(by_genre).all())
        decades: dict[Any, int] = dict(connection.execute(by_decade.group_by(of_decade)).all())
        states: dict[str, int] = dict(connection.execute(by_state).all())
    return {
        "genre": {name: genres[name] for name in store.defaults if name in genres}
        | _some(NO_GENRE, count(store, replace(genre, genre=NO_GENRE))),
        "decade": dict(sorted(decades.items())),
        "state": {name: states[name] for name in STATES if name in states}
        | _some("problem", count(store, replace(state, state="problem"))),
    }


def queue(store: Store, order: str, limit: int = 2, but: Sequence[str] = ()) -> list[str]:
    """Ids of the films to review next; those that were skipped come last.

    Args:
        but: ids to leave out.
    """
    waiting = films.c.state.in_(("new", "skipped"))
    chosen = sa.select(films.c.id).where(waiting, films.c.id.not_in(but))
    chosen = chosen.order_by(films.c.state, *_order(order)).limit(limit)
    with store.database.reading() as connection:
        return list(connection.execute(chosen).scalars())


def progress(store: Store, order: str, promise: float) -> dict[str, Any]:
    """How far the reviews are.

    Args:
        promise: share of all labels that are to be right, in [0, 1].

    Returns:
        reviewed, remaining: films. precision: share of all labels that are right as far as the
        model's scores can tell; a person's are. until: about how many more reviews, in this
        order, until `promise` is kept; 0 where it is.
    """
    waiting = films.c.state.in_(("new", "skipped"))
    chosen = sa.select(films.c.doubt).where(waiting).order_by(films.c.state, *_order(order))
    with store.database.reading() as connection:
        doubts = list(connection.execute(chosen).scalars())
        total = connection.execute(sa.select(sa.func.sum(films.c.labels))).scalar_one() or 0
        everything = connection.execute(sa.select(sa.func.count()).select_from(films)).scalar_one()
    wrong = sum(doubts)
    allowed = (1 - promise) * total
    until, left = 0, wrong
    while left > allowed + 1e-9 and until < len(doubts):
        left -= doubts[until]
        until += 1
    return {
        "reviewed": everything - len(doubts),
        "remaining": len(doubts),
        "precision": 1 - wrong / total if total else 1.0,
        "until": until,
    }


def _where(wanted: Filter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.genre:
        of_film = decisions.c.film == films.c.id
        if wanted.genre == NO_GENRE:
            found.append(~sa.exists().where(of_film))
        else:
            found.append(sa.exists().where(of_film, decisions.c.genre == wanted.genre))
    if wanted.decade is not None:
        found.append(films.c.year.between(*decade_years(wanted.decade)))
    if wanted.state == "problem":
        found.append(films.c.problem != "")
    elif wanted.state:
        found.append(films.c.state == wanted.state)
    for word in wanted.text.lower().split():
        found.append(
            sa.or_(
                *(
                    sa.func.lower(column).contains(word, autoescape=True)
                    for column in (films.c.title, films.c.plot, films.c.id)
                )
            )
        )
    return found


def _order(order: str) -> list[sa.ColumnElement[Any]]:
    if order == "title":
        return [sa.func.lower(films.c.title), films.c.id]
    if order == "newest":
        return [films.c.added.desc(), films.c.id]
    if order == "rarest":
        sizes = (
            sa.select(decisions.c.genre, sa.func.count().label("size"))
            .group_by(decisions.c.genre)
            .subquery()
        )
        rarest = (
            sa.select(sa.func.min(sizes.c.size))
            .join(decisions, decisions.c.genre == sizes.c.genre)
            .where(decisions.c.film == films.c.id)
            .scalar_subquery()
        )
        return [sa.func.coalesce(rarest, 0), *_order("unsure")]
    # A film about which the model could say nothing needs a person most.
    return [sa.func.coalesce(films.c.margin, -1.0), films.c.id]


def _some(name: Any, number: int) -> dict[Any, int]:
    return {name: number} if number else {}
