"""Figures of merit: those of scikit-learn where all is known, worked by hand where not."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from sklearn import metrics as reference
from sklearn.calibration import calibration_curve as reference_curve

from genreel.lab import metrics

GENRES = ("Action", "Comedy", "Drama", "Horror", "War")


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels (every movie has one), scores with some ties, thresholds."""
    rng = np.random.default_rng(5)
    labels = (rng.random((80, 5)) < 0.3).astype(np.float32)
    labels[labels.sum(axis=1) == 0, 2] = 1
    scores = np.round(np.clip(0.3 * labels + rng.random((80, 5)) * 0.7, 0.01, 0.99), 2)
    return labels, scores, np.array([0.3, 0.4, 0.5, 0.6, 0.7])


def _ece(labels: np.ndarray, scores: np.ndarray) -> float:
    """Calibration error from scikit-learn's own curve, bin by bin."""
    share, mean = reference_curve(labels, scores, n_bins=metrics.CALIBRATION_BINS)
    edges = np.linspace(0, 1, metrics.CALIBRATION_BINS + 1)
    counts = np.bincount([int((s > edges[1:-1]).sum()) for s in scores], minlength=len(edges) - 1)
    return float(np.sum(counts[counts > 0] * np.abs(share - mean)) / len(scores))


def _covered(labels: np.ndarray, scores: np.ndarray, k: int) -> float:
    """Coverage of the top k, movie by movie."""
    tops = [sorted(range(len(row)), key=lambda g, row=row: -row[g])[:k] for row in scores]
    return float(np.mean([y[top].sum() / y.sum() for y, top in zip(labels, tops, strict=True)]))


def test_equal_to_scikit_learn_where_all_is_known(
    drawn: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    labels, scores, thresholds = drawn
    known = np.ones(labels.shape, np.bool_)
    decided = scores >= thresholds
    figures = metrics.summary(GENRES, labels, known, scores, decided)
    expected = {
        "movies": 80,
        "macro_roc_auc": reference.roc_auc_score(labels, scores, average="macro"),
        "macro_average_precision": reference.average_precision_score(labels, scores),
        **{
            f"{average}_{name}": score(labels, decided, average=average, zero_division=0)
            for name, score in (
                ("f1", reference.f1_score),
                ("precision", reference.precision_score),
                ("recall", reference.recall_score),
            )
            for average in ("macro", "micro", "weighted", "samples")
        },
        "label_accuracy": 1 - reference.hamming_loss(labels, decided),
        "hamming_loss": reference.hamming_loss(labels, decided),
        "calibration_error": np.mean([_ece(labels[:, g], scores[:, g]) for g in range(5)]),
        **{f"coverage_at_{k}": _covered(labels, scores, k) for k in (1, 3, 5)},
        "log_loss": reference.log_loss(labels.ravel(), scores.ravel()),
    }
    by_genre = figures.pop("genres")
    assert figures == pytest.approx(expected, abs=1e-6)
    precision, recall, f1, support = reference.precision_recall_fscore_support(labels, decided)
    auc = reference.roc_auc_score(labels, scores, average=None)
    ap = reference.average_precision_score(labels, scores, average=None)
    for g, genre in enumerate(GENRES):
        assert by_genre[genre] == pytest.approx(
            {
                "known": 80,
                "positive": support[g],
                "roc_auc": auc[g],
                "average_precision": ap[g],
                "precision": precision[g],
                "recall": recall[g],
                "f1": f1[g],
                "calibration_error": _ece(labels[:, g], scores[:, g]),
            },
            abs=1e-6,
        )


def test_unknown_cells_count_for_nothing(drawn: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    labels, scores, thresholds = drawn
    rng = np.random.default_rng(6)
    known = rng.random(labels.shape) < 0.7
    figures = metrics.summary(GENRES, labels, known, scores, scores >= thresholds)
    noise = rng.random(labels.shape)
    other = metrics.summary(
        GENRES,
        np.where(known, labels, 1 - labels),
        known,
        np.where(known, scores, noise),
        np.where(known, scores >= thresholds, noise > 0.5),
    )
    assert other == figures
    for g in range(5):
        rows = known[:, g]
        expected = reference.roc_auc_score(labels[rows, g], scores[rows, g])
        assert figures["genres"][GENRES[g]]["roc_auc"] == pytest.approx(expected, abs=1e-6)


# Movies below, genres across: "·" is unknown.     labels      scores        decided at 0.5
#                                                   1 0 ·    .9 .2 .8        1 0 (1)
#                                                   0 1 1    .6 .7 .4        1 1 0
#                                                   1 · 0    .3 .9 .1        0 (1) 0
#                                                   0 0 ·    .2 .1 .6        0 0 (1)
LABELS = np.array([[1, 0, 0], [0, 1, 1], [1, 0, 0], [0, 0, 0]], np.float32)
KNOWN = np.array([[1, 1, 0], [1, 1, 1], [1, 0, 1], [1, 1, 0]], np.bool_)
SCORES = np.array([[0.9, 0.2, 0.8], [0.6, 0.7, 0.4], [0.3, 0.9, 0.1], [0.2, 0.1, 0.6]])
DECIDED = SCORES >= 0.5


def test_by_hand_where_some_is_unknown() -> None:
    figures = metrics.summary(GENRES[:3], LABELS, KNOWN, SCORES, DECIDED)
    rows = figures.pop("genres")
    # Of the pairs (.9, .6), (.9, .2), (.3, .6), (.3, .2) of Action, three are in order.
    assert rows["Action"] == {
        "known": 4,
        "positive": 2,
        "roc_auc": 0.75,
        "average_precision": pytest.approx(0.5 * 1 + 0.5 * 2 / 3, abs=1e-6),
        "precision": 0.5,
        "recall": 0.5,
        "f1": 0.5,
        # Each score has a bin to itself: |1 - .9|, |0 - .6|, |1 - .3|, |0 - .2|.
        "calibration_error": pytest.approx((0.1 + 0.6 + 0.7 + 0.2) / 4, abs=1e-6),
    }
    assert [rows["Comedy"][k] for k in ("known", "positive", "roc_auc", "f1")] == [3, 1, 1, 1]
    assert [rows["Drama"][k] for k in ("known", "positive", "roc_auc", "f1")] == [2, 1, 1, 0]
    assert figures["macro_roc_auc"] == pytest.approx((0.75 + 1 + 1) / 3, abs=1e-6)
    assert figures["macro_f1"] == 0.5
    assert figures["micro_f1"] == pytest.approx(2 * 2 / (4 + 3), abs=1e-6)
    assert figures["weighted_f1"] == pytest.approx((2 * 0.5 + 1 * 1 + 1 * 0) / 4)
    # Movies 1 to 3 have a known genre: 1 of 1; 1 right of 2 told and 2 decided; 0.
    assert figures["samples_f1"] == 0.5
    assert figures["label_accuracy"] == pytest.approx(6 / 9, abs=1e-6)
    assert figures["hamming_loss"] == pytest.approx(3 / 9, abs=1e-6)
    # The highest known score of movie 1 is its Action, of movie 2 its Comedy (of two genres), of
    # movie 3, whose Comedy is unknown, its Action; movie 4 has none.
    assert figures["coverage_at_1"] == pytest.approx((1 + 0.5 + 1) / 3, abs=1e-6)
    assert figures["coverage_at_3"] == 1
    p = np.array([0.9, 0.8, 0.4, 0.7, 0.4, 0.3, 0.9, 0.8, 0.9])  # of what was so
    assert figures["log_loss"] == pytest.approx(-np.log(p).mean(), abs=1e-6)


def test_precision_recall_f1_along_every_axis() -> None:
    precision, recall, f1 = metrics.precision_recall_f1(LABELS, KNOWN, DECIDED)
    np.testing.assert_allclose(precision, [0.5, 1, 0])
    np.testing.assert_allclose(recall, [0.5, 1, 0])
    np.testing.assert_allclose(f1, [0.5, 1, 0])
    precision, recall, f1 = metrics.precision_recall_f1(LABELS, KNOWN, DECIDED, axis=1)
    np.testing.assert_allclose(precision, [1, 0.5, 0, 0])
    np.testing.assert_allclose(recall, [1, 0.5, 0, 0])
    np.testing.assert_allclose(f1, [1, 0.5, 0, 0])
    precision, recall, f1 = metrics.precision_recall_f1(LABELS, KNOWN, DECIDED, axis=None)
    assert (precision, recall) == (2 / 3, 2 / 4)


def test_a_genre_of_one_class_is_left_out_of_means() -> None:
    labels = np.array([[1, 0, 1], [0, 0, 1]], np.float32)
    known = np.array([[1, 1, 1], [1, 1, 1]], np.bool_)
    scores = np.array([[0.8, 0.3, 0.9], [0.1, 0.6, 0.9]])
    np.testing.assert_array_equal(metrics.roc_auc(labels, known, scores), [1, np.nan, np.nan])
    np.testing.assert_array_equal(
        metrics.average_precision(labels, known, scores), [1, np.nan, np.nan]
    )
    assert metrics.macro_roc_auc(labels, known, scores) == 1
    figures = metrics.summary(GENRES[:3], labels, known, scores, scores >= 0.5)
    assert figures["genres"]["Comedy"]["roc_auc"] is None
    # No positive is known of Comedy: its F1 of 0 would speak of the movies, not of the model.
    assert figures["macro_f1"] == 1
    assert figures["macro_roc_auc"] == 1


def test_nothing_known_is_undefined_and_valid_json() -> None:
    nothing = np.zeros((2, 3), np.bool_)
    assert math.isnan(metrics.macro_roc_auc(LABELS[:2], nothing, SCORES[:2]))
    assert math.isnan(metrics.log_loss(LABELS[:2], nothing, SCORES[:2]))
    assert math.isnan(metrics.label_accuracy(LABELS[:2], nothing, DECIDED[:2]))
    for rows in (2, 0):
        figures = metrics.summary(
            GENRES[:3],
            LABELS[:rows],
            nothing[:rows],
            SCORES[:rows],
            DECIDED[:rows],
        )
        assert figures["movies"] == rows
        for name in (
            "macro_roc_auc",
            "macro_f1",
            "samples_f1",
            "label_accuracy",
            "calibration_error",
        ):
            assert figures[name] is None, name
        json.dumps(figures, allow_nan=False)


def test_log_loss_of_a_score_of_nought_is_finite() -> None:
    loss = metrics.log_loss(
        np.ones((1, 1), np.float32), np.ones((1, 1), np.bool_), np.zeros((1, 1))
    )
    assert loss == pytest.approx(-math.log(1e-7))
