"""A plot as a sequence of word numbers, for networks that read words in order."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from genreel.catalogue import Movie
from genreel.errors import InputError
from genreel.features.checks import check_types, check_whole
from genreel.features.text import MAX_CHARACTERS, split_words

TokenRow = NDArray[np.int64]

PAD = 0
"""The number that fills a sequence; words count from 1."""


@dataclass(frozen=True)
class TokenSettings:
    """Settings of `Tokens`.

    Attributes:
        input: "plot" or "title".
        max_words: keep this many of the most frequent words.
        length: words a sequence holds; a longer text keeps its last ones, a shorter one is
            padded in front, as Keras does.
        min_count: a word must occur in this many training movies.
        stop_words: drop common English words.
    """

    input: str = "plot"
    max_words: int = 10_000
    length: int = 200
    min_count: int = 1
    stop_words: bool = False

    def __post_init__(self) -> None:
        check_types(self, ("plot", "title"))
        check_whole("length", self.length, MAX_CHARACTERS)
        if self.max_words < 1:
            raise ValueError("max_words is below 1")


class Tokens:
    """Word numbers in order. Arrays hold only the movies that have the text: `ids` int64, shape
    (m, length), in [0, words], and `rows` int64, shape (m,), each one's row in the batch.

    Words that training did not keep are left out.
    """

    kind = "tokens"
    slow = False
    Settings = TokenSettings

    def __init__(self, settings: TokenSettings, words: Sequence[str]) -> None:
        self._settings = settings
        self.words = list(words)
        self._index = dict(zip(self.words, range(1, len(self.words) + 1), strict=True))

    @property
    def input(self) -> str:
        """The input it reads: plot or title."""
        return self._settings.input

    @property
    def length(self) -> int:
        """Words a sequence holds."""
        return self._settings.length

    @classmethod
    def fit(cls, settings: TokenSettings, movies: Iterable[Movie]) -> Self:
        """Learns the most frequent words of the movies whose text can be used."""
        counts, documents = Counter[str](), Counter[str]()
        for movie in movies:
            words: list[str] = []
            with contextlib.suppress(InputError):
                words = split_words(movie, settings.input, settings.stop_words)
            counts.update(words)
            documents.update(set(words))
        kept = [word for word in counts if documents[word] >= settings.min_count]
        kept.sort(key=lambda word: (-counts[word], word))
        return cls(settings, kept[: settings.max_words])

    @classmethod
    def load(cls, settings: Mapping[str, Any], state: Mapping[str, Any]) -> Self:
        """From `settings()` and `state()`."""
        words = bytes(state["words"]).decode().split("\n") if len(state["words"]) else []
        return cls(TokenSettings(**settings), words)

    def settings(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self._settings)

    def state(self) -> dict[str, Any]:
        """`words`: UTF-8 bytes, one word a line, the most frequent first."""
        return {"words": np.frombuffer("\n".join(self.words).encode(), np.uint8)}

    def read(self, movie: Movie) -> TokenRow | None:
        """Word numbers, int64, shape (at most length,).

        Raises:
            InputError: the text is too long, or a plot holds no word that is known.
        """
        if not movie.has(self.input):
            return None
        words = split_words(movie, self.input, self._settings.stop_words)
        ids = [i for i in map(self._index.get, words) if i is not None]
        if not ids:
            # An unseen title is ordinary; an unreadable plot is worth a word.
            if self.input != "plot":
                return None
            raise InputError("plot holds no word that the model knows; give it in English")
        return np.array(ids[-self.length :], np.int64)

    def collate(self, rows: Sequence[TokenRow | None]) -> dict[str, Any]:
        """Only the texts that are there, padded in front, and their rows."""
        there = [i for i, row in enumerate(rows) if row is not None]
        ids = np.full((len(there), self.length), PAD, np.int64)
        for k, i in enumerate(there):
            row = rows[i]
            assert row is not None
            ids[k, self.length - len(row) :] = row
        return {"ids": ids, "rows": np.array(there, np.int64)}
