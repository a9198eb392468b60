"""Thresholds, worked by hand. Candidates are 0.02, 0.03 … 0.90; scores lie between them."""

from __future__ import annotations

import numpy as np
import pytest

from genreel.thresholds import (
    SMOOTHING,
    by_promise,
    choose_thresholds,
    choose_top_k,
    decisions_needed,
    global_threshold,
    promised_threshold,
    top_k,
)

ALL = np.ones((5, 2), np.bool_)
# Comedy is best cut between 0.205 and 0.605, War between 0.705 and 0.805.
SCORES = np.array([[0.105, 0.705], [0.205, 0.105], [0.605, 0.805], [0.605, 0.105], [0.655, 0.105]])
LABELS = np.array([[0, 0], [0, 0], [1, 1], [1, 0], [1, 0]], np.float32)


def choose(labels: np.ndarray, known: np.ndarray, scores: np.ndarray) -> list[float]:
    chosen = choose_thresholds(("Comedy", "War"), labels, known, scores)
    assert list(chosen) == ["Comedy", "War"]
    return list(chosen.values())


def test_a_rare_genre_is_drawn_to_the_common_threshold() -> None:
    # Mean F1 at 0.21 … 0.60: (1 + 2/3) / 2 = 0.83; at 0.71 … 0.80: (0 + 1) / 2. Common: 0.21.
    # Comedy's own is the common one; War's own is 0.71 and has one positive.
    war = (1 * 0.71 + SMOOTHING * 0.21) / (1 + SMOOTHING)
    assert choose(LABELS, ALL, SCORES) == pytest.approx([0.21, war])


def test_a_frequent_genre_keeps_its_own() -> None:
    labels, known, scores = (np.tile(a, (100, 1)) for a in (LABELS, ALL, SCORES))
    war = (100 * 0.71 + SMOOTHING * 0.21) / (100 + SMOOTHING)
    assert choose(labels, known, scores) == pytest.approx([0.21, war])
    assert war == pytest.approx(0.71, abs=0.1)


def test_unknown_cells_are_never_used() -> None:
    known = ALL.copy()
    known[2, 0] = known[0, 1] = False
    # Without the negative at 0.705, War is best cut from 0.105 on: both agree on 0.21.
    chosen = choose(LABELS, known, SCORES)
    assert chosen == pytest.approx([0.21, (0.11 + SMOOTHING * 0.21) / (1 + SMOOTHING)])
    labels, scores = LABELS.copy(), SCORES.copy()
    labels[2, 0], scores[2, 0] = 0, 0.9
    labels[0, 1], scores[0, 1] = 1, 0.03
    assert choose(labels, known, scores) == chosen


def test_a_genre_without_positives_takes_the_common_one() -> None:
    labels = LABELS.copy()
    labels[:, 1] = 0
    assert choose(labels, ALL, SCORES) == pytest.approx([0.21, 0.21])


def test_no_movies_still_give_thresholds() -> None:
    for threshold in choose(LABELS[:0], ALL[:0], SCORES[:0]):
        assert 0 < threshold < 1


def test_the_global_threshold_has_the_best_mean() -> None:
    assert global_threshold(LABELS, ALL, SCORES) == pytest.approx(0.21)


def test_top_k_takes_the_highest_of_each_movie() -> None:
    scores = np.array([[0.9, 0.1, 0.5], [0.2, 0.2, 0.1]])
    assert top_k(scores, 1).tolist() == [[True, False, False], [True, False, False]]
    assert top_k(scores, 2).tolist() == [[True, False, True], [True, True, False]]


def test_k_is_chosen_by_the_f1_of_movies() -> None:
    scores = np.tile([0.9, 0.8, 0.1], (4, 1))
    two = np.tile(np.float32([1, 1, 0]), (4, 1))
    known = np.ones((4, 3), np.bool_)
    assert choose_top_k(two, known, scores) == 2
    one = np.tile(np.float32([1, 0, 0]), (4, 1))
    assert choose_top_k(one, known, scores) == 1
    known[:, 1] = False  # then the second costs nothing, and 1 is the first of the best
    assert choose_top_k(one, known, scores) == 1
    assert choose_top_k(one * 0, known, scores) == 1


def test_a_promise_is_the_limit_of_clopper_and_pearson() -> None:
    reference = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(3)
    scores = np.round(rng.random(3000), 2)
    labels = (rng.random(3000) < scores).astype(np.float32)
    found = promised_threshold(labels, scores, 0.8)
    assert found is not None

    def limit(threshold: float) -> float:
        decided = scores >= threshold
        right = labels[decided].sum()
        return float(reference.beta.ppf(0.05, right, decided.sum() - right + 1))

    assert limit(found) >= 0.8
    assert all(limit(lower) < 0.8 for lower in np.unique(scores[scores < found]))


def test_a_promise_needs_enough_decisions() -> None:
    needed = decisions_needed(0.9, 0.95)
    assert 0.9**needed <= 0.05 < 0.9 ** (needed - 1)
    assert promised_threshold(np.ones(needed - 1), np.full(needed - 1, 0.7)) is None
    assert promised_threshold(np.ones(needed), np.full(needed, 0.7)) == 0.7
    assert promised_threshold(np.ones(0), np.ones(0)) is None


def test_promises_are_kept_by_genre_and_never_by_unknown_cells() -> None:
    scores = np.column_stack([np.linspace(0, 1, 400), np.linspace(0, 1, 400)])
    labels = np.column_stack([np.linspace(0, 1, 400) > 0.5, np.zeros(400)]).astype(np.float32)
    known = np.ones(labels.shape, np.bool_)
    found = by_promise(("Comedy", "War"), labels, known, scores)
    assert found["War"] is None
    assert found["Comedy"] is not None and 0.4 < found["Comedy"] < 0.5
    known[:, 0] = False
    assert by_promise(("Comedy", "War"), labels, known, scores)["Comedy"] is None
