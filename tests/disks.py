"""A disk without room, for the tests of what is written."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

resource = pytest.importorskip("resource", reason="limits of POSIX")


@contextlib.contextmanager
def full_disk(room: int = 0) -> Iterator[None]:
    """No file can grow over `room` bytes, as on a disk without more; only this process sees it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
