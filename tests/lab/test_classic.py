"""Linear: what scikit-learn would say, from known cells alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from genreel.catalogue import Movie
from genreel.features import Feature
from genreel.features.text import Terms, TermSettings
from genreel.lab.examples import Examples, read_examples
from genreel.lab.models.base import Place
from genreel.lab.models.classic import Linear, LinearSettings
from genreel.vocabulary import Vocabulary

Make = Callable[..., Examples]
PLACE = Place(Path("unused"), seed=0)


def fitted(train: Examples, **settings: object) -> Linear:
    names = tuple(train.features)
    model = Linear(LinearSettings(**settings), names, train.features)  # type: ignore[arg-type]
    model.fit(train, train, PLACE)
    return model


@pytest.mark.parametrize("class_weight", ["none", "balanced"])
def test_equal_to_a_pipeline_of_scikit_learn(
    toys: Callable[..., list[Movie]], toy_examples: Make, class_weight: str
) -> None:
    train = toy_examples(40, everything=True, names="plot")
    test = toy_examples(12, seed=9, everything=True, names="plot")
    model = fitted(train, C=3.0, class_weight=class_weight)
    texts = [movie.plot for movie in toys(40)]  # what the feature was fitted on
    words = TfidfVectorizer(sublinear_tf=True).fit([text for text in texts if text])
    x, unseen = (
        words.transform([movie.plot for movie in toys(n, seed, True)])
        for n, seed in ((40, 0), (12, 9))
    )
    for g in range(3):
        weight = None if class_weight == "none" else class_weight
        regression = LogisticRegression(
            C=3.0, class_weight=weight, solver="liblinear", random_state=0
        ).fit(x, train.labels[:, g])
        expected = regression.predict_proba(unseen)[:, 1]
        np.testing.assert_allclose(model.scores(test)[:, g], expected, atol=1e-4)


def test_learns_what_there_is_to_learn(toy_examples: Make) -> None:
    model = fitted(toy_examples(40, names="plot"), C=100.0)
    test = toy_examples(40, seed=3, everything=True, names="plot")
    right = (model.scores(test) > 0.5) == (test.labels > 0)
    assert right[:, 0].all() and right[:, 1].all()
    assert not right[:, 2].all()  # Drama is chance


def test_unknown_labels_change_nothing(toy_examples: Make) -> None:
    train = toy_examples(40, names="plot")
    known = np.random.default_rng(1).random(train.known.shape) < 0.6
    one = replace(train, known=known)
    other = replace(one, labels=np.where(known, one.labels, 1 - one.labels))
    a, b = fitted(one), fitted(other)
    np.testing.assert_array_equal(a.weights, b.weights)
    np.testing.assert_array_equal(a.bias, b.bias)
    assert not np.array_equal(a.weights, fitted(train).weights)


def test_movies_without_a_term_teach_nothing(toy_examples: Make) -> None:
    train = toy_examples(40, names="plot")
    there = fitted(train.take(np.flatnonzero(train.has(["plot"]))))
    np.testing.assert_array_equal(fitted(train).weights, there.weights)
    np.testing.assert_array_equal(fitted(train).bias, there.bias)


@pytest.mark.parametrize(("label", "expected"), [(0, 1 / 12), (1, 11 / 12)])
def test_a_genre_of_one_class_gets_laplace_s_prior(
    toy_examples: Make, label: int, expected: float
) -> None:
    train = toy_examples(20, everything=True, names="plot")
    labels, known = train.labels.copy(), train.known.copy()
    labels[:10, 1], labels[10:, 1], known[10:, 1] = label, 1 - label, False
    model = fitted(replace(train, labels=labels, known=known))
    assert not model.weights[:, 1].any()
    np.testing.assert_allclose(model.scores(train)[:, 1], expected, rtol=1e-6)
    assert model.bias[1] == pytest.approx(math.log(expected / (1 - expected)))
    assert model.weights[:, 0].any()


def test_a_genre_of_which_nothing_is_known_is_never_said(toy_examples: Make) -> None:
    train = toy_examples(20, names="plot")
    known = train.known.copy()
    known[:, 1] = False
    assert (fitted(replace(train, known=known)).scores(train)[:, 1] < 1e-5).all()


def test_balanced_gives_a_rare_genre_more_say(toy_examples: Make) -> None:
    train = toy_examples(40, everything=True, names="plot")
    labels = train.labels.copy()
    labels[np.flatnonzero(labels[:, 0])[3:], 0] = 0
    rare = replace(train, labels=labels)
    plain, balanced = fitted(rare), fitted(rare, class_weight="balanced")
    assert (balanced.scores(train)[:, 0] > plain.scores(train)[:, 0]).all()


def test_blocks_are_the_features_in_their_order(
    toys: Callable[..., list[Movie]], tmp_path: Path
) -> None:
    movies = toys(40)
    features: dict[str, Feature] = {
        name: Terms.fit(TermSettings(input=name, min_count=1), movies)
        for name in ("plot", "title", "year")
    }
    features["never"] = Terms.fit(TermSettings(min_count=10_000), movies)
    train = read_examples(movies, features, Vocabulary(), tmp_path)
    names = ("title", "never", "plot", "year")
    model = Linear(LinearSettings(), names, features)
    model.fit(train, train, PLACE)
    blocks = model.blocks(features)
    assert tuple(blocks) == names
    assert [len(block) for block in blocks.values()] == [
        max(1, len(features[name].terms))  # type: ignore[attr-defined]
        for name in names
    ]
    np.testing.assert_array_equal(np.concatenate(list(blocks.values())), model.weights)
    z = model.bias.astype(np.float64)
    for name in ("title", "plot", "year"):
        indices, values = features[name].read(movies[0])
        z += values @ blocks[name][indices]
    np.testing.assert_allclose(model.scores(train)[0], 1 / (1 + np.exp(-z)), atol=1e-6)
    assert model.inputs == ("title", "plot", "year")
