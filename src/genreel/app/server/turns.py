"""Work that a request costs the server is done in turns, so that others are answered meanwhile."""

from __future__ import annotations

import asyncio
import time

from starlette.types import Message, Send

READERS, WAITING_READERS = 2, 64
"""Answers to what is only read that are computed at once; those that may wait for it."""

MAX_UNSENT, PIECE = 64 * 2**20, 256 * 2**10
"""Bytes of such answers that are not yet read by who asked, before others are refused; bytes that
are sent at once."""


class JsonTurns:
    """Large bodies of JSON are parsed one after the other.

    After each, as much time as it took is left for everything else. So others are answered between
    two of them, however many there are.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def take(self) -> None:
        """Waits until the caller may parse, which it does before it waits again."""
        await self._lock.acquire()
        loop, start = asyncio.get_running_loop(), time.perf_counter()

        def rest() -> None:
            loop.call_later(time.perf_counter() - start, self._lock.release)

        loop.call_soon(rest)  # when the caller has parsed


class ReadTurns:
    """Pages, lists and exports: what all of them together cost now."""

    def __init__(self) -> None:
        self.slots = asyncio.Semaphore(READERS)
        self.waiting = 0
        self.unsent = 0  # bytes of answers that are being sent

    @property
    def is_full(self) -> bool:
        """Whether so much waits that another is refused."""
        return self.waiting >= WAITING_READERS or self.unsent >= MAX_UNSENT


class ReadTurn:
    """One request's: taken while its answer is computed, released while it is sent.

    Args:
        turns: of all requests; None: this one needs none.
    """

    def __init__(self, turns: ReadTurns | None) -> None:
        self._turns = turns
        self._has_slot = False

    async def take(self) -> None:
        """Waits for a turn."""
        if self._turns is None:
            return
        self._turns.waiting += 1
        try:
            await self._turns.slots.acquire()
        finally:
            self._turns.waiting -= 1
        self._has_slot = True

    def release(self) -> None:
        """Lets the next one have it."""
        if self._turns is not None and self._has_slot:
            self._turns.slots.release()
        self._has_slot = False

    async def send(self, send: Send, message: Message) -> None:
        """Sends a part of the answer, as fast as it is read; then takes a turn for the next."""
        if self._turns is None:
            await send(message)
            return
        self.release()
        data: bytes = message.get("body", b"")
        more: bool = message.get("more_body", False)
        self._turns.unsent += len(data)
        try:
            # In one piece it would be in memory until it is read, and nobody would know.
            for start in range(0, len(data) - PIECE, PIECE):
                piece = data[start : start + PIECE]
                await send({**message, "body": piece, "more_body": True})
            rest = data[(len(data) - 1) // PIECE * PIECE :] if data else b""
            await send({**message, "body": rest} if data else message)
        finally:
            self._turns.unsent -= len(data)
        if more or message["type"] == "http.response.start":
            await self.take()
