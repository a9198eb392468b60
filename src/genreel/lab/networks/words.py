"""Towers over a text: an LSTM or convolutions over words in order, a dense layer over
terms, a vector as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from genreel.features.sentences import Sentences
from genreel.features.text import Terms
from genreel.features.tokens import PAD, Tokens
from genreel.lab.examples import Examples
from genreel.lab.networks.layers import ACTIVATIONS, initialise
from genreel.lab.networks.vectors import word_vectors


@dataclass(frozen=True)
class EmbeddingSettings:
    """How word numbers become vectors.

    Attributes:
        kind: "learnt", "onehot" (one dimension a word, never trained), "number" (one dimension in
            all: a word's number, over that of words), "word2vec" (trained on the training plots)
            or "glove" (given vectors).
        width: of learnt and word2vec vectors.
        frozen: do not tune word2vec and glove vectors.
    """

    kind: str = "learnt"
    width: int = 100
    frozen: bool = False


def embedding(settings: EmbeddingSettings, feature: Tokens, train: Examples) -> nn.Module:
    """Word numbers (m, length) → vectors (m, length, width); padding gives zeros."""
    words = len(feature.words)
    if settings.kind == "onehot":
        return OneHot(words)
    if settings.kind == "number":
        return Number(words)
    if settings.kind == "learnt":
        return nn.Embedding(words + 1, settings.width, padding_idx=PAD)
    vectors = word_vectors(settings.kind, settings.width, feature, train)
    layer = nn.Embedding(words + 1, vectors.shape[1], padding_idx=PAD)
    layer.weight.data[1:] = torch.from_numpy(vectors)
    return layer.requires_grad_(not settings.frozen)


class OneHot(nn.Module):
    """Word numbers as unit vectors; padding as zeros."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.embedding_dim = words

    def forward(self, ids: Tensor) -> Tensor:
        """Shape (m, length, words)."""
        return nn.functional.one_hot(ids, self.embedding_dim + 1)[..., 1:].float()


class Number(nn.Module):
    """Word numbers as they are, in (0, 1]; padding as 0."""

    embedding_dim = 1

    def __init__(self, words: int) -> None:
        super().__init__()
        self.words = words

    def forward(self, ids: Tensor) -> Tensor:
        """Shape (m, length, 1)."""
        return (ids.float() / self.words).unsqueeze(-1)


@dataclass(frozen=True)
class LstmSettings:
    """Settings of `Lstm`: `width` of its state; `dropout` on the last one."""

    feature: str
    embedding: EmbeddingSettings = EmbeddingSettings()
    width: int = 128
    dropout: float = 0.0


class Lstm(nn.Module):
    """Words in order through an LSTM (Hochreiter & Schmidhuber 1997); its last state."""

    reads = Tokens.kind
    arrays = ("ids",)
    embedding: Any

    def __init__(self, settings: LstmSettings, feature: Tokens, train: Examples) -> None:
        super().__init__()
        self.embedding = embedding(settings.embedding, feature, train)
        self.lstm = nn.LSTM(self.embedding.embedding_dim, settings.width, batch_first=True)
        self.dropout = nn.Dropout(settings.dropout)
        self.width = settings.width

    def forward(self, ids: Tensor) -> Tensor:
        """Vectors of texts."""
        # onnxruntime aborts on an LSTM of no rows, so a row of padding always goes along.
        ids = torch.cat([ids, ids.new_full((1, ids.shape[1]), PAD)])
        states, _ = self.lstm(self.embedding(ids))
        return torch.as_tensor(self.dropout(states[:-1, -1]))


@dataclass(frozen=True)
class Conv1dSettings:
    """Settings of `Conv1d`: `channels` of convolutions of `size` words; the highest value of
    each over the text, through `dropout`.
    """

    feature: str
    embedding: EmbeddingSettings = EmbeddingSettings()
    channels: tuple[int, ...] = (128,)
    size: int = 5
    activation: str = "relu"
    initialiser: str = "default"
    dropout: float = 0.5


class Conv1d(nn.Module):
    """Convolutions over word vectors, then the maximum over time (Kim 2014)."""

    reads = Tokens.kind
    arrays = ("ids",)
    embedding: Any

    def __init__(self, settings: Conv1dSettings, feature: Tokens, train: Examples) -> None:
        super().__init__()
        self.embedding = embedding(settings.embedding, feature, train)
        widths: list[int] = [self.embedding.embedding_dim, *settings.channels]
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Conv1d(before, after, settings.size, padding="same")]
            layers += [ACTIVATIONS[settings.activation]()]
        self.net = nn.Sequential(*layers)
        self.dropout = nn.Dropout(settings.dropout)
        self.width = widths[-1]
        initialise(self.net, settings.initialiser)

    def forward(self, ids: Tensor) -> Tensor:
        """Vectors of texts."""
        x = self.net(self.embedding(ids).transpose(1, 2))
        return torch.as_tensor(self.dropout(x.amax(dim=2)))


@dataclass(frozen=True)
class DenseSettings:
    """Settings of `Dense`: its `width`, `activation`, and whether to normalise batches."""

    feature: str
    width: int = 256
    activation: str = "relu"
    batch_norm: bool = False
    dropout: float = 0.0


class Dense(nn.Module):
    """A dense layer over sparse terms: only the rows of the terms that are there are touched."""

    reads = Terms.kind
    arrays = ("indices", "values")

    def __init__(self, settings: DenseSettings, feature: Terms, train: Examples) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(max(1, len(feature)), settings.width))
        self.bias = nn.Parameter(torch.zeros(settings.width))
        nn.init.xavier_uniform_(self.weight)  # Keras' Dense, which the sources use
        self.act = ACTIVATIONS[settings.activation]()
        self.norm = nn.BatchNorm1d(settings.width) if settings.batch_norm else nn.Identity()
        self.dropout = nn.Dropout(settings.dropout)
        self.width = settings.width

    def forward(self, indices: Tensor, values: Tensor) -> Tensor:
        """Vectors of texts."""
        rows = nn.functional.embedding(indices, self.weight)
        x = (values.unsqueeze(1) @ rows).squeeze(1) + self.bias
        return torch.as_tensor(self.dropout(self.norm(self.act(x))))


@dataclass(frozen=True)
class VectorsSettings:
    """Settings of `Vectors`.

    Attributes:
        feature: that it reads.
        dropout: on each text's vector.
        scale: whether the mean of a vector's squares is made 1.
    """

    feature: str
    dropout: float = 0.0
    scale: bool = True


class Vectors(nn.Module):
    """The vector that a text comes with, for a head to learn from.

    Vectors of length 1 have small numbers; scaled, a head learns from them in a quarter of the
    steps, and a little worse.
    """

    reads = Sentences.kind
    arrays = ("vectors",)

    def __init__(self, settings: VectorsSettings, feature: Sentences, train: Examples) -> None:
        super().__init__()
        self.dropout = nn.Dropout(settings.dropout)
        self.width = feature.width
        self.factor = self.width**0.5 if settings.scale else 1.0

    def forward(self, vectors: Tensor) -> Tensor:
        """Vectors of texts."""
        return torch.as_tensor(self.dropout(vectors * self.factor))
