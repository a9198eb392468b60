"""The training loop of every network; read it from top to bottom."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.fabric import Fabric
from torch import Tensor, nn

from genreel.errors import RecipeError
from genreel.files import whole_file
from genreel.lab.evaluation.metrics import macro_roc_auc
from genreel.lab.examples import Examples
from genreel.progress import progress, say


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of the loop.

    Attributes:
        epochs: passes over the training movies.
        batch_size: movies per step.
        learning_rate: highest one of the one-cycle schedule (Smith & Topin 2018).
        head_factor: the head learns this many times faster than the tower.
        warmup: share of the steps that raise the learning rate, in [0, 1).
        weight_decay: of AdamW (Loshchilov & Hutter 2019), on matrices alone.
        average: decay of the running average of the weights that is kept in the end, per step.
    """

    epochs: int = 7
    batch_size: int = 64
    learning_rate: float = 4e-4
    head_factor: float = 5.0
    warmup: float = 0.15
    weight_decay: float = 0.02
    average: float = 0.998


def train_network(
    module: Any,
    train: Examples,
    valid: Examples,
    array_of: Callable[[Examples], Any],
    settings: TrainingSettings,
    checkpoint: Path,
    seed: int,
) -> list[dict[str, Any]]:
    """Trains `module` in place; a run that was stopped goes on from its last whole epoch.

    The loss is binary cross-entropy over the known cells. `module` has a `head`, and maps
    `array_of(examples)` to logits of shape (n, genres). Its state is kept in the file `checkpoint`.

    Returns:
        One dict an epoch: epoch, loss, valid_roc_auc (None where undefined), seconds.

    Raises:
        RecipeError: the loss is no longer a number, or there are too few movies for one batch.
    """
    steps = len(train) // settings.batch_size
    if steps == 0:
        raise RecipeError(
            f"{len(train)} movies are fewer than one batch of {settings.batch_size}; "
            "add movies or lower training.batch_size"
        )
    fabric = Fabric(accelerator="auto", devices=1)
    optimizer = torch.optim.AdamW(_groups(module, settings))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=[group["lr"] for group in optimizer.param_groups],
        total_steps=settings.epochs * steps,
        # torch divides by the length of the warm-up less one step.
        pct_start=settings.warmup if settings.warmup * settings.epochs * steps > 1 else 0.0,
    )
    module.to(memory_format=torch.channels_last)
    network, optimizer = fabric.setup(module, optimizer)
    averaged = copy.deepcopy(module)
    state = {"network": module, "averaged": averaged, "optimizer": optimizer, "schedule": schedule}
    history = _resume(checkpoint, state)
    labels, known = (
        torch.from_numpy(array).to(fabric.device)
        for array in (train.labels, train.known.astype(np.float32))
    )

    for epoch in range(len(history), settings.epochs):
        started = time.monotonic()
        module.train()
        # Seeded by epoch, so that a resumed run sees what an unbroken one would have seen.
        torch.manual_seed(seed + epoch)
        order = np.random.default_rng([seed, epoch]).permutation(len(train))
        total = torch.zeros((), device=fabric.device)
        for step in progress(range(steps), f"epoch {epoch + 1}/{settings.epochs}", steps):
            at = np.sort(order[step * settings.batch_size : (step + 1) * settings.batch_size])
            batch = fabric.to_device(torch.from_numpy(array_of(train.take(at))))
            loss = _loss(network(batch), labels[at], known[at])
            fabric.backward(loss)
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
            _average(averaged, module, settings.average)
            total += loss.detach()
        mean_loss = float(total) / steps
        logits = _logits(averaged, valid, array_of, fabric)
        if not (np.isfinite(mean_loss) and np.isfinite(logits).all()):
            raise RecipeError(
                f"the loss is {mean_loss:.3g} in epoch {epoch + 1}, and the network is past use; "
                "lower training.learning_rate"
            )
        auc = macro_roc_auc(valid.labels, valid.known, logits)
        history.append(
            {
                "epoch": epoch + 1,
                "loss": mean_loss,
                "valid_roc_auc": None if np.isnan(auc) else auc,
                "seconds": time.monotonic() - started,
            }
        )
        say(f"epoch {epoch + 1}/{settings.epochs}: loss {mean_loss:.4f}, valid ROC AUC {auc:.4f}")
        _save(checkpoint, state, history)

    module.load_state_dict(averaged.state_dict())
    module.to("cpu").eval()
    return history


def _groups(module: Any, settings: TrainingSettings) -> list[dict[str, Any]]:
    """Parameters by learning rate and decay; vectors (biases, scales) do not decay."""
    head = {id(p) for p in module.head.parameters()}
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for parameter in module.parameters():
        groups.setdefault((id(parameter) in head, parameter.ndim > 1), []).append(parameter)
    return [
        {
            "params": parameters,
            "lr": settings.learning_rate * (settings.head_factor if is_head else 1),
            "weight_decay": settings.weight_decay if is_matrix else 0.0,
        }
        for (is_head, is_matrix), parameters in groups.items()
    ]


def _loss(logits: Tensor, labels: Tensor, known: Tensor) -> Tensor:
    cells = nn.functional.binary_cross_entropy_with_logits(logits, labels, reduction="none")
    return (cells * known).sum() / known.sum().clamp(min=1)


def _average(averaged: nn.Module, module: nn.Module, decay: float) -> None:
    with torch.no_grad():
        current = module.state_dict()
        for name, value in averaged.state_dict().items():
            if value.is_floating_point():
                value.lerp_(current[name], 1 - decay)
            else:
                value.copy_(current[name])


def _logits(
    module: nn.Module, examples: Examples, array_of: Callable[[Examples], Any], fabric: Fabric
) -> Any:
    module.eval()
    with torch.inference_mode():
        found = [
            module(fabric.to_device(torch.from_numpy(array_of(batch)))).cpu().numpy()
            for batch in examples.batches(64)
        ]
    return np.concatenate(found) if found else np.empty_like(examples.labels)


def _save(path: Path, state: dict[str, Any], history: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: thing.state_dict() for name, thing in state.items()}
    with whole_file(path) as file:
        torch.save({**tensors, "history": history}, file)


def _resume(path: Path, state: dict[str, Any]) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    saved = torch.load(path, map_location="cpu", weights_only=True)
    for name, thing in state.items():
        thing.load_state_dict(saved[name])
    history: list[dict[str, Any]] = saved["history"]
    say(f"resuming after epoch {len(history)}")
    return history
