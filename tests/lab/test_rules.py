"""Calibration is chosen where it helps, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from genreel.calibration import Curve
from genreel.lab.evaluation.rules import choose_curves, choose_rules
from genreel.lab.metrics import calibration_error
from genreel.thresholds import choose_thresholds

GENRES = ("Comedy", "War")


def drawn(n: int, seed: int, distort: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, known cells and scores; true probabilities unless they are distorted."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, 2)) * 2
    labels = (rng.random((n, 2)) < 1 / (1 + np.exp(-z))).astype(np.float32)
    shown = 3 * z + 1.5 if distort else z
    return labels, rng.random((n, 2)) < 0.8, 1 / (1 + np.exp(-shown))


def calibrated(curves: list[Curve | None], scores: np.ndarray) -> np.ndarray:
    columns = [s if c is None else c(s) for c, s in zip(curves, scores.T, strict=True)]
    return np.stack(columns, axis=1)


def test_scores_that_are_probabilities_stay_as_they_are() -> None:
    assert choose_curves(*drawn(1500, 0, distort=False)) == [None, None]


def test_distorted_scores_are_mended_on_other_movies() -> None:
    curves = choose_curves(*drawn(1500, 0, distort=True))
    labels, known, scores = drawn(4000, 1, distort=True)
    before = calibration_error(labels, known, scores)
    after = calibration_error(labels, known, calibrated(curves, scores))
    assert (before > 0.1).all() and (after < 0.03).all()


def test_platt_finds_the_distortion() -> None:
    [curve, _] = choose_curves(*drawn(4000, 2, distort=True))
    assert curve is not None and not curve.scores
    assert (curve.slope, curve.intercept) == (
        pytest.approx(1 / 3, abs=0.04),
        pytest.approx(-0.5, abs=0.1),
    )


def test_no_calibration_makes_films_of_different_scores_rank_alike() -> None:
    """A step, which no sigmoid fits: isotonic regression is chosen, and its steps are sloped."""
    rng = np.random.default_rng(7)
    scores = rng.random((3000, 1))
    shares = np.where(scores < 0.3, 0.02, np.where(scores < 0.8, 0.45, 0.55))
    labels = (rng.random(scores.shape) < shares).astype(np.float32)
    [curve] = choose_curves(labels, np.ones(labels.shape, np.bool_), scores)
    assert curve is not None and curve.scores
    said = curve(np.linspace(0, 1, 2001))
    assert (np.diff(said) > 0).all() and (said[0], said[-1]) == (0, 1)
    assert np.abs(curve(scores) - shares).mean() < 0.05


def test_unknown_cells_change_nothing() -> None:
    labels, known, scores = drawn(300, 3, distort=True)
    noise = np.random.default_rng(9).random(scores.shape)
    other = np.where(known, labels, 1 - labels), known, np.where(known, scores, noise)
    assert choose_curves(labels, known, scores) == choose_curves(*other)


def test_one_class_and_no_movies_are_left_alone() -> None:
    labels, known, scores = drawn(50, 4, distort=False)
    labels[:, 1] = 0
    curves = choose_curves(labels, known, scores)
    assert np.isfinite(calibrated(curves, scores)).all()
    assert choose_curves(labels[:1], known[:1], scores[:1]) == [None, None]


def test_every_case_has_its_rules_and_empty_ones_none() -> None:
    everything = drawn(400, 5, distort=False)
    poster = drawn(400, 6, distort=True)
    nothing = tuple(array[:0] for array in poster)
    cases = {"poster only": poster, "plot only": nothing}
    choice = choose_rules(GENRES, everything, cases)  # type: ignore[arg-type]
    assert choice.thresholds == choose_thresholds(GENRES, *everything)
    assert list(choice.cases) == list(choice.others) == ["poster only"]
    rules = choice.cases["poster only"]
    curves = [rules.curves.get(genre) for genre in GENRES]
    scores = calibrated(curves, poster[2])
    assert rules.thresholds == choose_thresholds(GENRES, poster[0], poster[1], scores)
    assert set(choice.others["poster only"]["promise"]["0.9"]) == set(GENRES)
