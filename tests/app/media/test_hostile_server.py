"""Media servers that answer whatever they like, as slowly and as long as they like."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes import ANSWERS, KEY, Asked, Fake

from genreel.app.media import client
from genreel.app.media.client import MediaError
from genreel.app.media.editing import ServerJournal, edit, undo_edits
from genreel.app.media.item import Item, MediaServer
from genreel.app.media.servers import SERVERS, open_server
from genreel.catalogue import Movie
from genreel.errors import GenreelError
from genreel.formats.names import Names
from genreel.prediction import Prediction


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, socket_enabled: None) -> None:
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in SERVERS:
        monkeypatch.setenv(f"GENREEL_{name.upper()}_KEY", KEY)


class Raw:
    """A server that sends bytes to whoever connects, until it is closed."""

    def __init__(self, pieces: Callable[[], Iterator[bytes]]) -> None:
        self._is_over = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, args=(pieces,))
        self._thread.start()

    def _serve(self, pieces: Callable[[], Iterator[bytes]]) -> None:
        while not self._is_over.is_set():
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection:
                connection.recv(2**16)
                try:
                    for piece in pieces():
                        connection.sendall(piece)
                        if self._is_over.wait(0.01):
                            break
                except OSError:
                    pass

    def close(self) -> None:
        self._is_over.set()
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()


def endless(head: bytes, piece: bytes) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        yield head
        while True:
            yield piece

    return pieces


HEAD = b"HTTP/1.1 200 OK\r\n"


def answer(body: bytes, headers: bytes = b"") -> Callable[[], Iterator[bytes]]:
    length = str(len(body)).encode()
    return lambda: iter([HEAD + headers + b"Content-Length: " + length + b"\r\n\r\n" + body])


BOMB = gzip.compress(b"[" * 10_000_000)
XML = b'<!DOCTYPE a [<!ENTITY b "cc">]><MediaContainer>&b;</MediaContainer>'
HOSTILE = {
    "drips": (endless(HEAD + b"Content-Length: 1000000\r\n\r\n", b" "), "takes more than"),
    "continues": (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "takes more than"),
    "headers": (endless(HEAD, b"A: b\r\n" * 200), "does not answer"),
    "a long header": (endless(HEAD + b"A: ", b"b" * 70_000), "does not answer"),
    "gzip": (answer(BOMB, b"Content-Encoding: gzip\r\n"), "what is no JSON"),
    "xml": (answer(XML), "what is no JSON"),
    "nested": (answer(b"[" * 1_000_000), "what is no JSON"),
    "a number": (answer(b"9" * 10_000), "what is no JSON"),
    "values": (answer(b"[" + b"[]," * 2_600_000 + b"[]]"), "too many values"),
    "the key": (lambda: iter([b"HTTP/1.1 " + KEY.encode() + b"\r\n\r\n"]), "does not answer"),
    "escapes": (lambda: iter([b"\x1b[31m\r\n\r\n"]), "does not answer"),
}


@pytest.mark.parametrize(("pieces", "words"), HOSTILE.values(), ids=HOSTILE)
def test_it_ends_in_one_line(
    monkeypatch: pytest.MonkeyPatch, pieces: Callable[[], Iterator[bytes]], words: str
) -> None:
    monkeypatch.setattr(client, "LONGEST_ANSWER", 0.3)
    raw = Raw(pieces)
    server = open_server("plex", raw.address)
    start = time.monotonic()
    try:
        with pytest.raises(MediaError, match=words) as error:
            list(server.items())
        if "takes more than" in words:  # and is not asked again while it goes on
            with pytest.raises(MediaError, match="still sends an earlier answer"):
                list(server.items())
    finally:
        raw.close()
    assert time.monotonic() - start < 5
    text = str(error.value)
    assert KEY not in text and "\x1b" not in text and "\n" not in text and len(text) < 600


# JSON of other shapes than a server's

ODD: tuple[Any, ...] = (None, -1, 1e300, "\ud800\x1b[31m", [[]], {"a": [1]})


def spoilt(value: Any, odd: Any, place: int) -> Any:
    """A value with another one at one of its places, counted as they are met."""
    count = -1

    def walk(one: Any) -> Any:
        nonlocal count
        count += 1
        if count == place:
            return odd
        if isinstance(one, dict):
            return {key: walk(inner) for key, inner in one.items()}
        return [walk(inner) for inner in one] if isinstance(one, list) else one

    return walk(value)


@pytest.mark.parametrize("name", SERVERS)
def test_answers_of_any_shape_are_movies_or_one_line(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each value of each answer, one after the other, is something else."""
    now: dict[str, Any] = {}

    def reply(fake: Fake, asked: Asked) -> tuple[int, Any]:
        status, value = ANSWERS[name](fake, asked)
        return status, spoilt(value, now["odd"], now["place"])

    fake = Fake(ANSWERS[name])
    fake.close()
    # Without sockets, as there are thousands of answers.
    monkeypatch.setattr(client.Client, "_within", within(fake, reply))
    monkeypatch.setattr("urllib.request.build_opener", lambda *handlers: None)
    lines: list[str] = []
    for now["place"] in range(24):
        for now["odd"] in ODD:
            server = open_server(name, fake.address)
            try:
                for item in server.items():
                    assert item.movie().id
                edit(server, None, western, Names({}), lines.append, lines.append, add=True)
                server.write(Item("11", section="1"), ["War"])
                server.refresh(Item("11"))
            except GenreelError as error:
                assert "\n" not in str(error)
    assert lines
    assert all(line.rstrip("\n").isprintable() for line in lines)


def western(movies: Any) -> Iterator[Prediction]:
    movie: Movie
    for movie in movies:
        yield Prediction(movie.id, {"Western": 0.9}, ("Western",))


def within(fake: Fake, reply: Callable[[Fake, Asked], tuple[int, Any]]) -> Callable[..., bytes]:
    """In place of `Client._within`: what a fake replies."""
    from urllib.error import HTTPError
    from urllib.parse import parse_qsl, urlsplit

    def read(_: object, request: Any) -> bytes:
        parts = urlsplit(request.full_url)
        body = json.loads(request.data) if request.data else None
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        asked = Asked(request.get_method(), parts.path, query, body, dict(request.header_items()))
        status, value = reply(fake, asked)
        if status >= 300:
            raise HTTPError(request.full_url, status, "", None, None)  # type: ignore[arg-type]
        return b"" if value is None else json.dumps(value).encode()

    return read


@pytest.mark.parametrize("name", ["jellyfin", "plex"])
def test_pages_without_end_come_to_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that says there are more, and always sends the same."""

    def reply(fake: Fake, asked: Asked) -> tuple[int, Any]:
        asked.query["StartIndex"] = "0"
        status, value = ANSWERS[name](fake, asked)
        if name == "jellyfin" and asked.path == "/Items":
            value["TotalRecordCount"] = 10**12
        if name == "plex" and asked.path.endswith("/all"):
            value["MediaContainer"]["Metadata"] *= 200
        return status, value

    fake = Fake(reply)
    try:
        assert len(list(open_server(name, fake.address).items())) == (
            3 if name == "jellyfin" else 4
        )
    finally:
        fake.close()


@pytest.mark.parametrize("name", SERVERS)
def test_ids_are_one_part_of_an_address(name: str) -> None:
    fake = Fake(ANSWERS[name])
    server = open_server(name, fake.address)
    try:
        for item_id in ("../../x", "a b", "a?b#c", "\ud800", "\u00fc", "1\r\nX: y", "9" * 50):
            for ask in (server.refresh, lambda item: server.write(item, ["War"])):
                with pytest.raises(MediaError):
                    ask(Item(item_id, section="1"))
    finally:
        fake.close()
    assert all(
        path.count("/") <= 4 and ".." not in path.split("/")
        for _, path in map(str.split, fake.asked)
    )


# The journal


JOURNAL = (
    '{"run": true, "id": "11", "before": [], "after": []}',
    '{"run": 1, "id": 11, "before": [], "after": []}',
    '{"run": 1, "id": "11", "before": null, "after": []}',
    '{"run": 1, "id": "11", "before": [[]], "after": [1]}',
    '{"run": 1, "id": "11"}',
    '{"run": 1, "undone": [1]}',
    '{"run": 1}',
    '{"run": ' + "9" * 5_000 + "}",
    "[" * 100_000,
    "\x00",
)


def test_a_journal_of_any_lines_can_be_undone() -> None:
    fake = Fake(ANSWERS["jellyfin"])
    server = open_server("jellyfin", fake.address)
    journal = ServerJournal("jellyfin", fake.address)
    journal.path.write_text("\n".join(JOURNAL))
    try:
        with pytest.raises(MediaError, match="nothing to undo"):
            undo_edits(server, journal, print)
        _edit(server, journal)
        assert fake.movies["11"]["genres"] == ["Western"]
        assert undo_edits(server, journal, print).changed == 1
    finally:
        journal.close()
        fake.close()


def test_what_cannot_be_noted_is_not_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = Fake(ANSWERS["jellyfin"])
    server = open_server("jellyfin", fake.address)
    journal = ServerJournal("jellyfin", fake.address)

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("genreel.app.media.editing.os.fsync", fail)
    try:
        lines = _edit(server, journal)
    finally:
        journal.close()
        fake.close()
    assert fake.movies["11"]["genres"] == []
    assert any("No space left on device); make room" in line for line in lines)


def test_a_journal_that_is_a_link_is_not_written() -> None:
    journal = ServerJournal("plex", "http://127.0.0.1:1")
    journal.close()
    mine = journal.path.with_name("mine")
    mine.write_text("mine")
    journal.path.unlink()
    journal.path.symlink_to(mine)
    with pytest.raises(GenreelError, match="is a link; remove it"):
        ServerJournal("plex", "http://127.0.0.1:1")
    assert mine.read_text() == "mine"


def _edit(server: MediaServer, journal: ServerJournal) -> list[str]:
    lines: list[str] = []
    edit(server, journal, western, Names({}), lines.append, lines.append)
    return lines
