"""Towers: what each computes, and what all of them keep to."""

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
from torch import Tensor, nn

from genreel.errors import RecipeError
from genreel.features.image import Pixels, PixelSettings
from genreel.features.tokens import Tokens, TokenSettings
from genreel.lab.examples import Examples
from genreel.lab.networks.backbone import (
    LITE,
    Backbone,
    BackboneSettings,
    backbone_file,
    frozen_backbone,
    load_backbone,
)
from genreel.lab.networks.cnn import Cnn, CnnSettings
from genreel.lab.networks.layers import ACTIVATIONS
from genreel.lab.networks.sentence import SentenceSettings
from genreel.lab.networks.towers import TOWERS, tower_problem
from genreel.lab.networks.words import (
    Conv1d,
    Conv1dSettings,
    Dense,
    DenseSettings,
    EmbeddingSettings,
    Lstm,
    LstmSettings,
    OneHot,
    VectorsSettings,
    embedding,
)

Make = Callable[..., Examples]
TINY = BackboneSettings("poster", name="test_efficientnet", weights="random")
STILL = replace(TINY, zoom=1.0, flip=False, brightness=0.0, contrast=0.0)
LAYERS = ("conv 4 3", "pool 2", "dropout 0.2", "conv 5 3", "norm", "mean", "dense 7")

EACH: dict[str, Any] = {
    "backbone": TINY,
    "cnn": CnnSettings("poster", LAYERS),
    "lstm": LstmSettings("tokens", EmbeddingSettings(width=5), width=6, dropout=0.5),
    "conv1d": Conv1dSettings("tokens", EmbeddingSettings(width=5), channels=(6, 4)),
    "dense": DenseSettings("plot", width=6, batch_norm=True, dropout=0.5),
    "sentence": SentenceSettings("pieces", dropout=0.5),
    "vectors": VectorsSettings("sentences", dropout=0.5),
}


LEARNERS = [kind for kind in EACH if kind != "vectors"]  # that one has nothing to learn


@pytest.fixture(scope="module")
def train(toy_examples: Make) -> Examples:
    return toy_examples(24, names="plot poster tokens pieces sentences")


def made(kind: str, settings: Any, train: Examples, seed: int = 0) -> Any:
    torch.manual_seed(seed)
    return TOWERS[kind][0](settings, train.features[settings.feature], train)


def arrays(kind: str, settings: Any, examples: Examples) -> list[Tensor]:
    """What the tower takes of the examples."""
    found = examples.arrays([settings.feature])
    return [torch.from_numpy(found[f"{settings.feature}.{n}"]) for n in TOWERS[kind][0].arrays]


# What all keep to


def test_none_is_left_out() -> None:
    assert set(EACH) == set(TOWERS)
    assert all(isinstance(EACH[kind], settings) for kind, (_, settings) in TOWERS.items())


@pytest.mark.parametrize("kind", EACH)
def test_a_vector_for_each_movie_that_is_there(kind: str, train: Examples) -> None:
    settings = EACH[kind]
    tower = made(kind, settings, train).eval()
    given = arrays(kind, settings, train)
    with torch.no_grad():
        found = tower(*given)
        assert found.shape == (len(given[0]), tower.width) and found.dtype == torch.float32
        assert found.std(dim=0).max() > 0  # it tells movies apart
        torch.testing.assert_close(tower(*given), found, rtol=0, atol=0)
        some = tower(*(array[2:5] for array in given))
        torch.testing.assert_close(some, found[2:5], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("kind", LEARNERS)
def test_nobody_there(kind: str, train: Examples, training: bool) -> None:
    settings = EACH[kind]
    tower = made(kind, settings, train).train(training and kind != "backbone")
    nobody = train.without(["poster", "plot"])
    given = [array[:0] for array in arrays(kind, settings, nobody)]
    assert tower(*given).shape == (0, tower.width)


@pytest.mark.parametrize("kind", LEARNERS)
def test_all_of_it_learns(kind: str, train: Examples) -> None:
    settings = EACH[kind]
    tower = made(kind, settings, train).train()
    tower(*arrays(kind, settings, train)).square().sum().backward()
    idle = [n for n, p in tower.named_parameters() if p.grad is None or not p.grad.any()]
    assert idle == []


@pytest.mark.parametrize("kind", sorted(set(LEARNERS) - {"sentence"}))  # its weights are given
def test_the_seed_decides_the_start(kind: str, train: Examples) -> None:
    one, same, other = (made(kind, EACH[kind], train, seed) for seed in (0, 0, 1))
    states = [list(tower.parameters()) for tower in (one, same, other)]
    assert all(torch.equal(a, b) for a, b in zip(states[0], states[1], strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(states[0], states[2], strict=True))


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        *((settings, "") for settings in EACH.values()),
        (replace(TINY, weights="imagnet"), "weights must be 'imagenet' or 'random'"),
        (
            replace(TINY, name="test_efficientnett"),
            "unknown backbone 'test_efficientnett'; did you mean 'test_efficientnet'?",
        ),
        (
            LstmSettings("tokens", EmbeddingSettings("glovee")),
            "unknown embedding 'glovee'; did you mean 'glove'?",
        ),
        (
            Conv1dSettings("tokens", activation="rleu"),
            "unknown activation 'rleu'; did you mean 'relu'?",
        ),
        (
            CnnSettings("poster", (), initialiser="norma"),
            "unknown initialiser 'norma'; did you mean 'normal'?",
        ),
    ],
)
def test_settings_that_cannot_work(settings: Any, problem: str) -> None:
    assert tower_problem(settings) == problem


# Backbone


@pytest.fixture
def posters() -> Tensor:
    """Smooth shades with some grain, uint8 (24, 3, 32, 32)."""
    rng = np.random.default_rng(0)
    shades = rng.integers(30, 226, (24, 3, 1, 1)) + np.linspace(-30, 30, 32)
    grain = rng.normal(0, 15, (24, 3, 32, 32))
    return torch.from_numpy(np.clip(shades + grain, 0, 255).astype(np.uint8))


def backbone(settings: BackboneSettings = TINY) -> Backbone:
    nothing: Any = None  # it looks at no examples
    return Backbone(settings, Pixels(PixelSettings(height=32, width=32)), nothing)


def folded(gain: float) -> Backbone:
    """A backbone whose weights hold their statistics, as published ones often do."""
    torch.manual_seed(0)
    tower = backbone(replace(TINY, zoom=1.0, brightness=0.0, contrast=0.0))
    for layer in tower.net.modules():
        if isinstance(layer, nn.Conv2d):
            layer.weight.data *= gain
        if isinstance(layer, nn.BatchNorm2d):
            layer.eps = 1e-3
            nn.init.ones_(layer.weight)
            nn.init.normal_(layer.bias, 0.0, 0.5)
    return tower


def vectors(tower: Backbone, posters: Tensor, training: bool) -> Tensor:
    """What the network itself gives, without augmentation; its statistics stay as they are."""
    state = {name: value.clone() for name, value in tower.state_dict().items()}
    tower.net.train(training)
    with torch.no_grad():
        found: Tensor = tower.net(tower.normalise(posters))
    tower.load_state_dict(state)
    return found


@pytest.mark.parametrize("gain", [0.5, 3.0])
def test_prepare_keeps_the_function_and_makes_it_fit_for_training(
    posters: Tensor, gain: float
) -> None:
    tower = folded(gain)
    before = vectors(tower, posters, training=False)
    wiped = vectors(tower, posters, training=True)
    assert not 0.8 < (wiped.std() / before.std()).item() < 1.25  # else nothing is shown here
    tower.prepare(posters)
    scale = before.abs().max()
    after = vectors(tower, posters, training=False)
    trained = vectors(tower, posters, training=True)
    assert (after - before).abs().max() <= 1e-4 * scale
    assert (trained - before).abs().max() <= 1e-3 * scale
    half = vectors(tower, posters[::2], training=True)
    assert 0.5 < (half.std() / before.std()).item() < 2


def test_prepare_takes_the_statistics_of_the_posters(posters: Tensor) -> None:
    tower = folded(1.0)
    first = next(m for m in tower.net.modules() if isinstance(m, nn.BatchNorm2d))
    seen: list[Tensor] = []
    tower.prepare(posters)
    first.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    vectors(tower, posters, training=False)
    mean, variance = first.running_mean, first.running_var
    assert mean is not None and variance is not None
    torch.testing.assert_close(mean, seen[0].mean((0, 2, 3)), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(
        variance, seen[0].var((0, 2, 3), unbiased=False), atol=1e-5, rtol=1e-4
    )


@pytest.mark.parametrize(
    ("name", "mean", "std"),
    [
        ("resnet18.tv_in1k", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ("mobilenetv2_100", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),  # as the shared file has it
    ],
)
def test_pixels_come_as_the_network_was_trained_on_them(
    posters: Tensor, name: str, mean: tuple[float, ...], std: tuple[float, ...]
) -> None:
    tower = backbone(replace(TINY, name=name))
    expected = (posters / 255 - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[
        :, None, None
    ]
    torch.testing.assert_close(tower.normalise(posters), expected)
    assert tower.normalise(posters[:, :1]).shape == posters.shape  # grey, as three channels
    assert not any("scale" in key for key in tower.state_dict())


def test_files_of_efficientnet_lite_have_other_names_and_the_same_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    name = "tf_efficientnet_lite0"
    published = timm.create_model(name)
    file = tmp_path / "lite.pth"
    torch.save({f"_{i}": w for i, w in enumerate(published.state_dict().values())}, file)
    monkeypatch.setattr("genreel.lab.networks.backbone.backbone_file", lambda _: file)
    net, mean, _ = load_backbone(name, "imagenet")
    for key, weight in net.state_dict().items():
        torch.testing.assert_close(weight, published.state_dict()[key], rtol=0, atol=0)
    assert mean.flatten().tolist() == [0.5, 0.5, 0.5]


def test_weights_of_a_backbone_in_a_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "lite_carrier"
    (package / "models").mkdir(parents=True)
    (package / "models" / "weights.pth").write_bytes(b"")
    monkeypatch.setenv("GENREEL_DATA", str(tmp_path / "data"))
    monkeypatch.setitem(LITE, "small_lite", "lite_carrier")
    assert backbone_file("small_lite") is None  # it is not installed
    monkeypatch.syspath_prepend(str(tmp_path))
    assert backbone_file("small_lite") == package / "models" / "weights.pth"
    (tmp_path / "weights").mkdir()
    ours = tmp_path / "weights" / "small_lite.safetensors"
    ours.write_bytes(b"")
    assert backbone_file("small_lite") == ours
    assert backbone_file("vgg16") is None


def test_no_augmentation_outside_training(posters: Tensor) -> None:
    tower = backbone().eval()
    with torch.no_grad():
        expected = tower.net(tower.normalise(posters))
        torch.testing.assert_close(tower(posters), expected, rtol=0, atol=0)
        tower.train()
        assert not torch.equal(tower(posters), tower(posters))
        tower = backbone(STILL).train()
        torch.testing.assert_close(tower(posters), tower(posters), rtol=0, atol=1e-4)


def test_in_use_a_poster_and_its_mirror_image_count_alike(posters: Tensor) -> None:
    torch.manual_seed(0)
    plain = backbone().eval()
    tower = backbone(replace(TINY, mirror=True)).eval()
    tower.load_state_dict(plain.state_dict())
    image = posters.flip(3)
    with torch.no_grad():
        expected = (plain(posters) + plain(image)) / 2
        torch.testing.assert_close(tower(posters), expected)
        torch.testing.assert_close(tower(image), expected)
        assert not torch.allclose(plain(posters), plain(image), rtol=1e-3)
        np.testing.assert_allclose(tower.extract(posters.numpy()), expected, rtol=1e-4, atol=1e-6)
    assert tower.identity() != plain.identity()  # their vectors may not share a cache
    still = backbone(replace(STILL, mirror=True)).train()
    before = vectors(still, posters, training=True)
    torch.testing.assert_close(still(posters), before, rtol=0, atol=1e-4)


def test_a_grey_poster_serves_as_three_channels(posters: Tensor) -> None:
    torch.manual_seed(0)
    tower = backbone()
    grey = posters[:, :1]
    tower.prepare(grey)
    tower.eval()
    with torch.no_grad():
        torch.testing.assert_close(tower(grey), tower(grey.repeat(1, 3, 1, 1)))


def test_vectors_pass_through(posters: Tensor) -> None:
    """A frozen backbone is given the vectors that it gave before; dropout still works on them."""
    tower = backbone(replace(TINY, frozen=True, dropout=0.5))
    assert not any(p.requires_grad for p in tower.net.parameters())
    given = tower.extract(posters.numpy())
    assert given.shape == (24, tower.width) and given.dtype == np.float32
    tower.eval()
    with torch.no_grad():
        found = tower(torch.from_numpy(given))
        np.testing.assert_array_equal(found, given)
        torch.testing.assert_close(found, tower(posters))
    dropped = tower.train()(torch.from_numpy(given))
    assert 0.3 < (dropped == 0).float().mean() < 0.7


def test_vectors_wider_than_the_last_convolution(posters: Tensor) -> None:
    """As those of VGG, which has dense layers before its classifier."""
    tower = backbone(replace(TINY, name="mobilenetv3_small_050", frozen=True))
    assert tower.width != tower.net.num_features
    assert tower.extract(posters.numpy()).shape == (24, tower.width)


def test_a_backbone_is_known_by_name_and_weights(train: Examples) -> None:
    one, same, other = (frozen_backbone(TINY, train, seed) for seed in (0, 0, 1))
    assert one.identity() == same.identity() != other.identity()
    assert one.identity().startswith("test_efficientnet ")
    before = one.identity()
    one.net.conv_stem.weight.data[0, 0, 0, 0] += 1e-3
    assert one.identity() != before


def test_a_frozen_backbone_leaves_the_generator_alone(train: Examples) -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    frozen_backbone(TINY, train, seed=0)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("name", ["test_efficientnet", "test_resnet", "test_vit"])
def test_weights_from_the_folder_beside_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Without the classifier, whatever its family calls it."""
    torch.manual_seed(1)
    published = timm.create_model(name, num_classes=5).state_dict()
    (tmp_path / "weights").mkdir()
    save_file(published, tmp_path / "weights" / f"{name}.safetensors")
    monkeypatch.setenv("GENREEL_DATA", str(tmp_path / "data"))
    found = backbone(replace(TINY, name=name, weights="imagenet")).net.state_dict()
    left = {key.partition(".")[0] for key in set(published) - set(found)}
    assert left == {{"test_efficientnet": "classifier", "test_resnet": "fc"}.get(name, "head")}
    for key, value in found.items():
        assert torch.equal(value, published[key]), key


def test_weights_that_cannot_be_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: Any, **options: Any) -> None:
        assert options["pretrained"]
        raise OSError("hub\nunreachable")

    monkeypatch.setenv("GENREEL_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(timm, "create_model", unreachable)
    with pytest.raises(RecipeError) as caught:
        backbone(replace(TINY, weights="imagenet"))
    assert str(caught.value) == (
        "backbone 'test_efficientnet' cannot be made (hub unreachable); "
        'go online once, or set weights = "random"'
    )


# Cnn


def cnn(layers: tuple[str, ...], train: Examples, **changes: Any) -> Cnn:
    tower: Cnn = made("cnn", CnnSettings("poster", layers, **changes), train)
    return tower


def test_layers_as_they_are_spelled(train: Examples) -> None:
    lines = ("conv 4 5", "norm", "pool 3", "dropout 0.25", "flatten", "dense 7", "norm")
    tower = cnn(lines, train, activation="tanh")
    kinds = [type(layer) for layer in tower.net]
    assert kinds == [
        *(nn.Conv2d, nn.Tanh, nn.BatchNorm2d, nn.MaxPool2d, nn.Dropout, nn.Flatten),
        *(nn.Linear, nn.Tanh, nn.BatchNorm1d),
    ]
    convolution, dense = tower.net[0], tower.net[6]
    assert isinstance(convolution, nn.Conv2d) and isinstance(dense, nn.Linear)
    assert convolution.weight.shape == (4, 3, 5, 5)
    assert dense.in_features == 4 * 9 * 9  # (32 − 4) // 3: nothing is padded
    assert tower.net[4].p == 0.25
    assert tower.width == 7


def test_pixels_are_seen_in_0_to_1(train: Examples) -> None:
    tower = cnn(("flatten",), train)
    pixels = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)
    torch.testing.assert_close(tower(pixels), pixels.flatten(1) / 255)


def test_the_mean_over_all_places(train: Examples) -> None:
    tower = cnn(("conv 4 3", "mean"), train)
    pixels = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)
    torch.testing.assert_close(tower(pixels), tower.net[:2](pixels / 255).mean((2, 3)))


def test_posters_are_mirrored_in_training_alone(train: Examples) -> None:
    torch.manual_seed(0)
    tower = cnn(("flatten",), train, flip=True)
    pixels = torch.randint(0, 256, (20, 3, 32, 32), dtype=torch.uint8)
    as_they_are, mirrored = pixels.flatten(1) / 255, pixels.flip(3).flatten(1) / 255
    torch.testing.assert_close(tower.eval()(pixels), as_they_are)
    found = tower.train()(pixels)
    same, flipped = ((found - x).abs().amax(1) < 1e-4 for x in (as_they_are, mirrored))
    assert (same ^ flipped).all() and same.any() and flipped.any()
    torch.testing.assert_close(cnn(("flatten",), train).train()(pixels), as_they_are)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (("conv 4",), "layer 'conv 4' is none of 'conv CHANNELS SIZE', 'pool SIZE', "),
        (("conv four 3",), "layer 'conv four 3' is none of"),
        (("polo 2",), "layer 'polo 2' is none of"),
        (("flatten 3",), "layer 'flatten 3' is none of"),
        (
            ("conv 4 3", "pool 2", "conv 4 40"),
            "layer 'conv 4 40' does not fit what is before it, of shape (4, 15, 15); "
            "use larger posters or fewer layers",
        ),
        (("pool 50",), "layer 'pool 50' does not fit what is before it, of shape (3, 32, 32)"),
        (("dense 4",), "layer 'dense 4' does not fit what is before it, of shape (3, 32, 32)"),
        (("flatten", "conv 4 3"), "layer 'conv 4 3' does not fit what is before it, of shape"),
        (("flatten", "mean"), "layer 'mean' does not fit what is before it, of shape (3072,)"),
        (("flatten", "pool 2"), "layer 'pool 2' does not fit what is before it"),
        (("conv 4 3",), "the layers of a cnn must end in 'flatten', 'mean' or 'dense'"),
        ((), "the layers of a cnn must end in"),
    ],
)
def test_layers_that_cannot_be(layers: tuple[str, ...], message: str, train: Examples) -> None:
    with pytest.raises(RecipeError) as caught:
        cnn(layers, train)
    assert str(caught.value).startswith(message)


def test_the_initialiser_draws_every_layer(train: Examples) -> None:
    tower = cnn(("conv 4 3", "flatten", "dense 64"), train, initialiser="normal")
    dense = tower.net[3]
    assert isinstance(dense, nn.Linear) and not dense.bias.any()
    assert dense.weight.std().item() == pytest.approx((1 / (4 * 30 * 30)) ** 0.5, rel=0.02)


# Embeddings


def tokens(train: Examples) -> Tokens:
    feature = train.features["tokens"]
    assert isinstance(feature, Tokens)
    return feature


def test_padding_gives_zeros_and_learns_nothing(train: Examples) -> None:
    layer: Any = embedding(EmbeddingSettings(width=4), tokens(train), train)
    ids = torch.tensor([[0, 0, 1, 2]])
    found = layer(ids)
    assert layer.weight.shape == (len(tokens(train).words) + 1, 4)
    assert not found[0, :2].any() and found[0, 2:].any(dim=1).all()
    found.square().sum().backward()
    assert not layer.weight.grad[0].any() and layer.weight.grad[1:3].any(dim=1).all()


def test_one_hot_words(train: Examples) -> None:
    layer: Any = embedding(EmbeddingSettings("onehot", width=9), tokens(train), train)
    assert isinstance(layer, OneHot) and layer.embedding_dim == len(tokens(train).words)
    found = layer(torch.tensor([[0, 1, 3]]))
    assert found.dtype == torch.float32
    expected = np.eye(layer.embedding_dim + 1)[[0, 1, 3], 1:]
    np.testing.assert_array_equal(found[0], expected)
    assert not list(layer.parameters())


@pytest.mark.parametrize("frozen", [False, True])
def test_given_vectors_may_be_tuned_or_kept(train: Examples, frozen: bool) -> None:
    from genreel.lab.networks.vectors import word_vectors

    settings = EmbeddingSettings("word2vec", width=6, frozen=frozen)
    layer: Any = embedding(settings, tokens(train), train)
    given = word_vectors("word2vec", 6, tokens(train), train)
    np.testing.assert_array_equal(layer.weight.detach()[1:], given)
    assert not layer.weight[0].any()
    assert layer.weight.requires_grad is not frozen


def test_glove_sets_the_width(
    train: Examples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "weights").mkdir()
    path = tmp_path / "weights" / "glove.6B.50d.20k.npz"
    np.savez(path, words=np.array(["ghost"]), vectors=np.ones((1, 3), np.float32))
    monkeypatch.setenv("GENREEL_DATA", str(tmp_path / "data"))
    tower = made("lstm", LstmSettings("tokens", EmbeddingSettings("glove", width=9)), train)
    assert tower.embedding.embedding_dim == tower.lstm.input_size == 3
    assert tower.embedding.weight.sum() == 3


# Text


def sigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-x)))


def test_an_lstm_by_hand(train: Examples) -> None:
    """Hochreiter & Schmidhuber's equations, with the forget gate of Gers et al."""
    tower: Lstm = made("lstm", LstmSettings("tokens", EmbeddingSettings(width=5), 4), train).eval()
    [ids] = arrays("lstm", EACH["lstm"], train.take([0, 3]))
    x = tower.embedding(ids).detach().double().numpy()
    weights = {name: p.detach().double().numpy() for name, p in tower.lstm.named_parameters()}
    h = c = np.zeros((2, 4))
    for t in range(ids.shape[1]):
        sums = x[:, t] @ weights["weight_ih_l0"].T + weights["bias_ih_l0"]
        sums += h @ weights["weight_hh_l0"].T + weights["bias_hh_l0"]
        i, f, g, o = np.split(sums, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
    np.testing.assert_allclose(tower(ids).detach(), h, atol=1e-6)


def test_a_convolution_over_words_by_hand(train: Examples) -> None:
    settings = Conv1dSettings("tokens", EmbeddingSettings(width=5), (3,), size=3, dropout=0.9)
    tower: Conv1d = made("conv1d", settings, train).eval()
    [ids] = arrays("conv1d", settings, train.take([0, 3]))
    x = np.pad(tower.embedding(ids).detach().double().numpy(), ((0, 0), (1, 1), (0, 0)))
    convolution = tower.net[0]
    assert isinstance(convolution, nn.Conv1d) and convolution.bias is not None
    weight = convolution.weight.detach().double().numpy()  # channels, width, size
    places = [
        np.einsum("nsw,cws->nc", x[:, t : t + 3], weight) + convolution.bias.detach().numpy()
        for t in range(ids.shape[1])
    ]
    expected = np.maximum(places, 0).max(axis=0)
    np.testing.assert_allclose(tower(ids).detach(), expected, atol=1e-6)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_dense_layer_over_sparse_terms(activation: str, train: Examples) -> None:
    settings = DenseSettings("plot", width=6, activation=activation)
    tower: Dense = made("dense", settings, train).eval()
    tower.bias.data = torch.linspace(-1, 1, 6)
    rows = train.read("plot")
    terms = np.zeros((len(rows), len(tower.weight)), np.float32)
    for i, row in enumerate(rows):
        if row is not None:
            terms[i, row[0]] = row[1]
    with torch.no_grad():
        expected = ACTIVATIONS[activation]()(torch.from_numpy(terms) @ tower.weight + tower.bias)
        found = tower(*arrays("dense", settings, train))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


def test_batches_are_normalised_after_the_activation(train: Examples) -> None:
    settings = DenseSettings("plot", width=6, batch_norm=True)
    tower = made("dense", settings, train).train()
    plain = made("dense", replace(settings, batch_norm=False), train)
    given = arrays("dense", settings, train)
    x = plain(*given)
    expected = (x - x.mean(0)) / torch.sqrt(x.var(0, unbiased=False) + 1e-5)
    torch.testing.assert_close(tower(*given), expected, rtol=1e-4, atol=1e-5)


def test_words_in_another_order_are_another_text(train: Examples) -> None:
    """To an LSTM, that is."""
    feature = Tokens(TokenSettings(length=4), ["one", "two", "three"])
    examples = replace(train, features={**train.features, "tokens": feature})
    tower = made("lstm", LstmSettings("tokens", EmbeddingSettings(width=5), 4), examples).eval()
    one, other = tower(torch.tensor([[1, 2, 3, 1], [1, 3, 2, 1]]))
    assert (one - other).abs().max() > 1e-4
