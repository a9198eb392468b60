"""Windows on a poster's lettering: lines that stand together and may be a title."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from genreel.films.titles import MAX_LENGTH, squeeze
from genreel.lettering import Lettering, Line

MAX_WINDOWS = 160
"""Windows of a poster at most, those of the largest lettering."""

_MAX_LINES = 40  # read of a poster, the largest
_MAX_ROWS = 4  # of a window
_MAX_IN_ROW = 4  # lines of a window that stand side by side
_HEIGHT_PER_WIDTH = 1.48  # of a poster, so that gaps in both directions can be compared


@dataclass(frozen=True, slots=True)
class Window:
    """Adjacent lines, in the order in which they are read.

    Attributes:
        text: squeezed, see `titles.squeeze`.
        lines: their numbers in `ordered_lines`.
        size: height of the largest letters, in fractions of the poster's height.
        smallest: height of the smallest.
        confidence: of the reader, the mean over letters.
        middle: where the window's centre is, from 0 at the top to 1.
    """

    text: str
    lines: tuple[int, ...]
    size: float
    smallest: float
    confidence: float
    middle: float


@functools.lru_cache(1_024)  # it is asked for every pair of lines
def letter_size(line: Line) -> float:
    """Height of a line's letters, in fractions of the poster's height.

    A box that is narrow for its text is rotated or leans, so its height says little.
    """
    letters = max(1, sum(map(str.isalnum, line.text)))
    return max(0.0, min(line.height, 2 * line.width / _HEIGHT_PER_WIDTH / letters))


def ordered_lines(lettering: Lettering) -> list[Line]:
    """The lines that have letters or digits, those of the largest first."""
    lines = [line for line in lettering.lines if squeeze(line.text)]
    return sorted(lines, key=letter_size, reverse=True)


def windows_of(lettering: Lettering) -> list[Window]:
    """The windows of a poster, the largest lettering first, each text once."""
    lines = ordered_lines(lettering)[:_MAX_LINES]
    runs = list(_runs(lines))
    below = [_below(lines, runs, run) for run in runs]
    texts = [squeeze(line.text) for line in lines]
    windows: dict[str, Window] = {}
    for path in _paths(runs, below):
        numbers = tuple(number for run in path for number in runs[run])
        window = _window(lines, texts, numbers)
        older = windows.get(window.text)
        if older is None or older.size < window.size:
            windows[window.text] = window
    largest_first = sorted(windows.values(), key=lambda window: window.size, reverse=True)
    return largest_first[:MAX_WINDOWS]


def _window(lines: Sequence[Line], texts: Sequence[str], numbers: tuple[int, ...]) -> Window:
    members = [lines[number] for number in numbers]
    sizes = [letter_size(line) for line in members]
    letters = [len(line.text) for line in members]
    top, bottom = min(line.top for line in members), max(line.bottom for line in members)
    confidence = sum(c.confidence * n for c, n in zip(members, letters, strict=True))
    return Window(
        text="".join(texts[number] for number in numbers)[:MAX_LENGTH],
        lines=numbers,
        size=max(sizes),
        smallest=min(sizes),
        confidence=confidence / sum(letters),
        middle=(top + bottom) / 2,
    )


def _runs(lines: Sequence[Line]) -> Iterator[tuple[int, ...]]:
    """Lines alone and side by side, by their numbers, from left to right."""
    order = sorted(range(len(lines)), key=lambda number: lines[number].left)
    right: dict[int, int] = {}
    for number in order:
        near = [other for other in order if _is_right_of(lines[number], lines[other])]
        if near:
            right[number] = min(near, key=lambda other: lines[other].left)
    for number in order:
        run = [number]
        yield (number,)
        while len(run) < _MAX_IN_ROW and run[-1] in right:
            run.append(right[run[-1]])
            yield tuple(run)


def _is_right_of(line: Line, other: Line) -> bool:
    overlap = min(line.bottom, other.bottom) - max(line.top, other.top)
    if overlap < 0.4 * min(line.height, other.height) or other.left <= line.left:
        return False
    gap = (other.left - line.right) / _HEIGHT_PER_WIDTH
    size = max(letter_size(line), letter_size(other))
    return -size < gap < 1.5 * size


def _below(
    lines: Sequence[Line], runs: Sequence[tuple[int, ...]], run: tuple[int, ...]
) -> list[int]:
    """Runs that go on where `run` ends, nearest first."""
    left, right = lines[run[0]].left, max(lines[n].right for n in run)
    top, bottom = min(lines[n].top for n in run), max(lines[n].bottom for n in run)
    size = max(letter_size(lines[n]) for n in run)
    near = []
    for number, other in enumerate(runs):
        if set(run) & set(other):
            continue
        other_top = min(lines[n].top for n in other)
        other_left, other_right = lines[other[0]].left, max(lines[n].right for n in other)
        largest = max(size, *(letter_size(lines[n]) for n in other))
        gap = other_top - bottom
        is_under = other_top > top + 0.3 * (bottom - top) and -0.7 * largest < gap < 1.3 * largest
        shared = min(right, other_right) - max(left, other_left)
        if is_under and shared > -0.05:
            near.append((gap, number))
    return [number for _, number in sorted(near)[:4]]


def _paths(runs: Sequence[tuple[int, ...]], below: Sequence[list[int]]) -> Iterator[list[int]]:
    """Runs alone and one under the other, at most _MAX_ROWS of them."""
    for start in range(len(runs)):
        paths = [[start]]
        while paths:
            path = paths.pop()
            yield path
            if len(path) < _MAX_ROWS:
                used = {line for run in path for line in runs[run]}
                paths += [[*path, n] for n in below[path[-1]] if not used & set(runs[n])]
