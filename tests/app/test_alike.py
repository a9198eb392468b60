"""More like this: films of a store by what networks make of their plots."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from genreel.app.server.application import create_app
from genreel.app.service import alike
from genreel.app.service.service import Service
from genreel.app.service.settings import Settings
from genreel.app.store.store import Store
from genreel.catalogue import Movie
from genreel.predictor import Predictor

PLOTS = {
    "west": "A sheriff and his deputy ride out to hang the cattle thieves.",
    "ranch": "Cowboys and a sheriff hunt the outlaws who stole the cattle of a ranch.",
    "space": "The crew of a starship meets robots on a planet beyond the galaxy.",
    "none": "",
}


@pytest.fixture
def service(predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    store = Store(str(tmp_path / "films.db"), predictor.thresholds())
    for name, plot in PLOTS.items():
        store.save(Movie(name, plot=plot))
    return Service(predictor, store, Settings())


@pytest.fixture
def client(service: Service) -> Iterator[TestClient]:
    with TestClient(create_app(service), base_url="http://localhost") as client:
        yield client


def ask(client: TestClient, film: str) -> dict[str, Any]:
    """The answer when all films have been read."""
    deadline = time.monotonic() + 30
    while not (answer := client.get(f"/api/similar/{film}").json())["ready"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return dict(answer)


def test_films_like_one(client: TestClient, service: Service) -> None:
    first = client.get("/api/similar/west").json()
    assert first == {"films": [], "ready": False}  # nothing was read before somebody asked
    films = ask(client, "west")["films"]
    assert [film["id"] for film in films] == ["ranch", "space"]
    assert films[0]["likeness"] > films[1]["likeness"]
    assert ask(client, "none")["films"] == []
    assert len(client.get("/api/similar/west?count=1").json()["films"]) == 1
    service.store.save(Movie("prairie", plot=PLOTS["west"] + " They ride all night."))
    assert ask(client, "west")["films"][0]["id"] == "prairie"
    service.store.delete("prairie")
    assert [film["id"] for film in ask(client, "west")["films"]] == ["ranch", "space"]
    assert client.get("/api/similar/nobody").status_code == 404
    assert client.get("/api/similar/west?count=1000").status_code == 422


def test_what_was_read_is_not_read_again(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(client, "west")
    monkeypatch.setattr(alike, "predict_vectors", None)  # nothing new is to be read
    service.store.save_review("west", ["Western"])
    assert client.get("/api/similar/west").json()["ready"]
    service.alike.fill()
    monkeypatch.setattr(alike, "MAX_FILMS", 2)
    service.alike.fill()
    assert len(ask(client, "none")["films"]) == 0
