"""TMDb's client against a server that behaves like it, and misbehaves like it."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from genreel.catalogue import Movie
from genreel.errors import CatalogueError
from genreel.formats.film import Options
from genreel.formats.tmdb import NOTICE, SOURCE, Client, check_terms, read_tmdb

pytestmark = pytest.mark.enable_socket

POSTER = b"\xff\xd8\xff" + b"not a whole picture"


class Server(ThreadingHTTPServer):
    """Counts what is asked, and fails the first request for each path in `faults`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: Counter[str] = Counter()
        self.faults: dict[str, list[str]] = {}
        self.queries: list[str] = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        self.server.asked[path] += 1
        self.server.queries.append(query)
        waiting = self.server.faults.get(path, [])
        fault = waiting.pop(0) if waiting else ""
        if fault == "429":
            self.send_response(429)
            self.send_header("Retry-After", "7")
            self.end_headers()
        elif fault == "500" or fault == "302":
            self.send_response(int(fault))
            self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()
        elif fault == "cut":
            self.answer(b'{"results": [', 4000)
        elif fault == "drop":
            self.connection.close()
        elif "Bearer token" not in self.headers.get("Authorization", "") and "/t/p" not in path:
            self.send_response(401)
            self.end_headers()
        else:
            self.answer(self.content(path))

    def answer(self, data: bytes, length: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(length or len(data)))
        self.end_headers()
        self.wfile.write(data)

    def content(self, path: str) -> bytes:
        if path.startswith("/t/p/w92/"):
            return POSTER
        if path.endswith(("discover/movie", "search/movie")):
            return json.dumps({"results": [{"id": 1}, {"id": 2}], "total_pages": 1}).encode()
        number = int(path.rpartition("/")[2])
        facts = {"id": number, "title": f"Film {number}", "overview": "A plot.", "popularity": 3.5}
        facts |= {"release_date": "1999-05-01", "vote_average": 7.1, "imdb_id": "tt1234567"}
        facts |= {"genres": [{"id": 878, "name": "Science Fiction"}], "poster_path": "/p.jpg"}
        return json.dumps(facts).encode()


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield found
    found.shutdown()
    found.server_close()


def client(server: Server, folder: Path, slept: list[float], token: str = "token") -> Client:
    root = f"http://127.0.0.1:{server.server_port}"
    return Client(token, folder, f"{root}/3/", f"{root}/t/p/", rate=10_000, sleep=slept.append)


QUERY = Path("year=1999 genre=Sci-Fi size=w92")


def test_films_through_every_fault(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slept: list[float] = []
    server.faults = {"/3/discover/movie": ["429", "cut"], "/3/movie/1": ["500", "drop"]}
    movies = list(read_tmdb(QUERY, Options(), client(server, tmp_path, slept)))
    assert capsys.readouterr().err.count(NOTICE) == 1
    assert [m.id for m in movies] == ["tmdb1", "tmdb2"] and not any(m.problem for m in movies)
    first = movies[0]
    assert (first.title, first.year, first.poster) == ("Film 1", 1999, POSTER)
    assert first.genres == {"tmdb": ("Sci-Fi",)}
    assert first.extra["imdb_id"] == "tt1234567" and first.extra["main_genre"] == "Science Fiction"
    assert max(slept) >= 7  # what Retry-After asked for
    assert (
        "with_genres=878" in server.queries[0] and "primary_release_year=1999" in server.queries[0]
    )

    before = server.asked.total()
    assert list(read_tmdb(QUERY, Options(), client(server, tmp_path, slept))) == movies
    assert server.asked.total() == before  # all from the cache: a run that stopped goes on


def test_a_film_that_cannot_be_had_stops_no_other(server: Server, tmp_path: Path) -> None:
    server.faults = {"/3/movie/1": ["500"] * 6}
    slept: list[float] = []
    bad, good = read_tmdb(QUERY, Options(), client(server, tmp_path, slept))
    assert "HTTP 500" in bad.problem and not good.problem
    pauses = [pause for pause in slept if pause > 0.1]
    assert len(pauses) == 5 and pauses[-1] > pauses[0]


def test_the_token_follows_no_redirect_and_a_wrong_one_is_said(
    server: Server, tmp_path: Path
) -> None:
    server.faults = {"/3/discover/movie": ["302"]}
    with pytest.raises(CatalogueError, match="HTTP 302"):
        list(read_tmdb(QUERY, Options(), client(server, tmp_path, [])))
    with pytest.raises(CatalogueError, match="refused the token"):
        list(read_tmdb(QUERY, Options(), client(server, tmp_path, [], "wrong")))


def test_a_v3_key_is_never_shown(server: Server, tmp_path: Path) -> None:
    key = "0123456789abcdef" * 2
    server.faults = {"/3/discover/movie": ["500"] * 6}
    with pytest.raises(CatalogueError) as caught:
        list(read_tmdb(QUERY, Options(), client(server, tmp_path, [], key)))
    assert key not in str(caught.value)
    assert f"api_key={key}" in server.queries[0]


def test_no_faster_than_the_rate(server: Server, tmp_path: Path) -> None:
    polite = client(server, tmp_path, [])
    polite.rate, polite.sleep = 50, time.sleep
    started = time.monotonic()
    for number in range(1, 12):
        polite.get(f"movie/{number}")
    assert time.monotonic() - started >= 10 / 50


@pytest.mark.parametrize(
    "query", ["", "year=x", "genre=Biography", "size=w1 year=1999", "colour=red", "'"]
)
def test_queries_that_are_none(query: str, server: Server, tmp_path: Path) -> None:
    with pytest.raises(CatalogueError):
        list(read_tmdb(Path(query), Options(), client(server, tmp_path, [])))


def test_learning_from_its_films_asks_first() -> None:
    films = [Movie("a"), Movie("b", extra={"source": SOURCE})]
    with pytest.raises(CatalogueError, match="--accept-terms tmdb"):
        check_terms(films, [])
    check_terms(films, ["tmdb"])
    check_terms(films[:1], [])
