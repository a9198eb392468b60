"""Labelled movies as the lab handles them: rows of features, labels and known cells."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel.catalogue import LETTERING, Movie
from genreel.features import Array, Feature, collate, readable_rows
from genreel.lab.cache import cached_rows
from genreel.vocabulary import Known, Labels, Vocabulary

Index = NDArray[np.int64]

_AT_ONCE = 256  # movies whose texts are read together


@dataclass(frozen=True)
class Examples:
    """A view of labelled movies; taking some of them, or an input away, copies no rows.

    Attributes:
        features: name → fitted feature.
        rows: name → rows of all movies behind the view (None where missing).
        labels: float32 in {0, 1}, shape (n, genres).
        known: bool, shape (n, genres); only these cells may be trained on or measured.
        index: int64, shape (n,), the view's rows among `rows`.
        absent: inputs and senses that the view hides.
        presumed: float32 in [0, 1], shape (n, genres): how much an unknown cell counts as an
            absent genre in training; None where it never does.
    """

    features: Mapping[str, Feature]
    rows: Mapping[str, Sequence[Any]]
    labels: Labels
    known: Known
    index: Index
    absent: frozenset[str] = frozenset()
    presumed: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.index)

    def take(self, positions: Index | Sequence[int]) -> Examples:
        """The examples at these positions of the view."""
        at = np.asarray(positions, np.int64)
        return replace(
            self,
            labels=self.labels[at],
            known=self.known[at],
            index=self.index[at],
            presumed=None if self.presumed is None else self.presumed[at],
        )

    def counts(self) -> NDArray[np.float32]:
        """Weight of each cell in training, in [0, 1], shape (n, genres); 1 where it is known."""
        rest = 0.0 if self.presumed is None else self.presumed
        return np.where(self.known, np.float32(1), np.float32(rest))

    def without(self, inputs: Collection[str]) -> Examples:
        """The same movies with these inputs or senses taken away; lettering goes with a poster."""
        absent = self.absent | set(inputs)
        return replace(self, absent=absent | {LETTERING} if "poster" in absent else absent)

    def read(self, name: str) -> list[Any]:
        """The rows of one feature."""
        if self.absent & {self.features[name].input, self.features[name].sense}:
            return [None] * len(self)
        rows = self.rows[name]
        return [rows[i] for i in self.index]

    def has(self, inputs: Collection[str]) -> NDArray[np.bool_]:
        """bool, shape (n,): whether each movie has all these inputs or senses, usable ones."""
        mask = np.ones(len(self), np.bool_)
        for name in inputs:
            mask &= self._any_row(n for n, f in self.features.items() if name in (f.input, f.sense))
        return mask

    def has_any(self) -> NDArray[np.bool_]:
        """bool, shape (n,): whether each movie has any row; without one, scores mean nothing."""
        return self._any_row(self.features)

    def _any_row(self, names: Iterable[str]) -> NDArray[np.bool_]:
        mask = np.zeros(len(self), np.bool_)
        for name in names:
            mask |= np.array([row is not None for row in self.read(name)], np.bool_)
        return mask

    def arrays(self, names: Collection[str] | None = None) -> dict[str, Array]:
        """The arrays that a graph takes (see `features.collate`)."""
        features = {n: f for n, f in self.features.items() if names is None or n in names}
        return collate(features, {name: self.read(name) for name in features})

    def batches(self, size: int) -> Iterator[Examples]:
        """The view in consecutive pieces."""
        for start in range(0, len(self), size):
            yield self.take(np.arange(start, min(start + size, len(self))))


def read_examples(
    movies: Sequence[Movie], features: Mapping[str, Feature], vocabulary: Vocabulary, cache: Path
) -> Examples:
    """Rows, labels and known cells of movies.

    An input that cannot be used counts as missing here; `genreel clean` and the exit code of
    `genreel predict` are the places that report it.
    """
    labels, known = vocabulary.encode(movie.genres for movie in movies)
    rows: dict[str, Sequence[Any]] = {}
    for name, feature in features.items():
        rows[name] = cached_rows(feature, movies, cache) or [
            row
            for start in range(0, len(movies), _AT_ONCE)
            for row in readable_rows(feature, movies[start : start + _AT_ONCE])
        ]
    return Examples(features, rows, labels, known, np.arange(len(movies)))


def presume_absent(examples: Examples, movies: Sequence[Movie], share: float) -> Examples:
    """Counts unknown cells as absent, with a small weight, in movies of a "mixed" source.

    Such a source merges several others, so it is complete only for the genres that all of them
    have. A further genre is known only for movies that it names the genre of. Trained on those
    only, a model would take whatever marks the source for a mark of the genre. Unlabelled movies
    as weighted negatives are the remedy of Elkan & Noto 2008 (section 2), here with one weight.

    Args:
        examples: those of `movies`, in their order.
        movies: from whose genres they were made.
        share: weight of an unknown cell, in [0, 1].
    """
    silent = np.array([set(movie.genres) == {"mixed"} for movie in movies], np.bool_)
    return replace(
        examples, presumed=np.where(silent[:, None] & ~examples.known, np.float32(share), 0)
    )
