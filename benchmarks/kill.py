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
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlalchemy as sa

from genreel import Movie, Prediction, Predictor
from genreel.app.schema import events
from genreel.app.store import Store

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
    with tempfile.TemporaryDirectory() as folder:
        url = arguments.store or f"{folder}/films.db"
        rounds = [
            killed(url, f"r{number}-", arguments.reviews, arguments.servers)
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


def killed(url: str, prefix: str, reviews: int, servers: int) -> dict[str, int]:
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

    with serving(url, servers) as (ports, processes):
        threads = people(person, ports)
        while len(acknowledged) < enough:
            time.sleep(0.001)
        for process in processes:
            process.kill()
        for thread in threads:
            thread.join()
    before = set(acknowledged)
    store = Store(url, thresholds)
    lost = sum(store.film(film).state != "reviewed" for film in before)
    store.close()

    for film in unanswered:
        waiting.put(film)
    with serving(url, servers) as (ports, _):
        for thread in people(person, ports):
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


@contextlib.contextmanager
def serving(url: str, count: int) -> Iterator[tuple[list[int], list[subprocess.Popen[bytes]]]]:
    """Servers on one store, as anybody starts them."""
    ports, processes = [], []
    for _ in range(count):
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            ports.append(one.getsockname()[1])
        command = [sys.executable, "-m", "genreel.app.cli", "serve", "--port", str(ports[-1])]
        command += ["--store", url]
        processes.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
    try:
        for port, process in zip(ports, processes, strict=True):
            while True:
                if process.poll() is not None:
                    raise SystemExit("a server did not start")
                with contextlib.suppress(OSError):
                    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                    connection.request("GET", "/health/ready")
                    if connection.getresponse().status == 200:
                        break
                time.sleep(0.1)
        yield ports, processes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(60)


if __name__ == "__main__":
    main()
