"""Kills servers while people review and counts what was acknowledged, lost and kept twice.

    python benchmarks/kill.py [--rounds 20] [--reviews 1000] [--servers 1] [--store URL]

In each round new films wait, eight people review them over the API, and at some moment the servers
are killed (SIGKILL). Then the store is looked at, the servers are started again, and the people
send what was not acknowledged once more, with the version of the film that they saw. Adds a row
to benchmarks/results/kill.csv, unless --out says otherwise.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import http.client
import json
import queue
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from genreel import Movie, Prediction, Predictor
from genreel.app.store.schema import events
from genreel.app.store.store import Store

RESULTS = Path(__file__).parent / "results" / "kill.csv"
PEOPLE = 8


def main() -> None:
    """Counts over all rounds what was acknowledged, lost and kept twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--reviews", type=int, default=1000)
    parser.add_argument("--servers", type=int, default=1)
    parser.add_argument("--store", help="an empty one (default: a SQLite file)")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        url = arguments.store or f"{folder}/films.db"
        servers = stack.enter_context(contextlib.closing(Servers(url, arguments.servers)))
        rounds = [
            killed(url, f"r{number}-", arguments.reviews, servers)
            for number in range(arguments.rounds)
        ]
    row: dict[str, object] = {
        "store": "postgresql" if "postgres" in url else "sqlite",
        "servers": arguments.servers,
        "kills": arguments.rounds,
        "reviews": arguments.rounds * arguments.reviews,
    }
    names = ("acknowledged_before", "unanswered", "lost", "wrong", "twice", "reviewed_at_last")
    row |= {name: sum(one[name] for one in rounds) for name in names}
    write_header = not arguments.out.exists()
    with arguments.out.open("a", newline="") as file:
        writer = csv.DictWriter(file, list(row), lineterminator="\n")
        if write_header:
            writer.writeheader()
        writer.writerow(row)
    print(json.dumps(row))


def killed(url: str, prefix: str, reviews: int, servers: Servers) -> dict[str, int]:
    """One round."""
    thresholds = Predictor(threads=1).thresholds()
    genres = list(thresholds)
    intended = {
        f"{prefix}{number}": {genres[number % 22], genres[number * 7 % 22]}
        for number in range(reviews)
    }
    store = Store(url, thresholds)
    versions = {}
    with store.database.writing():
        for film in intended:
            store.save(Movie(film, title=film))
            said = Prediction(film, dict.fromkeys(genres, 0.1))
            versions[film] = store.save_prediction(film, said, "none").version
    store.close()

    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for film in intended:
        waiting.put(film)
    acknowledged: set[str] = set()
    unanswered: set[str] = set()
    refused: set[str] = set()
    enough = random.Random(prefix).randint(reviews // 20, reviews * 19 // 20)

    def person(port: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while True:
            try:
                film = waiting.get_nowait()
            except queue.Empty:
                return
            body = json.dumps({"genres": sorted(intended[film]), "version": versions[film]})
            try:
                headers = {"Content-Type": "application/json"}
                connection.request("PUT", f"/api/reviews/{film}", body, headers)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                unanswered.add(film)
                return
            if answer.status == 200:
                acknowledged.add(film)
            elif answer.status == 409:
                refused.add(film)
            else:
                raise SystemExit(f"{film}: status {answer.status}")

    threads = people(person, servers.ports)
    while len(acknowledged) < enough:
        time.sleep(0.001)
    servers.kill()
    for thread in threads:
        thread.join()
    before = set(acknowledged)
    store = Store(url, thresholds)
    lost = sum(store.film(film).state != "reviewed" for film in before)
    store.close()

    for film in unanswered:
        waiting.put(film)
    servers.start()
    for thread in people(person, servers.ports):
        thread.join()
    store = Store(url, thresholds)
    films = {film: store.film(film) for film in intended}
    with store.database.reading() as connection:
        chosen = sa.select(events.c.film, sa.func.count()).where(
            events.c.kind == "review", events.c.film.startswith(prefix)
        )
        times: dict[str, int] = dict(connection.execute(chosen.group_by(events.c.film)).all())
    store.close()
    wrong = [film for film, wanted in intended.items() if set(films[film].genres) != wanted]
    return {
        "acknowledged_before": len(before),
        "unanswered": len(unanswered),
        "lost": lost,
        # A conflict is right only where the answer, not the review, was lost.
        "wrong": len(wrong) + len(refused - unanswered),
        "twice": sum(count > 1 for count in times.values()),
        "reviewed_at_last": sum(film.state == "reviewed" for film in films.values()),
    }


def people(person: Callable[[int], None], ports: list[int]) -> list[threading.Thread]:
    """Threads of reviewing people, shared out among the servers."""
    threads = [
        threading.Thread(target=person, args=(ports[number % len(ports)],))
        for number in range(PEOPLE)
    ]
    for thread in threads:
        thread.start()
    return threads


class Servers:
    """Servers on one store, as anybody starts them."""

    def __init__(self, url: str, count: int) -> None:
        self.url, self.count = url, count
        self.start()

    def start(self) -> None:
        """Starts them and waits until they are ready."""
        self.ports: list[int] = []
        self.processes: list[subprocess.Popen[bytes]] = []
        for _ in range(self.count):
            with socket.socket() as one:
                one.bind(("127.0.0.1", 0))
                self.ports.append(one.getsockname()[1])
            command = [sys.executable, "-m", "genreel.app.cli", "serve", "--store", self.url]
            command += ["--port", str(self.ports[-1])]
            self.processes.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
        for port, process in zip(self.ports, self.processes, strict=True):
            while not ready(port):
                if process.poll() is not None:
                    raise SystemExit("a server did not start")
                time.sleep(0.1)

    def kill(self) -> None:
        """Ends them at once, whatever they are at."""
        for process in self.processes:
            process.kill()
            process.wait()

    def close(self) -> None:
        """Ends them as a person does."""
        for process in self.processes:
            process.terminate()
            process.wait(60)


def ready(port: int) -> bool:
    """Whether a server answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    main()
