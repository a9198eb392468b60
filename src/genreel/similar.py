"""Which movies of a catalogue are like one: by what networks make of their plots and posters."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genreel.catalogue import Movie
from genreel.characters import normalize
from genreel.errors import InputError
from genreel.features import Array

WEIGHTS = {"plot": 0.7, "poster": 0.3}
"""What counts how much where two movies have both; a story says more than its picture."""

_LISTED = 5  # movies that a message names


@dataclass(frozen=True)
class Likeness:
    """How like a movie is another.

    Attributes:
        movie: the other.
        score: from -1 to 1, of what both have; 0 for movies that have no more in common than any.
        parts: "plot" and "poster" → the same, of each alone, where both have it.
    """

    movie: Movie
    score: float
    parts: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """JSON values: id, title, year, score, plot, poster; null where one lacks it."""
        parts = {name: self.parts.get(name) for name in WEIGHTS}
        return {
            "id": self.movie.id,
            "title": self.movie.title,
            "year": self.movie.year,
            "score": round(self.score, 4),
            **{name: None if s is None else round(s, 4) for name, s in parts.items()},
        }


def find_movie(movies: Sequence[Movie], text: str) -> int:
    """The number of the movie with an id, or else a title; capitals and accents do not count.

    Raises:
        InputError: there is none, or several have that title.
    """
    ids = [i for i, movie in enumerate(movies) if movie.id == text]
    matches = ids[:1] or [
        i
        for i, movie in enumerate(movies)
        if _plain(text) in (_plain(movie.title), _plain(f"{movie.title} ({movie.year})"))
    ]
    if len(matches) == 1:
        return matches[0]
    if not matches:
        raise InputError(f"no movie has the id or the title {text[:80]!r}; give one that is there")
    ids_of_matches = ", ".join(movies[i].id for i in matches[:_LISTED])
    raise InputError(
        f"{len(matches)} movies have the title {text[:80]!r}; give an id: {ids_of_matches}"
    )


class Shelf:
    """Movies with their vectors, ready to be compared.

    Cosines are taken from the mean of the shelf, so that what all its movies share counts nothing.

    Args:
        pairs: movies with their `Prediction.vectors`; held in memory, 12 kB a movie.
    """

    def __init__(self, pairs: Iterable[tuple[Movie, Mapping[str, Array]]]) -> None:
        self.movies: list[Movie] = []
        vectors: list[Mapping[str, Array]] = []
        for movie, one in pairs:
            self.movies.append(movie)
            vectors.append(one)
        self._means: dict[str, Array] = {}
        self._rows: dict[str, Array] = {}
        for name in WEIGHTS:
            some = next((one[name] for one in vectors if name in one), None)
            if some is None:
                continue
            rows = np.zeros((len(vectors), len(some)), np.float32)
            has = [i for i, one in enumerate(vectors) if name in one]
            for i in has:
                rows[i] = vectors[i][name]
            self._means[name] = rows[has].mean(axis=0) if len(has) > 1 else 0 * rows[0]
            rows[has] = _units(rows[has] - self._means[name])
            self._rows[name] = rows

    def like(self, vectors: Mapping[str, Array], count: int = 10) -> list[Likeness]:
        """The movies that are most like one, the most alike first.

        Args:
            vectors: of that one.
            count: how many at most; movies that share no input with it are left out.
        """
        own = {
            name: _units((vectors[name] - self._means[name])[None])[0]
            for name in self._rows.keys() & vectors.keys()
        }
        return self._like(own, count)

    def like_one(self, number: int, count: int = 10) -> list[Likeness]:
        """The same for a movie of the shelf, which is left out."""
        own = {name: rows[number] for name, rows in self._rows.items() if rows[number].any()}
        return self._like(own, count, number)

    def _like(
        self, own: Mapping[str, Array], count: int, without: int | None = None
    ) -> list[Likeness]:
        """`own` holds unit vectors from the means."""
        total = np.zeros(len(self.movies), np.float32)
        weight = np.zeros_like(total)
        cosines: dict[str, Array] = {}
        for name, vector in own.items():
            rows = self._rows[name]
            cosines[name] = rows @ vector
            shares = rows.any(axis=1) * WEIGHTS[name]
            total += shares * cosines[name]
            weight += shares
        scores = np.where(weight > 0, total / np.maximum(weight, 1e-9), -np.inf)
        if without is not None:
            scores[without] = -np.inf
        order = np.argsort(-scores, kind="stable")[:count]
        return [
            Likeness(
                self.movies[i],
                float(scores[i]),
                {name: float(cosines[name][i]) for name in cosines if self._rows[name][i].any()},
            )
            for i in order.tolist()
            if np.isfinite(scores[i])
        ]


def _units(rows: Array) -> Array:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))


def _plain(text: str) -> str:
    """A title without capitals, accents and white space at its ends."""
    letters = normalize("NFKD", text.strip().casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
