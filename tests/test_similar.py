"""Movies are compared by vectors, from the mean of the shelf."""

from __future__ import annotations

import numpy as np
import pytest

from genreel.catalogue import Movie
from genreel.errors import InputError
from genreel.features import Array
from genreel.similar import WEIGHTS, Shelf, find_movie


def vector(*values: float) -> Array:
    return np.array(values, np.float32) / np.float32(np.linalg.norm(values))


MOVIES = [
    Movie("a", title="Dust over Carrow", year=1953),
    Movie("b", title="Six Miles to Redwater", year=1969),
    Movie("c", title="Perihelion Six", year=2012),
    Movie("d", title="Éclat", year=1988),
    Movie("e", title="eclat", year=1999),
    Movie("f"),
]
VECTORS: list[dict[str, Array]] = [
    {"plot": vector(1, 0.9, 0.1)},
    {"plot": vector(1, 1, 0.1), "poster": vector(1, 0)},
    {"plot": vector(1, -1, 0.2), "poster": vector(0.9, 0.1)},
    {"plot": vector(1, -0.8, -0.9)},
    {"poster": vector(0, 1)},
    {},
]


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    return Shelf(zip(MOVIES, VECTORS, strict=True))


def test_the_nearest_come_first_and_the_movie_itself_never(shelf: Shelf) -> None:
    answers = shelf.like_one(0)
    assert answers[0].movie.id == "b"
    assert answers[0].score > 0.9
    assert {answer.movie.id for answer in answers} == {"b", "c", "d"}  # those with a plot
    assert [a.score for a in answers] == sorted((a.score for a in answers), reverse=True)


def test_what_both_have_counts_by_its_weight(shelf: Shelf) -> None:
    [other] = [answer for answer in shelf.like_one(1) if answer.movie.id == "c"]
    expected = sum(WEIGHTS[name] * other.parts[name] for name in ("plot", "poster"))
    assert other.score == pytest.approx(expected)
    [poster] = [answer for answer in shelf.like_one(1) if answer.movie.id == "e"]
    assert set(poster.parts) == {"poster"}
    assert poster.score == pytest.approx(poster.parts["poster"])


def test_another_movie_is_compared_as_one_of_the_shelf(shelf: Shelf) -> None:
    [first, *_] = shelf.like(VECTORS[0])
    assert first.movie.id == "a"
    assert first.score == pytest.approx(1, abs=1e-5)
    assert first.to_dict() == {
        "id": "a",
        "title": "Dust over Carrow",
        "year": 1953,
        "score": 1.0,
        "plot": 1.0,
        "poster": None,
    }


def test_nothing_to_compare_is_no_answer(shelf: Shelf) -> None:
    assert shelf.like_one(5) == []
    assert shelf.like({}) == []
    assert Shelf([]).like(VECTORS[0]) == []


def test_no_more_than_asked_for(shelf: Shelf) -> None:
    assert len(shelf.like_one(0, 2)) == 2


@pytest.mark.parametrize(
    ("text", "number"),
    [("c", 2), ("perihelion SIX", 2), ("Eclat (1988)", 3), (" Dust over Carrow ", 0)],
)
def test_a_movie_is_found_by_id_or_title(text: str, number: int) -> None:
    assert find_movie(MOVIES, text) == number


def test_a_title_of_two_movies_asks_for_an_id() -> None:
    with pytest.raises(InputError, match="2 movies have the title 'éclat'; give an id: d, e"):
        find_movie(MOVIES, "éclat")
    with pytest.raises(InputError, match="no movie has the id or the title 'Alba'"):
        find_movie(MOVIES, "Alba")
