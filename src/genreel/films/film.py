"""A film of the index, and what becomes one of a catalogue's movie."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from genreel.catalogue import Movie
from genreel.features.text import MAX_CHARACTERS
from genreel.films.titles import main_title
from genreel.formats.xml import clean
from genreel.vocabulary import EVERY_GENRE, Known, Labels, Vocabulary

_IMDB = re.compile(r"tt\d{5,12}")
_TMDB = re.compile(r"(?:tmdb)?(\d{1,12})(?:\.0)?")
_VOTES = ("votes", "vote_count", "num_votes", "numVotes")
_PEOPLE = ("people", "directors", "director", "cast", "actors", "writers", "writer")

MAX_PEOPLE = 16
MAX_TEXT = 1_000
"""Characters of a title, a name or an id; what is longer is cut."""

_MOST_VOTES = 10**12  # a larger number is none of votes, and may be too large for SQLite


@dataclass(frozen=True, slots=True)
class Film:
    """A known film.

    Attributes:
        id: its IMDb id, else "tmdb" and its TMDb number, else what its source calls it.
        title: its name.
        year: of release; None where unknown.
        genres: taxonomy → genres; empty where unknown.
        plot: empty where unknown.
        people: names of those who made it, the director first; empty where unknown.
        votes: how many people rated it; None where unknown.
        imdb, tmdb: its ids there; empty where unknown.
        other_titles: its names elsewhere.
    """

    id: str
    title: str
    year: int | None = None
    genres: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    plot: str = ""
    people: tuple[str, ...] = ()
    votes: int | None = None
    imdb: str = ""
    tmdb: str = ""
    other_titles: tuple[str, ...] = ()


def labels_of(films: Sequence[Film], genres: Sequence[str]) -> tuple[Labels, Known]:
    """`Vocabulary.encode` of films, shapes (films, genres). An index holds no genres of one's own,
    so they are unknown of every film.
    """
    labels, known = Vocabulary(tuple(genres)).encode([film.genres for film in films])
    return labels, known & np.array([genre in EVERY_GENRE for genre in genres])


def film_of(movie: Movie, format_name: str = "") -> Film:
    """A catalogue's movie as a film.

    Args:
        movie: its further columns may name ids (imdb_id, tmdb_id), votes (vote_count) and people
            (director, cast), several separated by "|".
        format_name: where it was read by one of `formats.FORMATS`; some say whose number an id is.
    """
    extra = movie.extra
    imdb = next((i for i in (movie.id, str(extra.get("imdb_id", ""))) if _IMDB.fullmatch(i)), "")
    numbers = [str(extra.get("tmdb_id", ""))]
    if format_name == "kaggle_movies" or movie.id.startswith("tmdb"):
        numbers.insert(0, movie.id)
    matches = filter(None, map(_TMDB.fullmatch, numbers))
    tmdb = next((match[1] for match in matches), "")
    title = _text(movie.title)
    return Film(
        id=imdb or (f"tmdb{tmdb}" if tmdb else _text(movie.id)),
        title=main_title(title),
        year=movie.year,
        genres=movie.genres,
        plot=clean(movie.plot[:MAX_CHARACTERS]),
        people=_people(extra.get(name) for name in _PEOPLE),
        votes=next(filter(None, (_votes(extra.get(name)) for name in _VOTES)), None),
        imdb=imdb,
        tmdb=tmdb,
        other_titles=(title, *_split(extra.get("original_title"))),
    )


def _people(cells: Iterable[object]) -> tuple[str, ...]:
    names = dict.fromkeys(name for cell in cells for name in _split(cell))
    return tuple(names)[:MAX_PEOPLE]


def _split(cell: object) -> list[str]:
    if not isinstance(cell, str):
        return []
    names = re.split(r"[|;,]" if "|" not in cell else r"\|", cell)
    return [_text(name.strip()) for name in names]


def _text(text: str) -> str:
    """What an index holds of a text: no half characters, which SQLite does not take."""
    return clean(text[:MAX_TEXT])


def _votes(value: object) -> int | None:
    try:
        votes = int(float(value)) if isinstance(value, str | int | float) else None
    except (ValueError, OverflowError):
        return None
    return None if votes is None else min(max(0, votes), _MOST_VOTES)
