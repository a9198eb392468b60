"""What reviews teach, on films whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from genreel.app.store.correction import (
    MIN_REVIEWS,
    Correction,
    Review,
    best_threshold,
    held_out,
    learn,
    measure,
)


def reviews(count: int, shift: float, year: int | None = 1955, seed: int = 0) -> list[Review]:
    """Films whose Western scores are off by `shift` logits, and whose War scores are right."""
    random = np.random.default_rng(seed)
    found = []
    for z in random.normal(-1, 1.5, count):
        true = 1 / (1 + np.exp(-z))
        said = 1 / (1 + np.exp(-(z - shift)))
        verdicts = {"Western": bool(random.random() < true), "War": bool(random.random() < true)}
        scores = {"Western": float(said), "War": float(true)}
        found.append(Review(year, scores, {"Western": 0.4, "War": 0.4}, verdicts))
    return found


def raw(films: list[Review]) -> dict[str, dict[str, list[float]]]:
    return {"1950": {genre: [film.raw[genre] for film in films] for genre in ("Western", "War")}}


def test_a_shift_is_found_and_stays_in_its_decade() -> None:
    films = reviews(600, shift=2.0)
    learnt = learn(films[:300], raw(films))
    shift = learnt.weights["1950"]["Western"]
    assert shift.offset == pytest.approx(2.0, abs=0.5)
    assert shift.slope == pytest.approx(1.0, abs=0.2)
    assert learnt.weights["1950"]["War"].offset == pytest.approx(0.0, abs=0.3)
    score = {"Western": 0.2, "Crime": 0.2}
    assert learnt.scores(score, 1951)["Western"] > 0.5
    assert learnt.scores(score, 1951)["Crime"] == 0.2  # nobody said a thing about it
    assert learnt.scores(score, 1961) == score
    assert learnt.thresholds({"Western": 0.4}, 1961) == {"Western": 0.4}
    unseen = films[300:]
    before, after = (
        measure([correction] * len(unseen), unseen) for correction in (Correction(), learnt)
    )
    assert after["macro_f1"] > before["macro_f1"] + 0.1
    assert after["log_loss"] < before["log_loss"]


def test_the_best_threshold() -> None:
    # Choosing one: 2 · 0.9 / (1 + 1.5) = 0.72; two: 2 · 1.4 / 3.5 = 0.8; three: 2 · 1.5 / 4.5.
    assert best_threshold(np.array([0.1, 0.9, 0.5])) == (0.5, pytest.approx(1.5 / 2.5))
    assert best_threshold(np.array([])) == (0.5, 0.0)
    learnt = learn([], {})
    assert learnt.weights == {}


def test_it_comes_back_from_json() -> None:
    films = reviews(40, shift=1.0)
    learnt = learn(films, raw(films))
    assert Correction.from_json(learnt.to_json()) == learnt


def test_films_without_a_year_are_a_decade_of_their_own() -> None:
    films = reviews(60, shift=2.0, year=None)
    learnt = learn(films, {"unknown": raw(films)["1950"]})
    assert learnt.scores({"Western": 0.2}, None)["Western"] > 0.3
    assert learnt.scores({"Western": 0.2}, 1955) == {"Western": 0.2}


def test_one_sided_reviews_do_not_run_away() -> None:
    everyone = [Review(1955, {"War": 0.01}, {"War": 0.4}, {"War": True}) for _ in range(500)]
    [shift] = learn(everyone, {"1950": {"War": [0.01] * 500}}).weights["1950"].values()
    assert np.isfinite([*shift]).all()
    assert 0 <= shift.trust < 1
    assert shift.slope > 0


def test_what_is_learnt_is_measured_on_others() -> None:
    films = reviews(300, shift=2.0)
    figures = held_out(films, raw(films))
    assert figures["reviews"] == 300
    assert figures["after"]["macro_f1"] > figures["before"]["macro_f1"]
    nothing = held_out(films[: MIN_REVIEWS - 1], raw(films))
    assert nothing == {"reviews": MIN_REVIEWS - 1, "before": None, "after": None}
    # A threshold that a person applied holds before and after.
    never = held_out(films, raw(films), {"Western": 1.0, "War": 1.0})
    assert never["before"]["macro_f1"] == never["after"]["macro_f1"] == 0.0
