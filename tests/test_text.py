"""Plot, title and year become the term weights that scikit-learn would give them."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genreel.catalogue import Movie
from genreel.errors import BundleError, InputError
from genreel.features import load_feature
from genreel.features.stopwords import STOP_WORDS
from genreel.features.text import MAX_CHARACTERS, TermRow, Terms, TermSettings

PLOTS = [
    "The sheriff rides at dawn. At dawn the sheriff rides alone, and the town waits.",
    "A sheriff's daughter rides out to find the money; the money finds her.",
    "Two robots, one café: Zoë doesn't know which robot is her father. Robots don't cry!",
    "At dawn a robot army waits outside the town, and the robots sing.",
    "Dawn. Dawn. Dawn. Nobody waits for dawn like a painter; a painter rides the train.",
    "In 1944 the train of the 3rd army stops at a town that isn't on any map_sheet.",
]


@pytest.fixture(scope="module")
def reference() -> Any:
    """scikit-learn's module, which the extra `lab` brings."""
    return pytest.importorskip("sklearn.feature_extraction.text")


def films(plots: list[str]) -> list[Movie]:
    return [Movie(str(number), plot=plot) for number, plot in enumerate(plots)]


def fit(settings: TermSettings | None = None, plots: list[str] = PLOTS) -> Terms:
    return Terms.fit(settings or TermSettings(min_count=1), films(plots))


def weights(feature: Terms, plot: str) -> dict[str, float]:
    """A plot's terms and their weights."""
    row = feature.read(Movie("a", plot=plot))
    assert row is not None
    assert (row[0].dtype, row[1].dtype) == (np.int64, np.float32)
    return {feature.terms[i]: float(v) for i, v in zip(*row, strict=True)}


def dense(feature: Terms, rows: list[TermRow | None]) -> np.ndarray[Any, Any]:
    """What the graph makes of the collated arrays, shape (n, vocabulary)."""
    arrays = feature.collate(rows)
    table = np.zeros((len(rows), len(feature.terms)), np.float64)
    for i, (indices, values) in enumerate(zip(arrays["indices"], arrays["values"], strict=True)):
        np.add.at(table[i], indices, values)
    return table


def table(feature: Terms, plots: list[str]) -> np.ndarray[Any, Any]:
    """Weights of plots with the terms in alphabetic order, as scikit-learn has them."""
    weights = dense(feature, [feature.read(movie) for movie in films(plots)])
    return weights[:, np.argsort(feature.terms)]


# The same figures as scikit-learn

NEW = ["Dawn, dawn and a robot dawn; the sheriff of nowhere waits.", "A TRAIN waits at dawn."]


@pytest.mark.parametrize("ngrams", [(1, 1), (1, 2), (2, 2), (2, 3)])
@pytest.mark.parametrize("sublinear", [True, False])
@pytest.mark.parametrize("norm", [True, False])
@pytest.mark.parametrize("min_count", [1, 2])
@pytest.mark.parametrize("stop_words", [True, False])
def test_tfidf_as_scikit_learn_has_it(
    reference: Any,
    ngrams: tuple[int, int],
    sublinear: bool,
    norm: bool,
    min_count: int,
    stop_words: bool,
) -> None:
    ours = fit(
        TermSettings(
            ngrams=ngrams,
            sublinear=sublinear,
            norm=norm,
            min_count=min_count,
            stop_words=stop_words,
        )
    )
    theirs = reference.TfidfVectorizer(
        ngram_range=ngrams,
        sublinear_tf=sublinear,
        norm="l2" if norm else None,
        min_df=min_count,
        stop_words=sorted(STOP_WORDS) if stop_words else None,
    ).fit(PLOTS)
    assert sorted(ours.terms) == theirs.get_feature_names_out().tolist()
    known = [p for p in PLOTS + NEW if theirs.transform([p]).nnz]
    assert len(known) >= 3
    expected = theirs.transform(known).toarray()
    np.testing.assert_allclose(table(ours, known), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("weighting", ["count", "binary"])
@pytest.mark.parametrize("ngrams", [(1, 1), (1, 2)])
def test_counts_as_scikit_learn_has_them(
    reference: Any, weighting: str, ngrams: tuple[int, int]
) -> None:
    ours = fit(
        TermSettings(ngrams=ngrams, min_count=1, weighting=weighting, sublinear=False, norm=False)
    )
    theirs = reference.CountVectorizer(ngram_range=ngrams, binary=weighting == "binary").fit(PLOTS)
    assert np.array_equal(table(ours, PLOTS + NEW), theirs.transform(PLOTS + NEW).toarray())


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from("ab Z9_-é.'\n")), min_size=1, max_size=6))
def test_words_are_those_of_scikit_learn(reference: Any, plots: list[str]) -> None:
    theirs = reference.CountVectorizer()
    try:
        theirs.fit(plots)
    except ValueError:  # it refuses an empty vocabulary
        assert fit(plots=plots).terms == []
    else:
        ours = fit(plots=plots)
        assert sorted(ours.terms) == theirs.get_feature_names_out().tolist()


def test_figures_by_hand() -> None:
    plots = ["cat dog", "cat cat bird", "cat"]
    feature = fit(TermSettings(min_count=1, norm=False), plots)
    assert feature.terms == ["cat", "bird", "dog"]  # the most frequent first, then by name
    np.testing.assert_allclose(feature.idf, [1, np.log(2) + 1, np.log(2) + 1], rtol=1e-6)
    assert feature.idf.dtype == np.float32
    found = weights(feature, "cat cat dog fish")
    assert found == pytest.approx({"cat": 1 + np.log(2), "dog": np.log(2) + 1}, rel=1e-6)
    assert weights(fit(TermSettings(min_count=1, weighting="count", norm=False), plots), "cat") == {
        "cat": 1
    }
    normal = weights(fit(TermSettings(min_count=1, weighting="binary"), plots), "cat cat dog")
    assert normal == pytest.approx({"cat": 0.5**0.5, "dog": 0.5**0.5}, rel=1e-6)


def test_scale_is_a_factor_on_all_weights() -> None:
    plain = weights(fit(), PLOTS[0])
    scaled = weights(fit(TermSettings(min_count=1, scale=0.25)), PLOTS[0])
    assert scaled == pytest.approx({term: value / 4 for term, value in plain.items()}, rel=1e-6)
    assert sum(value**2 for value in plain.values()) == pytest.approx(1, rel=1e-6)


def test_max_terms_keeps_the_most_frequent() -> None:
    feature = fit(TermSettings(min_count=1, max_terms=3), ["cat dog", "cat bird", "cat dog ant"])
    assert feature.terms == ["cat", "dog", "ant"]


def test_html_entities_are_undone() -> None:
    assert set(weights(fit(plots=["Tom &amp; Zo&euml; caf&#233;"]), "zoë café")) == {"zoë", "café"}


# The three inputs


def test_a_year_is_its_decade() -> None:
    settings = TermSettings(input="year", min_count=1, weighting="binary", norm=False)
    movies = [Movie("a", year=1999), Movie("b", year=1990), Movie("c", year=2000), Movie("d")]
    feature = Terms.fit(settings, movies)
    assert feature.terms == ["1990s", "2000s"]
    rows = [feature.read(m) for m in [*movies, Movie("e", year=1950)]]
    assert [None if row is None else row[0].tolist() for row in rows] == [[0], [0], [1], None, None]


def test_an_unseen_title_is_missing_and_an_unseen_plot_is_an_error() -> None:
    title = Terms.fit(TermSettings(input="title", min_count=1), [Movie("a", title="Dark City")])
    assert title.read(Movie("b", title="Ганнибал")) is None
    assert title.read(Movie("b", title="Город City")) is not None
    assert title.read(Movie("b", plot="Dark city.")) is None


@pytest.mark.parametrize(
    "plot", ["Шериф едет на рассвете.", "保安官は夜明けに走る", "🤠🐎🌅", "a I 7", "zzzz"]
)
def test_a_plot_without_a_known_word_is_refused(plot: str) -> None:
    with pytest.raises(InputError) as caught:
        fit().read(Movie("a", plot=plot))
    assert str(caught.value) == "plot holds no word that the model knows; give it in English"


@pytest.mark.parametrize("plot", ["", " ", "\n\t \u3000"])
def test_white_space_is_a_missing_plot(plot: str) -> None:
    assert fit().read(Movie("a", plot=plot)) is None


def test_the_longest_plot_and_one_character_more() -> None:
    plot = "dawn " * (MAX_CHARACTERS // 5)
    assert len(plot) == 100_000
    assert list(weights(fit(), plot)) == ["dawn"]
    for name in ("plot", "title"):
        feature = Terms.fit(TermSettings(input=name, min_count=1), [Movie("a", **{name: "dawn"})])
        with pytest.raises(InputError) as caught:
            feature.read(Movie("a", **{name: plot + "x"}))
        assert str(caught.value) == f"{name} of 100,001 characters is over 100,000; shorten it"


def test_fitting_passes_over_what_cannot_be_used() -> None:
    odd = ["", "  ", "...", "x" * (MAX_CHARACTERS + 1)]
    feature = fit(plots=odd + PLOTS)
    assert feature.terms == fit().terms
    assert feature.idf.tolist() == fit().idf.tolist()


@settings(deadline=None)
@given(st.text())
def test_any_plot_is_a_row_or_one_line(plot: str) -> None:
    feature = fit()
    try:
        row = feature.read(Movie("a", plot=plot))
    except InputError as error:
        assert "\n" not in str(error)
        return
    if row is None:
        assert not Movie("a", plot=plot).has("plot")
    else:
        assert len(set(row[0].tolist())) == len(row[0])
        assert float(row[1] @ row[1]) == pytest.approx(1, rel=1e-5)


# Saving and loading


@pytest.mark.parametrize(
    "settings",
    [
        TermSettings(min_count=1),
        TermSettings(ngrams=(1, 2), min_count=2, weighting="binary", scale=0.3, norm=False),
        TermSettings(min_count=1, stop_words=True, sublinear=False, max_terms=9),
    ],
)
def test_loading_gives_identical_rows(settings: TermSettings) -> None:
    feature = fit(settings)
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **feature.state())
    file.seek(0)
    state = dict(np.load(file, allow_pickle=False))
    loaded = load_feature("terms", json.loads(json.dumps(feature.settings())), state)
    assert isinstance(loaded, Terms)
    assert loaded.terms == feature.terms
    assert loaded.settings() == feature.settings()
    for movie in films(PLOTS):
        for ours, theirs in zip(feature.read(movie), loaded.read(movie), strict=True):  # type: ignore[arg-type]
            assert np.array_equal(ours, theirs)
            assert ours.dtype == theirs.dtype


def test_a_feature_without_terms_survives_loading() -> None:
    feature = fit(TermSettings(min_count=99))
    loaded = Terms.load(feature.settings(), feature.state())
    assert loaded.terms == []
    with pytest.raises(InputError, match="no word that the model knows"):
        loaded.read(Movie("a", plot="dawn"))


@pytest.mark.parametrize(
    ("settings", "state"),
    [
        ({"ngrams": [1]}, {}),
        ({"ngrams": 1}, {}),
        ({"nonsense": 1}, {}),
        ({}, {"idf": np.ones(2, np.float32)}),
        ({}, {"words": np.frombuffer(b"\xff\xfe", np.uint8)}),
        ({}, {"words": None}),
        ({}, {"words": np.frombuffer(b"dawn\ndawn", np.uint8)}),
        ({}, {"runs": np.array([0], np.int32)}),
        ({}, {"runs": np.array([[-1]], np.int32)}),
        ({}, {"runs": np.array([[1]], np.int32)}),
        ({}, {"runs": np.array([[0, -1]], np.int32)}),
        ({"ngrams": [1, 3]}, {"runs": np.array([[0, -1, 0]], np.int32)}),
    ],
)
def test_a_state_that_does_not_fit_is_refused(
    settings: dict[str, Any], state: dict[str, Any]
) -> None:
    feature = fit(plots=["dawn"])
    with pytest.raises(BundleError, match="feature 'terms' has wrong settings"):
        load_feature("terms", feature.settings() | settings, feature.state() | state)
    with pytest.raises(BundleError, match="feature 'terms' has wrong settings"):
        load_feature("terms", {}, {})


def test_a_feature_like_another_shares_its_terms() -> None:
    plot = fit(TermSettings(min_count=1, ngrams=(1, 2)))
    settings = {**plot.settings(), "input": "title", "like": "plot"}
    title = load_feature("terms", settings, {}, plot)
    assert isinstance(title, Terms)
    assert title._ngrams is plot._ngrams
    assert title.settings() == {**settings, "ngrams": (1, 2)}
    for text in PLOTS:
        ours, theirs = plot.read(Movie("a", plot=text)), title.read(Movie("a", title=text))
        for one, other in zip(ours or (), theirs or (), strict=True):
            assert np.array_equal(one, other)
    for wrong in ({"ngrams": [1, 3]}, {"nonsense": 1}):
        with pytest.raises(BundleError, match="feature 'terms' has wrong settings"):
            load_feature("terms", settings | wrong, {}, plot)
    with pytest.raises(BundleError, match=r"feature 'pixels' .*argument 'like'"):
        load_feature("pixels", {"like": "plot"}, {}, plot)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(BundleError, match="unknown feature 'smells'; upgrade genreel"):
        load_feature("smells", {}, {})


# Batches


def test_collate_pads_in_the_order_of_the_movies() -> None:
    feature = fit(TermSettings(min_count=1, weighting="count", sublinear=False, norm=False))
    plots = ["dawn dawn rides", "", "robots", "train train train army map_sheet painter"]
    rows = [feature.read(movie) for movie in films(plots)]
    assert rows[1] is None
    arrays = feature.collate(rows)
    assert {name: (a.dtype, a.shape) for name, a in arrays.items()} == {
        "indices": (np.dtype(np.int64), (4, 4)),
        "values": (np.dtype(np.float32), (4, 4)),
    }
    named = [
        {feature.terms[i]: v for i, v in zip(indices, values, strict=True) if v}
        for indices, values in zip(arrays["indices"], arrays["values"], strict=True)
    ]
    assert named == [
        {"dawn": 2, "rides": 1},
        {},
        {"robots": 1},
        {"train": 3, "army": 1, "map_sheet": 1, "painter": 1},
    ]
    assert (arrays["indices"][arrays["values"] == 0] == 0).all()


@pytest.mark.parametrize("rows", [[], [None], [None, None]])
def test_collate_of_nothing_is_one_wide(rows: list[None]) -> None:
    arrays = fit().collate(rows)
    assert arrays["indices"].tolist() == arrays["values"].tolist() == [[0]] * len(rows)
    assert arrays["indices"].shape == (len(rows), 1)


def test_settings_are_those_that_were_given() -> None:
    settings = replace(TermSettings(), ngrams=(1, 2), scale=0.5)
    assert fit(settings).settings() == {
        "input": "plot",
        "unit": "words",
        "ngrams": (1, 2),
        "min_count": 2,
        "max_terms": 0,
        "weighting": "tfidf",
        "sublinear": True,
        "stop_words": False,
        "norm": True,
        "scale": 0.5,
        "like": "",
    }
