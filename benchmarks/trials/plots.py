"""Plots that the trials learn from, and what a larger encoder says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from genreel.catalogue import Movie
from genreel.lab.examples import presume_absent, read_examples
from genreel.lab.weights import encoder_folder
from genreel.paths import cache_folder
from genreel.vocabulary import Vocabulary
from trials.measure import FOLDS, folds_of, head_logits, movies_by_part

LARGE, SMALL = "all-mpnet-base-v2", "all-MiniLM-L6-v2"
PIECES = 128
"""Pieces of a plot that an encoder reads."""


@dataclass(frozen=True)
class Plots:
    """8,000 training plots and those of the valid part.

    Attributes:
        training, valid: their movies.
        labels, weights: of the training plots, and what each cell counts, shape (n, genres).
        valid_labels, valid_known: labels and known cells of the valid ones.
    """

    training: Sequence[Movie]
    valid: Sequence[Movie]
    labels: NDArray[Any]
    weights: NDArray[Any]
    valid_labels: NDArray[Any]
    valid_known: NDArray[Any]


def read_plots() -> Plots:
    """The same plots every time."""
    parts = movies_by_part()
    valid = [movie for movie in parts["valid"] if movie.has("plot")]
    training = [movie for movie in parts["train"] if movie.has("plot")]
    training = [training[i] for i in np.random.default_rng(0).permutation(len(training))[:8000]]
    valid_labels, valid_known = Vocabulary().encode(movie.genres for movie in valid)
    examples = presume_absent(
        read_examples(training, {}, Vocabulary(), cache_folder()), training, 0.3
    )
    weights = np.where(examples.known, 1, examples.presumed)
    return Plots(training, valid, examples.labels, weights, valid_labels, valid_known)


def soft_answers(plots: Plots, vectors: NDArray[Any]) -> NDArray[Any]:
    """What a head on vectors of the training plots says of each, out of fold, in [0, 1]."""
    folds, answers = folds_of(len(vectors)), np.zeros_like(plots.labels)
    for fold in range(FOLDS):
        rest = folds != fold
        some = vectors[rest], plots.labels[rest], plots.weights[rest]
        answers[~rest] = 1 / (1 + np.exp(-head_logits(*some, vectors[~rest], 0)))
    return answers


def meanings(name: str, plots: Plots, out: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    """Vectors of both kinds of plots from a frozen encoder of the hub; kept in `out`."""
    from transformers import AutoModel, AutoTokenizer

    path = out / f"{name}.npy"
    if not path.is_file():
        folder = encoder_folder(name)
        texts = [movie.plot for movie in (*plots.training, *plots.valid)]
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        tokenizer = AutoTokenizer.from_pretrained(folder)
        encoder: Any = AutoModel.from_pretrained(folder).to(torch.bfloat16).eval()
        vectors = np.zeros((len(texts), encoder.config.hidden_size), np.float32)
        for rows in (order[at : at + 16] for at in range(0, len(order), 16)):
            pieces = tokenizer(
                [texts[i] for i in rows],
                padding=True,
                truncation=True,
                max_length=PIECES,
                return_tensors="pt",
            )
            with torch.inference_mode():
                states = encoder(**pieces).last_hidden_state.float()
            mask = pieces["attention_mask"][..., None].float()
            means = nn.functional.normalize((states * mask).sum(1) / mask.sum(1))
            vectors[rows] = means.numpy()
        out.mkdir(parents=True, exist_ok=True)
        np.save(path, vectors)
    vectors = np.load(path)
    return vectors[: len(plots.training)], vectors[len(plots.training) :]
