"""Plot, title and year as weighted terms."""

from __future__ import annotations

import contextlib
import functools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from genreel.catalogue import Movie
from genreel.characters import unescape, word_bytes, words_of
from genreel.decade import decade_name, decade_of
from genreel.errors import InputError
from genreel.features.checks import TEXTS, check_choice, check_types, check_whole
from genreel.features.feature import FeatureKind
from genreel.features.ngrams import Ngrams
from genreel.features.stopwords import STOP_WORDS

MAX_CHARACTERS = 100_000
"""Of a text at most: a longer one is a book, not a plot."""

_MOST_BYTES = 1_000_000
"""Of texts that are read at once; each takes 30 bytes of memory for a while."""

_LONGEST_NGRAM = 10  # words

WEIGHTINGS = ("tfidf", "count", "binary")
"""How a term is weighed: by its count and its rarity, by its count alone, or 1 where it occurs."""

TermRow = tuple[NDArray[np.int64], NDArray[np.float32]]


@dataclass(frozen=True)
class TermSettings:
    """Settings of `Terms`, named after scikit-learn's TfidfVectorizer.

    Attributes:
        input: "year" (which becomes its decade), or one of TEXTS.
        unit: what a term is a run of: "words" or "characters", between words "_".
        ngrams: shortest and longest run that makes a term.
        min_count: a term must occur in this many training movies.
        max_terms: keep the most frequent ones; 0 keeps all.
        weighting: one of WEIGHTINGS.
        sublinear: use 1 + ln(count) for the count.
        stop_words: drop common English words.
        norm: scale a movie's weights to Euclidean length 1.
        scale: a factor on all weights, to balance several features in one linear model.
        like: the name of a feature whose terms it has, with another input; empty: its own.
    """

    input: str = "plot"
    unit: str = "words"
    ngrams: tuple[int, int] = (1, 1)
    min_count: int = 2
    max_terms: int = 0
    weighting: str = "tfidf"
    sublinear: bool = True
    stop_words: bool = False
    norm: bool = True
    scale: float = 1.0
    like: str = ""

    def __post_init__(self) -> None:
        check_types(self, (*TEXTS, "year"))
        check_choice("unit", self.unit, ("words", "characters"))
        for words in self.ngrams:
            check_whole("ngrams", words, _LONGEST_NGRAM)
        if self.ngrams[0] > self.ngrams[1]:
            raise ValueError(f"ngrams must be [shortest, longest], not {list(self.ngrams)}")
        if self.max_terms < 0:
            raise ValueError(f"max_terms must be at least 0, not {self.max_terms}")
        check_choice("weighting", self.weighting, WEIGHTINGS)


class Terms(FeatureKind):
    """Sparse term weights. Arrays: `indices` int64 and `values` float32, shape (n, terms).

    Rows are padded with weight 0 to the longest of the batch. Inverse document frequency is
    ln((1 + n) / (1 + df)) + 1, smoothed as in scikit-learn (Manning et al. 2008, ch. 6).
    """

    kind = "terms"
    Settings = TermSettings

    def __init__(self, settings: TermSettings, ngrams: Ngrams, idf: NDArray[np.float32]):
        self._settings = settings
        self.input = settings.input
        self._ngrams = ngrams
        self.idf = np.asarray(idf, np.float32)
        if ngrams.longest != settings.ngrams[1]:
            raise ValueError(f"runs are not of up to {settings.ngrams[1]} words, as ngrams says")
        if self.idf.shape != (len(ngrams),):
            raise ValueError(f"idf must have one number for each of {len(ngrams):,} terms")

    def __len__(self) -> int:
        return len(self._ngrams)

    @functools.cached_property
    def terms(self) -> list[str]:
        """Every term, in the order of their indices."""
        return self._ngrams.terms()

    @classmethod
    def fit(cls, settings: TermSettings, movies: Iterable[Movie]) -> Self:
        """Learns terms and their document frequencies from the movies whose text can be used."""
        documents, frequencies = 0, Counter[str]()
        for movie in movies:
            words: list[str] = []
            with contextlib.suppress(InputError):
                words = _words(movie, settings)
            if words:
                documents += 1
                frequencies.update(set(_ngrams(words, settings.ngrams)))
        terms = [term for term, df in frequencies.items() if df >= settings.min_count]
        terms.sort(key=lambda term: (-frequencies[term], term))
        if settings.max_terms:
            terms = terms[: settings.max_terms]
        df = np.array([frequencies[term] for term in terms], np.float64)
        idf = np.log((1 + documents) / (1 + df)) + 1
        return cls(settings, Ngrams.of(terms, settings.ngrams[1]), idf.astype(np.float32))

    @classmethod
    def load(cls, settings: Mapping[str, Any], state: Mapping[str, Any]) -> Self:
        """From `settings()` and `state()`."""
        return cls(_settings(settings), Ngrams.load(state), state["idf"])

    def alike(self, settings: Mapping[str, Any]) -> Self:
        """With the same terms; to load them twice would take twice as long."""
        return type(self)(_settings(settings), self._ngrams, self.idf)

    def settings(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self._settings)

    def state(self) -> dict[str, Any]:
        """`words` and `runs` of `Ngrams`; `idf`: float32, shape (terms,)."""
        return {**self._ngrams.state(), "idf": self.idf}

    def read(self, movie: Movie) -> TermRow | None:
        """Indices (int64, each once, ascending) and weights (float32) of a movie's terms.

        Raises:
            InputError: the text is too long, or a plot holds no term that training saw.
        """
        [row] = self.read_many([movie])
        if isinstance(row, InputError):
            raise row
        return row

    def read_many(self, movies: Sequence[Movie]) -> list[TermRow | InputError | None]:
        """As `read`, for several movies at once and several times as fast; an InputError takes the
        place of a row that cannot be read.
        """
        rows: list[TermRow | InputError | None] = [None] * len(movies)
        positions, texts = [], []
        for i, movie in enumerate(movies):
            if has_text(movie, self.input):
                try:
                    texts.append(_word_bytes(movie, self._settings))
                    positions.append(i)
                except InputError as error:
                    rows[i] = error
        if not texts:
            return rows
        if len(movies) > 1 and sum(map(len, texts)) > _MOST_BYTES:
            half = len(movies) // 2
            return self.read_many(movies[:half]) + self.read_many(movies[half:])
        text, term = self._ngrams.find(texts, self._settings.ngrams[0], _letters(self._settings))
        size = max(1, len(self))
        both = text * size + term
        if len(texts) * size < 2**31:
            both = both.astype(np.int32)  # sorted in half the time
        both, counts = np.unique(both, return_counts=True)
        text, term = np.divmod(both.astype(np.int64), size)
        values = self._weights(text, term, counts)
        ends = np.searchsorted(text, np.arange(len(texts) + 1)).tolist()
        for i, start, end in zip(positions, ends, ends[1:], strict=False):
            if start < end:
                rows[i] = (term[start:end], values[start:end])
            # A title or decade often has no such term; a plot without one is a problem to report.
            elif self.input == "plot":
                rows[i] = InputError("plot holds no word that the model knows; give it in English")
        return rows

    def _weights(
        self, text: NDArray[np.int64], term: NDArray[np.int64], counts: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Weight of each term of each text, float32, shape (m,).

        Args:
            text, term: their numbers, shape (m,), texts ascending.
            counts: how often the text has the term, shape (m,).
        """
        settings = self._settings
        values = counts.astype(np.float32)
        if settings.weighting == "binary":
            values = np.ones_like(values)
        elif settings.sublinear:
            values = 1 + np.log(values)
        if settings.weighting == "tfidf":
            values = values * self.idf[term]
        if settings.norm and len(values):
            lengths = np.sqrt(np.bincount(text, np.square(values, dtype=np.float64)))
            values = (values / lengths[text]).astype(np.float32)
        return values * np.float32(settings.scale)

    def collate(self, rows: Sequence[TermRow | None]) -> dict[str, Any]:
        """Rows padded to the longest, at least one wide."""
        width = max((len(row[0]) for row in rows if row is not None), default=0) or 1
        indices = np.zeros((len(rows), width), np.int64)
        values = np.zeros((len(rows), width), np.float32)
        for i, row in enumerate(rows):
            if row is not None:
                indices[i, : len(row[0])] = row[0]
                values[i, : len(row[1])] = row[1]
        return {"indices": indices, "values": values}


def _settings(settings: Mapping[str, Any]) -> TermSettings:
    shortest, longest = settings["ngrams"]
    return TermSettings(**{**settings, "ngrams": (shortest, longest)})


def _words(movie: Movie, settings: TermSettings) -> list[str]:
    if settings.input == "year":
        decade = decade_of(movie.year)
        return [] if decade is None else [decade_name(decade)]
    words = split_words(movie, settings.input, settings.stop_words)
    return list(f"_{'_'.join(words)}_") if settings.unit == "characters" else words


def _word_bytes(movie: Movie, settings: TermSettings) -> bytes:
    """The same words, or more that are shorter than `_letters`, as of `word_bytes`."""
    if settings.input == "year" or settings.unit == "characters" or settings.stop_words:
        return " ".join(_words(movie, settings)).encode()
    return word_bytes(_plain_text(movie, settings.input))


def _letters(settings: TermSettings) -> int:
    """Of the shortest word that counts."""
    return 1 if settings.unit == "characters" else 2


def has_text(movie: Movie, name: str) -> bool:
    """Whether a movie has one of TEXTS, or its year."""
    return movie.lettering is not None if name == "headline" else movie.has(name)


def text_of(movie: Movie, name: str) -> str:
    """One of TEXTS; empty where the movie has none."""
    if name not in ("lettering", "headline"):
        return str(getattr(movie, name))
    if movie.lettering is None:
        return ""
    return movie.lettering.text() if name == "lettering" else movie.lettering.headline()


def split_words(movie: Movie, name: str, stop_words: bool) -> list[str]:
    """Lower-case words of two letters or more, in order; InputError for a text too long.

    Args:
        movie: whose text.
        name: one of TEXTS.
        stop_words: drop common English words.
    """
    words = [word for word in words_of(_plain_text(movie, name)) if len(word) > 1]
    return [word for word in words if word not in STOP_WORDS] if stop_words else words


def _plain_text(movie: Movie, name: str) -> str:
    text = text_of(movie, name)
    check_length(text, name)
    return unescape(text)


def check_length(text: str, name: str) -> None:
    """InputError where a text, of the input called `name`, is too long to be read."""
    if len(text) > MAX_CHARACTERS:
        raise InputError(
            f"{name} of {len(text):,} characters is over {MAX_CHARACTERS:,}; shorten it"
        )


def _ngrams(words: Sequence[str], lengths: tuple[int, int]) -> list[str]:
    terms: list[str] = []
    for length in range(lengths[0], lengths[1] + 1):
        if length == 1:
            terms.extend(words)
        else:
            terms.extend(map(" ".join, zip(*(words[i:] for i in range(length)), strict=False)))
    return terms
