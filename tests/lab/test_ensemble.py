"""Models of models: the right weights, for the right movies, from the right cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from genreel.cases import SENSE_OF
from genreel.lab.examples import Examples
from genreel.lab.model import Model, Place
from genreel.lab.models.again import AgainSettings
from genreel.lab.models.ensemble import (
    Average,
    AverageSettings,
    Stack,
    StackSettings,
    bounded_logit,
)
from genreel.lab.models.estimators import PerGenre
from genreel.lab.models.late_fusion import LateFusion, LateFusionSettings
from genreel.lab.networks.joint import Joint

Make = Callable[..., Examples]
PLACE = Place(Path("unused"), seed=0)


class Table:
    """Scores that are drawn once for each movie, of one input or several."""

    def __init__(self, inputs: tuple[str, ...], seed: int, features: tuple[str, ...] = ()) -> None:
        self.senses = tuple(SENSE_OF[name] for name in inputs)
        self.features = features or inputs
        self.table = np.random.default_rng(seed).uniform(0.05, 0.95, (400, 3)).astype(np.float32)

    def fit(self, train: Examples, valid: Examples, place: Place) -> None:
        self.fitted = train, valid, place

    def scores(self, examples: Examples) -> np.ndarray:
        return self.table[examples.index]


def test_the_mean_of_the_parts_that_a_movie_has(toy_examples: Make) -> None:
    examples = toy_examples(12)
    parts: dict[str, Model] = {
        "words": Table(("plot",), 1),
        "poster": Table(("poster",), 2),
        "both": Table(("poster", "plot"), 3),  # either will do
    }
    model = Average(AverageSettings(), (), examples.features, parts)
    model.fit(examples, examples, PLACE)
    assert all(part.fitted == (examples, examples, PLACE) for part in parts.values())  # type: ignore[attr-defined]
    assert model.senses == ("picture", "words") and set(model.features) == {"plot", "poster"}
    words, poster, both = (part.scores(examples) for part in parts.values())
    found = model.scores(examples)
    assert found.dtype == np.float32
    for i in range(12):
        # Every fourth movie from 1 lacks its poster, every fourth from 2 its plot.
        there = {1: [words, both], 2: [poster, both]}.get(i % 4, [words, poster, both])
        np.testing.assert_allclose(found[i], np.mean([t[i] for t in there], axis=0), atol=1e-6)
    without = examples.take(np.flatnonzero(examples.has(["plot"]))).without(["poster"])
    expected = (words + both)[examples.has(["plot"])] / 2
    np.testing.assert_allclose(model.scores(without), expected, atol=1e-6)
    assert not model.scores(examples.without(["poster", "plot"])).any()


# Stack


class Memory:
    """Scores 0.9 or 0.1 for what it was trained on, by the label, and 0.5 for any other film."""

    def __init__(self, inputs: tuple[str, ...] = ("plot",)) -> None:
        self.features, self.senses = inputs, tuple(SENSE_OF[name] for name in inputs)
        self.known: dict[int, np.ndarray] = {}
        self.fits: list[Examples] = []

    def __deepcopy__(self, memo: object) -> Memory:
        copied = Memory(self.features)
        copied.fits = self.fits  # one list, so that copies tell what they were fitted on
        return copied

    def fit(self, train: Examples, valid: Examples, place: Place) -> None:
        self.fits.append(train)
        self.known = dict(zip(train.index.tolist(), train.labels, strict=True))

    def scores(self, examples: Examples) -> np.ndarray:
        nothing = np.full(3, 0.5, np.float32)
        rows = [
            0.1 + 0.8 * self.known[i] if i in self.known else nothing
            for i in examples.index.tolist()
        ]
        return np.array(rows, np.float32).reshape(-1, 3)


def stack(
    examples: Examples, parts: Mapping[str, Any], folds: int, estimator: str = "logistic"
) -> Stack:
    options = {"tree": {"max_depth": 3}, "network": {"learning_rate": 0.01}}.get(estimator, {})
    settings = StackSettings(estimator, options, folds=folds)
    return Stack(settings, (), examples.features, parts)


@pytest.fixture
def learnt_from(monkeypatch: pytest.MonkeyPatch) -> list[tuple[np.ndarray, ...]]:
    """What the stacker was given: x, labels, known."""
    given: list[tuple[np.ndarray, ...]] = []
    honest = PerGenre.fit

    def noting(self: PerGenre, x: np.ndarray, *rest: Any) -> None:
        given.append((x, *rest[:2]))
        honest(self, x, *rest)

    monkeypatch.setattr(PerGenre, "fit", noting)
    return given


@pytest.mark.parametrize("folds", [2, 3, 5])
def test_the_stacker_learns_from_scores_of_films_that_the_parts_did_not_see(
    toy_examples: Make, learnt_from: list[tuple[np.ndarray, ...]], folds: int
) -> None:
    train, valid = toy_examples(40, everything=True), toy_examples(10, seed=5, everything=True)
    part = Memory()
    model = stack(train, {"a": part, "b": Memory()}, folds)
    model.fit(train, valid, PLACE)
    [(x, labels, known)] = learnt_from
    np.testing.assert_array_equal(x, np.zeros((40, 6), np.float32))  # the logit of 0.5
    np.testing.assert_array_equal(labels, train.labels)
    np.testing.assert_array_equal(known, train.known)
    *apart, whole = part.fits
    assert len(apart) == folds and len(whole) == 40
    left_out = [set(range(40)) - set(fold.index.tolist()) for fold in apart]
    assert sorted(i for out in left_out for i in out) == list(range(40))  # each film once
    assert max(map(len, left_out)) - min(map(len, left_out)) <= 1


def test_without_folds_it_learns_from_the_valid_movies(
    toy_examples: Make, learnt_from: list[tuple[np.ndarray, ...]]
) -> None:
    train, valid = toy_examples(40, everything=True), toy_examples(12, seed=5, everything=True)
    parts = {"a": Table(("plot",), 1), "b": Table(("poster",), 2)}
    model = stack(train, parts, 0)
    model.fit(train, valid, PLACE)
    [(x, labels, known)] = learnt_from
    expected = bounded_logit(
        np.concatenate([part.scores(valid) for part in parts.values()], axis=1)
    )
    np.testing.assert_allclose(x, expected, rtol=1e-6)
    np.testing.assert_array_equal(labels, valid.labels)
    np.testing.assert_array_equal(known, valid.known)
    assert all(part.fitted[0] is train for part in parts.values())


@pytest.mark.parametrize("folds", [0, 2])
def test_a_missing_part_gives_its_mean_logits(
    toy_examples: Make, learnt_from: list[tuple[np.ndarray, ...]], folds: int
) -> None:
    train = toy_examples(40)
    parts = {"words": Table(("plot",), 1), "poster": Table(("poster",), 2)}
    model = stack(train, parts, folds)
    model.fit(train, train, PLACE)
    plot, poster = (train.has([name]) for name in ("plot", "poster"))
    words, shades = (bounded_logit(part.scores(train)) for part in parts.values())
    means = np.stack([words[plot].mean(axis=0), shades[poster].mean(axis=0)])
    np.testing.assert_allclose(model.means, means, atol=1e-6)
    filled = [np.where(plot[:, None], words, means[0]), np.where(poster[:, None], shades, means[1])]
    x = np.concatenate(filled, axis=1)
    np.testing.assert_allclose(learnt_from[0][0], x, atol=1e-6)
    np.testing.assert_allclose(model.scores(train), model.core.scores(x), atol=1e-6)
    nothing = model.scores(train.without(["plot", "poster"]))
    expected = model.core.scores(np.tile(means.ravel(), (40, 1)))
    np.testing.assert_allclose(nothing, expected, atol=1e-6)


def test_films_without_any_input_and_unknown_cells_teach_the_stacker_nothing(
    toy_examples: Make, learnt_from: list[tuple[np.ndarray, ...]]
) -> None:
    train = toy_examples(40)
    known = np.random.default_rng(1).random(train.known.shape) < 0.7
    train = replace(train, known=known)
    rows = {
        "plot": [None, *train.rows["plot"][1:]],
        "poster": [None, *list(train.rows["poster"])[1:]],
    }
    model = stack(train, {"a": Table(("plot",), 1), "b": Table(("poster",), 2)}, 2)
    model.fit(replace(train, rows=rows), train, PLACE)
    [(x, _, used)] = learnt_from
    assert len(x) == 39
    np.testing.assert_array_equal(used, known[1:])


def test_one_network_has_an_output_a_genre_and_heeds_known_cells_alone(
    toy_examples: Make,
) -> None:
    train = toy_examples(200, everything=True)
    parts = {"a": Table(("plot",), 1), "b": Table(("poster",), 2)}
    known = np.random.default_rng(1).random(train.known.shape) < 0.7
    settings = StackSettings("network", {"hidden": [8], "epochs": 3}, folds=0)
    found = []
    for labels in (train.labels, np.where(known, train.labels, 1 - train.labels)):
        model = Stack(settings, (), train.features, parts)
        model.fit(train, replace(train, labels=labels.astype(np.float32), known=known), PLACE)
        found.append(model.scores(train))
    assert isinstance(model.core, Joint)
    assert [matrix.shape for matrix, _ in model.core.layers] == [(6, 8), (8, 3)]
    np.testing.assert_array_equal(*found)
    np.testing.assert_allclose(found[0].mean(axis=0), train.labels.mean(axis=0), atol=0.15)


@pytest.mark.parametrize("estimator", ["logistic", "tree", "svm", "network"])
def test_the_stacker_sees_every_genre_of_every_part(toy_examples: Make, estimator: str) -> None:
    """What tells the first genre here is the first part's score of the third."""
    train = toy_examples(200, everything=True)
    parts = {"a": Table(("plot",), 1), "b": Table(("poster",), 2)}
    labels = train.labels.copy()
    labels[:, 0] = parts["a"].scores(train)[:, 2] > 0.5
    model = stack(replace(train, labels=labels), parts, 2, estimator)
    model.fit(replace(train, labels=labels), train, PLACE)
    assert (((model.scores(train)[:, 0] > 0.5) == (labels[:, 0] > 0)).mean()) > 0.9


# Recipes

PART = SimpleNamespace(kind="linear")


@pytest.mark.parametrize(
    ("kind", "settings", "changes", "message"),
    [
        (Average, AverageSettings(), {}, ""),
        (Stack, StackSettings("svm"), {}, ""),
        (Stack, StackSettings("svm", folds=0), {}, ""),
        (LateFusion, LateFusionSettings(), {}, ""),
        (LateFusion, LateFusionSettings(kin=-1.0), {}, "shrinkage and kin must be at least 0"),
        *(
            (kind, settings, {"parts": {"a": PART}}, "kind 'some' needs at least two parts")
            for kind, settings in (
                (Average, AverageSettings()),
                (Stack, StackSettings("svm")),
                (LateFusion, LateFusionSettings()),
            )
        ),
        (
            Average,
            AverageSettings(),
            {"features": ("plot",)},
            "kind 'some' reads its parts, not features",
        ),
        (
            LateFusion,
            LateFusionSettings(),
            {"parts": {"a": SimpleNamespace(kind="again", settings=AgainSettings("b")), "b": PART}},
            "part 'a' is 'b' again, which no part before it is",
        ),
        (Stack, StackSettings("svm", folds=1), {}, "folds must be 0, or 2 and more"),
        (Stack, StackSettings("svm", folds=-1), {}, "folds must be 0, or 2 and more"),
        (Stack, StackSettings("vsm"), {}, "unknown estimator 'vsm'; did you mean 'svm'?"),
        (Stack, StackSettings("mlp", {"sise": 3}), {}, "mlp has no option 'sise'; "),
        (Stack, StackSettings("network", {"hidden": [0]}), {}, "epochs, batch_size and every"),
        (Stack, StackSettings("network", {"dropout": 1.0}), {}, "dropout must be"),
        (Stack, StackSettings("network", imbalance="weights"), {}, "imbalance"),
    ],
)
def test_combinations_that_cannot_work(
    kind: Any, settings: Any, changes: dict[str, Any], message: str
) -> None:
    table = {"kind": "some", "settings": settings, "parts": {"a": PART, "b": PART}, "features": ()}
    found = kind.problem(SimpleNamespace(**{**table, **changes}), {})
    assert found.startswith(message) and bool(found) == bool(message)
