"""Corrections for rare genres: what they draw, what they weigh, what their loss forgets."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from genreel.lab.imbalance import CORRECTIONS, imbalance_problem, resampled
from genreel.lab.networks.loss import FOCUS, MARGIN, network_loss


def shares(labels: np.ndarray, known: np.ndarray, rounds: int = 40) -> np.ndarray:
    drawn = [resampled(labels, known, np.random.default_rng(k)) for k in range(rounds)]
    return np.bincount(np.concatenate(drawn), minlength=len(labels)) / rounds


def test_films_of_rare_genres_are_drawn_by_the_root_of_their_rarity() -> None:
    """One film in 1,000 has the rare genre: its factor is √(0.1 / 0.001) = 10."""
    labels = np.zeros((1000, 2), np.float32)
    labels[:500, 0], labels[0, 1] = 1, 1
    often = shares(labels, np.ones(labels.shape, np.bool_), 400)
    expected = 10 * 1000 / 1009  # draws a round: its factor over the mean factor
    assert often[0] == pytest.approx(expected, rel=0.1)
    assert often[1:500].mean() == pytest.approx(often[500:].mean(), rel=0.02)


def test_a_share_counts_only_films_that_are_known_to_have_it_or_not() -> None:
    labels = np.zeros((1000, 1), np.float32)
    labels[:20] = 1
    known = np.zeros(labels.shape, np.bool_)
    known[:40] = True  # half of the known films: not rare
    assert shares(labels, known)[:20].mean() == pytest.approx(1, rel=0.2)
    known[:] = True
    assert shares(labels, known)[:20].mean() == pytest.approx(math.sqrt(5), rel=0.2)


def test_the_same_seed_draws_the_same_films() -> None:
    labels = np.eye(5, dtype=np.float32)
    known = np.ones((5, 5), np.bool_)
    one, other = (resampled(labels, known, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_the_asymmetric_loss_by_hand() -> None:
    logits, labels = torch.tensor([[2.0, -4.0, 1.0, -1.0]]), torch.tensor([[0.0, 0.0, 1.0, 1.0]])
    p = 1 / (1 + math.exp(-2.0)) - MARGIN
    expected = -(p**FOCUS) * math.log(1 - p)  # and 0 for what is below the margin
    expected += math.log(1 + math.exp(-1.0)) + math.log(1 + math.exp(1.0))
    found = network_loss(logits, labels, torch.ones(1, 4), asymmetric=True)
    assert found.item() == pytest.approx(expected / 4, rel=1e-5)


def test_what_is_surely_absent_pulls_at_nothing() -> None:
    logits = torch.tensor([[-6.0, 0.5]], requires_grad=True)
    network_loss(logits, torch.zeros(1, 2), torch.ones(1, 2), asymmetric=True).backward()
    assert logits.grad is not None
    assert logits.grad[0, 0] == 0 and logits.grad[0, 1] > 0


@pytest.mark.parametrize(
    ("name", "known", "message"),
    [
        ("weights", CORRECTIONS, ""),
        ("wieghts", CORRECTIONS, "did you mean 'weights'?"),
        ("asymmetric", CORRECTIONS[:3], "imbalance must be none or weights or resampling"),
    ],
)
def test_what_cannot_be_had_is_said(name: str, known: tuple[str, ...], message: str) -> None:
    found = imbalance_problem(name, known)
    assert message in found and bool(found) == bool(message)
