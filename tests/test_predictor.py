"""The same movie gets the same answer, whichever way it comes; and a bad input stops no other."""

from __future__ import annotations

import dataclasses
import io
import itertools
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.numpy_helper
import onnx.parser
import pytest
from bundles import write_words
from PIL import Image

import genreel
from genreel.bundle import read_bundle, write_bundle
from genreel.calibration import CaseRules
from genreel.catalogue import Catalogue, Movie
from genreel.errors import BundleError, InputError
from genreel.features.image import Pixels, PixelSettings
from genreel.posters import Limits
from genreel.prediction import Prediction
from genreel.predictor import LIGHT, Predictor
from genreel.vocabulary import GENRES, Vocabulary

SAMPLES = Path(__file__).parent.parent / "samples"
POSTER = SAMPLES / "posters" / "six-miles-to-redwater.jpg"
PLOT = "A sheriff and a priest hold a town against the army."
TOLERANCE = 1e-5
BATCH = 4


def assert_close(one: Prediction, other: Prediction) -> None:
    assert list(one.scores) == list(other.scores)
    np.testing.assert_allclose(
        list(one.scores.values()), list(other.scores.values()), rtol=0, atol=TOLERANCE
    )
    assert one.missing == other.missing
    assert one.error == other.error


def mixed(movies: list[Movie]) -> list[Movie]:
    """Movies with every combination of inputs, in turn, the genres taken away."""
    kept = [{"poster"}, {"plot"}, {"poster", "plot"}, {"title"}, {"poster", "plot", "year"}]
    full = [movie for movie in movies if movie.poster]
    return [
        replace(movie.without({"poster", "plot", "title", "year"} - names), id=f"movie {i}")
        for i, (movie, names) in enumerate(zip(full, itertools.cycle(kept), strict=False))
    ]


# One poster, many ways


@pytest.fixture(scope="module")
def glass(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    """A predictor whose scores show every pixel: a random projection of them.

    A network with random weights answers nearly the same to every poster, and would hide a
    difference between two ways to the same pixels.
    """
    genres, height, width = 5, 48, 32
    inputs = f"uint8[m, 3, {height}, {width}] pixels, int64[m] rows, float[n, 4] present"
    model = onnx.parser.parse_model(
        '<ir_version: 10, opset_import: ["" : 18]>\n'
        f"graph ({inputs}) => (float[n, {genres}] scores) {{"
        "  values = Cast <to=1> (pixels)"
        "  flat = Flatten (values)"
        "  logits = MatMul (flat, projection)"
        "  sure = Sigmoid (logits)"
        "  empty = MatMul (present, zeros)"
        "  places = Unsqueeze (rows, one)"
        "  scores = ScatterND (empty, places, sure)"
        "}"
    )
    random = np.random.default_rng(0)
    projection = random.normal(0, 0.0002, (3 * height * width, genres)).astype(np.float32)
    constants = {
        "projection": projection,
        "zeros": np.zeros((4, genres), np.float32),
        "one": np.array([1], np.int64),
    }
    for name, array in constants.items():
        model.graph.initializer.append(onnx.numpy_helper.from_array(array, name))
    names = {"pixels": "poster.pixels", "rows": "poster.rows"}
    for value in model.graph.input:
        value.name = names.get(value.name, value.name)
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
    folder = tmp_path_factory.mktemp("bundles") / "glass"
    vocabulary = Vocabulary(GENRES[:genres])
    write_bundle(
        folder,
        name="glass",
        vocabulary=vocabulary,
        thresholds=dict.fromkeys(vocabulary.genres, 0.5),
        features={"poster": Pixels(PixelSettings(height, width))},
        model=model.SerializeToString(),
        recipe="",
        metrics={},
        card="",
    )
    return Predictor(folder)


@pytest.fixture(scope="module")
def from_path(glass: Predictor) -> Prediction:
    return glass.predict(POSTER)


def test_scores_are_those_of_the_pixels(glass: Predictor, from_path: Prediction) -> None:
    """Figures that do not come from genreel's own code: Pillow's resizing and numpy."""
    with Image.open(POSTER) as image:
        image.draft("RGB", (192, 192))
        pixels = np.asarray(image.convert("RGB").resize((32, 48), Image.Resampling.BICUBIC))
    projection = np.random.default_rng(0).normal(0, 0.0002, (3 * 48 * 32, 5)).astype(np.float32)
    logits = pixels.transpose(2, 0, 1).reshape(-1).astype(np.float32) @ projection
    expected = 1 / (1 + np.exp(-logits))
    np.testing.assert_allclose(list(from_path.scores.values()), expected, atol=TOLERANCE)


def test_scores_are_probabilities_of_every_genre(tiny: Predictor) -> None:
    scores = tiny.predict(POSTER, PLOT).scores
    assert tuple(scores) == tiny.genres
    assert all(0 < score < 1 for score in scores.values())
    assert len(set(scores.values())) > 10, "not one figure for all"


def test_str(glass: Predictor, from_path: Prediction) -> None:
    assert_close(glass.predict(str(POSTER)), from_path)


def test_bytes(glass: Predictor, from_path: Prediction) -> None:
    assert_close(glass.predict(POSTER.read_bytes()), from_path)


def test_image_that_is_only_opened(glass: Predictor, from_path: Prediction) -> None:
    with Image.open(POSTER) as image:
        assert_close(glass.predict(image), from_path)
        image.load()  # and can still be used by its owner


def test_image_from_memory(glass: Predictor, from_path: Prediction) -> None:
    with Image.open(io.BytesIO(POSTER.read_bytes())) as image:
        assert_close(glass.predict(image), from_path)


def test_image_decoded_small(glass: Predictor, tmp_path: Path) -> None:
    """Where a file is too small to be decoded at a fraction, the pixels are the same."""
    with Image.open(POSTER) as image:
        image.resize((48, 72)).save(tmp_path / "small.png")
    with Image.open(tmp_path / "small.png") as small:
        small.load()
        assert_close(glass.predict(small.copy()), glass.predict(tmp_path / "small.png"))


def test_another_poster_gets_another_answer(glass: Predictor, from_path: Prediction) -> None:
    other = glass.predict(SAMPLES / "posters" / "neon-cascade.jpg")
    assert max(abs(other.scores[g] - from_path.scores[g]) for g in glass.genres) > 0.01


def test_another_plot_gets_another_answer(tiny: Predictor, words: Predictor) -> None:
    for predictor in (tiny, words):
        one, other = predictor.predict(plot=PLOT), predictor.predict(plot="A detective has a gun.")
        assert max(abs(one.scores[g] - other.scores[g]) for g in predictor.genres) > 0.01


# Alone or in company


@pytest.mark.parametrize("which", ["tiny", "glass", "words"])
def test_alone_and_in_a_batch_agree(
    which: str, movies: list[Movie], request: pytest.FixtureRequest
) -> None:
    predictor: Predictor = request.getfixturevalue(which)
    together = list(predictor.predict_many(mixed(movies)))
    assert len(together) > 20
    for movie, prediction in zip(mixed(movies), together, strict=True):
        [alone] = predictor.predict_many([movie])
        assert_close(alone, prediction)
        assert alone.id == prediction.id == movie.id
        try:
            single = predictor.predict(movie.poster, movie.plot, movie.title, movie.year)
        except InputError as error:
            assert str(error) == prediction.error
        else:
            assert_close(single, prediction)


@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_the_size_of_a_batch_changes_nothing(
    glass: Predictor, movies: list[Movie], batch_size: int
) -> None:
    expected = list(glass.predict_many(mixed(movies)))
    got = list(glass.predict_many(mixed(movies), batch_size=batch_size))
    assert [p.id for p in got] == [f"movie {i}" for i in range(len(expected))]
    for one, other in zip(got, expected, strict=True):
        assert_close(one, other)


def test_missing_says_what_was_not_there(tiny: Predictor, movies: list[Movie]) -> None:
    for movie, prediction in zip(mixed(movies), tiny.predict_many(mixed(movies)), strict=True):
        for name in ("poster", "plot"):
            assert (name in prediction.missing) == (not movie.has(name))


def test_a_bundle_without_posters_never_misses_one(words: Predictor) -> None:
    assert words.inputs == ("plot", "title", "year")
    prediction = words.predict(POSTER, plot=PLOT)
    assert prediction.missing == ("title", "year")
    assert prediction.error is None
    assert_close(prediction, words.predict(plot=PLOT))


def test_one_predictor_in_many_threads(
    tiny: Predictor, glass: Predictor, movies: list[Movie], from_path: Prediction
) -> None:
    def run(predictor: Predictor) -> list[Prediction]:
        return list(predictor.predict_many(mixed(movies)))

    expected = {predictor: run(predictor) for predictor in (tiny, glass)}
    with ThreadPoolExecutor(4) as pool:
        runs = [(predictor, pool.submit(run, predictor)) for predictor in (tiny, glass) * 3]
        alone = [pool.submit(glass.predict, POSTER) for _ in range(8)]
    for predictor, future in runs:
        for one, other in zip(future.result(), expected[predictor], strict=True):
            assert_close(one, other)
    for single in alone:
        assert_close(single.result(), from_path)


# Streams


def endless(consumed: list[int]) -> Iterator[Movie]:
    for number in itertools.count():
        consumed.append(number)
        yield Movie(f"movie {number}", plot=PLOT)


def test_an_endless_stream_is_read_a_few_batches_ahead(words: Predictor) -> None:
    consumed: list[int] = []
    predictions = words.predict_many(endless(consumed), batch_size=BATCH)
    assert consumed == [], "nothing is read before it is asked for"
    for number, prediction in enumerate(itertools.islice(predictions, 50)):
        assert prediction.id == f"movie {number}"
        assert len(consumed) <= number + (4 + words.threads) * BATCH * LIGHT
    predictions.close()


def test_light_movies_share_larger_batches(tiny: Predictor, words: Predictor) -> None:
    light, heavy = Movie("a", plot=PLOT), Movie("b", plot=PLOT, poster=POSTER)

    def sizes(predictor: Predictor, movies: list[Movie]) -> list[int]:
        return [len(batch) for batch in predictor._batches(movies, 2)]

    full = 2 * LIGHT
    assert sizes(tiny, [light] * (full + 1)) == [full, 1]
    assert sizes(tiny, [heavy] * 5) == [2, 2, 1]
    assert sizes(tiny, [heavy, *[light] * LIGHT, heavy, light]) == [1 + LIGHT, 2]
    assert sizes(tiny, [heavy, light, heavy]) == [2, 1]
    assert sizes(words, [heavy] * (full + 1)) == [full, 1], "words reads no posters"


def test_books_make_small_batches_without_an_encoder(words: Predictor) -> None:
    books = [Movie("a", plot="x" * 1000 * LIGHT)] * 5
    assert [len(batch) for batch in words._batches(books, 2)] == [2, 2, 1]


def test_long_plots_of_an_encoder_make_small_batches(
    words: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "_text_length", 800)

    def sizes(*lengths: int) -> list[int]:
        movies = [Movie("a", plot="x" * length) for length in lengths]
        return [len(batch) for batch in words._batches(movies, 3)]

    assert sizes(*[400] * 7) == [3, 3, 1]
    assert sizes(*[200] * 7) == [6, 1]
    assert sizes(*[5] * (3 * LIGHT + 1)) == [3 * LIGHT, 1]
    assert sizes(*[90_000] * 3) == [1, 1, 1], "no more is read than 800"
    assert list(map(len, words._batches([Movie("a", plot="x" * 800)], 1))) == [1]


@pytest.mark.parametrize("count", [0, 1, 7, 40])
def test_movies_of_like_length_share_a_batch_and_come_in_order(
    words: Predictor, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(words, "_window", 3)
    monkeypatch.setattr(words, "_text_length", 800)
    rng = np.random.default_rng(count)
    given = [Movie(str(i), plot=f"{PLOT} " * int(rng.integers(1, 9))) for i in range(count)]
    batches: list[list[int]] = []
    decode = words.readers.start
    monkeypatch.setattr(
        words.readers,
        "start",
        lambda b, pool: batches.append([len(m.plot) for m in b]) or decode(b, pool),
    )
    found = list(words.predict_many(given, batch_size=4))
    assert [one.id for one in found] == [movie.id for movie in given]
    for one, movie in zip(found, given, strict=True):
        assert one.scores == pytest.approx(words.predict(plot=movie.plot).scores, abs=1e-6)
    lengths = list(itertools.chain.from_iterable(batches))
    for start in range(0, count, 12):  # windows of three times four
        assert lengths[start : start + 12] == sorted(lengths[start : start + 12])


def test_closing_early_leaves_no_thread_behind(tiny: Predictor, movies: list[Movie]) -> None:
    before = threading.active_count()
    predictions = tiny.predict_many(itertools.cycle(mixed(movies)), batch_size=BATCH)
    next(predictions)
    assert threading.active_count() > before
    predictions.close()
    assert threading.active_count() == before


def test_nothing_yields_nothing(tiny: Predictor) -> None:
    assert list(tiny.predict_many([])) == []


def test_a_batch_is_at_least_one_movie(words: Predictor) -> None:
    assert len(list(words.predict_many([{"plot": PLOT}] * 3, batch_size=0))) == 3


def test_dicts(words: Predictor) -> None:
    records = [
        {"id": "a", "plot": PLOT, "year": 1953, "anything": "else"},
        {"plot": PLOT, "year": "1953"},
        {"id": 7, "plot": PLOT, "year": None, "title": None},
    ]
    first, second, third = words.predict_many(records)
    assert [first.id, second.id, third.id] == ["a", "row 2", "7"]
    assert first.scores == second.scores
    assert first.missing == ("title",)
    assert third.missing == ("title", "year")


# Bad inputs


def test_a_bad_poster_is_one_row_among_the_others(tiny: Predictor, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(POSTER.read_bytes()[:500])
    rows = [Movie("good", poster=POSTER), Movie("bad", poster=bad), Movie("last", poster=POSTER)]
    good, failed, last = tiny.predict_many(rows)
    assert_close(good, last)
    assert good.error is None
    assert (failed.id, failed.scores, failed.genres) == ("bad", {}, ())
    assert failed.missing == ("poster", "plot", "title", "year")
    assert failed.error is not None
    assert failed.error.startswith(f"poster {bad}: ")


def test_a_bad_poster_leaves_a_good_plot(tiny: Predictor, tmp_path: Path) -> None:
    prediction = tiny.predict(tmp_path / "none.jpg", plot=PLOT)
    plain = tiny.predict(plot=PLOT)
    assert prediction.scores == plain.scores
    assert prediction.missing == ("poster", "title", "year") == plain.missing
    assert prediction.error == f"poster {tmp_path / 'none.jpg'}: does not exist; check the path"


def test_a_plot_of_unknown_words_leaves_a_good_poster(tiny: Predictor) -> None:
    prediction = tiny.predict(POSTER, plot="Qwxyz plogh, frobnak.")
    assert prediction.scores == tiny.predict(POSTER).scores
    assert "plot" in prediction.missing
    assert prediction.error == "plot holds no word that the model knows; give it in English"


def test_every_problem_is_named_once(tiny: Predictor, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        tiny.predict(tmp_path / "none.jpg", plot="羅生門")
    assert str(caught.value).count("; ") == 3
    assert "does not exist" in str(caught.value)
    assert "no word that the model knows" in str(caught.value)


@pytest.mark.parametrize("plot", ["", " \n\t "])
def test_nothing_to_predict_from(tiny: Predictor, plot: str) -> None:
    nothing = "nothing to go by; give a poster or plot or title"
    with pytest.raises(InputError) as caught:
        tiny.predict(plot=plot)
    assert str(caught.value) == nothing
    [row] = tiny.predict_many([{"id": "empty", "plot": plot}])
    every = ("poster", "plot", "title", "year")
    assert row == Prediction("empty", missing=every, error=nothing)


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({"year": 1953}, ": a year tells no genre"),
        ({"title": "None"}, ": the title holds no word that tells"),
        ({"title": "The Qwxyz", "year": 1953}, ": the title holds no word that tells"),
        ({"title": "Of the", "plot": "No overview found."}, ": the title holds no word that tells"),
        ({"plot": "<p>N/A</p>"}, ""),
    ],
)
def test_what_is_common_among_all_movies_is_no_answer(
    about: dict[str, Any], reason: str, movies: list[Movie], tmp_path: Path
) -> None:
    told = [*movies, Movie("n", "And Then There Were None of the Qwopp")]
    write_words(tmp_path / "words", told)
    words = Predictor(tmp_path / "words")
    line = f"nothing to go by{reason}; give a plot or title"
    with pytest.raises(InputError) as caught:
        words.predict(**about)
    assert str(caught.value) == line
    [prediction] = words.predict_many([about])
    assert (prediction.scores, prediction.genres, prediction.error) == ({}, (), line)
    assert words.predict(title="The Qwopp").scores  # a word that it knows


def test_a_placeholder_is_no_plot(tiny: Predictor) -> None:
    told = tiny.predict(POSTER, "We don't have an overview translated in English.")
    assert told == tiny.predict(POSTER)
    assert told.error is None and "plot" in told.missing


SPANISH = "Una sheriff vuelve al pueblo junto al mar donde nació y su hermano ha desaparecido."
UNREAD = "plot is in Spanish, which this model does not read; give it in English"


def test_a_plot_in_another_language_is_missing(tiny: Predictor, words: Predictor) -> None:
    beside = tiny.predict(POSTER, SPANISH)
    assert beside.scores == tiny.predict(POSTER).scores
    assert beside.language == "es" and "plot" in beside.missing
    assert beside.error == f"{UNREAD}, or --language en if it is English"
    with pytest.raises(InputError, match=UNREAD):
        words.predict(plot=SPANISH)
    [alone] = words.predict_many([{"plot": SPANISH, "year": 1953}])
    assert (alone.scores, alone.genres, alone.language) == ({}, (), "es")
    [batch] = words.predict_batch([Movie("a", plot=SPANISH)])
    assert batch.error == beside.error and not batch.scores
    assert tiny.explain(Movie("a", plot=SPANISH))["Drama"]["words"] == []


def test_what_a_person_says_of_a_language_counts(words: Predictor) -> None:
    plot = f"{PLOT} {SPANISH}"  # whatever it is taken for
    assert words.predict(plot=plot, language="en").scores
    assert words.predict(plot=PLOT).language == "en"
    assert words.predict(plot="Rosa.", title="Bank").language is None
    [told] = words.predict_many([{"plot": "A gun.", "language": "Spanish"}])
    assert (told.error, told.language) == (UNREAD, "es")
    [again] = words.predict_many([{"plot": "A gun.", "language": "es"}], language="en-GB")
    assert (again.error, again.language) == (None, "en") and again.scores
    with pytest.raises(InputError, match="language 'xx' is not known"):
        words.predict(plot=PLOT, language="xx")
    with pytest.raises(InputError, match="language 'xx' is not known"):
        list(words.predict_many([], language="xx"))
    [problem] = words.predict_many([{"plot": PLOT, "language": "Klingon"}])
    assert problem.error is not None and "language 'Klingon'" in problem.error
    assert problem.scores == words.predict(plot=PLOT).scores
    [several] = words.predict_many([{"plot": PLOT, "language": "French, German"}])
    assert several == replace(words.predict(plot=PLOT), id="row 1")


_ENGLISH = "The detective finds a gun and the army comes with the bank robber to the town."
_GERMAN = "Ein Mann und eine Frau suchen das Gold, das der Dieb im Wald versteckt hat."


@pytest.mark.parametrize(
    ("title", "plot", "language"),
    [
        ("", f"{_ENGLISH} {_GERMAN[:30]}", "en"),  # mixed: most of it decides
        ("", f"{_GERMAN} {_GERMAN} The gun.", "de"),
        (
            "",
            "Sherif vozvrashchaetsya v derevnyu, gde ona rodilas, i uznaet, chto brat ischez.",
            "?",
        ),
        ("", "&#1064;&#1077;&#1088;&#1080;&#1092; &#1080; &#1085;&#1072; &#1085;&#1077;", "ru"),
        ("", "Ek ladka apne gaon mein aata hai aur uska bhai nahi hota hai, koi nahi karta", "hi"),
        ("", _GERMAN.upper(), "de"),
        ("", _ENGLISH.upper(), "en"),
        ("", f"\u200f\u202b{_ENGLISH}\u202c", "en"),
        ("", "女警長回到她出生的海邊村莊，發現哥哥失蹤了。" * 15_000, "zh"),  # 1 MB
        ("", "Gun", None),
        ("Das Boot und der Wald", _ENGLISH, "en"),  # a title in another language
        ("The Bank", _GERMAN, "de"),
    ],
)
def test_plots_that_are_hard_to_tell(
    words: Predictor, title: str, plot: str, language: str | None
) -> None:
    [prediction] = words.predict_many([Movie("a", title, plot=plot)])
    is_read = language in (None, "en")
    if language == "?":  # some other language, whichever
        assert prediction.language not in (None, "en")
    else:
        assert prediction.language == language
    assert ("plot" in prediction.missing) is not is_read
    assert (prediction.error is None) is is_read
    if not is_read:
        assert "which this model does not read; give it in English, or --language en" in str(
            prediction.error
        )


def test_a_plot_of_emoji_is_nothing_to_go_by(words: Predictor) -> None:
    [prediction] = words.predict_many([Movie("a", plot="🎬🔥😱👻💀")])
    assert (prediction.language, prediction.scores) == (None, {})
    assert prediction.error == "plot holds no word that the model knows; give it in English"


def test_a_table_whose_language_is_the_films_own(words: Predictor, tmp_path: Path) -> None:
    rows = [("a", _ENGLISH, "ja"), ("b", _GERMAN, "en"), ("c", "Gun.", "ja"), ("d", _ENGLISH, "xx")]
    table = tmp_path / "movies.csv"
    lines = [f'{film},"{plot}",{language}' for film, plot, language in rows]
    table.write_text("\n".join(["id,plot,language", *lines]), encoding="utf-8")
    read, unread, short, strange = words.predict_many(Catalogue(table))
    assert (read.language, read.error) == ("en", None) and read.scores
    assert unread.language == "de" and "--language en if it is English" in str(unread.error)
    assert short.language == "ja" and "plot is in Japanese" in str(short.error)  # nothing says no
    assert strange.scores and "language 'xx' is not known" in str(strange.error)


def test_a_bundle_says_which_languages_it_reads(words_bundle: Path) -> None:
    bundle = replace(read_bundle(words_bundle), languages=("es", "de"))
    predictor = Predictor(bundle)
    assert (
        predictor.predict(plot=SPANISH, title="Bank").error is not None
    )  # knows none of its words
    [prediction] = predictor.predict_many([{"plot": PLOT}])
    assert prediction.error == (
        "plot is in English, which this model does not read; give it in Spanish or German, or "
        "--language es if it is Spanish"
    )


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"plot": PLOT, "year": "soon"}, "year 'soon' is not a year from 1870 to 2100"),
        ({"plot": PLOT, "title": ["a"]}, "title is not text"),
        ({"plot": PLOT, "poster": "a\0b"}, "holds a NUL character"),
    ],
)
def test_a_bad_value_is_named_and_the_rest_is_used(
    words: Predictor, record: dict[str, Any], expected: str
) -> None:
    [prediction] = words.predict_many([record])
    assert prediction.scores == words.predict(plot=PLOT).scores
    assert prediction.error is not None
    assert expected in prediction.error


@pytest.mark.parametrize("genres", ["Sitcom", 5])
def test_genres_are_none_of_its_inputs(words: Predictor, genres: Any) -> None:
    [prediction] = words.predict_many([{"plot": PLOT, "genres": genres}])
    assert prediction == replace(words.predict(plot=PLOT), id="row 1")
    assert prediction.error is None


def test_year_is_checked(words: Predictor) -> None:
    prediction = words.predict(plot=PLOT, year=53)
    assert prediction.missing == ("title", "year")
    assert prediction.error is not None
    assert prediction.error.startswith("year '53' is not a year")


def test_a_prediction_carries_the_thresholds_that_decided(tiny: Predictor) -> None:
    alone = tiny.predict(plot=PLOT)
    assert alone.thresholds == tiny.thresholds(alone.missing)
    both = tiny.predict(POSTER, PLOT, threshold=0.3)
    assert both.thresholds == dict.fromkeys(tiny.genres, 0.3)
    for one in (alone, both):
        above = {genre for genre, score in one.scores.items() if score >= one.thresholds[genre]}
        assert set(one.genres) == above
        assert "thresholds" not in one.to_dict()
    [nothing] = tiny.predict_many([{"id": "empty"}])
    assert nothing.thresholds == {}


def test_limits_are_the_callers(tiny_bundle: Path) -> None:
    strict = Predictor(tiny_bundle, limits=Limits(max_pixels=10_000))
    with pytest.raises(InputError, match="pixels are more than 10,000"):
        strict.predict(POSTER)


def test_a_stream_that_fails_fails_for_its_reader(words: Predictor) -> None:
    def broken() -> Iterator[Movie]:
        yield Movie("a", plot=PLOT)
        raise RuntimeError("the reader's own")

    before = threading.active_count()
    with pytest.raises(RuntimeError, match="the reader's own"):
        list(words.predict_many(broken()))
    assert threading.active_count() == before


# Decisions


def test_a_prediction_says_which_thresholds_are_its_own(tiny: Predictor) -> None:
    by_case = tiny.bundle.rules().by_case()
    for record in ({"plot": PLOT}, {"poster": POSTER}, {"plot": PLOT, "poster": POSTER}):
        one = tiny.predict(**record)
        assert dict(one.thresholds) == by_case["balanced"][one.case]


def test_the_likeliest_genre_is_kept_unless_somebody_says_otherwise() -> None:
    one = Prediction("a", {"War": 0.3, "Drama": 0.4, "Crime": 0.9}, ("Crime",))
    assert one.with_main() is one
    unsure = replace(one, scores={**one.scores, "Crime": 0.35})
    assert unsure.with_main().genres == ("Drama", "Crime")
    assert replace(unsure, source={"Drama": "lookup"}).with_main().genres == ("Crime",)
    assert Prediction("a").with_main().genres == ()


def test_genres_are_those_that_reach_their_threshold_surest_first(
    tiny: Predictor, movies: list[Movie]
) -> None:
    decided = 0
    for prediction in tiny.predict_many(movies):
        thresholds = tiny.thresholds(prediction.missing)
        expected = {g for g, score in prediction.scores.items() if score >= thresholds[g]}
        assert set(prediction.genres) == expected
        scores = [prediction.scores[genre] for genre in prediction.genres]
        assert scores == sorted(scores, reverse=True)
        decided += len(expected)
    assert decided > len(movies)


def test_what_a_bundle_does_not_use_is_missing_from_every_movie(words: Predictor) -> None:
    never, always = (dict.fromkeys(words.genres, t) for t in (1.0, 0.0))
    cases = {"plot only": CaseRules(always), "both": CaseRules(never)}
    predictor = Predictor(dataclasses.replace(words.bundle, cases=cases))
    prediction = predictor.predict(POSTER, PLOT)
    assert predictor.thresholds(prediction.missing) == always
    assert set(prediction.genres) == set(words.genres)


def test_one_threshold_for_all(tiny: Predictor) -> None:
    assert set(tiny.predict(POSTER, threshold=0.0).genres) == set(tiny.genres)
    assert tiny.predict(POSTER, threshold=1.0).genres == ()
    middle = sorted(tiny.predict(POSTER).scores.values())[11] + 1e-6
    assert len(tiny.predict(POSTER, threshold=middle).genres) == 10
    [row] = tiny.predict_many([Movie("a", poster=POSTER)], threshold=middle)
    assert row.genres == tiny.predict(POSTER, threshold=middle).genres


def test_a_threshold_leaves_the_scores_alone(glass: Predictor, from_path: Prediction) -> None:
    assert glass.predict(POSTER, threshold=0.9).scores == from_path.scores


# Shapes


def test_labels() -> None:
    prediction = Prediction("a", {"Action": 0.2, "Drama": 0.7, "Horror": 0.7, "War": 0.1})
    assert prediction.labels(3) == [
        {"label": "Drama", "score": 0.7},
        {"label": "Horror", "score": 0.7},
        {"label": "Action", "score": 0.2},
    ]
    assert len(prediction.labels()) == 4
    assert Prediction("a").labels() == []


def test_to_dict() -> None:
    prediction = Prediction(
        "a", {"Action": 0.123456789, "Drama": 0.5}, ("Drama",), ("poster",), None
    )
    expected = {
        "id": "a",
        "genres": ["Drama"],
        "main": "Drama",
        "decide": "balanced",
        "scores": {"Action": 0.123457, "Drama": 0.5},
        "missing": ["poster"],
        "language": None,
        "error": None,
    }
    assert prediction.to_dict() == expected
    assert list(prediction.to_dict()) == list(expected)


def test_to_dict_of_a_failure() -> None:
    failed = Prediction("a", missing=("plot",), error="no plot")
    assert failed.to_dict() == {
        "id": "a",
        "main": None,
        "genres": [],
        "decide": "balanced",
        "scores": {},
        "missing": ["plot"],
        "language": None,
        "error": "no plot",
    }


def test_to_dict_of_a_real_one_is_json(from_path: Prediction) -> None:
    assert json.loads(json.dumps(from_path.to_dict())) == from_path.to_dict()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"poster": POSTER}, "six-miles-to-redwater"),
        ({"poster": str(POSTER), "title": "T"}, "six-miles-to-redwater"),
        ({"poster": POSTER.read_bytes()}, "movie"),
        ({"plot": PLOT, "title": "Redwater"}, "Redwater"),
        ({"plot": PLOT}, "movie"),
    ],
)
def test_a_single_movie_is_called_after_what_is_there(
    tiny: Predictor, given: dict[str, Any], expected: str
) -> None:
    assert tiny.predict(**given).id == expected


def test_genres_are_in_the_order_of_the_vocabulary(tiny: Predictor) -> None:
    assert tiny.genres == genreel.Vocabulary().genres
    assert tiny.inputs == ("poster", "plot", "title", "year")


def test_no_such_bundle() -> None:
    with pytest.raises(BundleError, match="no bundle at nowhere"):
        Predictor("nowhere")


def test_public_names() -> None:
    assert genreel.Predictor is Predictor
    assert genreel.Prediction is Prediction
    assert genreel.Movie is Movie
    for name in genreel.__all__:
        assert getattr(genreel, name) is not None
    with pytest.raises(AttributeError, match="module 'genreel' has no attribute 'Genre'"):
        _ = genreel.Genre
