"""Costly requests take turns, and leave nothing behind."""

from __future__ import annotations

import asyncio
import gc
import itertools
import time
from pathlib import Path
from typing import Any

import pytest

from genreel.app.server import turns
from genreel.app.server.application import create_app
from genreel.app.server.turns import JsonTurns, ReadTurn, ReadTurns
from genreel.app.service.service import Service
from genreel.app.service.settings import Settings
from genreel.app.store.store import Store
from genreel.predictor import Predictor


def test_between_two_large_bodies_others_are_answered() -> None:
    done: list[str] = []

    async def parse(json: JsonTurns) -> None:
        await json.take()
        time.sleep(0.03)
        done.append("body")

    async def answer() -> None:
        while done.count("body") < 4:
            await asyncio.sleep(0.001)
            done.append("other")

    async def main() -> None:
        json = JsonTurns()
        await asyncio.gather(answer(), *(parse(json) for _ in range(4)))

    asyncio.run(main())
    places = [place for place, what in enumerate(done) if what == "body"]
    assert all(later - one > 3 for one, later in itertools.pairwise(places))


def test_few_answers_are_computed_at_once_and_none_waits_for_a_slow_reader() -> None:
    computing, most, sent = 0, 0, 0

    async def request(readers: ReadTurns, read: asyncio.Event) -> None:
        async def send(_: Any) -> None:
            await read.wait()

        nonlocal computing, most, sent
        turn = ReadTurn(readers)
        await turn.take()
        computing += 1
        most = max(most, computing)
        await asyncio.sleep(0.001)
        computing -= 1
        await turn.send(send, {"type": "http.response.body", "body": b"x"})
        sent += 1

    async def main() -> None:
        readers, never, now = ReadTurns(), asyncio.Event(), asyncio.Event()
        now.set()
        slow = [asyncio.ensure_future(request(readers, never)) for _ in range(20)]
        await asyncio.gather(*(request(readers, now) for _ in range(20)))
        assert readers.unsent == 20  # bytes, of the slow ones
        for one in slow:
            one.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        assert readers.unsent == readers.waiting == 0

    asyncio.run(main())
    assert (most, sent) == (turns.READERS, 20)


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11, 30, 31])
def test_a_large_answer_is_sent_in_pieces(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PIECE", 10)
    body = bytes(range(size))
    pieces: list[Any] = []

    async def main() -> None:
        async def send(message: Any) -> None:
            pieces.append(message)

        await ReadTurn(ReadTurns()).send(send, {"type": "http.response.body", "body": body})

    asyncio.run(main())
    assert b"".join(piece["body"] for piece in pieces) == body
    *first, last = pieces
    assert all(piece["more_body"] and len(piece["body"]) == 10 for piece in first)
    assert not last.get("more_body") and len(last["body"]) <= 10


# A server without sockets


async def ask(app: Any, method: str, path: str, body: bytes = b"") -> int:
    """The status of an answer."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]
    answer: list[Any] = []

    async def receive() -> Any:
        return messages.pop() if messages else await asyncio.sleep(60)

    async def send(message: Any) -> None:
        answer.append(message)

    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    scope = {"type": "http", "http_version": "1.1", "method": method, "path": path}
    scope |= {"scheme": "http", "root_path": "", "query_string": b"", "headers": headers}
    await app(scope, receive, send)
    return int(answer[0]["status"])


@pytest.fixture
def app(predictor: Predictor, tmp_path: Path) -> Any:
    """Over an empty store."""
    store = Store(str(tmp_path / "films.db"), predictor.thresholds())
    return create_app(Service(predictor, store, Settings()))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/reviews/x", b'{%s"genres":[]}' % b"".join(b'"%d":1,' % k for k in range(3000))),
        ("/api/reviews/x", b'{"genres":[%s1]}' % (b"1," * 3000)),
        (
            "/api/thresholds",
            b'{"thresholds":{%s}}' % b",".join(b'"%d":"x"' % k for k in range(3000)),
        ),
        ("/api/thresholds", b"[%s" % (b"1," * 3000)),
    ],
)
def test_a_wrong_body_is_forgotten_at_once(app: Any, path: str, body: bytes) -> None:
    """Or many of them fill the memory until Python looks for circles."""

    def large() -> int:
        return sum(len(one) for one in gc.get_objects() if type(one) in (list, dict))

    async def main() -> None:
        assert await ask(app, "PUT", path, body) == 422
        before = large()
        for _ in range(5):
            assert await ask(app, "PUT", path, body) == 422
        assert large() < before + 3000

    gc.disable()
    gc.freeze()  # what is there already is not looked at
    try:
        asyncio.run(main())
    finally:
        gc.unfreeze()
        gc.enable()


@pytest.mark.parametrize(
    ("method", "path", "start", "item", "end"),
    [
        ("PUT", "/api/reviews/x", '{"genres":[', "1,", "1]}"),
        ("PUT", "/api/thresholds", '{"thresholds":{', '"NUMBER":"x",', '"":"x"}}'),
        ("POST", "/api/predict/many", '{"movies":[', '{"a":1},', "{}]}"),
        ("POST", "/api/predict/many", '{"movies":[', '{"genres":[""]},', "{}]}"),
        ("POST", "/labelstudio/predict", '{"tasks":[', '{"data":{}},', "{}]}"),
        ("POST", "/labelstudio/setup", '{"schema":"', "<Choice ", '"}'),
        ("POST", "/api/predict", '{"language":"', "\\u0041", '"}'),
        ("PATCH", "/api/films/x", '{"', "x", '":1}'),
    ],
)
def test_a_wrong_body_takes_a_time_in_proportion(
    app: Any, method: str, path: str, start: str, item: str, end: str
) -> None:
    def body(count: int) -> bytes:
        return (
            start + "".join(item.replace("NUMBER", str(k)) for k in range(count)) + end
        ).encode()

    async def seconds(count: int) -> float:
        data = body(count)
        before = time.process_time()
        assert await ask(app, method, path, data) < 500
        return time.process_time() - before

    async def main() -> None:
        await seconds(1_000)
        assert await seconds(40_000) < 0.2 + 20 * await seconds(4_000)

    gc.freeze()  # what other tests left is not looked at, over and over
    try:
        asyncio.run(main())
    finally:
        gc.unfreeze()


def test_too_many_readers_are_told_to_come_again(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "WAITING_READERS", 3)

    async def main() -> list[int]:
        asks = (ask(app, "GET", "/api/films") for _ in range(12))
        return await asyncio.gather(*asks, ask(app, "GET", "/health/live"))

    *statuses, live = asyncio.run(main())
    assert live == 200
    assert sorted(set(statuses)) == [200, 429]
    assert statuses.count(200) == 3 + turns.READERS
