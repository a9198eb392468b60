"""Small pieces of networks: augmentation, initial weights, the bound on their length."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from genreel.lab.networks.cnn import CnnSettings
from genreel.lab.networks.layers import (
    ACTIVATIONS,
    INITIALISERS,
    augment,
    initialise,
    layers_problem,
    max_norm,
)
from genreel.lab.networks.network import HeadSettings
from genreel.lab.networks.words import LstmSettings


@pytest.fixture
def posters() -> Tensor:
    """Float32 (24, 3, 32, 32) in [-1, 1]."""
    return torch.from_numpy(np.random.default_rng(0).uniform(-1, 1, (24, 3, 32, 32))).float()


def test_augmentation_keeps_shape_and_range_and_differs(posters: Tensor) -> None:
    torch.manual_seed(0)
    one, other = (augment(posters, 0.8, True, 0.9, 0.9) for _ in range(2))
    assert one.shape == posters.shape and one.dtype == torch.float32
    assert one.min() >= -1 and one.max() <= 1
    assert (one - other).abs().mean() > 0.05
    assert (one - posters).abs().mean() > 0.05


def test_augmentation_of_nothing_is_a_flip_at_most(posters: Tensor) -> None:
    torch.manual_seed(0)
    changed = augment(posters, 1.0, True, 0.0, 0.0)
    same = (changed - posters).abs().amax((1, 2, 3)) < 1e-5
    flipped = (changed - posters.flip(3)).abs().amax((1, 2, 3)) < 1e-5
    assert (same ^ flipped).all() and same.any() and flipped.any()
    still = augment(posters, 1.0, False, 0.0, 0.0)
    torch.testing.assert_close(still, posters, atol=1e-5, rtol=0)


def test_crops_keep_at_least_the_share_of_zoom() -> None:
    """Of a slope from side to side, a crop keeps so much of the rise."""
    torch.manual_seed(0)
    slope = torch.linspace(-1, 1, 64).expand(200, 1, 64, 64)
    rise = augment(slope, 0.6, False, 0.0, 0.0)[:, 0, 32].diff(dim=1).mean(dim=1) * 63 / 2
    assert 0.6 - 0.01 <= rise.min() < 0.65 and 0.95 < rise.max() <= 1 + 0.01


def test_brightness_and_contrast_stay_within_their_limits() -> None:
    torch.manual_seed(0)
    shift = augment(torch.zeros(200, 3, 4, 4), 1.0, False, 0.2, 0.0)
    assert 0.15 < shift.max() <= 0.2 and -0.2 <= shift.min() < -0.15
    gain = augment(torch.full((200, 3, 4, 4), 0.4), 1.0, False, 0.0, 0.5) / 0.4
    assert 1.4 < gain.max() <= 1.5 + 1e-6 and 0.5 - 1e-6 <= gain.min() < 0.6


@pytest.mark.parametrize(
    ("name", "deviation"),
    [
        ("normal", (1 / 400) ** 0.5),
        ("he", (2 / 400) ** 0.5),
        ("glorot", (2 / (400 + 200)) ** 0.5),
    ],
)
def test_initial_weights_have_their_spread(name: str, deviation: float) -> None:
    torch.manual_seed(0)
    dense, wide, flat = nn.Linear(400, 200), nn.Conv2d(16, 8, 5), nn.Conv1d(80, 40, 5)
    initialise(nn.Sequential(dense, nn.ReLU(), nn.Sequential(wide, flat)), name)
    assert dense.weight.std().item() == pytest.approx(deviation, rel=0.02)
    if name != "glorot":
        assert wide.weight.std().item() == pytest.approx(deviation, rel=0.05)
        assert flat.weight.std().item() == pytest.approx(deviation, rel=0.05)
    assert not any(layer.bias.any() for layer in (dense, wide, flat) if layer.bias is not None)


def test_the_default_leaves_weights_alone() -> None:
    torch.manual_seed(0)
    dense = nn.Linear(40, 20)
    before = dense.weight.detach().clone(), dense.bias.detach().clone()
    initialise(dense, "default")
    assert torch.equal(dense.weight, before[0]) and torch.equal(dense.bias, before[1])


def test_every_name_does_something() -> None:
    convolution = nn.Conv2d(3, 4, 3, bias=False)
    for name in INITIALISERS:
        initialise(nn.Sequential(convolution, nn.Linear(4, 5)), name)
    x = np.linspace(-2, 2, 9)
    expected = {
        "relu": np.maximum(x, 0),
        "selu": 1.0507009873554805
        * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0))),
        "tanh": np.tanh(x),
        "sigmoid": 1 / (1 + np.exp(-x)),
    }
    assert set(expected) == set(ACTIVATIONS)
    for name, values in expected.items():
        np.testing.assert_allclose(ACTIVATIONS[name]()(torch.from_numpy(x)), values, atol=1e-6)


def test_only_vectors_that_are_too_long_are_shortened() -> None:
    torch.manual_seed(0)
    first, last = nn.Linear(6, 5), nn.Linear(5, 3)
    nn.init.constant_(first.bias, 9.0)
    first.weight.data *= torch.tensor([0.1, 1.0, 10.0, 0.0, 3.0])[:, None]
    before = first.weight.detach().numpy().copy()
    max_norm(nn.Sequential(first, nn.ReLU(), last), 0.7)
    lengths = np.linalg.norm(before, axis=1)
    assert (lengths < 0.7).any() and (lengths > 0.7).any()
    expected = before * np.minimum(1, 0.7 / np.maximum(lengths, 1e-12))[:, None]
    np.testing.assert_allclose(first.weight.detach().numpy(), expected, atol=1e-6)
    assert last.weight.norm(dim=1).max() <= 0.7 + 1e-6
    assert (first.bias == 9).all()


def test_names_that_are_unknown() -> None:
    assert layers_problem(HeadSettings(activation="selu", initialiser="he")) == ""
    assert layers_problem(LstmSettings("plot")) == ""  # it has neither
    assert layers_problem(HeadSettings(activation="rleu")) == (
        "unknown activation 'rleu'; did you mean 'relu'?"
    )
    assert layers_problem(CnnSettings("poster", (), initialiser="glorott")) == (
        "unknown initialiser 'glorott'; did you mean 'glorot'?"
    )


def test_shrunk_crops_show_the_same_at_a_smaller_size() -> None:
    slope = torch.linspace(-1, 1, 64).repeat(2, 3, 48, 1)
    shrunk = augment(slope, 1.0, False, 0.0, 0.0, shrink=0.75)
    assert shrunk.shape == (2, 3, 36, 48)
    expected = nn.functional.interpolate(slope, (36, 48), mode="bilinear", align_corners=False)
    assert torch.allclose(shrunk, expected, atol=1e-4)
