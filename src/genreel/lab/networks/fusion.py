"""Fusions: one vector from several towers' vectors, each of which every movie has.

Each is built from the towers' widths and the width of the common space, and maps a list of
(n, width_i) tensors to (n, `width`). A new one is a small class and a line in FUSIONS.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn


class Concatenate(nn.Module):
    """The vectors side by side, without a common space."""

    def __init__(self, widths: Sequence[int], width: int) -> None:
        super().__init__()
        self.width = sum(widths)

    def forward(self, vectors: list[Tensor]) -> Tensor:
        """Shape (n, sum of widths)."""
        return torch.cat(vectors, dim=1)


class _Projected(nn.Module):
    """Vectors brought to a common space by a linear map each (U·text, V·poster)."""

    def __init__(self, widths: Sequence[int], width: int) -> None:
        super().__init__()
        self.maps = nn.ModuleList(nn.Linear(w, width) for w in widths)
        self.width = width

    def project(self, vectors: list[Tensor]) -> list[Tensor]:
        """Shape (n, width) each."""
        return [m(v) for m, v in zip(self.maps, vectors, strict=True)]


class Add(_Projected):
    """U·text + V·poster (Zhang et al.)."""

    def forward(self, vectors: list[Tensor]) -> Tensor:
        """Shape (n, width)."""
        return torch.stack(self.project(vectors)).sum(dim=0)


class Product(_Projected):
    """U·text ∘ V·poster (Zhang et al.)."""

    def forward(self, vectors: list[Tensor]) -> Tensor:
        """Shape (n, width)."""
        first, *rest = self.project(vectors)
        for vector in rest:
            first = first * vector
        return first


class Max(_Projected):
    """max(U·text, V·poster), element by element (Zhang et al.)."""

    def forward(self, vectors: list[Tensor]) -> Tensor:
        """Shape (n, width)."""
        return torch.stack(self.project(vectors)).amax(dim=0)


class SigmoidGated(_Projected):
    """σ(U·text) ∘ V·poster (Zhang et al.): the first tower gates the product of the others."""

    def forward(self, vectors: list[Tensor]) -> Tensor:
        """Shape (n, width)."""
        gate, *rest = self.project(vectors)
        product = torch.sigmoid(gate)
        for vector in rest:
            product = product * vector
        return product


class GatedMultimodalUnit(_Projected):
    """Σ z_i ∘ tanh(W_i x_i), z_i = σ(V_i [x_1, …]): the GMU of Arevalo et al. 2017, eq. 3.

    For two towers the gates are tied as there: z_2 = 1 − z_1.
    """

    def __init__(self, widths: Sequence[int], width: int) -> None:
        super().__init__(widths, width)
        gates = 1 if len(widths) == 2 else len(widths)
        self.gates = nn.ModuleList(nn.Linear(sum(widths), width) for _ in range(gates))

    def forward(self, vectors: list[Tensor]) -> Tensor:
        """Shape (n, width)."""
        together = torch.cat(vectors, dim=1)
        gates = [torch.sigmoid(gate(together)) for gate in self.gates]
        if len(gates) == 1:
            gates.append(1 - gates[0])
        states = [torch.tanh(vector) for vector in self.project(vectors)]
        return torch.stack([z * h for z, h in zip(gates, states, strict=True)]).sum(dim=0)


FUSIONS: dict[str, Any] = {
    "concatenate": Concatenate,
    "add": Add,
    "product": Product,
    "max": Max,
    "sigmoid": SigmoidGated,
    "gmu": GatedMultimodalUnit,
}
