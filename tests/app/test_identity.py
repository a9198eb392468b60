"""Which known film a film of the store is: what a lookup says, what a person answers, undo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa
from stores import THRESHOLDS, prediction

from genreel.app.store.browse import Filter, count, facets, find, queue
from genreel.app.store.database import Database
from genreel.app.store.identity import Finding
from genreel.app.store.schema import MIGRATIONS, films
from genreel.app.store.store import Entry, Store
from genreel.catalogue import Movie
from genreel.errors import Conflict
from genreel.identification import Candidate, Identification
from genreel.lettering import Lettering, Line

BRILL = Candidate("tt1", "Lanterns over Brill", 1974, 0.97)
OTHER = Candidate("tt2", "Lanterns over Brill II", 1978, 0.02)
IDENTIFIED = Identification("tt1", BRILL.title, BRILL.year, 0.97, (BRILL, OTHER))
UNSURE = replace(IDENTIFIED, film=None, title=None, year=None, probability=0.6)
NOTHING = Identification()
PRINT = Lettering((Line("LANTERNS", 0.98, 0.1, 0.6, 0.8, 0.09),))

GENRES = {genre: genre in ("Horror", "Mystery") for genre in THRESHOLDS if genre != "Sport"}
TEXTS = {"title": BRILL.title, "year": 1974, "plot": "A lamp goes out."}
FOUND = Finding(IDENTIFIED, TEXTS, GENRES)
SECOND = Finding(
    replace(IDENTIFIED, film="tt2", title=OTHER.title, year=1978),
    {"title": OTHER.title, "year": 1978},
    {"Horror": True, "Mystery": False},
)
NONE = Finding(UNSURE)


def add(store: Store, film_id: str, finding: Finding, **texts: object) -> None:
    movie = Movie(film_id, lettering=PRINT, **texts)  # type: ignore[arg-type]
    scores = prediction(film_id, Drama=0.9, Sport=0.8)
    store.save_all([Entry(movie, scores, finding=finding)], "m1")


def test_a_lookup_fills_texts_and_decides_what_its_index_can_tell(store: Store) -> None:
    add(store, "a", FOUND)
    film = store.film("a")
    assert (film.title, film.year, film.plot) == (BRILL.title, 1974, "A lamp goes out.")
    assert set(film.genres) == {"Horror", "Mystery", "Sport"}  # Sport is the model's
    assert not film.opinions["Drama"]["lookup"].verdict
    assert (film.identified, film.identity, film.identity_by) == (
        IDENTIFIED,
        "identified",
        "lookup",
    )
    assert film.lettering == PRINT.to_json()


def test_a_file_and_a_person_say_more_than_a_lookup(store: Store) -> None:
    add(store, "a", Finding(IDENTIFIED, {}, GENRES), genres={"genreel": ("War",)})
    assert store.film("a").genres == ("War",)
    store.save_review("a", ["Comedy"])
    store.save_finding("a", SECOND)
    assert store.film("a").genres == ("Comedy",)


def test_a_lookup_that_is_not_sure_changes_nothing_of_one_that_was(store: Store) -> None:
    add(store, "a", FOUND)
    before = store.film("a")
    store.save_finding("a", NONE)
    store.save_finding("a", FOUND)
    assert store.film("a") == before
    store.save_finding("a", SECOND)
    assert store.film("a").title == OTHER.title


def test_a_person_s_answer_stays_and_undo_takes_it_back(store: Store) -> None:
    add(store, "a", Finding(UNSURE))
    before = store.film("a")
    assert (before.identity, before.genres) == ("unsure", ("Drama", "Sport"))
    film = store.answer("a", FOUND, before.version)
    assert (film.title, film.year) == (BRILL.title, 1974)
    assert (film.identity, film.identity_by) == ("identified", "person")
    assert set(film.genres) == {"Horror", "Mystery", "Sport"}
    store.save_finding("a", SECOND)  # a later lookup
    store.save(Movie("a", "Quite another", 1999))  # a later table
    assert replace(store.film("a"), version=0) == replace(film, version=0)
    with pytest.raises(Conflict):
        store.answer("a", SECOND, before.version)
    event = store.undo_last("a")
    assert event is not None and event["kind"] == "identify"
    after = store.film("a")
    assert replace(after, version=0) == replace(before, version=0, opinions=after.opinions)
    assert "lookup" not in after.opinions["Horror"]
    assert store.undo_last("a") is None


def test_none_of_them_takes_back_what_the_lookup_filled_in(store: Store) -> None:
    add(store, "a", FOUND)
    store.edit("a", {"plot": "My own words."})
    film = store.answer("a", NONE)
    assert (film.title, film.year, film.plot) == ("", None, "My own words.")
    assert (film.identity, film.identity_by) == ("unknown", "person")
    assert film.genres == ("Drama", "Sport")
    assert film.identified is not None and film.identified.candidates == (BRILL, OTHER)
    store.undo_last()
    film = store.film("a")
    assert (film.title, film.identity, film.identity_by) == (BRILL.title, "identified", "lookup")
    assert set(film.genres) == {"Horror", "Mystery", "Sport"}


def test_another_film_leaves_nothing_of_the_first(store: Store) -> None:
    add(store, "a", FOUND)
    film = store.answer("a", SECOND)
    assert (film.title, film.year, film.plot) == (OTHER.title, 1978, "")
    assert film.opinions["Horror"]["lookup"].verdict
    assert "lookup" not in film.opinions["War"]
    store.answer("a", FOUND)
    film = store.answer("a", NONE)
    assert (film.title, film.year, film.plot) == ("", None, "")
    own = Finding(SECOND.identified, {**SECOND.texts, "plot": "Theirs."}, {})
    store.edit("a", {"plot": "My own words."})
    assert store.answer("a", own).plot == "My own words."


def test_films_are_found_by_their_identity(store: Store) -> None:
    add(store, "a", FOUND)
    add(store, "b", Finding(UNSURE))
    add(store, "c", Finding(NOTHING))
    store.save(Movie("d", "Not asked"))
    for film_id, identity in (("a", "identified"), ("b", "unsure"), ("c", "unknown")):
        query = Filter(identity=identity)
        assert [film.id for film in find(store, query)] == [film_id]
        assert count(store, query) == 1
    assert facets(store, Filter())["identity"] == {"identified": 1, "unsure": 1, "unknown": 1}


def test_a_film_whose_genres_a_lookup_says_is_not_in_a_hurry(store: Store) -> None:
    everything = Finding(IDENTIFIED, TEXTS, dict.fromkeys(THRESHOLDS, True))
    add(store, "a", everything)
    add(store, "b", Finding(UNSURE))
    assert queue(store, "unsure") == ["b", "a"]


def test_a_deleted_film_comes_back_with_its_identity(store: Store) -> None:
    add(store, "a", FOUND)
    before = store.film("a")
    store.delete("a")
    store.undo_last()
    assert store.film("a") == replace(before, version=before.version + 1)


def test_an_older_store_gets_the_columns(url: str) -> None:
    database = Database(url)
    with database.writing() as connection:
        connection.execute(sa.text("DROP INDEX ix_films_identity"))
        for name in ("lettering", "identified", "identity", "identity_by"):
            connection.execute(sa.text(f"ALTER TABLE films DROP COLUMN {name}"))
        [number] = [n for n, step in enumerate(MIGRATIONS) if step.__name__ == "_add_lettering"]
        MIGRATIONS[number](connection)
    database.close()
    store = Store(url, THRESHOLDS)
    add(store, "a", FOUND)
    assert store.film("a").identity == "identified"
    store.close()


def test_an_older_store_sorts_films_by_what_their_posters_say(url: str) -> None:
    store = Store(url, THRESHOLDS)
    add(store, "z", NONE)
    store.save(Movie("b", title="Borrowed Snow"))
    with store.database.writing() as connection:
        keys = {"title_key": "z", "search_text": "z"}
        connection.execute(films.update().where(films.c.id == "z").values(keys))
        [number] = [n for n, step in enumerate(MIGRATIONS) if step.__name__ == "_add_names"]
        MIGRATIONS[number](connection)
    found = find(store, Filter(text=PRINT.title()), "title")
    assert [film.id for film in found] == ["z"]
    store.close()


def test_two_stores_see_the_same(open_store: Callable[[], Store]) -> None:
    first, second = open_store(), open_store()
    add(first, "a", Finding(UNSURE))
    second.answer("a", FOUND)
    assert first.film("a") == second.film("a")
