"""Thresholds, worked by hand. Candidates are 0.02, 0.03 … 0.90; scores lie between them."""

from __future__ import annotations

import numpy as np
import pytest

from genreel.lab.evaluation.thresholds import SMOOTHING, choose_thresholds

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
