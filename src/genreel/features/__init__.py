"""What a movie becomes before a model sees it: one implementation for lab and use.

A feature reads one input of a movie into a row, and collates rows into the arrays of the
graph. Kinds are looked up here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from genreel.catalogue import INPUTS, Movie
from genreel.errors import BundleError, InputError
from genreel.features.colours import Colours
from genreel.features.image import Pixels
from genreel.features.pieces import Pieces
from genreel.features.text import Terms
from genreel.features.tokens import Tokens
from genreel.posters import detail, open_poster

Array = np.ndarray[Any, np.dtype[Any]]


class Feature(Protocol):
    """How a movie's input becomes arrays.

    Attributes:
        kind: its key in KINDS.
        input: which of INPUTS it reads.
        slow: whether `read` spends its time outside Python's lock, so that a thread helps.
    """

    kind: str
    slow: bool

    @property
    def input(self) -> str:
        """Which of INPUTS it reads."""

    def read(self, movie: Movie) -> Any:
        """One movie's row, or None where the input is missing; InputError where unusable."""

    def collate(self, rows: Sequence[Any]) -> dict[str, Array]:
        """Arrays of the graph for the rows of a batch (None: missing), by their short names."""

    def settings(self) -> dict[str, Any]:
        """What `load` needs besides the state, as JSON values."""

    def state(self) -> dict[str, Array]:
        """What was fitted, as arrays."""


KINDS: dict[str, Any] = {
    "terms": Terms,
    "tokens": Tokens,
    "pieces": Pieces,
    "pixels": Pixels,
    "colours": Colours,
}


def load_feature(kind: str, settings: Mapping[str, Any], state: Mapping[str, Array]) -> Feature:
    """A fitted feature from what a bundle holds; raises BundleError if that does not fit."""
    if kind not in KINDS:
        raise BundleError(f"unknown feature {kind!r}; upgrade genreel")
    try:
        feature: Feature = KINDS[kind].load(settings, state)
    except (TypeError, KeyError, ValueError) as error:
        raise BundleError(f"feature {kind!r} has wrong settings ({error})") from None
    return feature


def read_many(feature: Feature, movies: Sequence[Movie]) -> list[Any]:
    """A feature's rows for a batch; an InputError takes the place of a row that cannot be read."""
    if isinstance(feature, Terms):
        return feature.read_many(movies)
    rows: list[Any] = []
    for movie in movies:
        try:
            rows.append(feature.read(movie))
        except InputError as error:
            rows.append(error)
    return rows


def read_together(features: Mapping[str, Feature], movie: Movie) -> dict[str, Any]:
    """A movie's rows of several features; an InputError takes the place of one that cannot be read.

    Pixels of sizes that a poster is opened for alike (`posters.detail`) share its decoding, and are
    the same as without.
    """
    opened: dict[int, Movie] = {}
    rows: dict[str, Any] = {}
    for name, feature in features.items():
        try:
            if isinstance(feature, Pixels) and movie.poster is not None:
                level = detail(feature.size)
                if level not in opened:
                    poster = open_poster(movie.poster, feature.size, feature.limits)
                    opened[level] = replace(movie, poster=poster)
                rows[name] = feature.read(opened[level])
            else:
                rows[name] = feature.read(movie)
        except InputError as error:
            rows[name] = error
    return rows


def readable_rows(feature: Feature, movies: Sequence[Movie]) -> list[Any]:
    """A feature's rows for a batch; what cannot be read is missing: None."""
    return [None if isinstance(row, InputError) else row for row in read_many(feature, movies)]


def collate(features: Mapping[str, Feature], rows: Mapping[str, Sequence[Any]]) -> dict[str, Array]:
    """All arrays of the graph for a batch.

    Args:
        features: name → feature.
        rows: name → one row per movie, None where missing.

    Returns:
        `<feature>.<array>` → array, and `present`: float32 in {0, 1}, shape (n, 4), whether a
        movie has each of INPUTS.
    """
    arrays: dict[str, Array] = {}
    n = len(next(iter(rows.values())))
    present = np.zeros((n, len(INPUTS)), np.float32)
    for name, feature in features.items():
        for short, array in feature.collate(rows[name]).items():
            arrays[f"{name}.{short}"] = array
        column = INPUTS.index(feature.input)
        present[[i for i, row in enumerate(rows[name]) if row is not None], column] = 1
    arrays["present"] = present
    return arrays
