"""Teaches a genre of one's own: from examples, or from the movies of a catalogue that name it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from genreel.catalogue import Movie
from genreel.errors import VocabularyError
from genreel.own.genre import OwnGenre, judge
from genreel.own.learning import OTHERS, Words, learn
from genreel.own.traits import Traits, take
from genreel.vocabulary import key

MOST_EXAMPLES = 200
"""Of each kind that are learnt from, the latest; more teach little, and take long."""

MOST_POOLED = 1_000
"""Movies that say how far apart movies are, evenly chosen."""

Verdicts = Sequence[bool | None]
"""Of movies: whether each has a genre; None where nobody said."""


def teach(genre: OwnGenre, words: Words, traits: Traits, verdicts: Verdicts) -> OwnGenre:
    """A genre that has learnt from movies, and may speak where they show that it can.

    Args:
        genre: its name, description and parent.
        words: what the bundle makes of these.
        traits: of movies, those without a verdict among them; at least one.
        verdicts: of the same movies, the earliest first.
    """
    yes, no = (
        [i for i, verdict in enumerate(verdicts) if verdict is kind][-MOST_EXAMPLES:]
        for kind in (True, False)
    )
    rows = np.array(sorted([*yes, *no]), int)
    labels: NDArray[np.bool_] = np.isin(rows, yes)
    number = len(verdicts)
    pool = np.unique(np.linspace(0, number - 1, min(number, MOST_POOLED)).astype(int))
    # In a small store, all movies are among the others; examples would count against themselves.
    is_example = np.isin(pool, rows) if number <= OTHERS else None
    linear, test_scores = learn(words, take(traits, pool), take(traits, rows), labels, is_example)
    threshold, figure = judge(test_scores, labels)
    return replace(genre, linear=linear, threshold=threshold, figure=figure)


def verdicts_of(name: str, movies: Iterable[Movie]) -> list[bool | None]:
    """Whether movies are of a genre, by their own genres: a movie that has genres, and not this
    one, is not; one that has none says nothing.
    """
    return [_verdict(key(name), movie) for movie in movies]


def _verdict(name_key: str, movie: Movie) -> bool | None:
    names = [*movie.unknown_genres, *(name for names in movie.genres.values() for name in names)]
    return name_key in map(key, names) if names else None


def suggest(scores: NDArray[np.float64], verdicts: Verdicts, count: int) -> tuple[list[int], ...]:
    """Movies to ask a person about, none of which has a verdict.

    Args:
        scores: in [0, 1], shape (n,).
        verdicts: of the same movies.
        count: how many of each at most.

    Returns:
        The surest, and those of which it is least sure, as positions; some may be in both.
    """
    open_rows = np.array([i for i, verdict in enumerate(verdicts) if verdict is None], int)
    values = scores[open_rows]
    surest = open_rows[np.argsort(-values, kind="stable")[:count]]
    unsure = open_rows[np.argsort(np.abs(values - 0.5), kind="stable")[:count]]
    return surest.tolist(), unsure.tolist()


def with_genre(genres: Iterable[OwnGenre], new: OwnGenre) -> tuple[OwnGenre, ...]:
    """Genres with one more, in place of one of that name.

    Raises:
        VocabularyError: one is called like it, in other capitals.
    """
    rest = [genre for genre in genres if genre.name != new.name]
    for genre in rest:
        if key(genre.name) == key(new.name):
            raise VocabularyError(f"genre {new.name!r}: {genre.name!r} is there already")
    return (*rest, new)
