"""HTTP as uvicorn speaks it over httptools, with the limits that neither of them has."""

from __future__ import annotations

import asyncio
import contextlib
import http
from typing import Any

from httptools import HttpParserError
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEADERS = 64 * 2**10
"""Bytes of a request besides its body."""

HEADER_SECONDS = 10.0
"""Time in which the headers of a request must have arrived, from the first byte on, or from the
connection on."""

MAX_CONNECTIONS = 512
"""Open at once, or half as many as the process may open files; beyond, one that asks for nothing
is closed, or one whose request is not there yet; the oldest first."""

READER_SECONDS = 20.0
"""How long somebody may read an answer more slowly than READER_BYTES a second."""

READER_BYTES = 8 * 2**10

_CHECK_SECONDS = 2.0


def max_connections() -> int:
    """MAX_CONNECTIONS, or fewer where files are few."""
    with contextlib.suppress(ImportError):  # Windows has no such limit
        import resource

        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return MAX_CONNECTIONS if files < 0 else min(MAX_CONNECTIONS, files // 2)
    return MAX_CONNECTIONS


class BoundedProtocol(HttpToolsProtocol):
    """One connection.

    Its client may send headers of so many bytes in so many seconds, and must read answers; there
    are so many connections at once. `Guard` limits the time of a body, uvicorn that between
    requests.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._opened_at = self.loop.time()
        self._overhead = 0  # bytes received that are no body
        self._header_size = 0
        self._header_timer: asyncio.TimerHandle | None = None
        self._reader_timer: asyncio.TimerHandle | None = None
        self._slow_seconds = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Starts the clock, and makes room where there is none."""
        super().connection_made(transport)
        self._start_clock()
        if len(self.connections) > max_connections():
            others = [
                c for c in self.connections if isinstance(c, BoundedProtocol) and c is not self
            ]
            idle = [one for one in others if one.is_idle]
            unfinished = [one for one in others if not one.is_idle and one.cycle.more_body]
            oldest = min(idle or unfinished, key=lambda one: one._opened_at, default=self)
            oldest.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the clocks."""
        self._stop_clock()
        self.resume_writing()
        super().connection_lost(exc)

    @property
    def is_idle(self) -> bool:
        """Whether no request of it is being answered."""
        return self.cycle is None or self.cycle.response_complete

    # What is received

    def data_received(self, data: bytes) -> None:
        """Parses what arrives; closes the connection where the headers are too large."""
        if self.is_idle:
            self._start_clock()
        self._overhead += len(data)
        super().data_received(data)
        if self._overhead > MAX_HEADERS and not self.transport.is_closing():
            self._refuse(http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        """A request begins."""
        self._header_size = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A piece of its address."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One of its headers, or of those behind a chunked body."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """All of its headers are there."""
        self._stop_clock()
        self._slow_seconds = 0.0
        self._overhead = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of its body, which pays for itself and for the frame of a chunk."""
        self._overhead = max(0, self._overhead - 2 * len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        """All of its body is there."""
        self._overhead = 0
        super().on_message_complete()

    def _count(self, size: int) -> None:
        self._header_size += size
        if self._header_size > MAX_HEADERS:
            raise HttpParserError("too many headers")

    def _start_clock(self) -> None:
        if self._header_timer is None:
            self._header_timer = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def _stop_clock(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _give_up(self) -> None:
        """Ends a connection whose headers do not come."""
        if self._overhead:
            self._refuse(http.HTTPStatus.REQUEST_TIMEOUT)
        else:  # a browser may open one in advance
            self.transport.close()

    def _refuse(self, status: http.HTTPStatus) -> None:
        """Answers and closes; without an answer where one is being written."""
        if not self.is_idle:
            self.transport.abort()
            return
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        self.transport.write(f"{head}content-length: 0\r\nconnection: close\r\n\r\n".encode())
        self.transport.close()

    # What is sent

    def pause_writing(self) -> None:
        """The client reads more slowly than the answer is written."""
        super().pause_writing()
        self._reader_timer = self.loop.call_later(
            _CHECK_SECONDS, self._check_reader, self.transport.get_write_buffer_size()
        )

    def resume_writing(self) -> None:
        """The client has caught up."""
        if self._reader_timer is not None:
            self._reader_timer.cancel()
            self._reader_timer = None
        super().resume_writing()

    def _check_reader(self, size: int) -> None:
        left = self.transport.get_write_buffer_size()
        if size - left < _CHECK_SECONDS * READER_BYTES:
            self._slow_seconds += _CHECK_SECONDS
        if self._slow_seconds >= READER_SECONDS:
            self.transport.abort()  # who waits for the answer to be read is told of a disconnect
        else:
            self._reader_timer = self.loop.call_later(_CHECK_SECONDS, self._check_reader, left)
