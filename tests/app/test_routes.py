"""Routes are plain functions: each is called without a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from genreel.app.server.api.films import add_film, edit_film
from genreel.app.server.api.reviews import history, review
from genreel.app.server.shapes import EditIn, MovieIn, ReviewIn
from genreel.app.service.service import Service
from genreel.app.service.settings import Settings
from genreel.app.store.store import Store
from genreel.errors import InputError
from genreel.predictor import Predictor


@pytest.fixture
def service(predictor: Predictor, tmp_path: Path) -> Iterator[Service]:
    store = Store(str(tmp_path / "films.db"), predictor.thresholds())
    service = Service(predictor, store, Settings())
    yield service
    service.close()


def test_a_route_is_called_without_a_server(service: Service) -> None:
    body = MovieIn(id="a", title="The Long Lantern", plot="A sheriff guards a town.")
    assert add_film(service, body)["new"]
    with pytest.raises(InputError, match="give the film an id"):
        add_film(service, MovieIn(title="The Long Lantern"))
    with pytest.raises(InputError, match="year 12 is not from"):
        edit_film(service, "a", EditIn(year=12))
    reviewed = review(service, "a", ReviewIn(genres=["Western"]))
    assert (reviewed["genres"], reviewed["state"]) == (["Western"], "reviewed")
    assert history(service, "a", 1)["events"][0]["kind"] == "review"
