"""One small network for all genres, over a matrix: what stacks a plot's and a poster's scores."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit
from torch import Tensor, nn

from genreel.calibration import logit
from genreel.lab.model import Scores, prior
from genreel.lab.networks.loss import network_loss
from genreel.vocabulary import Labels


@dataclass(frozen=True)
class JointSettings:
    """Settings of `Joint`.

    Attributes:
        hidden: widths of the layers before the last, each followed by ReLU and dropout.
        dropout: in [0, 1).
        epochs, batch_size, learning_rate: of Adam.
        weight_decay: L2 penalty on matrices, as in Adam.
    """

    hidden: tuple[int, ...] = (64,)
    dropout: float = 0.2
    epochs: int = 50
    batch_size: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4


LEAST_SPREAD = 0.05
"""What varies less is not scaled up further: it would be the rounding of float32 that is learnt."""


class Joint:
    """A dense network with an output a genre, trained on the known cells.

    Its inputs are standardised; the last bias starts at each genre's share, and the loss is that of
    `loss.network_loss`. After `fit`: `layers`, pairs of a matrix, float32, shape (inputs, outputs),
    and a bias; the first takes the matrix as it is.
    """

    def __init__(self, settings: JointSettings) -> None:
        self.settings = settings
        self.layers: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []

    def fit(self, x: NDArray[Any], labels: Labels, counts: NDArray[Any], seed: int) -> None:
        """Trains.

        Args:
            x: float32, shape (n, d).
            labels: shape (n, genres).
            counts: weight of each cell, in [0, 1], shape (n, genres).
            seed: of weights, dropout and order.
        """
        settings = self.settings
        mean, spread = x.mean(axis=0), np.maximum(x.std(axis=0), LEAST_SPREAD)
        rows = torch.from_numpy(np.asarray((x - mean) / spread, np.float32))
        y, weights = (torch.from_numpy(np.asarray(a, np.float32)) for a in (labels, counts))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            net = self._net(x.shape[1], labels, counts)
            optimizer = torch.optim.Adam(
                net.parameters(), settings.learning_rate, weight_decay=settings.weight_decay
            )
            net.train()
            for _ in range(settings.epochs):
                for batch in torch.split(torch.randperm(len(rows)), settings.batch_size):
                    _step(net, optimizer, rows[batch], y[batch], weights[batch])
        self.layers = [
            (layer.weight.detach().numpy().T.copy(), layer.bias.detach().numpy().copy())
            for layer in net
            if isinstance(layer, nn.Linear)
        ]
        # (x − mean) / spread, folded into the first layer.
        matrix, bias = self.layers[0]
        first = (matrix / spread[:, None]).astype(np.float32)
        self.layers[0] = first, (bias - mean @ first).astype(np.float32)

    def scores(self, x: NDArray[Any]) -> Scores:
        """Probabilities, float32, shape (n, genres)."""
        values = np.asarray(x, np.float32)
        for k, (matrix, bias) in enumerate(self.layers):
            values = (np.maximum(values, 0) if k else values) @ matrix + bias
        return np.asarray(expit(values), np.float32)

    def _net(self, width: int, labels: Labels, counts: NDArray[Any]) -> nn.Sequential:
        settings = self.settings
        layers: list[nn.Module] = []
        for before, after in pairwise((width, *settings.hidden)):
            layers += [nn.Linear(before, after), nn.ReLU(), nn.Dropout(settings.dropout)]
        last = nn.Linear((width, *settings.hidden)[-1], labels.shape[1])
        with torch.no_grad():
            last.bias.copy_(torch.from_numpy(logit(prior(labels, counts))).float())
        return nn.Sequential(*layers, last)


def _step(
    net: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, labels: Tensor, counts: Tensor
) -> None:
    loss = network_loss(net(x), labels, counts)
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    optimizer.step()


def joint_problem(settings: JointSettings) -> str:
    """Why these settings cannot work, or ""."""
    if min(settings.epochs, settings.batch_size, *settings.hidden) < 1:
        return "epochs, batch_size and every width of hidden must be at least 1"
    return "" if 0 <= settings.dropout < 1 else "dropout must be at least 0 and below 1"
