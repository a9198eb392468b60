"""Word vectors: the same every time, of the right words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from genreel.errors import RecipeError
from genreel.features.tokens import Tokens, TokenSettings
from genreel.lab.examples import Examples
from genreel.lab.networks.vectors import EMBEDDINGS, word_vectors

Make = Callable[..., Examples]


@pytest.fixture
def train(toy_examples: Make) -> Examples:
    return toy_examples(40, names="plot tokens")


def tokens(examples: Examples) -> Tokens:
    feature = examples.features["tokens"]
    assert isinstance(feature, Tokens)
    return feature


def test_word2vec_is_the_same_every_time(train: Examples) -> None:
    one, other = (word_vectors("word2vec", 7, tokens(train), train) for _ in range(2))
    assert one.shape == (len(tokens(train).words), 7) and one.dtype == np.float32
    np.testing.assert_array_equal(one, other)
    assert one.any(axis=1).all() and len(np.unique(one, axis=0)) == len(one)


def test_word2vec_learns_from_the_training_texts_alone(train: Examples) -> None:
    feature = tokens(train)
    ghost = feature.words.index("ghost") + 1
    without = [i for i, row in enumerate(train.read("tokens")) if row is None or ghost not in row]
    assert 0 < len(without) < len(train)
    found = word_vectors("word2vec", 7, feature, train.take(without))
    assert not found[ghost - 1].any()
    assert found[np.arange(len(found)) != ghost - 1].any(axis=1).all()


def test_words_of_like_company_are_alike() -> None:
    from genreel.catalogue import Movie
    from genreel.lab.examples import read_examples
    from genreel.vocabulary import Vocabulary

    rng = np.random.default_rng(0)
    worlds = ["wand spell dragon castle", "engine orbit rocket planet"]
    plots = [" ".join(rng.permutation(worlds[i % 2].split()).tolist() * 4) for i in range(300)]
    movies = [
        Movie(str(i), plot=plot, genres={"genreel": ("Drama",)}) for i, plot in enumerate(plots)
    ]
    feature = Tokens.fit(TokenSettings(), movies)
    train = read_examples(movies, {"tokens": feature}, Vocabulary(), Path("unused"))
    found = word_vectors("word2vec", 16, feature, train)
    unit = found / np.linalg.norm(found, axis=1, keepdims=True)
    at = {word: unit[i] for i, word in enumerate(feature.words)}
    assert at["wand"] @ at["dragon"] > at["wand"] @ at["rocket"] + 0.2


def fake_glove(folder: Path, words: list[str], vectors: np.ndarray) -> None:
    (folder / "weights").mkdir()
    np.savez(
        folder / "weights" / "glove.6B.50d.20k.npz",
        words=np.array(words),
        vectors=vectors.astype(np.float16),
    )


def test_glove_gives_its_own_vectors_and_zeros(
    train: Examples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["joke", "unheard", "ghost"]
    fake_glove(tmp_path, words, np.arange(15).reshape(3, 5) / 8)
    monkeypatch.setenv("GENREEL_DATA", str(tmp_path / "data"))
    feature = tokens(train)
    found = word_vectors("glove", 99, feature, train)  # the file's own width counts
    assert found.shape == (len(feature.words), 5) and found.dtype == np.float32
    for word, vector in zip(feature.words, found, strict=True):
        i = words.index(word) if word in words else None
        expected = np.zeros(5) if i is None else np.arange(5 * i, 5 * i + 5) / 8
        np.testing.assert_array_equal(vector, expected)


def test_glove_that_is_not_there(
    train: Examples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENREEL_DATA", str(tmp_path / "data"))
    with pytest.raises(RecipeError) as caught:
        word_vectors("glove", 5, tokens(train), train)
    path = tmp_path / "weights" / "glove.6B.50d.20k.npz"
    assert str(caught.value) == (f"no GloVe vectors at {path}; set GENREEL_DATA or use word2vec")


def test_an_unknown_kind(train: Examples) -> None:
    with pytest.raises(RecipeError, match="unknown embedding 'wordvec'; did you mean 'word2vec'"):
        word_vectors("wordvec", 5, tokens(train), train)
    assert EMBEDDINGS == ("learnt", "onehot", "number", "word2vec", "glove")
