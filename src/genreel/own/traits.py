"""What a bundle makes of movies, as arrays that genres of one's own are learnt from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from genreel.calibration import logit
from genreel.features import Array
from genreel.prediction import Prediction

SCORES = "scores"

TRAITS = (SCORES, "plot", "poster")
"""Logits of the bundle's scores, and the vectors that its networks make of plots and posters."""

Traits = Mapping[str, Array]
"""One of TRAITS → float32, shape (n, width); a row of zeros where a movie lacks it. One that no
movie has may be left out.
"""


def traits_of(predictions: Iterable[Prediction], genres: Sequence[str]) -> Traits:
    """The traits of movies.

    Args:
        predictions: made with `vectors`, perhaps by `with_traits`.
        genres: the bundle's.
    """
    some = list(predictions)
    rows: dict[str, list[Array | None]] = {
        SCORES: [one.vectors.get(SCORES, _logits(one, genres)) for one in some]
    }
    for name in TRAITS[1:]:
        rows[name] = [one.vectors.get(name) for one in some]
    return stack(rows)


def with_traits(prediction: Prediction, genres: Sequence[str]) -> Prediction:
    """A prediction whose `vectors` have the logits of the bundle's own scores, too, for whoever
    changes the scores later.

    Args:
        prediction: made with `vectors`.
        genres: the bundle's.
    """
    logits = _logits(prediction, genres)
    if logits is None:
        return prediction
    return replace(prediction, vectors={SCORES: logits, **prediction.vectors})


def stack(rows: Mapping[str, Sequence[Array | None]]) -> Traits:
    """Arrays of rows; None where a movie lacks a trait."""
    traits = {}
    for name, column in rows.items():
        width = next((len(row) for row in column if row is not None), 0)
        if width:
            traits[name] = np.zeros((len(column), width), np.float32)
            for i, row in enumerate(column):
                if row is not None:
                    traits[name][i] = row
    return traits


def take(traits: Traits, rows: Array | Sequence[int] | slice) -> Traits:
    """The traits of some movies."""
    return {name: array[rows] for name, array in traits.items()}


def has_trait(rows: Array) -> NDArray[np.bool_]:
    """Whether each movie has a trait, shape (n,)."""
    return np.asarray(rows.any(axis=1), np.bool_)


def count(traits: Traits) -> int:
    """How many movies they are of."""
    return max(map(len, traits.values()), default=0)


def _logits(prediction: Prediction, genres: Sequence[str]) -> Array | None:
    if not prediction.scores:
        return None
    scores = np.array([prediction.scores[genre] for genre in genres])
    return np.asarray(logit(scores), np.float32)
