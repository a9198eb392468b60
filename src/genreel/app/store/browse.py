"""Finding films: by genre, decade, state and words; what to review next, and how much is left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from genreel.app.store.decide import NAMED
from genreel.app.store.film import Film, Opinion, film_from_row
from genreel.app.store.schema import (
    IDENTITIES,
    STATES,
    WAITING,
    decisions,
    films,
    opinions,
)
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
        sure: films to be reviewed of whose genres at least this share, in [0, 1], is right, as far
            as the model's scores tell.
        ids: of the films; None for all.
        since, before: the first year, and the first that is too late; None for all.

    Raises:
        InputError: a decade that no film is of, or too long a search.
    """

    genre: str = ""
    decade: int | None = None
    state: str = ""
    text: str = ""
    identity: str = ""
    sure: float | None = None
    ids: frozenset[str] | None = None
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


EVERYTHING = Filter()


def year_of(text: str) -> int | None:
    """A year as a person types it; None where it is none."""
    return int(text) if text.isdecimal() and len(text) == 4 else None


def find(
    store: Store, query: Filter, order: str = "newest", limit: int = PAGE, offset: int = 0
) -> list[Film]:
    """Films with their genres, the likeliest first, and of the opinions only those that the model
    decided; at most `limit`.
    """
    some = sa.select(films).where(*_where(query)).order_by(*_order(order))
    with store.database.reading() as connection:
        rows = connection.execute(some.limit(limit).offset(offset)).mappings().all()
        genres_of = _decided(connection, [row["id"] for row in rows])
    return [_with_genres(row, genres_of.get(row["id"], {}), store.defaults) for row in rows]


_Decided = dict[str, tuple[str, float | None]]
"""Genre that a film has → the source that decided it, and the model's score, if it has one."""


def _decided(connection: sa.Connection, film_ids: Sequence[str]) -> dict[str, _Decided]:
    is_about = (opinions.c.film == decisions.c.film) & (opinions.c.genre == decisions.c.genre)
    query = (
        sa.select(decisions.c.film, decisions.c.genre, decisions.c.source, opinions.c.score)
        .join(opinions, is_about & (opinions.c.source == "model"), isouter=True)
        .where(decisions.c.film.in_(film_ids))
    )
    by_film: dict[str, _Decided] = {}
    for film, genre, source, score in connection.execute(query):
        by_film.setdefault(film, {})[genre] = (source, score)
    return by_film


def _with_genres(row: sa.RowMapping, by_genre: _Decided, order: Iterable[str]) -> Film:
    names = [genre for genre in order if genre in by_genre]
    names.sort(key=lambda genre: -(by_genre[genre][1] or 0))
    of_model = {
        genre: {"model": Opinion(True, score)}
        for genre, (source, score) in by_genre.items()
        if source == "model"
    }
    return film_from_row(row, tuple(names), of_model)


def versions(store: Store, query: Filter, limit: int) -> list[tuple[str, int]]:
    """Ids and versions of films, the least sure first; at most `limit`."""
    some = sa.select(films.c.id, films.c.version).where(*_where(query)).order_by(*_order("unsure"))
    with store.database.reading() as connection:
        return [(film, version) for film, version in connection.execute(some.limit(limit))]


def labels(store: Store, query: Filter) -> tuple[int, float]:
    """How many genres films have together, and how many of these are right, as far as the model's
    scores tell; those from others are.
    """
    number, wrong = sa.func.sum(films.c.labels), sa.func.sum(films.c.doubt)
    with store.database.reading() as connection:
        row = connection.execute(sa.select(number, wrong).where(*_where(query))).one()
    return int(row[0] or 0), float(row[0] or 0) - float(row[1] or 0.0)


def count(store: Store, query: Filter) -> int:
    """How many films there are."""
    with store.database.reading() as connection:
        number = sa.select(sa.func.count()).select_from(films).where(*_where(query))
        return int(connection.execute(number).scalar_one())


def genres(store: Store, query: Filter) -> dict[str, int]:
    """Genre → films that have it, the most frequent first."""
    number = sa.func.count()
    by_genre = (
        sa.select(decisions.c.genre, number)
        .join(films, films.c.id == decisions.c.film)
        .where(*_where(query))
        .group_by(decisions.c.genre)
    )
    with store.database.reading() as connection:
        counts: dict[str, int] = dict(connection.execute(by_genre).all())
    in_order = {name: counts[name] for name in store.defaults if name in counts}
    return dict(sorted(in_order.items(), key=lambda pair: -pair[1]))


def facets(store: Store, query: Filter) -> dict[str, dict[Any, int]]:
    """For each of genre, decade, state, identity: value → films, if it were chosen instead."""
    genre = replace(query, genre="")
    decade = replace(query, decade=None)
    state = replace(query, state="")
    identity = replace(query, identity="")
    number = sa.func.count()
    counts = genres(store, genre)
    # Not by %: where a statement has no parameters, pg8000 leaves the %% that stands for it.
    ten = sa.literal_column(str(YEARS), sa.Integer)
    of_decade = films.c.year // ten * ten
    by_decade = sa.select(of_decade, number).where(*_where(decade), films.c.year.is_not(None))
    by_state = sa.select(films.c.state, number).where(*_where(state)).group_by(films.c.state)
    by_identity = sa.select(films.c.identity, number).where(*_where(identity))
    with store.database.reading() as connection:
        of_identity = connection.execute(by_identity.group_by(films.c.identity)).all()
        identities: dict[str, int] = dict(of_identity)
        decades: dict[Any, int] = dict(connection.execute(by_decade.group_by(of_decade)).all())
        states: dict[str, int] = dict(connection.execute(by_state).all())
    return {
        "genre": {name: counts[name] for name in store.defaults if name in counts}
        | _some(NO_GENRE, count(store, replace(genre, genre=NO_GENRE))),
        "decade": dict(sorted(decades.items())),
        "state": {name: states[name] for name in STATES if name in states}
        | _some("problem", count(store, replace(state, state="problem"))),
        "identity": {name: identities[name] for name in IDENTITIES if name in identities},
    }


def queue(
    store: Store, order: str, limit: int = 2, query: Filter = EVERYTHING, after: str = ""
) -> list[str]:
    """Ids of the films to review next; those that were skipped come last.

    Args:
        store: the films'.
        order: one of ORDERS.
        limit: how many, at most.
        query: which films. Where it asks for a state, they are those of that state.
        after: id of the film that somebody looks at: those behind it come first, and it does not
            come at all.
    """
    ids = sa.select(films.c.id, films.c.state).where(*_waiting(query))
    with store.database.reading() as connection:
        rows = connection.execute(ids.order_by(*_queue_order(order))).all()
    names = [name for name, _ in rows]
    if after not in names:
        return names[:limit]
    here = names.index(after)
    behind, before = rows[here + 1 :], rows[:here]
    # What nobody looked at comes before what was skipped, also where it stands before this one.
    following = sorted([*behind, *before], key=lambda row: row.state == "skipped")
    return [name for name, _ in following[:limit]]


def progress(
    store: Store, order: str, promise: float, query: Filter = EVERYTHING
) -> dict[str, Any]:
    """How far the reviews are.

    Args:
        store: the films'.
        order: one of ORDERS.
        promise: share of all labels that are to be right, in [0, 1].
        query: which films.

    Returns:
        reviewed, remaining: films. precision: share of all labels that are right as far as the
        model's scores can tell; a person's are. until: about how many more reviews, in this
        order, until `promise` is kept; 0 where it is.
    """
    ordered_doubts = sa.select(films.c.doubt).where(*_waiting(query))
    ordered_doubts = ordered_doubts.order_by(*_queue_order(order))
    sums = sa.select(sa.func.sum(films.c.labels), sa.func.count()).select_from(films)
    with store.database.reading() as connection:
        doubts = list(connection.execute(ordered_doubts).scalars())
        total, everything = connection.execute(sums.where(*_where(query))).one()
    total = total or 0
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


def _waiting(query: Filter) -> list[sa.ColumnElement[bool]]:
    """The films of a queue: those that wait, or those of the state that is asked for."""
    return [*_where(query)] if query.state else [*_where(query), films.c.state.in_(WAITING)]


def _queue_order(order: str) -> list[sa.ColumnElement[Any]]:
    return [films.c.state == "skipped", *_order(order)]


def _where(query: Filter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if query.genre:
        theirs = decisions.alias()  # a query may count decisions, too
        of_film = theirs.c.film == films.c.id
        if query.genre == NO_GENRE:
            conditions.append(~sa.exists().where(of_film))
        else:
            conditions.append(sa.exists().where(of_film, theirs.c.genre == query.genre))
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
    if query.ids is not None:
        conditions.append(films.c.id.in_(query.ids))
    if query.sure is not None:
        # Rounding must not leave out a film of exactly this share.
        wrong = (1 - query.sure + 1e-9) * films.c.labels
        is_clear = (films.c.labels > 0) & (films.c.problem == "") & (films.c.doubt <= wrong)
        conditions += [is_clear, films.c.state.in_(WAITING)]
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
