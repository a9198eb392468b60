"""What is printed on a poster: lines of text, each with its place and size."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass

from genreel.errors import InputError

MAX_LINES = 1_000
"""Lines of a poster at most; more are not lettering but noise, and cost time."""

MAX_LINE = 400
"""Characters of a line that are kept; a poster is not that wide."""

MAX_CELL = 2**20
"""Characters of a cell that is read; a poster's lettering has some thousand."""

MAX_CHARACTERS = 4_000
"""Of all lines together that a model reads."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text on a poster.

    Attributes:
        text: as it was read.
        confidence: of the reader, from 0 to 1.
        left, top, width, height: of its box, in fractions of the poster's width and height.
    """

    text: str
    confidence: float
    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Where the box ends, in fractions of the poster's width."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Where the box ends, in fractions of the poster's height."""
        return self.top + self.height


@dataclass(frozen=True, slots=True)
class Lettering:
    """The lines of a poster, in any order; none where nothing is printed on it."""

    lines: tuple[Line, ...] = ()

    def text(self) -> str:
        """All that is printed, from top to bottom."""
        return _text(self.lines)

    def headline(self) -> str:
        """What is printed large, which most often is the title."""
        tallest = max((line.height for line in self.lines), default=0.0)
        return _text([line for line in self.lines if line.height >= _LARGE * tallest])

    def title(self) -> str:
        """What a movie without a title may be called: its headline, where that is a few words and
        no scattered letters; else empty.
        """
        words = self.headline().split()
        text = " ".join(words)
        letters = sum(map(str.isalpha, text))
        return text if letters >= 2 * max(len(words), 1) and len(text) <= _LONGEST_TITLE else ""

    def to_json(self) -> str:
        """A JSON list of [text, confidence, left, top, width, height], for a catalogue's column."""
        return json.dumps([astuple(line) for line in self.lines], ensure_ascii=False)


_LARGE = 0.6  # of the tallest line's height
_LONGEST_TITLE = 80  # characters


def _text(lines: Iterable[Line]) -> str:
    ordered = sorted(lines, key=lambda line: (line.top, line.left))
    return " ".join(line.text for line in ordered)[:MAX_CHARACTERS]


def parse_lettering(text: str) -> Lettering:
    """Lettering as `Lettering.to_json` wrote it; an empty text holds no lines.

    Raises:
        InputError: it is something else.
    """
    if not text.strip():
        return Lettering()
    if len(text) > MAX_CELL:
        raise InputError(f"lettering of over {MAX_CELL:,} characters; read the poster again")
    try:
        rows = json.loads(text)
        if not isinstance(rows, list):
            raise ValueError("not a list")
        lines = tuple(_line(row) for row in rows[:MAX_LINES])
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"lettering cannot be read ({error!s:.60}); read the poster again, "
            "or leave the cell empty"
        ) from None
    return Lettering(lines)


def _line(row: object) -> Line:
    if not (isinstance(row, list) and len(row) == 6 and isinstance(row[0], str)):
        raise ValueError(f"{row!r:.40} is not [text, confidence, left, top, width, height]")
    numbers = row[1:]
    if not all(isinstance(n, int | float) for n in numbers):
        raise ValueError(f"{row!r:.40} has no five numbers behind its text")
    if not all(0 <= n <= 1 for n in numbers):
        raise ValueError("it has a number that is not from 0 to 1")
    return Line(row[0][:MAX_LINE], *map(float, numbers))
