"""Texts as they are searched and sorted: without capitals, accents, ligatures, widths and marks."""

from __future__ import annotations

import re

from genreel.characters import normalize

# Accents, the dots of Hebrew and Arabic, and Arabic's line that only stretches a word. The vowel
# signs of Thai and of Indian scripts are marks as well, but words are told apart by them.
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]"
)

# What has no width: marks of direction, joiners, a soft hyphen, a byte order mark.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

# Letters that Unicode does not take apart, though people write them with others; and letters of
# Persian and Urdu for those that Arabic keyboards write.
_LETTERS = str.maketrans(
    {
        **{"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"},
        **{"ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه"},
    }
)
_NUMBER = re.compile(r"\d{1,8}")


def fold(text: str) -> str:
    """A text as it is compared: "Straße" is "strasse", "İstanbul" is "istanbul"."""
    if text.isascii():
        return text.lower()
    text = normalize("NFKD", text).casefold()
    text = _INVISIBLE.sub("", _ACCENTS.sub("", text)).translate(_LETTERS)
    # Hangul and kana are put together again, or a search for one would meet parts of others.
    return normalize("NFC", text)


def sort_key(title: str) -> str:
    """By which titles are sorted, character by character: numbers by value, and what stands before
    the first letter or digit does not count. Scripts follow each other as in Unicode: Latin, Greek,
    Cyrillic, Hebrew, Arabic, those of India, Thai, kana, Chinese characters, Hangul.
    """
    text = fold(title)
    start = next((i for i, character in enumerate(text) if character.isalnum()), 0)
    return _NUMBER.sub(lambda match: f"{int(match[0]):08}", text[start:])
