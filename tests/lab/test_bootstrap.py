"""Bootstrap intervals: each resample's figure is scikit-learn's with those weights."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from genreel.lab.evaluation import bootstrap
from genreel.lab.evaluation.bootstrap import intervals

RNG = np.random.default_rng(0)
N = 400
LABELS = (RNG.random((N, 3)) < [0.5, 0.3, 0.1]).astype(np.float32)
KNOWN = RNG.random((N, 3)) < 0.8
SCORES = np.round(RNG.random((N, 3)) + LABELS * 0.4, 1)  # rounded: many ties
WEIGHTS = RNG.multinomial(N, np.full(N, 1 / N), size=5).astype(np.float64)


@pytest.mark.parametrize("genre", range(3))
def test_ranked_figures_are_those_of_scikit_learn(genre: int) -> None:
    known = KNOWN[:, genre]
    y, s = LABELS[known, genre], SCORES[known, genre]
    auc, precision = bootstrap._ranked(LABELS[:, genre], known, SCORES[:, genre], WEIGHTS)
    for k, weights in enumerate(WEIGHTS[:, known]):
        assert auc[k] == pytest.approx(roc_auc_score(y, s, sample_weight=weights), abs=1e-12)
        expected = average_precision_score(y, s, sample_weight=weights)
        assert precision[k] == pytest.approx(expected, abs=1e-12)


def test_f1_is_that_of_scikit_learn() -> None:
    decided, everything = SCORES >= 0.7, np.ones_like(KNOWN)
    found = bootstrap._f1(LABELS, everything, decided, WEIGHTS)
    for k, weights in enumerate(WEIGHTS):
        for average in ("macro", "micro", "weighted"):
            expected = f1_score(LABELS > 0, decided, average=average, sample_weight=weights)
            assert found[f"{average}_f1"][k] == pytest.approx(expected, abs=1e-12)


def test_intervals_hold_the_figure_and_narrow_with_more_films() -> None:
    few = intervals(LABELS, KNOWN, SCORES, SCORES >= 0.7)
    many = intervals(*(np.tile(a, (9, 1)) for a in (LABELS, KNOWN, SCORES, SCORES >= 0.7)))
    assert set(few) == {
        "macro_roc_auc",
        "macro_average_precision",
        "macro_f1",
        "micro_f1",
        "weighted_f1",
    }
    figure = np.mean([roc_auc_score(LABELS[k, g], SCORES[k, g]) for g, k in enumerate(KNOWN.T)])
    low, high = few["macro_roc_auc"]
    assert low < figure < high
    narrow = many["macro_roc_auc"][1] - many["macro_roc_auc"][0]
    assert narrow == pytest.approx((high - low) / 3, rel=0.3)


def test_what_is_undefined_is_left_out() -> None:
    nothing = np.zeros((5, 2), bool)
    assert "macro_roc_auc" not in intervals(LABELS[:5, :2], nothing, SCORES[:5, :2], nothing)
    empty = np.zeros((0, 2), np.float32)
    assert intervals(empty, empty > 0, empty, empty > 0) == {}
