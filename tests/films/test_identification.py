"""Which film a poster is of, and when none is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from shelf import FILMS, poster, write_index

from genreel.films.dating import BUCKETS, run_counts
from genreel.films.film import Film
from genreel.films.films import Films
from genreel.films.opinions import genre_bonus, people_bonus, votes_bonus
from genreel.films.ranker import FILE, load_ranker, softmax_with_none
from genreel.films.windows import MAX_WINDOWS, windows_of
from genreel.identification import Identification
from genreel.lettering import Lettering, Line

pytest.importorskip("rapidfuzz", reason="the extra 'read' is not installed")


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Films:
    return Films(write_index(tmp_path_factory.mktemp("films") / "films.db"))


OLD = ("Color by TECHNICOLOR", 0.9, 0.02)
ORCHARD = poster(
    ("THE QUINCE", 0.6, 0.08), ("ORCHARD", 0.7, 0.08), ("starring Ilse Bream", 0.8, 0.02), OLD
)


def test_a_title_on_two_lines_is_found(films: Films) -> None:
    answer = films.identify(ORCHARD)
    assert (answer.film, answer.title, answer.year) == ("tt9000001", "The Quince Orchard", 1951)
    assert answer.probability > 0.8
    assert answer.candidates[0].film == "tt9000001"
    assert len(answer.candidates) <= 5


def test_a_letter_may_be_misread(films: Films) -> None:
    answer = films.identify(poster(("THE OUINCE ORCHAPD", 0.6, 0.09), ("1951", 0.95, 0.02)))
    assert answer.candidates[0].film == "tt9000001"


def test_other_titles_name_the_film(films: Films) -> None:
    answer = films.identify(poster(("The House on", 0.5, 0.07), ("Tallow Hill", 0.6, 0.07), OLD))
    assert answer.film == "tt9000007"


def test_letters_of_another_script_are_compared(films: Films) -> None:
    assert films.identify(poster(("城と月", 0.5, 0.2))).candidates[0].film == "tt9000008"


@pytest.mark.parametrize(
    "lettering",
    [
        Lettering(),
        poster(("", 0.5, 0.1), ("...", 0.7, 0.1)),
        poster(("MOLTEN UMBRELLAS", 0.5, 0.1), ("COMING SOON", 0.9, 0.02)),
    ],
)
def test_none_of_them_is_an_answer(films: Films, lettering: Lettering) -> None:
    answer = films.identify(lettering)
    assert (answer.film, answer.title, answer.year) == (None, None, None)
    assert answer.probability < 0.5


def test_without_text_there_is_no_candidate(films: Films) -> None:
    assert films.identify(Lettering()) == Identification()


def test_of_ten_films_of_one_name_none_is_accepted(films: Films) -> None:
    answer = films.identify(poster(("THE FERRYMAN", 0.6, 0.1)))
    assert answer.film is None
    assert len(answer.candidates) == 5
    assert {one.title for one in answer.candidates} == {"The Ferryman"}
    assert sum(one.probability for one in answer.candidates) <= 1


def test_a_printed_year_tells_them_apart(films: Films) -> None:
    answer = films.identify(poster(("THE FERRYMAN", 0.6, 0.1), ("© 1980", 0.96, 0.01)))
    assert answer.candidates[0].year == 1980


def test_a_title_of_one_letter_is_not_seen_everywhere(films: Films) -> None:
    answer = films.identify(poster(("A", 0.1, 0.02), ("QUINCE PIE", 0.6, 0.1)))
    assert answer.film is None
    found = films.identify(poster(("Å", 0.5, 0.4)))
    assert found.candidates[0].film == "tt9000005"


def test_two_films_on_one_poster_are_both_candidates(films: Films) -> None:
    both = poster(("THE QUINCE ORCHARD", 0.3, 0.08), ("PERIHELION SIX", 0.6, 0.08))
    answer = films.identify(both)
    assert {one.film for one in answer.candidates} >= {"tt9000001", "tt9000006"}


def test_a_watermark_and_a_shop_s_address_are_no_title(films: Films) -> None:
    lettering = poster(
        ("THE QUINCE", 0.6, 0.08),
        ("ORCHARD", 0.7, 0.08),
        ("SAMPLE", 0.4, 0.12),
        ("www.posterhaus.example", 0.98, 0.02),
    )
    assert films.identify(lettering).candidates[0].film == "tt9000001"


def test_the_picture_decides_between_two_of_a_name(tmp_path: Path) -> None:
    pair = (
        Film("a", "Copper Rain", 1991, {"imdb": ("Western",)}),
        Film("b", "Copper Rain", 1993, {"imdb": ("Sci-Fi", "Horror")}),
        Film("c", "Copper Rain", 1992),
    )
    films = Films(write_index(tmp_path / "films.db", pair))
    lettering = poster(("COPPER RAIN", 0.6, 0.1))
    western = {"Western": 0.9, "Sci-Fi": 0.05, "Horror": 0.05, "No such genre": 0.5}
    fright = {"Western": 0.02, "Sci-Fi": 0.8, "Horror": 0.9}
    assert films.identify(lettering, western).candidates[0].film == "a"
    assert films.identify(lettering, fright).candidates[0].film == "b"


def test_genres_that_are_unknown_say_nothing() -> None:
    films = [Film("a", "A"), Film("b", "B", genres={"imdb": ("War",)})]
    rates = np.full(22, 0.1)
    bonus = genre_bonus(films, {"War": 0.9}, rates)
    assert bonus[0] == 0
    assert bonus[1] == pytest.approx(np.log(9))
    assert genre_bonus(films, {"Opera": 0.9}, rates).tolist() == [0, 0]


def test_votes_decide_between_films_of_one_name_only() -> None:
    films = [
        Film("a", "Alba", votes=10_000),
        Film("b", "Alba", votes=9),
        Film("c", "Brill", votes=1),
        Film("d", "Alba"),
    ]
    bonus = votes_bonus(films)
    assert bonus[0] == bonus[2] == bonus[3] == 0
    assert bonus[1] < -3


def test_names_of_people_speak_for_their_film() -> None:
    films = [Film("a", "Alba", people=("Ottoline Marr", "Li")), Film("b", "Alba")]
    lettering = poster(("A film by OTTOLINE MARR", 0.1, 0.02), ("LIGHT", 0.4, 0.1))
    assert people_bonus(films, lettering).tolist() == [1.5, 0]


def test_a_film_can_be_taken_out(films: Films) -> None:
    answer = films.identify_without(ORCHARD, "tt9000001")
    assert "tt9000001" not in [one.film for one in answer.candidates]
    assert answer.film is None


def test_the_least_probability_is_a_persons_to_say(films: Films) -> None:
    assert films.identify(ORCHARD, accept=1.0).film is None
    ten = films.identify(poster(("THE FERRYMAN", 0.6, 0.1)), accept=0.0)
    assert ten.title == "The Ferryman"


def test_old_words_speak_for_the_older_film(tmp_path: Path) -> None:
    pair = (Film("a", "Copper Rain", 1950), Film("b", "Copper Rain", 2015))
    films = Films(write_index(tmp_path / "films.db", pair))
    title = ("COPPER RAIN", 0.6, 0.1)
    old = poster(title, ("Color by Technicolor", 0.9, 0.02), ("with Walter Brennan", 0.8, 0.03))
    new = poster(title, ("www.copperrainmovie.com", 0.9, 0.02), ("in theaters", 0.8, 0.03))
    ranker = load_ranker()
    years = ranker.year(old), ranker.year(new)
    assert years[0] is not None and years[1] is not None and years[0] + 10 < years[1]
    assert films.identify(old).candidates[0].film == "a"
    assert films.identify(new).candidates[0].film == "b"
    assert ranker.year(Lettering()) is None


def test_words_of_any_length_and_script_are_dated() -> None:
    for text in ("", "\ud800", "a", "城と月", "x" * 100_000):
        counts = run_counts(Lettering((Line(text, 0.9, 0.1, 0.1, 0.5, 0.1),)))
        assert counts.shape == (BUCKETS,) and np.isfinite(counts).all()
        length = float(bool(text.strip()))  # also of half a surrogate pair: the gaps around it
        assert float(np.linalg.norm(counts)) == pytest.approx(length, abs=1e-5)


def test_it_is_json(films: Films) -> None:
    table = films.identify(ORCHARD).to_dict()
    assert list(table) == ["film", "title", "year", "probability", "candidates"]
    assert list(table["candidates"][0]) == ["film", "title", "year", "probability"]


def test_many_lines_stay_few_windows() -> None:
    noise = Lettering(
        tuple(Line(f"NO{n}", 0.5, n % 10 / 10, n // 10 / 100, 0.1, 0.01) for n in range(1000))
    )
    assert len(windows_of(noise)) <= MAX_WINDOWS


def test_lines_side_by_side_are_one_window() -> None:
    lettering = Lettering(
        (Line("MARSH", 0.9, 0.05, 0.5, 0.4, 0.08), Line("FLAT", 0.9, 0.5, 0.5, 0.4, 0.08))
    )
    assert {window.text for window in windows_of(lettering)} == {"marsh", "flat", "marshflat"}


def test_boxes_without_size_are_no_error(films: Films) -> None:
    films.identify(Lettering((Line("QUINCE", 0.9, 0.1, 0.5, 0, 0), Line("B", 0, -1, -1, -1, -1))))


def test_probabilities_leave_room_for_none() -> None:
    shares = softmax_with_none(np.array([1e3, 0.0]), 0.0)
    assert shares.tolist() == [1.0, 0.0]
    assert softmax_with_none(np.array([0.0]), 0.0).tolist() == [0.5]
    assert softmax_with_none(np.array([]), 0.0).tolist() == []


def test_the_ranker_is_small_and_its_arrays_plain() -> None:
    ranker = load_ranker()
    assert FILE.stat().st_size < 200_000
    assert 0.3 < float(ranker.accept) < 1
    assert ranker.rates.shape == (22,)
    assert len(FILMS) == 18
