"""The training loop of every network."""

from __future__ import annotations

import copy
import io
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.fabric import Fabric
from lightning.fabric.strategies.ddp import DDPStrategy
from scipy.special import expit
from torch import Tensor, nn

from genreel.errors import RecipeError
from genreel.features import Array
from genreel.files import write_whole
from genreel.lab.examples import Examples
from genreel.lab.imbalance import balanced_weights, resampled
from genreel.lab.metrics import label_accuracy, log_loss, macro_roc_auc
from genreel.lab.networks.layers import max_norm
from genreel.lab.networks.loss import network_loss
from genreel.lab.networks.memory import keep_freed_memory
from genreel.lab.networks.training import (
    OPTIMIZERS,
    PRECISIONS,
    SCHEDULES,
    TrainingSettings,
    parameter_groups,
    usable_precision,
)
from genreel.progress import is_first_process, progress, say


@dataclass
class _Training:
    """A network in training.

    Attributes:
        fabric: the device, and the processes that share each batch.
        module: the network.
        wrapper: the network as a step calls it, so that processes share their gradients.
        average: the running average of its weights; `module` itself where none is taken.
        best: a copy of the weights that will be kept.
        optimizer, schedule: of `module`.
        features: names of the features whose arrays it reads.
        labels, counts: float32 in [0, 1], shape (n, genres): of the training movies, and how much
            each cell counts.
        weights: what a genre's positives count, shape (genres,); 1 if None.
    """

    settings: TrainingSettings
    fabric: Fabric
    module: Any
    wrapper: Any
    average: Any
    best: Any
    optimizer: Any
    schedule: Any
    features: Sequence[str]
    labels: Tensor
    counts: Tensor
    weights: Tensor | None

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds, by its keys."""
        state = {"network": self.module, "kept": self.best}
        state |= {"optimizer": self.optimizer, "schedule": self.schedule}
        return state | ({"average": self.average} if self.settings.average else {})


def train_network(
    module: Any,
    train: Examples,
    valid: Examples,
    features: Sequence[str],
    settings: TrainingSettings,
    checkpoint: Path,
    seed: int,
) -> list[dict[str, Any]]:
    """Trains `module` in place; a run that was stopped goes on from its last whole epoch.

    Under `torchrun` every process takes its share of each batch; weights, averages and decisions
    are the same in all. Only batch normalisation and dropout differ from a run of one process.

    Args:
        module: has `towers` and a `head`, and maps arrays to logits of shape (n, genres).
        train, valid: movies to learn from, and to measure each epoch on.
        features: names of the features whose arrays the module reads.
        settings: how it learns; the loss is `loss.network_loss`.
        checkpoint: the file that its state is kept in.
        seed: of everything random.

    Returns:
        One dict an epoch: epoch; loss and accuracy, the means over its steps, as the network learns
        (with dropout, crops and so on); valid_loss, valid_accuracy, valid_roc_auc (None where
        undefined); seconds; from_checkpoint, whether an earlier run learnt it. Accuracy is that of
        labels, at 0.5.

    Raises:
        RecipeError: the loss is no longer a number, or there are too few movies for one batch.
    """
    keep_freed_memory()
    training = _start(module, train, features, settings)
    history = _resume(checkpoint, training.state())
    for epoch in range(len(history), settings.epochs):
        if settings.patience and _epochs_since_best(history, settings) >= settings.patience:
            break
        start = time.monotonic()
        loss, accuracy = _learn(training, train, epoch, seed)
        figures = {"epoch": epoch + 1, "loss": loss, "accuracy": accuracy}
        figures |= _measure(training, valid, epoch, loss)
        figures |= {"seconds": time.monotonic() - start, "from_checkpoint": False}
        history.append(figures)
        if not (settings.patience and _epochs_since_best(history, settings)):
            training.best.load_state_dict(training.average.state_dict())
        if is_first_process():
            _save(checkpoint, training.state(), history)
        training.fabric.barrier()
    module.load_state_dict(training.best.state_dict())
    module.to("cpu").eval()
    return history


def _start(
    module: Any, train: Examples, features: Sequence[str], settings: TrainingSettings
) -> _Training:
    """A network, its optimizer and its labels on their device, before the first step."""
    steps = len(train) // settings.batch_size
    if steps == 0:
        raise RecipeError(
            f"{len(train)} movies are fewer than one batch of {settings.batch_size}; "
            "add movies or lower training.batch_size"
        )
    fabric = _fabric(usable_precision(settings.precision))
    if settings.batch_size < fabric.world_size:
        raise RecipeError(
            f"a batch of {settings.batch_size} cannot be shared by {fabric.world_size} processes; "
            "start fewer or raise training.batch_size"
        )
    optimizer = OPTIMIZERS[settings.optimizer](parameter_groups(module, settings))
    schedule = SCHEDULES[settings.schedule](optimizer, settings, steps)
    module.to(memory_format=torch.channels_last)
    wrapper, optimizer = fabric.setup(module, optimizer)
    labels, counts = (
        torch.from_numpy(array).to(fabric.device) for array in (train.labels, train.counts())
    )
    return _Training(
        settings=settings,
        fabric=fabric,
        module=module,
        wrapper=wrapper,
        average=copy.deepcopy(module) if settings.average else module,
        best=copy.deepcopy(module),
        optimizer=optimizer,
        schedule=schedule,
        features=features,
        labels=labels,
        counts=counts,
        weights=balanced_weights(labels, counts) if settings.imbalance == "weights" else None,
    )


def _learn(training: _Training, train: Examples, epoch: int, seed: int) -> tuple[float, float]:
    """One epoch; its mean loss and accuracy over the steps of all processes."""
    settings, fabric = training.settings, training.fabric
    _freeze(training.module, settings, epoch)
    # Seeded by epoch, so that a resumed run draws what an unbroken one would have drawn.
    torch.manual_seed(seed + epoch + _RANKS_APART * fabric.global_rank)
    order = _order(train, training.features, settings, np.random.default_rng([seed, epoch]))
    steps, size = len(train) // settings.batch_size, settings.batch_size
    total = torch.zeros(2, device=fabric.device)
    for step in progress(range(steps), f"epoch {epoch + 1}/{settings.epochs}", steps):
        total += _step(training, train, np.sort(order[step * size : (step + 1) * size]))
    loss, accuracy = (torch.as_tensor(fabric.all_reduce(total, reduce_op="mean")) / steps).tolist()
    return loss, accuracy


def _step(training: _Training, train: Examples, batch: Array) -> Tensor:
    """Learns from the movies at the positions `batch`; loss and accuracy, on the device."""
    settings, fabric = training.settings, training.fabric
    share = batch[fabric.global_rank :: fabric.world_size]  # of this process
    arrays = _tensors(train.take(share).arrays(training.features), fabric)
    labels, counts = training.labels[share], training.counts[share]
    if settings.mixup:
        arrays, labels, counts = _mix(arrays, labels, counts, settings.mixup)
    # Gradients are averaged over the processes. A process's part of the batch's mean loss, times
    # their number, thus gives the gradient that one process would have had.
    logits = training.wrapper(arrays)
    loss = fabric.world_size * network_loss(
        logits,
        labels,
        counts,
        weights=training.weights,
        asymmetric=settings.imbalance == "asymmetric",
        count=training.counts[batch].sum(),
    )
    fabric.backward(loss)
    training.optimizer.step()
    training.optimizer.zero_grad()
    training.schedule.step()
    if settings.max_norm:
        max_norm(training.module.head, settings.max_norm)
    if settings.average:
        _update_average(training.average, training.module, settings.average)
    is_right = (logits.detach() > 0) == (labels > 0.5)
    accuracy = (is_right * counts).sum() / counts.sum().clamp(min=1)
    return torch.stack((loss.detach(), accuracy))


def _measure(training: _Training, valid: Examples, epoch: int, loss: float) -> dict[str, Any]:
    """Figures of an epoch on the valid movies, as JSON values; also reported on stderr.

    Raises:
        RecipeError: the loss or a logit is no longer a number.
    """
    logits = predict_network(training.average, valid, training.features, training.fabric)
    if not (np.isfinite(loss) and np.isfinite(logits).all()):
        raise RecipeError(
            f"the loss is {loss:.3g} in epoch {epoch + 1}, and the network is past use; "
            "lower training.learning_rate"
        )
    auc = macro_roc_auc(valid.labels, valid.known, logits)
    valid_loss = log_loss(valid.labels, valid.known, expit(logits))
    say(
        f"epoch {epoch + 1}/{training.settings.epochs}: loss {loss:.4f}, valid loss "
        f"{valid_loss:.4f}, valid ROC AUC {auc:.4f}"
    )
    accuracy = label_accuracy(valid.labels, valid.known, logits > 0)
    figures = {"valid_loss": valid_loss, "valid_accuracy": accuracy, "valid_roc_auc": auc}
    return {name: None if np.isnan(value) else value for name, value in figures.items()}


_RANKS_APART = 1_000_003  # so that no two processes draw alike, in any epoch


def predict_network(
    module: Any, examples: Examples, features: Sequence[str], fabric: Fabric | None = None
) -> Array:
    """Logits, float64, shape (n, genres), in evaluation mode."""
    module.eval()
    with torch.inference_mode():
        batches = [
            module(_tensors(batch.arrays(features), fabric)).cpu().numpy()
            for batch in examples.batches(64)
        ]
    return np.concatenate(batches).astype(np.float64) if batches else np.empty_like(examples.labels)


def _tensors(arrays: dict[str, Array], fabric: Fabric | None) -> dict[str, Tensor]:
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    return {n: fabric.to_device(t) for n, t in tensors.items()} if fabric else tensors


def _freeze(module: Any, settings: TrainingSettings, epoch: int) -> None:
    """Puts the module into training mode, except the towers that are frozen in this epoch."""
    module.train()
    frozen = settings.freeze == "towers" or (
        settings.freeze == "first" and epoch < settings.epochs // 3
    )
    for tower in module.towers.values():
        is_fixed = getattr(getattr(tower, "settings", None), "frozen", False)
        if settings.freeze != "none" and not is_fixed:
            tower.requires_grad_(not frozen)
        if frozen:
            tower.eval()


def _mix(
    arrays: dict[str, Tensor], labels: Tensor, known: Tensor, alpha: float
) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """A batch of posters blended with itself in another order; a cell is known where both are."""
    share = float(np.random.default_rng(int(torch.randint(2**31, ()))).beta(alpha, alpha))
    other = torch.randperm(len(labels)).to(labels.device)

    def blend(tensor: Tensor) -> Tensor:
        return torch.lerp(tensor[other].float(), tensor.float(), share)

    pixels = {
        name: blend(tensor).round().to(torch.uint8)
        for name, tensor in arrays.items()
        if tensor.dtype == torch.uint8
    }
    return arrays | pixels, blend(labels), known * known[other]


def _fabric(precision: str) -> Fabric:
    """One process, or those that `torchrun` started, on one machine or several."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    plugin = PRECISIONS[precision]
    if world == 1:
        return Fabric(accelerator="auto", devices=1, precision=plugin)
    devices = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    # Towers that are frozen for some epochs leave parameters without a gradient.
    strategy = DDPStrategy(find_unused_parameters=True)
    fabric = Fabric(
        accelerator="auto",
        devices=devices,
        num_nodes=world // devices,
        strategy=strategy,
        precision=plugin,
    )
    fabric.launch()
    return fabric


_WINDOW = 32  # batches whose texts are sorted by length, so that little of a batch is padding


def _order(
    train: Examples, features: Sequence[str], settings: TrainingSettings, rng: np.random.Generator
) -> Array:
    """The movies of an epoch, as positions; texts of similar length share a batch."""
    if settings.imbalance == "resampling":
        order: Array = resampled(train.labels, train.known, rng)
    else:
        order = rng.permutation(len(train))
    pieces = [name for name in features if train.features[name].text_length]
    if not pieces:
        return order
    lengths = np.array([0 if row is None else len(row) for row in train.read(pieces[0])])
    size, window = settings.batch_size, settings.batch_size * _WINDOW
    for start in range(0, len(order), window):
        part = order[start : start + window]
        order[start : start + window] = part[np.argsort(lengths[part], kind="stable")]
    whole = order[: len(order) // size * size].reshape(-1, size)
    return np.concatenate([rng.permutation(whole).ravel(), order[whole.size :]])


def _update_average(average: nn.Module, module: nn.Module, decay: float) -> None:
    # Frozen weights are equal in both; averaging an encoder's 20 million would take most of a step.
    frozen = {name for name, p in module.named_parameters() if not p.requires_grad}
    with torch.no_grad():
        current = module.state_dict()
        for name, value in average.state_dict().items():
            if name in frozen:
                continue
            if value.is_floating_point():
                value.lerp_(current[name], 1 - decay)
            else:
                value.copy_(current[name])


def _epochs_since_best(history: list[dict[str, Any]], settings: TrainingSettings) -> int:
    """Epochs since the lowest valid loss, or the highest accuracy; 0 before the first."""
    name, sign = ("valid_loss", 1) if settings.stop_on == "loss" else ("valid_accuracy", -1)
    figures = [sign * row[name] for row in history if row[name] is not None]
    return len(figures) - 1 - figures.index(min(figures)) if figures else 0


def _save(path: Path, state: dict[str, Any], history: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: thing.state_dict() for name, thing in state.items()}
    buffer = io.BytesIO()  # torch itself reports a full disk as a wrong file position
    torch.save({**tensors, "history": history}, buffer)
    write_whole(path, buffer.getvalue())


def _resume(path: Path, state: dict[str, Any]) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    for name, thing in state.items():
        thing.load_state_dict(checkpoint[name])
    history = [epoch | {"from_checkpoint": True} for epoch in checkpoint["history"]]
    say(f"resuming after epoch {len(history)}")
    return history
