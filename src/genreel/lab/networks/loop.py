"""The training loop of every network; read it from top to bottom."""

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
from genreel.features.pieces import Pieces
from genreel.files import write_whole
from genreel.lab.examples import Examples
from genreel.lab.imbalance import CORRECTIONS, balanced_weights, imbalance_problem, resampled
from genreel.lab.metrics import log_loss, macro_roc_auc
from genreel.lab.networks.layers import max_norm
from genreel.lab.networks.loss import network_loss
from genreel.lab.networks.memory import keep_freed_memory
from genreel.progress import progress, say


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of the loop.

    Attributes:
        epochs: passes over the training movies, at most.
        batch_size: movies per step.
        optimizer: "adam", "adamw" (decay on matrices alone) or "sgd" (momentum 0.9).
        learning_rate: the highest one.
        schedule: "constant"; "onecycle" (Smith & Topin 2018; `warmup`, in [0, 1), is the share of
            steps that raise it); "step" (times `step_factor` every `step_epochs` epochs).
        head_factor: fusion and head learn this many times faster than the towers.
        weight_decay: of adamw and sgd.
        average: decay, per step, of the running average of the weights that is judged and kept;
            0 judges and keeps the weights themselves.
        patience: stop after so many epochs without a lower valid loss and keep the best; 0 never,
            and keep the last.
        imbalance: how rare genres are heeded: "none", "weights" (a genre's positives count
            negatives / positives times), "resampling" or "asymmetric"; see `lab.imbalance`.
        max_norm: longest vector of weights into a unit of the head; 0 for any.
        freeze: "none", "towers" (only fusion and head learn), or "first" (towers are frozen for
            the first third of the epochs, then tuned).
        mixup: α of the Beta(α, α) from which each batch draws how it is blended with itself in
            another order, posters and labels alike (Zhang et al. 2018, mixup); 0 never. For
            networks that read posters alone.
        precision: "float32", or "bfloat16" for the products and convolutions of training where
            the device computes in it (a CPU with AVX-512 BF16: a third faster; a GPU: more).
            A CPU that only imitates it takes three times as long, and trains in float32.
    """

    epochs: int = 10
    batch_size: int = 64
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    schedule: str = "constant"
    warmup: float = 0.15
    step_epochs: int = 10
    step_factor: float = 0.5
    head_factor: float = 1.0
    weight_decay: float = 0.0
    average: float = 0.0
    patience: int = 0
    imbalance: str = "none"
    max_norm: float = 0.0
    freeze: str = "none"
    mixup: float = 0.0
    precision: str = "float32"


_PRECISIONS: dict[str, Any] = {"float32": "32-true", "bfloat16": "bf16-mixed"}

_OPTIMIZERS: dict[str, Any] = {
    "adam": lambda groups: torch.optim.Adam(groups),
    "adamw": lambda groups: torch.optim.AdamW(groups),
    "sgd": lambda groups: torch.optim.SGD(groups, momentum=0.9),
}

_SCHEDULES: dict[str, Any] = {
    "constant": lambda opt, s, steps: torch.optim.lr_scheduler.LambdaLR(opt, lambda _: 1.0),
    "onecycle": lambda opt, s, steps: torch.optim.lr_scheduler.OneCycleLR(
        opt,
        max_lr=[group["lr"] for group in opt.param_groups],
        total_steps=s.epochs * steps,
        # torch divides by the length of the warm-up less one step.
        pct_start=s.warmup if s.warmup * s.epochs * steps > 1 else 0.0,
    ),
    "step": lambda opt, s, steps: torch.optim.lr_scheduler.StepLR(
        opt, step_size=s.step_epochs * steps, gamma=s.step_factor
    ),
}


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
    are the same in all. Batch normalisation and dropout alone differ from a run of one process.

    The loss is that of `loss.network_loss`. `module` has `towers` and a `head`, and
    maps the arrays of `features` to logits of shape (n, genres). Its state is kept in the file
    `checkpoint`.

    Returns:
        One dict an epoch: epoch, loss, valid_loss, valid_roc_auc (both None where undefined),
        seconds.

    Raises:
        RecipeError: the loss is no longer a number, or there are too few movies for one batch.
    """
    steps = len(train) // settings.batch_size
    if steps == 0:
        raise RecipeError(
            f"{len(train)} movies are fewer than one batch of {settings.batch_size}; "
            "add movies or lower training.batch_size"
        )
    keep_freed_memory()
    fabric = _fabric(usable_precision(settings.precision))
    if settings.batch_size < fabric.world_size:
        raise RecipeError(
            f"a batch of {settings.batch_size} cannot be shared by {fabric.world_size} processes; "
            "start fewer or raise training.batch_size"
        )
    optimizer = _OPTIMIZERS[settings.optimizer](_groups(module, settings))
    schedule = _SCHEDULES[settings.schedule](optimizer, settings, steps)
    module.to(memory_format=torch.channels_last)
    network, optimizer = fabric.setup(module, optimizer)
    judged = copy.deepcopy(module) if settings.average else module
    kept = copy.deepcopy(module)
    state = {"network": module, "kept": kept, "optimizer": optimizer, "schedule": schedule}
    if settings.average:
        state["average"] = judged
    history = _resume(checkpoint, state)
    labels, known = (
        torch.from_numpy(array).to(fabric.device) for array in (train.labels, train.counted())
    )
    weights = balanced_weights(labels, known) if settings.imbalance == "weights" else None

    for epoch in range(len(history), settings.epochs):
        if settings.patience and _since_best(history) >= settings.patience:
            break
        started = time.monotonic()
        _freeze(module, settings, epoch)
        # Seeded by epoch, so that a resumed run sees what an unbroken one would have seen.
        torch.manual_seed(seed + epoch + _RANKS_APART * fabric.global_rank)
        order = _order(train, features, settings, np.random.default_rng([seed, epoch]))
        total = torch.zeros((), device=fabric.device)
        for step in progress(range(steps), f"epoch {epoch + 1}/{settings.epochs}", steps):
            at = np.sort(order[step * settings.batch_size : (step + 1) * settings.batch_size])
            mine = at[fabric.global_rank :: fabric.world_size]
            arrays = _tensors(train.take(mine).arrays(features), fabric)
            target, heeded = labels[mine], known[mine]
            if settings.mixup:
                arrays, target, heeded = _mixed(arrays, target, heeded, settings.mixup)
            logits = network(arrays)
            # Gradients are averaged over the processes: each one's part of the batch's mean,
            # times their number, gives what one process alone would have had.
            part = network_loss(
                logits,
                target,
                heeded,
                weights=weights,
                asymmetric=settings.imbalance == "asymmetric",
                count=known[at].sum(),
            )
            loss = part * fabric.world_size
            fabric.backward(loss)
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
            if settings.max_norm:
                max_norm(module.head, settings.max_norm)
            if settings.average:
                _average(judged, module, settings.average)
            total += loss.detach()
        mean_loss = float(torch.as_tensor(fabric.all_reduce(total, reduce_op="mean"))) / steps
        found = predict_network(judged, valid, features, fabric)
        if not (np.isfinite(mean_loss) and np.isfinite(found).all()):
            raise RecipeError(
                f"the loss is {mean_loss:.3g} in epoch {epoch + 1}, and the network is past use; "
                "lower training.learning_rate"
            )
        auc = macro_roc_auc(valid.labels, valid.known, found)
        valid_loss = log_loss(valid.labels, valid.known, expit(found))
        history.append(
            {
                "epoch": epoch + 1,
                "loss": mean_loss,
                "valid_loss": None if np.isnan(valid_loss) else valid_loss,
                "valid_roc_auc": None if np.isnan(auc) else auc,
                "seconds": time.monotonic() - started,
            }
        )
        if not (settings.patience and _since_best(history)):
            kept.load_state_dict(judged.state_dict())
        say(
            f"epoch {epoch + 1}/{settings.epochs}: loss {mean_loss:.4f}, valid loss "
            f"{valid_loss:.4f}, valid ROC AUC {auc:.4f}"
        )
        if fabric.is_global_zero:
            _save(checkpoint, state, history)
        fabric.barrier()

    module.load_state_dict(kept.state_dict())
    module.to("cpu").eval()
    return history


_RANKS_APART = 1_000_003  # so that no two processes draw alike, in any epoch


def predict_network(
    module: Any, examples: Examples, features: Sequence[str], fabric: Fabric | None = None
) -> Array:
    """Logits, float64, shape (n, genres), in evaluation mode."""
    module.eval()
    with torch.inference_mode():
        found = [
            module(_tensors(batch.arrays(features), fabric)).cpu().numpy()
            for batch in examples.batches(64)
        ]
    return np.concatenate(found).astype(np.float64) if found else np.empty_like(examples.labels)


def training_problem(settings: TrainingSettings) -> str:
    """Why these settings cannot work, or ""."""
    for name, value, allowed in (
        ("optimizer", settings.optimizer, _OPTIMIZERS),
        ("schedule", settings.schedule, _SCHEDULES),
        ("freeze", settings.freeze, ("none", "towers", "first")),
        ("precision", settings.precision, _PRECISIONS),
    ):
        if value not in allowed:
            return f"training.{name} must be one of {', '.join(allowed)}, not {value!r}"
    if min(settings.epochs, settings.batch_size) < 1:
        return "training.epochs and training.batch_size must be at least 1"
    if settings.step_epochs < 1:
        return "training.step_epochs must be at least 1"
    if settings.mixup < 0:
        return "training.mixup must be at least 0"
    if not 0 <= settings.warmup < 1:
        return "training.warmup must be at least 0 and below 1"
    problem = imbalance_problem(settings.imbalance, CORRECTIONS)
    return f"training.{problem}" if problem else ""


def _tensors(arrays: dict[str, Array], fabric: Fabric | None) -> dict[str, Tensor]:
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    return {n: fabric.to_device(t) for n, t in tensors.items()} if fabric else tensors


def _groups(module: Any, settings: TrainingSettings) -> list[dict[str, Any]]:
    """Parameters by learning rate and decay; vectors (biases, scales) do not decay."""
    towers = {id(p) for p in module.towers.parameters()}
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for parameter in module.parameters():
        groups.setdefault((id(parameter) in towers, parameter.ndim > 1), []).append(parameter)
    return [
        {
            "params": parameters,
            "lr": settings.learning_rate * (1 if is_tower else settings.head_factor),
            "weight_decay": settings.weight_decay if is_matrix else 0.0,
        }
        for (is_tower, is_matrix), parameters in groups.items()
    ]


def _freeze(module: Any, settings: TrainingSettings, epoch: int) -> None:
    """Puts the module into training mode, but for the towers that are frozen in this epoch."""
    module.train()
    frozen = settings.freeze == "towers" or (
        settings.freeze == "first" and epoch < settings.epochs // 3
    )
    for tower in module.towers.values():
        own = getattr(getattr(tower, "settings", None), "frozen", False)
        if settings.freeze != "none" and not own:
            tower.requires_grad_(not frozen)
        if frozen:
            tower.eval()


def _mixed(
    arrays: dict[str, Tensor], labels: Tensor, known: Tensor, alpha: float
) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """A batch of posters blended with itself in another order; known is what both know."""
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


def usable_precision(precision: str) -> str:
    """The precision that is asked for, or "float32" where bfloat16 would be slower."""
    if precision == "bfloat16" and not (torch.cuda.is_available() or _cpu_has_bfloat16()):
        say("this CPU has no AVX-512 BF16, so training is in float32")
        return "float32"
    return precision


def _cpu_has_bfloat16() -> bool:
    return torch.cpu._is_avx512_bf16_supported()


def _fabric(precision: str) -> Fabric:
    """One process, or those that `torchrun` started, on one machine or several."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    plugin = _PRECISIONS[precision]
    if world == 1:
        return Fabric(accelerator="auto", devices=1, precision=plugin)
    here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    # Towers that are frozen for some epochs leave parameters without a gradient.
    strategy = DDPStrategy(find_unused_parameters=True)
    fabric = Fabric(
        accelerator="auto",
        devices=here,
        num_nodes=world // here,
        strategy=strategy,
        precision=plugin,
    )
    fabric.launch()
    return fabric


_NEAR = 32  # batches whose texts are sorted by length, so that little of a batch is padding


def _order(
    train: Examples, features: Sequence[str], settings: TrainingSettings, rng: np.random.Generator
) -> Array:
    """The movies of an epoch, as positions; texts of like length share a batch."""
    if settings.imbalance == "resampling":
        order: Array = resampled(train.labels, train.known, rng)
    else:
        order = rng.permutation(len(train))
    pieces = [name for name in features if train.features[name].kind == Pieces.kind]
    if not pieces:
        return order
    lengths = np.array([0 if row is None else len(row) for row in train.read(pieces[0])])
    size, near = settings.batch_size, settings.batch_size * _NEAR
    for start in range(0, len(order), near):
        part = order[start : start + near]
        order[start : start + near] = part[np.argsort(lengths[part], kind="stable")]
    whole = order[: len(order) // size * size].reshape(-1, size)
    return np.concatenate([rng.permutation(whole).ravel(), order[whole.size :]])


def _average(kept: nn.Module, module: nn.Module, decay: float) -> None:
    # What is frozen is alike in both; an encoder of 20 million numbers would take most of a step.
    frozen = {name for name, p in module.named_parameters() if not p.requires_grad}
    with torch.no_grad():
        current = module.state_dict()
        for name, value in kept.state_dict().items():
            if name in frozen:
                continue
            if value.is_floating_point():
                value.lerp_(current[name], 1 - decay)
            else:
                value.copy_(current[name])


def _since_best(history: list[dict[str, Any]]) -> int:
    """Epochs since the lowest valid loss; 0 where there is none."""
    losses = [row["valid_loss"] for row in history if row["valid_loss"] is not None]
    return len(losses) - 1 - losses.index(min(losses)) if losses else 0


def _save(path: Path, state: dict[str, Any], history: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: thing.state_dict() for name, thing in state.items()}
    packed = io.BytesIO()  # torch says of a full disk only that its own position is off
    torch.save({**tensors, "history": history}, packed)
    write_whole(path, packed.getvalue())


def _resume(path: Path, state: dict[str, Any]) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    saved = torch.load(path, map_location="cpu", weights_only=True)
    for name, thing in state.items():
        thing.load_state_dict(saved[name])
    history: list[dict[str, Any]] = saved["history"]
    say(f"resuming after epoch {len(history)}")
    return history
