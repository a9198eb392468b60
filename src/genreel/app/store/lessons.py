"""What genres of one's own learn from, and which films they are given to.

Every word of a person about a genre is an example: a yes where a review has the genre, a no where a
review of a time when there was the genre has it not. What was accepted together with other films
teaches nothing.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

import numpy as np
import sqlalchemy as sa

from genreel.app.store.genres import Genres, StoreGenre
from genreel.app.store.opinions import ACCEPTED
from genreel.app.store.schema import films, opinions, traits
from genreel.features import Array
from genreel.own.teaching import MOST_POOLED
from genreel.own.traits import SCORES, TRAITS, Traits, stack

Example = tuple[str, bool]
"""A film's id, and whether a person says that it has the genre."""

JUDGED_AT_ONCE = 500
"""Films that are given another score in one transaction."""

_FEW = 20  # times "no": till there, each teaches
_NEAR = 0.01  # score by which a film must differ to be settled anew

_TYPES = {SCORES: "<f4", "plot": "<f2", "poster": "<f2"}


def save_traits(
    connection: sa.Connection, film_id: str, bundle: str, vectors: Mapping[str, Array]
) -> None:
    """Keeps what a bundle makes of a film; nothing where `vectors` lacks its scores."""
    connection.execute(traits.delete().where(traits.c.film == film_id))
    if SCORES in vectors:
        data = {
            name: np.asarray(vectors[name], _TYPES[name]).tobytes()
            for name in TRAITS
            if name in vectors
        }
        connection.execute(traits.insert().values(film=film_id, bundle=bundle, **data))


def read_traits(connection: sa.Connection, film_ids: Sequence[str]) -> Traits:
    """What the bundle makes of films, in their order; all of them have traits."""
    query = sa.select(traits).where(traits.c.film.in_(film_ids))
    by_film = {row["film"]: row for row in connection.execute(query).mappings()}
    columns = {
        name: [
            None if (data := by_film[film][name]) is None else _array(name, data)
            for film in film_ids
        ]
        for name in TRAITS
    }
    return stack(columns)


def _array(name: str, data: bytes) -> Array:
    return np.frombuffer(data, _TYPES[name]).astype(np.float32)


def own_scores(genres: Genres, vectors: Mapping[str, Array]) -> dict[str, float]:
    """Genre of one's own → score in [0, 1] of a film; none where `vectors` lacks its scores."""
    if SCORES not in vectors or not genres.able:
        return {}
    row = stack({name: [vectors.get(name)] for name in TRAITS})
    return {one.genre: float(one.as_own().scores(row)[0]) for one in genres.able}


def learnt_by(genres: Genres, genre: str) -> str:
    """What is noted with the opinions of a genre of one's own."""
    learnt = genres[genre].learnt
    return learnt.by if learnt else ""


def without_traits(connection: sa.Connection, bundle: str, limit: int) -> list[str]:
    """Ids of films that the model has judged, but of which nothing is kept that genres of one's
    own could be told by; the newest first.
    """
    is_read = sa.exists().where(traits.c.film == films.c.id, traits.c.bundle == bundle)
    is_judged = sa.exists().where(opinions.c.film == films.c.id, opinions.c.source == "model")
    query = sa.select(films.c.id).where(is_judged, ~is_read).order_by(films.c.added.desc())
    return list(connection.execute(query.limit(limit)).scalars())


def read_examples(connection: sa.Connection, genre: str, bundle: str) -> list[Example]:
    """What people said of films about a genre, the earliest first."""
    is_accepted = (opinions.c.by == ACCEPTED) & (films.c.state == "accepted")
    query = (
        sa.select(opinions.c.film, opinions.c.verdict)
        .join(films, films.c.id == opinions.c.film)
        .join(traits, traits.c.film == opinions.c.film)
        .where(opinions.c.genre == genre, opinions.c.source == "person", ~is_accepted)
        .where(traits.c.bundle == bundle)
        .order_by(opinions.c.time, opinions.c.film)
    )
    return [(film, verdict) for film, verdict in connection.execute(query)]


def read_pool(connection: sa.Connection, bundle: str) -> tuple[int, list[str]]:
    """How many films have traits, and ids of some of them, evenly chosen."""
    query = sa.select(traits.c.film).where(traits.c.bundle == bundle).order_by(traits.c.film)
    ids = list(connection.execute(query).scalars())
    step = max(1, math.ceil(len(ids) / MOST_POOLED))
    return len(ids), ids[::step]


def lesson_of(genre: StoreGenre, bundle: str, examples: Sequence[Example], pool_size: int) -> str:
    """A hash of what a genre is learnt from. Where it has many times "no", a few more, which every
    review brings, change nothing; nor do a few more films.
    """
    yes = sorted(film for film, has_it in examples if has_it)
    no = sorted(film for film, has_it in examples if not has_it)
    parts = (
        bundle,
        genre.name,
        genre.description,
        genre.parent,
        yes,
        no if len(no) <= _FEW else round(_FEW * math.log(len(no))),
        pool_size.bit_length(),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def judge_some(connection: sa.Connection, genres: Genres, row: StoreGenre) -> bool:
    """Gives some films their score of a genre of one's own, as it has learnt now; False where all
    have it. Those for which that matters have to be rescored then.
    """
    if row.learnt is None:
        return False
    by, own, limit = row.learnt.by, row.as_own(), genres.limit(row)
    is_models = (opinions.c.film == traits.c.film) & (opinions.c.source == "model")
    query = (
        sa.select(
            traits.c.film,
            opinions.c.raw,
            opinions.c.raw_threshold,
            opinions.c.verdict,
            opinions.c.likeliest,
        )
        .join(opinions, is_models & (opinions.c.genre == row.genre), isouter=True)
        .where(traits.c.bundle == genres.bundle, sa.func.coalesce(opinions.c.by, "") != by)
        .limit(JUDGED_AT_ONCE)
    )
    old = {one.film: one for one in connection.execute(query)}
    if not old:
        return False
    scores = dict(zip(old, own.scores(read_traits(connection, list(old))).tolist(), strict=True))
    is_old = (opinions.c.source == "model") & (opinions.c.genre == row.genre)
    connection.execute(opinions.delete().where(is_old, opinions.c.film.in_(old)))
    new = [
        {
            "film": film,
            "genre": row.genre,
            "source": "model",
            "verdict": bool(before.verdict),
            "score": scores[film],
            "raw": scores[film],
            "threshold": limit,
            "raw_threshold": limit,
            "likeliest": bool(before.likeliest),
            "by": by,
            "time": time.time(),
        }
        for film, before in old.items()
    ]
    connection.execute(opinions.insert(), new)
    movers = [
        film
        for film, before in old.items()
        if _is_changed(before.raw, before.raw_threshold, scores[film], limit)
    ]
    connection.execute(films.update().where(films.c.id.in_(movers)).values(correction="stale"))
    return True


def _is_changed(
    old_score: float | None, old_limit: float | None, score: float, limit: float
) -> bool:
    """Whether a film's genres, or how sure they are, may follow from another score."""
    if old_score is None or old_limit is None:
        return limit <= 1
    is_silent = old_limit > 1 and limit > 1
    return not is_silent and (old_limit != limit or abs(score - old_score) > _NEAR)


Kind = Literal["surest", "unsure"]


def suggest_films(
    connection: sa.Connection, genre: str, kind: Kind, limit: int
) -> list[tuple[str, float]]:
    """Films of which nobody has said whether they have a genre, with their scores in [0, 1]: the
    surest first, or those of which the genre is least sure.
    """
    person = opinions.alias("person")
    is_same = (person.c.film == opinions.c.film) & (person.c.genre == opinions.c.genre)
    is_said = sa.exists().where(is_same, person.c.source == "person")
    score = opinions.c.score
    order = -score if kind == "surest" else sa.func.abs(score - 0.5)
    query = (
        sa.select(opinions.c.film, score)
        .where(opinions.c.genre == genre, opinions.c.source == "model", ~is_said)
        .order_by(order, opinions.c.film)
    )
    return [(film, value) for film, value in connection.execute(query.limit(limit))]


def count_words(connection: sa.Connection, genres: Collection[str]) -> dict[str, tuple[int, int]]:
    """Genre → how often people said yes and no."""
    yes = sa.func.sum(sa.case((opinions.c.verdict, 1), else_=0))
    query = sa.select(opinions.c.genre, yes, sa.func.count()).where(
        opinions.c.source == "person", opinions.c.genre.in_(genres)
    )
    rows = connection.execute(query.group_by(opinions.c.genre))
    return {genre: (int(some), int(number - some)) for genre, some, number in rows}
