"""Scores become probabilities by the rules of what a movie comes with."""

from __future__ import annotations

import json

import numpy as np
import pytest

from genreel.calibration import NEVER, CaseRules, Curve, Rules, logit, sigmoid

GENRES = ("Comedy", "War")
PRESENT = np.array([[0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 0], [1, 1, 1, 1]], np.float32)
PRESENT = np.pad(PRESENT, ((0, 0), (0, 2)))  # neither lettering nor languages


def test_a_platt_curve_works_on_logits() -> None:
    scores = np.array([0.1, 0.5, 0.9])
    np.testing.assert_allclose(logit(Curve(2, -1)(scores)), 2 * logit(scores) - 1, atol=1e-9)
    np.testing.assert_allclose(Curve()(scores), scores)
    assert np.isfinite(Curve(5, 3)(np.array([0.0, 1.0]))).all()


def test_an_isotonic_curve_joins_its_points() -> None:
    curve = Curve(scores=(0.2, 0.4, 0.8), shares=(0.1, 0.1, 0.9))
    np.testing.assert_allclose(curve(np.array([0, 0.3, 0.6, 1])), [0.1, 0.1, 0.5, 0.9])


@pytest.mark.parametrize(
    "table",
    [
        {"slope": -1.0, "intercept": 0.0},
        {"scores": [0.5, 0.2], "shares": [0.1, 0.2]},
        {"scores": [0.2, 0.5], "shares": [0.3, 0.2]},
        {"scores": [0.2, 0.5], "shares": [0.3]},
        {"scores": [0.2, 0.5], "shares": [0.3, 1.2]},
        {"slope": float("nan")},
        {"tilt": 1.0},
    ],
)
def test_a_curve_that_does_not_rise_is_refused(table: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        Curve.from_dict(table)


def test_rules_apply_to_their_case_and_genre_alone() -> None:
    own = CaseRules({"Comedy": 0.3, "War": 0.4}, {"War": Curve(2, 0)})
    rules = Rules(GENRES, {"Comedy": 0.5, "War": 0.6}, {"poster only": own})
    scores = np.full((4, 2), 0.2, np.float32)
    calibrated = rules.calibrate(scores, PRESENT)
    expected = scores.copy()
    expected[1, 1] = 1 / (1 + np.exp(-2 * logit(np.array(0.2))))
    np.testing.assert_allclose(calibrated, expected, rtol=1e-6)
    assert (scores == np.float32(0.2)).all(), "what was given is left alone"
    assert rules.thresholds(PRESENT).tolist() == [[0.5, 0.6], [0.3, 0.4], [0.5, 0.6], [0.5, 0.6]]


def test_rules_survive_json() -> None:
    rules = CaseRules(
        {"Comedy": 0.25, "War": 0.5},
        {"Comedy": Curve(1.5, -0.5), "War": Curve(scores=(0.1, 0.9), shares=(0.0, 1.0))},
    )
    assert CaseRules.from_dict(json.loads(json.dumps(rules.to_dict())), GENRES) == rules


def test_a_decision_takes_its_own_thresholds() -> None:
    own = CaseRules({"Comedy": 0.3, "War": 0.4}, others={"sure": {"Comedy": 0.7, "War": NEVER}})
    rules = Rules(GENRES, {"Comedy": 0.5, "War": 0.6}, {"poster only": own})
    assert rules.thresholds(PRESENT, "sure")[1].tolist() == [0.7, NEVER]
    assert rules.thresholds(PRESENT, "everything")[1].tolist() == [0.3, 0.4], "as balanced"
    assert rules.thresholds(PRESENT, "sure")[0].tolist() == [0.5, 0.6], "a case without its own"
    assert CaseRules.from_dict(json.loads(json.dumps(own.to_dict())), GENRES) == own
    for wrong in ({"Comedy": 3, "War": 0.5}, {"Comedy": -0.1, "War": 0.5}):
        with pytest.raises(ValueError, match="threshold"):
            CaseRules.from_dict({**own.to_dict(), "sure": wrong}, GENRES)


def test_rules_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError):
        CaseRules.from_dict({"thresholds": {"Comedy": 2.0, "War": 0.5}}, GENRES)
    with pytest.raises(KeyError):
        CaseRules.from_dict({"thresholds": {"Comedy": 0.5}}, GENRES)
    with pytest.raises(ValueError):
        Rules(GENRES, dict.fromkeys(GENRES, 0.5), {"smell": CaseRules({})})


def test_sigmoid_of_any_number() -> None:
    with np.errstate(all="raise", under="ignore"):
        found = sigmoid(np.array([-1e300, -2.0, 0.0, 2.0, 1e300]))
    np.testing.assert_allclose(found, [0, 1 / (1 + np.e**2), 0.5, 1 / (1 + np.e**-2), 1])
