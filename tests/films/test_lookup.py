"""Who decides the genres of an identified film: a file, the index, or the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from shelf import FILMS, poster, write_index

from genreel.catalogue import Movie
from genreel.films.film import Film
from genreel.films.films import Films
from genreel.films.lookup import (
    AT_ONCE,
    combine,
    identify,
    known_genres,
    likely_films,
    predict_with_films,
    soften,
    with_film,
)
from genreel.identification import Identification
from genreel.lettering import Lettering
from genreel.prediction import Prediction
from genreel.predictor import Predictor

pytest.importorskip("rapidfuzz", reason="the extra 'read' is not installed")

POSTER = Path(__file__).parents[2] / "samples" / "posters" / "emberfell.jpg"
LANTERNS = poster(("LANTERNS OVER BRILL", 0.6, 0.09), ("1974", 0.95, 0.02))
LAMPS = poster(("LAMPS OF MORROW", 0.6, 0.09), ("1974", 0.95, 0.02))
UNKNOWN = poster(("MOLTEN UMBRELLAS", 0.5, 0.1))


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Films:
    more = Film("tt9000009", "Lamps of Morrow", 1974, {"movielens": ("Horror",)})
    return Films(write_index(tmp_path_factory.mktemp("films") / "films.db", (*FILMS, more)))


def predict(predictor: Predictor, films: Films, *movies: Movie) -> list[Prediction]:
    # Half: the opinion of random weights speaks against every film.
    return list(predict_with_films(predictor, films, movies, accept=0.5))


def test_an_identified_film_has_the_genres_of_the_index(tiny: Predictor, films: Films) -> None:
    movie = Movie("IMG 1", poster=POSTER, lettering=LANTERNS)
    [one] = predict(tiny, films, movie)
    assert one.identified is not None
    assert (one.identified.film, one.identified.year) == ("tt9000002", 1974)
    # IMDb can say every genre of the model, so it decides them all.
    assert set(one.genres) == {"Horror", "Mystery"}
    assert set(one.source.values()) == {"lookup"}
    assert list(one.genres) == sorted(one.genres, key=lambda genre: -one.scores[genre])
    assert one.error is None


def test_the_model_is_given_title_and_year_for_genres_that_the_index_cannot_tell(
    tiny: Predictor, films: Films
) -> None:
    [one] = predict(tiny, films, Movie("IMG 1", poster=POSTER, lettering=LAMPS))
    [like] = tiny.predict_batch([Movie("b", title="Lamps of Morrow", year=1974, poster=POSTER)])
    assert one.identified is not None and one.identified.film == "tt9000009"
    assert {genre for genre, by in one.source.items() if by == "lookup"} >= {"Horror", "Drama"}
    for genre in {genre for genre, by in one.source.items() if by == "model"}:
        assert one.scores[genre] == pytest.approx(like.scores[genre], abs=0.02)
    assert one.missing == ("plot",)


def test_a_movie_that_is_none_of_them_is_predicted_as_ever(tiny: Predictor, films: Films) -> None:
    movies = [Movie("b", poster=POSTER), Movie("c", poster=POSTER, lettering=Lettering())]
    for one, like in zip(predict(tiny, films, *movies), tiny.predict_batch(movies), strict=True):
        assert (one.genres, one.scores, one.missing) == (like.genres, like.scores, like.missing)
        assert one.identified is not None and one.identified.film is None
        assert set(one.source.values()) == {"model"}


def test_films_that_are_only_likely_move_the_scores(tiny: Predictor, films: Films) -> None:
    movie = Movie("a", poster=POSTER, lettering=poster(("THE FERRYMAN", 0.6, 0.1)))
    [one], [like] = predict(tiny, films, movie), tiny.predict_batch([movie])
    assert one.identified is not None and one.identified.film is None
    share = sum(candidate.probability for candidate in one.identified.candidates)
    assert 0.002 < share < 1  # the opinion of random weights speaks against every film
    for genre, score in like.scores.items():  # all of them are dramas
        mixed = share * (genre == "Drama") + (1 - share) * score
        assert one.scores[genre] == pytest.approx(mixed, abs=0.01)
    assert set(one.genres) == {g for g, v in one.scores.items() if v >= one.thresholds[g]}
    assert set(one.source.values()) == {"model"}


def test_a_movie_is_predicted_once_unless_its_film_says_more(
    tiny: Predictor, films: Films, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[list[str]] = []
    predict_many = tiny.predict_many

    def counted(movies: Sequence[Movie], **settings: Any) -> Iterator[Prediction]:
        runs.append([movie.id for movie in movies])
        return predict_many(movies, **settings)

    monkeypatch.setattr(tiny, "predict_many", counted)
    movies = [Movie("a", poster=POSTER, lettering=UNKNOWN)]
    movies += [Movie("b", poster=POSTER, lettering=LANTERNS)]
    movies += [Movie("c", poster=POSTER, lettering=LAMPS)]
    movies += [Movie("d", "Lamps of Morrow", 1974, poster=POSTER, lettering=LAMPS)]
    assert [one.id for one in predict(tiny, films, *movies)] == ["a", "b", "c", "d"]
    assert runs == [["a", "b", "c", "d"], ["c"]], "the index cannot tell all genres of c"


def test_a_genre_is_explained_where_it_is_given(tiny: Predictor, films: Films) -> None:
    movies = [Movie("a", poster=POSTER, lettering=LANTERNS), Movie("b", poster=POSTER)]
    first, second = predict_with_films(tiny, films, movies, accept=0.5, explain=True)
    assert first.why is not None and set(first.why) == {"Horror", "Mystery"}
    [like] = tiny.predict_many(movies[1:], explain=True)
    assert second.why == like.why


def test_a_stream_keeps_its_order_and_its_errors(tiny: Predictor, films: Films) -> None:
    stream = [
        Movie(str(n), poster=POSTER if n % 3 else Path("none.jpg"), lettering=LANTERNS)
        for n in range(AT_ONCE + 3)
    ]
    stream.append(Movie("nothing"))
    predictions = predict(tiny, films, *stream)
    assert [one.id for one in predictions] == [movie.id for movie in stream]
    for n, one in enumerate(predictions[:-1]):
        assert set(one.genres) == {"Horror", "Mystery"}
        assert (one.error is None) == bool(n % 3)
    assert predictions[-1].scores == {} and predictions[-1].source == {}


SCORES = {"Drama": 0.9, "Horror": 0.2, "Sport": 0.8, "War": 0.1}
MODEL = Prediction("a", SCORES, ("Drama", "Sport"))


@pytest.mark.parametrize(
    ("of_film", "genres", "source"),
    [
        ({}, ("Drama", "Sport"), dict.fromkeys(SCORES, "model")),
        (
            {"movielens": ("Horror", "War")},  # which has no Sport
            ("Sport", "Horror", "War"),
            {"Drama": "lookup", "Horror": "lookup", "Sport": "model", "War": "lookup"},
        ),
        ({"imdb": ("War",)}, ("War",), dict.fromkeys(SCORES, "lookup")),
        (
            {"tmdb": ("War",), "imdb": ("Horror", "War", "Sport")},  # TMDb first, then IMDb
            ("Sport", "War"),
            dict.fromkeys(SCORES, "lookup"),
        ),
    ],
)
def test_the_index_decides_what_its_taxonomies_can_say(
    of_film: Mapping[str, tuple[str, ...]], genres: tuple[str, ...], source: dict[str, str]
) -> None:
    one = combine(MODEL, Movie("a"), Film("tt9", "Tallow Hill", genres=of_film))
    assert (one.genres, one.source, one.scores) == (genres, source, SCORES)


def test_likely_films_count_by_their_probability() -> None:
    war = Film("tt1", "Tallow Hill", genres={"movielens": ("War",)})  # which has no Sport
    fright = Film("tt2", "Tallow Hill", genres={"imdb": ("Horror", "Drama")})
    bare = Film("tt3", "Tallow Hill")
    model = replace(MODEL, thresholds=dict.fromkeys(SCORES, 0.5))
    one = soften(model, [(0.5, war), (0.2, fright), (0.1, bare)])
    assert one.scores == pytest.approx(
        {
            "Drama": 0.2 + 0.3 * 0.9,
            "Horror": 0.2 + 0.3 * 0.2,
            "Sport": 0.8 * 0.8,
            "War": 0.5 + 0.3 * 0.1,
        }
    )
    assert one.genres == ("Sport", "War")
    assert soften(model, []) == model
    empty = Prediction("a", error="nothing")
    assert soften(empty, [(0.5, war)]) == empty


def test_films_that_a_movie_says_it_is_not_are_not_likely(films: Films) -> None:
    movie = Movie("a", year=1980, lettering=poster(("THE FERRYMAN", 0.6, 0.1)))
    answer = identify(films, movie)
    likely = likely_films(films, movie, answer)
    assert len(answer.candidates) == 5
    assert {film.year for _, film in likely} <= {1980}


def test_genres_of_a_file_stay_and_none_join_them() -> None:
    film = Film("tt9", "Tallow Hill", genres={"imdb": ("War",)})
    movie = Movie("a", genres={"genreel": ("Horror", "Film-Noir")})
    one = combine(MODEL, movie, film)
    assert one.genres == ("Horror",)
    assert one.source == dict.fromkeys(SCORES, "file")
    other = combine(MODEL, Movie("a", genres={"genreel": ("Film-Noir",)}), film)
    assert other.genres == ("War",), "a genre that the model does not tell decides nothing"


def test_a_film_without_genres_leaves_them_to_the_model() -> None:
    one = combine(MODEL, Movie("a"), Film("tt9", "Tallow Hill"))
    assert (one.genres, set(one.source.values())) == (("Drama", "Sport"), {"model"})
    assert known_genres(Film("tt9", "Tallow Hill"), list(SCORES)) == {}
    ours = Film("tt9", "Tallow Hill", genres={"genreel": ("Drama",)})
    assert known_genres(ours, ["Drama", "Comedy", "Heist"]) == {"Drama": True, "Comedy": False}


def test_what_a_person_says_of_the_movie_stays() -> None:
    film = Film("tt9", "Tallow Hill", 1966, plot="Two sisters find a map of the old house.")
    movie = Movie("a", title="The Tallow Hill", year=1965)
    complete = with_film(movie, film, ("en",))
    assert (complete.title, complete.year, complete.plot) == ("The Tallow Hill", 1965, film.plot)
    named = with_film(Movie("scans/IMG_0012", title="IMG 0012"), film, ("en",))
    assert (named.title, named.year) == ("Tallow Hill", 1966)


def test_a_plot_that_the_model_cannot_read_is_left_out() -> None:
    plot = "Die beiden Schwestern finden in dem alten Haus eine Karte und gehen in den Wald."
    film = Film("tt9", "Tallow Hill", plot=plot)
    assert with_film(Movie("a"), film, ("en",)).plot == ""
    assert with_film(Movie("a"), film, ("en", "de")).plot == plot


@pytest.mark.parametrize(
    ("movie", "is_accepted"),
    [
        (Movie("a", title="Lanterns over Brill", year=1975), True),
        (Movie("a", title="Lanterns Over Brill!"), True),
        (Movie("IMG_0012", title="IMG 0012"), True),
        (Movie("a", poster=Path("dir/IMG_0012.jpg"), title="img 0012"), True),
        (Movie("a", year=1990), False),
        (Movie("a", title="A Marsh in B Flat"), False),
    ],
)
def test_a_film_that_the_movie_says_it_is_not_is_not_accepted(
    films: Films, movie: Movie, is_accepted: bool
) -> None:
    answer = identify(films, replace(movie, lettering=LANTERNS))
    assert (answer.film == "tt9000002") == is_accepted
    assert answer.candidates[0].film == "tt9000002"
    assert identify(films, movie) == Identification()


def test_a_prediction_survives_json() -> None:
    film = Film("tt9", "Tallow Hill", genres={"imdb": ("War",)})
    identified = Identification("tt9", "Tallow Hill", None, 0.97)
    one = replace(combine(MODEL, Movie("a"), film), identified=identified)
    assert Prediction.from_dict(one.to_dict()) == one
    assert Prediction.from_dict(MODEL.to_dict() | {"thresholds": SCORES}).thresholds == SCORES
    assert {"identified", "source"}.isdisjoint(MODEL.to_dict())
