"""Finds the words of a list in many texts at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from genreel.key_table import Integers, Keys, KeyTable

_WIDTH = 16
"""Bytes of a word that fit into its key; the few longer words are looked up in a dictionary."""

# Length of a word → the bytes of its key that are its own, as a mask.
_OWN = np.tri(_WIDTH + 1, _WIDTH, -1, np.uint8) * np.uint8(255)
_MASKS: Keys = _OWN.view(np.uint64)

# First byte of a character in UTF-8 → how many bytes it has.
_BYTES = np.array([1] * 0xC0 + [2] * 0x20 + [3] * 0x10 + [4] * 0x10)


class WordTable:
    """Words by their numbers.

    Args:
        words: each once, in the order of their numbers.
    """

    def __init__(self, words: Sequence[str]) -> None:
        texts = [word.encode() for word in words]
        sizes = np.fromiter(map(len, texts), np.int64, len(texts))
        keys = _keys(b"".join(texts), np.cumsum(sizes) - sizes, sizes)
        long = np.flatnonzero(sizes > _WIDTH)
        self._long = {texts[i]: i for i in long.tolist()}
        keys[long] = np.stack([np.zeros_like(long), long], axis=1)  # those of no word of a text
        self._table = KeyTable(keys)

    def find(self, texts: Sequence[bytes], letters: int = 1) -> tuple[Integers, Integers]:
        """Every word of every text, in order.

        Args:
            texts: as of `characters.word_bytes`.
            letters: shorter words are left out; 1 or 2.

        Returns:
            The number of its text, and its own or -1, int64, both of shape (words,).
        """
        data = b" ".join([b"", *texts, b""])
        characters = np.frombuffer(data, np.uint8)
        is_gap = characters == ord(" ")
        edges = np.flatnonzero(is_gap[1:] != is_gap[:-1]) + 1
        starts, sizes = edges[::2], edges[1::2] - edges[::2]
        if letters > 1:
            has_two = sizes > _BYTES[characters[starts]]
            starts, sizes = starts[has_two], sizes[has_two]
        numbers = self._table.find(_keys(data, starts, sizes))
        for i in np.flatnonzero(sizes > _WIDTH).tolist():
            numbers[i] = self._long.get(data[starts[i] : starts[i] + sizes[i]], -1)
        ends = np.cumsum([len(text) + 1 for text in texts])
        counts = np.diff(np.searchsorted(starts, ends), prepend=0)
        return np.repeat(np.arange(len(texts)), counts), numbers


def _keys(data: bytes, starts: Integers, sizes: Integers) -> Keys:
    """The first bytes of each word as whole numbers, zeros behind them: shape (words, 2)."""
    # Read where they lie, one after the other, each row overlapping the next.
    rows: NDArray[np.void] = np.ndarray(
        len(data) + 1, f"V{_WIDTH}", data + bytes(_WIDTH), strides=(1,)
    )
    keys = rows[starts].view(np.uint64).reshape(-1, _WIDTH // 8)
    return keys & _MASKS.take(sizes, axis=0, mode="clip")
