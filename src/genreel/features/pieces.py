"""A text as the pieces of words that a sentence encoder was trained on."""

from __future__ import annotations

import copy
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from genreel.catalogue import Movie
from genreel.characters import normalize, unescape
from genreel.errors import InputError
from genreel.features.checks import TEXTS, check_types, check_whole, read_words
from genreel.features.feature import FeatureKind, present_rows
from genreel.features.text import MAX_CHARACTERS, check_length, has_text, text_of

PieceRow = NDArray[np.int32]

PAD = 0
"""The number that pads a row: that of [PAD] in every vocabulary of BERT."""

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
"""Pieces that a vocabulary must have: for padding, unknown words, the start and end of a text."""

_LONGEST_WORD = 100  # characters; to BERT, a longer word is unknown
_CHARACTERS_PER_PIECE = 5  # of English, about
_CACHED_WORDS = 100_000


@dataclass(frozen=True)
class PieceSettings:
    """Settings of `Pieces`.

    Attributes:
        input: one of TEXTS.
        encoder: name of the sentence encoder that the pieces belong to.
        length: pieces of a row at most, start and end included; a longer text keeps its first.
        like: the name of a feature whose pieces it has, with another input; empty: its own.
    """

    input: str = "plot"
    encoder: str = "all-MiniLM-L6-v2"
    length: int = 256
    like: str = ""

    def __post_init__(self) -> None:
        check_types(self, TEXTS)
        check_whole("length", self.length, MAX_CHARACTERS)


class Pieces(FeatureKind):
    """Numbers of word pieces in order, as BERT's uncased WordPiece gives them (Devlin et al. 2019).

    Arrays hold only the movies that have the text: `ids` int64, shape (m, longest), in
    [0, vocabulary), padded behind with PAD, and `rows` int64, shape (m,), each one's row in the
    batch. A text that spells "[SEP]" means those letters, not the end.

    Attributes:
        encoder: name of the sentence encoder that reads them.
        length: pieces of a row at most.
        pieces: the vocabulary, in the order of its numbers.
    """

    kind = "pieces"
    array = "ids"
    Settings = PieceSettings

    def __init__(self, settings: PieceSettings, pieces: Sequence[str]) -> None:
        self._read_settings(settings)
        self.pieces = list(pieces)
        self._index = dict(zip(self.pieces, range(len(self.pieces)), strict=True))
        lacking = [name for name in SPECIAL if name not in self._index]
        if lacking or self._index["[PAD]"] != PAD:
            raise ValueError(f"vocabulary without {', '.join(lacking) or '[PAD] as its first'}")
        self._unknown, self._start, self._end = (self._index[name] for name in SPECIAL[1:])
        self._spellings: dict[str, list[int]] = {}

    def _read_settings(self, settings: PieceSettings) -> None:
        self._settings = settings
        self.input = settings.input
        self.encoder = settings.encoder
        self.length = settings.length
        self.text_length = _CHARACTERS_PER_PIECE * settings.length

    @classmethod
    def load(cls, settings: Mapping[str, Any], state: Mapping[str, Any]) -> Self:
        """From `settings()` and `state()`."""
        return cls(PieceSettings(**settings), read_words(state["pieces"]))

    def alike(self, settings: Mapping[str, Any]) -> Self:
        """With the same pieces; to load them twice would take twice as long."""
        other = copy.copy(self)
        other._read_settings(PieceSettings(**settings))
        return other

    def settings(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self._settings)

    def state(self) -> dict[str, Any]:
        """`pieces`: UTF-8 bytes, one piece a line, in the order of their numbers."""
        return {"pieces": np.frombuffer("\n".join(self.pieces).encode(), np.uint8)}

    def read(self, movie: Movie) -> PieceRow | None:
        """Numbers of pieces, int32, shape (at most length,), start and end included.

        Raises:
            InputError: the text is too long, or a plot holds no word that can be spelt.
        """
        if not has_text(movie, self.input):
            return None
        text = text_of(movie, self.input)
        check_length(text, self.input)
        room = self.length - 2
        ids: list[int] = []
        for word in basic_words(unescape(text)):
            ids += self._spell(word)
            if len(ids) >= room:
                break
        if all(i == self._unknown for i in ids):
            # A title often has no such word; a plot without one is a problem to report.
            if self.input != "plot":
                return None
            raise InputError("plot holds no word that the model knows; give it in English")
        return np.array([self._start, *ids[:room], self._end], np.int32)

    def collate(self, rows: Sequence[PieceRow | None]) -> dict[str, Any]:
        """`ids` and `rows` of the movies that have the text."""
        present = present_rows(rows)
        width = max((len(row) for row in rows if row is not None), default=1)
        ids = np.full((len(present), width), PAD, np.int64)
        for k, i in enumerate(present):
            row = rows[i]
            assert row is not None
            ids[k, : len(row)] = row
        return {"ids": ids, "rows": present}

    def _spell(self, word: str) -> list[int]:
        """Numbers of a word's pieces: the longest that begins it, then the longest that begins the
        rest, and so on.
        """
        ids = self._spellings.get(word)
        if ids is None:
            ids = self._split(word)
            if len(self._spellings) >= _CACHED_WORDS:
                self._spellings.clear()
            self._spellings[word] = ids
        return ids

    def _split(self, word: str) -> list[int]:
        if len(word) > _LONGEST_WORD:
            return [self._unknown]
        ids: list[int] = []
        start = 0
        while start < len(word):
            mark = "##" if start else ""
            for end in range(len(word), start, -1):
                i = self._index.get(mark + word[start:end])
                if i is not None:
                    ids.append(i)
                    start = end
                    break
            else:
                return [self._unknown]
        return ids


def basic_words(text: str) -> list[str]:
    """BERT's words: lower-case, without accents and control characters; every punctuation mark
    and every Chinese character is a word of its own.
    """
    text = text.translate(_CLEAN)
    if not text.isascii():
        text = normalize("NFD", text)
    return text.translate(_SPLIT).split()


class _Table(dict[int, str]):
    """Character code → its replacement by `str.translate`, worked out when it is first needed."""

    def __missing__(self, code: int) -> str:
        self[code] = text = self.replacement(chr(code))
        return text

    def replacement(self, character: str) -> str:
        raise NotImplementedError


class _Clean(_Table):
    """Drops control characters and what cannot be displayed; all white space becomes spaces."""

    def replacement(self, character: str) -> str:
        if character in "\t\n\r":
            return " "
        if character == "\ufffd" or unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs"):
            return ""
        return " " if character.isspace() else character


class _Split(_Table):
    """Drops accents, lowers, and sets punctuation and Chinese characters apart."""

    def replacement(self, character: str) -> str:
        category = unicodedata.category(character)
        if category == "Mn":
            return ""
        if category[0] == "P" or character in "$+<=>^`|~" or _chinese(ord(character)):
            return f" {character} "
        return character.lower()


_CLEAN, _SPLIT = _Clean(), _Split()

_CHINESE = (
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B81F),
    (0x2B920, 0x2CEAF),  # begins at 2B820 in Unicode, but not in the tokenizers library
    (0x2F800, 0x2FA1F),
)


def _chinese(code: int) -> bool:
    return any(first <= code <= last for first, last in _CHINESE)
