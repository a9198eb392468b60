"""Finding films: by genre, decade, state and words; what to review next, and how much is left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from genreel.app.store.decide import NAMED
from genreel.app.store.film import Film, film_from_row
from genreel.app.store.schema import IDENTITIES, STATES, decisions, films, opinions
from genreel.app.store.store import Store
from genreel.catalogue import LAST_YEAR
from genreel.decade import YEARS, decade_years
from genreel.errors import InputError
from genreel.folding import fold

ORDERS = {
    "unsure": "least sure first",
    "doubtful": "doubtful genres first",
    "newest": "newest first",
    "rarest": "rarest genre first",
    "title": "by title",
}
"""Orders of films, and what they are called."""

ORDER_PATTERN = f"^({'|'.join(ORDERS)})$"

NO_GENRE = "none"
"""Asked for as a genre: the films that have none."""

PAGE = 60

MAX_WORDS, MAX_LETTERS = 20, 1000
"""What a search may have: each word is looked for in every film."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which films; an empty field asks for nothing.

    Attributes:
        genre: that they have, or NO_GENRE.
        decade: such as 1950; None for all.
        state: one of STATES, or "problem" for those whose input could not be used.
        text: words that all stand in the title, the plot or the id, without capitals and accents.
        identity: one of IDENTITIES.

        since, before: the first year, and the first that is too late; None for all.

    Raises:
        InputError: a decade that no film is of, or too long a search.
    """

    genre: str = ""
    decade: int | None = None
    state: str = ""
    text: str = ""
    identity: str = ""
    since: int | None = None
    before: int | None = None

    def __post_init__(self) -> None:
        if self.decade is not None and not 0 <= self.decade <= LAST_YEAR:
            raise InputError(f"decade is not from 0 to {LAST_YEAR}; give one such as 1950")
        for year in (self.since, self.before):
            if year is not None and not 0 <= year <= LAST_YEAR + 1:
                raise InputError(f"year {year} is not from 0 to {LAST_YEAR}")
        if len(self.text) > MAX_LETTERS or len(self.text.split()) > MAX_WORDS:
            raise InputError(
                f"a search of {len(self.text):,} letters; give at most {MAX_WORDS} words of "
                f"together {MAX_LETTERS:,} letters"
            )


def find(
    store: Store, query: Filter, order: str = "newest", limit: int = PAGE, offset: int = 0
) -> list[Film]:
    """Films without their opinions, at most `limit`; their genres stand by the model's score."""
    some = sa.select(films).where(*_where(query)).order_by(*_order(order))
    with store.database.reading() as connection:
        rows = connection.execute(some.limit(limit).offset(offset)).mappings().all()
        is_models = (
            (opinions.c.film == decisions.c.film)
            & (opinions.c.genre == decisions.c.genre)
            & (opinions.c.source == "model")
        )
        scores = connection.execute(
            sa.select(decisions.c.film, decisions.c.genre, opinions.c.score)
            .outerjoin(opinions, is_models)
            .where(decisions.c.film.in_([row["id"] for row in rows]))
        ).all()
    places = {genre: place for place, genre in enumerate(store.defaults)}
    by_film: dict[str, list[tuple[float, int, str]]] = {}
    for film, genre, score in scores:
        if genre in places:
            by_film.setdefault(film, []).append((-(score or 0.0), places[genre], genre))
    return [
        film_from_row(row, tuple(genre for *_, genre in sorted(by_film.get(row["id"], []))))
        for row in rows
    ]


def count(store: Store, query: Filter) -> int:
    """How many films there are."""
    with store.database.reading() as connection:
        number = sa.select(sa.func.count()).select_from(films).where(*_where(query))
        return int(connection.execute(number).scalar_one())


def facets(store: Store, query: Filter) -> dict[str, dict[Any, int]]:
    """For each of genre, decade, state, identity: value → films, if it were chosen instead."""
    genre = replace(query, genre="")
    decade = replace(query, decade=None)
    state = replace(query, state="")
    identity = replace(query, identity="")
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
    by_identity = sa.select(films.c.identity, number).where(*_where(identity))
    with store.database.reading() as connection:
        of_identity = connection.execute(by_identity.group_by(films.c.identity)).all()
        identities: dict[str, int] = dict(of_identity)
        genres: dict[str, int] = dict(connection.execute(by_genre).all())
        decades: dict[Any, int] = dict(connection.execute(by_decade.group_by(of_decade)).all())
        states: dict[str, int] = dict(connection.execute(by_state).all())
    return {
        "genre": {name: genres[name] for name in store.defaults if name in genres}
        | _some(NO_GENRE, count(store, replace(genre, genre=NO_GENRE))),
        "decade": dict(sorted(decades.items())),
        "state": {name: states[name] for name in STATES if name in states}
        | _some("problem", count(store, replace(state, state="problem"))),
        "identity": {name: identities[name] for name in IDENTITIES if name in identities},
    }


def queue(store: Store, order: str, limit: int = 2) -> list[str]:
    """Ids of the films to review next; those that were skipped come last."""
    waiting = films.c.state.in_(("new", "skipped"))
    ids = sa.select(films.c.id).where(waiting).order_by(films.c.state, *_order(order))
    with store.database.reading() as connection:
        return list(connection.execute(ids.limit(limit)).scalars())


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
    ordered_doubts = sa.select(films.c.doubt).where(waiting)
    ordered_doubts = ordered_doubts.order_by(films.c.state, *_order(order))
    with store.database.reading() as connection:
        doubts = list(connection.execute(ordered_doubts).scalars())
        total = connection.execute(sa.select(sa.func.sum(films.c.labels))).scalar_one() or 0
        everything = connection.execute(sa.select(sa.func.count()).select_from(films)).scalar_one()
    wrong = sum(doubts)
    most_wrong = (1 - promise) * total
    until, still_wrong = 0, wrong
    while still_wrong > most_wrong + 1e-9 and until < len(doubts):
        still_wrong -= doubts[until]
        until += 1
    return {
        "reviewed": everything - len(doubts),
        "remaining": len(doubts),
        "precision": 1 - wrong / total if total else 1.0,
        "until": until,
    }


def _where(query: Filter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if query.genre:
        of_film = decisions.c.film == films.c.id
        if query.genre == NO_GENRE:
            conditions.append(~sa.exists().where(of_film))
        else:
            conditions.append(sa.exists().where(of_film, decisions.c.genre == query.genre))
    if query.decade is not None:
        conditions.append(films.c.year.between(*decade_years(query.decade)))
    if query.since is not None:
        conditions.append(films.c.year >= query.since)
    if query.before is not None:
        conditions.append(films.c.year < query.before)
    if query.state == "problem":
        conditions.append(films.c.problem != "")
    elif query.state:
        conditions.append(films.c.state == query.state)
    if query.identity:
        conditions.append(films.c.identity == query.identity)
    for word in fold(query.text).split():
        conditions.append(films.c.search_text.contains(word, autoescape=True))
    return conditions


def _order(order: str) -> list[sa.ColumnElement[Any]]:
    if order == "title":
        return [films.c.title_key, films.c.id]
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
    if order == "doubtful":
        # A margin of 1 and more is that of genres that a file names (see `decide.settle`).
        is_named = films.c.margin >= NAMED
        return [sa.case((is_named, 0), else_=1), *_order("unsure")]
    # A film about which the model could say nothing needs a person most.
    return [sa.func.coalesce(films.c.margin, -1.0), films.c.id]


def _some(name: Any, number: int) -> dict[Any, int]:
    return {name: number} if number else {}
