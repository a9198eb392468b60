"""Towers: the part of a network that turns one feature's array into a vector."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from genreel.errors import RecipeError
from genreel.lab.settings import nearest


@dataclass(frozen=True)
class BackboneSettings:
    """Settings of `Backbone`.

    Attributes:
        name: a model of timm.
        weights: "imagenet" or "random".
        dropout: on the vector it gives, in [0, 1).
        zoom: training crops keep at least this share of each side, in (0, 1].
        brightness, contrast: largest change in training, as a share of half the range of
            values and of the poster's own contrast.
    """

    name: str = "mobilenetv2_100"
    weights: str = "imagenet"
    dropout: float = 0.0
    zoom: float = 0.8
    brightness: float = 0.2
    contrast: float = 0.2


class Backbone(nn.Module):
    """A convolutional network of timm: uint8 pixels (m, channels, h, w) → float32 (m, width).

    A grey poster serves as all three channels. In training, posters are flipped, cropped and
    changed in brightness and contrast.
    """

    net: Any  # timm's models are untyped

    def __init__(self, settings: BackboneSettings) -> None:
        super().__init__()
        self.settings = settings
        options: dict[str, Any] = {"pad_type": "same"} if "mobilenet" in settings.name else {}
        path = local_weights(settings.name) if settings.weights == "imagenet" else None
        try:
            self.net = timm.create_model(
                settings.name,
                num_classes=0,
                pretrained=settings.weights == "imagenet" and path is None,
                **options,
            )
        except Exception as error:  # each library on the way to the hub fails in its own way
            raise RecipeError(
                f"tower {settings.name!r} cannot be made ({error}); "
                'go online once, or set tower.weights = "random"'
            ) from None
        if path is not None:
            weights = load_file(path)
            self.net.load_state_dict(
                {k: v for k, v in weights.items() if not k.startswith("classifier.")}
            )
        self.width = int(self.net.num_features)
        self.dropout = nn.Dropout(settings.dropout)

    def forward(self, pixels: Tensor) -> Tensor:
        """Vectors of posters."""
        x = _scaled(pixels)
        if self.training:
            x = self._augment(x)
        vector: Tensor = self.dropout(self.net(x))
        return vector

    def prepare(self, pixels: Tensor) -> None:
        """Fits the batch normalisation of pretrained weights to posters, before training.

        Published weights often come with their statistics folded into the convolutions (mean
        0, variance 1): right for inference, but in training mode the batch's own statistics
        would then wipe the network out. Here each layer takes the statistics of `pixels` and a
        scale and shift that undo them, so that the function stays the same.
        """
        layers = [m for m in self.net.modules() if isinstance(m, nn.BatchNorm2d)]
        hooks = [layer.register_forward_pre_hook(_take_statistics) for layer in layers]
        self.net.eval()
        with torch.no_grad():
            self.net(_scaled(pixels))
        for hook in hooks:
            hook.remove()

    def _augment(self, x: Tensor) -> Tensor:
        n, s = len(x), self.settings

        def uniform(*shape: int) -> Tensor:
            return torch.rand(*shape, device=x.device)

        size = 1 - uniform(n) * (1 - s.zoom)
        matrix = torch.zeros(n, 2, 3, device=x.device)
        matrix[:, 0, 0] = size * torch.where(uniform(n) < 0.5, -1.0, 1.0)
        matrix[:, 1, 1] = size
        matrix[:, :, 2] = (uniform(n, 2) * 2 - 1) * (1 - size)[:, None]
        grid = nn.functional.affine_grid(matrix, list(x.shape), align_corners=False)
        x = nn.functional.grid_sample(x, grid, padding_mode="reflection", align_corners=False)
        contrast = 1 + (uniform(n, 1, 1, 1) * 2 - 1) * s.contrast
        brightness = (uniform(n, 1, 1, 1) * 2 - 1) * s.brightness
        return (x * contrast + brightness).clamp(-1, 1)


def _scaled(pixels: Tensor) -> Tensor:
    """uint8 (m, 1 or 3, h, w) → float32 in [-1, 1], shape (m, 3, h, w)."""
    x = pixels.float() / 127.5 - 1
    return x.expand(-1, 3, -1, -1) if x.shape[1] == 1 else x


def _take_statistics(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    assert isinstance(layer, nn.BatchNorm2d)
    assert layer.running_var is not None and layer.running_mean is not None
    variance, mean = torch.var_mean(inputs[0], dim=(0, 2, 3), unbiased=False)
    scale = layer.weight / torch.sqrt(layer.running_var + layer.eps)
    layer.bias.data += (mean - layer.running_mean) * scale
    layer.weight.data = scale * torch.sqrt(variance + layer.eps)
    layer.running_mean.copy_(mean)
    layer.running_var.copy_(variance)


def local_weights(name: str) -> Path | None:
    """`weights/NAME.safetensors` beside the folder $GENREEL_DATA, if it is there; otherwise
    timm fetches its own from the hub.
    """
    data = Path(os.environ.get("GENREEL_DATA", "../shared/data"))
    path = data.parent / "weights" / f"{name}.safetensors"
    return path if path.is_file() else None


def tower_problem(settings: BackboneSettings) -> str:
    """Why these settings cannot work, or ""."""
    if settings.weights not in ("imagenet", "random"):
        return "tower.weights must be 'imagenet' or 'random'"
    if not timm.is_model(settings.name):
        return f"unknown tower {settings.name!r}; {nearest(settings.name, timm.list_models())}"
    return ""
