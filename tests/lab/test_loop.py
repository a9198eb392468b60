"""The training loop: it learns, it can be stopped and resumed, it says when it fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from genreel.errors import RecipeError
from genreel.lab.examples import Examples
from genreel.lab.imbalance import balanced_weights
from genreel.lab.metrics import label_accuracy, log_loss
from genreel.lab.networks import loop, training
from genreel.lab.networks.loop import predict_network, train_network
from genreel.lab.networks.loss import network_loss
from genreel.lab.networks.training import (
    SCHEDULES,
    TrainingSettings,
    parameter_groups,
    training_problem,
    usable_precision,
)

Make = Callable[..., Examples]
POSTER = ("poster",)
SETTINGS = TrainingSettings(
    epochs=3,
    batch_size=4,
    optimizer="adamw",
    learning_rate=0.02,
    schedule="onecycle",
    head_factor=5.0,
    weight_decay=0.02,
    average=0.5,
)


class Small(nn.Module):
    """Convolution, batch statistics, dropout: all that a stopped run might lose."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        tower = nn.Sequential(
            nn.Conv2d(3, 4, 3, stride=4),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(0.2),
        )
        self.towers = nn.ModuleDict({"poster": tower})
        self.head = nn.Linear(4, 3)

    def forward(self, arrays: dict[str, Tensor]) -> Tensor:
        pixels = arrays["poster.pixels"].float() / 127.5 - 1
        logits: Tensor = self.head(self.towers["poster"](pixels))
        return logits


@pytest.fixture(scope="module")
def train(toy_examples: Make) -> Examples:
    return toy_examples(42, everything=True, names="poster")


@pytest.fixture(scope="module")
def valid(toy_examples: Make) -> Examples:
    return toy_examples(30, seed=7, everything=True, names="poster")


def run(
    module: nn.Module, train: Examples, valid: Examples, path: Path, **changes: Any
) -> list[dict[str, Any]]:
    return train_network(module, train, valid, POSTER, replace(SETTINGS, **changes), path, seed=3)


def from_checkpoint(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [epoch | {"from_checkpoint": True} for epoch in history]


def test_it_learns(train: Examples, valid: Examples, tmp_path: Path) -> None:
    module = Small()
    history = run(module, train, valid, tmp_path / "run" / "toy.pt")
    losses = [epoch["loss"] for epoch in history]
    assert losses[0] > losses[1] > losses[2]
    assert [epoch["epoch"] for epoch in history] == [1, 2, 3]
    assert all(epoch["seconds"] >= 0 for epoch in history)
    assert json.loads(json.dumps(history, allow_nan=False)) == history
    assert not module.training
    decided = predict_network(module, valid, POSTER)[:, 1] > 0
    assert (decided == (valid.labels[:, 1] > 0)).mean() > 0.95  # Comedy is the bright ones


def test_the_same_seed_gives_the_same_weights(
    train: Examples, valid: Examples, tmp_path: Path
) -> None:
    modules = [Small(), Small()]
    for i, module in enumerate(modules):
        run(module, train, valid, tmp_path / f"{i}.pt", epochs=1)
    assert_same(*modules, tolerance=0)


def assert_same(one: nn.Module, other: nn.Module, tolerance: float) -> None:
    states = one.state_dict(), other.state_dict()
    for name, value in states[0].items():
        torch.testing.assert_close(value, states[1][name], rtol=0, atol=tolerance)


class Stopped(Exception):
    """Somebody pulled the plug."""


@pytest.mark.parametrize("finished", [1, 2])
def test_a_stopped_run_goes_on_as_if_unbroken(
    train: Examples,
    valid: Examples,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    finished: int,
) -> None:
    unbroken = Small()
    expected = run(unbroken, train, valid, tmp_path / "unbroken.pt")

    with monkeypatch.context() as patch:
        batches = 0

        def pull(*arguments: Any, **settings: Any) -> Tensor:
            nonlocal batches
            batches += 1
            if batches == finished * 10 + 6:  # in the midst of the next epoch, of 10 batches
                raise Stopped
            return honest(*arguments, **settings)

        honest = loop.network_loss
        patch.setattr(loop, "network_loss", pull)
        with pytest.raises(Stopped):
            run(Small(), train, valid, tmp_path / "broken.pt")
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["broken.pt", "unbroken.pt"]

    resumed = Small(seed=99)  # nothing of the new start may shine through
    history = run(resumed, train, valid, tmp_path / "broken.pt")
    assert_same(resumed, unbroken, tolerance=1e-6)
    assert [e["loss"] for e in history] == pytest.approx([e["loss"] for e in expected], abs=1e-6)
    assert [e["from_checkpoint"] for e in history] == [i < finished for i in range(len(history))]
    again = Small(seed=5)  # a run that is whole is only read
    assert run(again, train, valid, tmp_path / "broken.pt") == from_checkpoint(history)
    assert_same(again, unbroken, tolerance=1e-6)


def test_a_loss_that_is_no_number(train: Examples, valid: Examples, tmp_path: Path) -> None:
    class Failing(Small):
        batches = 0

        def forward(self, arrays: dict[str, Tensor]) -> Tensor:
            Failing.batches += self.training
            return super().forward(arrays) * (float("nan") if Failing.batches > 10 else 1.0)

    with pytest.raises(RecipeError) as caught:
        run(Failing(), train, valid, tmp_path / "toy.pt")
    assert str(caught.value) == (
        "the loss is nan in epoch 2, and the network is past use; lower training.learning_rate"
    )
    saved = torch.load(tmp_path / "toy.pt", weights_only=True)
    assert [epoch["epoch"] for epoch in saved["history"]] == [1]
    assert all(torch.isfinite(v).all() for v in saved["kept"].values())


def test_weights_that_burst_in_the_last_step(
    train: Examples, valid: Examples, tmp_path: Path
) -> None:
    """The losses of the epoch are all numbers; what it leaves behind is not."""
    with pytest.raises(RecipeError, match=r"the loss is .* in epoch 1, and"):
        run(Small(), train.take(range(4)), valid, tmp_path / "toy.pt", learning_rate=1e30)
    assert not (tmp_path / "toy.pt").exists()


def test_fewer_movies_than_a_batch(train: Examples, valid: Examples, tmp_path: Path) -> None:
    with pytest.raises(RecipeError) as caught:
        run(Small(), train.take(range(3)), valid, tmp_path / "toy.pt")
    assert str(caught.value) == (
        "3 movies are fewer than one batch of 4; add movies or lower training.batch_size"
    )


def test_unknown_labels_teach_nothing(train: Examples, valid: Examples, tmp_path: Path) -> None:
    known = np.random.default_rng(1).random(train.known.shape) < 0.5
    one = replace(train, known=known)
    other = replace(one, labels=np.where(known, one.labels, 1 - one.labels))
    modules = [Small(), Small()]
    for module, examples in zip(modules, (one, other), strict=True):
        run(module, examples, valid, tmp_path / f"{len(list(tmp_path.iterdir()))}.pt", epochs=1)
    assert_same(*modules, tolerance=0)


def test_no_movies_to_validate_on(train: Examples, valid: Examples, tmp_path: Path) -> None:
    [epoch] = run(Small(), train, valid.take([]), tmp_path / "toy.pt", epochs=1)
    assert epoch["valid_loss"] is epoch["valid_roc_auc"] is None
    json.dumps(epoch, allow_nan=False)
    latest, patient = Small(), Small()
    run(latest, train, valid.take([]), tmp_path / "a.pt", average=0.0)
    history = run(patient, train, valid.take([]), tmp_path / "b.pt", average=0.0, patience=1)
    assert len(history) == 3
    assert_same(latest, patient, tolerance=0)


def test_what_is_kept_is_the_average_of_the_weights(
    train: Examples, valid: Examples, tmp_path: Path
) -> None:
    """With a decay of 1 nothing of the training is taken over; with 0, the last step alone."""
    frozen, start = Small(), Small()
    run(frozen, train, valid, tmp_path / "a.pt", epochs=1, average=1.0)
    torch.testing.assert_close(frozen.head.weight, start.head.weight)
    last = Small()
    run(last, train, valid, tmp_path / "b.pt", epochs=1, average=0.0)
    saved = torch.load(tmp_path / "b.pt", weights_only=True)["network"]
    torch.testing.assert_close(last.head.weight.data, saved["head.weight"])
    assert not torch.equal(last.head.weight, start.head.weight)


@pytest.mark.parametrize("warmup", [0.0, 0.1, 0.3, 0.95])
def test_a_warm_up_of_any_length(
    train: Examples, valid: Examples, tmp_path: Path, warmup: float
) -> None:
    """0.1 of ten batches is one, which torch itself would divide by."""
    [epoch] = run(Small(), train, valid, tmp_path / "toy.pt", epochs=1, warmup=warmup)
    assert np.isfinite(epoch["loss"])


def test_vectors_do_not_decay_and_the_head_learns_faster() -> None:
    groups = parameter_groups(Small(), SETTINGS)
    found = {
        (group["lr"], group["weight_decay"]): sorted(p.ndim for p in group["params"])
        for group in groups
    }
    assert found == {(0.02, 0.02): [4], (0.02, 0): [1, 1, 1], (0.1, 0.02): [2], (0.1, 0): [1]}


def contrary(valid: Examples) -> Examples:
    """What is learnt makes these worse."""
    return replace(valid, labels=1 - valid.labels)


def test_every_epoch_has_loss_and_accuracy(
    train: Examples, valid: Examples, tmp_path: Path
) -> None:
    module = Small()
    history = run(module, train, valid, tmp_path / "toy.pt", average=0.0)
    decisions = predict_network(module, valid, POSTER) > 0
    last = history[-1]
    assert last["valid_accuracy"] == label_accuracy(valid.labels, valid.known, decisions)
    assert 0.5 < history[0]["accuracy"] < last["accuracy"] <= 1


def test_a_network_may_stop_on_accuracy(train: Examples, valid: Examples, tmp_path: Path) -> None:
    changes = {"epochs": 20, "average": 0.0, "patience": 2, "schedule": "constant"}
    module = Small()
    history = run(module, train, valid, tmp_path / "a.pt", stop_on="accuracy", **changes)
    accuracies = [epoch["valid_accuracy"] for epoch in history]
    best = int(np.argmax(accuracies))
    assert len(history) == best + 3 < 20
    decisions = predict_network(module, valid, POSTER) > 0
    assert label_accuracy(valid.labels, valid.known, decisions) == max(accuracies)


def test_patience_stops_and_keeps_the_best(
    train: Examples, valid: Examples, tmp_path: Path
) -> None:
    module, wrong = Small(), contrary(valid)
    changes = {"epochs": 20, "average": 0.0, "patience": 2, "schedule": "constant"}
    history = run(module, train, wrong, tmp_path / "toy.pt", **changes)
    losses = [epoch["valid_loss"] for epoch in history]
    best = int(np.argmin(losses))
    assert len(history) == best + 3 < 20
    found = 1 / (1 + np.exp(-predict_network(module, wrong, POSTER)))
    assert log_loss(wrong.labels, wrong.known, found) == pytest.approx(losses[best], abs=1e-6)
    assert abs(losses[-1] - losses[best]) > 1e-3
    again = Small(seed=5)  # a run that was stopped stays stopped
    assert run(again, train, wrong, tmp_path / "toy.pt", **changes) == from_checkpoint(history)
    assert_same(again, module, tolerance=0)
    latest = Small()
    run(latest, train, wrong, tmp_path / "b.pt", **{**changes, "patience": 0, "epochs": best + 3})
    found = 1 / (1 + np.exp(-predict_network(latest, wrong, POSTER)))
    assert log_loss(wrong.labels, wrong.known, found) == pytest.approx(losses[-1], abs=1e-6)


def test_patience_keeps_the_best_average(train: Examples, valid: Examples, tmp_path: Path) -> None:
    module, wrong = Small(), contrary(valid)
    changes = {"epochs": 20, "average": 0.9, "patience": 2, "schedule": "constant"}
    losses = [e["valid_loss"] for e in run(module, train, wrong, tmp_path / "a.pt", **changes)]
    found = 1 / (1 + np.exp(-predict_network(module, wrong, POSTER)))
    assert log_loss(wrong.labels, wrong.known, found) == pytest.approx(min(losses), abs=1e-6)
    assert losses[-1] > min(losses) + 1e-3
    saved = torch.load(tmp_path / "a.pt", weights_only=True)
    assert not torch.equal(saved["average"]["head.weight"], module.head.weight)
    assert not torch.equal(saved["network"]["head.weight"], module.head.weight)


def test_mixup_blends_posters_and_labels_alike() -> None:
    torch.manual_seed(3)
    pixels = torch.zeros(4, 3, 2, 2, dtype=torch.uint8)
    pixels[1] = 200
    labels = torch.tensor([[0.0], [1.0], [0.0], [0.0]])
    known = torch.tensor([[1.0], [1.0], [0.0], [1.0]])
    shares = set()
    for _ in range(30):
        arrays = {"poster.pixels": pixels, "present": torch.ones(4, 4)}
        mixed, target, heeded = loop._mix(arrays, labels, known, 0.4)
        assert mixed["present"] is arrays["present"]
        found = mixed["poster.pixels"]
        assert found.dtype == torch.uint8
        blended = found.float().mean(dim=(1, 2, 3)) / 200
        torch.testing.assert_close(blended[:, None], target, atol=0.003, rtol=0)
        assert heeded[2] == 0 and heeded.sum() in (2, 3)
        shares.add(round(float(target.max()), 3))
    assert len(shares) > 10
    assert labels.sum() == 1  # what is given stays as it is


def test_half_the_bits_teach_as_well(
    train: Examples, valid: Examples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "_cpu_has_bfloat16", lambda: True)
    full, half = Small(), Small()
    exact = run(full, train, valid, tmp_path / "a.pt")
    rounded = run(half, train, valid, tmp_path / "b.pt", precision="bfloat16")
    assert all(parameter.dtype == torch.float32 for parameter in half.parameters())
    first, second = (predict_network(m, valid, POSTER) for m in (full, half))
    assert np.abs(first - second).max() > 0
    assert rounded[-1]["valid_loss"] == pytest.approx(exact[-1]["valid_loss"], abs=0.03)


def test_bfloat16_only_where_it_is_not_slower(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for cuda, cpu, expected in (
        (False, False, "float32"),
        (False, True, "bfloat16"),
        (True, False, "bfloat16"),
    ):
        monkeypatch.setattr(torch.cuda, "is_available", lambda cuda=cuda: cuda)
        monkeypatch.setattr(training, "_cpu_has_bfloat16", lambda cpu=cpu: cpu)
        assert usable_precision("bfloat16") == expected
        assert usable_precision("float32") == "float32"
    assert capsys.readouterr().err.count("training is in float32") == 1


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
@pytest.mark.parametrize("schedule", ["constant", "onecycle", "step"])
def test_every_optimizer_and_schedule_learns(
    train: Examples, valid: Examples, tmp_path: Path, optimizer: str, schedule: str
) -> None:
    history = run(
        Small(), train, valid, tmp_path / "toy.pt", optimizer=optimizer, schedule=schedule
    )
    assert history[-1]["loss"] < history[0]["loss"] - 0.02


def rates(settings: TrainingSettings, steps: int) -> list[float]:
    """The learning rate of every step."""
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=settings.learning_rate)
    schedule = SCHEDULES[settings.schedule](optimizer, settings, steps)
    found = []
    for _ in range(settings.epochs * steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return found


def test_the_rates_of_each_schedule() -> None:
    step = replace(
        SETTINGS, epochs=5, learning_rate=0.8, schedule="step", step_epochs=2, step_factor=0.5
    )
    np.testing.assert_allclose(rates(step, 3), np.repeat([0.8, 0.4, 0.2], [6, 6, 3]))
    constant = replace(SETTINGS, schedule="constant")
    np.testing.assert_allclose(rates(constant, 4), 0.02)
    cycle = rates(replace(SETTINGS, warmup=0.25, epochs=10), 10)
    assert max(cycle) == pytest.approx(0.02) and np.argmax(cycle) == 24
    assert cycle[0] < 0.001 and cycle[-1] < 1e-6


def test_no_unit_of_the_head_has_a_longer_vector_than_max_norm(
    train: Examples, valid: Examples, tmp_path: Path
) -> None:
    free, bound = Small(), Small()
    run(free, train, valid, tmp_path / "a.pt", average=0.0)
    run(bound, train, valid, tmp_path / "b.pt", average=0.0, max_norm=0.5)
    assert (free.head.weight.norm(dim=1) > 0.5).any()
    lengths = bound.head.weight.norm(dim=1)
    assert lengths.max() <= 0.5 + 1e-6 and lengths.max() > 0.49


def test_weights_weigh_positives_by_what_is_known(train: Examples) -> None:
    labels = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 1.0]])
    known = torch.tensor([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [1.0, 0.0, 0.0]])
    weights = balanced_weights(labels, known)
    torch.testing.assert_close(weights, torch.tensor([3.0, 0.5, 3.0]))  # of none: not infinite
    logits = torch.linspace(-2, 2, 12).reshape(4, 3)
    p = 1 / (1 + np.exp(-logits.double().numpy()))
    y, w, k = labels.numpy(), weights.numpy(), known.numpy()
    expected = (-(w * y * np.log(p) + (1 - y) * np.log(1 - p)) * k).sum() / k.sum()
    assert network_loss(logits, labels, known, weights=weights).item() == pytest.approx(
        expected, abs=1e-6
    )


@pytest.mark.parametrize("imbalance", ["weights", "asymmetric"])
def test_a_correction_gives_a_rare_genre_more_say(
    train: Examples, valid: Examples, tmp_path: Path, imbalance: str
) -> None:
    labels = train.labels.copy()
    labels[np.flatnonzero(labels[:, 0])[4:], 0] = 0
    rare, modules = replace(train, labels=labels), [Small(), Small()]
    for module, correction in zip(modules, ("none", imbalance), strict=True):
        run(module, rare, valid, tmp_path / f"{correction}.pt", imbalance=correction)
    plain, balanced = (predict_network(module, valid, POSTER)[:, 0] for module in modules)
    assert balanced.mean() > plain.mean() + 0.1


def test_resampling_shows_rare_films_more_often(train: Examples) -> None:
    labels = np.zeros_like(train.labels)
    labels[0, 0] = 1  # one film in len(train)
    rare = replace(train, labels=labels, known=np.ones_like(train.known))
    orders = {
        imbalance: np.concatenate(
            [
                loop._order(
                    rare, POSTER, replace(SETTINGS, imbalance=imbalance), np.random.default_rng(k)
                )
                for k in range(50)
            ]
        )
        for imbalance in ("none", "resampling")
    }
    assert (orders["none"] == 0).sum() == 50
    assert (orders["resampling"] == 0).sum() > 50
    assert len(orders["resampling"]) == len(orders["none"])


def test_texts_of_like_length_share_a_batch(toy_examples: Make) -> None:
    plots = toy_examples(43, everything=True, names="pieces")
    lengths = np.array([len(row) for row in plots.read("pieces")])
    orders = [
        loop._order(plots, ("pieces",), SETTINGS, np.random.default_rng(k)) for k in range(20)
    ]
    assert all(sorted(order) == list(range(43)) for order in orders)
    assert len({tuple(order) for order in orders}) == 20
    spread = [np.ptp(lengths[order[:40]].reshape(10, 4), axis=1).mean() for order in orders]
    assert np.mean(spread) < np.ptp(lengths) / 4
    left_out = {int(i) for order in orders for i in order[40:]}
    assert len(left_out) > 3  # not always the same films


def towers(module: nn.Module) -> dict[str, Tensor]:
    return {k: v.clone() for k, v in module.state_dict().items() if k.startswith("towers.")}


def equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> list[bool]:
    return [torch.equal(value, other[name]) for name, value in one.items()]


def test_frozen_towers_keep_weights_and_statistics(
    train: Examples, valid: Examples, tmp_path: Path
) -> None:
    module = Small()
    before, head = towers(module), module.head.weight.detach().clone()
    run(module, train, valid, tmp_path / "toy.pt", freeze="towers", average=0.0)
    assert all(equal(before, towers(module)))
    assert not torch.equal(head, module.head.weight)


def test_towers_that_are_frozen_at_first_are_tuned_later(
    train: Examples, valid: Examples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, seen = Small(), []
    before = towers(module)
    honest = loop._save

    def noting(*arguments: Any) -> None:
        seen.append(all(equal(before, towers(module))))
        honest(*arguments)

    monkeypatch.setattr(loop, "_save", noting)
    run(module, train, valid, tmp_path / "toy.pt", epochs=6, freeze="first", average=0.0)
    assert seen == [True, True, False, False, False, False]


def test_freezing_nothing_tunes_all(train: Examples, valid: Examples, tmp_path: Path) -> None:
    module = Small()
    before = towers(module)
    run(module, train, valid, tmp_path / "toy.pt", epochs=1, average=0.0)
    assert not any(equal(before, towers(module)))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, ""),
        (
            {"optimizer": "adamm"},
            "training.optimizer must be one of adam, adamw, sgd, not 'adamm'",
        ),
        (
            {"schedule": "cosine"},
            "training.schedule must be one of constant, onecycle, step, not 'cosine'",
        ),
        (
            {"freeze": "last"},
            "training.freeze must be one of none, towers, first, not 'last'",
        ),
        ({"epochs": 0}, "training.epochs and training.batch_size must be at least 1"),
        ({"batch_size": 0}, "training.epochs and training.batch_size must be at least 1"),
        ({"step_epochs": 0}, "training.step_epochs must be at least 1"),
        ({"warmup": 1.0}, "training.warmup must be at least 0 and below 1"),
        ({"warmup": -0.1}, "training.warmup must be at least 0 and below 1"),
        ({"mixup": -0.1}, "training.mixup must be at least 0"),
        ({"precision": "half"}, "training.precision must be one of float32, bfloat16, not 'half'"),
    ],
)
def test_settings_that_cannot_work(changes: dict[str, Any], problem: str) -> None:
    assert training_problem(replace(SETTINGS, **changes)) == problem
