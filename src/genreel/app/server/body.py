"""What the body of a request may cost: bytes, seconds, the parsing, and memory beside others."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from genreel.app.server.turns import JsonTurns
from genreel.app.service.settings import Settings

WITH_FILES = {
    *("/api/predict", "/api/predict/many", "/api/predict/files"),
    *("/api/films", "/api/films/files", "/api/films/table"),
    "/labelstudio/predict",
}
"""Paths whose bodies hold posters or tables: these alone may have `Settings.max_body` bytes."""

MAX_BODY = 2**20
"""Bytes of any other body: a plot of 100,000 characters fits, whatever its script."""

MAX_TOKEN_BODY, TOKEN_SECONDS = 4096, 5.0
"""Bytes of the form with a token, which anybody may send, and the time in which it must arrive."""

MAX_MARKS, MAX_MARKS_WITH_FILES = 150_000, 500_000
"""Commas, brackets and escapes of a JSON body, and of one that may hold posters or many movies: it
is parsed in one go, while all others wait, and takes a time in proportion to them. A poster in
base64 has none, a plot of 100,000 escaped characters as many."""

MAX_HELD = 2
"""Bodies of `Settings.max_body` bytes that are held in memory at once, however many requests they
belong to."""


SMALL_JSON = 16 * 2**10
"""Bytes of a JSON body that is parsed as soon as it is there; larger ones take turns."""


class Shared:
    """What the bodies of all requests share.

    Attributes:
        size: bytes of the large bodies that are not yet answered.
        turns: of those that are parsed as JSON.
    """

    def __init__(self) -> None:
        self.size = 0
        self.turns = JsonTurns()


class Body:
    """A request's body as it arrives: neither too large, nor too slow, nor too costly to parse.

    Args:
        receive: the server's.
        path, headers: of the request.
        settings: the server's.
        shared: with all other requests.
    """

    def __init__(
        self, receive: Receive, path: str, headers: Headers, settings: Settings, shared: Shared
    ) -> None:
        self.max_size = _max_size(path, headers, settings)
        self._receive, self._settings, self._all = receive, settings, shared
        self._is_json = _is_json(headers)
        self._max_marks = MAX_MARKS_WITH_FILES if path in WITH_FILES else MAX_MARKS
        self._size = self._held = self._marks = 0
        self._is_over = False
        seconds = settings.body_seconds
        seconds = min(TOKEN_SECONDS, seconds) if path == "/enter" else seconds
        self._deadline = asyncio.get_running_loop().time() + seconds

    async def receive(self) -> Message:
        """The next piece.

        Raises:
            HTTPException: 408, 413, or 429 where other bodies have to be answered first.
        """
        if self._is_over:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, "the request took too long to arrive") from None
        data: bytes = message.get("body", b"")
        self._size += len(data)
        self._is_over = not message.get("more_body", False)
        if self._size > self.max_size:
            raise HTTPException(413, too_large(self.max_size))
        if self._is_json:
            self._marks += sum(map(data.count, (b",", b"[", b"{", b"\\")))
            if self._marks > self._max_marks:
                raise HTTPException(
                    413, f"over {self._max_marks:,} commas and brackets; send less at once"
                )
        if self._size > MAX_BODY:
            self._hold()
        if self._is_json and self._is_over and self._size > SMALL_JSON:
            await self._all.turns.take()
        return message

    def _hold(self) -> None:
        grown = self._size - self._held
        if self._all.size + grown > MAX_HELD * self._settings.max_body:
            raise HTTPException(429, "too much is arriving; ask again in 2 s", {"Retry-After": "2"})
        self._all.size += grown
        self._held = self._size

    def release(self) -> None:
        """Says that it is answered."""
        self._all.size -= self._held
        self._held = 0


def _max_size(path: str, headers: Headers, settings: Settings) -> int:
    """Bytes that a body may have: many where it may hold posters, few in the open."""
    if path == "/enter":
        return min(MAX_TOKEN_BODY, settings.max_body)
    is_form = headers.get("content-type", "").lower().startswith("multipart/")
    if path in WITH_FILES and (is_form or _is_json(headers)):
        return settings.max_body
    return min(MAX_BODY, settings.max_body)


def too_large(max_body: int) -> str:
    """What is said of a body of more bytes."""
    return f"a request may have {max_body:,} bytes; send less at once"


def _is_json(headers: Headers) -> bool:
    """Whether the framework may parse it as JSON: it does so where no form is announced."""
    kind = headers.get("content-type", "").lower()
    return not kind.startswith(("multipart/", "application/x-www-form-urlencoded"))
