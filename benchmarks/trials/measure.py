"""What the trials share: the movies, a row of the table, a small network, fusion out of fold."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from genreel.catalogue import Catalogue, Movie
from genreel.lab.metrics import average_precision, macro_roc_auc
from genreel.lab.model import fit_logistics
from genreel.lab.splits import read_split
from genreel.lab.train import parts_of

DATA = Path(os.environ.setdefault("GENREEL_DATA", "../shared/data"))
FOLDS, DIVISIONS = 5, 3
"""Fifths of the valid part, and how many times it is divided into them."""

Row: TypeAlias = Mapping[str, Any]


def movies_by_part(has_extra: bool = True) -> dict[str, list[Movie]]:
    """The movies of the parts train, valid and test; with the plots without posters in train."""
    extra = Catalogue(DATA / "plots.csv", "mixed") if has_extra else None
    movies = Catalogue(DATA / "movies", "mixed").by_id()
    return parts_of(movies, read_split(DATA / "movies" / "split.json"), extra)


def figures(tried: str, inputs: str, labels: Any, known: Any, scores: Any) -> Row:
    """A row of the table; scores rank movies, shape (n, genres)."""
    return {
        "tried": tried,
        "inputs": inputs,
        "films": len(labels),
        "roc_auc": f"{macro_roc_auc(labels, known, scores):.4f}",
        "average_precision": f"{np.nanmean(average_precision(labels, known, scores)):.4f}",
    }


def folds_of(count: int, seed: int = 0) -> NDArray[np.int64]:
    """Which of FOLDS each row belongs to, shape (n,)."""
    return np.random.default_rng(seed).permutation(count) % FOLDS


def mean_figures(rows: Sequence[Row]) -> Row:
    """The first row, with the means of all of them."""
    means = {
        name: f"{np.mean([float(row[name]) for row in rows]):.4f}"
        for name in ("roc_auc", "average_precision")
    }
    return {**rows[0], **means}


def fuse(
    logits: NDArray[Any], labels: NDArray[Any], known: NDArray[Any], seed: int = 0
) -> NDArray[Any]:
    """Late fusion of parts, shape (n, parts, genres), each movie by weights that others taught."""
    folds, result = folds_of(len(labels), seed), np.zeros(labels.shape)
    for fold in range(FOLDS):
        rest = folds != fold
        weights, bias = fit_logistics(logits[rest], labels[rest], known[rest], 30)
        result[~rest] = (logits[~rest] * weights).sum(axis=1) + bias
    return result


def fused_figures(
    tried: str, inputs: str, labels: Any, known: Any, logits: Sequence[NDArray[Any]]
) -> Row:
    """A row of late fusion: the means over DIVISIONS, which differ by up to 0.005 in precision.

    Args:
        logits: of each part, shape (n, genres).
    """
    stack = np.stack(logits, axis=1)
    scores = (fuse(stack, labels, known, seed) for seed in range(DIVISIONS))
    return mean_figures([figures(tried, inputs, labels, known, z) for z in scores])


def head_logits(
    x: NDArray[Any], targets: NDArray[Any], weights: NDArray[Any], y: NDArray[Any], seed: int
) -> NDArray[Any]:
    """Logits of a network of 512 hidden units for vectors `y`, having learnt from `x`."""
    torch.manual_seed(seed)
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-3
    train_x, test_x = (torch.from_numpy((a - mean) / spread).float() for a in (x, y))
    goal, weight = (torch.from_numpy(np.asarray(a, np.float32)) for a in (targets, weights))
    genres = goal.shape[1]
    net = nn.Sequential(
        *(nn.Dropout(0.3), nn.Linear(x.shape[1], 512), nn.ReLU()),
        *(nn.Dropout(0.5), nn.Linear(512, genres)),
    )
    epochs, size = 15, 128
    steps = len(train_x) // size
    optimizer = torch.optim.AdamW(net.parameters(), 1e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 1e-3, total_steps=epochs * steps, pct_start=0.15
    )
    for _ in range(epochs):
        order = torch.randperm(len(train_x))
        for at in order[: steps * size].reshape(steps, size):
            cell_loss(net(train_x[at]), goal[at], weight[at]).backward()
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
    with torch.inference_mode():
        return np.asarray(net.eval()(test_x).numpy())


def cell_loss(logits: torch.Tensor, goal: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy, the weighted mean over cells; shape (n, genres) each."""
    losses = nn.functional.binary_cross_entropy_with_logits(logits, goal, reduction="none")
    return (losses * weight).sum() / weight.sum()


def start_tuning(rates: Mapping[nn.Module, float], steps: int) -> tuple[torch.optim.Optimizer, Any]:
    """AdamW and one cycle of its rates, which are those of the modules of a network."""
    groups = [
        {"params": [p for p in module.parameters() if p.requires_grad], "lr": rate}
        for module, rate in rates.items()
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, [group["lr"] for group in groups], total_steps=steps, pct_start=0.1
    )
    return optimizer, schedule


def by_length(lengths: Sequence[int], size: int, rng: np.random.Generator) -> list[NDArray[Any]]:
    """Batches of rows of like length, in random order; those that fill no batch are left out."""
    order = rng.permutation(len(lengths))
    order = order[np.argsort(np.asarray(lengths)[order] // 4, kind="stable")]
    batches = order[: len(order) // size * size].reshape(-1, size)
    return list(rng.permutation(batches))
