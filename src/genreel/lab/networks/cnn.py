"""A small convolutional network as a tower, spelled out layer by layer."""

from __future__ import annotations

import re
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genreel.errors import RecipeError
from genreel.features.image import Pixels
from genreel.lab.examples import Examples
from genreel.lab.networks.layers import ACTIVATIONS, augment, initialise


@dataclass(frozen=True)
class CnnSettings:
    """Settings of `Cnn`.

    Attributes:
        feature: the pixels it reads.
        layers: one by one: "conv CHANNELS SIZE", "pool SIZE", "dropout SHARE", "flatten",
            "dense WIDTH", "norm" (batch normalisation), "mean" (over all places).
        activation: after every conv and dense; a key of ACTIVATIONS.
        initialiser: of every conv and dense; a key of INITIALISERS.
        flip: mirror half of the posters in training.
    """

    feature: str
    layers: tuple[str, ...]
    activation: str = "relu"
    initialiser: str = "default"
    flip: bool = False


class Cnn(nn.Module):
    """A small convolutional network spelled out layer by layer, unpadded, on pixels in [0, 1]."""

    reads = Pixels.kind
    arrays = ("pixels",)

    net: nn.Sequential
    width: int

    def __init__(self, settings: CnnSettings, feature: Pixels, train: Examples) -> None:
        super().__init__()
        self.settings = settings
        layers: list[nn.Module] = []
        shape = (1, *feature.shape)
        for line in settings.layers:
            try:
                layers += self._layer(line, shape)
                with torch.no_grad():
                    shape = tuple(
                        nn.Sequential(*layers).eval()(torch.zeros(1, *feature.shape)).shape
                    )
            except RuntimeError:
                raise RecipeError(
                    f"layer {line!r} does not fit what is before it, of shape {shape[1:]}; "
                    "use larger posters or fewer layers"
                ) from None
        if len(shape) != 2:
            raise RecipeError("the layers of a cnn must end in 'flatten', 'mean' or 'dense'")
        self.net = nn.Sequential(*layers)
        self.width = int(shape[1])
        initialise(self.net, settings.initialiser)

    def forward(self, pixels: Tensor) -> Tensor:
        """Vectors of posters."""
        x = pixels.float() / 255
        if self.training and self.settings.flip:
            x = augment(x, zoom=1.0, flip=True, brightness=0.0, contrast=0.0)
        return torch.as_tensor(self.net(x))

    def _layer(self, line: str, shape: tuple[int, ...]) -> list[nn.Module]:
        word, *numbers = line.split()
        if len(shape) != {"conv": 4, "pool": 4, "mean": 4, "dense": 2}.get(word, len(shape)):
            raise RuntimeError  # torch would take some of these, and mean something else
        act = ACTIVATIONS[self.settings.activation]
        match word, [float(number) for number in numbers if re.fullmatch(r"\d+(\.\d+)?", number)]:
            case "conv", [channels, size]:
                return [nn.Conv2d(shape[1], int(channels), int(size)), act()]
            case "pool", [size]:
                return [nn.MaxPool2d(int(size))]
            case "dropout", [share]:
                return [nn.Dropout(share)]
            case "norm", []:
                return [nn.BatchNorm2d(shape[1]) if len(shape) == 4 else nn.BatchNorm1d(shape[1])]
            case "flatten", []:
                return [nn.Flatten()]
            case "mean", []:
                return [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
            case "dense", [width]:
                return [nn.Linear(shape[1], int(width)), act()]
        raise RecipeError(
            f"layer {line!r} is none of 'conv CHANNELS SIZE', 'pool SIZE', 'dropout SHARE', "
            "'norm', 'flatten', 'mean', 'dense WIDTH'"
        )
