"""The loss of every network: binary cross-entropy over the known cells, or an asymmetric form."""

from __future__ import annotations

import torch
from torch import Tensor, nn

MARGIN = 0.05
"""An absent genre with a score below this costs nothing."""

FOCUS = 4
"""Exponent that lowers the loss of an absent genre whose score is low already."""


def network_loss(
    logits: Tensor,
    labels: Tensor,
    known: Tensor,
    *,
    weights: Tensor | None = None,
    asymmetric: bool = False,
    count: Tensor | None = None,
) -> Tensor:
    """Sum over the known cells, divided by `count`, or by their own number.

    Args:
        logits, labels, known: float, shape (n, genres); labels and known of 0 and 1.
        weights: what a genre's positives count, shape (genres,); 1 if None.
        asymmetric: the loss of Ridnik et al. 2021 (equation 7, γ+ = 0, γ- = FOCUS, m = MARGIN)
            in place of binary cross-entropy.
        count: the divisor, for a batch that several processes share; None: the known cells' number.
    """
    if asymmetric:
        cells = _asymmetric(logits, labels)
    else:
        cells = nn.functional.binary_cross_entropy_with_logits(
            logits, labels, reduction="none", pos_weight=weights
        )
    return (cells * known).sum() / (known.sum() if count is None else count).clamp(min=1)


def _asymmetric(logits: Tensor, labels: Tensor) -> Tensor:
    shares = (torch.sigmoid(logits) - MARGIN).clamp(min=0)
    absent = -(shares**FOCUS) * torch.log1p(-shares)
    return labels * nn.functional.softplus(-logits) + (1 - labels) * absent
