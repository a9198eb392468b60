"""Costly work is done by a few at a time, and waited for by a few; others are refused."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator

from genreel.errors import GenreelError


class Busy(GenreelError):
    """More is asked for than is done at once; `retry_after` says in how many seconds to ask again.

    Args:
        retry_after: seconds.
        what: there is too much of.
    """

    def __init__(self, retry_after: int, what: str = "films are waiting") -> None:
        super().__init__(f"too many {what}; ask again in {retry_after} s")
        self.retry_after = retry_after


class Gate:
    """Lets a few callers do one kind of work at once.

    Args:
        what: is done, for the refusal.
        at_once: callers that do it.
        waiting: callers that may wait for their turn, each with a thread of its own.
        seconds: that they wait at most.
    """

    def __init__(self, what: str, at_once: int, waiting: int = 0, seconds: float = 0.0) -> None:
        self.what = what
        self.seconds = seconds
        self.places = at_once + waiting
        self._count = 0  # of callers that do it or wait
        self._lock = threading.Lock()
        self._slots = threading.Semaphore(at_once)

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Waits for a turn, and has it.

        Raises:
            Busy: too many wait already, or it took too long.
        """
        with self._lock:
            if self._count >= self.places:
                raise self._busy()
            self._count += 1
        try:
            if not self._slots.acquire(timeout=self.seconds):
                raise self._busy()
            try:
                yield
            finally:
                self._slots.release()
        finally:
            with self._lock:
                self._count -= 1

    def _busy(self) -> Busy:
        return Busy(max(1, math.ceil(self.seconds / 4)), self.what)
