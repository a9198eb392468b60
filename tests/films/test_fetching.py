"""Files of publishers, fetched from a server with every fault that networks have."""

from __future__ import annotations

import contextlib
import errno
import gzip
import hashlib
import http.server
import io
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genreel.app.cli import main
from genreel.errors import FilmsError
from genreel.films import fetching
from genreel.films.fetching import Remote, fetch
from genreel.films.films import Films

DATA = gzip.compress(b"".join(b"tt%07d\tA quince\n" % n for n in range(4000)), mtime=0)
NEWER = gzip.compress(b"newer " * 4000, mtime=0)


class Shelf:
    """A server with one file; each entry of `faults` is the fault of one request, in order."""

    def __init__(self) -> None:
        self.data, self.tag = DATA, '"one"'
        self.faults: list[Any] = []
        self.requests: list[dict[str, str]] = []
        self.more: dict[str, bytes] = {}
        shelf = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                shelf.requests.append({"path": self.path, **dict(self.headers)})
                name = self.path.rpartition("/")[2]
                if name in shelf.more:
                    shelf.send(self, 200, shelf.more[name])
                    return
                fault = shelf.faults.pop(0) if shelf.faults else None
                if fault is None:
                    shelf.answer(self)
                else:
                    fault(self)

            def log_message(self, *_: object) -> None: ...

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/title.basics.tsv.gz"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, handler: Any, most: int | None = None) -> None:
        """What is asked for; the connection is cut after `most` bytes."""
        condition = handler.headers.get("If-None-Match")
        if condition == self.tag:
            self.send(handler, 304, b"")
            return
        start = 0
        span, tag = handler.headers.get("Range"), handler.headers.get("If-Range")
        if span and tag in (None, self.tag):
            start = int(span.removeprefix("bytes=").rstrip("-"))
        size = len(self.data)
        if start >= size:
            self.send(handler, 416, b"", {"Content-Range": f"bytes */{size}"})
        elif start:
            about = {"Content-Range": f"bytes {start}-{size - 1}/{size}", "ETag": self.tag}
            self.send(handler, 206, self.data[start:], about, most)
        else:
            self.send(handler, 200, self.data, {"ETag": self.tag}, most)

    def send(
        self,
        handler: Any,
        status: int,
        body: bytes,
        headers: dict[str, str] | None = None,
        most: int | None = None,
    ) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": f"{len(body)}", **(headers or {})}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body[:most])
        handler.wfile.flush()

    # Faults

    def cut(self, most: int) -> Callable[[Any], None]:
        return lambda handler: self.answer(handler, most)

    def status(self, code: int, **headers: str) -> Callable[[Any], None]:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return lambda handler: self.send(handler, code, b"", names)


@pytest.fixture
def shelf(socket_enabled: None) -> Iterator[Shelf]:
    shelf = Shelf()
    yield shelf
    shelf.server.shutdown()
    shelf.server.server_close()


@pytest.fixture
def pauses() -> list[float]:
    """Seconds that were waited, in the tests' time."""
    return []


Take = Callable[..., Path]


@pytest.fixture
def take(shelf: Shelf, tmp_path: Path, pauses: list[float]) -> Take:
    """Fetches the file into an empty folder."""

    def take(md5: str = "", again: bool = False) -> Path:
        return fetch(Remote(shelf.url, md5), tmp_path / "files", again, pauses.append)

    return take


def left(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.iterdir())


def test_a_file_is_fetched_once(shelf: Shelf, take: Take) -> None:
    path = take()
    assert path.read_bytes() == DATA
    assert left(path) == ["title.basics.tsv.gz", "title.basics.tsv.gz.tag"]
    assert take() == path
    assert len(shelf.requests) == 1
    assert shelf.requests[0]["Accept-Encoding"] == "identity"


def test_a_newer_file_is_asked_for(shelf: Shelf, take: Take) -> None:
    path = take()
    assert take(again=True).read_bytes() == DATA  # 304
    assert shelf.requests[-1]["If-None-Match"] == '"one"'
    shelf.data, shelf.tag = NEWER, '"two"'
    shelf.faults = [shelf.cut(20)]
    assert take(again=True).read_bytes() == NEWER
    assert left(path) == ["title.basics.tsv.gz", "title.basics.tsv.gz.tag"]


def test_connections_that_are_cut_are_gone_on_with(
    shelf: Shelf, take: Take, pauses: list[float]
) -> None:
    shelf.faults = [shelf.cut(3000)] * 3
    assert take().read_bytes() == DATA
    spans = [request.get("Range") for request in shelf.requests]
    assert spans == [None, "bytes=3000-", "bytes=6000-", "bytes=9000-"]
    assert pauses == [1.0, 2.0, 2.0]


def test_a_run_that_was_stopped_is_gone_on_with(shelf: Shelf, take: Take) -> None:
    shelf.faults = [shelf.cut(3000), *[shelf.status(500)] * fetching.TRIES]
    with pytest.raises(FilmsError, match=r"HTTP 500 .*; check the network or the proxy and run"):
        take()
    assert take().read_bytes() == DATA
    assert shelf.requests[-1]["Range"] == "bytes=3000-"


def test_a_file_that_only_lacked_its_name_is_not_fetched_again(shelf: Shelf, take: Take) -> None:
    folder = take().parent
    (folder / "title.basics.tsv.gz").rename(folder / "title.basics.tsv.gz.part")
    (folder / "title.basics.tsv.gz.tag").rename(folder / "title.basics.tsv.gz.part.tag")
    assert take().read_bytes() == DATA  # 416, and as long as it says
    assert len(shelf.requests) == 2


def test_a_part_that_is_longer_than_the_file_is_dropped(shelf: Shelf, take: Take) -> None:
    shelf.faults = [shelf.cut(3000), *[shelf.status(500)] * fetching.TRIES]
    with pytest.raises(FilmsError):
        take()
    shelf.data = gzip.compress(b"short", mtime=0)  # under the same tag
    assert take().read_bytes() == shelf.data


def test_a_file_that_changes_midway_is_begun_anew(shelf: Shelf, take: Take) -> None:
    def change(handler: Any) -> None:
        shelf.data, shelf.tag = NEWER, '"two"'
        shelf.answer(handler)

    shelf.faults = [shelf.cut(3000), change]
    assert take().read_bytes() == NEWER


def test_a_server_that_mixes_versions_is_begun_anew(shelf: Shelf, take: Take) -> None:
    def mix(handler: Any) -> None:  # If-Range is not understood
        shelf.data, shelf.tag = NEWER, '"two"'
        about = {"Content-Range": f"bytes 50-{len(NEWER) - 1}/{len(NEWER)}", "ETag": '"two"'}
        shelf.send(handler, 206, NEWER[50:], about)

    shelf.faults = [shelf.cut(50), mix]
    assert take().read_bytes() == NEWER


def test_without_a_tag_nothing_is_gone_on_with(shelf: Shelf, take: Take) -> None:
    def cut(handler: Any) -> None:
        shelf.send(handler, 200, DATA, most=3000)

    shelf.faults = [cut]
    assert take().read_bytes() == DATA
    assert "Range" not in shelf.requests[1]


@pytest.mark.parametrize("code", [403, 404, 410])
def test_a_file_that_is_not_there(shelf: Shelf, take: Take, code: int) -> None:
    shelf.faults = [shelf.status(code)]
    with pytest.raises(FilmsError, match=rf"basics.tsv.gz: HTTP {code} .*; fetch it by hand, and"):
        take()
    assert len(shelf.requests) == 1


def test_who_asks_to_wait_is_waited_for(shelf: Shelf, take: Take, pauses: list[float]) -> None:
    shelf.faults = [shelf.status(429, Retry_After="7"), shelf.status(503)]
    assert take().read_bytes() == DATA
    assert pauses == [7.0, 2.0]


def test_who_asks_for_an_hour_is_left_alone(shelf: Shelf, take: Take, pauses: list[float]) -> None:
    shelf.faults = [shelf.status(429, Retry_After="500")]
    with pytest.raises(FilmsError, match=r"HTTP 429 .*run the same command again in 8 minutes"):
        take()
    assert pauses == []


def test_a_length_that_is_wrong(shelf: Shelf, take: Take) -> None:
    def lie(handler: Any) -> None:
        shelf.send(handler, 200, DATA, {"Content-Length": f"{len(DATA) + 9}", "ETag": '"one"'})

    shelf.faults = [lie]
    assert take().read_bytes() == DATA  # 416 tells its true length


@pytest.mark.parametrize(
    ("kind", "body", "reason"),
    [
        ("text/html", b"<html>Log in", "a page, and not the file"),
        ("application/gzip", b"<html>Log in", "something else than the file"),
        ("application/gzip", DATA[:-9] + b"\0" * 9, "damaged"),
    ],
)
def test_what_is_no_such_file(
    shelf: Shelf, take: Take, kind: str, body: bytes, reason: str
) -> None:
    shelf.faults = [lambda handler: shelf.send(handler, 200, body, {"Content-Type": kind})]
    with pytest.raises(FilmsError, match=f"{reason}.*; run the same command again, or fetch it"):
        take()
    assert take().read_bytes() == DATA  # nothing of it was kept


@pytest.mark.parametrize("length", [{"Content-Length": f"{len(DATA)}"}, {}])
def test_a_file_without_end_is_left_alone(
    shelf: Shelf, take: Take, monkeypatch: pytest.MonkeyPatch, length: dict[str, str]
) -> None:
    def send(handler: Any) -> None:
        handler.send_response(200)
        for name, value in length.items():
            handler.send_header(name, value)
        handler.end_headers()
        with contextlib.suppress(OSError):  # genreel hangs up
            handler.wfile.write(DATA)

    shelf.faults = [send]
    with monkeypatch.context() as patch:
        patch.setattr(fetching, "MAX_BYTES", 1000)
        with pytest.raises(FilmsError, match=r"over 1,000 bytes; run the same command again, or"):
            take()
    assert take().read_bytes() == DATA
    assert "Range" not in shelf.requests[1], "nothing of it was kept"


def test_a_checksum_is_compared(shelf: Shelf, take: Take) -> None:
    md5 = shelf.url + ".md5"
    shelf.more["title.basics.tsv.gz.md5"] = b"MD5 (title) = " + b"0" * 32
    with pytest.raises(FilmsError, match="its checksum is not the publisher's"):
        take(md5)
    digest = hashlib.md5(DATA, usedforsecurity=False).hexdigest().upper()
    shelf.more["title.basics.tsv.gz.md5"] = f"MD5 (title) = {digest}\n".encode()
    assert take(md5).read_bytes() == DATA


def test_a_full_disk(shelf: Shelf, take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=len(DATA) - 1))
        with pytest.raises(FilmsError, match=r"no space left in .*; make some and run the same"):
            take()

    def fill(handler: Any) -> None:  # it fills up on the way
        shelf.answer(handler)

    with monkeypatch.context() as patch:

        def chunks(answer: Any) -> Iterator[bytes]:
            yield answer.read(3000)
            raise OSError(errno.ENOSPC, "No space left on device")

        patch.setattr(fetching, "_chunks", chunks)
        with pytest.raises(FilmsError, match="no space left in "):
            take()
    assert take().read_bytes() == DATA
    assert shelf.requests[-1]["Range"] == "bytes=3000-"


def test_a_server_that_says_nothing(
    shelf: Shelf, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "TIMEOUT", 0.05)
    stop = threading.Event()
    shelf.faults = [lambda handler: stop.wait(2)] * 2
    try:
        assert take().read_bytes() == DATA
    finally:
        stop.set()


def test_nobody_answers(tmp_path: Path, socket_enabled: None, pauses: list[float]) -> None:
    remote = Remote("http://127.0.0.1:9/title.basics.tsv.gz")
    with pytest.raises(FilmsError, match="refused; check the network or the proxy"):
        fetch(remote, tmp_path, sleep=pauses.append)
    assert pauses == [1.0, 2.0, 4.0, 8.0]


def test_proxies_of_the_environment_are_asked(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", shelf.url.rpartition("/")[0])
    monkeypatch.delenv("no_proxy", raising=False)
    path = fetch(Remote("http://publisher.invalid/title.basics.tsv.gz"), tmp_path)
    assert path.read_bytes() == DATA
    assert shelf.requests[0]["path"] == "http://publisher.invalid/title.basics.tsv.gz"


def test_two_at_once_do_not_write_one_file(shelf: Shelf, tmp_path: Path) -> None:
    with (tmp_path / "title.basics.tsv.gz.part").open("ab") as file:
        assert fetching.lock(file)
        with pytest.raises(FilmsError, match="another genreel is fetching"):
            fetch(Remote(shelf.url), tmp_path)


def test_the_publishers_addresses() -> None:
    urls = [one.url for p in fetching.PUBLISHERS.values() for one in p.files]
    assert urls == [
        "https://datasets.imdbws.com/title.basics.tsv.gz",
        "https://datasets.imdbws.com/title.ratings.tsv.gz",
        "https://datasets.imdbws.com/title.akas.tsv.gz",
        "https://files.grouplens.org/datasets/movielens/ml-25m.zip",
    ]
    assert fetching.PUBLISHERS["movielens"].files[0].md5.endswith("/ml-25m.zip.md5")


BASICS = "tconst\ttitleType\tprimaryTitle\toriginalTitle\tisAdult\tstartYear\tgenres\n"
BASICS += "tt9000001\tmovie\tThe Quince Orchard\tLe Verger\t0\t1951\tDrama\n"
RATINGS = "tconst\taverageRating\tnumVotes\ntt9000001\t7.1\t1234\n"
AKAS = "titleId\tordering\ttitle\tregion\ntt9000001\t1\tDer Quittengarten\tDE\n"


@pytest.fixture
def publishers(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Both publishers, on the shelf."""
    for name, text in (("basics", BASICS), ("ratings", RATINGS), ("akas", AKAS)):
        shelf.more[f"title.{name}.tsv.gz"] = gzip.compress(text.encode())
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("ml-25m/movies.csv", "movieId,title,genres\n1,Marsh (1988),Comedy\n")
        archive.writestr("ml-25m/links.csv", "movieId,imdbId,tmdbId\n1,9000001,77\n")
    shelf.more["ml-25m.zip"] = data.getvalue()
    digest = hashlib.md5(data.getvalue(), usedforsecurity=False).hexdigest()
    shelf.more["ml-25m.zip.md5"] = f"MD5 (ml-25m.zip) = {digest}".encode()
    root = shelf.url.rpartition("/")[0]

    def here(remote: Remote) -> Remote:
        return Remote(f"{root}/{remote.name}", remote.md5 and f"{root}/{remote.name}.md5")

    ours = {
        name: replace(publisher, files=tuple(map(here, publisher.files)))
        for name, publisher in fetching.PUBLISHERS.items()
    }
    monkeypatch.setattr(fetching, "PUBLISHERS", ours)
    monkeypatch.setenv("GENREEL_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return shelf


def test_a_newcomer_has_an_index_in_one_command(
    publishers: Shelf, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["films", "imdb", "movielens", "--fetch", "--agree"]) == 0
    said = capsys.readouterr().err
    assert "for personal and non-commercial use" in said
    assert "In full: https://developer.imdb.com/non-commercial-datasets/" in said
    assert "ml-25m-README.html" in said
    films = Films(tmp_path / "known-films.db")
    [orchard] = films.search("Quittengarten")
    assert (orchard.votes, orchard.year) == (1234, 1951)
    assert {origin.format for origin in films.origins} == {"imdb", "movielens"}
    count = len(publishers.requests)
    assert main(["films", "imdb", "--fetch", "--out", "other.db"]) == 0  # they are there
    assert len(publishers.requests) == count
    assert "In full" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answer", "is_terminal", "reason"),
    [
        ("", False, "nobody is there to agree to these terms; whoever does gives --agree"),
        ("n\n", True, "not agreed to; nothing was fetched"),
        ("", True, "not agreed to; nothing was fetched"),
        ("yes\n", True, ""),
    ],
)
def test_terms_are_agreed_to(
    publishers: Shelf,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str,
    is_terminal: bool,
    reason: str,
) -> None:
    stdin = io.StringIO(answer)
    monkeypatch.setattr(stdin, "isatty", lambda: is_terminal)
    monkeypatch.setattr("sys.stdin", stdin)
    code = main(["films", "imdb", "--fetch", "--out", "films.db"])
    said = capsys.readouterr().err
    assert (code == 0) is (not reason) is bool(publishers.requests)
    assert reason in said
    assert said.startswith("IMDb's data are for personal")


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["films", "tmdb", "--fetch"], "'tmdb' cannot be fetched; --fetch knows imdb, movielens"),
        (["films", "x", "--agree"], "--agree goes with --fetch"),
    ],
)
def test_what_cannot_be_fetched(
    argv: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(argv)
    assert stop.value.code == 2
    assert reason in capsys.readouterr().err


def test_a_publisher_without_the_flag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["films", "imdb"]) == 1
    line = "genreel: imdb does not exist; did you mean imdb --fetch?\n"
    assert capsys.readouterr().err == line
