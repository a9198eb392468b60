"""Finds runs of words in many texts at once."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from genreel.features.checks import read_words
from genreel.key_table import Integers, Keys, KeyTable
from genreel.word_table import WordTable

MAX_RUNS = 5_000_000
"""Of a feature of a bundle."""


class Ngrams:
    """A list of runs of words, to be found in texts.

    With a dictionary of runs, Python would join and hash every run of every text. Here each word
    becomes a number once, and runs are found by arithmetic: a run of n words is a run of n - 1
    words (a node) and the word behind it, a pair of numbers that is searched for among all pairs.

    Args:
        words: each once.
        runs: integers, shape (runs, longest), at least one wide: each run's words as numbers in
            [0, words), filled up behind with -1.

    Raises:
        ValueError: words or runs do not have that form.
    """

    def __init__(self, words: Sequence[str], runs: NDArray[Any]) -> None:
        self._words, self._runs = words, np.asarray(runs, np.int64)
        sizes = self._sizes()
        node = self._runs[:, 0].copy()  # of each run's first n words
        self._pairs: list[Integers] = []  # of the runs of n words, ascending
        self._run_of = [_run_numbers(node, sizes == 1, len(words))]  # node → run, or -1
        for n in range(2, self._runs.shape[1] + 1):
            longer = np.flatnonzero(sizes >= n)
            pairs = node[longer] * len(words) + self._runs[longer, n - 1]
            distinct, node[longer] = np.unique(pairs, return_inverse=True)
            self._pairs.append(distinct)
            self._run_of.append(_run_numbers(node, sizes == n, len(distinct)))

    @classmethod
    def of(cls, terms: Sequence[str], longest: int) -> Self:
        """From runs as texts, with a space between two words; ValueError where one is longer."""
        split = [term.split(" ") for term in terms]
        words = list(dict.fromkeys(itertools.chain.from_iterable(split)))
        number = dict(zip(words, range(len(words)), strict=True))
        runs = np.full((len(terms), longest), -1, np.int64)
        for row, run in zip(runs, split, strict=True):
            row[: len(run)] = [number[word] for word in run]
        return cls(words, runs)

    @classmethod
    def load(cls, state: Mapping[str, NDArray[Any]]) -> Self:
        """From `state`; ValueError or KeyError where it is damaged."""
        if len(state["runs"]) > MAX_RUNS:
            raise ValueError(f"over {MAX_RUNS:,} runs of words")
        return cls(read_words(state["words"]), state["runs"])

    def state(self) -> dict[str, NDArray[Any]]:
        """`words`: UTF-8 bytes, one word a line; `runs`: int32, as above."""
        text = "\n".join(self._words).encode()
        return {"words": np.frombuffer(text, np.uint8), "runs": self._runs.astype(np.int32)}

    @property
    def longest(self) -> int:
        """Words of the longest run that there may be."""
        return int(self._runs.shape[1])

    def __len__(self) -> int:
        return len(self._runs)

    def terms(self) -> list[str]:
        """The runs as texts."""
        return [" ".join(self._words[i] for i in run if i >= 0) for run in self._runs.tolist()]

    def _sizes(self) -> Integers:
        """How many words each run has."""
        runs = self._runs
        if runs.ndim != 2 or not runs.shape[1] or len(set(self._words)) < len(self._words):
            raise ValueError("words must differ, and runs be a table of their numbers")
        is_word = runs >= 0
        gaps = is_word[:, 1:] & ~is_word[:, :-1]
        if not is_word[:, 0].all() or gaps.any() or runs.max(initial=-1) >= len(self._words):
            raise ValueError("runs must be made of the numbers of words, and padded behind")
        return np.asarray(is_word.sum(axis=1))

    @functools.cached_property
    def _tables(self) -> tuple[WordTable, list[KeyTable]]:
        """Of words and of pairs; made for the first text, as a poster needs none."""
        return WordTable(self._words), [KeyTable(_keys(pairs)) for pairs in self._pairs]

    def find(
        self, texts: Sequence[bytes], shortest: int, letters: int
    ) -> tuple[Integers, Integers]:
        """Every run in every text, as often as it occurs.

        Args:
            texts: their words, as of `characters.word_bytes`.
            shortest: words of the shortest run to search for.
            letters: of the shortest word that counts, 1 or 2.

        Returns:
            Numbers of the text and of the run of each match, int64, both of shape (matches,).
        """
        words, pairs = self._tables
        text, numbers = words.find(texts, letters)
        at = np.flatnonzero(numbers >= 0)  # where runs begin that are the first n words of others
        node = numbers[at]
        matches = []
        for n, runs in enumerate(self._run_of, 1):
            if n > 1:
                count = np.searchsorted(at, len(text) - n + 1)
                at, node = at[:count], node[:count]
                end = at + n - 1
                goes_on = (numbers[end] >= 0) & (text[at] == text[end])
                at, end, node = at[goes_on], end[goes_on], node[goes_on]
                node = pairs[n - 2].find(_keys(node * len(self._words) + numbers[end]))
                at, node = at[node >= 0], node[node >= 0]
            if n >= shortest:
                run = runs[node]
                is_run = run >= 0
                matches.append((text[at[is_run]], run[is_run]))
        first, second = zip(*matches, strict=True)
        return np.concatenate(first), np.concatenate(second)


def _keys(numbers: Integers) -> Keys:
    return numbers.astype(np.uint64)[:, None]


def _run_numbers(node: Integers, exact: NDArray[np.bool_], count: int) -> Integers:
    """Which run each of `count` nodes is, or -1: run number i is node[i] where `exact`."""
    runs = np.full(count, -1, np.int64)
    runs[node[exact]] = np.flatnonzero(exact)
    return runs
