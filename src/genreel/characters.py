"""Characters of texts that anybody may have written: Unicode's forms, references of HTML, words,
and what a terminal would obey.

Python's own functions do the same, but take a time that grows with the square of a text, or raise
ValueError; or, of words, take three times as long.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Literal

# Python sorts the marks behind a letter by insertion, so a text is taken piece by piece. A piece
# ends before white space, which joins with nothing; a word of more characters is nobody's.
_PIECE = 500
_PIECES = re.compile(rf".{{1,{_PIECE}}}(?=\s|\Z)|.{{1,{_PIECE}}}", re.DOTALL)

# Python converts no number of over 4,300 digits; no character has one of over 7.
_LONG_NUMBER = re.compile(r"&#[0-9]{100,};?")

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def normalize(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
    """`unicodedata.normalize`, in a time in proportion to the text."""
    if len(text) <= _PIECE or text.isascii():
        return unicodedata.normalize(form, text)
    pieces = _PIECES.findall(text)
    return "".join(unicodedata.normalize(form, piece) for piece in pieces)


def unescape(text: str) -> str:
    """`html.unescape`, of numbers of any length; one that is no character is U+FFFD."""
    return html.unescape(_LONG_NUMBER.sub("\ufffd", text)) if "&" in text else text


_WORD = re.compile(r"\w+")
_ASCII = (chr(code) for code in range(128))
_SMALL = bytes(ord(c.lower() if _WORD.match(c) else " ") for c in _ASCII).ljust(256)


def word_bytes(text: str) -> bytes:
    """The words of a text in UTF-8, between spaces; there is no other byte below 33."""
    # Nearly all English texts are ASCII, where Python translates by table.
    if text.isascii():
        return text.encode().translate(_SMALL)
    return " ".join(_WORD.findall(text.lower())).encode()


def words_of(text: str) -> list[str]:
    """Runs of letters, digits and underscores, in order and in small letters."""
    return word_bytes(text).decode().split()


def printable(text: str) -> str:
    """A text with spaces for what cannot be printed, for tables that a person reads."""
    return "".join(c if c.isprintable() else " " for c in text)


def escape_controls(text: str) -> str:
    r"""A text that no terminal acts on, for cells of CSV: Escape is \x1b; tabs, line ends stay."""
    return _CONTROLS.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
