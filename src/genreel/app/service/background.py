"""Work in the background, once nobody has said anything for a while."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from genreel.errors import GenreelError


class Background:
    """A thread that works after it was woken, and after a pause without being woken again.

    Args:
        name: of the thread.
        pause: seconds; who answers fast is not disturbed.
        work: what it does. A GenreelError is logged, and the thread goes on.
    """

    def __init__(self, name: str, pause: float, work: Callable[[], object]) -> None:
        self._pause = pause
        self._work = work
        self._woken, self._closing = threading.Event(), threading.Event()
        self._is_working = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Starts the thread, once the object that works is whole."""
        self._thread.start()

    @property
    def is_busy(self) -> bool:
        """Whether it works, or was woken to."""
        return self._is_working or self._woken.is_set()

    @property
    def is_closing(self) -> bool:
        """Whether work is to end soon."""
        return self._closing.is_set()

    def wake(self) -> None:
        """Says that there may be something to do."""
        self._woken.set()

    def wait(self, seconds: float) -> None:
        """Waits within work; not once it is closing."""
        self._closing.wait(seconds)

    def close(self) -> None:
        """Ends the thread; what is left is not done."""
        self._closing.set()
        self._woken.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._woken.wait()
            self._is_working = True
            while self._woken.is_set() and not self._closing.is_set():
                self._woken.clear()
                self._closing.wait(self._pause)
            try:
                if not self._closing.is_set():
                    self._work()
            except GenreelError as error:
                name = self._thread.name
                logging.getLogger("genreel").warning("%s: not learnt: %s", name, error)
            finally:
                self._is_working = False
