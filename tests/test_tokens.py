"""Plots as word numbers in order, padded in front as Keras pads them."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genreel.catalogue import Movie
from genreel.errors import BundleError, InputError
from genreel.features import collate, load_feature
from genreel.features.text import MAX_CHARACTERS
from genreel.features.tokens import PAD, Tokens, TokenSettings

PLOTS = [
    "The sheriff rides at dawn. At dawn the sheriff rides alone.",
    "A robot waits at dawn; the robot sings at DAWN.",
    "Zoë doesn't know which robot is her father.",
]


def films(plots: list[str]) -> list[Movie]:
    return [Movie(str(number), plot=plot) for number, plot in enumerate(plots)]


def fit(plots: list[str] = PLOTS, **changes: Any) -> Tokens:
    return Tokens.fit(TokenSettings(**changes), films(plots))


def words(feature: Tokens, plot: str) -> list[str]:
    """The words that a plot's row stands for."""
    row = feature.read(Movie("a", plot=plot))
    assert row is not None and row.dtype == np.int64
    return [feature.words[i - 1] for i in row]


def test_the_most_frequent_words_come_first_and_equals_by_the_alphabet() -> None:
    feature = fit()
    assert feature.words[:4] == ["at", "dawn", "robot", "the"]  # 4, 4, 3, 3
    assert feature.words[4:6] == ["rides", "sheriff"]
    assert feature.words[6:] == sorted(feature.words[6:])
    assert fit(PLOTS[::-1]).words == feature.words
    assert fit(max_words=3).words == feature.words[:3]


def test_words_of_too_few_movies_are_not_kept() -> None:
    """Movies count, not mentions: the sheriff rides twice, but in one film."""
    assert fit(min_count=2).words == ["at", "dawn", "robot", "the"]


def test_stop_words_are_dropped_from_both_sides() -> None:
    feature = fit(stop_words=True)
    assert not {"the", "at", "is"} & set(feature.words)
    assert words(feature, "At dawn the robot rides") == ["dawn", "robot", "rides"]


def test_a_plot_keeps_its_order_and_repetitions_and_loses_unknown_words() -> None:
    said = words(fit(), "Dawn, said the stranger: the ROBOT rides &amp; rides at dawn!")
    assert said == ["dawn", "the", "the", "robot", "rides", "rides", "at", "dawn"]


def test_a_long_plot_keeps_its_last_words() -> None:
    assert words(fit(length=3), PLOTS[0]) == ["sheriff", "rides", "alone"]


def test_batches_are_padded_in_front_and_hold_only_what_is_there() -> None:
    feature = fit(length=4)
    rows = [feature.read(m) for m in [*films(["dawn robot", "", PLOTS[0]]), Movie("none")]]
    assert [row is None for row in rows] == [False, True, False, True]
    arrays = feature.collate(rows)
    dawn, robot = (feature.words.index(word) + 1 for word in ("dawn", "robot"))
    assert arrays["ids"].tolist()[0] == [PAD, PAD, dawn, robot]
    assert PAD not in arrays["ids"][1]
    assert arrays["rows"].tolist() == [0, 2]
    assert {array.dtype for array in arrays.values()} == {np.dtype(np.int64)}
    nobody = feature.collate([None, None])
    assert nobody["ids"].shape == (0, 4) and nobody["rows"].shape == (0,)


def test_presence_goes_with_the_rows() -> None:
    feature = fit()
    arrays = collate({"words": feature}, {"words": [feature.read(films(PLOTS)[0]), None]})
    assert set(arrays) == {"words.ids", "words.rows", "present"}
    assert arrays["present"].tolist() == [[0, 1, 0, 0, 0, 0], [0] * 6]


def test_what_keras_would_do() -> None:
    """Sequences of the last `length` words, zeros in front (pad_sequences' defaults)."""
    feature = fit(length=5)
    rows = [feature.read(movie) for movie in films(PLOTS)]
    for row, sequence in zip(rows, feature.collate(rows)["ids"], strict=True):
        assert row is not None
        np.testing.assert_array_equal(sequence, np.r_[np.zeros(5 - len(row)), row])


@pytest.mark.parametrize("plot", ["+++ ===", "Ein Fremder kommt", "a b c"])
def test_a_plot_without_a_known_word_is_an_error(plot: str) -> None:
    with pytest.raises(InputError) as caught:
        fit().read(Movie("a", plot=plot))
    assert str(caught.value) == "plot holds no word that the model knows; give it in English"


def test_a_title_without_a_known_word_is_as_good_as_none() -> None:
    titles = Tokens.fit(TokenSettings(input="title"), [Movie("a", title="Dawn Riders")])
    assert titles.input == "title" and titles.words == ["dawn", "riders"]
    assert titles.read(Movie("b", title="Abendrot")) is None
    row = titles.read(Movie("b", title="Riders"))
    assert row is not None and row.tolist() == [2]


def test_a_plot_as_long_as_a_book() -> None:
    book = "dawn " * (MAX_CHARACTERS // 5 + 1)
    with pytest.raises(InputError, match="shorten it"):
        fit().read(Movie("a", plot=book))
    assert fit([*PLOTS, book]).words == fit().words  # it teaches nothing, and stops nothing


def test_no_words_at_all() -> None:
    feature = fit(["", "?"])
    assert feature.words == []
    assert load_feature("tokens", feature.settings(), feature.state()).state().keys() == {"words"}
    assert feature.read(Movie("a")) is None


def test_through_a_file_and_back() -> None:
    feature = fit(length=6, max_words=9, min_count=1, stop_words=True)
    file = io.BytesIO()
    np.savez(file, **feature.state())
    file.seek(0)
    with np.load(file, allow_pickle=False) as state:
        again = load_feature("tokens", json.loads(json.dumps(feature.settings())), dict(state))
    assert isinstance(again, Tokens)
    assert (again.words, again.length, again.settings()) == (feature.words, 6, feature.settings())
    for movie in films(PLOTS):
        np.testing.assert_array_equal(again.read(movie), feature.read(movie))


@pytest.mark.parametrize(
    ("settings", "state"),
    [
        ({"length": 3, "width": 4}, fit().state()),
        (fit().settings(), {}),
        (fit().settings(), {"words": np.array([255, 254], np.uint8)}),
    ],
)
def test_a_bundle_that_does_not_fit(settings: dict[str, Any], state: dict[str, Any]) -> None:
    with pytest.raises(BundleError, match="feature 'tokens' has wrong settings"):
        load_feature("tokens", settings, state)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=6), st.integers(1, 9), st.integers(1, 30))
def test_any_text_gives_numbers_in_range_or_one_typed_error(
    plots: list[str], length: int, max_words: int
) -> None:
    feature = fit([*PLOTS, *plots], length=length, max_words=max_words)
    rows = []
    for movie in films(plots):
        try:
            rows.append(feature.read(movie))
        except InputError:
            rows.append(None)
    ids = feature.collate(rows)["ids"]
    assert ids.shape == (sum(row is not None for row in rows), length)
    assert ((ids >= 0) & (ids <= len(feature.words))).all()
    assert (ids[:, -1] != PAD).all()
    assert (np.diff((ids != PAD).astype(int), axis=1) >= 0).all()  # padding only in front
