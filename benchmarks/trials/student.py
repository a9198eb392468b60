"""MiniLM's last layers, tuned on a larger encoder's answers and vectors as well as on labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from genreel.lab.networks.memory import keep_freed_memory
from genreel.lab.weights import encoder_folder
from trials.default_parts import POSTER, Part, read_valid_part
from trials.measure import Row, by_length, cell_loss, figures, fused_figures, start_tuning
from trials.plots import LARGE, PIECES, SMALL, Plots, meanings, read_plots, soft_answers

FIXED, EPOCHS, SIZE = 3, 2, 64
"""Layers that stay as they are, so that their output is computed once; epochs; plots a step."""


@dataclass(frozen=True)
class Lesson:
    """What a student learns from, a row for each plot.

    Attributes:
        states: of each piece after the fixed layers, bfloat16 (pieces, width).
        targets, weights: answers in [0, 1] and what each counts, shape (n, genres).
        vectors: of the teacher, shape (n, its width), or None to learn from answers alone.
        start: a map from the student's untuned vectors to those, shape (width, its width).
    """

    states: Sequence[Tensor]
    targets: Tensor
    weights: Tensor
    vectors: Tensor | None
    start: Tensor


class Student(nn.Module):
    """The layers that are tuned, the mean over pieces, and a head; and a map to the teacher."""

    def __init__(self, layers: nn.ModuleList, genres: int, start: Tensor) -> None:
        super().__init__()
        self.layers = layers
        width = len(start)
        self.head = nn.Sequential(
            nn.Linear(width, 512), nn.ReLU(), nn.Dropout(0.5), nn.Linear(512, genres)
        )
        self.to_teacher = nn.Linear(width, start.shape[1], bias=False)
        with torch.no_grad():
            self.to_teacher.weight.copy_(start.T)

    def forward(self, states: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Logits of plots, and their vectors where the teacher has its own."""
        lengths = torch.tensor([len(one) for one in states])
        padded = pad_sequence(list(states), batch_first=True)
        is_real = torch.arange(padded.shape[1]) < lengths[:, None]
        with torch.autocast("cpu", torch.bfloat16):
            for layer in self.layers:
                padded = layer(padded, is_real[:, None, None, :])
        total = (padded.float() * is_real[..., None]).sum(dim=1)
        vectors = nn.functional.normalize(total / lengths[:, None])
        # A vector of length 1 has small numbers, which a head would learn from slowly.
        logits = self.head(vectors * vectors.shape[1] ** 0.5)
        return logits, nn.functional.normalize(self.to_teacher(vectors))


LESSONS = ("labels", "labels and vectors", "labels and answers")
"""What a student may learn from."""


def student(out: Path) -> Iterator[Row]:
    """Students that differ in what they learn from, alone and in the place of the default's."""
    keep_freed_memory()
    plots, part = read_plots(), read_valid_part(out)
    rows = part.having("plot")
    cells = part.labels[rows], part.known[rows]
    yield from _beside(part, part.logits["sentence"][rows], "the default's sentence")
    for name in LESSONS:
        path = out / f"student, {name}.npy"
        if not path.is_file():
            lesson, valid = read_lesson(name, plots, out)
            np.save(path, student_logits(lesson, valid))
        logits = np.load(path)
        yield figures(f"student of {name}", "plot only", *cells, logits)
        yield from _beside(part, logits, f"student of {name}")


def read_lesson(name: str, plots: Plots, out: Path) -> tuple[Lesson, Sequence[Tensor]]:
    """One of LESSONS, and the states of the valid plots."""
    large, _ = meanings(LARGE, plots, out)
    small, _ = meanings(SMALL, plots, out)
    states = fixed_states([movie.plot for movie in (*plots.training, *plots.valid)], out)
    targets, weights = plots.labels, plots.weights
    if "answers" in name:
        soft = soft_answers(plots, large)
        targets = np.where(weights > 0, 0.5 * targets + 0.5 * soft, soft)
        weights = np.maximum(weights, 0.5)
    ridge = np.eye(small.shape[1]) * 0.1
    start = np.linalg.solve(small.T @ small + ridge, small.T @ large)
    count = len(plots.training)
    lesson = Lesson(
        states[:count],
        torch.from_numpy(np.asarray(targets, np.float32)),
        torch.from_numpy(np.asarray(weights, np.float32)),
        torch.from_numpy(large) if "vectors" in name else None,
        torch.from_numpy(np.asarray(start, np.float32)),
    )
    return lesson, states[count:]


def _beside(part: Part, logits: NDArray[Any], name: str) -> Iterator[Row]:
    """Late fusion with the default's other parts."""
    rows = part.having("plot")
    cells = part.labels[rows], part.known[rows]
    others = ("words", "languages")
    for inputs, names in (("plot only", others), ("both", (*others, *POSTER))):
        logits_of_parts = [logits, *(part.logits[other][rows] for other in names)]
        yield fused_figures(f"{name}, fused", inputs, *cells, logits_of_parts)


def _encoder() -> Any:
    from transformers import BertModel

    return BertModel.from_pretrained(encoder_folder(SMALL), add_pooling_layer=False)


def fixed_states(texts: Sequence[str], out: Path) -> list[Tensor]:
    """What the fixed layers make of each text, bfloat16 (pieces, width); kept in `out`."""
    from transformers import AutoTokenizer

    path = out / f"states-{FIXED}.pt"
    if path.is_file():
        states: list[Tensor] = torch.load(path, weights_only=True)
        return states
    tokenizer = AutoTokenizer.from_pretrained(encoder_folder(SMALL))
    encoder = _encoder().eval()
    encoder.encoder.layer = encoder.encoder.layer[:FIXED]
    states = [torch.empty(0)] * len(texts)
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    for rows in (order[at : at + 32] for at in range(0, len(order), 32)):
        pieces = tokenizer(
            [texts[i] for i in rows],
            padding=True,
            truncation=True,
            max_length=PIECES,
            return_tensors="pt",
        )
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            batch = encoder(**pieces).last_hidden_state
        for i, one, length in zip(rows, batch, pieces["attention_mask"].sum(1), strict=True):
            states[i] = one[:length].to(torch.bfloat16).clone()
    torch.save(states, path)
    return states


def student_logits(lesson: Lesson, valid: Sequence[Tensor]) -> NDArray[Any]:
    """Logits of the valid plots from a student that had the lesson."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    layers = _encoder().encoder.layer[FIXED:]
    net = Student(layers, lesson.targets.shape[1], lesson.start).train()
    steps = len(lesson.states) // SIZE * EPOCHS
    rates = {net.layers: 1e-4, net.head: 1e-3, net.to_teacher: 1e-3}
    optimizer, schedule = start_tuning(rates, steps)
    lengths = [len(one) for one in lesson.states]
    for epoch in range(EPOCHS):
        for number, rows in enumerate(by_length(lengths, SIZE, rng)):
            logits, vectors = net([lesson.states[i] for i in rows])
            loss = cell_loss(logits, lesson.targets[rows], lesson.weights[rows])
            if lesson.vectors is not None:
                loss = loss + (1 - (vectors * lesson.vectors[rows]).sum(dim=1)).mean()
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
            if number % 20 == 0:
                print(epoch, number, round(loss.item(), 4), flush=True)
    net.eval()
    result = np.zeros((len(valid), lesson.targets.shape[1]), np.float32)
    order = np.argsort([len(one) for one in valid])
    with torch.inference_mode():
        for rows in np.array_split(order, len(order) // 32):
            result[rows] = net([valid[i] for i in rows])[0].numpy()
    return result
