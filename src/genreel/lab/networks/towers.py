"""Towers: the part of a network that turns one feature's arrays into a vector a movie.

A tower is built from its settings, its (fitted) feature and the training examples. It maps the
feature's arrays to float32 (m, `width`): a row for each movie that has the input. A new one is a
class with `reads`, `arrays` and `width`, and a line in TOWERS.
"""

from __future__ import annotations

from typing import Any

from genreel.lab.networks.backbone import Backbone, BackboneSettings, backbone_problem
from genreel.lab.networks.cnn import Cnn, CnnSettings
from genreel.lab.networks.layers import layers_problem
from genreel.lab.networks.sentence import Sentence, SentenceSettings, sentence_problem
from genreel.lab.networks.vectors import EMBEDDINGS
from genreel.lab.networks.words import (
    Conv1d,
    Conv1dSettings,
    Dense,
    DenseSettings,
    Lstm,
    LstmSettings,
    Vectors,
    VectorsSettings,
)
from genreel.lab.settings import nearest

TOWERS: dict[str, tuple[Any, Any]] = {
    "backbone": (Backbone, BackboneSettings),
    "cnn": (Cnn, CnnSettings),
    "lstm": (Lstm, LstmSettings),
    "conv1d": (Conv1d, Conv1dSettings),
    "dense": (Dense, DenseSettings),
    "sentence": (Sentence, SentenceSettings),
    "vectors": (Vectors, VectorsSettings),
}
"""Kind → tower and its settings."""


def tower_problem(settings: Any) -> str:
    """Why the settings of a tower cannot work, or ""."""
    if isinstance(settings, BackboneSettings):
        return backbone_problem(settings)
    if isinstance(settings, SentenceSettings):
        return sentence_problem(settings)
    words = getattr(settings, "embedding", None)
    if words and words.kind not in EMBEDDINGS:
        return f"unknown embedding {words.kind!r}; {nearest(words.kind, EMBEDDINGS)}"
    return layers_problem(settings)
