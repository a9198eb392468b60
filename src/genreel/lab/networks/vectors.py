"""Word vectors: trained on the catalogue, or read from a file."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel.errors import RecipeError
from genreel.features.tokens import Tokens
from genreel.lab.examples import Examples
from genreel.lab.settings import nearest
from genreel.lab.weights import weights_folder

Vectors = NDArray[np.float32]

EMBEDDINGS = ("learnt", "onehot", "number", "word2vec", "glove")
"""Kinds of word vectors of a network; the last two come from `word_vectors`."""


def word_vectors(kind: str, width: int, feature: Tokens, train: Examples) -> Vectors:
    """A vector for each of the feature's words, shape (words, width).

    Args:
        kind: "word2vec": skip-gram with negative sampling (Mikolov et al. 2013) on the training
            texts; "glove": vectors from `$GENREEL_DATA/../weights/glove.6B.50d.20k.npz`, whose
            own width counts, zeros for words it lacks.
    """
    if kind == "word2vec":
        return _word2vec(width, feature, train)
    if kind == "glove":
        return _glove(feature)
    raise RecipeError(f"unknown embedding {kind!r}; {nearest(kind, EMBEDDINGS)}")


def _word2vec(width: int, feature: Tokens, train: Examples) -> Vectors:
    from gensim.models import Word2Vec

    name = next(n for n, f in train.features.items() if f is feature)
    sentences = [[feature.words[i - 1] for i in row] for row in train.read(name) if row is not None]
    # One worker: several would make the result depend on their timing.
    model: Any = Word2Vec(
        sentences, vector_size=width, window=5, min_count=1, sg=1, negative=5, seed=0, workers=1
    )
    empty = np.zeros(width, np.float32)
    return np.stack([model.wv[w] if w in model.wv else empty for w in feature.words])  # noqa: SIM401


def _glove(feature: Tokens) -> Vectors:
    path = weights_folder() / "glove.6B.50d.20k.npz"
    if not path.is_file():
        raise RecipeError(f"no GloVe vectors at {path}; set GENREEL_DATA or use word2vec")
    with np.load(path, allow_pickle=False) as file:
        index = {word: i for i, word in enumerate(file["words"].tolist())}
        vectors = file["vectors"].astype(np.float32)
    matrix = np.zeros((len(feature.words), vectors.shape[1]), np.float32)
    for i, word in enumerate(feature.words):
        if word in index:
            matrix[i] = vectors[index[word]]
    return matrix
