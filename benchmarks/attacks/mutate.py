"""Damage that any file may come to, drawn from a `random.Random`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

TELLING = (b"\0", b"\xff", b"\x80", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"\0\0\0\0")
"""Bytes at which lengths and signs go wrong."""


def damaged(random: Random, data: bytes) -> bytes:
    """The file with one to three kinds of damage."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        data = random.choice(_KINDS)(random, data)
    return data


def flipped(random: Random, data: bytes) -> bytes:
    """Some bits are the other way round."""
    out = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 8, 64)) if out else 0):
        out[random.randrange(len(out))] ^= 1 << random.randrange(8)
    return bytes(out)


def cut(random: Random, data: bytes) -> bytes:
    """The end is missing."""
    return data[: random.randrange(len(data) + 1)]


def cut_at(random: Random, data: bytes, places: Sequence[int]) -> bytes:
    """The end is missing from one of some places, or a byte or two beside it."""
    if not places:
        return cut(random, data)
    return data[: max(0, random.choice(places) + random.randint(-2, 4))]


def _overwritten(random: Random, data: bytes) -> bytes:
    at = random.randrange(len(data) + 1)
    new = random.choice((*TELLING, random.randbytes(random.randrange(1, 9))))
    return data[:at] + new + data[at + len(new) :]


def _inserted(random: Random, data: bytes) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.randbytes(random.randrange(1, 64)) + data[at:]


def _removed(random: Random, data: bytes) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + data[at + random.randrange(1, 64) :]


def _moved(random: Random, data: bytes) -> bytes:
    a, b, c = sorted(random.randrange(len(data) + 1) for _ in range(3))
    return data[:a] + data[b:c] + data[a:b] + data[c:]


def _repeated(random: Random, data: bytes) -> bytes:
    a = random.randrange(len(data) + 1)
    b = min(len(data), a + random.randrange(1, 256))
    return data[:a] + data[a:b] * random.choice((2, 3, 50)) + data[b:]


_KINDS: tuple[Callable[[Random, bytes], bytes], ...] = (
    *(flipped, flipped, cut, _overwritten, _inserted, _removed, _moved, _repeated),
)
