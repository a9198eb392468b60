"""Gives genreel thousands of damaged and adversarial inputs, and counts what comes of them.

    python benchmarks/hostile.py [--cases 20000] [--seed 0] [--only images …] [--resume]
        [--keep FOLDER]

Cases (see `attacks`) are tried one after the other in a process of their own, so that one that
crashes it, takes over 2 GiB or more than 5 s is told from the others. Each must end in a result or
a typed refusal within 1 s and 1 GiB. Memory is that of the whole process; seconds are those that it
computed, as a machine that others use lets it wait. One that took longer is tried up to three times
more, each in a new process, and the shortest time counts. Prints a row for each kind, writes them
to benchmarks/results/hostile.csv, saves every case that failed in a folder, and exits with 1 if
there is one. --resume goes on after the kinds that the table has already. Linux only: memory is
read from /proc.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import select
import subprocess
import sys
import time
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import attacks

RESULTS = Path(__file__).parent / "results" / "hostile.csv"
SECONDS, BYTES = 1.0, 2**30
KILLED_AFTER, KILLED_OVER = 5.0, 2 * 2**30
FAILURES = ("crash", "hang", "untyped", "slow", "memory")
SLEPT = 120.0
"""Seconds after which a case hangs, whatever it has computed until then."""

TRIES = 4
"""Of a case that takes too long: beside others' work a processor computes more slowly."""

FRESH_AFTER = 2000
"""Cases of one process, so that what one leaves behind does not count for ever."""


@dataclass
class Sums:
    """What came of one kind's cases."""

    cases: int = 0
    results: int = 0
    refusals: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    slowest: str = ""
    memory: int = 0
    largest: str = ""

    def row(self, kind: str) -> dict[str, Any]:
        """As a row of the table."""
        return {
            "kind": kind,
            "cases": self.cases,
            "results": self.results,
            "refusals": self.refusals,
            **{name: self.failures[name] for name in FAILURES},
            "worst_s": f"{self.seconds:.2f}",
            "worst_mib": self.memory // 2**20,
            "slowest": self.slowest,
            "largest": self.largest,
        }


def main() -> None:
    """Tries all cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", choices=list(attacks.KINDS), default=[])
    parser.add_argument("--keep", type=Path, default=Path("hostile-failures"))
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker is not None:
        work(arguments.worker)
        return
    kinds = arguments.only or list(attacks.KINDS)
    whole = sum(attacks.KINDS[kind] for kind in kinds)
    rows: list[dict[str, Any]] = []
    if arguments.resume and arguments.out.exists():
        with arguments.out.open(newline="") as file:
            rows = list(csv.DictReader(file))
    failed = sum(int(row[name]) for row in rows for name in FAILURES)
    for kind in kinds:
        if any(row["kind"] == kind for row in rows):
            continue
        count = round(arguments.cases * attacks.KINDS[kind] / whole)
        sums = run(kind, arguments.seed, count, arguments.keep)
        rows.append(sums.row(kind))
        failed += sums.failures.total()
        print(json.dumps(rows[-1], ensure_ascii=False), flush=True)
        with arguments.out.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    sys.exit(1 if failed else 0)


def run(kind: str, seed: int, count: int, keep: Path) -> Sums:
    """Tries so many cases of a kind."""
    sums = Sums()
    worker = Worker(seed)
    for number in range(count):
        if number % FRESH_AFTER == FRESH_AFTER - 1:
            worker.close()
            worker = Worker(seed)
        told = worker.attempt(kind, number)
        for _ in range(TRIES - 1):
            if "failure" in told or told["seconds"] <= SECONDS:
                break
            worker.close()
            worker = Worker(seed)
            worker.attempt(kind, 0)  # so that nothing is loaded for the first time
            again = worker.attempt(kind, number)
            told = min((told, again), key=lambda one: float(one.get("seconds", KILLED_AFTER)))
        if told.get("failure") in ("crash", "hang", "memory"):
            worker.close()
            worker = Worker(seed)
        note(sums, kind, seed, number, told, keep)
    worker.close()
    return sums


def note(sums: Sums, kind: str, seed: int, number: int, told: dict[str, Any], keep: Path) -> None:
    """Counts a case, and saves one that failed."""
    sums.cases += 1
    failure = told.get("failure")
    name = told.get("name", "?")
    seconds, memory = told.get("seconds", 0.0), told.get("memory", 0)
    if failure is None and seconds > SECONDS:
        failure = "slow"
    if failure is None and memory > BYTES:
        failure = "memory"
    if failure is None:
        sums.results += told["result"]
        sums.refusals += not told["result"]
    else:
        sums.failures[failure] += 1
        made = attacks.make(kind, seed, number)
        folder = keep / f"{kind}-{seed}-{number}"
        made.save(folder)
        text = f"{failure}: {made.name}\n{seconds:.2f} s, {memory / 2**20:.0f} MiB\n"
        (folder / "failure.txt").write_text(text + told.get("detail", ""))
        print(f"{folder}: {failure}: {made.name}: {seconds:.2f} s, {memory >> 20} MiB", flush=True)
        print(told.get("detail", "")[-400:], flush=True)
    if seconds > sums.seconds:
        sums.seconds, sums.slowest = seconds, name
    if memory > sums.memory:
        sums.memory, sums.largest = memory, name


class Worker:
    """A process that tries cases."""

    def __init__(self, seed: int) -> None:
        command = [sys.executable, __file__, "--worker", str(seed)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._said = b""  # read, but not looked at yet
        self._peak = 0
        self._computed = 0.0

    def attempt(self, kind: str, number: int) -> dict[str, Any]:
        """What came of a case: "result", "seconds" and "memory", or a "failure"."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{kind} {number}\n".encode())
        self._process.stdin.flush()
        name = self._line(SLEPT)  # made; from now on it counts
        if name is None:
            return {"failure": "crash", "detail": "before it was tried", "seconds": 0.0}
        before = computed(self._process.pid)
        told = self._line(KILLED_AFTER)
        if told is not None:
            return {**name, **told}
        code = self._process.poll()
        took = self._computed - before
        self.close()
        if code is not None:
            return {**name, "failure": "crash", "detail": f"exit status {code}", "seconds": took}
        what = "memory" if self._peak > KILLED_OVER else "hang"
        return {**name, "failure": what, "seconds": took, "memory": self._peak}

    def close(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def _line(self, seconds: float) -> dict[str, Any] | None:
        """What it says next; None where it ends, takes too long or too much memory."""
        assert self._process.stdout
        deadline = time.perf_counter() + SLEPT
        most = computed(self._process.pid) + seconds
        self._peak = 0
        while time.perf_counter() < deadline and self._computed < most:
            line, end, rest = self._said.partition(b"\n")
            if end:
                self._said = rest
                told: dict[str, Any] = json.loads(line)
                return told
            if select.select([self._process.stdout], [], [], 0.02)[0]:
                said = os.read(self._process.stdout.fileno(), 2**16)
                if not said:
                    self._process.wait()
                    return None
                self._said += said
                continue
            self._computed = computed(self._process.pid)
            self._peak = max(self._peak, resident(self._process.pid))
            if self._peak > KILLED_OVER:
                return None
        return None


def resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def computed(pid: int) -> float:
    """Seconds that a process has computed."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def peak() -> int:
    """Most bytes that this process has held since `forget_peak`."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def forget_peak() -> None:
    """Starts counting anew."""
    Path("/proc/self/clear_refs").write_text("5")


def work(seed: int) -> None:
    """Tries the cases named on standard input."""
    warnings.simplefilter("ignore")  # Pillow warns of what it mends
    say = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints must not be taken for an answer
    for line in sys.stdin:
        kind, number = line.split()
        case = attacks.make(kind, seed, int(number))
        print(json.dumps({"name": case.name}), file=say, flush=True)
        forget_peak()
        started = time.process_time()
        told: dict[str, Any] = {}
        try:
            told["result"] = attacks.attempt(kind, case)
        except BaseException:
            told = {"failure": "untyped", "detail": traceback.format_exc()}
        told["seconds"] = time.process_time() - started
        told["memory"] = peak()
        print(json.dumps(told), file=say, flush=True)
        del case


if __name__ == "__main__":
    main()
