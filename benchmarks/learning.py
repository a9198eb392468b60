"""What 200 reviews teach: macro F1 of a shifted era before and after, and of all other films.

    python benchmarks/learning.py CATALOGUE SPLIT [--work DIR]

A model is trained without the films of an era. Labels stand for the person: some films of the era
are reviewed, the others are measured, in several draws, on known cells. The learning rule's
settings were chosen in the first eras alone. The last row is the bundle that comes along, which
knows such films: there is less to teach. A store takes what was learnt only where it does no worse
on reviews that are held out: `taken` is the share of draws where it would, and `gain_as_used` the
mean gain, 0 where it would not. Writes benchmarks/results/learning.csv.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from genreel import Catalogue, Movie, Predictor
from genreel.app.store.correction import (
    Correction,
    Review,
    decade,
    held_out,
    learn,
    lost,
    measure,
)

RESULTS = Path(__file__).parent / "results" / "learning.csv"
DRAWS = 20

CASES = (
    ("to choose", 2000, 1970, 1999),
    ("to choose", 2000, 1970, 1989),
    ("to choose", 2000, 1970, 1979),
    ("to choose", 1980, 1970, 1979),
    ("to measure", 1970, 0, 1969),
)
"""For what, and the years: from which the model has seen films, and of the era."""


def main() -> None:
    """Measures the three cases and writes a row for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("catalogue", type=Path)
    parser.add_argument("split", type=Path)
    parser.add_argument("--work", type=Path, help="keeps the trained models here")
    arguments = parser.parse_args()
    work = arguments.work or Path(tempfile.mkdtemp())
    movies = [m for m in Catalogue(arguments.catalogue, "mixed") if m.genres]
    split = {k: v for k, v in json.loads(arguments.split.read_text()).items() if k != "seed"}
    test = set(split["test"])
    rows = []
    for use, since, first, last in CASES:
        bundle = train(arguments.catalogue, split, movies, since, work)
        era = [m for m in movies if m.year and first <= m.year <= last]
        others = [m for m in movies if m.year and m.year >= since and m.id in test]
        name = f"words, trained since {since}"
        rows.append({"use": use, "model": name, **case(bundle, era, others, 200)})
    era = [m for m in movies if m.id in test and m.year and m.year < 1970]
    others = [m for m in movies if m.id in test and m.year and m.year >= 1970]
    rows.append({"use": "as it comes", "model": "default", **case("default", era, others, 100)})
    with RESULTS.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(RESULTS.read_text())


def train(
    catalogue: Path, split: dict[str, Any], movies: Sequence[Movie], since: int, work: Path
) -> str:
    """A model of words that has seen no film from before `since`."""
    bundle = work / f"words-{since}"
    if not bundle.is_dir():
        work.mkdir(parents=True, exist_ok=True)
        seen = {m.id for m in movies if m.year and m.year >= since}
        parts = {
            name: [i for i in ids if i in seen or name == "test"]
            for name, ids in split.items()
            if isinstance(ids, list)
        }
        file = work / f"split-{since}.json"
        file.write_text(json.dumps(parts))
        command = [sys.executable, "-m", "genreel.app.cli", "train", "words", str(catalogue)]
        subprocess.run([*command, "--split", str(file), "--out", str(bundle)], check=True)
    return str(bundle)


def case(
    bundle: str, era: Sequence[Movie], others: Sequence[Movie], reviews: int
) -> dict[str, Any]:
    """One row: mean and worst of several draws."""
    predictor = Predictor(bundle)
    inside, outside = films(predictor, era), films(predictor, others)
    raw: dict[str, dict[str, list[float]]] = {}
    for film in inside:
        for genre, score in film.raw.items():
            raw.setdefault(decade(film.year), {}).setdefault(genre, []).append(score)

    def f1(correction: Correction, of: Sequence[Review]) -> float:
        return measure([correction] * len(of), of)["macro_f1"]

    before, after, elsewhere, seconds, taken = [], [], [], [], []
    for seed in range(DRAWS):
        order = np.random.default_rng(seed).permutation(len(inside))
        rest = [inside[i] for i in order[reviews:]]
        taught = [inside[i] for i in order[:reviews]]
        started = time.perf_counter()
        learnt = learn(taught, raw)
        seconds.append(time.perf_counter() - started)
        taken.append(not lost(held_out(taught, raw)))
        before.append(f1(Correction(), rest))
        after.append(f1(learnt, rest))
        elsewhere.append(f1(learnt, outside) - f1(Correction(), outside))
    gains = np.subtract(after, before)
    figures = {
        "macro_f1_before": np.mean(before),
        "macro_f1_after": np.mean(after),
        "gain": gains.mean(),
        "worst_gain": gains.min(),
        "taken": np.mean(taken),
        "gain_as_used": (gains * taken).mean(),
        "worst_as_used": (gains * taken).min(),
        "change_elsewhere": np.mean(elsewhere),
        "seconds_to_learn": np.mean(seconds),
    }
    years = f"{min(f.year or 9999 for f in inside)}-{max(f.year or 0 for f in inside)}"
    return {
        **{"years": years, "films": len(inside), "others": len(outside), "reviews": reviews},
        **{name: f"{float(value):.4f}" for name, value in figures.items()},
    }


def films(predictor: Predictor, movies: Sequence[Movie]) -> list[Review]:
    """Every film as a person who knows its labels would review it."""
    labels, known = predictor.bundle.vocabulary.encode([m.genres for m in movies])
    found = []
    for i, said in enumerate(predictor.predict_many(movies)):
        verdicts = {g: bool(labels[i, j]) for j, g in enumerate(predictor.genres) if known[i, j]}
        if said.scores:
            thresholds = predictor.thresholds(said.missing)
            found.append(Review(movies[i].year, dict(said.scores), thresholds, verdicts))
    return found


if __name__ == "__main__":
    main()
