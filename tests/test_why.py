"""What spoke for a genre, where we know it."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from genreel import why
from genreel.calibration import logit
from genreel.catalogue import Movie
from genreel.errors import VocabularyError
from genreel.features.colours import Colours, ColourSettings
from genreel.features.image import Pixels, PixelSettings
from genreel.features.ngrams import Ngrams
from genreel.features.text import Terms, TermSettings
from genreel.lettering import Lettering, Line
from genreel.predictor import Predictor

GENRES = ("War", "Comedy")
PLOT = "The army marches. A clown laughs at the Army, and at the river."
FEATURES = {
    "plot": Terms(
        TermSettings(norm=False, weighting="count"), Ngrams.of(["army", "clown"], 1), np.ones(2)
    ),
    "poster": Pixels(PixelSettings(height=24, width=16)),
}


def score(arrays: Mapping[str, Any]) -> np.ndarray:
    """War says army (and not clown), Comedy says clown; both like red in the upper left."""
    counts = np.zeros((len(arrays["present"]), 2))
    for i, (at, values) in enumerate(
        zip(arrays["plot.indices"], arrays["plot.values"], strict=True)
    ):
        np.add.at(counts[i], at, values)
    z = counts @ np.array([[1.0, -0.5], [-0.25, 2.0]]) - 1
    red = arrays["poster.pixels"][:, 0, :4, :4].mean(axis=(1, 2)) / 255
    z[arrays["poster.rows"]] += red[:, None]
    return 1 / (1 + np.exp(-z))


@pytest.fixture(scope="module")
def poster() -> Image.Image:
    pixels = np.zeros((24, 16, 3), np.uint8)
    pixels[:4, :4, 0] = 240
    return Image.fromarray(pixels)


def test_words_weigh_what_their_going_costs(poster: Image.Image) -> None:
    found = why.explain(score, FEATURES, GENRES, Movie("m", plot=PLOT, poster=poster))
    # "army" stands twice, and sublinear counting makes of that 1 + ln 2.
    weight = pytest.approx(1 + np.log(2))
    assert found["War"]["words"] == [("army", 4, 8, weight), ("army", 40, 44, weight)]
    assert found["Comedy"]["words"] == [("clown", 20, 25, pytest.approx(2))]
    for word in found["War"]["words"]:
        assert PLOT[word.start : word.end].lower() == word.word


def test_areas_weigh_what_their_going_costs(poster: Image.Image) -> None:
    found = why.explain(score, FEATURES, GENRES, Movie("m", plot=PLOT, poster=poster))
    [area] = found["Comedy"]["areas"]
    assert area[:4] == (0, 0, 1 / 4, 1 / 6)
    mean = round(240 * 16 / (24 * 16))
    assert area.weight == pytest.approx((240 - mean) / 255)


def test_an_input_that_is_not_there_says_nothing(poster: Image.Image) -> None:
    for movie in (Movie("m", poster=poster), Movie("m", plot="xyz", poster=poster)):
        found = why.explain(score, FEATURES, GENRES, movie)
        assert not found["War"]["words"] and found["War"]["areas"]
    for movie in (Movie("m", plot=PLOT), Movie("m", plot=PLOT, poster=b"no image")):
        found = why.explain(score, FEATURES, GENRES, movie)
        assert found["War"]["words"] and not found["War"]["areas"]
    assert why.explain(score, FEATURES, GENRES, Movie("m")) == {
        genre: {"words": [], "areas": []} for genre in GENRES
    }


def test_areas_are_of_pixels_alone(poster: Image.Image) -> None:
    def by_colour(arrays: Mapping[str, Any]) -> np.ndarray:
        return np.full((len(arrays["present"]), 2), 0.5)

    features = {"colours": Colours(ColourSettings())}
    found = why.explain(by_colour, features, GENRES, Movie("m", poster=poster))
    assert found == {genre: {"words": [], "areas": []} for genre in GENRES}


def test_a_long_plot_is_tried_in_part() -> None:
    plot = " ".join(f"w{i}" for i in range(why.MOST_WORDS)) + " army clown"
    found = why.explain(score, FEATURES, GENRES, Movie("m", plot=plot))
    assert found["War"]["words"] == []


def test_places_are_taken_out() -> None:
    places = why.word_places(PLOT)
    assert list(places) == ["army", "marches", "clown", "laughs", "river"]
    shorter = why.without_places(PLOT, [*places["river"], *places["army"]])
    assert shorter == "The  marches. A clown laughs at the , and at the ."


def test_areas_cover_the_poster_once() -> None:
    seen = np.zeros((1, 192, 128), np.int64)
    for box in why.grid_boxes():
        pixels = np.full(seen.shape, 0, np.uint8)
        pixels[0, 0, 0] = 255
        marked = why.occlude(np.full(seen.shape, 7, np.uint8) + pixels, box)
        assert marked.shape == seen.shape
        left, top, right, bottom = box
        seen[:, round(top * 192) : round(bottom * 192), round(left * 128) : round(right * 128)] += 1
    assert (seen == 1).all()


def test_a_predictor_explains_what_it_assigns(tiny: Predictor) -> None:
    poster = Path(__file__).parent.parent / "samples" / "posters" / "emberfell.jpg"
    plot = "A sheriff and a priest hold a town against the army."
    prediction = tiny.predict(poster, plot, threshold=0.2, explain=True)
    assert prediction.why is not None and set(prediction.why) == set(prediction.genres)
    movie = Movie("m", plot=plot, poster=poster)
    [other] = tiny.predict_many([movie], threshold=1.0, explain=True)
    assert other.why is not None and list(other.why) == [other.labels(1)[0]["label"]]
    said = json.loads(json.dumps(prediction.to_dict()))["why"]
    for reasons in said.values():
        for word in reasons["words"]:
            assert plot[word["start"] : word["end"]].lower() == word["word"]
        weights = [area["weight"] for area in reasons["areas"]]
        assert weights == sorted(weights, reverse=True)
    assert "why" not in tiny.predict(poster, plot).to_dict()


def test_a_word_of_the_real_graph_weighs_what_its_going_costs(words: Predictor) -> None:
    movie = Movie("m", plot="A sheriff and a priest hold a town against the army.")
    found = words.explain(movie)
    genre = max(found, key=lambda genre: sum(word.weight for word in found[genre]["words"]))
    word = found[genre]["words"][0]
    shorter = Movie("m", plot=movie.plot[: word.start] + movie.plot[word.end :])
    full, less = (p.scores[genre] for p in words.predict_many([movie, shorter]))
    assert word.weight == pytest.approx(float(logit(full) - logit(less)), abs=1e-4)


def test_an_unknown_genre_is_named(words: Predictor) -> None:
    with pytest.raises(VocabularyError, match="does not know 'Mumblecore'"):
        words.explain(Movie("m", plot="A plot."), ["Mumblecore"])


def test_words_of_scripts_without_spaces_are_two_characters() -> None:
    assert list(why.word_places("警长骑马。 Der König ABBA日本語")) == [
        *("警长", "骑马", "der", "könig", "abba", "日本", "語")
    ]
    assert why.word_places("警长骑马")["骑马"] == [(2, 4)]


@pytest.mark.parametrize(
    ("plot", "words"),
    [
        ("नीली नदी में क़िला", ["नीली", "नदी", "में", "क़िला"]),  # vowel signs belong to their words
        ("تَعودُ مأمورة، می\u200cخواهم", ["تَعودُ", "مأمورة", "می\u200cخواهم"]),
        ("שָׁלוֹם, לכולם", ["שָׁלוֹם", "לכולם"]),
        ("보안관은 돌아온다", ["보안관은", "돌아온다"]),
        ("தமிழ் கதை", ["தமிழ்", "கதை"]),
        ("e\u0301lan naïve", ["e\u0301lan", "naïve"]),
        ("女警長", ["女警", "長"]),
        ("ガンマ", ["ガン", "マ"]),
        ("หมู่บ้านริม", ["หมู่", "บ้าน", "ริม"]),
        ("ខ្មែរ", ["ខ្មែ", "រ"]),
    ],
)
def test_words_of_every_script_keep_their_marks(plot: str, words: list[str]) -> None:
    assert list(why.word_places(plot)) == words
    for word, places in why.word_places(plot).items():
        assert [plot[start:end] for start, end in places] == [word]


def test_no_word_begins_or_ends_inside_a_character() -> None:
    plot = "नायिका หมู่บ้านริมทะเล กลับไป က္ကန် תֵּל أُمّ 가각 ガﾞ é" * 3
    for places in why.word_places(plot).values():
        for start, end in places:
            assert not unicodedata.combining(plot[start])
            assert end == len(plot) or unicodedata.category(plot[end]) not in ("Mn", "Mc")


class Lines(Terms):
    """Reads what is printed as the words of a plot are read."""

    def read_many(self, movies: Any) -> Any:
        letterings = [movie.lettering or Lettering() for movie in movies]
        texts = [" ".join(line.text for line in one.lines) for one in letterings]
        return super().read_many([replace(m, plot=t) for m, t in zip(movies, texts, strict=True)])


def test_printed_words_are_told_with_their_places(poster: Image.Image) -> None:
    lines = Lines(
        TermSettings(norm=False, weighting="count"), Ngrams.of(["army", "clown"], 1), np.ones(2)
    )
    lines.input = "lettering"
    lettering = Lettering(
        (
            Line("THE ARMY LAUGHS", 0.9, 0.1, 0.6, 0.75, 0.1),
            Line("ARMY", 0.9, 0.95, 0.1, 0.02, 0.4),  # from top to bottom
        )
    )

    def score(arrays: Mapping[str, Any]) -> np.ndarray:
        counts = np.zeros((len(arrays["present"]), 2))
        for i, (at, values) in enumerate(
            zip(arrays["lines.indices"], arrays["lines.values"], strict=True)
        ):
            np.add.at(counts[i], at, values)
        return 1 / (1 + np.exp(-counts))

    movie = Movie("m", plot=PLOT, poster=poster, lettering=lettering)
    found = why.explain(score, {"lines": lines}, GENRES, movie)
    first, second = found["War"]["printed"]
    assert first == ("army", *map(pytest.approx, (0.3, 0.6, 0.5, 0.7, 1 + np.log(2))))
    assert second[:5] == ("army", *map(pytest.approx, (0.95, 0.1, 0.97, 0.5)))
    assert "printed" not in found["Comedy"]
    assert why.why_from_dict(why.why_to_dict(found["Comedy"])) == found["Comedy"]
    table = why.why_to_dict(found["War"])
    assert table["printed"][0]["word"] == "army" and table["printed"][0]["left"] == 0.3
