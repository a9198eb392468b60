"""The server that the extra installs, on loopback, under attacks that fit into seconds.

`benchmarks/attack.py` has the same at full size, with the memory that they take.
"""

from __future__ import annotations

import base64
import concurrent.futures
import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import pytest_socket

from genreel.app.server import protocol
from genreel.app.server.application import listen, make_server
from genreel.app.service.service import Service
from genreel.app.service.settings import Settings
from genreel.app.store.store import Store
from genreel.catalogue import Movie
from genreel.predictor import Predictor

TOKEN = {"Authorization": "Bearer secret"}
JSON = {**TOKEN, "Content-Type": "application/json"}
PLOT = "A sheriff and a priest hold a town against the army."
HEADER_SECONDS = 0.7
CONNECTIONS = 60


@pytest.fixture(scope="module")
def running(predictor: Predictor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server with a token, whose waits are short enough for a test, and films of 8 MB."""
    pytest_socket.enable_socket()
    patch = pytest.MonkeyPatch()
    patch.setattr(protocol, "HEADER_SECONDS", HEADER_SECONDS)
    patch.setattr(protocol, "MAX_CONNECTIONS", CONNECTIONS)
    patch.setattr(protocol, "READER_SECONDS", 1.0)
    patch.setattr(protocol, "_CHECK_SECONDS", 0.25)
    store = Store(str(tmp_path_factory.mktemp("store") / "films.db"), predictor.thresholds())
    for number in range(80):
        store.save(Movie(f"{number}", plot="A sheriff rides. " * 6000))
    started = threading.Event()
    service = Service(predictor, store, Settings(token="secret"))
    with listen("127.0.0.1", 0) as listener:
        server = make_server(service, started.set)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        started.wait(30)
        yield server, listener.getsockname()[1]
        server.should_exit = True
        thread.join(30)
    patch.undo()
    pytest_socket.disable_socket(allow_unix_socket=True)


@pytest.fixture
def server(running: Any) -> int:
    """Its port."""
    return int(running[1])


@pytest.fixture(autouse=True)
def sockets(running: Any) -> None:
    """Each test may open sockets, as the server does."""
    pytest_socket.enable_socket()


def ask(
    port: int, method: str, path: str, body: bytes = b"", headers: dict[str, str] = TOKEN
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


def seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def check_alive(port: int) -> None:
    """Health within a second, a prediction within ten."""
    assert seconds(lambda: ask(port, "GET", "/health/live")) < 1
    started = time.perf_counter()
    body = json.dumps({"plot": PLOT}).encode()
    while (status := ask(port, "POST", "/api/predict", body, JSON)[0]) == 429:
        assert time.perf_counter() - started < 10
        time.sleep(1)
    assert status == 200
    assert time.perf_counter() - started < 10


def closed_within(one: socket.socket, limit: float) -> bool:
    one.settimeout(limit)
    try:
        while one.recv(2**16):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


# Headers and connections


def test_headers_have_a_size(server: int) -> None:
    for piece in (b"a: " + b"x" * 1000 + b"\r\n", b"x" * 1000):  # many, or one without an end
        with socket.create_connection(("127.0.0.1", server)) as one:
            one.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nx: ")
            with contextlib.suppress(OSError):
                for _ in range(1000):
                    one.sendall(piece)
            with contextlib.suppress(OSError):
                assert one.recv(100).split()[1] in (b"400", b"431")
            assert closed_within(one, 5)
    fits = {**TOKEN, "x": "x" * 50_000}
    assert ask(server, "GET", "/health/live", headers=fits)[0] == 200


def test_what_stands_behind_a_chunked_body_has_a_size(server: int) -> None:
    start = b"POST /api/predict HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret\r\n"
    start += b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    for more in (b"0\r\n", b"1;"):  # trailers, or an extension of a chunk
        with socket.create_connection(("127.0.0.1", server)) as one:
            one.sendall(start + more)
            with contextlib.suppress(OSError):
                for _ in range(1000):
                    one.sendall(b"x: " + b"x" * 1000 + b"\r\n" if more[:1] == b"0" else b"x" * 1000)
            assert closed_within(one, 5)
    check_alive(server)


def test_headers_that_do_not_come_are_given_up(server: int) -> None:
    def drip(one: socket.socket) -> None:
        with contextlib.suppress(OSError):
            for _ in range(20):
                one.sendall(b"x")
                time.sleep(0.2)

    live = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for sent in (b"", b"GET / HT", live):
        with socket.create_connection(("127.0.0.1", server)) as one:
            one.sendall(sent)
            if sent == live:
                assert one.recv(2**16).startswith(b"HTTP/1.1 200")
                one.sendall(b"\r\nGET /")
            assert seconds(lambda one=one: closed_within(one, 5)) < HEADER_SECONDS + 1
    with socket.create_connection(("127.0.0.1", server)) as one:
        threading.Thread(target=drip, args=(one,), daemon=True).start()
        assert closed_within(one, HEADER_SECONDS + 1)


def test_idle_connections_give_way(server: int) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(3 * CONNECTIONS):
            stack.enter_context(socket.create_connection(("127.0.0.1", server)))
        check_alive(server)


def test_bodies_that_do_not_come_give_way(server: int) -> None:
    """Without a token nobody may send one but to /enter."""
    head = b"POST /enter HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n"
    head += b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    with contextlib.ExitStack() as stack:
        for _ in range(2 * CONNECTIONS):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", server)))
            one.sendall(head)
        check_alive(server)


@pytest.mark.parametrize("path", ["/api/export?format=jsonl", "/api/films?limit=100"])
def test_who_does_not_read_is_given_up(running: Any, server: int, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret\r\n\r\n"
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.connect(("127.0.0.1", server))
        one.sendall(request.encode())
        name = one.getsockname()
        deadline = time.monotonic() + 10
        for is_open in (False, True):
            while is_open == any(c.client == name for c in running[0].server_state.connections):
                assert time.monotonic() < deadline
                time.sleep(0.01)
    assert len(ask(server, "GET", path)[1]) > 8_000_000  # who reads is answered


# Bodies


def multipart(charset: str, size: int) -> tuple[bytes, dict[str, str]]:
    body = b'--x\r\nContent-Disposition: form-data; name="token"\r\n\r\n' + b"a" * size
    kind = f"multipart/form-data; boundary=x; charset={charset}"
    return body + b"\r\n--x--\r\n", {**TOKEN, "Content-Type": kind}


@pytest.mark.parametrize("charset", ["punycode", "unicode_escape", "utf-7", "idna", "'punycode'"])
def test_a_sender_names_no_codec(server: int, charset: str) -> None:
    for path in ("/enter", "/review", "/api/predict/files", "/api/films/table"):
        body, headers = multipart(charset, 1000)
        assert ask(server, "POST", path, body, headers)[0] == 415


def test_the_form_of_a_token_is_small(server: int) -> None:
    body, headers = multipart("UTF-8", 100)
    assert ask(server, "POST", "/enter", body, headers)[0] == 401
    body, headers = multipart("utf-8", 5000)
    assert ask(server, "POST", "/enter", body, headers)[0] == 413


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/api/reviews/x", b'{"genres":[%s1]}' % (b"1," * 300_000)),
        (
            "PUT",
            "/api/thresholds",
            b'{"thresholds":{%s}}' % b",".join(b'"%d":"x"' % k for k in range(60_000)),
        ),
        ("POST", "/api/predict", b"{%s}" % b",".join(b'"%d":1' % k for k in range(200_000))),
        ("POST", "/api/predict", b'{"genres":[%s1]}' % (b"1," * 400_000)),
        ("POST", "/api/predict/many", b'{"movies":[%s1]}' % (b"1," * 400_000)),
        ("POST", "/api/predict/many", b'{"movies":[%s{}]}' % (b'{"a":1},' * 200)),
        ("POST", "/api/predict", b'{"%s":1}' % (b"x" * 600_000)),
        ("POST", "/api/predict", b"[" * 2_000_000),
        ("POST", "/api/predict", b'{"plot":"%s"}' % (b"\\u0041" * 1_000_000)),
        ("POST", "/labelstudio/predict", b'{"tasks":[%s1]}' % (b"1," * 400_000)),
    ],
    ids=range(10),
)
def test_a_wrong_body_is_answered_at_once_in_few_words(
    server: int, method: str, path: str, body: bytes
) -> None:
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        answer = pool.submit(ask, server, method, path, body, JSON)
        waits = [seconds(lambda: ask(server, "GET", "/health/live"))]
        while not answer.done():
            waits.append(seconds(lambda: ask(server, "GET", "/health/live")))
    status, told = answer.result()
    assert status in (413, 422)
    assert len(told) < 10_000
    assert max(waits) < 1


def test_wrong_tokens_wait_without_a_thread(server: int) -> None:
    body = b"token=wrong"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    with concurrent.futures.ThreadPoolExecutor(55) as pool:
        answers = [pool.submit(ask, server, "POST", "/enter", body, headers) for _ in range(55)]
        time.sleep(0.3)
        assert seconds(lambda: ask(server, "GET", "/api/thresholds")) < 1
        statuses = {answer.result()[0] for answer in answers}
    assert statuses == {401, 429}


def test_many_large_bodies_are_not_held_at_once(server: int) -> None:
    """Of eight times 40 MB a part is refused, and told when to come again."""
    body = b'{"poster":"%s"}' % base64.b64encode(b"\0" * 30_000_000)

    def send() -> int:
        try:
            return ask(server, "POST", "/api/predict", body, JSON)[0]
        except OSError:  # refused while it was still being sent
            return 429

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = [pool.submit(send) for _ in range(8)]
        check_alive(server)
        assert {status.result() for status in statuses} == {422, 429}
