"""Every fusion says what its formula says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from genreel.lab.networks.fusion import FUSIONS

WIDTHS, WIDTH, N = (5, 3, 4), 6, 7
Matrix = np.ndarray[Any, np.dtype[np.float64]]


def drawn(widths: tuple[int, ...]) -> list[torch.Tensor]:
    rng = np.random.default_rng(0)
    return [torch.from_numpy(rng.normal(size=(N, width)).astype(np.float32)) for width in widths]


def linear(layer: Any, x: Matrix) -> Matrix:
    """W·x + b of each row."""
    weight, bias = layer.weight.detach().double().numpy(), layer.bias.detach().double().numpy()
    return np.asarray(x @ weight.T + bias)


def sigmoid(x: Matrix) -> Matrix:
    return np.asarray(1 / (1 + np.exp(-x)))


def gmu(fusion: Any, x: list[Matrix]) -> Matrix:
    together = np.concatenate(x, axis=1)
    hidden = [np.tanh(linear(m, v)) for m, v in zip(fusion.maps, x, strict=True)]
    if len(x) == 2:
        z = sigmoid(linear(fusion.gates[0], together))
        return z * hidden[0] + (1 - z) * hidden[1]
    gates = [sigmoid(linear(gate, together)) for gate in fusion.gates]
    return np.asarray(sum(z * h for z, h in zip(gates, hidden, strict=True)))


def mapped(fusion: Any, x: list[Matrix]) -> list[Matrix]:
    return [linear(m, v) for m, v in zip(fusion.maps, x, strict=True)]


FORMULAS: dict[str, Callable[[Any, list[Matrix]], Matrix]] = {
    "concatenate": lambda _, x: np.concatenate(x, axis=1),
    "add": lambda fusion, x: np.sum(mapped(fusion, x), axis=0),
    "product": lambda fusion, x: np.prod(mapped(fusion, x), axis=0),
    "max": lambda fusion, x: np.max(mapped(fusion, x), axis=0),
    "sigmoid": lambda fusion, x: (
        sigmoid(mapped(fusion, x)[0]) * np.prod(mapped(fusion, x)[1:], axis=0)
    ),
    "gmu": gmu,
}


def built(name: str, widths: tuple[int, ...]) -> Any:
    torch.manual_seed(1)
    return FUSIONS[name](widths, WIDTH)


@pytest.mark.parametrize("widths", [WIDTHS[:2], WIDTHS])
@pytest.mark.parametrize("name", FUSIONS)
def test_each_formula(name: str, widths: tuple[int, ...]) -> None:
    fusion, vectors = built(name, widths), drawn(widths)
    found = fusion(vectors)
    expected = FORMULAS[name](fusion, [vector.double().numpy() for vector in vectors])
    assert found.shape == (N, fusion.width)
    assert fusion.width == (sum(widths) if name == "concatenate" else WIDTH)
    np.testing.assert_allclose(found.detach().numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("name", FUSIONS)
def test_every_tower_has_its_say_and_all_weights_learn(name: str) -> None:
    fusion, vectors = built(name, WIDTHS), [v.requires_grad_() for v in drawn(WIDTHS)]
    fusion(vectors).square().sum().backward()
    assert all(vector.grad is not None and vector.grad.any() for vector in vectors)
    assert all(p.grad is not None and p.grad.any() for p in fusion.parameters())


@pytest.mark.parametrize("name", FUSIONS)
def test_movies_do_not_heed_each_other(name: str) -> None:
    fusion, vectors = built(name, WIDTHS), drawn(WIDTHS)
    one = fusion([vector[2:3] for vector in vectors])
    torch.testing.assert_close(one, fusion(vectors)[2:3])


def test_the_gates_of_two_are_tied() -> None:
    """z₂ = 1 − z₁: one gate's weights, and what one tower gains the other loses."""
    tied, free = built("gmu", WIDTHS[:2]), built("gmu", WIDTHS)
    assert len(tied.gates) == 1 and len(free.gates) == 3
    gate = tied.gates[0]
    vectors = drawn(WIDTHS[:2])
    hidden = [torch.tanh(m(v)) for m, v in zip(tied.maps, vectors, strict=True)]
    for bias, wanted in ((50.0, hidden[0]), (-50.0, hidden[1])):
        nn.init.zeros_(gate.weight)
        nn.init.constant_(gate.bias, bias)
        torch.testing.assert_close(tied(vectors), wanted)
    nn.init.zeros_(gate.bias)
    torch.testing.assert_close(tied(vectors), (hidden[0] + hidden[1]) / 2)
    counted = sum(p.numel() for p in tied.parameters())
    assert counted == (5 + 1) * 6 + (3 + 1) * 6 + (8 + 1) * 6
