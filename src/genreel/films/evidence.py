"""What speaks for a film being the one on a poster, as numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genreel.errors import MissingExtra
from genreel.films.film import Film
from genreel.films.index import Index, Title
from genreel.films.titles import squeeze
from genreel.films.windows import Window, letter_size, ordered_lines, windows_of
from genreel.lettering import Lettering

FEATURES = (
    "likeness",  # of title and window, 0 to 1
    "best_likeness",  # of the title and any window
    "size",  # of the window's letters, in fractions of the poster's height
    "relative_size",  # to the largest letters
    "smallest_size",  # of the window's letters, relative to the largest of the poster
    "explained",  # share of the poster's ink that the window has
    "larger_lines",  # lines of larger letters that the window leaves out
    "length",  # of the title, in letters
    "extra_letters",  # of the window over the title
    "rarity",  # of the title's trigrams, in nats
    "confidence",  # of the reader
    "middle",  # where the window is, from top to bottom
    "lines",  # of the window
    "all_lines",  # of the poster
    "kind",  # titles.MAIN, OTHER or PART
    "year",  # 1: the film's is printed; -1: only others; 0: none is printed
    "numeral",  # 1: of title and window the same; -1: only the title has one; -2: another; 0: none
    "same_name",  # other films of the same title among the candidates
    "near_names",  # other films of nearly the same title among the candidates
    "similar_lines",  # left out of the window, of letters nearly as large or larger
    "next_size",  # of the largest letters that the window leaves out, relative to the window's
    "behind",  # how far its utility is behind the best of another film
    "article",  # 1: title and poster both have one; -1: only the title; -2: only the poster
    "found_letters",  # of the main title's words that are somewhere on the poster
    "missing_letters",  # of its other words
    "found_behind",  # how far found less missing is behind the best of another film
    "within",  # likeness of the title and the part of the large lettering that is most like it
    "newer",  # years that the film is newer than the lettering looks; 0: not known
    "looks",  # the year that the lettering looks to be from; 0: not known
)

CANDIDATES = 300
"""Titles that share most with the lettering, which are compared letter by letter."""

FINALISTS = 30
"""Films that are ranked."""

_NEAR = 0.75  # likeness of two titles that are easily taken for each other
_YEAR = re.compile(r"(?<!\d)(?:18[89]\d|19\d\d|20[0-4]\d)(?!\d)")
_NUMERAL = re.compile(r"\b(\d{1,2}|II|III|IV|V|VI|VII|VIII|IX|X)$")
_READ_NUMERAL = re.compile(r"[^\d](?:[2-9]|ii|iii|iv|vi)$")
_ARABIC = {"ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8"}

Evidence = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Candidates:
    """The likeliest films of a poster, the best first, with the evidence for each.

    Attributes:
        numbers: of the films in the index.
        films: the films.
        evidence: float32, shape (films, FEATURES).
    """

    numbers: tuple[int, ...]
    films: tuple[Film, ...]
    evidence: Evidence


def find_candidates(
    index: Index, lettering: Lettering, year: float | None, without: int | None = None
) -> Candidates:
    """The films that a poster's lettering may name.

    Args:
        index: of known films.
        lettering: of the poster.
        year: that it looks to be from, see `dating`; None: not known.
        without: a film's number, which is passed over, as if the index did not have it.

    Raises:
        MissingExtra: rapidfuzz is not installed.
        FilmsError: the index is damaged.
    """
    windows = windows_of(lettering)
    titles = _titles(index, windows)
    titles = [title for title in titles if title.film != without]
    if not titles:
        return Candidates((), (), np.empty((0, len(FEATURES)), np.float32))
    matches = _Matches(windows, titles)
    best: dict[int, int] = {}  # film → its best title
    for place in np.argsort(-matches.utility, kind="stable").tolist():
        best.setdefault(titles[place].film, place)
    numbers = list(best)[:FINALISTS]
    films = index.read_films(numbers)
    places = [best[number] for number in numbers]
    page = _print(lettering, windows, year)
    evidence = _evidence(index, page, matches, places, [films[number] for number in numbers])
    return Candidates(tuple(numbers), tuple(films[n] for n in numbers), evidence)


def _titles(index: Index, windows: Sequence[Window]) -> list[Title]:
    if not windows:
        return []
    largest = max(max(window.size for window in windows), 1e-6)
    texts = [window.text for window in windows]
    weights = [window.smallest / largest for window in windows]
    numbers = set(index.candidates(texts, weights, CANDIDATES).tolist())
    numbers.update(index.titles_named(texts))
    return index.read_titles(sorted(numbers))


class _Matches:
    """For each title the window that is most like it, given how large it is.

    Attributes:
        windows, titles: that were compared.
        best: number of the window, shape (titles,).
        likeness: of title and that window, 0 to 1, shape (titles,).
        highest: likeness of the title and any window, shape (titles,).
        utility: what `best` was chosen by, shape (titles,).
    """

    def __init__(self, windows: Sequence[Window], titles: Sequence[Title]) -> None:
        try:
            from rapidfuzz.distance import Indel
            from rapidfuzz.process import cdist
        except ModuleNotFoundError:
            raise MissingExtra("rapidfuzz", "read") from None
        self.windows, self.titles = windows, titles
        texts, names = [w.text for w in windows], [t.squeezed for t in titles]
        table = cdist(names, texts, scorer=Indel.normalized_similarity, dtype=np.float32)
        largest = max(max(w.size for w in windows), 1e-6)
        sizes = np.array([w.smallest + w.size for w in windows], np.float32) / (2 * largest)
        lengths = np.array([len(t.squeezed) for t in titles], np.float32)
        # A long title that is like a window is less of a chance than a short one.
        weights = 1 - np.exp(-lengths / 4)
        utilities = table**3 * np.sqrt(sizes) * weights[:, None]
        rows = np.arange(len(titles))
        self.best = utilities.argmax(1)
        self.likeness = table[rows, self.best]
        self.highest = table.max(1)
        self.utility = utilities[rows, self.best]


@dataclass(frozen=True)
class _Print:
    """A poster's lettering as the evidence needs it, once for all films.

    Attributes:
        sizes: of the letters of each line, largest first, shape (lines,).
        largest: of them.
        ink: of all lines.
        year: that it looks to be from; None: not known.
        years: that are printed.
        large: text of the large lines.
        text: of all lines, "|" before, between and behind them.
    """

    sizes: NDArray[np.float64]
    largest: float
    ink: float
    year: float | None
    years: frozenset[int]
    large: str
    text: str


def _print(lettering: Lettering, windows: Sequence[Window], year: float | None) -> _Print:
    lines = ordered_lines(lettering)
    sizes = np.array([letter_size(line) for line in lines])
    ink = sizes**2 * np.array([len(line.text) for line in lines])
    largest = max(float(sizes.max(initial=0)), 1e-6)
    years = frozenset(int(year) for line in lines for year in _YEAR.findall(line.text))
    large = "".join(w.text for w in windows if len(w.lines) == 1 and w.size > 0.3 * largest)
    text = "|".join(["", *(squeeze(line.text) for line in lines), ""])
    return _Print(sizes, largest, max(float(ink.sum()), 1e-9), year, years, large, text)


def _evidence(
    index: Index, page: _Print, matches: _Matches, places: Sequence[int], films: Sequence[Film]
) -> Evidence:
    from rapidfuzz.distance import Indel
    from rapidfuzz.fuzz import partial_ratio
    from rapidfuzz.process import cdist

    titles = [matches.titles[place] for place in places]
    names = [title.squeezed for title in titles]
    same = Counter(names)
    neighbours = (cdist(names, names, scorer=Indel.normalized_similarity) > _NEAR).sum(1)
    rarities = index.rarities([title.number for title in titles])
    utilities = matches.utility[list(places)]
    letters = np.array([_found_letters(film.title, page.text) for film in films])
    balance = letters[:, 0] - letters[:, 1]
    rows = []
    for nth, (place, film, title) in enumerate(zip(places, films, titles, strict=True)):
        window = matches.windows[matches.best[place]]
        others = np.delete(utilities, nth)
        outside = _sizes_outside(page, window)
        rows.append(
            (
                matches.likeness[place],
                matches.highest[place],
                window.size,
                window.size / page.largest,
                window.smallest / page.largest,
                min(1.0, window.size**2 * len(window.text) / page.ink),
                (page.sizes > 1.1 * window.size).sum(),
                len(title.squeezed),
                len(window.text) - len(title.squeezed),
                rarities[nth],
                window.confidence,
                window.middle,
                len(window.lines),
                len(page.sizes),
                title.kind,
                (1 if film.year in page.years else -1) if page.years else 0,
                _numeral(title.text, window.text),
                same[title.squeezed] - 1,
                neighbours[nth] - 1,
                (outside > 0.6 * window.size).sum(),
                outside.max(initial=0) / max(window.size, 1e-6),
                float(others.max(initial=0)) - utilities[nth],
                _article(title.squeezed, window.text, page.text),
                *letters[nth],
                np.delete(balance, nth).max(initial=0) - balance[nth],
                partial_ratio(title.squeezed, page.large) / 100,
                0.0 if film.year is None or page.year is None else film.year - page.year,
                page.year or 0.0,
            )
        )
    return np.array(rows, np.float32)


def _sizes_outside(page: _Print, window: Window) -> NDArray[np.float64]:
    """Sizes of the lines that a window leaves out."""
    return np.delete(page.sizes, window.lines)


def _numeral(title: str, window: str) -> int:
    """Whether the number at a title's end is read at the window's end; see FEATURES."""
    match = _NUMERAL.search(title)
    if match:
        is_read = window.endswith((match[1].lower(), _ARABIC.get(match[1].lower(), match[1])))
        return 1 if is_read else -1
    return -2 if _READ_NUMERAL.search(window) else 0


def _article(title: str, window: str, text: str) -> int:
    """Whether the English article is in the title and on the poster; see FEATURES."""
    is_printed = window.startswith("the") or "|the|" in text
    if title.startswith("the"):
        return 1 if is_printed else -1
    return -2 if is_printed else 0


def _found_letters(title: str, text: str) -> tuple[int, int]:
    """Letters of a title's words that are in a text, and of those that are not."""
    words = [squeeze(word) for word in title.split()]
    count = sum(len(word) for word in words if word in text)
    return count, sum(map(len, words)) - count
