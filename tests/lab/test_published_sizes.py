"""Parameter counts that published systems print, counted on ours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch

from genreel.features import Feature
from genreel.features.image import Pixels, PixelSettings
from genreel.features.ngrams import Ngrams
from genreel.features.text import Terms, TermSettings
from genreel.features.tokens import Tokens, TokenSettings
from genreel.lab.examples import Examples
from genreel.lab.model import Place
from genreel.lab.networks import network as networks
from genreel.lab.networks.network import HeadSettings, Network, NetworkSettings

GENRES = 24


@pytest.fixture(autouse=True)
def _untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks are built, not trained."""
    monkeypatch.setattr(networks, "train_network", lambda *_: [])


def built(features: Mapping[str, Feature], tower: dict[str, Any], **settings: Any) -> Network:
    """A network of one tower over one feature, for 24 genres."""
    nothing = np.zeros((0, GENRES), np.float32)
    rows: dict[str, Any] = {name: [] for name in features}
    examples = Examples(features, rows, nothing, nothing > 0, np.zeros(0, np.int64))
    [name] = features
    model = Network(
        NetworkSettings({"tower": {**tower, "feature": name}}, **settings), (name,), features
    )
    model.fit(examples, examples, Place(Path("unused"), seed=0))
    return model


def test_a_small_convolutional_network_on_grey_posters() -> None:
    """Each convolution loses a border of one; the flat vector is 61 · 37 · 64 long."""
    layers = ["conv 32 3", "conv 32 3", "pool 2", "dropout 0.25"]
    layers += ["conv 64 3", "conv 64 3", "pool 2", "dropout 0.25"]
    layers += ["flatten", "dense 128", "dropout 0.5"]
    grey = Pixels(PixelSettings(height=256, width=160, grey=True))
    model = built({"poster": grey}, {"kind": "cnn", "layers": layers})
    convolutions = 9 * 32 + 32 + 9 * 32 * 32 + 32 + 9 * 32 * 64 + 64 + 9 * 64 * 64 + 64
    assert convolutions + (61 * 37 * 64 + 1) * 128 + (128 + 1) * 24 == 18_557_560
    assert model.parameters() == 18_557_560


def test_counts_of_words_through_a_dense_layer() -> None:
    """A layer of batch normalisation has four numbers a unit, two of them averages."""
    terms = Terms(
        TermSettings(weighting="count"),
        Ngrams.of([f"t{i}" for i in range(32_102)], 1),
        np.ones(32_102),
    )
    tower = {"kind": "dense", "width": 256, "batch_norm": True, "dropout": 0.5}
    assert (32_102 + 1) * 256 + 4 * 256 + (256 + 1) * 24 == 8_225_560
    assert built({"plot": terms}, tower).parameters() == 8_225_560


def test_an_lstm_over_words() -> None:
    """Keras prints 405,224: it counts the padding among its 10,000 rows of 32, so that we have
    9,999 words and the row of padding, and one bias a gate. PyTorch keeps two: 4 · 100 more.
    """
    words = Tokens(TokenSettings(), [f"w{i}" for i in range(9_999)])
    tower = {"kind": "lstm", "width": 100, "embedding": {"width": 32}}
    model = built({"plot": words}, tower, head=HeadSettings((256,)))
    lstm = 4 * ((32 + 100) * 100 + 100)
    assert 10_000 * 32 + lstm + (100 + 1) * 256 + (256 + 1) * 24 == 405_224
    assert model.parameters() == 405_224 + 4 * 100


def test_a_published_backbone() -> None:
    with torch.device("meta"):
        network = timm.create_model("vgg16", num_classes=1000)
    assert sum(p.numel() for p in network.parameters()) == 138_357_544
