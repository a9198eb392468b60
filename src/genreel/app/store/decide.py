"""Who decides a genre, in SQL: the first source of SOURCES that has an opinion about it.

The genres that a file names are a person's: neither a lookup nor the model adds others to them.
The model gives a film the genres whose scores reach their thresholds; where it gives only what is
sure, the likeliest one, too, unless a person has set a threshold for that. A genre that a person
has hidden or deleted is nobody's.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from genreel.app.store.schema import SOURCES, decisions, films, genres, opinions
from genreel.calibration import SURE

NAMED = 1.0
"""The least margin of a film whose genres a file names; a model's margin is less."""


def settle(
    connection: sa.Connection, overrides: Mapping[str, float], ids: Sequence[str] | None = None
) -> None:
    """Works out what follows from the opinions about some films, or about all.

    Args:
        connection: a transaction.
        overrides: genre → threshold that a person applied.
        ids: of the films; None for all.
    """
    # Building the statements takes longer than running them on one film, so they are kept.
    values = None if ids is None else {"ids": list(ids)}
    for statement in _settling(tuple(sorted(overrides.items())), ids is None):
        connection.execute(statement, values)


@functools.lru_cache(maxsize=32)
def _settling(
    overrides: tuple[tuple[str, float], ...], is_of_all: bool
) -> tuple[sa.Executable, ...]:
    """The statements of `settle`; unless they are of all films, `ids` is a parameter."""

    def is_meant(film: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
        return sa.true() if is_of_all else film.in_(sa.bindparam("ids", expanding=True))

    query = sa.select(opinions.c.film, opinions.c.genre, opinions.c.source).where(
        is_meant(opinions.c.film), opinions.c.verdict, ~is_outranked(), is_shown()
    )
    distance = sa.func.abs(opinions.c.score - threshold(dict(overrides)))
    of_film = (opinions.c.film == films.c.id) & model_decides()
    margin = sa.select(sa.func.min(distance)).where(of_film).scalar_subquery()
    # Where a file or a lookup says all genres, films come after those about which the model is
    # unsure; among themselves, those of which it doubts a genre most come first.
    is_said = opinions.c.source.in_(("file", "lookup"))
    is_named = sa.exists().where(opinions.c.film == films.c.id, is_said)
    certainty = sa.case((is_named, NAMED + 1 - sa.func.coalesce(contradiction(), 0.0)), else_=None)
    wrong = sa.func.coalesce(sa.func.sum(1 - opinions.c.score), 0.0)
    doubt = sa.select(wrong).where(of_film, opinions.c.verdict).scalar_subquery()
    count = sa.select(sa.func.count()).where(decisions.c.film == films.c.id)
    follow = {
        "margin": sa.func.coalesce(margin, certainty),
        "doubt": doubt,
        "labels": count.scalar_subquery(),
    }
    return (
        decisions.delete().where(is_meant(decisions.c.film)),
        decisions.insert().from_select(["film", "genre", "source"], query),
        films.update().where(is_meant(films.c.id)).values(follow),
    )


def _rank(source: sa.ColumnElement[str]) -> sa.Case[int]:
    return sa.case({name: rank for rank, name in enumerate(SOURCES)}, value=source)


def is_outranked() -> sa.ColumnElement[bool]:
    """Whether somebody more trusted has an opinion: about the genre, or a file about the film."""
    other = opinions.alias("other")
    is_of_film = other.c.film == opinions.c.film
    is_of_genre = is_of_film & (other.c.genre == opinions.c.genre)
    is_of_file = is_of_film & (other.c.source == "file")
    about_genre = sa.exists().where(is_of_genre, _rank(other.c.source) < _rank(opinions.c.source))
    about_film = sa.exists().where(is_of_file, opinions.c.source.in_(("lookup", "model")))
    return about_genre | about_film


def is_shown() -> sa.ColumnElement[bool]:
    """Whether an opinion is about a genre that a person has neither hidden nor deleted."""
    hidden = sa.select(genres.c.genre).where(genres.c.is_hidden | genres.c.is_deleted)
    return opinions.c.genre.not_in(hidden)


def model_decides() -> sa.ColumnElement[bool]:
    """Whether an opinion is the model's and nobody else has one."""
    return (opinions.c.source == "model") & is_shown() & ~is_outranked()


def contradiction() -> sa.ScalarSelect[float]:
    """How much the model is against what stands: the score of a genre that is missing, or what the
    score of one that stands lacks to 1; the largest of a film.
    """
    stands = sa.exists().where(
        decisions.c.film == opinions.c.film, decisions.c.genre == opinions.c.genre
    )
    distance = sa.func.max(sa.case((stands, 1 - opinions.c.score), else_=opinions.c.score))
    is_models = (opinions.c.film == films.c.id) & (opinions.c.source == "model")
    return sa.select(distance).where(is_models, is_shown()).correlate(films).scalar_subquery()


def threshold(overrides: Mapping[str, float]) -> sa.ColumnElement[float]:
    """The threshold of an opinion: what a person applied to the genre, or the model's own."""
    models = opinions.c.threshold
    return sa.case(dict(overrides), value=opinions.c.genre, else_=models) if overrides else models


def verdict(overrides: Mapping[str, float], decide: str) -> sa.ColumnElement[bool]:
    """Whether the model gives the film the genre."""
    is_reached = opinions.c.score >= threshold(overrides)
    if decide != SURE:
        return is_reached
    return is_reached | (opinions.c.likeliest & opinions.c.genre.not_in(overrides))


def count_changes(overrides: Mapping[str, float], decide: str) -> sa.Select[int]:
    """How many films would gain or lose a genre."""
    return sa.select(sa.func.count(opinions.c.film.distinct())).where(
        model_decides(), opinions.c.verdict != verdict(overrides, decide)
    )
