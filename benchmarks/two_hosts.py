"""Ray and torchrun on two hosts: films a second, and what becomes of a run whose host dies.

    GENREEL_DATA=… python benchmarks/two_hosts.py [--movies 400] [--only ray torchrun]

The hosts are two network namespaces of this machine, joined by a virtual cable. Each has an
address, a name, processes, shared memory and one core of its own; both see one folder. Needs root,
`ip` and `unshare`, and two cores.

Rows of benchmarks/results/two-hosts.csv:

- ray: `genreel predict --engine ray` on a cluster of one host and of two; a second host that dies
  when half of the parts are there; a first host that dies then, with the driver, and the same
  command in a new cluster. Films a second are counted from the first parts to the last, so the
  start is left out. Rows are compared with those of one process.
- torchrun: a small network trained on one host and on two; a second host that dies after a third of
  the epochs, and the same command again. Scores are compared with those of one host.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from scaling import compared

from genreel.catalogue import Catalogue
from genreel.predictor import Predictor

RESULTS = Path(__file__).parent / "results" / "two-hosts.csv"
DATA = Path(os.environ.setdefault("GENREEL_DATA", "../shared/data"))
COLUMNS = ("engine", "hosts", "dies", "films", "seconds", "films_per_second", "first_run")
COLUMNS += (
    "seconds_until_it_ended",
    "second_run",
    "epochs",
    "rows_that_differ",
    "largest_difference",
)
PART_ROWS = 10
PATIENCE = 300.0
"""Seconds after which a run that should have gone on counts as hanging."""

BOOT = """
hostname "$1"; mkdir -p /tmp/ray
mount -t tmpfs tmpfs /tmp/ray; mount -t tmpfs tmpfs /dev/shm
mount --bind "$2" /etc/hosts; mount --bind /dev/null /etc/resolv.conf
exec sleep infinity
"""

RECIPE = """
id = "two-hosts"
title = "A small network"
source = "genreel's own"
command = "python benchmarks/two_hosts.py"
cost = "seconds"
[features.poster]
kind = "pixels"
height = 96
width = 64
[model]
kind = "network"
features = ["poster"]
[model.towers.poster]
kind = "cnn"
feature = "poster"
layers = ["conv 32 3", "pool 2", "conv 32 3", "pool 2", "flatten", "dense 32"]
[model.training]
epochs = 9
batch_size = 16
learning_rate = 0.01
"""
EPOCHS = 9


class Host:
    """A network namespace with processes, a name and a core of its own.

    Args:
        number: 1 or 2.
        folder: what both hosts see.
    """

    def __init__(self, number: int, folder: Path) -> None:
        self.name, self.address = f"host-{number}", f"10.77.0.{number}"
        self.folder = folder
        self._core = str(sorted(os.sched_getaffinity(0))[number - 1])
        self._init = 0  # the process whose end is that of all
        (folder / self.name).mkdir()  # its cache
        self.boot()

    def boot(self) -> None:
        """Starts it, empty."""
        line = ["ip", "netns", "exec", f"genreel-{self.name}", "unshare", "--mount", "--uts"]
        line += ["--pid", "--fork", "--mount-proc", "--kill-child", "bash", "-c", BOOT, "_"]
        line += [self.name, str(self.folder / "hosts")]
        outer = subprocess.Popen(line, stderr=subprocess.DEVNULL)
        children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children")
        wait_until(lambda: bool(children.read_text().split()), 10)
        self._init = int(children.read_text().split()[0])
        time.sleep(0.5)  # for the mounts

    def start(
        self, command: Sequence[str], out: Path, log: Path | None = None, **environment: str
    ) -> subprocess.Popen[bytes]:
        """Starts a command on it; what it gives goes to `out`, what it says to `log`."""
        line = ["nsenter", "-t", str(self._init), "--mount", "--uts", "--net", "--pid", "taskset"]
        line += ["-c", self._core, "env", "-C", str(self.folder), *command]
        own = {"OMP_NUM_THREADS": "1", "GENREEL_CACHE": str(self.folder / self.name)}
        with out.open("wb") as file, (log or out.with_suffix(".err")).open("ab") as errors:
            return subprocess.Popen(
                line, stdout=file, stderr=errors, env=os.environ | own | environment
            )

    def die(self) -> None:
        """Kills all its processes at once."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._init, signal.SIGKILL)


@contextlib.contextmanager
def two_hosts(folder: Path) -> Iterator[list[Host]]:
    """Two hosts, joined, until the block ends."""
    spaces = ["genreel-host-1", "genreel-host-2"]
    (folder / "hosts").write_text("127.0.0.1 localhost\n10.77.0.1 host-1\n10.77.0.2 host-2\n")
    ends = [["cable", "netns", space] for space in spaces]
    hosts: list[Host] = []
    _remove(spaces)  # of a run that was killed
    try:
        for space in spaces:
            _ip("netns", "add", space)
        _ip("link", "add", *ends[0], "type", "veth", "peer", "name", *ends[1])
        for number, space in enumerate(spaces, 1):
            _ip("-n", space, "address", "add", f"10.77.0.{number}/24", "dev", "cable")
            for device in ("lo", "cable"):
                _ip("-n", space, "link", "set", device, "up")
            _ip("-n", space, "route", "add", "default", "dev", "cable")
            hosts.append(Host(number, folder))
        yield hosts
    finally:
        for host in hosts:
            host.die()
        _remove(spaces)


def _remove(spaces: Sequence[str]) -> None:
    for space in spaces:
        subprocess.run(["ip", "netns", "delete", space], check=False, capture_output=True)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def wait_until(is_so: Callable[[], bool], seconds: float) -> bool:
    """Whether it became so in time."""
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


CASES: Sequence[tuple[int, int | None]] = ((1, None), (2, None), (2, 1), (2, 0))
"""How many hosts, and the number of the one that dies."""


def ray_rows(
    hosts: Sequence[Host],
    folder: Path,
    films: int,
    cases: Sequence[tuple[int, int | None]] = CASES,
) -> Iterator[dict[str, Any]]:
    """One host, two, and two of which one dies when half of the parts are there."""
    command = [sys.executable, "-m", "genreel.app.cli", "predict", "movies.jsonl"]
    command += ["--format", "jsonl"]
    hosts[0].start(command, folder / "local.jsonl").wait()
    for count, victim in cases:
        line = [*command, "--engine", "ray", "--out", "parts", "--part-rows", str(PART_ROWS)]
        run = Run(
            hosts[:count],
            [*line, "--workers", str(count)],
            folder / "ray.jsonl",
            partial(_is_half_there, folder, films),
        )
        shutil.rmtree(folder / "parts", ignore_errors=True)
        row: dict[str, Any] = {"engine": "ray", "hosts": count, "films": films}
        token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
        row |= run.row(victim, partial(_cluster, hosts[:count], token), token | RAY)
        times = sorted(path.stat().st_mtime for path in _parts(folder))
        if victim is None:  # the first part of each worker ends its start
            rest = (len(times) - count) * PART_ROWS
            row["films_per_second"] = round(rest / (times[-1] - times[count - 1]), 1)
        differ, largest = compared(folder / "local.jsonl", folder / "ray.jsonl")
        yield row | {"rows_that_differ": differ, "largest_difference": f"{largest:.0e}"}


RAY = {"RAY_ADDRESS": "10.77.0.1:6379"}


def _is_half_there(folder: Path, films: int) -> bool:
    return len(_parts(folder)) * PART_ROWS >= films / 2


def _says(path: Path, text: str) -> bool:
    return path.is_file() and text in path.read_text()


def _parts(folder: Path) -> list[Path]:
    return list((folder / "parts").glob("part-*"))


def _cluster(hosts: Sequence[Host], token: Mapping[str, str]) -> None:
    """A cluster of Ray over freshly started hosts."""
    for host in hosts:
        line = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--num-cpus", "1"]
        line += ["--node-ip-address", host.address, "--object-store-memory", str(10**8)]
        line += ["--disable-usage-stats"]
        head = ["--head", "--port", "6379", "--include-dashboard", "false"]
        line += head if host is hosts[0] else ["--address", RAY["RAY_ADDRESS"]]
        log = host.folder / f"{host.name}.log"
        host.start(line, log, log, **token)
        if not wait_until(partial(_says, log, "block forever"), PATIENCE):
            raise SystemExit(f"Ray did not start: {log.read_text()[-500:]}")


def torchrun_rows(hosts: Sequence[Host], folder: Path, films: int) -> Iterator[dict[str, Any]]:
    """One host, two, and two of which one dies after a third of the epochs."""
    (folder / "recipe.toml").write_text(RECIPE)
    ids = [str(number) for number in range(films)]
    parts = {"train": ids[: films // 2], "valid": ids[films // 2 :: 2], "test": ids[-50:]}
    (folder / "split.json").write_text(json.dumps({**parts, "test": ids[films // 2 + 1 :: 2]}))
    movies = list(Catalogue(folder))[-50:]
    scores: dict[str, Any] = {}
    for count, victim in CASES:
        name = f"bundle-{count}-{victim}"
        line = [sys.executable, "-m", "torch.distributed.run", "--nnodes", str(count)]
        line += ["--nproc-per-node", "1", "--rdzv-backend", "c10d", "--rdzv-endpoint"]
        line += ["host-1:29500", "-m", "genreel.app.cli", "train", "recipe.toml", "."]
        line += ["--split", "split.json", "--out", name]
        run = Run(
            hosts[:count],
            line,
            folder / f"{name}.out",
            partial(_says, folder / f"{name}.err", f"epoch {EPOCHS // 3}/"),
            is_everywhere=True,
        )
        row: dict[str, Any] = {"engine": "torchrun", "hosts": count, "films": films // 2}
        row |= run.row(victim)
        predictions = Predictor(folder / name).predict_many(movies)
        scores[name] = np.array([list(p.scores.values()) for p in predictions])
        gap = np.abs(scores[name] - scores["bundle-1-None"])
        differ = int((gap.max(axis=1) > 1e-3).sum())  # sums of gradients are rounded otherwise
        said = (folder / f"{name}.err").read_text().count("epoch ")
        yield row | {
            "epochs": said,
            "rows_that_differ": differ,
            "largest_difference": f"{gap.max():.0e}",
        }


@dataclass(frozen=True)
class Run:
    """A command that uses some hosts.

    Attributes:
        hosts: the first one says how it goes.
        command: its words.
        out: where its output goes.
        is_half_way: when a host dies.
        is_everywhere: whether every host runs the command; else the first.
    """

    hosts: Sequence[Host]
    command: Sequence[str]
    out: Path
    is_half_way: Callable[[], bool]
    is_everywhere: bool = False

    def row(
        self,
        victim: int | None,
        prepare: Callable[[], None] = lambda: None,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> dict[str, Any]:
        """What became of it, and of a second run where the first did not end well.

        Args:
            victim: number of the host that dies half-way; None: none does.
            prepare: what is done before a run, on hosts that have just started.
            environment: of the command.
        """
        row: dict[str, Any] = {"dies": "" if victim is None else self.hosts[victim].name}
        first = self._start(prepare, environment)
        began = died = time.monotonic()
        if victim is not None:
            wait_until(lambda: self.is_half_way() or has_ended(first), PATIENCE)
            self.hosts[victim].die()
            died = time.monotonic()
        if victim != 0 or self.is_everywhere:
            watched = first[1:] if victim == 0 else first[:1]
            wait_until(lambda: has_ended(watched), PATIENCE)
            codes = [process.poll() for process in watched]
        else:
            codes = [1]
        is_done = codes == [0] and victim != 0
        row["first_run"] = "done" if is_done else "hangs" if codes == [None] else "fails"
        if victim is not None:
            row["seconds_until_it_ended"] = round(time.monotonic() - died, 1)
        if not is_done:
            again = self._start(prepare, environment)
            began = time.monotonic()
            row["second_run"] = "done" if again[0].wait() == 0 else "fails"
        row["seconds"] = round(time.monotonic() - began, 1)
        return row

    def _start(
        self, prepare: Callable[[], None], environment: Mapping[str, str]
    ) -> list[subprocess.Popen[bytes]]:
        for host in self.hosts:
            host.die()
            host.boot()
        prepare()
        hosts = self.hosts if self.is_everywhere else self.hosts[:1]
        outs = [self.out, *(host.folder / f"{host.name}.out" for host in hosts[1:])]
        return [
            host.start(self.command, out, **environment)
            for host, out in zip(hosts, outs, strict=True)
        ]


def has_ended(processes: Sequence[subprocess.Popen[bytes]]) -> bool:
    """Whether all of them have."""
    return all(process.poll() is not None for process in processes)


ENGINES = {"ray": ray_rows, "torchrun": torchrun_rows}


def main() -> None:
    """Measures and writes benchmarks/results/two-hosts.csv."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--movies", type=int, default=400)
    parser.add_argument("--only", nargs="*", choices=ENGINES, default=list(ENGINES))
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as name, two_hosts(Path(name)) as hosts:
        films = write_catalogue(Path(name), arguments.movies)
        for engine in arguments.only:
            for row in ENGINES[engine](hosts, Path(name), films):
                print(json.dumps(row), flush=True)
                rows.append(row)
    if RESULTS.is_file():
        with RESULTS.open(newline="") as file:
            rows = [r for r in csv.DictReader(file) if r["engine"] not in arguments.only] + rows
    with RESULTS.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_catalogue(folder: Path, count: int) -> int:
    """A catalogue of real films; returns how many there are."""
    (folder / "posters").mkdir()
    films = [movie for movie in Catalogue(DATA / "movies") if movie.poster and movie.plot]
    films = films[:: max(1, len(films) // count)][:count]
    with (folder / "movies.jsonl").open("w") as file:
        for number, film in enumerate(films):
            shutil.copy(str(film.poster), folder / "posters" / f"{number}.jpg")
            row = {"id": str(number), "title": film.title, "year": film.year, "plot": film.plot}
            row |= {
                "genres": sorted({g for names in film.genres.values() for g in names}),
                "poster": f"posters/{number}.jpg",
            }
            file.write(json.dumps(row) + "\n")
    return len(films)


if __name__ == "__main__":
    main()
