"""Routes are plain functions: each is called without a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from genreel.app.server.api.films import add_film, edit_film
from genreel.app.server.api.genres import genres
from genreel.app.server.api.reviews import history, review
from genreel.app.server.rendering import templates
from genreel.app.server.review_page import Choice, doubts, genre_keys, score_rows
from genreel.app.server.shapes import EditIn, MovieIn, ReviewIn
from genreel.app.service.service import Service
from genreel.app.service.settings import Settings
from genreel.app.store.browse import Filter, progress
from genreel.app.store.export import Options, export
from genreel.app.store.store import Store
from genreel.catalogue import Movie
from genreel.errors import InputError
from genreel.formats.names import find_names
from genreel.prediction import Prediction
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


def test_the_page_says_what_the_model_doubts(service: Service) -> None:
    store = service.store
    store.save(Movie("a", genres={"genreel": ("Comedy", "Drama")}))
    scores = dict.fromkeys(service.predictor.genres, 0.1)
    scores |= {"Comedy": 0.04, "Drama": 0.7, "Western": 0.91}
    store.save_prediction("a", Prediction("a", scores), "m")
    assert doubts(store.film("a")) == {"wrong": ["Comedy"], "missing": ["Western"]}
    store.save_review("a", ["Western"])
    assert doubts(store.film("a")) == {"wrong": [], "missing": []}


def test_the_language_of_a_plot_is_kept_until_the_plot_changes(service: Service) -> None:
    plot = "En sheriff vaktar staden och guldet, och ingen vill tala med henne."
    add_film(service, MovieIn(id="a", title="Gold", plot=plot, language="English"))
    assert service.store.film("a").language == "en"
    assert edit_film(service, "a", EditIn(year=1953))["language"] == "en"
    assert not service.store.film("a").problem  # it was predicted again as English
    assert edit_film(service, "a", EditIn(language="Swedish"))["problem"].startswith(
        "plot is in Swedish, which this model does not read"
    )
    assert edit_film(service, "a", EditIn(plot=plot + "!", language="en"))["problem"] is None
    assert edit_film(service, "a", EditIn(plot="Rosa"))["language"] is None
    with pytest.raises(InputError, match="language 'xx' is not known; give a code such as en"):
        edit_film(service, "a", EditIn(language="xx"))


def test_genres_go_by_the_names_of_the_server(predictor: Predictor, tmp_path: Path) -> None:
    store = Store(str(tmp_path / "films.db"), predictor.thresholds())
    service = Service(predictor, store, Settings(names=find_names("de")))
    try:
        plot = "A sheriff guards a town, and tells it all."
        add_film(
            service, MovieIn(id="a", title="Gold", plot=plot, genres=["Krimi", "Science-fiction"])
        )
        assert store.film("a").genres == ("Crime", "Sci-Fi")
        assert genres(service)["names"]["Crime"] == "Krimi"

        def exported(form: str, names: str = "") -> str:
            options = Options(names=find_names(names) if names else service.settings.names)
            return b"".join(export(store, Filter(), form, options)).decode(errors="replace")

        assert "Krimi|Science-Fiction" in exported("csv")
        assert "Crime|Sci-Fi" in exported("csv", "genreel")
        assert '"genres": ["Crime", "Ficção científica"]' in exported("jsonl", "pt")
        keys = genre_keys(predictor.genres, find_names("de").label)
        assert (keys["Crime"], keys["Western"], keys["Romance"]) == ("k", "w", "l")
        assert len(set(keys.values())) == len(keys)
        film = store.film("a")
        page = templates.get_template("card.html").render(
            film=film, rows=score_rows(film, keys, {}), label=find_names("de").label, history=[],
            told="", order="unsure", progress=progress(store, "unsure", 0.9), promise=0.9,
            choice=Choice(Filter(), ""), following=[], doubts=doubts(film),
        )  # fmt: skip
        assert '<span class="genre">Krimi</span>' in page
        assert 'value="Crime"' in page
        assert 'id="plot" dir="auto" lang="en"' in page
    finally:
        service.close()
