"""Runs of words, looked up for many texts at once."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


class Ngrams:
    """Which of some runs of words a text holds.

    A dictionary of runs would have Python join and hash every run of every text. Here words become
    numbers once, and runs are found by arithmetic: a run of n words is a known run of n - 1 words
    and the word behind it, a pair of numbers that is looked up among those pairs that occur.

    Args:
        terms: the runs, with a space between two words.
        longest: words of the longest.

    Raises:
        ValueError: one is longer.
    """

    def __init__(self, terms: Sequence[str], longest: int) -> None:
        sizes = np.fromiter((term.count(" ") + 1 for term in terms), np.int64, len(terms))
        if sizes.max(initial=1) > longest:
            raise ValueError(f"a term has {sizes.max()} words, ngrams at most {longest}")
        words = " ".join(terms).split(" ") if terms else []
        self._number = {word: number for number, word in enumerate(dict.fromkeys(words))}
        numbers = np.fromiter(map(self._number.__getitem__, words), np.int64, len(words))
        starts = np.cumsum(sizes) - sizes
        node = numbers[starts]  # of each term's first n words
        self._pairs: list[Integers] = []  # of the runs of n words, ascending
        self._terms = [_numbered(node, sizes == 1, len(self._number))]  # node → term, or -1
        for n in range(2, int(sizes.max(initial=1)) + 1):
            longer = np.flatnonzero(sizes >= n)
            pairs = node[longer] * len(self._number) + numbers[starts[longer] + n - 1]
            known, node[longer] = np.unique(pairs, return_inverse=True)
            self._pairs.append(known)
            self._terms.append(_numbered(node, sizes == n, len(known)))

    def find(self, texts: Sequence[Sequence[str]], shortest: int) -> tuple[Integers, Integers]:
        """Every run in every text, as often as it is there.

        Args:
            texts: their words.
            shortest: words of the shortest run that is looked for.

        Returns:
            The texts' and the runs' numbers, int64, each of shape (found,).
        """
        sizes = [len(words) for words in texts]
        words = map(self._number.get, itertools.chain.from_iterable(texts), itertools.repeat(-1))
        numbers = np.fromiter(words, np.int64, sum(sizes))
        text = np.repeat(np.arange(len(texts)), sizes)
        node = numbers
        found = []
        for n, terms in enumerate(self._terms, 1):
            if n > 1:
                node = self._longer(node[: len(text) - n + 1], numbers[n - 1 :], n)
                node[text[: len(node)] != text[n - 1 :]] = -1  # it runs into the next text
            if n >= shortest:
                at = np.flatnonzero(node >= 0)
                term = terms[node[at]]
                found.append((text[at[term >= 0]], term[term >= 0]))
        if not found:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        first, second = zip(*found, strict=True)
        return np.concatenate(first), np.concatenate(second)

    def _longer(self, node: Integers, word: Integers, n: int) -> Integers:
        """The run of `n` words that each node becomes by the word behind it, or -1."""
        known = self._pairs[n - 2]
        pairs = node * len(self._number) + word
        place = np.minimum(np.searchsorted(known, pairs), len(known) - 1)
        there = (known[place] == pairs) & (node >= 0) & (word >= 0)
        return np.where(there, place, -1)


def _numbered(node: Integers, exact: NDArray[np.bool_], count: int) -> Integers:
    """Which term each of `count` nodes is, or -1: term number i is node[i] where `exact`."""
    terms = np.full(count, -1, np.int64)
    terms[node[exact]] = np.flatnonzero(exact)
    return terms
