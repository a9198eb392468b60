"""Films a second with one process and with Ray, what Ray costs, and what a kill loses.

    GENREEL_DATA=… python benchmarks/scaling.py [--movies 1000] [--cores 1 2] [--posters]
    GENREEL_DATA=… python benchmarks/scaling.py --kills 1 [--movies 1000] [--cores 2] [--posters]
    python benchmarks/scaling.py --estimate [--price 0.04]

Predicts real posters with their plots (or with --posters alone), repeated in order where there are
fewer than --movies, each engine held to the same cores: `genreel predict` against `genreel predict
--engine ray` with a worker per core. The start is the time of a catalogue of one film; films a
second are counted without it, overhead is Ray's seconds over those of one process on the same
cores. Memory is the proportional set size of all processes together, sampled; growth is its peak in
the second half of the run over that in the first; load is the machine's own in the minute before
(on a machine that others use too, trust the CPU-seconds).

With --kills only this: one process predicts all, then a run with Ray is killed so many times, at
even shares of its parts, and given again; its rows are compared with those of the one process.
Adds rows to benchmarks/results/scaling.csv, unless --out says otherwise.

--estimate measures nothing: it prints what many films would take, reckoned from the last
measured row of Ray with most workers, as a Markdown table.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from genreel.catalogue import Catalogue, Movie

RESULTS = Path(__file__).parent / "results" / "scaling.csv"
DATA = Path(os.environ.setdefault("GENREEL_DATA", "../shared/data"))
TICKS = os.sysconf("SC_CLK_TCK")  # per second, of /proc/PID/stat
PART_ROWS = 250
COLUMNS = (
    *("engine", "cores", "inputs", "movies", "distinct", "part_rows", "seconds", "start_seconds"),
    *(
        "films_per_second",
        "overhead",
        "cpu_seconds_per_film",
        "start_cpu_seconds",
        "peak_mb",
        "growth",
        "load",
    ),
    *(
        "poster_bytes",
        "row_bytes",
        "output_bytes",
        "kills",
        "rows_that_differ",
        "largest_difference",
    ),
)


def main() -> None:
    """Measures, or estimates from what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--movies", type=int, default=1000)
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--part-rows", type=int, help=f"{PART_ROWS}, at most an eighth of all")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--posters", action="store_true", help="without plot, title and year")
    parser.add_argument("--estimate", action="store_true")
    parser.add_argument("--price", type=float, default=0.04, help="of a core-hour, in dollars")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    if arguments.estimate:
        with arguments.out.open(newline="") as file:
            print(estimates(list(csv.DictReader(file)), arguments.price))
        return
    part_rows = arguments.part_rows or max(1, min(PART_ROWS, arguments.movies // 8))
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), arguments.movies, part_rows, arguments.posters)
        for cores in arguments.cores:
            local = bench.measured("local", cores)
            save(local, arguments.out)
            if arguments.kills:
                save(bench.killed(cores, arguments.kills), arguments.out)
            else:
                save(bench.measured("ray", cores, local), arguments.out)


def save(row: Mapping[str, Any], path: Path) -> None:
    """Adds a row to the results."""
    write_header = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if write_header:
            writer.writeheader()
        writer.writerow(row)
    print(json.dumps(row), file=sys.stderr)


class Bench:
    """A catalogue of `movies` films and one of a single film, in a folder of their own."""

    def __init__(self, folder: Path, movies: int, part_rows: int, posters: bool) -> None:
        self.folder, self.movies, self.part_rows = folder, movies, part_rows
        films = [movie for movie in Catalogue(DATA / "movies") if movie.poster]
        random.Random(0).shuffle(films)  # sources, and with them sizes of posters, stand in blocks
        films = films[:movies]
        self.inputs = "poster" if posters else "poster plot title year"
        if posters:
            films = [film.without(("plot", "title", "year")) for film in films]
        self.distinct = len(films)
        (folder / "posters").mkdir()
        for film in films:
            shutil.copy(str(film.poster), folder / "posters")
        repeated = itertools.islice(itertools.cycle(films), movies)
        self.table = write_table(folder / "movies.csv", list(repeated))
        self.single = write_table(folder / "single.csv", films[:1])
        posters = [path.stat().st_size for path in (folder / "posters").iterdir()]
        self.sizes = {
            "poster_bytes": round(sum(posters) / len(posters)),
            "row_bytes": round(self.table.stat().st_size / movies),
        }

    def measured(
        self, engine: str, cores: int, local: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """A row of the results."""
        load = os.getloadavg()[0]
        start = self.run(engine, cores, self.single)
        whole = self.run(engine, cores, self.table)
        seconds = whole["seconds"]
        return {
            "engine": engine,
            "cores": cores,
            "inputs": self.inputs,
            "movies": self.movies,
            "distinct": self.distinct,
            "part_rows": self.part_rows if engine == "ray" else "",
            "seconds": round(seconds, 2),
            "start_seconds": round(start["seconds"], 2),
            "films_per_second": round((self.movies - 1) / (seconds - start["seconds"]), 2),
            "overhead": round(seconds / local["seconds"], 3) if local else "",
            "cpu_seconds_per_film": round(
                (whole["cpu_seconds"] - start["cpu_seconds"]) / (self.movies - 1), 5
            ),
            "start_cpu_seconds": round(start["cpu_seconds"], 2),
            "peak_mb": round(whole["peak_bytes"] / 1e6),
            "growth": round(whole["growth"], 3),
            "load": round(load, 1),
            **self.sizes,
            "output_bytes": round(self.output(engine).stat().st_size / self.movies),
        }

    def output(self, engine: str) -> Path:
        """The rows that the last run of an engine gave."""
        return self.folder / f"{engine}.jsonl"

    def command(self, engine: str, cores: int, table: Path) -> list[str]:
        """The command line of one run."""
        ray = ["--engine", "ray", "--workers", str(cores), "--part-rows", str(self.part_rows)]
        ray += ["--out", str(self.folder / "parts")]
        line = [sys.executable, "-m", "genreel.app.cli", "predict", str(table), "--format", "jsonl"]
        return line + (ray if engine == "ray" else [])

    def start(self, engine: str, cores: int, table: Path) -> subprocess.Popen[bytes]:
        """Starts a run on the first `cores` cores."""
        taken = sorted(os.sched_getaffinity(0))[:cores]
        line = self.command(engine, cores, table)
        with self.output(engine).open("wb") as out:
            held = f"import os, sys; os.sched_setaffinity(0, {taken}); "
            held += "os.execv(sys.argv[1], sys.argv[1:])"
            return subprocess.Popen(
                [sys.executable, "-c", held, *line], stdout=out, start_new_session=True
            )

    def run(self, engine: str, cores: int, table: Path) -> dict[str, float]:
        """Seconds, CPU-seconds and bytes of one whole run."""
        shutil.rmtree(self.folder / "parts", ignore_errors=True)
        began = time.perf_counter()
        process = self.start(engine, cores, table)
        usage = Usage(process.pid)
        code = process.wait()
        seconds = time.perf_counter() - began
        usage.stop()
        if code not in (0, 3):
            raise SystemExit(f"{engine} ended with code {code}")
        return {
            "seconds": seconds,
            "cpu_seconds": sum(usage.cpu_seconds.values()),
            "peak_bytes": max(usage.bytes),
            "growth": usage.growth(),
        }

    def killed(self, cores: int, kills: int) -> dict[str, Any]:
        """A run that is killed `kills` times, then finished and compared with that of one process,
        which has just been measured.
        """
        shutil.rmtree(self.folder / "parts", ignore_errors=True)
        began = time.perf_counter()
        done, memory = 0, []
        for kill in range(kills):
            process = self.start("ray", cores, self.table)
            usage = Usage(process.pid)
            enough = self.movies / self.part_rows * (kill + 1) / (kills + 1)
            while len(self.parts()) < enough and process.poll() is None:
                time.sleep(0.05)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                done += 1
            process.wait()
            usage.stop()
            memory.append(max(usage.bytes))
        process = self.start("ray", cores, self.table)
        usage = Usage(process.pid)
        code = process.wait()
        usage.stop()
        seconds = time.perf_counter() - began
        if code not in (0, 3):
            raise SystemExit(f"ray ended with code {code}")
        differing, largest = compared(self.output("local"), self.output("ray"))
        return {
            "engine": "ray",
            "cores": cores,
            "inputs": self.inputs,
            "movies": self.movies,
            "distinct": self.distinct,
            "part_rows": self.part_rows,
            "seconds": round(seconds, 2),
            "peak_mb": round(max(*memory, *usage.bytes) / 1e6),
            "growth": round(usage.growth(), 3),
            **self.sizes,
            "kills": done,
            "rows_that_differ": differing,
            "largest_difference": f"{largest:.1e}",
        }

    def parts(self) -> list[Path]:
        """Finished parts."""
        return list((self.folder / "parts").glob("part-*"))


def write_table(path: Path, films: Sequence[Movie]) -> Path:
    """A catalogue whose ids are numbers, so that none is there twice."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "title", "year", "plot", "poster"])
        for number, film in enumerate(films):
            poster = f"posters/{Path(str(film.poster)).name}"
            writer.writerow([number, film.title, film.year or "", film.plot, poster])
    return path


def compared(one: Path, other: Path) -> tuple[int, float]:
    """Rows that differ by more than the last of six places, and the largest difference."""
    differing, largest = 0, 0.0
    with one.open() as first, other.open() as second:
        for a, b in itertools.zip_longest(map(json.loads, first), map(json.loads, second)):
            if a is None or b is None:  # a row that is lost
                differing += 1
                continue
            alike = {**a, "scores": 0} == {**b, "scores": 0}
            gap = max((abs(a["scores"][g] - b["scores"][g]) for g in a["scores"]), default=0.0)
            largest = max(largest, gap)
            differing += not alike or gap > 1.1e-6
    return differing, largest


class Usage(threading.Thread):
    """Watches a process and all its descendants: their CPU-seconds twice a second, their memory
    every other second, as to ask for that of Ray's many processes takes a tenth of a second.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.bytes: list[int] = []
        self.cpu_seconds: dict[int, float] = {}
        self.ended = threading.Event()
        self.start()

    def run(self) -> None:
        """Looks until it is stopped."""
        for look in itertools.count():
            stats = {}
            for path in Path("/proc").glob("[0-9]*/stat"):
                try:
                    fields = path.read_text().rpartition(")")[2].split()
                except OSError:  # it has just ended
                    continue
                seconds = (int(fields[11]) + int(fields[12])) / TICKS
                stats[int(path.parent.name)] = (int(fields[1]), seconds)
            family = self.family(stats)
            self.cpu_seconds.update({pid: stats[pid][1] for pid in family})
            if look % 4 == 0:
                self.bytes.append(sum(map(pss, family)))
            if self.ended.wait(0.5):
                return

    def family(self, stats: Mapping[int, tuple[int, float]]) -> list[int]:
        """The process and its descendants."""
        found = [self.pid] if self.pid in stats else []
        for parent in found:
            found += [pid for pid, (its_parent, _) in stats.items() if its_parent == parent]
        return found

    def growth(self) -> float:
        """The peak of the second half over that of the first."""
        half = len(self.bytes) // 2
        return max(self.bytes[half:]) / max(self.bytes[: half + 1])

    def stop(self) -> None:
        """Stops looking."""
        self.ended.set()
        self.join()


def pss(pid: int) -> int:
    """Proportional set size in bytes: memory that processes share is counted once."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def estimates(rows: Sequence[Mapping[str, str]], price: float) -> str:
    """A Markdown table of what 10⁶ and 10⁸ films would take."""
    measured = [row for row in rows if row["engine"] == "ray" and row["films_per_second"]]
    row = max(reversed(measured), key=lambda row: int(row["cores"]))
    lines = [
        "| films | posters | rows | predictions | core-hours | hours on 16 cores | dollars |",
        "|---|---|---|---|---|---|---|",
    ]
    for films in (10**6, 10**8):
        said = estimate(films, row, price)
        lines.append(
            f"| {films:,} | {said['posters'] / 1e9:,.0f} GB | {said['rows'] / 1e9:,.1f} GB "
            f"| {said['predictions'] / 1e9:,.1f} GB | {said['core_hours']:,.0f} "
            f"| {said['core_hours'] / 16:,.1f} | {said['dollars']:,.2f} |"
        )
    return "\n".join(lines)


def estimate(films: int, row: Mapping[str, str], price: float) -> dict[str, float]:
    """Bytes, core-hours and dollars for `films`, from a measured row of Ray.

    core-hours = films × CPU-seconds per film / 3600, those of Ray's own processes included, the
    start left out. More cores are taken to give proportionally more, which holds as long as the
    disks give poster_bytes × films a second; dollars = core-hours × price.
    """
    core_hours = films * float(row["cpu_seconds_per_film"]) / 3600
    return {
        "posters": films * float(row["poster_bytes"]),
        "rows": films * float(row["row_bytes"]),
        "predictions": films * float(row["output_bytes"]),
        "core_hours": core_hours,
        "dollars": core_hours * price,
    }


if __name__ == "__main__":
    main()
