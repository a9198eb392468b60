"""The rules of the store, on SQLite and on PostgreSQL."""

from __future__ import annotations

import sqlite3
import threading
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stores import THRESHOLDS, prediction

from genreel.app.store.browse import Filter, count, facets, find, progress, queue
from genreel.app.store.correction import Correction, Shift
from genreel.app.store.database import Database, safe_url
from genreel.app.store.events import last_act
from genreel.app.store.schema import MIGRATIONS, events, migrate
from genreel.app.store.store import Store
from genreel.app.store.views import (
    View,
    collections,
    delete_view,
    read_views,
    save_view,
)
from genreel.catalogue import Movie
from genreel.errors import Conflict, InputError, StoreDamaged, StoreError, UnknownFilm
from genreel.prediction import Prediction

DRAMA = Movie("a", "Lantern Street", 1953, "A lamp goes out.", genres={"genreel": ("Drama",)})


def test_what_is_not_given_stays(store: Store) -> None:
    store.save(DRAMA, poster=b"jpeg", path="a.jpg")
    film = store.save(Movie("a", year=1954))
    assert (film.title, film.year, film.plot) == ("Lantern Street", 1954, "A lamp goes out.")
    assert store.poster(film.poster or "") == b"jpeg"
    assert film.genres == ("Drama",)
    assert film.path == "a.jpg"


def test_a_persons_text_is_not_overwritten_until_it_is_taken_back(store: Store) -> None:
    store.save(DRAMA)
    store.edit("a", {"title": "Lantern Street II", "plot": "A lamp goes out."})
    assert store.save(Movie("a", "Other", plot="Other")).title == "Lantern Street II"
    assert store.film("a").plot == "Other"  # no person changed it
    store.undo_last()
    assert store.film("a").title == "Lantern Street"
    assert store.save(Movie("a", "Other")).title == "Other"


def test_a_person_wins_and_rejected_stays_rejected(store: Store) -> None:
    store.save(DRAMA)
    store.save_prediction("a", prediction(Crime=0.9, Drama=0.2), "m1")
    assert store.film("a").genres == ("Drama",)  # the file's word, and nothing joins it
    film = store.save_review("a", ["Comedy"])
    assert (film.genres, film.state) == (("Comedy",), "reviewed")
    store.save_prediction("a", prediction(Crime=0.99, Drama=0.99), "m2")
    store.save_genres("a", "file", ["Drama", "War"])
    store.save_genres("a", "lookup", ["Western"])
    store.tuning.apply_thresholds(dict.fromkeys(THRESHOLDS, 0.0))
    film = store.film("a")
    assert film.genres == ("Comedy",)
    assert not film.opinions["Crime"]["person"].verdict
    assert film.opinions["Crime"]["model"].by == "m2"


def test_nothing_found_wipes_nothing(store: Store) -> None:
    store.save(DRAMA)
    store.save_prediction("a", prediction(Crime=0.9), "m1")
    store.save_genres("a", "file", [])
    store.save_genres("a", "file", ["Polka"])  # not a genre of the model
    film = store.save_prediction("a", Prediction("a", error="poster a: is empty"), "m2")
    assert film.genres == ("Drama",)
    assert film.opinions["Crime"]["model"].verdict  # which nobody lost
    assert film.problem == "poster a: is empty"
    assert store.save_prediction("a", prediction(Crime=0.9), "m2").problem == ""


def test_undo_goes_back_step_by_step(store: Store) -> None:
    store.save(Movie("a"))
    store.save_prediction("a", prediction(Crime=0.9), "m1")
    store.save_review("a", ["Comedy"])
    store.save_review("a", ["War"])
    assert store.undo_last()["kind"] == "review"  # type: ignore[index]
    assert store.film("a").genres == ("Comedy",)
    store.undo_last("a")
    film = store.film("a")
    assert (film.genres, film.state) == (("Crime",), "new")
    assert store.undo_last() is None
    kinds = [event["kind"] for event in store.history("a")]
    assert kinds == ["undo", "undo", "review", "review", "predict", "add"]


def test_skipping_comes_back_last_and_can_be_undone(store: Store) -> None:
    for name in "ab":
        store.save(Movie(name))
        store.save_prediction(name, prediction(Crime=0.9 if name == "a" else 0.99), "m1")
    assert queue(store, "unsure") == ["a", "b"]
    store.skip("a")
    assert queue(store, "unsure") == ["b", "a"]
    store.save_review("b", [])
    assert queue(store, "unsure") == ["a"]
    store.undo_last("a")
    assert store.film("a").state == "new"


def test_a_second_window_is_told(store: Store) -> None:
    seen = store.save(Movie("a")).version
    store.save_review("a", ["War"], seen)
    with pytest.raises(Conflict, match="'a' was changed by somebody else"):
        store.save_review("a", ["Comedy"], seen)
    with pytest.raises(Conflict):
        store.edit("a", {"title": "x"}, seen)
    assert store.film("a").genres == ("War",)


def test_unknown_films_and_genres(store: Store) -> None:
    for call in (
        lambda: store.film("x"),
        lambda: store.save_review("x", []),
        lambda: store.delete("x"),
        lambda: store.save_prediction("x", prediction(), "m"),
    ):
        with pytest.raises(UnknownFilm, match="no film 'x'"):
            call()
    store.save(Movie("a"))
    with pytest.raises(StoreError, match="unknown genre Polka"):
        store.save_review("a", ["Polka"])


def test_a_file_names_all_genres_of_its_film(store: Store) -> None:
    store.save(Movie("a", genres={"genreel": ("Film-Noir", "Crime")}))
    store.save(Movie("b"))
    scores = prediction(Comedy=0.9, Crime=0.6, Drama=0.8)
    for name in "ab":
        film = store.save_prediction(name, scores, "m")
    assert film.genres == ("Comedy", "Drama", "Crime")
    assert store.film("a").genres == ("Crime", "Film-Noir")
    store.save_genres("a", "lookup", ["War"])
    assert store.tuning.preview_thresholds({"Comedy": 0.95})["changed"] == 1  # b alone
    store.tuning.apply_thresholds(dict.fromkeys(THRESHOLDS, 0.0))
    assert store.film("a").genres == ("Crime", "Film-Noir")
    assert queue(store, "unsure") == ["b", "a"]  # there is nothing to be unsure of
    assert store.save_review("a", ["War"]).genres == ("War",)
    store.undo_last()
    assert store.film("a").genres == ("Crime", "Film-Noir")


def test_a_deleted_film_comes_back_whole(store: Store) -> None:
    store.save(DRAMA, poster=b"1", path="a.jpg")
    store.save_prediction("a", prediction(Crime=0.9), "m1")
    store.save_review("a", ["Comedy"])
    store.save(Movie("b"))
    store.save_review("b", ["War"])
    before = store.film("a")
    store.delete("a", before.version)
    assert [e["kind"] for e in store.history("a")][:2] == ["delete", "review"]
    store.tuning.apply_thresholds({"Crime": 0.95})  # while it lies in the trash
    assert store.undo_last()["kind"] == "thresholds"  # type: ignore[index]
    undone = store.undo_last()
    assert undone and (undone["kind"], undone["film"]) == ("delete", "a")
    after = store.film("a")
    assert after == replace(before, version=before.version + 1)
    assert store.poster(after.poster or "") == b"1"
    assert store.film("b").genres == ("War",)  # an older act, which nobody took back
    assert store.undo_last()["film"] == "b"  # type: ignore[index]
    store.undo_last("a")
    assert store.film("a").state == "new"
    assert [e["kind"] for e in store.history("a")][:3] == ["undo", "undo", "delete"]


def test_a_film_in_the_trash_follows_thresholds(store: Store) -> None:
    store.save(Movie("a"))
    store.save_prediction("a", prediction(Crime=0.9), "m1")
    store.delete("a")
    store.tuning.apply_thresholds({"Crime": 0.95})
    store.undo_last("a")
    assert store.film("a").genres == ()


def test_the_trash_is_emptied_of_what_is_old(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = store.save(Movie("a"), poster=b"1").poster or ""
    store.save(Movie("b"), poster=b"1")
    store.delete("a")
    store.delete("b")
    assert store.poster(digest) == b"1"
    monkeypatch.setattr("genreel.app.store.store.KEPT_SECONDS", -1.0)
    store.save(Movie("c"))
    store.delete("c")
    assert store.poster(digest) is None
    assert store.undo_last() is None
    assert [e["kind"] for e in store.history("a")] == ["delete", "add"]


def test_history_belongs_to_a_life_and_not_to_a_name(store: Store) -> None:
    store.save(Movie("u1", "Old"))
    store.edit("u1", {"title": "Old, edited"})
    store.delete("u1")
    store.save(Movie("u1", "New"))
    assert [e["kind"] for e in store.history("u1")] == ["add"]
    assert store.save(Movie("u1", "Newer")).title == "Newer"  # no person wrote this film's title
    assert store.undo_last("u1") is None
    undone = store.undo_last()  # the deletion; the name is taken
    assert undone and (undone["kind"], undone["film"]) == ("delete", "u1-2")
    assert store.film("u1-2").title == "Old, edited"
    undone = store.undo_last()
    assert undone and (undone["kind"], undone["film"]) == ("edit", "u1-2")
    assert (store.film("u1").title, store.film("u1-2").title) == ("Newer", "Old")
    assert store.undo_last() is None


def test_undo_takes_back_the_last_act_also_where_it_changed_nothing(store: Store) -> None:
    store.save(Movie("a"))
    store.save(Movie("b"))
    store.skip("a")
    store.save_review("b", ["War"])
    store.skip("a")  # is for later already
    store.edit("a", {"title": ""})
    for kind in ("edit", "skip"):
        assert store.undo_last()["kind"] == kind  # type: ignore[index]
    assert store.film("b").genres == ("War",)


def test_thresholds_are_previewed_then_applied_then_undone(store: Store) -> None:
    for name, score in (("a", 0.3), ("b", 0.6), ("c", 0.9), ("d", 0.6)):
        store.save(Movie(name))
        store.save_prediction(name, prediction(name, Crime=score), "m")
    store.save_review("d", ["Crime"])
    preview = store.tuning.preview_thresholds({"Crime": 0.7})
    assert preview["changed"] == 1  # b loses it; d is a person's
    assert preview["genres"]["Crime"] == 2
    assert store.film("b").genres == ("Crime",)
    assert store.tuning.apply_thresholds({"Crime": 0.7}) == 1
    assert store.film("b").genres == ()
    assert store.film("d").genres == ("Crime",)
    store.undo_last()
    assert store.film("b").genres == ("Crime",)
    assert store.tuning.overrides() == {}


def test_a_correction_rescores_its_decade_and_goes_back(store: Store) -> None:
    for name, year in (("old", 1953), ("new", 2003)):
        store.save(Movie(name, year=year))
        store.save_prediction(name, prediction(name, Crime=0.3), "m")
    before = store.film("old")
    store.tuning.save_correction(
        Correction({"1950": {"Crime": Shift(2.0, 1.0, 0.5, 0.0)}}), {"reviews": 10}
    )
    assert store.film("old").genres == ("Crime",)
    assert store.film("new").genres == ()
    opinion = store.film("old").opinions["Crime"]["model"]
    assert opinion.raw == 0.3
    assert opinion.score == pytest.approx(0.76, abs=0.01)
    assert store.edit("new", {"year": 1955}).genres == ("Crime",)  # its decade is another now
    assert [one["figures"] for one in store.tuning.list_corrections()] == [{"reviews": 10}]
    assert store.tuning.go_back() == ""
    assert store.film("old").opinions == before.opinions
    assert not store.tuning.is_learning()


def test_an_interrupted_rescoring_goes_on_when_the_store_is_opened(
    open_store: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store()
    store.save(Movie("old", year=1953))
    store.save_prediction("old", prediction(Crime=0.3), "m")
    with monkeypatch.context() as patch:
        patch.setattr(store.tuning, "rescore", lambda: None)
        store.tuning.save_correction(Correction({"1950": {"Crime": Shift(2.0, 1.0, 0.5, 0.0)}}), {})
    assert store.film("old").genres == ()
    assert open_store().film("old").genres == ("Crime",)


def test_doubtful_genres_come_first(store: Store) -> None:
    for name, genre in (("a", "Drama"), ("b", "Drama"), ("c", "")):
        store.save(Movie(name, genres={"genreel": (genre,)} if genre else {}))
    store.save_prediction("a", prediction(Drama=0.9), "m")
    store.save_prediction("b", prediction(Drama=0.05, War=0.3), "m")
    store.save_prediction("c", prediction(War=0.5), "m")
    assert queue(store, "doubtful", 3) == ["b", "a", "c"]
    assert queue(store, "unsure", 3) == ["c", "b", "a"]
    store.save_prediction("a", prediction(Drama=0.9, War=0.99), "m")  # a genre that is missing
    assert queue(store, "doubtful", 3) == ["a", "b", "c"]


def test_finding(store: Store) -> None:
    store.save(Movie("a", "100% Snow", 1953), poster=b"1")
    store.save(Movie("b", "Rain", 1961, "snow falls"))
    store.save(Movie("c", "Sun"))
    for name, genre in (("a", "Crime"), ("b", "War")):
        store.save_prediction(name, prediction(name, **{genre: 0.9}), "m")
    store.save_review("b", ["War", "Drama"])

    def ids(**wanted: object) -> list[str]:
        return [film.id for film in find(store, Filter(**wanted), "title")]  # type: ignore[arg-type]

    assert ids() == ["a", "b", "c"]
    assert ids(text="SNOW") == ["a", "b"]
    assert ids(text="100%") == ["a"]
    assert ids(text="_") == []
    assert ids(decade=1950) == ["a"]
    assert ids(genre="Drama") == ["b"]
    assert ids(genre="none") == ["c"]
    assert ids(state="reviewed") == ["b"]
    assert find(store, Filter(genre="War"))[0].genres == ("War", "Drama")  # the surest first
    assert count(store, Filter(state="new")) == 2
    assert facets(store, Filter(state="reviewed")) == {
        "genre": {"Drama": 1, "War": 1},
        "decade": {1960: 1},
        "state": {"new": 2, "reviewed": 1},
        "identity": {},
    }
    assert facets(store, Filter())["decade"] == {1950: 1, 1960: 1}
    assert queue(store, "newest") == ["c", "a"]
    assert queue(store, "unsure") == ["c", "a"]  # nothing is known of c
    assert queue(store, "rarest") == ["c", "a"]


def test_search_knows_no_capitals_accents_and_widths(store: Store) -> None:
    titles = {
        "de": "Straße im Nebel",
        "tr": "İstanbul'da Işık",
        "fr": "Le cœur d'Élodie",
        "ja": "ｶﾞﾗｽの街",
        "ar": "أُغْنِيَة البحر",
        "ko": "한강의 밤",
        "hi": "नीली नदी",
        "he": "שָׁלוֹם",
        "ru": "Ёлка у моря",
    }
    for film, title in titles.items():
        store.save(Movie(film, title, plot="Ａ ﬁne day."))

    def ids(text: str) -> list[str]:
        return [film.id for film in find(store, Filter(text=text), "title")]

    searches = {
        "de": ("strasse", "STRAẞE", "straße nebel"),
        "tr": ("istanbul", "ISIK", "ışık"),
        "fr": ("coeur", "elodie", "CŒUR ÉLODIE"),
        "ja": ("ガラス",),
        "ar": ("اغنية", "أغنيه"),
        "ko": ("한강", unicodedata.normalize("NFD", "한강")),
        "hi": ("नीली",),
        "he": ("שלום",),
        "ru": ("елка", "ЁЛКА"),
    }
    for film, texts in searches.items():
        for text in texts:
            assert ids(text) == [film], text
    assert ids("नाला") == ids("カラス") == []  # other words, not other accents
    assert len(ids("a fine day")) == len(titles)
    store.edit("de", {"title": "Brücke"})
    assert (ids("strasse"), ids("brucke")) == ([], ["de"])
    store.delete("de")
    store.undo_last()
    assert ids("BRÜCKE") == ["de"]


def test_titles_of_any_script_are_sorted(store: Store) -> None:
    titles = ["«Ábel»", "Abend", "Rocky 2", "Rocky 10", "Zebra", "Ödland", "Ωμέγα", "Ящик", "קול",
              "بحر", "นก", "あめ", "東京", "서울"]  # fmt: skip
    for number, title in enumerate(reversed(titles)):
        store.save(Movie(f"{number}", title))
    store.save(Movie("folder/M", year=1953))  # no title: it goes by its name
    films = [film.title for film in find(store, Filter(), "title")]
    by_hand = [*titles[:2], "", "Ödland", *titles[2:5], *titles[6:]]
    assert films == by_hand


def test_a_plot_keeps_the_language_that_somebody_told(store: Store) -> None:
    store.save(Movie("a", plot="Kaus laut biru.", language="id"))
    assert store.film("a").language == "id"
    assert store.save(Movie("a", "Biru")).language == "id"  # the plot is as it was
    assert store.save(Movie("a", plot="A blue sea.")).language == ""
    store.edit("a", {"plot": "Ein blaues Meer.", "language": "de"})
    assert store.save(Movie("a", plot="Una mar.", language="ca")).language == "de"  # a person's
    store.edit("a", {"plot": "Nothing."})
    assert store.film("a").language == ""
    store.undo_last("a")
    assert (store.film("a").plot, store.film("a").language) == ("Ein blaues Meer.", "de")


def test_how_many_more_reviews(store: Store) -> None:
    for name, score in (("a", 0.55), ("b", 0.9), ("c", 0.95)):
        store.save(Movie(name))
        store.save_prediction(name, prediction(name, Crime=score), "m")
    said = progress(store, "unsure", 0.9)
    assert said["precision"] == pytest.approx(0.8)
    assert (said["remaining"], said["until"]) == (3, 1)  # then 0.15 of 3 labels are in doubt
    store.save_review("a", ["Crime"])
    said = progress(store, "unsure", 0.9)
    assert (said["reviewed"], said["remaining"], said["until"]) == (1, 2, 0)
    assert progress(store, "unsure", 1.0)["until"] == 2


def test_two_servers_lose_no_review(open_store: Callable[[], Store]) -> None:
    servers = [open_store(), open_store()]
    names = [f"film{i}" for i in range(20)]
    for name in names:
        servers[0].save(Movie(name))
    failures: list[Exception] = []

    def work(store: Store, chosen: list[str]) -> None:
        try:
            for name in chosen:
                store.save_review(name, ["War"])
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(servers[i % 2], names[i::4])) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert count(servers[1], Filter(state="reviewed", genre="War")) == 20
    with servers[0].database.reading() as connection:
        kinds = connection.execute(sa.select(events.c.film).where(events.c.kind == "review"))
        assert sorted(kinds.scalars()) == sorted(names)


# Property: whatever happens, the first source that spoke decides, and undo is exact.

SAID = ("Crime", "War", "Drama")
ACTIONS = st.one_of(
    st.tuples(
        st.just("predict"), st.lists(st.sampled_from([0.1, 0.6, 0.9]), min_size=3, max_size=3)
    ),
    st.tuples(st.sampled_from(["file", "lookup", "review"]), st.sets(st.sampled_from(SAID))),
    st.tuples(st.just("undo"), st.none()),
    st.tuples(st.just("threshold"), st.sampled_from([0.0, 0.5, 0.7, 1.0])),
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(ACTIONS, max_size=8))
def test_precedence(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, object]]
) -> None:
    store = Store(str(tmp_path_factory.mktemp("store") / "films.db"), THRESHOLDS)
    store.save(Movie("a"))
    said: dict[str, dict[str, bool]] = {"person": {}, "file": {}, "lookup": {}}
    scores: dict[str, float] = {}
    threshold = 0.5
    done: list[tuple[str, object]] = []
    for kind, what in actions:
        if kind == "predict":
            scores = dict(zip(SAID, what, strict=True))  # type: ignore[call-overload]
            store.save_prediction("a", prediction(**scores), "m")
        elif kind == "review":
            done.append(("review", dict(said["person"])))
            said["person"] = {genre: genre in what for genre in SAID}  # type: ignore[operator]
            store.save_review("a", what)  # type: ignore[arg-type]
        elif kind == "threshold":
            done.append(("threshold", threshold))
            threshold = float(what)  # type: ignore[arg-type]
            store.tuning.apply_thresholds(dict.fromkeys(SAID, threshold))
        elif kind == "undo":
            assert (store.undo_last() is None) == (not done)
            if done:
                undone, before = done.pop()
                if undone == "review":
                    said["person"] = before  # type: ignore[assignment]
                else:
                    threshold = before  # type: ignore[assignment]
        elif what:
            said[kind] = dict.fromkeys(what, True)  # type: ignore[call-overload]
            store.save_genres("a", kind, list(what))  # type: ignore[arg-type, call-overload]
        model = {genre: score >= threshold for genre, score in scores.items()}
        ranked: tuple[dict[str, bool], ...]
        ranked = (said["person"], said["file"], said["lookup"], model)
        if said["file"]:  # and nothing joins what a file names
            ranked = (said["person"], said["file"])
        expected = {g for g in SAID if next((by[g] for by in ranked if g in by), False)}
        assert set(store.film("a").genres) == expected
    store.close()


# The file itself


def test_sqlite_keeps_what_it_confirmed(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "films.db"), THRESHOLDS)
    with store.database.writing() as connection:
        read = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert read == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_newer_store_is_refused(url: str) -> None:
    database = Database(url)
    with database.writing() as connection:
        migrate(connection, (*MIGRATIONS, lambda connection: None))
    newest = len(MIGRATIONS)
    told = f"version {newest + 1}, this genreel knows {newest}; upgrade genreel"
    with pytest.raises(StoreError, match=told):
        Database(url)
    database.close()


def test_an_older_store_is_brought_up_to_date_once(url: str) -> None:
    database = Database(url)
    add = sa.text("ALTER TABLE films ADD COLUMN stars INTEGER")
    steps = (*MIGRATIONS, lambda connection: connection.execute(add))
    for _ in range(2):
        with database.writing() as connection:
            migrate(connection, steps)
            assert connection.execute(sa.text("SELECT count(stars) FROM films")).scalar_one() == 0
    database.close()


def test_a_store_of_version_1_goes_on(url: str) -> None:
    store = Store(url, THRESHOLDS)
    store.save(Movie("a", "First"))
    store.edit("a", {"title": "First, edited"})
    store.delete("a")
    store.save(replace(DRAMA, title="Second"), poster=b"1")
    store.save_prediction("a", prediction(Crime=0.9), "m")
    store.edit("a", {"plot": "By hand."})
    store.save(Movie("b", "Other"))
    store.delete("b")
    with store.database.writing() as connection:  # as version 1 had it
        connection.execute(sa.text("DROP TABLE trash"))
        for table in ("films", "events"):
            connection.execute(sa.text(f"DROP INDEX ix_{table}_life"))
            connection.execute(sa.text(f"ALTER TABLE {table} DROP COLUMN life"))
        for column in ("language", "title_key", "search_text", "extra"):
            connection.execute(sa.text(f"ALTER TABLE films DROP COLUMN {column}"))
        connection.execute(sa.text("UPDATE settings SET value = '1' WHERE name = 'schema'"))
        sql = "INSERT INTO decisions (film, genre, source) VALUES ('a', 'Crime', 'model')"
        connection.execute(sa.text(sql))
    store.close()
    store = Store(url, THRESHOLDS)
    assert store.film("a").genres == ("Drama",)
    assert [film.id for film in find(store, Filter(text="BÝ hand"))] == ["a"]
    assert store.film("a").extra == {}
    assert [e["kind"] for e in store.history("a")] == ["edit", "predict", "genres", "add"]
    assert store.save(Movie("a", "Third", plot="Third")).title == "Third"
    assert store.film("a").plot == "By hand."
    store.delete("a")
    for kind in ("delete", "edit"):
        assert store.undo_last()["kind"] == kind  # type: ignore[index]
    assert store.film("a").plot == DRAMA.plot
    assert store.undo_last() is None  # what version 1 deleted is gone
    store.close()


def test_views_are_kept_and_hold_their_films(store: Store) -> None:
    for number, year in enumerate((1931, 1957, 1960, None)):
        genres = {"genreel": ("Horror",)}
        store.save(Movie(f"f{number}", f"Film {number}", year, genres=genres))
    view = View("Horror  before 1960/🎃", Filter("Horror", before=1960), "title")
    assert save_view(store, view).name == "Horror before 1960/🎃"
    save_view(store, View("Nothing", Filter("War")))
    assert collections(store) == {"Horror before 1960/🎃": ["f0", "f1"], "Nothing": []}
    [kept, _] = read_views(store).values()
    assert kept.address == "/?genre=Horror&before=1960&order=title"
    assert kept.link == "/views/Horror%20before%201960%2F%F0%9F%8E%83"
    save_view(store, View("NOTHING", Filter(since=1957)))
    assert list(collections(store)) == ["Horror before 1960/🎃", "NOTHING"]
    assert collections(store)["NOTHING"] == ["f2", "f1"]
    assert delete_view(store, "NOTHING") and not delete_view(store, "NOTHING")
    of_films = [event for event in store.history() if event["film"] is not None]
    assert len(of_films) == 4 * 2  # views are no events of films
    for name in ("", " ", "a\nb" + "c" * 80, "\u200b"):
        with pytest.raises(InputError, match="give a name"):
            save_view(store, View(name, Filter()))


@pytest.mark.parametrize("name", ["", " ", ".", "..", "a\x00b", "\u202ea", "\ud800", "x" * 81])
def test_a_view_s_name_is_one_that_can_be_opened(store: Store, name: str) -> None:
    with pytest.raises(InputError, match="give a name of 1 to 80 characters"):
        save_view(store, View(name, Filter()))
    assert read_views(store) == {}


def test_what_was_done_to_views_is_undone(store: Store) -> None:
    save_view(store, View("Old horror", Filter(genre="Horror", before=1960)))
    save_view(store, View("War", Filter(genre="War")))
    assert delete_view(store, "War")
    assert not delete_view(store, "War")  # which is no act, and nothing to undo
    assert last_act(store.database) == "views"
    store.undo_last()
    assert list(read_views(store)) == ["Old horror", "War"]
    store.undo_last()
    assert list(read_views(store)) == ["Old horror"]
    store.save(Movie("a"))
    store.save_review("a", ["War"])
    assert last_act(store.database) != "views"


def test_columns_of_a_persons_own_stay(store: Store) -> None:
    columns = {"price": "45.00", "sku": 17, "sold": False, "größe": "27×41 \0"}
    store.save(Movie("a", "First", extra=columns))
    assert store.film("a").extra == columns
    events = len(store.history())
    store.save(Movie("a", "First", extra=columns))  # the table sent again changes nothing
    assert len(store.history()) == events
    store.save(Movie("a", extra={"price": "50.00", "state": "reviewed"}))  # of an export
    assert store.film("a").extra == {**columns, "price": "50.00"}
    store.delete("a")
    store.undo_last()
    assert store.film("a").extra["price"] == "50.00"


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense://", "sqlite:////proc/nowhere/films.db"])
def test_no_store_there(url: str) -> None:
    with pytest.raises(StoreError):
        Database(url)


def test_a_file_that_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "films.db").write_text("not a database, but long enough to be looked at" * 40)
    with pytest.raises(StoreDamaged, match=r"is damaged .file is not a database.; put"):
        Database(str(tmp_path / "films.db"))


def test_a_missing_folder_is_named_and_not_made(tmp_path: Path) -> None:
    folder = tmp_path / "no" / "where"
    with pytest.raises(StoreError, match=f"no folder {folder} for the store; make it, or correct"):
        Database(str(folder / "films.db"))
    assert not folder.parent.exists()


@pytest.mark.parametrize(
    "url",
    [
        "mysql://ann:secret@host/films",
        "postgresql://ann:secret@host:port/films",
        "postgresql://ann:sec/ret@secret@host:port/films",
        "oracle://host/films?user=ann&password=secret",
    ],
)
def test_a_password_is_never_shown(url: str) -> None:
    with pytest.raises(StoreError) as raised:
        Database(url)
    assert "ann" in str(raised.value) and "secret" not in str(raised.value)
    assert "secret" not in safe_url(url)


def test_urls_without_passwords_are_shown_as_they_are() -> None:
    for url in ("films.db", "sqlite:///a@b.db", "postgresql://ann@host/films", "a:b@c.db"):
        assert safe_url(url) == url
    assert safe_url("postgresql://ann:secret@h/f") == "postgresql://ann:***@h/f"


def test_a_postgresql_without_a_user() -> None:
    with pytest.raises(StoreError, match="postgresql://host/films names no user; write"):
        Database("postgresql://host/films")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("schema", '"two"'),
        ("schema", "[]"),
        ("schema", "no JSON"),
        ("thresholds", "[]"),
        ("thresholds", '{"War": "high"}'),
        ("correction", "3"),
        ("learning", '"yes"'),
    ],
)
def test_settings_of_another_kind(tmp_path: Path, name: str, value: str) -> None:
    path = tmp_path / "films.db"
    store = Store(str(path), THRESHOLDS)
    store.tuning.set_learning(True)
    store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM settings WHERE name = ?", [name])
        connection.execute("INSERT INTO settings VALUES (?, ?)", [name, value])
    connection.close()
    with pytest.raises(StoreDamaged, match=f"the store is damaged .setting '{name}'.; put back"):
        tuning = Store(str(path), THRESHOLDS).tuning
        tuning.overrides()
        tuning.is_learning()


def test_a_correction_of_another_kind(tmp_path: Path) -> None:
    path = tmp_path / "films.db"
    store = Store(str(path), THRESHOLDS)
    store.tuning.save_correction(Correction({"1950": {"War": Shift(1.0, 0.0, 0.5, 0.0)}}), {})
    store.close()
    for weights in ("no JSON", "[1]", '{"1950": 3}', '{"1950": {"War": ["x", 1, 2, 3]}}'):
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE corrections SET weights = ?", [weights])
        connection.close()
        with pytest.raises(StoreDamaged, match=r"is damaged .correction "):
            Store(str(path), THRESHOLDS)


def test_a_second_process_can_read_it(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "films.db"), THRESHOLDS)
    store.save(DRAMA)
    with sqlite3.connect(tmp_path / "films.db") as connection:
        assert connection.execute("SELECT id, title FROM films").fetchall() == [
            ("a", "Lantern Street")
        ]
