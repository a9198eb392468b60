"""Backbones and networks: what training may change, and what it may not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn

from genreel.errors import RecipeError
from genreel.features.image import Pixels, PixelSettings
from genreel.lab.examples import Examples
from genreel.lab.models.base import Place
from genreel.lab.models.network import Network, NetworkSettings
from genreel.lab.models.towers import Backbone, BackboneSettings
from genreel.lab.training.loop import TrainingSettings, _loss

Make = Callable[..., Examples]
TINY = BackboneSettings(name="test_efficientnet", weights="random")


@pytest.fixture
def posters() -> torch.Tensor:
    """Smooth shades with some grain, uint8 (24, 3, 32, 32)."""
    rng = np.random.default_rng(0)
    shades = rng.integers(30, 226, (24, 3, 1, 1)) + np.linspace(-30, 30, 32)
    grain = rng.normal(0, 15, (24, 3, 32, 32))
    return torch.from_numpy(np.clip(shades + grain, 0, 255).astype(np.uint8))


def folded(gain: float) -> Backbone:
    """A backbone whose weights hold their statistics, as published ones often do."""
    torch.manual_seed(0)
    backbone = Backbone(replace(TINY, zoom=1.0, brightness=0.0, contrast=0.0))
    for layer in backbone.net.modules():
        if isinstance(layer, nn.Conv2d):
            layer.weight.data *= gain
        if isinstance(layer, nn.BatchNorm2d):
            layer.eps = 1e-3
            nn.init.ones_(layer.weight)
            nn.init.normal_(layer.bias, 0.0, 0.5)
    return backbone


def vectors(backbone: Backbone, posters: torch.Tensor, training: bool) -> torch.Tensor:
    """What the network itself gives, without augmentation; its statistics stay as they are."""
    state = {name: value.clone() for name, value in backbone.state_dict().items()}
    backbone.net.train(training)
    with torch.no_grad():
        found: torch.Tensor = backbone.net(posters.float() / 127.5 - 1)
    backbone.load_state_dict(state)
    return found


@pytest.mark.parametrize("gain", [0.5, 3.0])
def test_prepare_keeps_the_function_and_makes_it_fit_for_training(
    posters: torch.Tensor, gain: float
) -> None:
    backbone = folded(gain)
    before = vectors(backbone, posters, training=False)
    wiped = vectors(backbone, posters, training=True)
    assert not 0.8 < (wiped.std() / before.std()).item() < 1.25  # else nothing is shown here
    backbone.prepare(posters)
    scale = before.abs().max()
    after = vectors(backbone, posters, training=False)
    trained = vectors(backbone, posters, training=True)
    assert (after - before).abs().max() <= 1e-4 * scale
    assert (trained - before).abs().max() <= 1e-3 * scale
    half = vectors(backbone, posters[::2], training=True)
    assert 0.5 < (half.std() / before.std()).item() < 2


def test_prepare_takes_the_statistics_of_the_posters(posters: torch.Tensor) -> None:
    backbone = folded(1.0)
    first = next(m for m in backbone.net.modules() if isinstance(m, nn.BatchNorm2d))
    seen: list[torch.Tensor] = []
    backbone.prepare(posters)
    first.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    vectors(backbone, posters, training=False)
    mean, variance = first.running_mean, first.running_var
    assert mean is not None and variance is not None
    torch.testing.assert_close(mean, seen[0].mean((0, 2, 3)), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(
        variance, seen[0].var((0, 2, 3), unbiased=False), atol=1e-5, rtol=1e-4
    )


def test_augmentation_keeps_shape_and_range_and_differs(posters: torch.Tensor) -> None:
    torch.manual_seed(0)
    backbone = Backbone(replace(TINY, brightness=0.9, contrast=0.9))
    x = posters.float() / 127.5 - 1
    one, other = backbone._augment(x), backbone._augment(x)
    assert one.shape == x.shape and one.dtype == torch.float32
    assert one.min() >= -1 and one.max() <= 1
    assert (one - other).abs().mean() > 0.05
    assert (one - x).abs().mean() > 0.05


def test_augmentation_of_nothing_is_a_flip_at_most(posters: torch.Tensor) -> None:
    torch.manual_seed(0)
    backbone = Backbone(replace(TINY, zoom=1.0, brightness=0.0, contrast=0.0))
    x = posters.float() / 127.5 - 1
    changed = backbone._augment(x)
    same = (changed - x).abs().amax((1, 2, 3)) < 1e-5
    flipped = (changed - x.flip(3)).abs().amax((1, 2, 3)) < 1e-5
    assert (same ^ flipped).all() and same.any() and flipped.any()


def test_brightness_and_contrast_stay_within_their_limits() -> None:
    torch.manual_seed(0)
    backbone = Backbone(replace(TINY, zoom=1.0, brightness=0.2, contrast=0.0))
    shift = backbone._augment(torch.zeros(200, 3, 4, 4))
    assert 0.15 < shift.max() <= 0.2 and -0.2 <= shift.min() < -0.15
    backbone = Backbone(replace(TINY, zoom=1.0, brightness=0.0, contrast=0.5))
    gain = backbone._augment(torch.full((200, 3, 4, 4), 0.4)) / 0.4
    assert 1.4 < gain.max() <= 1.5 + 1e-6 and 0.5 - 1e-6 <= gain.min() < 0.6


def test_no_augmentation_outside_training(posters: torch.Tensor) -> None:
    backbone = Backbone(TINY).eval()
    with torch.no_grad():
        expected = backbone.net(posters.float() / 127.5 - 1)
        torch.testing.assert_close(backbone(posters), expected, rtol=0, atol=0)
        backbone.train()
        assert not torch.equal(backbone(posters), backbone(posters))


def test_a_grey_poster_serves_as_three_channels(posters: torch.Tensor) -> None:
    torch.manual_seed(0)
    backbone = Backbone(TINY)
    grey = posters[:, :1]
    backbone.prepare(grey)
    backbone.eval()
    with torch.no_grad():
        torch.testing.assert_close(backbone(grey), backbone(grey.repeat(1, 3, 1, 1)))


def test_weights_from_the_folder_beside_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(1)
    published = timm.create_model("test_efficientnet", num_classes=5).state_dict()
    assert "classifier.weight" in published
    (tmp_path / "weights").mkdir()
    save_file(published, tmp_path / "weights" / "test_efficientnet.safetensors")
    monkeypatch.setenv("GENREEL_DATA", str(tmp_path / "data"))
    found = Backbone(replace(TINY, weights="imagenet")).net.state_dict()
    assert "classifier.weight" not in found
    for name, value in found.items():
        assert torch.equal(value, published[name]), name


def test_weights_that_cannot_be_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: Any, **options: Any) -> None:
        assert options["pretrained"]
        raise OSError("hub\nunreachable")

    monkeypatch.setenv("GENREEL_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(timm, "create_model", unreachable)
    with pytest.raises(RecipeError) as caught:
        Backbone(replace(TINY, weights="imagenet"))
    assert str(caught.value) == (
        "tower 'test_efficientnet' cannot be made (hub unreachable); "
        'go online once, or set tower.weights = "random"'
    )


def test_the_loss_ignores_unknown_cells() -> None:
    logits = torch.tensor([[0.0, 2.0], [1.0, -3.0]], requires_grad=True)
    labels = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    known = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    loss = _loss(logits, labels, known)
    p = 1 / (1 + np.exp([0.0, 1.0, 3.0]))  # of what was so: σ(0), 1 − σ(1), σ(−3)
    assert loss.item() == pytest.approx(-np.log(p).mean(), abs=1e-6)
    flipped = torch.where(known > 0, labels, 1 - labels)
    assert torch.equal(loss, _loss(logits, flipped, known))
    loss.backward()
    assert logits.grad is not None
    assert logits.grad[0, 1] == 0 and (logits.grad[known > 0] != 0).all()
    assert _loss(logits, labels, torch.zeros(2, 2)).item() == 0


def network(examples: Examples, epochs: int = 1) -> Network:
    training = TrainingSettings(epochs=epochs, batch_size=4)
    return Network(NetworkSettings(TINY, training), ("poster",), examples.features)


def test_scores_are_nought_where_there_is_no_poster(toy_examples: Make, tmp_path: Path) -> None:
    examples = toy_examples(24, names="poster")
    model = network(examples)
    model.fit(examples, examples, Place(tmp_path, seed=0))
    scores = model.scores(examples)
    there = examples.has(["poster"])
    assert there.sum() == 18
    assert (scores[~there] == 0).all() and (scores[there] > 0).all() and (scores < 1).all()
    alone = examples.take(np.flatnonzero(there))
    np.testing.assert_allclose(model.scores(alone), scores[there], atol=1e-6)
    assert not model.scores(examples.without(["poster"])).any()


def test_a_network_begins_with_the_share_of_each_genre(
    toy_examples: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And with almost never for a genre of which nothing is known."""
    monkeypatch.setattr("genreel.lab.models.network.train_network", lambda *_: [])
    examples = toy_examples(24, everything=True, names="poster")
    known = examples.known.copy()
    known[:, 2] = False
    known[:6, 0] = False
    model = network(examples)
    model.fit(replace(examples, known=known), examples, Place(tmp_path, seed=0))
    assert model.module is not None
    bias = model.module.head.bias.detach().numpy().astype(np.float64)
    share = (examples.labels[6:, 0].sum() + 1) / 20, (examples.labels[:, 1].sum() + 1) / 26
    np.testing.assert_allclose(1 / (1 + np.exp(-bias[:2])), share, rtol=1e-6)
    assert bias[2] < -10


def test_a_checkpoint_is_known_by_all_that_decides_training(toy_examples: Make) -> None:
    examples = toy_examples(24, names="poster")
    model = network(examples)
    name = model._identity(examples, 0)
    assert network(examples)._identity(examples, 0) == name
    smaller = Pixels(PixelSettings(height=24, width=16))
    others = {
        model._identity(examples, 1),
        network(examples, epochs=2)._identity(examples, 0),
        model._identity(examples.take(range(23)), 0),
        model._identity(replace(examples, labels=1 - examples.labels), 0),
        model._identity(replace(examples, known=~examples.known), 0),
        model._identity(replace(examples, features={"poster": smaller}), 0),
    }
    assert len(others) == 6 and name not in others
