"""Networks: what a missing input gives, what is trained, what may not change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from genreel.catalogue import INPUTS, Movie
from genreel.errors import RecipeError
from genreel.features.image import Pixels, PixelSettings
from genreel.features.text import Terms, TermSettings
from genreel.lab.examples import Examples
from genreel.lab.model import Place
from genreel.lab.networks import network as networks
from genreel.lab.networks.backbone import Backbone
from genreel.lab.networks.loss import network_loss
from genreel.lab.networks.network import (
    FusionSettings,
    HeadSettings,
    Net,
    Network,
    NetworkSettings,
)
from genreel.lab.networks.training import TrainingSettings

Make = Callable[..., Examples]

WORDS = {"kind": "dense", "feature": "plot", "width": 8}
ORDER = {"kind": "lstm", "feature": "tokens", "width": 6, "embedding": {"width": 5}}
SHADES = {"kind": "cnn", "feature": "poster", "layers": ["conv 4 3", "pool 4", "mean", "dense 6"]}
TINY = {
    "kind": "backbone",
    "feature": "poster",
    "name": "test_efficientnet",
    "weights": "random",
}
TRAINING = TrainingSettings(epochs=1, batch_size=4, learning_rate=0.01)


def network(
    examples: Examples,
    towers: dict[str, Any] | None = None,
    training: dict[str, Any] | None = None,
    **settings: Any,
) -> Network:
    towers = towers or {"poster": TINY}
    read = tuple(table["feature"] for table in towers.values())
    chosen = NetworkSettings(towers, training=replace(TRAINING, **(training or {})), **settings)
    return Network(chosen, read, examples.features)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, seed=0)


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Networks are built and not trained; what training would have been given."""
    given: list[tuple[Any, ...]] = []

    def noting(*arguments: Any) -> list[Any]:
        given.append(arguments)
        return []

    monkeypatch.setattr(networks, "train_network", noting)
    return given


def module(model: Network) -> Net:
    assert model.module is not None
    return model.module


def tensors(examples: Examples, names: tuple[str, ...]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(a) for name, a in examples.arrays(names).items()}


# The loss


def test_the_loss_ignores_unknown_cells() -> None:
    logits = torch.tensor([[0.0, 2.0], [1.0, -3.0]], requires_grad=True)
    labels = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    known = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    loss = network_loss(logits, labels, known)
    p = 1 / (1 + np.exp([0.0, 1.0, 3.0]))  # of what was so: σ(0), 1 − σ(1), σ(−3)
    assert loss.item() == pytest.approx(-np.log(p).mean(), abs=1e-6)
    flipped = torch.where(known > 0, labels, 1 - labels)
    assert torch.equal(loss, network_loss(logits, flipped, known))
    loss.backward()
    assert logits.grad is not None
    assert logits.grad[0, 1] == 0 and (logits.grad[known > 0] != 0).all()
    assert network_loss(logits, labels, torch.zeros(2, 2)).item() == 0


# Missing inputs


def test_scores_say_nothing_of_a_movie_without_a_poster(toy_examples: Make, place: Place) -> None:
    """They are the same for every such movie: what the head makes of the absent vector."""
    examples = toy_examples(24, names="poster")
    model = network(examples, training={"learning_rate": 1e-3})
    model.fit(examples, examples, place)
    scores = model.scores(examples)
    there = examples.has(["poster"])
    assert there.sum() == 18
    assert (scores > 0).all() and (scores < 1).all()
    assert scores[there].std(axis=0).max() > 1e-4
    with torch.no_grad():
        nothing = torch.sigmoid(module(model).head(module(model).absent["poster"][None]))
    np.testing.assert_allclose(scores[~there], np.tile(nothing, (6, 1)), atol=1e-6)
    alone = examples.take(np.flatnonzero(there))
    np.testing.assert_allclose(model.scores(alone), scores[there], atol=1e-6)
    hidden = model.scores(examples.without(["poster"]))
    np.testing.assert_allclose(hidden, np.tile(nothing, (24, 1)), atol=1e-6)
    assert model.scores(examples.take([])).shape == (0, 3)


def test_the_absent_vector_takes_the_place_of_a_missing_input(
    toy_examples: Make, place: Place, untrained: Any
) -> None:
    examples = toy_examples(12, names="plot poster tokens")
    towers = {"words": WORDS, "order": ORDER, "shades": SHADES}
    model = network(examples, towers, drop_input=0.9)
    model.fit(examples, examples, place)
    net = module(model).eval()
    for k, name in enumerate(towers):
        nn.init.constant_(net.absent[name], 100.0 + k)
    fused: list[Tensor] = []
    assert net.fusion is not None
    net.fusion.register_forward_pre_hook(lambda _, inputs: fused.extend(inputs[0]))
    arrays = tensors(examples, model.features)
    with torch.no_grad():
        net(arrays)
        words, order, shades = fused
        plot, poster = (torch.from_numpy(examples.has([name])) for name in ("plot", "poster"))
        assert 0 < plot.sum() < 12 and 0 < poster.sum() < 12 and (plot != poster).any()
        given = net.towers["words"](arrays["plot.indices"], arrays["plot.values"])
        torch.testing.assert_close(words[plot], given[plot])
        torch.testing.assert_close(order[plot], net.towers["order"](arrays["tokens.ids"]))
        torch.testing.assert_close(shades[poster], net.towers["shades"](arrays["poster.pixels"]))
    assert (words[~plot] == 100).all() and (order[~plot] == 101).all()
    assert (shades[~poster] == 102).all()


def test_the_absent_vector_is_learnt_where_an_input_is_missing(
    toy_examples: Make, place: Place
) -> None:
    towers = {"words": WORDS, "shades": SHADES}
    some, whole = toy_examples(24), toy_examples(24, everything=True)
    for examples, drop, learnt in ((some, 0.0, True), (whole, 0.0, False), (whole, 0.5, True)):
        model = network(examples, towers, drop_input=drop)
        model.fit(examples, examples, place)
        assert all(bool(v.any()) is learnt for v in module(model).absent.values())


def shown(model: Network, present: Tensor) -> np.ndarray:
    """bool, shape (n, towers)."""
    return torch.cat(list(module(model)._input_masks(present).values()), dim=1).numpy()


def test_drop_input_never_drops_the_only_one(
    toy_examples: Make, place: Place, untrained: Any
) -> None:
    examples = toy_examples(12)
    model = network(examples, {"words": WORDS, "shades": SHADES}, drop_input=1.0)
    model.fit(examples, examples, place)
    net = module(model)
    present = torch.zeros(4000, len(INPUTS))
    poster, plot = INPUTS.index("poster"), INPUTS.index("plot")
    present[:1000, poster] = present[1000:2000, plot] = 1
    present[2000:3000, [poster, plot]] = 1  # the last thousand have nothing
    torch.manual_seed(0)
    net.train()
    found = shown(model, present)  # words, shades
    assert (found[:1000] == [False, True]).all() and (found[1000:2000] == [True, False]).all()
    assert (found[2000:3000].sum(axis=1) == 1).all()
    assert 400 < found[2000:3000, 0].sum() < 600
    assert not found[3000:].any()
    net.drop = 0.3
    assert 230 < (shown(model, present)[2000:3000].sum(axis=1) == 1).sum() < 370
    net.eval()
    assert (shown(model, present)[2000:3000]).all()


def test_one_tower_is_never_dropped(toy_examples: Make, place: Place, untrained: Any) -> None:
    examples = toy_examples(12)
    model = network(examples, {"words": WORDS}, drop_input=1.0)
    model.fit(examples, examples, place)
    module(model).train()
    assert shown(model, torch.ones(50, len(INPUTS))).all()


def test_it_learns_from_either_input(toy_examples: Make, place: Place) -> None:
    examples = toy_examples(80)
    model = network(
        examples,
        {"words": WORDS, "shades": SHADES},
        {"epochs": 15, "batch_size": 8, "learning_rate": 0.02},
        fusion=FusionSettings("gmu", 8),
        drop_input=0.3,
    )
    model.fit(examples, examples, place)
    test = toy_examples(40, seed=3, everything=True)
    truth = test.labels > 0
    cases = ((test, (0, 1)), (test.without(["poster"]), (0, 1)), (test.without(["plot"]), (1,)))
    for shown_part, genres in cases:
        right = (model.scores(shown_part) > 0.5) == truth
        assert all(right[:, genre].mean() > 0.9 for genre in genres)
    bright = model.scores(test.without(["plot"]))[:, 0]
    assert bright.std() < 0.2  # a poster says nothing of ghosts


@pytest.mark.parametrize("missing", [3, 4])
def test_a_batch_with_one_poster_or_none(toy_examples: Make, place: Place, missing: int) -> None:
    """Batch normalisation cannot take statistics of one movie, nor augmentation mirror none."""
    movies = toy_examples(4, everything=True)
    rows = {**movies.rows, "poster": [None] * missing + list(movies.rows["poster"])[missing:]}
    wide = {**SHADES, "layers": ["conv 4 3", "mean", "dense 6", "norm"], "flip": True}
    model = network(movies, {"words": {**WORDS, "batch_norm": True}, "shades": wide})
    model.fit(replace(movies, rows=rows), movies, place)
    assert np.isfinite(model.scores(movies)).all()


# The start


def test_a_network_begins_with_the_share_of_each_genre(
    toy_examples: Make, place: Place, untrained: Any
) -> None:
    """And with almost never for a genre of which nothing is known."""
    examples = toy_examples(24, everything=True, names="poster")
    known = examples.known.copy()
    known[:, 2] = False
    known[:6, 0] = False
    model = network(examples)
    model.fit(replace(examples, known=known), examples, place)
    last: Any = module(model).head[-1]  # type: ignore[index]
    bias = last.bias.detach().numpy().astype(np.float64)
    share = (examples.labels[6:, 0].sum() + 1) / 20, (examples.labels[:, 1].sum() + 1) / 26
    np.testing.assert_allclose(1 / (1 + np.exp(-bias[:2])), share, rtol=1e-6)
    assert bias[2] < -10


def test_the_same_seed_gives_the_same_network(toy_examples: Make, tmp_path: Path) -> None:
    examples = toy_examples(24)
    towers = {"words": WORDS, "shades": SHADES}
    found = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        model = network(examples, towers, start="single", drop_input=0.3)
        model.fit(examples, examples, Place(tmp_path / name, seed))
        found.append(model.scores(examples))
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_towers_may_start_from_what_they_learn_alone(toy_examples: Make, place: Place) -> None:
    examples = toy_examples(24)
    towers = {"words": WORDS, "shades": SHADES}
    options: dict[str, Any] = {"fusion": FusionSettings("add", 5), "head": HeadSettings((4,))}
    model = network(examples, towers, {"freeze": "towers"}, start="single", **options)
    model.fit(examples, examples, place)
    fresh = network(examples, towers, {"freeze": "towers"}, **options)
    fresh.fit(examples, examples, place)
    for name, table in towers.items():
        alone = network(examples, {name: table})
        alone.fit(examples, examples, place)
        learnt = module(alone).towers[name].state_dict()
        begun = module(fresh).towers[name].state_dict()
        for key, value in module(model).towers[name].state_dict().items():
            assert torch.equal(value, learnt[key])
        assert any(not torch.equal(value, begun[key]) for key, value in learnt.items())


def test_pretrained_statistics_are_taken_before_training(
    toy_examples: Make, place: Place, monkeypatch: pytest.MonkeyPatch, untrained: Any
) -> None:
    prepared: list[int] = []
    monkeypatch.setattr(Backbone, "prepare", lambda _, pixels: prepared.append(len(pixels)))
    examples = toy_examples(24, names="poster")
    network(examples).fit(examples, examples, place)
    assert prepared == [18]
    frozen = network(examples, {"poster": {**TINY, "frozen": True}})
    frozen.fit(examples, examples, place)
    assert prepared == [18]


# What is trained


def test_a_frozen_backbone_keeps_its_weights_and_is_asked_once(
    toy_examples: Make, place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GENREEL_CACHE", str(tmp_path / "cache"))
    asked: list[int] = []
    honest = Backbone.extract

    def noting(self: Backbone, pixels: Any) -> Any:
        asked.append(len(pixels))
        return honest(self, pixels)

    monkeypatch.setattr(Backbone, "extract", noting)
    examples = toy_examples(24, names="poster")
    frozen = {"poster": {**TINY, "frozen": True}}
    model = network(examples, frozen, {"epochs": 3}, head=HeadSettings((5,), dropout=0.2))
    before: dict[str, Tensor] = {}
    honest_build = Network._build

    def noting_build(self: Network, *arguments: Any) -> Net:
        net = honest_build(self, *arguments)
        before.update({k: v.clone() for k, v in net.towers.state_dict().items()})
        return net

    monkeypatch.setattr(Network, "_build", noting_build)
    model.fit(examples, examples, place)
    scores = model.scores(examples)
    assert asked == [18]
    after = module(model).towers.state_dict()
    assert len(after) > 20 and all(torch.equal(value, before[k]) for k, value in after.items())
    module(model).eval()
    with torch.no_grad():  # the vectors from the cache are those of the pixels
        direct = torch.sigmoid(module(model)(tensors(examples, ("poster",))))
    np.testing.assert_allclose(scores, direct, atol=1e-5)


def test_only_movies_with_an_input_train(
    toy_examples: Make, place: Place, untrained: list[tuple[Any, ...]]
) -> None:
    examples = toy_examples(24)
    nothing = examples.take(range(12)).without(["plot"])
    network(examples, {"shades": SHADES}).fit(examples, nothing, place)
    _, train, valid, names, *_ = untrained.pop()
    assert len(train) == 18 and len(valid) == 9 and names == ("poster",)
    network(examples, {"words": WORDS, "shades": SHADES}).fit(examples, nothing, place)
    _, train, valid, *_ = untrained.pop()
    assert len(train) == 24 and len(valid) == 9


def test_the_head_is_spelled_by_its_settings(
    toy_examples: Make, place: Place, untrained: Any
) -> None:
    examples = toy_examples(24)
    head = HeadSettings((7, 5), activation="selu", batch_norm=True, dropout=0.4)
    model = network(examples, {"words": WORDS, "shades": SHADES}, head=head)
    model.fit(examples, examples, place)
    layers: Any = module(model).head
    block = [nn.Linear, nn.SELU, nn.BatchNorm1d, nn.Dropout]
    assert [type(layer) for layer in layers] == [*block, *block, nn.Linear]
    shapes = [tuple(layer.weight.shape) for layer in layers if isinstance(layer, nn.Linear)]
    assert shapes == [(7, 14), (5, 7), (3, 5)]  # 8 and 6, one behind the other
    assert layers[3].p == 0.4


@pytest.mark.parametrize("batch_norm", [False, True])
def test_batch_norm_in_tower_and_head_learns_and_is_deterministic_in_use(
    toy_examples: Make, place: Place, batch_norm: bool
) -> None:
    examples = toy_examples(40, names="plot")
    tower = {**WORDS, "width": 16, "batch_norm": batch_norm, "dropout": 0.2}
    head = HeadSettings((8,), activation="tanh", batch_norm=batch_norm)
    training = {"epochs": 12, "batch_size": 8, "learning_rate": 0.03}
    model = network(examples, {"words": tower}, training, head=head)
    model.fit(examples, examples, place)
    norms = [m for m in module(model).modules() if isinstance(m, nn.BatchNorm1d)]
    assert len(norms) == (2 if batch_norm else 0)
    assert all(m.running_mean is not None and m.running_mean.any() for m in norms)
    test = toy_examples(40, seed=3, everything=True, names="plot")
    right = (model.scores(test) > 0.5) == (test.labels > 0)
    assert right[:, :2].mean() > 0.9
    one_by_one = np.concatenate([model.scores(one) for one in test.batches(1)])
    np.testing.assert_allclose(one_by_one, model.scores(test), atol=1e-6)


def test_settings_of_training_reach_the_loop(toy_examples: Make, place: Place) -> None:
    examples = toy_examples(24, names="plot")
    wrong = replace(examples, labels=1 - examples.labels)  # what is learnt makes it worse
    training = {"epochs": 30, "patience": 1, "max_norm": 0.2, "learning_rate": 0.1}
    model = network(examples, {"words": WORDS}, training, head=HeadSettings((6,)))
    model.fit(examples, wrong, place)
    losses = [epoch["valid_loss"] for epoch in model.history]
    assert len(losses) == int(np.argmin(losses)) + 2 < 30
    lengths = [
        layer.weight.norm(dim=1).max()
        for layer in module(model).head.modules()
        if isinstance(layer, nn.Linear)
    ]
    assert len(lengths) == 2 and max(lengths) <= 0.2 + 1e-6


# Numbers


def test_parameters_are_counted_as_keras_counts_them(
    toy_examples: Make, place: Place, untrained: Any
) -> None:
    """Averages of batch normalisation count, vectors for absent inputs do not."""
    examples = toy_examples(12)
    towers = {"words": {**WORDS, "batch_norm": True}, "shades": SHADES}
    fusion, head = FusionSettings("gmu", 5), HeadSettings((4,), batch_norm=True)
    model = network(examples, towers, fusion=fusion, head=head)
    model.fit(examples, examples, place)
    terms = len(examples.features["plot"].terms)  # type: ignore[attr-defined]
    words = (terms + 1) * 8 + 4 * 8
    shades = (3 * 3 * 3 + 1) * 4 + (4 + 1) * 6
    gmu = (8 + 1) * 5 + (6 + 1) * 5 + (14 + 1) * 5
    assert model.parameters() == words + shades + gmu + (5 + 1) * 4 + 4 * 4 + (4 + 1) * 3


# Checkpoints


def test_a_checkpoint_is_known_by_all_that_decides_training(
    toy_examples: Make, toys: Callable[..., list[Movie]]
) -> None:
    examples = toy_examples(24, names="poster")
    model = network(examples)
    name = model._identity(examples, 0)
    assert network(examples)._identity(examples, 0) == name
    smaller = Pixels(PixelSettings(height=24, width=16))
    others = {
        model._identity(examples, 1),
        network(examples, training={"epochs": 2})._identity(examples, 0),
        network(examples, {"poster": SHADES})._identity(examples, 0),
        network(examples, head=HeadSettings((4,)))._identity(examples, 0),
        model._identity(examples.take(range(23)), 0),
        model._identity(replace(examples, labels=1 - examples.labels), 0),
        model._identity(replace(examples, known=~examples.known), 0),
        model._identity(replace(examples, features={"poster": smaller}), 0),
        model._identity(toy_examples(24, everything=True, names="poster"), 0),
    }
    assert len(others) == 9 and name not in others
    words = network(toy_examples(24, names="plot"), {"words": WORDS})
    other = Terms.fit(TermSettings(min_count=1), toys(24, seed=5))
    examples = toy_examples(24, names="plot")
    changed = replace(examples, features={"plot": other})
    assert words._identity(examples, 0) != words._identity(changed, 0)


def test_a_checkpoint_of_vectors_is_known_by_the_pixels_they_came_from(
    toy_examples: Make, place: Place, untrained: list[tuple[Any, ...]]
) -> None:
    examples = toy_examples(24, names="poster")
    other = replace(examples, features={"poster": Pixels(PixelSettings(height=24, width=16))})
    for chosen in (examples, examples, other):
        network(chosen, {"poster": {**TINY, "frozen": True}}).fit(chosen, chosen, place)
    paths = [arguments[5] for arguments in untrained]
    assert paths[0] == paths[1] != paths[2]


# Recipes


def problem(towers: dict[str, Any], kinds: dict[str, str], **settings: Any) -> str:
    spec = SimpleNamespace(settings=NetworkSettings(towers, **settings), parts={})
    return Network.problem(spec, kinds)


KINDS = {"plot": "terms", "poster": "pixels"}
BOTH = {"words": WORDS, "shades": SHADES}


def test_combinations_that_work() -> None:
    assert problem(BOTH, KINDS) == ""
    assert problem({"words": WORDS}, {"plot": "terms"}) == ""
    assert problem(BOTH, KINDS, fusion=FusionSettings("gmu"), start="single") == ""


@pytest.mark.parametrize(
    ("towers", "settings", "message"),
    [
        ({}, {}, "kind 'network' has no parts; give it [towers.NAME]"),
        (BOTH, {"fusion": FusionSettings("sum")}, "unknown fusion 'sum'; "),
        (
            {"words": WORDS},
            {"fusion": FusionSettings("gmu")},
            "fusion 'gmu' needs at least two towers",
        ),
        (BOTH, {"start": "singel"}, "start must be 'fresh' or 'single'"),
        (
            BOTH,
            {"head": HeadSettings(activation="reluu")},
            "head: unknown activation 'reluu'; did you mean 'relu'?",
        ),
        (
            {**BOTH, "words": {**WORDS, "activation": "tan"}},
            {},
            "tower 'words': unknown activation 'tan'; did you mean 'tanh'?",
        ),
        (
            {"words": {**ORDER, "feature": "plot"}, "shades": SHADES},
            {},
            "tower 'words' reads a feature of kind 'tokens' that the model's features name, "
            "not 'plot'",
        ),
        ({"words": WORDS}, {}, "every feature must be read by one tower"),
        ({**BOTH, "again": WORDS}, {}, "every feature must be read by one tower"),
        (
            BOTH,
            {"training": TrainingSettings(epochs=0)},
            "training.epochs and training.batch_size must be at least 1",
        ),
    ],
)
def test_combinations_that_cannot_work(
    towers: dict[str, Any], settings: dict[str, Any], message: str
) -> None:
    assert problem(towers, KINDS, **settings).startswith(message)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"feature": "plot"}, "tower 'a': must be a table with a kind"),
        (3, "tower 'a': must be a table with a kind"),
        ({"kind": "lsmt", "feature": "plot"}, "tower 'a': unknown 'lsmt'; did you mean 'lstm'?"),
        ({**WORDS, "widht": 3}, "tower 'a': unknown key 'widht'; did you mean 'width'?"),
        ({"kind": "dense"}, "tower 'a': feature missing; add it"),
        ({**ORDER, "embedding": {"width": "x"}}, "tower 'a'.embedding.width: must be int, not 'x'"),
    ],
)
def test_towers_that_are_none(table: Any, message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        problem({"a": table}, {"plot": "terms"})
    assert str(caught.value) == message
