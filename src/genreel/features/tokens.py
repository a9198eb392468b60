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
from genreel.features.checks import check_types, check_whole, read_words
from genreel.features.feature import FeatureKind, present_rows
from genreel.features.text import MAX_CHARACTERS, split_words

TokenRow = NDArray[np.int64]

PAD = 0
"""The number that pads a sequence; words count from 1."""


@dataclass(frozen=True)
class TokenSettings:
    """Settings of `Tokens`.

    Attributes:
        input: "plot" or "title".
        max_words: keep this many of the most frequent words.
        length: words of a sequence; a longer text keeps its last ones, a shorter one is padded in
            front, as Keras does.
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


class Tokens(FeatureKind):
    """Numbers of words, in the order of the text; words without a number are left out.

    Arrays hold only the movies that have the text: `ids` int64 in [0, words], shape (m, length),
    padded in front with PAD, and `rows` int64, shape (m,), each one's row in the batch.

    Attributes:
        length: words of a sequence.
        words: in the order of their numbers, the first of which is 1.
    """

    kind = "tokens"
    array = "ids"
    Settings = TokenSettings

    def __init__(self, settings: TokenSettings, words: Sequence[str]) -> None:
        self._settings = settings
        self.input = settings.input
        self.length = settings.length
        self.words = list(words)
        self._index = dict(zip(self.words, range(1, len(self.words) + 1), strict=True))

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
        frequent = [word for word in counts if documents[word] >= settings.min_count]
        frequent.sort(key=lambda word: (-counts[word], word))
        return cls(settings, frequent[: settings.max_words])

    @classmethod
    def load(cls, settings: Mapping[str, Any], state: Mapping[str, Any]) -> Self:
        """From `settings()` and `state()`."""
        return cls(TokenSettings(**settings), read_words(state["words"]))

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
            # A title often has no such word; a plot without one is a problem to report.
            if self.input != "plot":
                return None
            raise InputError("plot holds no word that the model knows; give it in English")
        return np.array(ids[-self.length :], np.int64)

    def collate(self, rows: Sequence[TokenRow | None]) -> dict[str, Any]:
        """`ids` and `rows` of the movies that have the text."""
        present = present_rows(rows)
        ids = np.full((len(present), self.length), PAD, np.int64)
        for k, i in enumerate(present):
            row = rows[i]
            assert row is not None
            ids[k, self.length - len(row) :] = row
        return {"ids": ids, "rows": present}
