"""Which words of the plot and which areas of the poster spoke for a genre.

They are measured by taking them away (Zeiler & Fergus 2014; Li et al. 2016): the weight of a word
or an area is the fall of the genre's logit without it. This works for every bundle. Words are
measured without the poster, or its network would have to run once for every word. Common words such
as "the" and "of" are left out, as they only matter through the words beside them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any, NamedTuple, NotRequired, TypedDict

import numpy as np
from numpy.typing import NDArray

from genreel.calibration import logit
from genreel.catalogue import INPUTS, Movie
from genreel.features import Array, Feature, collate, readable_rows
from genreel.features.stopwords import STOP_WORDS
from genreel.lettering import Lettering, Line

WORDS = 10
"""Number of different words named for a genre, at most."""

AREAS = 4
"""Number of areas named for a genre, at most."""

GRID = (6, 4)
"""Rows and columns of the areas of a poster."""

MOST_WORDS = 500
"""Number of different words of a plot that are measured, as each takes a run of the graph."""

# Chinese and Japanese set no spaces between words, most of which have two characters.
_CJK = "\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003134f"

# Nor do Thai, Lao, Burmese and Khmer: two consonants, each with the vowels around it.
_SOUTHEAST = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_VOWELS = (  # in front of the consonant; behind it or around it
    "\u0e40-\u0e44\u0ec0-\u0ec4",
    "\u0e30-\u0e3a\u0e45-\u0e4e\u0eb0-\u0ebd\u0ec8-\u0ece\u102b-\u103e\u17b4-\u17d3",
)
_SYLLABLE = rf"[{_VOWELS[0]}]?(?:(?![{''.join(_VOWELS)}])[{_SOUTHEAST}])[{_VOWELS[1]}]*"

# What belongs to the letter before it: accents, points of Hebrew and Arabic, the vowel signs of
# India's scripts, and the joiners of Persian and Hindi. None of it counts as a letter for `re`.
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06ed\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963\u0981-\u0983\u09bc-\u09cd"
    "\u0a01-\u0a03\u0a3c-\u0a4d\u0a81-\u0a83\u0abc-\u0acd\u0b01-\u0b03\u0b3c-\u0b4d\u0b82"
    "\u0bbe-\u0bcd\u0c00-\u0c04\u0c3c-\u0c4d\u0c81-\u0c83\u0cbc-\u0ccd\u0d00-\u0d03\u0d3b-\u0d4d"
    "\u0d81-\u0d83\u0dca-\u0ddf\u200c\u200d\u3099\u309a"
)
_LETTER = rf"(?![{_CJK}{_SOUTHEAST}])\w"
_WORD = re.compile(
    rf"(?:[{_CJK}][\u3099\u309a]?){{1,2}}|(?:{_SYLLABLE}){{1,2}}|{_LETTER}(?:{_LETTER}|[{_MARKS}])+"
)
_BATCH = 32

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, in [0, 1]."""

Score = Callable[[Mapping[str, Array]], Array]

_Logits = Callable[[Sequence[Mapping[str, Any]]], "Future[Array]"]


class Word(NamedTuple):
    """One place of a word in the plot: plot[start:end], and its weight."""

    word: str
    start: int
    end: int
    weight: float


class Area(NamedTuple):
    """Part of a poster, its sides in [0, 1] from the upper left corner, and its weight."""

    left: float
    top: float
    right: float
    bottom: float
    weight: float


class Printed(NamedTuple):
    """One place of a word on a poster, its sides in [0, 1] from the upper left corner, and its
    weight.
    """

    word: str
    left: float
    top: float
    right: float
    bottom: float
    weight: float


class Why(TypedDict):
    """What spoke for a genre, the strongest first; a word stands once for each of its places.

    `printed`, words of the lettering, is there where the model reads it and some spoke.
    """

    words: list[Word]
    areas: list[Area]
    printed: NotRequired[list[Printed]]


def why_to_dict(why: Why) -> dict[str, list[dict[str, Any]]]:
    """JSON values: words and areas as objects, weights and sides to four places; printed words
    where there are any.
    """

    def to_dict(part: Word | Area | Printed) -> dict[str, Any]:
        return {k: round(v, 4) if isinstance(v, float) else v for k, v in part._asdict().items()}

    printed = [to_dict(word) for word in why.get("printed", ())]
    return {
        "words": [to_dict(word) for word in why["words"]],
        "areas": [to_dict(area) for area in why["areas"]],
    } | ({"printed": printed} if printed else {})


def why_from_dict(fields: Mapping[str, Any]) -> Why:
    """The inverse of `why_to_dict`."""
    why = Why(
        words=[Word(**word) for word in fields["words"]],
        areas=[Area(**area) for area in fields["areas"]],
    )
    if "printed" in fields:
        why["printed"] = [Printed(**word) for word in fields["printed"]]
    return why


def explain(
    score: Score,
    features: Mapping[str, Feature],
    genres: Sequence[str],
    movie: Movie,
    threads: int = 1,
    readers: Collection[str] | None = None,
) -> dict[str, Why]:
    """Words and areas for every genre.

    Args:
        score: the graph: arrays of `features.collate` → scores in [0, 1], shape (n, genres).
        features: name → fitted feature.
        genres: names, in the order of the scores.
        movie: what to explain; an input that cannot be used counts as missing.
        threads: number of batches scored at the same time.
        readers: names of the features that can read the movie; None: all of them.

    Returns:
        Genre → its `Why`; both lists are empty if nothing spoke for it.
    """
    reading = {n: f for n, f in features.items() if readers is None or n in readers}
    with ThreadPoolExecutor(threads) as pool:

        def logits(batch: Sequence[Mapping[str, Any]]) -> Future[Array]:
            rows = {name: [row.get(name) for row in batch] for name in features}
            arrays = collate(features, rows)
            return pool.submit(lambda: logit(score(arrays)))

        words = _words(logits, reading, movie)
        areas = _areas(logits, reading, movie)
        printed = _printed(logits, reading, movie)
    reasons: dict[str, Why] = {
        genre: {
            "words": [
                Word(word, start, end, float(falls[g]))
                for word, places, falls in _highest(words, g, WORDS)
                for start, end in places
            ],
            "areas": [
                Area._make((*box, float(falls[g]))) for box, falls in _highest(areas, g, AREAS)
            ],
        }
        for g, genre in enumerate(genres)
    }
    for g, genre in enumerate(genres):
        if highest := _highest(printed, g, WORDS):
            reasons[genre]["printed"] = [
                Printed._make((word, *box, float(falls[g])))
                for word, boxes, falls in highest
                for box in boxes
            ]
    return reasons


def word_places(plot: str) -> dict[str, list[tuple[int, int]]]:
    """Word in lower case → its places (start, end) in the plot; without STOP_WORDS, in the order of
    the plot.
    """
    places: dict[str, list[tuple[int, int]]] = {}
    for match in _WORD.finditer(plot):
        word = match.group().lower()
        if word not in STOP_WORDS:
            places.setdefault(word, []).append(match.span())
    return places


def without_places(plot: str, places: Sequence[tuple[int, int]]) -> str:
    """The plot with these places taken out."""
    pieces, at = [], 0
    for start, end in sorted(places):
        pieces.append(plot[at:start])
        at = end
    return "".join([*pieces, plot[at:]])


def grid_boxes() -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of every area, in [0, 1]."""
    rows, columns = GRID
    return [
        (c / columns, r / rows, (c + 1) / columns, (r + 1) / rows)
        for r in range(rows)
        for c in range(columns)
    ]


def occlude(pixels: Array, box: Sequence[float]) -> Array:
    """A copy of pixels, shape (channels, height, width), with an area in their mean colour."""
    height, width = pixels.shape[1:]
    x0, y0, x1, y1 = box[:4]
    copy = pixels.copy()
    rows = slice(round(y0 * height), round(y1 * height))
    columns = slice(round(x0 * width), round(x1 * width))
    copy[:, rows, columns] = pixels.mean(axis=(1, 2), keepdims=True).round()
    return copy


def _words(
    logits: _Logits, features: Mapping[str, Feature], movie: Movie
) -> list[tuple[str, list[tuple[int, int]], NDArray[np.float64]]]:
    """Every word, its places in the plot, and its weights, shape (genres,)."""
    text = movie.without(["poster"])
    rows = _rows(features, text)
    names = [name for name, feature in features.items() if feature.input == "plot"]
    if not any(rows[name] is not None for name in names):
        return []
    words = list(word_places(movie.plot).items())[:MOST_WORDS]
    shorter = [Movie(movie.id, plot=without_places(movie.plot, places)) for _, places in words]
    columns = [readable_rows(features[name], shorter) for name in names]
    variants = (
        {**rows, **dict(zip(names, row, strict=True))} for row in zip(*columns, strict=True)
    )
    falls = _falls(logits, rows, variants)
    return [(word, places, fall) for (word, places), fall in zip(words, falls, strict=True)]


def _printed(
    logits: _Logits, features: Mapping[str, Feature], movie: Movie
) -> list[tuple[str, list[Box], NDArray[np.float64]]]:
    """Every word of the lettering, its places on the poster, and its weights, shape (genres,);
    measured like words of a plot, without the picture.
    """
    names = [name for name, feature in features.items() if feature.input not in INPUTS]
    if movie.lettering is None or not names:
        return []
    rows = _rows(features, replace(movie, poster=None))
    lines = movie.lettering.lines
    by_word: dict[str, dict[int, list[tuple[int, int]]]] = {}  # → number of a line → its places
    for number, line in enumerate(lines):
        for word, places in word_places(line.text).items():
            by_word.setdefault(word, {})[number] = places
    words = list(by_word.items())[:MOST_WORDS]
    shorter = []
    for _, by_line in words:
        texts = [without_places(one.text, by_line.get(n, [])) for n, one in enumerate(lines)]
        parts = (replace(one, text=text) for one, text in zip(lines, texts, strict=True))
        shorter.append(Movie(movie.id, lettering=Lettering(tuple(parts))))
    columns = [readable_rows(features[name], shorter) for name in names]
    variants = (
        {**rows, **dict(zip(names, row, strict=True))} for row in zip(*columns, strict=True)
    )
    falls = _falls(logits, rows, variants)
    return [
        (word, [_box(lines[n], *place) for n, places in by_line.items() for place in places], fall)
        for (word, by_line), fall in zip(words, falls, strict=True)
    ]


def _box(line: Line, start: int, end: int) -> Box:
    """Where a part of a line stands, as if all letters were equally wide."""
    if line.height > line.width:  # it does not run from left to right
        return line.left, line.top, line.right, line.bottom
    step = line.width / len(line.text)
    return line.left + start * step, line.top, line.left + end * step, line.bottom


def _areas(
    logits: _Logits, features: Mapping[str, Feature], movie: Movie
) -> list[tuple[tuple[float, float, float, float], NDArray[np.float64]]]:
    """Every area and its weights, shape (genres,); none where no feature reads pixels."""
    rows = _rows(features, movie)
    names = [name for name, f in features.items() if f.shape and rows[name] is not None]
    if not names:
        return []
    boxes = grid_boxes()
    variants = ({**rows, **{name: occlude(rows[name], box) for name in names}} for box in boxes)
    return list(zip(boxes, _falls(logits, rows, variants), strict=True))


def _falls(
    logits: _Logits, rows: Mapping[str, Any], variants: Iterator[dict[str, Any]]
) -> list[NDArray[np.float64]]:
    """How far each variant's logits are below those of `rows`, each of shape (genres,)."""
    everything = [rows, *variants]
    batches = [everything[i : i + _BATCH] for i in range(0, len(everything), _BATCH)]
    futures = [logits(batch) for batch in batches]  # all started before the first is awaited
    results = np.concatenate([future.result() for future in futures])
    return list(results[0] - results[1:])


def _highest(entries: Sequence[Any], g: int, count: int) -> list[Any]:
    """The entries, their weights last, that speak for genre `g`, the strongest first."""
    ranking = sorted(entries, key=lambda entry: -entry[-1][g])
    return [entry for entry in ranking[:count] if entry[-1][g] > 1e-4]


def _rows(features: Mapping[str, Feature], movie: Movie) -> dict[str, Any]:
    return {name: readable_rows(feature, [movie])[0] for name, feature in features.items()}
