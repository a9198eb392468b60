"""Words and runs of words that numpy finds are those that Python's own strings and dicts find."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genreel.catalogue import Movie
from genreel.characters import word_bytes, words_of
from genreel.errors import InputError
from genreel.features import text as terms
from genreel.features.ngrams import Ngrams
from genreel.features.text import Terms, TermSettings
from genreel.key_table import KeyTable
from genreel.word_table import WordTable

TEXTS = [
    "",
    "A sheriff rides at dawn; the SHERIFF's brother doesn't.",
    "\x00a\x1fb\tthe\x85dog\xa0and\u2028a\u3000cat_2 3rd",
    "Zoë, É., é — café CAFE\u0301, naïve Straße STRASSE ẞ",
    "İstanbul ISPARTA ıslak Iğdır I ı i̇",
    "ﬁancée ﬂoor ﬃ œuvre ŒUVRE ǅ ŉ Σ ΣΑΣ",
    "映画の物語 二 the 人 ガ 한국어 नमस्ते ١٢٣",
    "🤠🐎 rides 🌅dawn👩‍👩‍👧 \ud800 \udfff",
    "extraterrestrial extraterrestrials extraterrestrialss abcdefghéabcdef abcdefghéabcdefg",
    "x" * 300,
    "sheriff " * 125_000,
]
# Such as any of them holds, and a few that none does.
WORDS = list(dict.fromkeys([w for t in TEXTS for w in re.findall(r"\w+", t.lower())[::2]]))
WORDS += ["", "sherif", "sheriffs", "extraterrestria", "a b", "é" * 8, "é" * 9]


def plain_words(text: str, letters: int) -> list[str]:
    return [word for word in re.findall(r"\w+", text.lower()) if len(word) >= letters]


@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("count", [0, 1, 5000])
def test_keys_are_found_by_their_numbers(columns: int, count: int) -> None:
    rng = np.random.default_rng(0)
    keys = np.unique(rng.integers(0, 10_000, (count, columns), np.uint64), axis=0)
    rng.shuffle(keys)
    number = {tuple(key): i for i, key in enumerate(keys.tolist())}
    asked = np.append(keys, rng.integers(0, 10_000, (20_000, columns), np.uint64), axis=0)
    expected = [number.get(tuple(key), -1) for key in asked.tolist()]
    assert KeyTable(keys).find(asked).tolist() == expected


@pytest.mark.parametrize("letters", [1, 2])
def test_words_of_any_script_and_length(letters: int) -> None:
    number = {word: i for i, word in enumerate(WORDS)}
    text, found = WordTable(WORDS).find([word_bytes(text) for text in TEXTS], letters)
    words = [(i, word) for i, t in enumerate(TEXTS) for word in plain_words(t, letters)]
    assert text.tolist() == [i for i, _ in words]
    assert found.tolist() == [number.get(word, -1) for _, word in words]
    assert len({*found.tolist()}) > 20


def test_long_words_take_a_time_in_proportion() -> None:
    words = [f"extraterrestrial{i}" for i in range(20_000)]
    texts = [word_bytes(" ".join(words[1:])), b"extraterrestrial extraterrestrial20000"]
    assert WordTable(words).find(texts)[1].tolist() == [*range(1, 20_000), -1, -1]


def test_no_words_and_no_texts() -> None:
    assert [*map(len, WordTable([]).find([b"the dog", b""]))] == [2, 2]
    assert [*map(len, WordTable(["dog"]).find([]))] == [0, 0]
    assert [*map(len, Ngrams.of(["the dog"], 2).find([], 1, 2))] == [0, 0]


@given(st.text(st.sampled_from("abIZß_9 .'\n\x1céıİﬁ映🤠\u0301Σ")))
def test_words_are_runs_of_letters_and_digits(text: str) -> None:
    assert words_of(text) == plain_words(text, 1)
    assert min(word_bytes(text), default=32) >= 32


@pytest.mark.parametrize("lengths", [(1, 1), (1, 2), (2, 3)])
def test_runs_of_words(lengths: tuple[int, int]) -> None:
    texts = [*TEXTS[:-1], "at dawn a sheriff rides at dawn", "dawn", "rides at"]
    shortest, longest = lengths
    runs = {
        (i, " ".join(words[k : k + n]))
        for i, words in enumerate(plain_words(text, 2) for text in texts)
        for n in range(shortest, longest + 1)
        for k in range(len(words) - n + 1)
    }
    known = sorted({run for _, run in runs})[::2]
    text, run = Ngrams.of(known, longest).find([*map(word_bytes, texts)], shortest, 2)
    found = {(i, known[k]) for i, k in zip(text.tolist(), run.tolist(), strict=True)}
    assert found == {(i, run) for i, run in runs if run in known}
    assert len(run) == sum(
        Counter(" ".join(words[k : k + n]) for k in range(len(words) - n + 1))[run]
        for words in (plain_words(text, 2) for text in texts)
        for n in range(shortest, longest + 1)
        for run in known
    )


def test_rows_are_those_of_a_dictionary() -> None:
    movies = [Movie(str(i), plot=text) for i, text in enumerate(TEXTS[:-1])]
    settings = TermSettings(ngrams=(1, 2), min_count=1, weighting="count", sublinear=False)
    feature = Terms.fit(replace(settings, norm=False), movies[::2])
    number = {term: i for i, term in enumerate(feature.terms)}
    for movie, row in zip(movies, feature.read_many(movies), strict=True):
        words = plain_words(movie.plot, 2)
        runs = words + [" ".join(pair) for pair in itertools.pairwise(words)]
        counts = sorted(Counter(number[run] for run in runs if run in number).items())
        pairs = [] if row is None or isinstance(row, InputError) else zip(*row, strict=True)
        assert list(pairs) == counts


def test_long_texts_are_read_in_parts_and_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    movies = [Movie(str(i), plot=text) for i, text in enumerate([*TEXTS, "dawn " * 300])]
    feature = Terms.fit(TermSettings(ngrams=(1, 2), min_count=1), movies)
    together = feature.read_many(movies)
    monkeypatch.setattr(terms, "_MOST_BYTES", 50)
    in_parts = feature.read_many(movies)
    for row, other in zip(together, in_parts, strict=True):
        if isinstance(row, tuple) and isinstance(other, tuple):
            assert [a.tobytes() for a in row] == [b.tobytes() for b in other]
        else:
            assert str(row) == str(other)
    assert sum(isinstance(row, InputError) for row in together) == 1
