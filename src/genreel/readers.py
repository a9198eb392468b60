"""What a bundle's features read of a movie, where those that need an extra may not be able to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from genreel.catalogue import Movie
from genreel.errors import InputError
from genreel.evidence import readable
from genreel.features import Feature, read_together

Decodes = Sequence[Future[dict[str, Any]] | None]
"""For each movie, its rows of slow features as they are being read."""


class Readers:
    """A bundle's features, and which of them can read what.

    Args:
        features: name → feature.
        languages: codes of those that the bundle's words are of.

    Attributes:
        awake: the features that can read; the others lack their extra, and what they would read
            is missing.
        languages: codes of those that plots are read in: the bundle's own, and those of a sense
            that reads more.
        remedy: how to install what is needed by the features that cannot read; empty where all can.
        slow: features that threads help to read.
    """

    def __init__(self, features: Mapping[str, Feature], languages: Sequence[str]) -> None:
        self.features = features
        lacking = {name: line for name, feature in features.items() if (line := feature.lacks())}
        self.awake = {name: f for name, f in features.items() if name not in lacking}
        self.remedy = next(iter(lacking.values()), "")
        self._own = tuple(languages)
        more = {code for feature in self.awake.values() for code in feature.languages}
        self.languages = tuple(dict.fromkeys([*languages, *sorted(more)]))
        self._further = {code for name in lacking for code in features[name].languages}
        self._inputs = {feature.input for feature in features.values()}
        self.slow = {name: feature for name, feature in self.awake.items() if feature.slow}
        self._slow_inputs = {feature.input for feature in self.slow.values()}
        self._idle_inputs = sorted(self._inputs - {f.input for f in self.awake.values()})

    def readable(self, movies: Sequence[Movie], language: str = "") -> list[Movie]:
        """Movies as the features can read them; `language` is that of all plots, if not empty."""
        if language:
            movies = [movie.in_language(language) for movie in movies]
        if "plot" not in self._inputs:
            return list(movies)
        return readable(movies, self.languages, self._further, self.remedy)

    def can_read(self, feature: Feature, movie: Movie) -> bool:
        """Whether a feature reads the movie's plot: words are those of the bundle's languages."""
        if feature.input != "plot" or not movie.language:
            return True
        return movie.language in (feature.languages or self._own)

    def names(self, movie: Movie) -> list[str]:
        """Names of the features that can read a movie."""
        return [name for name, f in self.awake.items() if self.can_read(f, movie)]

    def is_slow(self, movie: Movie) -> bool:
        """Whether a movie has what is slow to read."""
        return any(map(movie.has, self._slow_inputs))

    def start(self, movies: Sequence[Movie], pool: ThreadPoolExecutor) -> Decodes:
        """Starts to read in the pool what is slow to read."""
        return [
            pool.submit(read_together, self.slow, movie) if self.is_slow(movie) else None
            for movie in movies
        ]

    def read(
        self, movies: Sequence[Movie], decodes: Decodes | None = None
    ) -> tuple[dict[str, list[Any]], list[list[str]]]:
        """Reads every input of a batch.

        Args:
            movies: the batch.
            decodes: for each movie, its slow rows as they are being read; None: not yet begun.

        Returns:
            Feature → a row per movie (None where missing), and for each movie its problems.
        """
        if decodes is None:
            slow = [read_together(self.slow, movie) for movie in movies]
        else:
            slow = [future.result() if future else {} for future in decodes]
        rows: dict[str, list[Any]] = {}
        problems = [[movie.problem] if movie.problem else [] for movie in movies]
        unusable: list[tuple[int, str]] = []  # a movie's number, and its input
        for name, feature in self.features.items():
            if name in self.slow:
                rows[name] = [movie_rows.get(name) for movie_rows in slow]
            elif name in self.awake:
                rows[name] = feature.read_many(
                    [m if self.can_read(feature, m) else m.without(["plot"]) for m in movies]
                    if feature.input == "plot"
                    else movies
                )
            else:
                rows[name] = [None] * len(movies)
            for i, row in enumerate(rows[name]):
                if isinstance(row, InputError):
                    unusable.append((i, feature.input))
                    if str(row) not in problems[i]:
                        problems[i].append(str(row))
        if self._idle_inputs:
            for i, movie in enumerate(movies):
                problems[i] += self._unread(movie)
        # For all features: pieces of words make a guess of a plot without one word that is known.
        for i, name_of_input in unusable:
            for name, feature in self.features.items():
                if feature.input == name_of_input:
                    rows[name][i] = None
        return rows, problems

    def _unread(self, movie: Movie) -> list[str]:
        """A line for each input of the movie that only features read which lack their extra."""
        return [f"{n} is not read; {self.remedy}" for n in self._idle_inputs if movie.has(n)]
