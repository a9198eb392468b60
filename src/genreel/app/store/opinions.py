"""What everybody says about the genres of a film, inside a transaction."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import sqlalchemy as sa

from genreel.app.store.correction import Correction
from genreel.app.store.decide import is_shown
from genreel.app.store.film import Opinion
from genreel.app.store.schema import opinions
from genreel.calibration import BALANCED, SURE

ACCEPTED = "accepted"
"""Who said what was accepted together with other films, for `Opinion.by`: of these words nothing is
learnt, as the model would learn from itself."""


@dataclass(frozen=True)
class Policy:
    """How scores become genres.

    Attributes:
        decide: of `calibration.DECISIONS`.
        overrides: genre → threshold that a person applied.
        version, correction: what was learnt from reviews.
        parents: genre of a person's own → what a film that is given it is given, too. Below its
            threshold none is a film's likeliest.
        hidden: genres that no film is given.
    """

    decide: str = BALANCED
    overrides: Mapping[str, float] = field(default_factory=dict)
    version: str = ""
    correction: Correction = field(default_factory=Correction)
    parents: Mapping[str, Sequence[str]] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()


def read_opinions(connection: sa.Connection, film_id: str) -> dict[str, dict[str, Opinion]]:
    """Genre → source → opinion, without genres that a person has hidden or deleted."""
    query = sa.select(opinions).where(opinions.c.film == film_id, is_shown())
    by_genre: dict[str, dict[str, Opinion]] = {}
    for row in connection.execute(query).mappings():
        opinion = Opinion(**{name: row[opinions.c[name]] for name in _NAMES})
        by_genre.setdefault(row["genre"], {})[row["source"]] = opinion
    return by_genre


def replace_opinions(
    connection: sa.Connection, film_id: str, source: str, by_genre: Mapping[str, Opinion]
) -> dict[str, bool]:
    """Puts a source's opinions in place of its older ones, whose verdicts are returned."""
    is_own = (opinions.c.film == film_id) & (opinions.c.source == source)
    query = sa.select(opinions.c.genre, opinions.c.verdict).where(is_own)
    before: dict[str, bool] = dict(connection.execute(query).all())
    connection.execute(opinions.delete().where(is_own))
    if by_genre:
        rows = [
            {"film": film_id, "genre": genre, "source": source, **_columns(opinion)}
            for genre, opinion in by_genre.items()
        ]
        connection.execute(opinions.insert(), rows)
    return before


def _columns(opinion: Opinion) -> dict[str, Any]:
    """As `asdict`, which copies each value and takes ten times as long."""
    return {name: getattr(opinion, name) for name in _NAMES}


_NAMES = tuple(field.name for field in fields(Opinion))


def person_verdicts(
    connection: sa.Connection, film_ids: Iterable[str]
) -> dict[str, dict[str, bool]]:
    """Film → genre → a person's verdict, where there is one."""
    query = sa.select(opinions.c.film, opinions.c.genre, opinions.c.verdict).where(
        opinions.c.source == "person", opinions.c.film.in_(film_ids)
    )
    by_film: dict[str, dict[str, bool]] = {}
    for film, genre, verdict in connection.execute(query):
        by_film.setdefault(film, {})[genre] = verdict
    return by_film


def replace_verdicts(
    connection: sa.Connection, by_film: Mapping[str, Mapping[str, bool]], by: str = ""
) -> None:
    """Puts a person's verdicts about the genres of films in place of all older ones; one that says
    the same stays as it was said.
    """
    old = person_verdicts(connection, by_film)
    films_of: dict[tuple[str, ...], list[str]] = {}  # genres whose verdict goes → films: one or two
    for film, verdicts in old.items():
        new = by_film[film]
        genres = tuple(sorted(g for g, verdict in verdicts.items() if new.get(g) is not verdict))
        films_of.setdefault(genres, []).append(film)
    for genres, film_ids in films_of.items():
        is_old = (opinions.c.source == "person") & opinions.c.genre.in_(genres)
        connection.execute(opinions.delete().where(is_old, opinions.c.film.in_(film_ids)))
    common = _columns(Opinion(True, by=by, time=time.time()))
    rows = [
        {**common, "film": film, "genre": genre, "source": "person", "verdict": verdict}
        for film, verdicts in by_film.items()
        for genre, verdict in verdicts.items()
        if old.get(film, {}).get(genre) is not verdict
    ]
    if rows:
        connection.execute(opinions.insert(), rows)


def raw_opinions(
    connection: sa.Connection, film_ids: Iterable[str]
) -> dict[str, tuple[dict[str, float], dict[str, float]]]:
    """Film → the model's own scores and thresholds by genre, where it has an opinion."""
    query = sa.select(opinions).where(opinions.c.source == "model", opinions.c.film.in_(film_ids))
    by_film: dict[str, tuple[dict[str, float], dict[str, float]]] = {}
    for row in connection.execute(query).mappings():
        scores, thresholds = by_film.setdefault(row["film"], ({}, {}))
        scores[row["genre"]], thresholds[row["genre"]] = row["raw"], row["raw_threshold"]
    return by_film


def _give_parents(scores: dict[str, float], thresholds: dict[str, float], policy: Policy) -> None:
    """Has a film that is given a genre of one's own reach its parents, too: they are as likely."""
    for genre, parents in policy.parents.items():
        score = scores.get(genre, 0.0)
        if genre in scores and score >= policy.overrides.get(genre, thresholds[genre]):
            for parent in parents:
                if parent in scores:
                    scores[parent] = max(score, scores[parent])
                    thresholds[parent] = min(scores[parent], thresholds[parent])


def opinions_of_model(
    raw: Mapping[str, float],
    raw_thresholds: Mapping[str, float],
    year: int | None,
    policy: Policy,
    by: str = "",
    time: float = 0.0,
) -> dict[str, Opinion]:
    """Genre → opinion of the model about a film.

    Args:
        raw: genre → the model's own score, in [0, 1].
        raw_thresholds: genre → the model's own threshold for this film.
        year: of release.
        policy: how scores become genres.
        by: the version of the model.
        time: seconds since 1970.
    """
    scores = policy.correction.scores(raw, year)
    thresholds = policy.correction.thresholds(raw_thresholds, year, policy.decide)
    overrides = policy.overrides
    _give_parents(scores, thresholds, policy)
    candidates = [
        genre
        for genre, score in scores.items()
        if genre not in policy.hidden
        and (genre not in policy.parents or score >= thresholds[genre])
    ]
    main = max(candidates, key=scores.__getitem__, default="")
    keeps_main = policy.decide == SURE and main not in overrides
    return {
        genre: Opinion(
            verdict=score >= overrides.get(genre, thresholds[genre])
            or (keeps_main and genre == main),
            score=score,
            raw=raw[genre],
            threshold=thresholds[genre],
            raw_threshold=raw_thresholds[genre],
            by=by,
            time=time,
            likeliest=genre == main,
        )
        for genre, score in scores.items()
    }
