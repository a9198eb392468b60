"""Titles as they are compared: without case, accents, gaps and marks; and a title's other forms."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from genreel.characters import normalize

MAIN, OTHER, PART = 0, 1, 2
"""What a title is to its film: its name, another name, or a part of a longer one."""

MAX_LENGTH = 200
"""Characters of a title that are compared; longer ones are cut."""

_SPECIAL = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "&": "and"}
)
_ARTICLES = (
    r"The|A|An|Le|La|Les|L'|Il|Lo|I|Gli|El|Los|Las|Der|Die|Das|De|Het|O|Os|Un|Une|En|Den|Det"
)
_ARTICLE_BEHIND = re.compile(rf"^(.*?)[,;] ?({_ARTICLES})$", re.DOTALL | re.IGNORECASE)
_BRACKETS = re.compile(r"\(([^()]*)\)")
_ALIAS = re.compile(r"^(?:a\.?k\.?a\.?|also known as) ", re.IGNORECASE)
_PART = re.compile(r": | [-–—] |;? or:? |, or ")
_LEAST_PART = 6  # letters; a shorter part names too many films


def squeeze(text: str) -> str:
    """Letters and digits of a text, in lower case, without accents: "thematrix"."""
    text = text[: 2 * MAX_LENGTH]
    if not text.isascii():
        text = normalize("NFKD", text)
    text = text.casefold().translate(_SPECIAL)
    return "".join(filter(str.isalnum, text[: 2 * MAX_LENGTH]))[:MAX_LENGTH]


def turn_article(title: str) -> str:
    """Puts an article that stands behind in front: "Matrix, The" is "The Matrix"."""
    behind = _ARTICLE_BEHIND.match(title.strip())
    if not behind:
        return title.strip()
    gap = "" if behind[2].endswith("'") else " "
    return f"{behind[2]}{gap}{behind[1]}"


def main_title(title: str) -> str:
    """A title without the other ones in its brackets, its article in front."""
    return turn_article(_one_space(_BRACKETS.sub(" ", title)) or _one_space(title))


def forms(title: str) -> Iterator[tuple[str, int]]:
    """A title's forms, each with what it is: MAIN first, then OTHER (in brackets) and PART.

    "Seven (a.k.a. Se7en)" gives "Seven" and "Se7en"; "Alba: The Return" its two parts as well.
    """
    main = main_title(title)
    yield main, MAIN
    for inner in _BRACKETS.findall(title):
        other = turn_article(_ALIAS.sub("", _one_space(inner)))
        if other and not other.isdecimal():
            yield other, OTHER
    parts = _PART.split(main)
    if len(parts) > 1:
        for part in parts:
            if len(squeeze(part)) >= _LEAST_PART:
                yield part, PART


def _one_space(text: str) -> str:
    """A text with one space for all white space between its words, and none at its ends."""
    return " ".join(text.split())


def likeness(text: str, other: str) -> float:
    """Share of trigrams that two squeezed texts have in common, from 0 to 1 (Dice 1945)."""
    mine, theirs = (
        {name[i : i + 3] for i in range(max(1, len(name) - 2))} for name in (text, other)
    )
    return 2 * len(mine & theirs) / max(1, len(mine) + len(theirs))


def trigrams(texts: list[str]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Runs of three characters of squeezed texts.

    Returns:
        keys: 24 bits each, shape (n,); a letter or digit has a code of its own, of the others
            several may share one.
        owners: the number of the text that each is of, in ascending order, shape (n,).
    """
    line = "\0\0".join(texts)
    points = np.frombuffer(line.encode("utf-32-le", "surrogatepass"), np.uint32)
    codes = _CODES[np.minimum(points, len(_CODES) - 1)].astype(np.uint32)
    other = points >= len(_CODES) - 1
    codes[other] = 37 + points[other] % 219
    ends = np.cumsum(points == 0) // 2
    if len(codes) < 3:
        return np.empty(0, np.uint32), np.empty(0, np.uint32)
    inside = (codes[:-2] > 0) & (codes[1:-1] > 0) & (codes[2:] > 0)
    keys = codes[:-2] << np.uint32(16) | codes[1:-1] << np.uint32(8) | codes[2:]
    return keys[inside].astype(np.uint32), ends[:-2][inside].astype(np.uint32)


def _code_table() -> NDArray[np.uint8]:
    """Code of each ASCII character: 0 for NUL, 1 to 36 for digits and letters, others above."""
    table = np.array([37 + point % 219 for point in range(129)], np.uint8)
    table[0] = 0
    for code, character in enumerate("0123456789abcdefghijklmnopqrstuvwxyz", 1):
        table[ord(character)] = code
    return table


_CODES = _code_table()
