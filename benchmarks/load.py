"""The server under load: 32 clients for a minute, then on to 10,000 requests.

    python benchmarks/load.py [--seconds 60] [--clients 32] [--requests 10000]

On one machine and in one run: how fast `predict_many` is without a server, how long one request
takes when nobody else asks, and then what many clients get, each of which sends a poster with its
plot, waits for the answer and sends the next; one that is refused waits as long as it is told
to. The server reads no posters (`--no-read`), as `predict_many` reads none. Memory is read from
/proc. Adds a row to benchmarks/results/load.csv.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import http.client
import itertools
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from genreel import Catalogue, Movie, Predictor
from genreel.app.service.settings import Settings

SAMPLES = Path(__file__).parent.parent / "samples"
RESULTS = Path(__file__).parent / "results" / "load.csv"
BOUNDARY = "boundary-of-genreel"


def main() -> None:
    """Measures and writes one row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--requests", type=int, default=10_000)
    arguments = parser.parse_args()
    movies = [movie for movie in Catalogue(SAMPLES) if movie.has("poster") and movie.has("plot")]
    bodies = [body(movie) for movie in movies]
    busy = os.getloadavg()[0]
    alone = rate_of_predict_many(movies)
    with server("--no-read") as (port, pid):
        for _ in range(3):
            ask(port, bodies, 30)
        single = ask(port, bodies, 100).seconds
        flood = load(port, bodies, arguments.clients, arguments.seconds)
        # Before and after, as a machine that others use is not the same for long.
        single += ask(port, bodies, 100).seconds
        started_at = memory(pid)
        answered = 290 + flood.status[200]
        highest = started_at
        while answered < arguments.requests:
            answered += load(port, bodies, 4, 10.0).status[200]
            highest = max(highest, memory(pid))
    p95 = statistics.quantiles(flood.seconds, n=20)[-1]
    median = statistics.median(single)
    served = flood.status[200] / arguments.seconds
    row: dict[str, object] = {
        "load_average_before": f"{busy:.1f}",
        "waiting": Settings.waiting,
        "batch": Settings.batch,
        "cores": os.cpu_count(),
        "clients": arguments.clients,
        "seconds": arguments.seconds,
        "predict_many_per_s": f"{alone:.1f}",
        "served_per_s": f"{served:.1f}",
        "share": f"{served / alone:.2f}",
        "single_median_ms": f"{1000 * median:.1f}",
        "median_ms": f"{1000 * statistics.median(flood.seconds):.1f}",
        "p95_ms": f"{1000 * p95:.1f}",
        "p95_by_single_median": f"{p95 / median:.2f}",
        "answered": flood.status[200],
        "refused_429": flood.status[429] + flood.status[503],
        "other": sum(n for status, n in flood.status.items() if status not in (200, 429, 503)),
        "requests": answered,
        "mib_after_load": f"{started_at / 2**20:.0f}",
        "mib_at_most": f"{highest / 2**20:.0f}",
    }
    new = not RESULTS.exists()
    with RESULTS.open("a", newline="") as file:
        writer = csv.DictWriter(file, list(row), lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)
    for name, value in row.items():
        print(f"{name:22} {value}")


class Heard:
    """Statuses, and seconds of the requests that were answered."""

    def __init__(self) -> None:
        self.status: Counter[int] = Counter()
        self.seconds: list[float] = []


def rate_of_predict_many(movies: list[Movie], seconds: float = 10.0) -> float:
    """Films per second of a Predictor in this process."""
    predictor = Predictor()
    deadline: list[float] = []

    def stream() -> Iterator[Movie]:
        for movie in itertools.cycle(movies):
            if deadline and time.perf_counter() > deadline[0]:
                return
            yield movie

    list(predictor.predict_many(movies))  # warm
    started = time.perf_counter()
    deadline.append(started + seconds)
    count = sum(1 for _ in predictor.predict_many(stream()))
    return count / (time.perf_counter() - started)


@contextlib.contextmanager
def server(*flags: str) -> Iterator[tuple[int, int]]:
    """A server as anybody starts it, with a few flags: its port and its process."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "genreel.app.cli", "serve", "--port", str(port), *flags]
        process = subprocess.Popen(
            [*command, "--store", f"{folder}/films.db"], stderr=subprocess.DEVNULL
        )
        try:
            while True:
                with contextlib.suppress(OSError):
                    connection = http.client.HTTPConnection("127.0.0.1", port)
                    connection.request("GET", "/health/ready")
                    if connection.getresponse().status == 200:
                        break
                time.sleep(0.2)
            yield port, process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def body(movie: Movie) -> bytes:
    """A poster and its plot as a form."""
    assert isinstance(movie.poster, Path)
    head = "Content-Disposition: form-data; name="
    parts = [
        f'--{BOUNDARY}\r\n{head}"plot"\r\n\r\n{movie.plot}\r\n'.encode(),
        f'--{BOUNDARY}\r\n{head}"poster"; filename="{movie.id}.jpg"\r\n\r\n'.encode(),
        movie.poster.read_bytes(),
        f"\r\n--{BOUNDARY}--\r\n".encode(),
    ]
    return b"".join(parts)


def ask(port: int, bodies: list[bytes], count: int = 0, until: float = 0.0) -> Heard:
    """Sends one request after the other: so many, or until a time of `time.perf_counter`."""
    heard = Heard()
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    for number, one in enumerate(itertools.cycle(bodies)):
        started = time.perf_counter()
        if number >= count if count else started >= until:
            break
        connection.request("POST", "/api/predict/files", one, headers)
        answer = connection.getresponse()
        answer.read()
        heard.status[answer.status] += 1
        if answer.status == 200:
            heard.seconds.append(time.perf_counter() - started)
        elif retry := answer.headers.get("Retry-After"):
            time.sleep(float(retry))
    connection.close()
    return heard


def load(port: int, bodies: list[bytes], clients: int, seconds: float) -> Heard:
    """Several clients at once."""
    everything = Heard()
    lock = threading.Lock()
    until = time.perf_counter() + seconds

    def client(number: int) -> None:
        heard = ask(port, bodies[number % len(bodies) :] + bodies, until=until)
        with lock:
            everything.status.update(heard.status)
            everything.seconds += heard.seconds

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return everything


def memory(pid: int) -> int:
    """Bytes that a process holds now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
