"""Invented traits: movies in a space of eight directions, of which a genre is one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genreel.features import Array
from genreel.own.learning import Words
from genreel.own.traits import Traits

GENRES = ("Action", "Comedy", "Horror", "Western")
WIDTH = 8


def movies(number: int, seed: int = 0) -> tuple[Traits, NDArray[np.bool_]]:
    """Traits of movies, a quarter of which lie in the direction of the genre; and which do."""
    random = np.random.default_rng(seed)
    has_genre = random.random(number) < 0.25
    plots = random.normal(0, 1, (number, WIDTH)).astype(np.float32)
    plots[:, 0] += 2.5 * has_genre
    scores = random.normal(-2, 1, (number, len(GENRES))).astype(np.float32)
    scores[:, 3] += 1.5 * has_genre
    plots /= np.linalg.norm(plots, axis=1, keepdims=True)
    return {"scores": scores, "plot": plots}, has_genre


def direction(number: int) -> Array:
    """Two texts, both in one direction."""
    return np.tile(np.eye(WIDTH, dtype=np.float32)[number], (2, 1))


def words(parent: int | None = None) -> Words:
    """Of the genre, in its own direction; the bundle's genres lie in others."""
    others = np.eye(WIDTH, dtype=np.float32)[1 : 1 + len(GENRES)]
    return Words({"plot": direction(0)}, {"plot": others}, parent)
