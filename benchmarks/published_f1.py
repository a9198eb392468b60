"""F1 of the default on the class table beside what is published of MM-IMDb: published-f1.csv."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from genreel.lab.evaluation.evaluate import Outcome
from genreel.lab.metrics import summary

RESULTS = Path(__file__).parent / "results" / "published-f1.csv"
COLUMNS = (
    "system",
    "inputs",
    "test",
    "films",
    "genres",
    "weighted",
    "samples",
    "micro",
    "macro",
)
OFFICIAL = "MM-IMDb, official split"
_GMU = "Arevalo et al. 2017"
PUBLISHED = (
    (f"GMU, {_GMU}", "plot and poster", 0.617, 0.630, 0.630, 0.541),
    (f"linear sum, {_GMU}", "plot and poster", 0.600, 0.607, 0.607, 0.530),
    (f"max-out on word2vec, {_GMU}", "plot", 0.588, 0.592, 0.595, 0.488),
    ("BM-NAS, Yin et al. 2022", "plot and poster", 0.629, None, None, None),
    ("MM-GATBT, Seo et al. 2022", "plot, poster and a graph", None, None, 0.685, 0.645),
    ("CoMM on BLIP-2, Dufumier et al. 2025", "plot and poster", 0.674, None, None, 0.620),
)
"""System, inputs, and F1 as its source has it: weighted, samples, micro, macro; None: not said."""


def f1_row(case: str, outcome: Outcome) -> dict[str, Any]:
    """The default's F1, by its own thresholds."""
    rest = outcome.scores, outcome.decisions
    figures = summary(outcome.genres, outcome.labels, outcome.known, *rest)
    row = {"system": "default, trained on other films", "inputs": case}
    row |= {"test": "class table, its own third", "films": len(outcome.movies)}
    row |= {"genres": sum(g["positive"] > 0 for g in figures["genres"].values())}
    return row | {name: f"{figures[f'{name}_f1']:.3f}" for name in COLUMNS[5:]}


def write_f1(ours: Sequence[Mapping[str, Any]]) -> None:
    """Writes the table: ours beside what others say."""
    theirs = [
        dict(zip(COLUMNS, (name, inputs, OFFICIAL, 7799, 23, *figures), strict=True))
        for name, inputs, *figures in PUBLISHED
    ]
    with RESULTS.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows([*ours, *theirs])
