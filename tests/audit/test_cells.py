"""Cells: what is learnt from a library, and how probable it is that one is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from genreel.audit.doubts import load_doubts
from genreel.audit.folds import FOLDS, fit, fold_logits, logit, sigmoid
from genreel.audit.judgement import SHARE, combine
from genreel.vocabulary import GENRES

RANDOM = np.random.default_rng(3)


def library(n: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Inputs of four numbers, and two genres that the first two decide."""
    inputs = RANDOM.normal(size=(n, 4)).astype(np.float32)
    return inputs, (inputs[:, :2] > 0).astype(np.float32)


def test_a_genre_that_is_wrong_is_judged_by_the_other_movies() -> None:
    inputs, labels = library()
    wrong = np.zeros(labels.shape, np.bool_)
    wrong[::20] = True
    known = np.ones_like(wrong)
    logits = fold_logits(inputs, np.where(wrong, 1 - labels, labels), known)
    assert ((logits > 0) == (labels > 0)).mean() > 0.95
    assert ((logits > 0) == (labels > 0))[wrong].mean() > 0.9


def test_a_movies_own_label_has_no_part_in_its_judgement() -> None:
    inputs, labels = library(100)
    known = np.ones(labels.shape, np.bool_)
    other = labels.copy()
    other[7] = 1 - other[7]
    before, after = (fold_logits(inputs, one, known)[7] for one in (labels, other))
    assert np.array_equal(before, after)
    assert FOLDS > 1


def test_what_is_not_known_teaches_nothing() -> None:
    inputs, labels = library(100)
    columns = np.concatenate([inputs, np.ones((100, 1), np.float32)], axis=1)
    known = np.ones(labels.shape, np.bool_)
    known[:30, 0] = False
    changed = labels.copy()
    changed[:30, 0] = 1 - changed[:30, 0]
    assert np.allclose(fit(columns, labels, known), fit(columns, changed, known), atol=1e-6)


def test_the_optimum_is_reached() -> None:
    inputs, labels = library(300)
    columns = np.concatenate([inputs, np.ones((300, 1), np.float32)], axis=1)
    known = np.ones(labels.shape, np.bool_)
    weights = fit(columns, labels, known)
    penalty = np.array([30, 30, 30, 30, 1])[:, None]
    gradient = columns.T @ (sigmoid(columns @ weights) - labels) + penalty * weights
    assert np.abs(gradient).max() < 0.05


def test_logits_of_certain_scores_are_finite() -> None:
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()
    assert sigmoid(np.array([-1e9, 0, 1e9])).tolist() == pytest.approx([0, 0.5, 1], abs=1e-9)


def test_a_small_library_leaves_it_to_the_model() -> None:
    inputs, labels = library(600)
    scores = np.full(labels.shape, 0.3, np.float32)
    known = np.ones(labels.shape, np.bool_)
    vectors = list(inputs)
    small = combine(scores[:90], vectors[:90], labels[:90], known[:90])
    assert np.allclose(small, logit(scores[:90]))
    large = combine(scores, vectors, labels, known)
    own = (large - (1 - SHARE) * logit(scores)) / SHARE
    assert ((own > 0) == (labels > 0)).mean() > 0.9


def test_doubt_grows_with_what_speaks_against_a_genre() -> None:
    doubts = load_doubts()
    labels = np.array([[1], [1], [0], [0]], np.float32)
    logits = np.array([[-6], [2], [6], [-6]], np.float32)
    wrong = doubts.probabilities(("Western",), labels, logits)[:, 0]
    assert wrong[0] > 0.8
    assert wrong[1] < 0.1
    assert wrong[2] > wrong[3]
    lookup, told = np.zeros((4, 1), np.float32), np.ones((4, 1), np.bool_)
    more = doubts.probabilities(("Western",), labels, logits, lookup, told)[:, 0]
    assert (more[:2] > wrong[:2]).all()  # the lookup has no Western
    assert (more[2:] < wrong[2:]).all()


def test_the_table_of_doubts_has_every_genre() -> None:
    doubts = load_doubts()
    assert set(doubts.wrong) == set(doubts.missing) == set(GENRES)
    assert doubts.slope > 0
    assert doubts.lookup_against > 0 > doubts.lookup_for
    unknown = doubts.probabilities(("Polka",), np.ones((1, 1)), np.zeros((1, 1)))
    assert 0 < float(unknown[0, 0]) < 1
