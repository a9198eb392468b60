"""Keeps the memory that a training step frees for the next step."""

from __future__ import annotations

import ctypes
import sys

# Parameters of mallopt, from glibc's malloc.h.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4
_GROWTH = 256 << 20  # bytes asked of the kernel at a time


def keep_freed_memory() -> bool:
    """Stops glibc from giving large blocks back to the kernel as soon as they are freed.

    The kernel fills every page that it hands out with zeros, and each training step frees and
    allocates hundreds of MB. While all layers of MiniLM were tuned on two cores, that took 40 % of
    the time; with this setting, 2 % (`benchmarks/training.py` measures whole runs). The process
    keeps its peak until it ends.

    Returns:
        Whether the setting holds: False where the C library is not glibc.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    settings = {_MMAP_MAX: 0, _TRIM_THRESHOLD: -1, _TOP_PAD: _GROWTH}
    return [mallopt(*setting) for setting in settings.items()] == [1, 1, 1]
