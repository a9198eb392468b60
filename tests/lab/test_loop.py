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
from genreel.lab.training import loop
from genreel.lab.training.loop import TrainingSettings, train_network

Make = Callable[..., Examples]
SETTINGS = TrainingSettings(epochs=3, batch_size=4, learning_rate=0.02, average=0.5)


class Small(nn.Module):
    """Convolution, batch statistics, dropout: all that a stopped run might lose."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.tower = nn.Sequential(
            nn.Conv2d(3, 4, 3, stride=4),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(0.2),
        )
        self.head = nn.Linear(4, 3)

    def forward(self, pixels: Tensor) -> Tensor:
        logits: Tensor = self.head(self.tower(pixels.float() / 127.5 - 1))
        return logits


def pixels(examples: Examples) -> Any:
    return examples.arrays(["poster"])["poster.pixels"]


@pytest.fixture(scope="module")
def train(toy_examples: Make) -> Examples:
    return toy_examples(42, everything=True, names="poster")


@pytest.fixture(scope="module")
def valid(toy_examples: Make) -> Examples:
    return toy_examples(30, seed=7, everything=True, names="poster")


def run(
    module: nn.Module, train: Examples, valid: Examples, path: Path, **changes: Any
) -> list[dict[str, Any]]:
    return train_network(module, train, valid, pixels, replace(SETTINGS, **changes), path, seed=3)


def test_it_learns(train: Examples, valid: Examples, tmp_path: Path) -> None:
    module = Small()
    history = run(module, train, valid, tmp_path / "run" / "toy.pt")
    losses = [epoch["loss"] for epoch in history]
    assert losses[0] > losses[1] > losses[2]
    assert [epoch["epoch"] for epoch in history] == [1, 2, 3]
    assert all(epoch["seconds"] >= 0 for epoch in history)
    assert json.loads(json.dumps(history, allow_nan=False)) == history
    assert not module.training
    with torch.no_grad():
        decided = module(torch.from_numpy(pixels(valid))).numpy()[:, 1] > 0
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

        def pull(logits: Tensor, labels: Tensor, known: Tensor) -> Tensor:
            nonlocal batches
            batches += 1
            if batches == finished * 10 + 6:  # in the midst of the next epoch, of 10 batches
                raise Stopped
            return honest(logits, labels, known)

        honest = loop._loss
        patch.setattr(loop, "_loss", pull)
        with pytest.raises(Stopped):
            run(Small(), train, valid, tmp_path / "broken.pt")
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["broken.pt", "unbroken.pt"]

    resumed = Small(seed=99)  # nothing of the new start may shine through
    history = run(resumed, train, valid, tmp_path / "broken.pt")
    assert_same(resumed, unbroken, tolerance=1e-6)
    assert [e["loss"] for e in history] == pytest.approx([e["loss"] for e in expected], abs=1e-6)
    again = Small(seed=5)  # a run that is whole is only read
    assert run(again, train, valid, tmp_path / "broken.pt") == history
    assert_same(again, unbroken, tolerance=1e-6)


def test_a_loss_that_is_no_number(train: Examples, valid: Examples, tmp_path: Path) -> None:
    class Failing(Small):
        batches = 0

        def forward(self, pixels: Tensor) -> Tensor:
            Failing.batches += self.training
            return super().forward(pixels) * (float("nan") if Failing.batches > 10 else 1.0)

    with pytest.raises(RecipeError) as caught:
        run(Failing(), train, valid, tmp_path / "toy.pt")
    assert str(caught.value) == (
        "the loss is nan in epoch 2, and the network is past use; lower training.learning_rate"
    )
    saved = torch.load(tmp_path / "toy.pt", weights_only=True)
    assert [epoch["epoch"] for epoch in saved["history"]] == [1]
    assert all(torch.isfinite(v).all() for v in saved["averaged"].values())


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
    assert epoch["valid_roc_auc"] is None
    json.dumps(epoch, allow_nan=False)


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
    groups = loop._groups(Small(), SETTINGS)
    found = {
        (group["lr"], group["weight_decay"]): sorted(p.ndim for p in group["params"])
        for group in groups
    }
    assert found == {(0.02, 0.02): [4], (0.02, 0): [1, 1, 1], (0.1, 0.02): [2], (0.1, 0): [1]}
