"""The server under attack, measured: is it there for others, and what does it hold in memory.

    python benchmarks/attack.py [--seconds 15] [--pause 60] [--only headers …]

--only replaces the rows of these attacks.

Starts `genreel serve` as anybody would, and lets several clients do one hostile thing after the
other. Meanwhile /health/live is asked for, and one movie predicted, again as it is told to where
that is refused. A row for each attack in benchmarks/results/attack.csv: the longest that either
took, in seconds, and memory in MiB, read from /proc: the most during it, and what is left a pause
after. All traffic is on loopback. Exits with 1 where health took over 1 s, a prediction over 10 s,
memory over 1,536 MiB or, afterwards, over 600.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import csv
import http.client
import io
import json
import multiprocessing
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from load import memory, server
from PIL import Image

RESULTS = Path(__file__).parent / "results" / "attack.csv"
PLOT = json.dumps({"plot": "A sheriff and a priest hold a town against the army."}).encode()
CLIENTS = 32


def ask(
    port: int, path: str, body: bytes | None = None, kind: str = "", method: str = "POST"
) -> tuple[int, float]:
    """Status of an answer, and the seconds after which to ask again."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    with contextlib.closing(connection):
        headers = {"Content-Type": kind or "application/json"} if body is not None else {}
        connection.request(method if body is not None else "GET", path, body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status, float(answer.headers.get("Retry-After", 0))


def form(name: str, data: bytes, file: str = "") -> bytes:
    """A multipart form of one field."""
    extra = f'; filename="{file}"' if file else ""
    head = f'--x\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n'
    return head.encode() + data + b"\r\n--x--\r\n"


def image(mode: str, kind: str, width: int = 1000, **options: object) -> bytes:
    """An image of as many pixels as a server opens, that takes few bytes."""
    file = io.BytesIO()
    Image.new(mode, (width, 15_990), 7 if mode == "P" else (7,) * len(mode)).save(
        file, kind, **options
    )
    return file.getvalue()


def headers(port: int) -> None:
    """Headers without an end."""
    with socket.create_connection(("127.0.0.1", port)) as one:
        one.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        for _ in range(1000):
            one.sendall(b"x: " + b"x" * 100_000 + b"\r\n")


def idle(port: int) -> None:
    """Connections that ask for nothing."""
    with contextlib.ExitStack() as stack:
        for _ in range(100):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            one.sendall(b"GET / HTTP")
        time.sleep(1)


def codec(port: int) -> None:
    """A form whose codec takes the square of its size."""
    body = form("token", b"a" * 1_000_000)
    ask(port, "/enter", body, "multipart/form-data; boundary=x; charset=punycode")


def wrong_tokens(port: int) -> None:
    """Many at once."""
    many = [threading.Thread(target=quietly, args=(_wrong_token, port)) for _ in range(25)]
    for one in many:
        one.start()
    for one in many:
        one.join()


def _wrong_token(port: int) -> None:
    ask(port, "/enter", b"token=wrong", "application/x-www-form-urlencoded")


def wrong_json(port: int) -> None:
    """Lists with a mistake in each of their items, and an object of very many keys."""
    for body in WRONG:
        ask(port, "/api/reviews/x", body, method="PUT")
    ask(port, "/api/predict/many", b'{"movies":[%s1]}' % (b"{}," * 160_000))


def lists(port: int) -> None:
    """Lists and searches of films with long plots, and exports."""
    for path in ("/api/films?limit=500", "/?q=a+b+c+d+e+f+g+h", "/api/export?format=jsonl"):
        ask(port, path)


def lazy_lists(port: int) -> None:
    """Lists that nobody reads."""
    with socket.create_connection(("127.0.0.1", port)) as one:
        one.sendall(b"GET /api/films?limit=500 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(10)


def add_films(port: int) -> None:
    """Films with plots as long as they may be, for lists."""
    plot = "A sheriff and a priest ride. " * 3400
    for number in range(60):
        film = json.dumps({"id": f"{number}", "title": f"Ride {number}", "plot": plot}).encode()
        while ask(port, "/api/films", film)[0] == 429:
            time.sleep(0.5)


def posters(port: int) -> None:
    """Of few bytes and many pixels, to be kept and to be predicted."""
    for path, name in (("/api/films/files", "file"), ("/api/predict/files", "poster")):
        for data in POSTERS:
            ask(port, path, form(name, data, "a.webp"), "multipart/form-data; boundary=x")


def large_bodies(port: int) -> None:
    """JSON of 60 MB."""
    ask(port, "/api/predict", LARGE)


def many(port: int) -> None:
    """Requests with very many films."""
    ask(port, "/api/predict/many", b'{"movies":[%s]}' % b",".join([PLOT] * 256))


def lazy_readers(port: int) -> None:
    """Tables whose answers nobody reads."""
    rows = b"plot\n" + b"".join(b"Sheriff %d rides.%s\n" % (k, b" x" * 900) for k in range(5000))
    body = form("file", rows, "t.csv")
    with socket.create_connection(("127.0.0.1", port)) as one:
        head = f"POST /api/films/table HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}"
        one.sendall(f"{head}\r\nContent-Type: multipart/form-data; boundary=x\r\n\r\n".encode())
        one.sendall(body)
        time.sleep(10)


WRONG = (
    b'{"genres":[%s1]}' % (b"1," * 140_000),
    b'{%s"genres":[]}' % b"".join(b'"%d":1,' % number for number in range(100_000)),
)
LARGE = b'{"poster":"%s"}' % base64.b64encode(b"\0" * 44_000_000)
POSTERS = [
    image("RGBA", "WEBP", 750, lossless=True, method=0),
    image("RGBA", "PNG"),
    image("P", "PNG"),
    image("CMYK", "JPEG", progressive=True),
]
ATTACKS: tuple[Callable[[int], None], ...] = (
    *(headers, idle, codec, wrong_tokens, wrong_json),
    *(posters, large_bodies, many, lazy_readers, lists, lazy_lists),
)


def quietly(attack: Callable[[int], None], port: int) -> None:
    """An attack, whatever the server does to its connection."""
    with contextlib.suppress(OSError, http.client.HTTPException):
        attack(port)


def repeat(attack: Callable[[int], None], port: int, seconds: float) -> None:
    """Several clients, each doing the same again and again."""
    until = time.monotonic() + seconds

    def client() -> None:
        while time.monotonic() < until:
            quietly(attack, port)

    clients = [threading.Thread(target=client, daemon=True) for _ in range(CLIENTS)]
    for one in clients:
        one.start()
    for one in clients:  # what they have begun
        one.join(seconds + 60)


def measure(attack: Callable[[int], None], seconds: float, pause: float) -> dict[str, object]:
    """One attack on a server of its own, as a row of the table."""
    with server() as (port, pid):
        ask(port, "/api/predict", PLOT)
        if attack in (lists, lazy_lists):
            add_films(port)
        # A process of its own, or the clients' work would be taken for the server's waiting.
        attackers = multiprocessing.Process(target=repeat, args=(attack, port, seconds))
        attackers.start()
        until = time.monotonic() + seconds
        health, most = 0.0, 0
        predictions: list[float] = []
        probe = threading.Thread(target=lambda: predictions.extend(predict(port, until)))
        probe.start()
        while time.monotonic() < until or probe.is_alive() or attackers.is_alive():
            started = time.monotonic()
            ask(port, "/health/live")
            health = max(health, time.monotonic() - started)
            most = max(most, memory(pid))
            time.sleep(0.05)
        time.sleep(pause)
        return {
            "attack": attack.__name__,
            "clients": CLIENTS,
            "cores": os.cpu_count(),
            "load_average": f"{os.getloadavg()[0]:.1f}",
            "seconds": seconds,
            "health_s": f"{health:.2f}",
            "prediction_s": f"{max(predictions):.2f}",
            "mib_at_most": most // 2**20,
            "mib_after": memory(pid) // 2**20,
        }


def predict(port: int, until: float) -> list[float]:
    """Seconds to each of the predictions of a client that does as it is told."""
    took = []
    while time.monotonic() < until:
        started = time.monotonic()
        while (answer := ask(port, "/api/predict", PLOT))[0] == 429:
            time.sleep(answer[1])
        took.append(time.monotonic() - started)
        time.sleep(0.2)
    return took


def write(row: dict[str, object]) -> None:
    """Puts a row into the table, in the place of an older one."""
    rows: dict[str, dict[str, object]] = {}
    if RESULTS.exists():
        with RESULTS.open(newline="") as file:
            rows = {old["attack"]: dict(old) for old in csv.DictReader(file)}
    rows[str(row["attack"])] = row
    with RESULTS.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(row), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[one.__name__] for one in ATTACKS if one.__name__ in rows)


def main() -> int:
    """Measures every attack, and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--pause", type=float, default=60.0)
    parser.add_argument("--only", nargs="+", choices=[one.__name__ for one in ATTACKS])
    arguments = parser.parse_args()
    attacks = [one for one in ATTACKS if one.__name__ in (arguments.only or [one.__name__])]
    rows = []
    for attack in attacks:
        rows.append(measure(attack, arguments.seconds, arguments.pause))
        print(rows[-1], flush=True)
        write(rows[-1])
    bounds = {"health_s": 1.0, "prediction_s": 10.0, "mib_at_most": 1536, "mib_after": 600}
    return any(float(str(row[name])) > most for row in rows for name, most in bounds.items())


if __name__ == "__main__":
    sys.exit(main())
