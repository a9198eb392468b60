"""What a movie becomes before a model sees it, in the lab and in use alike.

A feature reads one input of a movie into a row, and collates rows into the arrays of the graph
(see `Feature`). Its class is looked up here, by its kind, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from genreel.cases import SENSES
from genreel.catalogue import Movie
from genreel.errors import BundleError, InputError
from genreel.features.colours import Colours
from genreel.features.feature import Array, Feature, FeatureKind, present_rows
from genreel.features.image import Pixels
from genreel.features.pieces import Pieces
from genreel.features.sentences import Sentences
from genreel.features.text import Terms
from genreel.features.tokens import Tokens
from genreel.posters import detail, open_poster

__all__ = [
    "KINDS",
    "Array",
    "Feature",
    "collate",
    "load_feature",
    "present_rows",
    "read_together",
    "readable_rows",
]

KINDS: dict[str, type[FeatureKind]] = {
    "terms": Terms,
    "tokens": Tokens,
    "pieces": Pieces,
    "sentences": Sentences,
    "pixels": Pixels,
    "colours": Colours,
}


def load_feature(
    kind: str,
    settings: Mapping[str, Any],
    state: Mapping[str, Array],
    other: Feature | None = None,
) -> Feature:
    """A fitted feature from what a bundle holds.

    Args:
        kind: of KINDS.
        settings, state: its own.
        other: the one that its settings say it is `like`; of the same kind, what that has learnt
            takes the place of `state`.

    Raises:
        BundleError: the kind is unknown, or settings and state do not fit it or each other.
    """
    if kind not in KINDS:
        raise BundleError(f"unknown feature {kind!r}; upgrade genreel")
    try:
        if other is not None and other.kind == kind:
            return other.alike(settings)
        return KINDS[kind].load(settings, state)
    except (TypeError, KeyError, ValueError) as error:
        raise BundleError(f"feature {kind!r} has wrong settings ({error})") from None


def read_together(features: Mapping[str, Feature], movie: Movie) -> dict[str, Any]:
    """A movie's rows of several features; an InputError takes the place of one that cannot be read.

    Sizes of posters that are opened alike (see `posters.detail`) share one decoding; the rows are
    the same as without.
    """
    images: dict[int, Movie] = {}  # detail → the movie with its poster decoded
    rows: dict[str, Any] = {}
    for name, feature in features.items():
        size = feature.poster_size
        try:
            if size is None or movie.poster is None:
                rows[name] = feature.read(movie)
                continue
            if detail(size) not in images:
                poster = open_poster(movie.poster, size, feature.limits)
                images[detail(size)] = replace(movie, poster=poster)
            rows[name] = feature.read(images[detail(size)])
        except InputError as error:
            rows[name] = error
    return rows


def readable_rows(feature: Feature, movies: Sequence[Movie]) -> list[Any]:
    """A feature's rows for a batch; what cannot be read is missing: None."""
    return [None if isinstance(row, InputError) else row for row in feature.read_many(movies)]


def collate(features: Mapping[str, Feature], rows: Mapping[str, Sequence[Any]]) -> dict[str, Array]:
    """All arrays of the graph for a batch.

    Args:
        features: name → feature.
        rows: name → one row per movie, None where missing.

    Returns:
        `<feature>.<array>` → array, and `present`: float32 in {0, 1}, shape (n, 6), whether a
        movie has each of SENSES.
    """
    arrays: dict[str, Array] = {}
    n = len(next(iter(rows.values())))
    present = np.zeros((n, len(SENSES)), np.float32)
    for name, feature in features.items():
        for short, array in feature.collate(rows[name]).items():
            arrays[f"{name}.{short}"] = array
        present[present_rows(rows[name]), SENSES.index(feature.sense)] = 1
    arrays["present"] = present
    return arrays
