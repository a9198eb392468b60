"""What correcting for imbalance does to each genre: with and without, on the test part.

    GENREEL_DATA=... python benchmarks/imbalance.py --out out/imbalance

Plots by logistic regression; posters of the 2010s by a head on frozen MobileNetV2 vectors. Every
correction that a family knows is trained on the same films; results/imbalance.csv holds a row per
family, correction and genre, and one for their means. Nothing but the correction differs. "At
half" is a threshold of 0.5 on the scores as the model gives them, before they are calibrated.
"""

from __future__ import annotations

import argparse
import csv
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from genreel.bundle import read_bundle
from genreel.catalogue import Catalogue
from genreel.lab.evaluation.evaluate import outcomes
from genreel.lab.imbalance import CORRECTIONS
from genreel.lab.metrics import average_precision, precision_recall_f1, roc_auc
from genreel.lab.recipe import load_recipe
from genreel.lab.splits import PARTS, Split, read_split
from genreel.lab.train import train
from genreel.predictor import Predictor

DATA = Path(os.environ.setdefault("GENREEL_DATA", "../shared/data")) / "movies"
RESULTS = Path(__file__).parent / "results"

VECTORS = ["vocabulary=default", "model.towers.poster.name=mobilenetv2_100"]
VECTORS += ["model.towers.poster.frozen=true", "model.training.learning_rate=0.001"]
FAMILIES: dict[str, tuple[str, str, list[str], tuple[str, ...]]] = {
    "logistic, plots": ("words", "model.imbalance", [], CORRECTIONS[:3]),
    "network, posters": (
        "solano-vgg16-colour",
        "model.training.imbalance",
        VECTORS,
        CORRECTIONS,
    ),
}
"""Family → recipe, the key of the correction, other changes, corrections."""

COLUMNS = ("family", "correction", "genre", "films", "roc_auc", "average_precision")
COLUMNS += ("recall_at_half", "f1_at_half", "precision", "recall", "f1")


def rows(family: str, correction: str, bundle: Path, movies: Any) -> Iterator[dict[str, Any]]:
    """A row a genre, and their means, of the films with what the family reads."""
    case = "poster only" if "posters" in family else "plot only"
    outcome = outcomes(Predictor(bundle), movies)[case]
    # Calibration would undo what a correction does to the scores that it sets on 0.5.
    raw = outcomes(Predictor(replace(read_bundle(bundle), cases={})), movies)[case]
    arrays = outcome.labels, outcome.known
    at_half = precision_recall_f1(*arrays, raw.scores >= 0.5)
    figures = np.stack(
        [
            roc_auc(*arrays, outcome.scores),
            average_precision(*arrays, outcome.scores),
            *at_half[1:],
            *precision_recall_f1(*arrays, outcome.decisions),
        ],
        axis=1,
    )
    films = ((outcome.labels > 0) & outcome.known).sum(axis=0)
    there = films > 0
    for name, count, values in (
        ("mean", int(there.sum()), np.nanmean(figures[there], axis=0)),
        *((outcome.genres[g], int(films[g]), figures[g]) for g in np.flatnonzero(there)),
    ):
        rounded = (round(float(value), 4) for value in values)
        cells = zip(COLUMNS[4:], rounded, strict=True)
        about = {"family": family, "correction": correction, "genre": name, "films": count}
        yield about | dict(cells)


def main() -> None:
    """Trains each family with each correction and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("out/imbalance"), help="for the bundles")
    arguments = parser.parse_args()
    if not DATA.is_dir():
        parser.exit(1, f"{DATA} is not there; set GENREEL_DATA\n")
    catalogue, split = Catalogue(DATA, "mixed"), read_split(DATA / "split.json")
    movies = catalogue.by_id()
    recent = {m.id for m in movies.values() if m.year is not None and 2010 <= m.year <= 2019}
    kept = (tuple(i for i in getattr(split, part) if i in recent) for part in PARTS)
    splits = {"logistic, plots": split, "network, posters": Split(*kept)}
    table: list[dict[str, Any]] = []
    for family, (name, key, changes, corrections) in FAMILIES.items():
        chosen = splits[family]
        for correction in corrections:
            bundle = arguments.out / f"{name}-{correction}"
            if not (bundle / "model.onnx").is_file():
                recipe = load_recipe(name, [*changes, f"{key}={correction}"])
                checkpoints = arguments.out / "checkpoints"
                train(recipe, catalogue, bundle, split=chosen, checkpoints=checkpoints)
            table += rows(family, correction, bundle, chosen.part("test", movies))
            with (RESULTS / "imbalance.csv").open("w", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
                writer.writeheader()
                writer.writerows(table)


if __name__ == "__main__":
    main()
