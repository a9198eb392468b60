"""Finds many keys in a table at once, by arithmetic where a dictionary would take them one by one.

A hash table with open addressing and linear probing (Knuth, volume 3, section 6.4), whose hash is
multiply-shift (Dietzfelbinger et al. 1997).
"""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Keys = NDArray[np.uint64]
"""Shape (n, columns)."""


class KeyTable:
    """Keys, each with a number: its place among those that the table was made of.

    Args:
        keys: each once, shape (n, columns).
    """

    def __init__(self, keys: Keys) -> None:
        bits = len(keys).bit_length() + 2  # a quarter of the slots is taken, or less
        self._shift = np.uint64(64 - bits)
        self._last = 2**bits - 1
        # Nobody knows these factors, so nobody can choose words that all fall into one slot.
        self._factors = np.frombuffer(os.urandom(8 * keys.shape[1]), np.uint64) | np.uint64(1)
        self._columns = [np.append(column, np.uint64(0)) for column in keys.T]
        self._numbers = np.full(2**bits, -1, np.int32)  # slot → number, or -1
        number, slot = np.arange(len(keys), dtype=np.int32), self._slots(keys)
        while len(number):
            is_free = self._numbers[slot] < 0
            self._numbers[slot[is_free]] = number[is_free]  # of several, the last one stays
            rest = self._numbers.take(slot) != number
            number, slot = number[rest], (slot[rest] + 1) & self._last

    def find(self, keys: Keys) -> Integers:
        """The number of each key, or -1, shape (m,)."""
        slot = self._slots(keys)
        number = self._numbers.take(slot)
        rest = np.flatnonzero(self._is_other(number, keys))
        while len(rest):
            slot[rest] = (slot[rest] + 1) & self._last
            number[rest] = self._numbers[slot[rest]]
            rest = rest[self._is_other(number[rest], keys[rest])]
        return number.astype(np.int64)

    def _slots(self, keys: Keys) -> Integers:
        """Where to look for each key first."""
        total = keys[:, 0] * self._factors[0]
        for column, factor in zip(keys.T[1:], self._factors[1:], strict=True):
            total += column * factor
        return np.asarray(total >> self._shift, np.int64)

    def _is_other(self, number: NDArray[np.int32], keys: Keys) -> NDArray[np.bool_]:
        """Whether a slot holds another key than is looked for there; an empty one holds none."""
        is_other = np.zeros(len(keys), bool)
        for column, values in zip(self._columns, keys.T, strict=True):
            is_other |= column.take(number) != values
        return is_other & (number >= 0)
