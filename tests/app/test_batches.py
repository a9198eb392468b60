"""Many films at once: the rules of the store hold, conflicts are told, one undo takes all back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from stores import THRESHOLDS, prediction

from genreel.app.server.api.batches import act_on_many as act_route
from genreel.app.server.api.batches import selection
from genreel.app.server.api.export import export_some
from genreel.app.server.shapes import BatchIn, VersionedIn
from genreel.app.service.service import Service
from genreel.app.service.settings import Settings
from genreel.app.store.batch import Act, act_on_many
from genreel.app.store.browse import Filter, count, find, labels, queue, versions
from genreel.app.store.store import Entry, Store
from genreel.catalogue import Movie
from genreel.errors import InputError, StoreError
from genreel.predictor import Predictor


def fill(store: Store, number: int, **scores: float) -> list[str]:
    """Films "f0", "f1", … of 1953, with the same scores."""
    names = [f"f{index}" for index in range(number)]
    entries = [Entry(Movie(n, year=1953), prediction(n, **scores)) for n in names]
    for start in range(0, number, 500):
        store.save_all(entries[start : start + 500], "m1")
    return names


def seen(store: Store, *names: str) -> dict[str, int | None]:
    return {name: store.film(name).version for name in names}


def test_accepting_keeps_the_genres_as_a_persons_word(store: Store) -> None:
    fill(store, 3, Crime=0.9)
    store.save(Movie("none"))  # of which nothing is known
    store.save_review("f2", ["War"])
    outcome = act_on_many(store, dict.fromkeys(["f0", "f1", "f2", "none"]), Act("accept"))
    assert (outcome.done, outcome.unchanged) == (["f0", "f1"], ["f2"])
    assert outcome.refused == {"none": "has no genre to accept; give it one"}
    store.tuning.apply_thresholds(dict.fromkeys(THRESHOLDS, 0.0))
    film = store.film("f0")
    assert (film.genres, film.state) == (("Crime",), "accepted")
    assert store.film("f2").state == "reviewed"
    assert queue(store, "unsure") == ["none"]
    # The model learns nothing from its own word.
    assert store.tuning.count_reviews() == len(store.tuning.reviews()) == 1


def test_adding_and_removing_says_nothing_of_other_genres(store: Store) -> None:
    fill(store, 2, Crime=0.9, Drama=0.8)
    act_on_many(store, dict.fromkeys(["f0", "f1"]), Act("add", ("Western",)))
    act_on_many(store, {"f0": None}, Act("remove", ("Crime",)))
    film = store.film("f0")
    assert (film.genres, film.state) == (("Drama", "Western"), "new")
    assert set(film.opinions["Western"]) == {"model", "person"}
    assert set(film.opinions["Drama"]) == {"model"}
    store.save_prediction("f0", prediction(Comedy=0.9), "m2")
    assert store.film("f0").genres == ("Comedy", "Western")
    assert act_on_many(store, {"f0": None}, Act("add", ("Western",))).unchanged == ["f0"]
    assert not store.tuning.reviews()


def test_one_undo_takes_back_what_was_done_to_all(store: Store) -> None:
    names = fill(store, 4, Crime=0.9)
    store.save_review("f3", ["War"])
    before = [store.film(name) for name in names]
    acts = (
        Act("review", ("Drama", "War")),
        Act("add", ("Western",)),
        Act("decade", decade=1960),
        Act("delete"),
    )
    for act in acts:
        assert act_on_many(store, seen(store, *names), act).done == names
    assert count(store, Filter()) == 0
    for kind in ("delete", "edit", "verdicts", "review"):
        event = store.undo_last()
        assert event is not None
        assert (event["kind"], event["films"], event["film"]) == (kind, 4, None)
    for old in before:
        film = store.film(old.id)
        assert (film.genres, film.state, film.year) == (old.genres, old.state, old.year)
        assert film.version > old.version
    assert store.undo_last()["film"] == "f3"  # type: ignore[index]
    assert store.undo_last() is None


def test_a_decade_leaves_the_years_that_are_in_it(store: Store) -> None:
    fill(store, 1, Crime=0.9)
    store.save(Movie("b"))
    outcome = act_on_many(store, dict.fromkeys(["f0", "b"]), Act("decade", decade=1950))
    assert (outcome.done, outcome.unchanged) == (["b"], ["f0"])
    assert (store.film("b").year, store.film("f0").year) == (1950, 1953)
    assert store.save(Movie("b", year=1931)).year == 1950  # a person's word


def test_two_people_on_one_batch(open_store: Callable[[], Store]) -> None:
    mine, yours = open_store(), open_store()
    names = fill(mine, 3, Crime=0.9)
    versions_of_both = seen(mine, *names)
    yours.save_review("f1", ["War"], versions_of_both["f1"])
    yours.delete("f2")
    outcome = act_on_many(mine, versions_of_both, Act("accept"))
    assert outcome.done == ["f0"]
    assert outcome.refused == {
        "f1": "was changed by somebody else; look at it again",
        "f2": "no film 'f2'; somebody deleted it",
    }
    assert mine.film("f1").genres == ("War",)
    # What somebody does to one of them later is not taken back with the others.
    act_on_many(mine, dict.fromkeys(["f0", "f1"]), Act("review", ("Drama",)), "late")
    yours.save_review("f1", ["Comedy"])
    act_on_many(mine, {"f0": None}, Act("review", ("Drama",)), "other")
    for _ in range(3):  # "other", the comedy, "late"
        assert mine.undo_last() is not None
    assert mine.film("f1").genres == ("War",)


def test_a_part_that_is_sent_twice_is_done_once(store: Store) -> None:
    names = fill(store, 4, Crime=0.9)
    first, second = seen(store, *names[:2]), seen(store, *names[2:])
    for part in (first, first, second):
        assert act_on_many(store, part, Act("add", ("War",)), "mine").done == list(part)
    act_on_many(store, first, Act("add", ("War",)), "mine")
    assert store.film("f0").version == (first["f0"] or 0) + 1
    assert store.undo_last()["films"] == 4  # type: ignore[index]
    for _ in range(2):
        assert act_on_many(store, dict.fromkeys(first), Act("delete"), "gone").done == list(first)
    assert store.undo_last()["films"] == 2  # type: ignore[index]


def test_one_film_of_a_batch_is_taken_back_alone(store: Store) -> None:
    fill(store, 3, Crime=0.9)
    act_on_many(store, dict.fromkeys(["f0", "f1", "f2"]), Act("review", ("War",)))
    assert store.undo_last("f1")["film"] == "f1"  # type: ignore[index]
    assert [store.film(f"f{k}").genres[0] for k in range(3)] == ["War", "Crime", "War"]
    assert store.undo_last()["films"] == 2  # type: ignore[index]


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (lambda: Act("add"), "add which genre"),
        (lambda: Act("decade", decade=1955), "such as 1950"),
        (lambda: Act("decade"), "such as 1950"),
        (lambda: Act("add", ("Polka",)), "unknown genre Polka; the model tells"),
    ],
)
def test_an_act_that_is_none(tmp_path: Path, act: Callable[[], Act], told: str) -> None:
    store = Store(str(tmp_path / "films.db"), THRESHOLDS)
    with pytest.raises(StoreError, match=told):
        act_on_many(store, {}, act())
    with pytest.raises(StoreError, match="501 films at once; send at most 500"):
        act_on_many(store, dict.fromkeys(map(str, range(501))), Act("accept"))
    store.close()


def test_sure_films(store: Store) -> None:
    fill(store, 1, Crime=0.95)
    store.save(Movie("b"))
    store.save_prediction("b", prediction("b", Crime=0.9, War=0.6), "m1")
    store.save(Movie("c", genres={"genreel": ("Drama",)}))  # a file's word
    store.save(Movie("d"))
    ids = [[f.id for f in find(store, Filter(sure=s), "title")] for s in (0.75, 0.9, 0.96)]
    assert ids == [["b", "c", "f0"], ["c", "f0"], ["c"]]
    number, right = labels(store, Filter(sure=0.9))
    assert (number, right) == (2, pytest.approx(1.95))
    assert [name for name, _ in versions(store, Filter(sure=0.75), 2)] == ["b", "f0"]


def test_the_queue_follows_a_filter_and_goes_round(store: Store) -> None:
    for name, score in (("a", 0.55), ("b", 0.6), ("c", 0.7), ("d", 0.8)):
        store.save(Movie(name, year=1960 if name == "c" else 1950))
        store.save_prediction(name, prediction(name, Crime=score), "m1")
    sixties, fifties = Filter(decade=1960), Filter(decade=1950)
    assert queue(store, "unsure", 9, fifties) == ["a", "b", "d"]
    assert queue(store, "unsure", 9, fifties, "b") == ["d", "a"]
    assert queue(store, "unsure", 9, sixties, "c") == []
    store.skip("a")
    assert queue(store, "unsure", 9, fifties, "d") == ["b", "a"]  # what was skipped comes last
    store.save_review("c", ["War"])
    assert queue(store, "unsure", 9, Filter(state="reviewed")) == ["c"]
    for name in "bd":
        store.skip(name)
    assert queue(store, "unsure", 9, fifties, "b") == ["d", "a"]  # the skipped ones go round


def test_a_batch_of_many_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo goes on until all parts are taken back, a few films in a transaction."""
    store = Store(str(tmp_path / "films.db"), THRESHOLDS)
    names = fill(store, 25, Crime=0.9)
    for start in range(0, 25, 10):
        act_on_many(store, dict.fromkeys(names[start : start + 10]), Act("accept"), "all")
    monkeypatch.setattr("genreel.app.store.store.AT_ONCE", 10)
    assert store.undo_last()["films"] == 25  # type: ignore[index]
    assert count(store, Filter(state="new")) == 25
    assert store.undo_last() is None
    store.close()


@pytest.fixture
def service(predictor: Predictor, tmp_path: Path) -> Iterator[Service]:
    service = Service(predictor, Store(str(tmp_path / "films.db"), THRESHOLDS), Settings())
    yield service
    service.close()


def test_the_routes(service: Service) -> None:
    fill(service.store, 3, Crime=0.9)
    plot = "A sheriff and a priest hold a town against the army."
    service.add(Movie("west", plot=plot))
    answer = selection(service, Filter(decade=1950))
    assert answer["count"] == 3 and answer["genres"] == {"Crime": 3}
    assert answer["films"] == [("f0", 1), ("f1", 1), ("f2", 1)]
    assert (answer["labels"], answer["right"]) == (3, 2.7)

    films = [VersionedIn(id="f0", version=1), VersionedIn(id="f1", version=7)]
    told: dict[str, Any] = act_route(service, BatchIn(act="accept", films=films))
    assert told["done"] == ["f0"]
    assert told["refused"] == [
        {"id": "f1", "detail": "was changed by somebody else; look at it again"}
    ]
    act_route(service, BatchIn(act="decade", films=[VersionedIn(id="west")], decade=1880))
    old = service.store.film("west")
    assert old.year == 1880
    kinds = [event["kind"] for event in service.store.history("west")]
    assert kinds == ["predict", "edit", "predict", "add"]  # the year tells of genres, too

    parts = b"".join(p.encode() for p in _parts(export_some(service, "f1\nwest\nnobody", "jsonl")))
    assert parts.count(b"\n") == 2
    with pytest.raises(InputError, match="10,001 films; name at most 10,000"):
        export_some(service, "\n".join(map(str, range(10_001))))


def _parts(answer: Any) -> list[str]:
    import asyncio

    async def read() -> list[str]:
        return [part.decode() async for part in answer.body_iterator]

    return asyncio.run(read())
