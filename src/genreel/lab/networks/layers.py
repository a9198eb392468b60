"""Small pieces that several networks share."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from genreel.lab.settings import nearest

ACTIVATIONS: dict[str, Any] = {
    "relu": nn.ReLU,
    "selu": nn.SELU,  # Klambauer et al. 2017
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}

INITIALISERS: dict[str, Any] = {
    "default": None,
    # LeCun normal, which SELU asks for: standard deviation 1 / √inputs.
    "normal": lambda w: nn.init.kaiming_normal_(w, nonlinearity="linear"),
    "glorot": nn.init.xavier_uniform_,
    "he": lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"),
}


def layers_problem(settings: Any) -> str:
    """Why the `activation` or `initialiser` of some settings is unknown, or ""."""
    for key, table in (("activation", ACTIVATIONS), ("initialiser", INITIALISERS)):
        value = getattr(settings, key, None)
        if value is not None and value not in table:
            return f"unknown {key} {value!r}; {nearest(value, table)}"
    return ""


def initialise(module: nn.Module, name: str) -> None:
    """Draws new weights for every convolution and dense layer; biases become 0."""
    draw = INITIALISERS[name]
    for layer in module.modules():
        if draw is not None and isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear):
            draw(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def augment(
    x: Tensor, zoom: float, flip: bool, brightness: float, contrast: float, shrink: float = 1.0
) -> Tensor:
    """Posters mirrored, cropped and changed in brightness and contrast, each at random.

    Args:
        x: float32, shape (m, channels, h, w), in [-1, 1] where colours change.
        zoom: crops keep at least this share of each side.
        flip: mirror half of them.
        brightness, contrast: largest relative change; with 0 for both, the range is not clamped.
        shrink: height and width of what is returned, as a share of the posters' own, in (0, 1].
    """
    n, channels, height, width = x.shape

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, device=x.device)

    size = 1 - uniform(n) * (1 - zoom)
    matrix = torch.zeros(n, 2, 3, device=x.device)
    matrix[:, 0, 0] = size * torch.where(uniform(n) < (0.5 if flip else 0.0), -1.0, 1.0)
    matrix[:, 1, 1] = size
    matrix[:, :, 2] = (uniform(n, 2) * 2 - 1) * (1 - size)[:, None]
    shape = [n, channels, round(height * shrink), round(width * shrink)]
    grid = nn.functional.affine_grid(matrix, shape, align_corners=False)
    x = nn.functional.grid_sample(x, grid, padding_mode="reflection", align_corners=False)
    if brightness or contrast:
        x = x * (1 + (uniform(n, 1, 1, 1) * 2 - 1) * contrast)
        x = (x + (uniform(n, 1, 1, 1) * 2 - 1) * brightness).clamp(-1, 1)
    return x


def max_norm(module: nn.Module, largest: float) -> None:
    """Scales down every unit's incoming weights longer than `largest` (Srivastava et al. 2014)."""
    with torch.no_grad():
        for layer in module.modules():
            if isinstance(layer, nn.Linear):
                layer.weight.renorm_(2, 0, largest)
