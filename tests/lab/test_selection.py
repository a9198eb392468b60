"""Which movies of a catalogue, and which of their genres, a recipe is about."""

from __future__ import annotations

from collections.abc import Sequence

from genreel.catalogue import Movie
from genreel.lab.recipe import load_recipe
from genreel.lab.train import _select, _split

RECIPE = "dealer-pca-knn"
PLAIN = ["data.main_genre=false", "data.balanced=false", "data.at_most=0", "data.years=[0, 0]"]

LISTS = (
    "Drama Action",
    "Action",
    "Comedy Drama",
    "Drama",
    "Horror Drama",
    "Drama Comedy",
    "Comedy",
)


def movies(lists: Sequence[str] = LISTS) -> list[Movie]:
    return [
        Movie(str(i), year=2016, genres={"genreel": tuple(names.split())})
        for i, names in enumerate(lists)
    ]


def select(*changes: str, lists: Sequence[str] = LISTS) -> dict[str, str]:
    """Id → genres of the movies that are selected."""
    recipe = load_recipe(RECIPE, [*PLAIN, *changes])
    return {m.id: " ".join(m.genres["genreel"]) for m in _select(recipe, movies(lists))}


def test_the_main_genre_is_the_first_and_the_only_one() -> None:
    found = select("data.main_genre=true")
    assert found == {"0": "Drama", "1": "Action", "2": "Comedy", "3": "Drama"} | {
        "5": "Drama",
        "6": "Comedy",
    }


def test_one_genre_is_the_only_one_of_the_vocabulary() -> None:
    assert list(select("data.one_genre=true")) == ["1", "3", "4", "6"]


def test_the_first_genres_of_a_list() -> None:
    found = select("data.first_genres=2", lists=["Drama Action Comedy", "Comedy"])
    assert found == {"0": "Drama Action", "1": "Comedy"}


def test_classes_are_balanced_in_the_order_of_the_split() -> None:
    main = "data.main_genre=true"
    assert list(select(main, "data.balanced=true")) == ["0", "1", "2"]
    lists = ["Drama"] * 4 + ["Action"] * 3 + ["Comedy"] * 3
    assert list(select(main, "data.balanced=true", lists=lists)) == list("012456789")
    assert list(select(main, "data.balanced=true", "data.at_most=6", lists=lists)) == list("014578")


def test_a_recipe_has_shares_of_its_own_where_no_split_is_given() -> None:
    recipe = load_recipe(RECIPE, [*PLAIN, "data.shares=[0.5, 0.25, 0.25]"])
    films = movies(["Drama"] * 20 + ["Action"] * 20)
    split, _ = _split(recipe, {movie.id: movie for movie in films}, None, None)
    assert [len(split.train), len(split.valid), len(split.test)] == [20, 10, 10]
