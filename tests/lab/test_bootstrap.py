"""Bootstrap intervals: each resample's figure is scikit-learn's with those weights."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)

from genreel.lab.evaluation import bootstrap
from genreel.lab.evaluation.bootstrap import difference, intervals
from genreel.lab.metrics import macro_roc_auc, ranking_figures, summary

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
    auc, precision = ranking_figures(LABELS[:, genre], known, SCORES[:, genre], WEIGHTS)
    for k, weights in enumerate(WEIGHTS[:, known]):
        assert auc[k] == pytest.approx(roc_auc_score(y, s, sample_weight=weights), abs=1e-12)
        expected = average_precision_score(y, s, sample_weight=weights)
        assert precision[k] == pytest.approx(expected, abs=1e-12)


def test_a_difference_is_surer_on_the_same_films() -> None:
    noise = np.random.default_rng(1).normal(0, 0.02, SCORES.shape)
    better = SCORES + noise + 0.1 * LABELS
    figure, low, high = difference(LABELS, KNOWN, better, SCORES)
    ends = intervals(LABELS, KNOWN, SCORES, SCORES > 0.5)[0]["macro_roc_auc"]
    aucs = [macro_roc_auc(LABELS, KNOWN, scores) for scores in (better, SCORES)]
    assert figure == pytest.approx(aucs[0] - aucs[1], abs=1e-12)
    assert 0 < low < figure < high and high - low < ends[1] - ends[0]
    assert difference(LABELS, KNOWN, SCORES, SCORES) == (0, 0, 0)


def test_decisions_are_measured_as_scikit_learn_does() -> None:
    decided, everything = SCORES >= 0.7, np.ones_like(KNOWN)
    found, by_genre = bootstrap._decision_figures(LABELS, everything, decided, WEIGHTS)
    references = {"f1": f1_score, "precision": precision_score, "recall": recall_score}
    for name, reference in references.items():
        for k, weights in enumerate(WEIGHTS):
            for average in ("macro", "micro", "weighted"):
                expected = reference(LABELS > 0, decided, average=average, sample_weight=weights)
                assert found[f"{average}_{name}"][k] == pytest.approx(expected, abs=1e-12)
            expected = reference(LABELS > 0, decided, average=None, sample_weight=weights)
            np.testing.assert_allclose(by_genre[name][k], expected, atol=1e-12)


def test_a_resample_of_every_film_once_gives_the_figures_themselves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Once:
        def multinomial(self, n: int, p: np.ndarray, size: int) -> np.ndarray:
            return np.ones((size, n), np.int64)

    monkeypatch.setattr(bootstrap.np.random, "default_rng", lambda seed: Once())
    scores = SCORES / 1.4
    overall, by_genre = intervals(LABELS, KNOWN, scores, scores >= 0.5, resamples=2)
    figures = summary("abc", LABELS, KNOWN, scores, scores >= 0.5)
    genres = figures.pop("genres")
    del figures["movies"]
    assert set(overall) == set(figures)
    for name, (low, high) in overall.items():
        assert low == high == pytest.approx(figures[name], abs=2e-6), name
    for genre, found in zip("abc", by_genre, strict=True):
        assert set(found) == set(genres[genre]) - {"known", "positive"}
        for name, (low, high) in found.items():
            assert low == high == pytest.approx(genres[genre][name], abs=2e-6), name


def test_intervals_hold_the_figure_and_narrow_with_more_films() -> None:
    few, by_genre = intervals(LABELS, KNOWN, SCORES, SCORES >= 0.7)
    many, _ = intervals(*(np.tile(a, (9, 1)) for a in (LABELS, KNOWN, SCORES, SCORES >= 0.7)))
    figures = [roc_auc_score(LABELS[k, g], SCORES[k, g]) for g, k in enumerate(KNOWN.T)]
    low, high = few["macro_roc_auc"]
    assert low < np.mean(figures) < high
    for figure, found in zip(figures, by_genre, strict=True):
        assert found["roc_auc"][0] < figure < found["roc_auc"][1]
    narrow = many["macro_roc_auc"][1] - many["macro_roc_auc"][0]
    assert narrow == pytest.approx((high - low) / 3, rel=0.3)


def test_what_is_undefined_is_left_out() -> None:
    nothing = np.zeros((5, 2), bool)
    overall, by_genre = intervals(LABELS[:5, :2], nothing, SCORES[:5, :2], nothing)
    assert (overall, by_genre) == ({}, [{}, {}])
    empty = np.zeros((0, 2), np.float32)
    assert intervals(empty, empty > 0, empty, empty > 0) == ({}, [{}, {}])
