"""How fast the default's networks learn where freed memory is kept, and where it is given back.

    GENREEL_DATA=… python benchmarks/training.py [--movies 1280] [--rounds 2]

One epoch of the recipes `sentence` and `poster` on so many real films, in processes of their own,
turn about: with `keep_freed_memory` as `train_network` calls it, and with the C library as it is.
Films a second of the best round, and their ratio, in benchmarks/results/training.csv.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from genreel.catalogue import Catalogue
from genreel.lab.networks import loop, network
from genreel.lab.recipe import load_recipe
from genreel.lab.splits import Split, read_split
from genreel.lab.train import train

DATA = Path(os.environ.setdefault("GENREEL_DATA", "../shared/data"))
RESULTS = Path(__file__).parent / "results" / "training.csv"
RECIPES = ("sentence", "poster")
MEMORY = ("kept", "given back")


class Trained(Exception):
    """The network's history; what would come after training is not measured."""


def main() -> None:
    """Measures each in a process of its own, or is that process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--movies", type=int, default=1280)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--one", nargs=2, metavar=("RECIPE", "MEMORY"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(epoch_seconds(*arguments.one, arguments.movies))
        return
    rows = []
    for recipe in RECIPES:
        seconds: dict[str, list[float]] = {memory: [] for memory in MEMORY}
        for _ in range(arguments.rounds):
            for memory in MEMORY:
                seconds[memory].append(_in_own_process(recipe, memory, arguments.movies))
        kept, given_back = (arguments.movies / min(seconds[memory]) for memory in MEMORY)
        rows.append(
            {
                "recipe": recipe,
                "movies": arguments.movies,
                "kept": round(kept, 2),
                "given_back": round(given_back, 2),
                "ratio": round(kept / given_back, 2),
            }
        )
        print(rows[-1], flush=True)
    with RESULTS.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def epoch_seconds(recipe: str, memory: str, count: int) -> float:
    """Seconds of the steps of one epoch on `count` films that have poster and plot."""
    if memory == "given back":
        loop.keep_freed_memory = lambda: False

    def stop_after(*arguments: Any) -> None:
        raise Trained(loop.train_network(*arguments))

    network.train_network = stop_after
    folder = DATA / "movies"
    catalogue = Catalogue(folder, "mixed")
    movies = catalogue.by_id()
    parts = read_split(folder / "split.json")
    ids = [
        [
            movie.id
            for movie in parts.part(part, movies)
            if movie.has("poster") and movie.has("plot")
        ]
        for part in ("train", "valid", "test")
    ]
    # A valid part of 64 films, which is judged within the epoch, costs next to nothing.
    split = Split(*(tuple(some[:n]) for some, n in zip(ids, (count, 64, 64), strict=True)))
    with tempfile.TemporaryDirectory() as out:
        try:
            chosen = load_recipe(recipe, ["training.epochs=1"])
            train(chosen, catalogue, Path(out) / "bundle", split=split)
        except Trained as trained:
            return float(trained.args[0][0]["seconds"])
    raise AssertionError("nothing was trained")


def _in_own_process(recipe: str, memory: str, count: int) -> float:
    command = [sys.executable, __file__, "--movies", str(count), "--one", recipe, memory]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return float(ran.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
