"""Texts that anybody may have written: the same as Python's own functions give, and soon."""

from __future__ import annotations

import html
import re
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from genreel.catalogue import Movie
from genreel.characters import normalize, unescape, words_of
from genreel.evidence import content_words
from genreel.features.pieces import basic_words
from genreel.folding import fold
from genreel.formats.layout import groups_of, names_of
from genreel.formats.products import slug
from genreel.language import language_of
from genreel.placeholders import is_placeholder
from genreel.predictor import Predictor

TEXTS = (
    "",
    "A sheriff rides.\n",
    "Škola ve Zlíně, 城と月 ガ ｶﾞ 한국어 " * 60,
    "a\u0301\u0316 " * 400,
    "  \n" * 700 + "é",
)


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_forms_are_unicodes(form: str) -> None:
    for text in TEXTS:
        assert normalize(form, text) == unicodedata.normalize(form, text)  # type: ignore[arg-type]


def test_words_are_runs_of_letters_digits_and_underscores() -> None:
    every_ascii = "".join(f"{chr(code)}a{chr(code)}B " for code in range(128))
    for text in (*TEXTS, every_ascii, "Don't stop_me, 2 U.S. agents—naïve", "İstanbul ß\x1cẞ"):
        assert list(words_of(text)) == re.findall(r"\w+", text.lower())


def test_references_are_htmls() -> None:
    for text in ("&amp;#38; &#65;&#x41; &#0000000065; &#99999999;", "no", "&#;&#x;&&"):
        assert unescape(text) == html.unescape(text)
    for digits in (99, 100, 4_300, 4_301, 100_000):
        assert unescape(f"a&#{'9' * digits};b&#{'9' * digits}c") == "a\ufffdb\ufffdc"


def test_a_number_of_any_length_stops_no_batch(words_bundle: Path) -> None:
    plot = "A sheriff and his deputy ride into town."
    movies = [
        Movie("a", title=f"&#{'9' * 5_000};", plot=f"{plot} &#{'9' * 5_000};"),
        Movie("b", plot=plot),
    ]
    first, second = Predictor(words_bundle, threads=1).predict_many(movies)
    assert first.scores
    assert second.scores


def seconds(work: Callable[[str], object], text: str) -> float:
    """The best of three, of the processor."""
    best = 99.0
    for _ in range(3):
        start = time.thread_time()
        work(text)
        best = min(best, time.thread_time() - start)
    return best


def _groups(text: str) -> None:
    for group in groups_of("x", [text, f"{text}1", f"{text}2"]):
        names_of(group, "x")


@pytest.mark.parametrize(
    "work", [fold, basic_words, slug, content_words, is_placeholder, language_of, _groups]
)
@pytest.mark.parametrize("piece", ["a\u0316\u0301", "\u0316\u0301", "_", " - ", "<", "&#9", "cd1 "])
def test_texts_take_a_time_in_proportion(work: Callable[[str], object], piece: str) -> None:
    short, long = (piece * (size // len(piece)) for size in (2_500, 10_000))
    assert seconds(work, long) < 8 * seconds(work, short) + 0.01
