"""What each decision would give to the films of a store, and which thresholds are in use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import sqlalchemy as sa

from genreel.app.store.decide import is_shown
from genreel.app.store.schema import films, opinions
from genreel.app.store.store import Store
from genreel.calibration import DECISIONS, SURE


class Preview(NamedTuple):
    """What a decision would give; what a person applied to genres is left out.

    Attributes:
        films: that the model has scored.
        genres: given to all of them.
        right: how many of these are right, as far as the scores tell.
        reviewed: genres given to films that a person has reviewed one by one.
        confirmed: how many of these the person gave, too.
    """

    films: int
    genres: int
    right: float
    reviewed: int
    confirmed: int


def cases(store: Store) -> dict[str, int]:
    """Case (see `genreel.cases`) → films that the model has scored in it, most films first."""
    number = sa.func.count().label("number")
    is_scored = sa.exists().where(opinions.c.film == films.c.id, opinions.c.source == "model")
    query = sa.select(films.c.case, number).where(is_scored, films.c.case != "")
    with store.database.reading() as connection:
        rows = connection.execute(query.group_by(films.c.case).order_by(number.desc())).all()
    return dict(rows)


def preview_decisions(store: Store) -> dict[str, Preview]:
    """One of `calibration.DECISIONS` → what it would give."""
    names = list(cases(store))
    person = opinions.alias("person")
    verdict = sa.case((person.c.verdict, 1), else_=0)
    is_reviewed = films.c.state == "reviewed"
    sums: list[sa.ColumnElement[Any]] = [sa.func.count(opinions.c.film.distinct())]
    for decide in DECISIONS:
        is_given = opinions.c.score >= _threshold(store, names, decide)
        if decide == SURE:
            is_given |= opinions.c.likeliest
        sums += [
            _sum(is_given, 1),
            _sum(is_given, opinions.c.score),
            _sum(is_given & is_reviewed, 1),
            _sum(is_given & is_reviewed, verdict),
        ]
    is_same = (person.c.film == opinions.c.film) & (person.c.genre == opinions.c.genre)
    query = (
        sa.select(*sums)
        .join(films, films.c.id == opinions.c.film)
        .join(person, is_same & (person.c.source == "person"), isouter=True)
        .where(opinions.c.source == "model", is_shown())
    )
    with store.database.reading() as connection:
        count, *values = connection.execute(query).one()
    rows = [values[start : start + 4] for start in range(0, len(values), 4)]
    return {
        decide: Preview(count, *(value or 0 for value in row))
        for decide, row in zip(DECISIONS, rows, strict=True)
    }


def _sum(condition: sa.ColumnElement[bool], value: Any) -> sa.ColumnElement[Any]:
    return sa.func.sum(sa.case((condition, value), else_=0))


def _threshold(store: Store, names: Iterable[str], decide: str) -> sa.ColumnElement[float]:
    """The bundle's threshold of an opinion, were it decided so."""
    own = opinions.c.raw_threshold
    by_case = {
        case: sa.case(dict(thresholds), value=opinions.c.genre, else_=own)
        for case in names
        if (thresholds := store.tuning.own_thresholds(case, decide))
    }
    return sa.case(by_case, value=films.c.case, else_=own) if by_case else own
