"""How a store decides: what is sure, the best F1, or everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from stores import THRESHOLDS, prediction

from genreel.app.server.application import create_app
from genreel.app.service.learner import Learner
from genreel.app.service.opening import open_service
from genreel.app.service.service import Service
from genreel.app.service.settings import Settings
from genreel.app.store.batch import Act, act_on_many
from genreel.app.store.preview import Preview, cases, preview_decisions
from genreel.app.store.schema import films, settings
from genreel.app.store.store import Store
from genreel.calibration import DECISIONS, NEVER
from genreel.catalogue import Movie
from genreel.errors import StoreDamaged
from genreel.predictor import Predictor
from genreel.vocabulary import GENRES

BY_CASE = {
    decide: {"poster only": dict.fromkeys(GENRES, poster), "both": dict.fromkeys(GENRES, both)}
    for decide, poster, both in (("balanced", 0.4, 0.5), ("sure", 0.8, 0.7), ("everything", 0.1, 0))
}
BY_CASE["sure"]["poster only"]["War"] = NEVER


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = Store(url, THRESHOLDS, BY_CASE, "sure")
    for name, case, scores in (
        ("poster", "poster only", {"Drama": 0.75, "Comedy": 0.45}),
        ("both", "both", {"Drama": 0.75, "Comedy": 0.72}),
        ("war", "poster only", {"War": 0.95, "Drama": 0.85}),
    ):
        store.save(Movie(name))
        store.save_prediction(name, replace(prediction(**scores), case=case), "m")
    yield store
    store.close()


def genres(store: Store) -> dict[str, tuple[str, ...]]:
    return {name: store.film(name).genres for name in ("poster", "both", "war")}


SURE = {"poster": ("Drama",), "both": ("Drama", "Comedy"), "war": ("War", "Drama")}


def test_what_is_sure_and_the_likeliest(store: Store) -> None:
    assert genres(store) == SURE  # "poster" and "war" keep their likeliest, though it is not sure
    store.tuning.apply_thresholds({"Drama": 0.8})  # a person says otherwise
    assert genres(store) == {"poster": (), "both": ("Comedy",), "war": ("War", "Drama")}
    store.undo_last()
    assert genres(store) == SURE
    store.save_review("poster", [])
    assert store.film("poster").genres == ()


def test_a_decision_is_taken_and_taken_back(store: Store) -> None:
    store.tuning.apply_thresholds({"Comedy": 0.9})
    store.save_review("war", ["Western"])
    store.tuning.decide("balanced")
    expected = {"poster": ("Drama", "Comedy"), "both": ("Drama", "Comedy"), "war": ("Western",)}
    assert genres(store) == expected
    assert store.tuning.overrides() == {}
    opinion = store.film("poster").opinions["Drama"]["model"]
    assert (opinion.threshold, opinion.raw_threshold) == (0.4, 0.4)
    event = store.undo_last()
    assert event is not None and event["kind"] == "decide"
    assert (store.tuning.decision(), store.tuning.overrides()) == ("sure", {"Comedy": 0.9})
    assert genres(store) == {"poster": ("Drama",), "both": ("Drama",), "war": ("Western",)}


def test_what_each_would_give(store: Store) -> None:
    store.save_review("both", ["Drama"])
    assert cases(store) == {"poster only": 2, "both": 1}
    decisions = preview_decisions(store)
    assert decisions["sure"] == Preview(3, 5, pytest.approx(0.75 + 0.75 + 0.72 + 0.95 + 0.85), 2, 1)
    assert decisions["balanced"].genres == 6
    assert decisions["everything"].genres == 3 * len(GENRES)
    store.tuning.decide("everything")
    assert preview_decisions(store) == decisions
    given = sum(len(store.film(name).genres) for name in ("poster", "war"))
    assert given == 2 * len(GENRES)


def test_a_store_goes_on_as_it_did(url: str) -> None:
    store = Store(url, THRESHOLDS, BY_CASE)
    assert store.tuning.decision() == "balanced"
    store.save(Movie("a"))
    with store.database.writing() as connection:  # as an older genreel left it
        connection.execute(settings.delete().where(settings.c.name == "decide"))
    store.close()
    store = Store(url, THRESHOLDS, BY_CASE, "sure")
    assert store.tuning.decision() == "balanced"
    with store.database.writing() as connection:
        is_it = settings.c.name == "decide"
        connection.execute(settings.update().where(is_it).values(value="guesses"))
    with pytest.raises(StoreDamaged, match="'decide'"):
        store.tuning.decision()
    store.close()


def test_a_film_that_is_edited_gets_the_thresholds_of_its_case(store: Store) -> None:
    scores = {"Drama": 0.75, "Comedy": 0.72}
    store.save_prediction("poster", replace(prediction(**scores), case="both"), "m")
    assert store.film("poster").genres == ("Drama", "Comedy")


def test_what_was_tried_is_kept(store: Store) -> None:
    learner = Learner(store)
    assert learner.learn() == ""
    for number in range(20):
        name = f"f{number:02}"
        store.save(Movie(name, year=1955))
        store.save_prediction(name, replace(prediction(Drama=0.6, Crime=0.3), case="both"), "m")
        store.save_review(name, ["Crime"] if number % 2 else ["Drama"])
    version = learner.learn()
    newest, oldest = store.tuning.attempts()
    assert (oldest["reviews"], oldest["before"], oldest["version"]) == (0, None, "")
    assert (newest["reviews"], newest["decide"], newest["version"]) == (20, "sure", version)
    assert newest["after"]["log_loss"] < newest["before"]["log_loss"]
    # Thresholds of the best F1 are learnt; those of sure genres stay.
    opinion = store.film("f00").opinions["Drama"]["model"]
    assert (opinion.threshold, store.film("f00").opinions["Crime"]["person"].verdict) == (
        0.7,
        False,
    )
    learner.close()


def test_accepting_keeps_what_is_sure(store: Store) -> None:
    act_on_many(store, {"poster": None}, Act("accept"))
    store.tuning.decide("everything")
    assert store.film("poster").genres == ("Drama",)


@pytest.fixture
def client(predictor: Predictor, tmp_path: Path) -> Iterator[TestClient]:
    by_case = predictor.bundle.rules().by_case()
    store = Store(str(tmp_path / "films.db"), predictor.thresholds(), by_case, "sure")
    app = create_app(Service(predictor, store, Settings()))
    with TestClient(app, base_url="http://localhost") as client:
        yield client


def test_the_bundles_own_thresholds_are_in_use(client: TestClient, predictor: Predictor) -> None:
    plot = "A sheriff and a priest hold a town against the army."
    film = client.post("/api/films", json={"id": "a", "plot": plot}).json()["film"]
    one = predictor.predict(plot=plot, decide="sure").with_main()
    assert set(film["genres"]) == set(one.genres)
    told = client.get("/api/thresholds").json()
    assert (told["decide"], told["films"]) == ("sure", {one.case: 1})
    assert told["cases"][one.case] == dict(one.thresholds)
    assert told["decisions"]["sure"]["genres"] == len(one.genres)
    assert client.put("/api/decision", json={"decide": "everything"}).json() == {
        "decide": "everything"
    }
    film = client.get("/api/films/a").json()
    assert set(film["genres"]) == set(predictor.predict(plot=plot, decide="everything").genres)
    assert client.post("/api/undo").json()["undone"]["kind"] == "decide"
    answer = client.put("/api/decision", json={"decide": "guess"})
    assert answer.status_code == 422 and "decide" in answer.json()["detail"]


def test_the_pages_say_what_is_in_use(client: TestClient) -> None:
    client.post("/api/films", json={"id": "a", "plot": "A sheriff hunts a killer."})
    page = client.get("/thresholds").text
    for name in DECISIONS:
        assert f'value="{name}"' in page
    assert "plot only" in page or "plot in any language" in page
    answer = client.post("/thresholds", data={"decide": "balanced"}, follow_redirects=False)
    assert answer.status_code == 303
    assert 'value="balanced" checked' in client.get("/thresholds").text
    client.post("/api/learning")
    assert "refused: fewer than 10 reviews" in client.get("/learning").text


def test_an_older_store_learns_its_cases(url: str) -> None:
    store = Store(url, THRESHOLDS, BY_CASE)
    for name, plot in (("a", ""), ("b", "A tale.")):
        store.save(Movie(name, plot=plot), poster=b"\xff\xd8" if name == "b" else None)
        store.save_prediction(name, prediction(name, Drama=0.45), "m")
    with store.database.writing() as connection:
        connection.execute(films.update().values(case=""))
        connection.execute(settings.update().where(settings.c.name == "schema").values(value=6))
    store.close()
    store = Store(url, THRESHOLDS, BY_CASE)
    with store.database.reading() as connection:
        by_id = dict(connection.execute(sa.select(films.c.id, films.c.case)).all())
    assert by_id == {"a": "title and year", "b": "both"}
    store.close()


def test_a_server_is_told_how_to_decide(tmp_path: Path) -> None:
    for decide, expected in (("", "sure"), ("balanced", "balanced"), ("", "balanced")):
        service = open_service("fast", str(tmp_path / "films.db"), Settings(decide=decide))
        assert service.store.tuning.decision() == expected
        service.close()
