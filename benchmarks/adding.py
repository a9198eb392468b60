"""How fast posters are added to a store, against `genreel predict` of the same posters.

    python benchmarks/adding.py [--posters 110] [--rounds 3]    # → benchmarks/results/adding.csv

A server is sent posters as the page Add sends them: three requests at once, of four posters each.
Each round begins with an empty store. It takes turns with the command line, which is timed as a
whole and, by its own predictor in a process that has loaded it, without its start. Once without
lettering, and once with it (fewer posters), which either side reads on all cores. The posters are
those of GENREEL_DATA/large, every so manieth.
"""

from __future__ import annotations

import argparse
import csv
import os
import statistics
import subprocess
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from story import serving

from genreel.app.senses import Senses, predict_movies
from genreel.catalogue import Movie
from genreel.posters import Limits
from genreel.predictor import Predictor

RESULTS = Path(__file__).parent / "results" / "adding.csv"
AT_ONCE, TOGETHER = 3, 4
"""Requests, and posters of each, as in upload.js."""


def main() -> None:
    """Measures, prints and writes the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--posters", type=int, default=110)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    folder = Path(os.environ.get("GENREEL_DATA", "../shared/data")) / "large"
    every = sorted(folder.glob("*.jpg"))
    posters = every[:: len(every) // options.posters][: options.posters]
    rows = [
        *compare("picture", posters, options.rounds),
        *compare("picture and lettering", posters[:: options.posters // 20], options.rounds),
    ]
    with RESULTS.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def compare(sees: str, posters: Sequence[Path], rounds: int) -> list[dict[str, Any]]:
    """The rows of posters that are read, or not."""
    reads = sees != "picture"
    predictor, senses = Predictor(), Senses(read=reads)
    command = ["genreel", "predict", "--format", "jsonl", *(["--read"] if reads else [])]

    def predict() -> None:
        movies = [Movie(path.stem, poster=path) for path in posters]
        assert all(one.scores for one in predict_movies(predictor, movies, senses, Limits()))

    def start_and_predict() -> None:
        subprocess.run([*command, *map(str, posters)], check=True, capture_output=True)

    predict()  # once for what is loaded when it is first needed
    times = [
        (add(posters, reads), seconds(predict), seconds(start_and_predict)) for _ in range(rounds)
    ]
    added, predicted, whole = (statistics.median(column) for column in zip(*times, strict=True))
    rows = []
    for against, other in (("predict", predicted), ("predict, with its start", whole)):
        row = {"sees": sees, "posters": len(posters), "against": against}
        row |= {"added": f"{added:.2f}", "alternative": f"{other:.2f}"}
        rows.append({**row, "ratio": f"{other / added:.2f}"})
        print(rows[-1], flush=True)
    return rows


def seconds(work: Callable[[], object]) -> float:
    """How long something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def add(posters: Sequence[Path], reads: bool) -> float:
    """Seconds in which a server adds posters to an empty store."""
    groups = [posters[i : i + TOGETHER] for i in range(0, len(posters), TOGETHER)]
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder) / "films.db", reads) as (address, _),
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        send(address, groups[0][:1])  # once for what is loaded when it is first needed
        return seconds(lambda: list(pool.map(lambda group: send(address, group), groups)))


def send(address: str, posters: Sequence[Path]) -> None:
    """Sends posters as a form, as browsers do."""
    mark = uuid.uuid4().hex
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n'
        "Content-Type: image/jpeg\r\n\r\n".encode()
        + path.read_bytes()
        + b"\r\n"
        for path in posters
    ]
    request = urllib.request.Request(
        f"{address}/api/films/files",
        b"".join([*parts, f"--{mark}--\r\n".encode()]),
        {"Content-Type": f"multipart/form-data; boundary={mark}"},
    )
    with urllib.request.urlopen(request, timeout=300) as answer:
        assert b'"error":null' in answer.read()


if __name__ == "__main__":
    main()
