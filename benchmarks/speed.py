"""How much of the raw speed is left: genreel against the bare work, in one run.

    python benchmarks/speed.py [--bundle default] [--catalogue FOLDER] [--movies 2000]

Rows of benchmarks/results/speed.csv, each a ratio of two times or sizes measured in this run:

- cold start: `genreel predict POSTER --plot … --format json` from the shell, against a Python
  that imports onnxruntime, numpy and PIL.Image and loads the same graph. Medians of runs that
  take turns.
- posters, plots: `predict_many`, against the raw limit: first all inputs are read (posters:
  decode and resize in a pool of as many threads as there are cores; plots: their terms, one
  thread, since Python's lock allows no more), then onnxruntime runs the same graph over the
  ready batches, and nothing else. Reported as raw time / our time: the share of the limit.
- memory: peak resident memory of `predict_many` over 10,000 movies against 1,000.

Movies come from $GENREEL_DATA (default ../shared/data), or from samples/ where that is absent,
repeated as often as needed.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from genreel.bundle import bundle_folder
from genreel.catalogue import Catalogue, Movie
from genreel.features import collate
from genreel.predictor import BATCH_SIZE, Predictor, load_session

ROOT = Path(__file__).parent.parent
PLOT = "A sheriff rides into a dying town to bury his brother and finds the railway waiting."


def main() -> None:
    """Measures, prints, and writes benchmarks/results/speed.csv."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bundle", default="default")
    parser.add_argument("--catalogue", type=Path, default=_catalogue())
    parser.add_argument("--movies", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory-of", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory_of:
        _print_memory(arguments)
        return
    rows = [
        _cold_start(arguments),
        _throughput(arguments, "poster"),
        _throughput(arguments, "plot"),
        _memory(arguments),
    ]
    machine = f"{os.cpu_count()} cores, onnxruntime {onnxruntime.__version__}, Python "
    machine += platform.python_version()
    for row in rows:
        row |= {"catalogue": arguments.catalogue.name, "machine": machine}
        print("  ".join(f"{name}: {value}" for name, value in row.items()))
    path = ROOT / "benchmarks" / "results" / "speed.csv"
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _catalogue() -> Path:
    real = Path(os.environ.get("GENREEL_DATA", ROOT.parent / "shared" / "data")) / "movies"
    return real if real.is_dir() else ROOT / "samples"


def _movies(catalogue: Path, count: int, needs: str = "") -> Iterator[Movie]:
    """`count` movies that have what they need, the catalogue repeated where it is short."""
    chosen = [m for m in Catalogue(catalogue) if not m.problem and (not needs or m.has(needs))]
    return itertools.islice(itertools.cycle(chosen[: min(count, len(chosen))]), count)


def _row(what: str, ours: float, other: float, unit: str, alternative: str) -> dict[str, Any]:
    return {
        "what": what,
        "genreel": f"{ours:.4g}",
        "alternative": f"{other:.4g}",
        "unit": unit,
        "ratio": f"{ours / other:.3f}",
        "against": alternative,
    }


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _cold_start(arguments: argparse.Namespace) -> dict[str, Any]:
    graph = bundle_folder(arguments.bundle) / "model.onnx"
    poster = next(_movies(arguments.catalogue, 1, "poster")).poster
    raw = "import onnxruntime, numpy, PIL.Image; "
    raw += f"onnxruntime.InferenceSession({str(graph)!r}, providers=['CPUExecutionProvider'])"
    ours = [
        *(str(Path(sys.executable).parent / "genreel"), "predict", str(poster), "--plot", PLOT),
        *("--format", "json", "--model", str(arguments.bundle)),
    ]

    def run(command: Sequence[str]) -> float:
        return _seconds(lambda: subprocess.run(command, check=True, capture_output=True))

    pairs = [(run(ours), run([sys.executable, "-c", raw])) for _ in range(arguments.rounds * 3 + 1)]
    mine, bare = (statistics.median(times) for times in zip(*pairs[1:], strict=True))
    return _row("cold start", mine, bare, "s", "import onnxruntime, numpy, PIL and load the graph")


def _throughput(arguments: argparse.Namespace, needs: str) -> dict[str, Any]:
    shown = ("poster",) if needs == "poster" else ("plot", "title", "year")
    hidden = {"poster", "plot", "title", "year"} - set(shown)
    movies = [m.without(hidden) for m in _movies(arguments.catalogue, arguments.movies, needs)]
    predictor = Predictor(arguments.bundle)
    session = load_session(predictor.bundle.model, predictor.threads)
    wanted = [node.name for node in session.get_inputs()]

    def read(batch: Sequence[Movie]) -> Any:
        return predictor.read_batch(batch)[0]

    def raw() -> float:
        threads = predictor.threads if needs == "poster" else 1
        batches = [movies[i : i + BATCH_SIZE] for i in range(0, len(movies), BATCH_SIZE)]
        with ThreadPoolExecutor(threads) as pool:
            started = time.perf_counter()
            rows = list(pool.map(read, batches))
            reading = time.perf_counter() - started
        arrays = [collate(predictor.bundle.features, batch) for batch in rows]
        feeds = [{name: batch[name] for name in wanted} for batch in arrays]
        return reading + _seconds(lambda: [session.run(["scores"], feed) for feed in feeds])

    def ours() -> float:
        return _seconds(lambda: [None for _ in predictor.predict_many(movies)])

    pairs = [(ours(), raw()) for _ in range(arguments.rounds + 1)][1:]
    mine, bare = (statistics.median(times) for times in zip(*pairs, strict=True))
    n = len(movies)
    return _row(f"{needs}s", n / mine, n / bare, "movies/s", "the raw limit: read, run the graph")


def _memory(arguments: argparse.Namespace) -> dict[str, Any]:
    def peak(count: int) -> float:
        command = [sys.executable, __file__, "--memory-of", str(count)]
        command += ["--bundle", str(arguments.bundle), "--catalogue", str(arguments.catalogue)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return float(json.loads(done.stdout))

    return _row("peak memory", peak(10_000), peak(1_000), "MB", "1,000 movies instead of 10,000")


def _print_memory(arguments: argparse.Namespace) -> None:
    predictor = Predictor(arguments.bundle)
    # A stream, as a catalogue is: what is kept is genreel's doing.
    stream = itertools.islice(
        itertools.chain.from_iterable(Catalogue(arguments.catalogue) for _ in itertools.count()),
        arguments.memory_of,
    )
    total = np.zeros(len(predictor.genres))
    for prediction in predictor.predict_many(stream):
        total += np.array(list(prediction.scores.values()) or 0.0)
    # Not getrusage: its peak is inherited from the process that started this one.
    [peak] = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    print(json.dumps(int(peak) / 1024))


if __name__ == "__main__":
    main()
