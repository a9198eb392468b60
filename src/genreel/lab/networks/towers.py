"""Towers: the part of a network that turns one feature's arrays into a vector a movie.

A tower is built from its settings, its (fitted) feature and the training examples. It maps the
feature's arrays to float32 (m, `width`): a row for each movie that has the input.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from itertools import pairwise
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
from genreel.features.text import Terms
from genreel.features.tokens import PAD, Tokens
from genreel.lab.examples import Examples
from genreel.lab.networks.layers import ACTIVATIONS, augment, initialise, layers_problem
from genreel.lab.networks.sentence import Sentence, SentenceSettings, sentence_problem
from genreel.lab.networks.vectors import EMBEDDINGS, word_vectors
from genreel.lab.settings import nearest
from genreel.lab.weights import weights_folder


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
        mirror: in use, give the mean of a poster's vector and that of its mirror image; costs
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

    def __init__(self, settings: BackboneSettings, feature: Pixels, train: Examples) -> None:
        super().__init__()
        self.settings = settings
        self.net = pretrained(settings.name, settings.weights, feature)
        # VGG's vectors come out of its dense layers, wider than its last convolution.
        self.width = int(self.net.head_hidden_size)
        self.dropout = nn.Dropout(settings.dropout)
        if settings.frozen:
            self.net.requires_grad_(False)

    def forward(self, pixels: Tensor) -> Tensor:
        """Vectors of posters; float32 (m, width) are vectors already, from `extract`."""
        if pixels.is_floating_point():
            return torch.as_tensor(self.dropout(pixels))
        x = scaled(pixels)
        if self.training:
            s = self.settings
            x = augment(x, s.zoom, s.flip, s.brightness, s.contrast, s.shrink)
            return torch.as_tensor(self.dropout(self.net(x)))
        return self._vectors(x)

    def identity(self) -> str:
        """Names the network and its weights, for the cache of vectors."""
        digest = hashlib.sha256()
        for tensor in self.net.state_dict().values():
            digest.update(tensor.numpy().tobytes())
        mirrored = " mirrored" if self.settings.mirror else ""
        return f"{self.settings.name} {timm.__version__} {digest.hexdigest()}{mirrored}"

    def extract(self, pixels: Array) -> Array:
        """uint8 (m, channels, h, w) → float32 (m, width), without augmentation."""
        self.net.eval()
        with torch.inference_mode():
            return np.asarray(self._vectors(scaled(torch.from_numpy(pixels))).numpy())

    def _vectors(self, x: Tensor) -> Tensor:
        """As in use."""
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
            self.net(scaled(pixels))
        for hook in hooks:
            hook.remove()


def frozen_backbone(settings: BackboneSettings, train: Examples, seed: int) -> Backbone:
    """A backbone that only gives vectors; random weights are drawn from the seed."""
    feature: Any = train.features[settings.feature]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Backbone(settings, feature, train)


def scaled(pixels: Tensor) -> Tensor:
    """uint8 (m, 1 or 3, h, w) → float32 in [-1, 1], three channels."""
    x = pixels.float() / 127.5 - 1
    return x.expand(-1, 3, -1, -1) if x.shape[1] == 1 else x


def pretrained(name: str, weights: str, feature: Pixels) -> Any:
    """A model of timm without its classifier, for posters of the feature's size."""
    path = local_weights(name) if weights == "imagenet" else None
    options: dict[str, Any] = {"pad_type": "same"} if name.startswith("mobilenetv2") else {}
    try:
        net = timm.create_model(
            name, num_classes=0, pretrained=weights == "imagenet" and path is None, **options
        )
    except Exception as error:  # each library on the way to the hub fails in its own way
        raise RecipeError(
            f'backbone {name!r} cannot be made ({error}); go online once, or set weights = "random"'
        ) from None
    if path is not None:
        state = load_file(path)
        own = net.state_dict()  # without the classifier, which each family calls otherwise
        net.load_state_dict({k: v for k, v in state.items() if k in own})
    return net


def tower_problem(settings: Any) -> str:
    """Why the settings of a tower cannot work, or ""."""
    if isinstance(settings, BackboneSettings):
        return backbone_problem(settings)
    if isinstance(settings, SentenceSettings):
        return sentence_problem(settings)
    words = getattr(settings, "embedding", None)
    if words and words.kind not in EMBEDDINGS:
        return f"unknown embedding {words.kind!r}; {nearest(words.kind, EMBEDDINGS)}"
    return layers_problem(settings)


def backbone_problem(settings: BackboneSettings) -> str:
    """Why these settings cannot work, or ""."""
    if settings.weights not in ("imagenet", "random"):
        return "weights must be 'imagenet' or 'random'"
    if not (0 < settings.zoom <= 1 and 0 < settings.shrink <= 1):
        return "zoom and shrink must be above 0 and at most 1"
    if not timm.is_model(settings.name):
        return f"unknown backbone {settings.name!r}; {nearest(settings.name, timm.list_models())}"
    return ""


def local_weights(name: str) -> Path | None:
    """`weights/NAME.safetensors` beside the folder $GENREEL_DATA, if it is there; otherwise
    timm fetches its own from the hub.
    """
    path = weights_folder() / f"{name}.safetensors"
    return path if path.is_file() else None


def _take_statistics(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    assert isinstance(layer, nn.BatchNorm2d)
    assert layer.running_var is not None and layer.running_mean is not None
    variance, mean = torch.var_mean(inputs[0], dim=(0, 2, 3), unbiased=False)
    scale = layer.weight / torch.sqrt(layer.running_var + layer.eps)
    layer.bias.data += (mean - layer.running_mean) * scale
    layer.weight.data = scale * torch.sqrt(variance + layer.eps)
    layer.running_mean.copy_(mean)
    layer.running_var.copy_(variance)


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


@dataclass(frozen=True)
class EmbeddingSettings:
    """How word numbers become vectors.

    Attributes:
        kind: "learnt", "onehot" (one dimension a word, never trained), "word2vec" (trained on
            the training plots) or "glove" (given vectors).
        width: of learnt and word2vec vectors.
        frozen: do not tune word2vec and glove vectors.
    """

    kind: str = "learnt"
    width: int = 100
    frozen: bool = False


def embedding(settings: EmbeddingSettings, feature: Tokens, train: Examples) -> nn.Module:
    """Word numbers (m, length) → vectors (m, length, width); padding gives zeros."""
    words = len(feature.words)
    if settings.kind == "onehot":
        return OneHot(words)
    if settings.kind == "learnt":
        return nn.Embedding(words + 1, settings.width, padding_idx=PAD)
    vectors = word_vectors(settings.kind, settings.width, feature, train)
    layer = nn.Embedding(words + 1, vectors.shape[1], padding_idx=PAD)
    layer.weight.data[1:] = torch.from_numpy(vectors)
    return layer.requires_grad_(not settings.frozen)


class OneHot(nn.Module):
    """Word numbers as unit vectors; padding as zeros."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.embedding_dim = words

    def forward(self, ids: Tensor) -> Tensor:
        """Shape (m, length, words)."""
        return nn.functional.one_hot(ids, self.embedding_dim + 1)[..., 1:].float()


@dataclass(frozen=True)
class LstmSettings:
    """Settings of `Lstm`: `width` of its state; `dropout` on the last one."""

    feature: str
    embedding: EmbeddingSettings = EmbeddingSettings()
    width: int = 128
    dropout: float = 0.0


class Lstm(nn.Module):
    """Words in order through an LSTM (Hochreiter & Schmidhuber 1997); its last state."""

    reads = Tokens.kind
    arrays = ("ids",)
    embedding: Any

    def __init__(self, settings: LstmSettings, feature: Tokens, train: Examples) -> None:
        super().__init__()
        self.embedding = embedding(settings.embedding, feature, train)
        self.lstm = nn.LSTM(self.embedding.embedding_dim, settings.width, batch_first=True)
        self.dropout = nn.Dropout(settings.dropout)
        self.width = settings.width

    def forward(self, ids: Tensor) -> Tensor:
        """Vectors of texts."""
        # onnxruntime aborts on an LSTM of no rows, so a row of padding always goes along.
        ids = torch.cat([ids, ids.new_full((1, ids.shape[1]), PAD)])
        states, _ = self.lstm(self.embedding(ids))
        return torch.as_tensor(self.dropout(states[:-1, -1]))


@dataclass(frozen=True)
class Conv1dSettings:
    """Settings of `Conv1d`: `channels` of convolutions of `size` words; the highest value of
    each over the text, through `dropout`.
    """

    feature: str
    embedding: EmbeddingSettings = EmbeddingSettings()
    channels: tuple[int, ...] = (128,)
    size: int = 5
    activation: str = "relu"
    initialiser: str = "default"
    dropout: float = 0.5


class Conv1d(nn.Module):
    """Convolutions over word vectors, then the maximum over time (Kim 2014)."""

    reads = Tokens.kind
    arrays = ("ids",)
    embedding: Any

    def __init__(self, settings: Conv1dSettings, feature: Tokens, train: Examples) -> None:
        super().__init__()
        self.embedding = embedding(settings.embedding, feature, train)
        widths: list[int] = [self.embedding.embedding_dim, *settings.channels]
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Conv1d(before, after, settings.size, padding="same")]
            layers += [ACTIVATIONS[settings.activation]()]
        self.net = nn.Sequential(*layers)
        self.dropout = nn.Dropout(settings.dropout)
        self.width = widths[-1]
        initialise(self.net, settings.initialiser)

    def forward(self, ids: Tensor) -> Tensor:
        """Vectors of texts."""
        x = self.net(self.embedding(ids).transpose(1, 2))
        return torch.as_tensor(self.dropout(x.amax(dim=2)))


@dataclass(frozen=True)
class DenseSettings:
    """Settings of `Dense`: its `width`, `activation`, and whether to normalise batches."""

    feature: str
    width: int = 256
    activation: str = "relu"
    batch_norm: bool = False
    dropout: float = 0.0


class Dense(nn.Module):
    """A dense layer over sparse terms: only the rows of the terms that are there are touched."""

    reads = Terms.kind
    arrays = ("indices", "values")

    def __init__(self, settings: DenseSettings, feature: Terms, train: Examples) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(max(1, len(feature)), settings.width))
        self.bias = nn.Parameter(torch.zeros(settings.width))
        nn.init.xavier_uniform_(self.weight)  # Keras' Dense, which the sources use
        self.act = ACTIVATIONS[settings.activation]()
        self.norm = nn.BatchNorm1d(settings.width) if settings.batch_norm else nn.Identity()
        self.dropout = nn.Dropout(settings.dropout)
        self.width = settings.width

    def forward(self, indices: Tensor, values: Tensor) -> Tensor:
        """Vectors of texts."""
        rows = nn.functional.embedding(indices, self.weight)
        x = (values.unsqueeze(1) @ rows).squeeze(1) + self.bias
        return torch.as_tensor(self.dropout(self.norm(self.act(x))))


TOWERS: dict[str, tuple[Any, Any]] = {
    "backbone": (Backbone, BackboneSettings),
    "cnn": (Cnn, CnnSettings),
    "lstm": (Lstm, LstmSettings),
    "conv1d": (Conv1d, Conv1dSettings),
    "dense": (Dense, DenseSettings),
    "sentence": (Sentence, SentenceSettings),
}
"""Kind → tower and its settings."""
