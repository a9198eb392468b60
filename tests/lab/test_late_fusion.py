"""Late fusion: the right weights, for the right movies, from the right cells."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import expit

from genreel.calibration import logit
from genreel.cases import SENSE_OF, SENSES
from genreel.features import Feature
from genreel.lab.examples import Examples
from genreel.lab.model import Model, Place, fit_logistics
from genreel.lab.models.late_fusion import LateFusion, LateFusionSettings, Sum

Make = Callable[..., Examples]
PLACE = Place(Path("unused"), seed=0)
POSTER, PLOT, PRINTED = (2 ** SENSES.index(name) for name in ("picture", "words", "lettering"))
PATTERNS = 2 ** len(SENSES)


class Stub:
    """Its scores are drawn once for each movie; `absent` where its input is missing."""

    def __init__(self, name: str, seed: int, absent: float = 0.5) -> None:
        self.features, self.senses = (name,), (SENSE_OF[name],)
        self.table = np.random.default_rng(seed).uniform(0.05, 0.95, (400, 3))
        self.absent = absent
        self.fits = 0

    def fit(self, train: Examples, valid: Examples, place: Place) -> None:
        self.fits += 1

    def scores(self, examples: Examples) -> np.ndarray:
        there = examples.has(self.senses)[:, None]
        return np.where(there, self.table[examples.index], self.absent).astype(np.float32)


def fusion(
    features: Mapping[str, Feature], shrinkage: float = 10.0, absent: float = 0.5
) -> LateFusion:
    parts: dict[str, Model] = {
        "words": Stub("plot", 1, absent),
        "poster": Stub("poster", 2, absent),
    }
    return LateFusion(LateFusionSettings(shrinkage), (), features, parts)


def truth(x: np.ndarray, weights: np.ndarray, bias: np.ndarray, seed: int) -> np.ndarray:
    """Labels drawn from sigmoid(Σ x · weights + bias)."""
    p = 1 / (1 + np.exp(-((x * weights).sum(axis=1) + bias)))
    return (np.random.default_rng(seed).random(p.shape) < p).astype(np.float32)


WEIGHTS = np.array([[0.9, 0.8, 1.0], [0.4, 0.5, 0.3]])  # parts, genres
BIAS = np.array([-0.5, 0.0, 0.7])


@pytest.fixture(scope="module")
def logits() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 2, (4000, 2, 3))


def test_a_known_relation_is_found(logits: np.ndarray) -> None:
    labels = truth(logits, WEIGHTS, BIAS, seed=1)
    weights, bias = fit_logistics(logits, labels, np.ones(labels.shape, np.bool_), 1.0)
    np.testing.assert_allclose(weights, WEIGHTS, atol=0.1)
    np.testing.assert_allclose(bias, BIAS, atol=0.15)


def test_unknown_cells_are_not_looked_at(logits: np.ndarray) -> None:
    labels = truth(logits, WEIGHTS, BIAS, seed=1)
    known = np.random.default_rng(2).random(labels.shape) < 0.5
    one = fit_logistics(logits, labels, known, 10.0)
    other = fit_logistics(logits, np.where(known, labels, 1 - labels), known, 10.0)
    np.testing.assert_array_equal(one[0], other[0])
    np.testing.assert_array_equal(one[1], other[1])


def test_the_weights_are_the_most_likely_ones_however_far_the_logits_are_off() -> None:
    """Parts that are wrong by a constant need a large bias; at the optimum nothing pulls."""
    rng = np.random.default_rng(3)
    for shift, scale in itertools.product((0.0, 6.0, 12.0), (0.3, 3.0)):
        truth = rng.normal(size=(1500, 3)) - 3
        x = truth[:, None] * scale + rng.normal(size=(1500, 2, 3)) - shift
        labels = (rng.random(truth.shape) < expit(truth)).astype(np.float64)
        weights, bias = fit_logistics(x, labels, np.ones(labels.shape, np.bool_), 10.0)
        z = np.einsum("npg,pg->ng", x, weights) + bias
        assert np.abs((expit(z) - labels).mean(axis=0)).max() < 1e-3, "only a weak prior holds it"


def test_a_rare_genre_is_drawn_to_the_mean(logits: np.ndarray) -> None:
    opposite = WEIGHTS * [[1, 1, -1], [1, 1, -1]]
    labels = truth(logits, opposite, BIAS, seed=3)
    known = np.ones(labels.shape, np.bool_)
    known[12:, 2] = False  # what twelve movies say of the third genre contradicts the others
    free, tied = (fit_logistics(logits, labels, known, s)[0] for s in (0.01, 100.0))
    assert free[0, 2] < -1
    common = tied[:, :2].mean(axis=1)
    assert np.abs(tied[:, 2] - common).max() < np.abs(free[:, 2] - common).max() / 2
    np.testing.assert_allclose(tied[:, :2], WEIGHTS[:, :2], atol=0.15)  # these hold their own


def test_without_movies_the_parts_count_alike() -> None:
    weights, bias = fit_logistics(np.zeros((0, 2, 3)), np.zeros((0, 3)), np.zeros((0, 3), bool), 10)
    np.testing.assert_allclose(weights, 0.5)
    np.testing.assert_allclose(bias, 0)


def test_patterns_and_parts_that_are_fitted(toy_examples: Make) -> None:
    examples = toy_examples(80)
    model = fusion(examples.features)
    model.fit(examples, examples, PLACE)
    assert model.senses == ("picture", "words")
    assert [part.fits for part in model.parts.values()] == [1, 1]  # type: ignore[attr-defined]
    assert model.weights.shape == (PATTERNS, 2, 3)
    used = {pattern for pattern in range(PATTERNS) if model.weights[pattern].any()}
    assert used == {POSTER, PLOT, POSTER + PLOT}
    assert not model.weights[POSTER, 0].any() and not model.weights[PLOT, 1].any()
    assert model.weights[POSTER, 1].all() and model.weights[POSTER + PLOT].all()


def test_each_pattern_is_fitted_on_the_movies_that_have_it(toy_examples: Make) -> None:
    """Those with both serve every pattern, their other input being taken away."""
    examples = toy_examples(80)
    model = fusion(examples.features)
    model.fit(examples, examples, PLACE)
    words, poster = model.parts.values()
    for pattern, part, name, k in ((PLOT, words, "plot", 0), (POSTER, poster, "poster", 1)):
        shown = examples.take(np.flatnonzero(examples.has([name])))
        assert len(shown) == 60
        x = logit(part.scores(shown))[:, None]
        weights, bias = fit_logistics(x, shown.labels, shown.known, 10.0)
        np.testing.assert_allclose(model.weights[pattern, k], weights[0], rtol=1e-5)
        np.testing.assert_allclose(model.bias[pattern], bias, rtol=1e-5)


def test_each_movie_gets_the_weights_of_its_pattern(toy_examples: Make) -> None:
    examples = toy_examples(8)
    model = fusion(examples.features)
    rng = np.random.default_rng(4)
    model.weights = rng.normal(size=(PATTERNS, 2, 3)).astype(np.float32)
    model.bias = rng.normal(size=(PATTERNS, 3)).astype(np.float32)
    model.kin = np.zeros((PATTERNS, 6, 3), np.float32)
    words, poster = (logit(part.scores(examples)) for part in model.parts.values())
    # Every fourth movie from 1 lacks its poster, every fourth from 2 its plot.
    patterns = np.tile([POSTER + PLOT, PLOT, POSTER, POSTER + PLOT], 2)
    for i, pattern in enumerate(patterns):
        w = model.weights[pattern]
        z = words[i] * w[0] + poster[i] * w[1] + model.bias[pattern]
        np.testing.assert_allclose(model.scores(examples)[i], 1 / (1 + np.exp(-z)), atol=1e-6)
    hidden = model.scores(examples.without(["poster"]))
    z = words[0] * model.weights[PLOT, 0] + model.bias[PLOT]
    z += logit(np.full(3, 0.5)) * model.weights[PLOT, 1]
    np.testing.assert_allclose(hidden[0], 1 / (1 + np.exp(-z)), atol=1e-6)


def test_an_absent_part_has_no_say(toy_examples: Make) -> None:
    examples = toy_examples(80)
    scores = []
    for absent in (0.0, 0.5, 1.0):
        model = fusion(examples.features, absent=absent)
        model.fit(examples, examples, PLACE)
        scores.append(model.scores(examples))
    np.testing.assert_array_equal(scores[0], scores[1])
    np.testing.assert_array_equal(scores[0], scores[2])


def test_scores_do_not_depend_on_the_other_movies(toy_examples: Make) -> None:
    examples = toy_examples(20)
    model = fusion(examples.features)
    model.fit(examples, examples, PLACE)
    alone = np.concatenate([model.scores(one) for one in examples.batches(1)])
    np.testing.assert_allclose(alone, model.scores(examples), atol=1e-7)


def test_a_fusion_inside_a_fusion_heeds_its_own_inputs_alone(toy_examples: Make) -> None:
    examples = toy_examples(80)
    parts: dict[str, Model] = {"a": Stub("plot", 1), "b": Stub("plot", 3)}
    inner = LateFusion(LateFusionSettings(), (), examples.features, parts)
    outer = LateFusion(
        LateFusionSettings(), (), examples.features, {"words": inner, "poster": Stub("poster", 2)}
    )
    outer.fit(examples, examples, PLACE)
    there = examples.take(np.flatnonzero(examples.has(["plot"])))
    np.testing.assert_array_equal(inner.scores(there), inner.scores(there.without(["poster"])))
    assert inner.scores(there).std() > 0.01


def test_a_genre_of_which_nothing_is_known_is_no_trouble(toy_examples: Make) -> None:
    examples = toy_examples(80)
    known = examples.known.copy()
    known[:, 2] = False
    model = fusion(examples.features)
    model.fit(examples, replace(examples, known=known), PLACE)
    assert np.isfinite(model.scores(examples)).all()


# The other genres


def test_a_genre_heeds_what_the_parts_say_of_the_others(toy_examples: Make) -> None:
    """The first genre is just what a part says of the last one, which its own logit does not."""
    examples = toy_examples(200, everything=True)
    x = fusion(examples.features).part_scores(examples)
    labels = (x[:, 0, [2, 1, 2]] > 0.5).astype(np.float32)
    losses = {}
    for kin in (0.0, 0.1, 1e6):
        model = fusion(examples.features)
        model.settings = LateFusionSettings(10.0, kin)
        model.fit(examples, replace(examples, labels=labels), PLACE)
        assert model.kin.any() == (kin > 0)
        losses[kin] = np.abs(model.scores(examples) - labels).mean(axis=0)
    assert losses[0.1][0] < losses[0.0][0] / 2
    np.testing.assert_allclose(losses[1e6], losses[0.0], atol=1e-3)  # a strong prior holds them off


def test_how_sure_a_part_is_of_a_genre_changes_no_other(toy_examples: Make) -> None:
    """Near 1, the last bit of a score changes its logit by more than 0.01."""
    examples = toy_examples(200, everything=True)
    model = fusion(examples.features)
    model.settings = LateFusionSettings(10.0, 1.0)
    model.fit(examples, examples, PLACE)
    sure = logit(model.part_scores(examples))
    sure[:, 0, 0] = 9
    surer = sure.copy()
    surer[:, 0, 0] = 12
    total = Sum(model.weights[PLOT], model.bias[PLOT], model.kin[PLOT])
    change = total(surer) - total(sure)
    assert change[:, 0].all() and not change[:, 1:].any() and model.kin[PLOT, 0, 1:].all()


# Lettering


def lettered(examples: Examples, has_lettering: np.ndarray) -> tuple[LateFusion, Examples]:
    """Words, picture and lettering, which only some of the movies have."""
    printed = SimpleNamespace(input="lettering", sense="lettering")
    rows = [1 if there else None for there in has_lettering]
    examples = replace(
        examples,
        features={**examples.features, "lettering": printed},  # type: ignore[dict-item]
        rows={**examples.rows, "lettering": rows},
    )
    model = fusion(examples.features)
    parts = {**model.parts, "lettering": Stub("lettering", 7)}
    return LateFusion(LateFusionSettings(10.0, 100.0), (), examples.features, parts), examples


def test_lettering_is_added_to_the_sum_without_it(toy_examples: Make) -> None:
    """Both senses teach from all movies; of lettering, only what it says beyond its mean counts."""
    examples = toy_examples(300, everything=True)
    model, examples = lettered(examples, np.arange(300) < 60)
    labels = (model.part_scores(examples)[:, :2].mean(axis=1) > 0.5).astype(np.float32)
    examples = replace(examples, labels=labels)
    model.fit(examples, examples, PLACE)
    some = examples.take(np.arange(60))
    x = logit(model.part_scores(some))
    with_it, without = (
        Sum(model.weights[p], model.bias[p], model.kin[p])
        for p in (POSTER + PLOT + PRINTED, POSTER + PLOT)
    )
    factors = with_it.weights[0] / without.weights[0]
    np.testing.assert_allclose(with_it.weights[1], without.weights[1] * factors, rtol=1e-5)
    np.testing.assert_allclose(with_it.kin, without.kin * factors, rtol=1e-4, atol=1e-7)
    assert (factors > 0.9).all(), "the sum without lettering was right"
    # Lettering that says what it always says leaves the sum nearly as it is.
    x[:, 2] = x[:, 2].mean(axis=0)
    silent = with_it(x) - without(x) * factors
    assert np.ptp(silent, axis=0).max() < 1e-5 and np.abs(silent).max() < 0.5


def test_where_no_poster_was_read_with_a_plot_the_sum_stays(toy_examples: Make) -> None:
    examples = toy_examples(80)  # every fourth lacks its plot
    model, examples = lettered(examples, np.arange(80) % 4 == 2)
    model.fit(examples, examples, PLACE)
    for name in ("weights", "bias", "kin"):
        array = getattr(model, name)
        np.testing.assert_allclose(array[PLOT + PRINTED], array[PLOT], rtol=1e-5)


def test_lettering_that_shares_a_part_has_cases_of_its_own(toy_examples: Make) -> None:
    examples = toy_examples(80, everything=True)
    model, examples = lettered(examples, np.ones(80, np.bool_))
    model.settings = LateFusionSettings(10.0)
    model.parts["lettering"].senses = ("words", "lettering")  # type: ignore[misc]
    model.fit(examples, examples, PLACE)
    factors = model.weights[POSTER + PRINTED, 1] / model.weights[POSTER, 1]
    x = logit(model.part_scores(examples.without(["plot"])))[:, 1:]
    own, _ = fit_logistics(x, examples.labels, examples.known, 10.0)
    np.testing.assert_allclose(model.weights[POSTER + PRINTED, 1:], own, rtol=1e-4)
    assert np.ptp(factors) > 1e-3
