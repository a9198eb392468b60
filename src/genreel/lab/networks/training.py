"""How a network is trained: settings, optimizers, schedules of the learning rate, precision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from genreel.lab.imbalance import CORRECTIONS, imbalance_problem
from genreel.progress import say


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of the loop.

    Attributes:
        epochs: passes over the training movies, at most.
        batch_size: movies per step.
        optimizer: "adam", "adamw" (decay only on matrices) or "sgd" (momentum 0.9).
        learning_rate: the highest one.
        schedule: "constant"; "onecycle" (Smith & Topin 2018; `warmup`, in [0, 1), is the share of
            steps that raise it); "step" (times `step_factor` every `step_epochs` epochs).
        head_factor: fusion and head learn this many times faster than the towers.
        weight_decay: of adamw and sgd.
        average: decay, per step, of a running average of the weights, which is then measured and
            saved in their place; 0: no average.
        patience: stop after so many epochs without a better `stop_on`, and keep the best epoch's
            weights; 0: never stop, and keep the last epoch's.
        stop_on: what decides that on the valid movies: "loss", or "accuracy" (of labels, at 0.5).
        imbalance: correction for rare genres: "none", "weights" (a genre's positives count
            negatives / positives times), "resampling" or "asymmetric"; see `lab.imbalance`.
        max_norm: longest vector of weights into a unit of the head; 0 for any.
        freeze: "none", "towers" (only fusion and head learn), or "first" (towers are frozen for
            the first third of the epochs, then tuned).
        mixup: α of the Beta(α, α) from which each batch draws how it is blended with itself in
            another order, posters and labels alike (Zhang et al. 2018, mixup); 0 never. For
            networks that read only posters.
        precision: "float32", or "bfloat16" for the products and convolutions of training where
            the device computes in it (a CPU with AVX-512 BF16: a third faster; a GPU: more).
            A CPU that only emulates it would take three times as long, and trains in float32.
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
    stop_on: str = "loss"
    imbalance: str = "none"
    max_norm: float = 0.0
    freeze: str = "none"
    mixup: float = 0.0
    precision: str = "float32"


PRECISIONS: dict[str, Any] = {"float32": "32-true", "bfloat16": "bf16-mixed"}

OPTIMIZERS: dict[str, Any] = {
    "adam": lambda groups: torch.optim.Adam(groups),
    "adamw": lambda groups: torch.optim.AdamW(groups),
    "sgd": lambda groups: torch.optim.SGD(groups, momentum=0.9),
}

SCHEDULES: dict[str, Any] = {
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


def training_problem(settings: TrainingSettings) -> str:
    """Why these settings cannot work, or ""."""
    for name, value, choices in (
        ("optimizer", settings.optimizer, OPTIMIZERS),
        ("schedule", settings.schedule, SCHEDULES),
        ("stop_on", settings.stop_on, ("loss", "accuracy")),
        ("freeze", settings.freeze, ("none", "towers", "first")),
        ("precision", settings.precision, PRECISIONS),
    ):
        if value not in choices:
            return f"training.{name} must be one of {', '.join(choices)}, not {value!r}"
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


def parameter_groups(module: Any, settings: TrainingSettings) -> list[dict[str, Any]]:
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


def usable_precision(precision: str) -> str:
    """The same precision, or "float32" on a device on which bfloat16 would be slower."""
    if precision == "bfloat16" and not (torch.cuda.is_available() or _cpu_has_bfloat16()):
        say("this CPU has no AVX-512 BF16, so training is in float32")
        return "float32"
    return precision


def _cpu_has_bfloat16() -> bool:
    return torch.cpu._is_avx512_bf16_supported()
