"""A store whose films are given genres of one's own, too."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from genreel.app.server.api.films import add_film
from genreel.app.server.shapes import MovieIn
from genreel.app.service.opening import open_service
from genreel.app.service.service import Service
from genreel.app.service.settings import Settings
from genreel.app.service.watch import Watcher
from genreel.app.store.batch import Act
from genreel.app.store.browse import Filter, find
from genreel.catalogue import Movie
from genreel.errors import InputError

PLOT = "A sheriff and a priest hold a town against the army."

Open = Callable[..., Service]


def own_file(folder: Path, bundle: Path, bias: float = 3.0, threshold: float | None = 0.5) -> Path:
    """A genre that every film has where `bias` is above 0, under one of the bundle's; no Sport."""
    config = json.loads((bundle / "config.json").read_text())
    genre = {"name": "Dusty", "description": "", "parent": "Western", "threshold": threshold}
    genre["figure"] = {"yes": 5, "no": 5, "positives": 5, "right": 5, "auc": 1.0}
    genre["linear"] = {"weights": {}, "biases": {}, "bias": bias}
    value = {"format": 1, "bundle": config["files"]["model.onnx"]["sha256"][:12]}
    value |= {"genres": [genre], "new_names": {"Sci-Fi": "Space"}, "hidden_genres": ["Sport"]}
    path = folder / "own.json"
    path.write_text(json.dumps(value))
    return path


@pytest.fixture
def open_it(url: str, words_bundle: Path) -> Iterator[Open]:
    """Opens a service on the same store, with a file of own genres or without."""
    services: list[Service] = []

    def open_it(own: Path | None = None) -> Service:
        close()
        services.append(open_service(str(words_bundle), url, Settings(own=own)))
        return services[-1]

    def close() -> None:
        while services:
            services.pop().close()

    yield open_it
    close()


def test_films_have_it_with_its_parent_and_people_decide(
    open_it: Open, tmp_path: Path, words_bundle: Path
) -> None:
    service = open_it(own_file(tmp_path, words_bundle))
    film = service.add(Movie("a", "Redwater", plot=PLOT)).film
    assert film is not None
    assert {"Dusty", "Western"} <= set(film.genres)
    assert film.score("Dusty") == pytest.approx(0.952574)
    assert "Sport" not in film.opinions
    assert [one.id for one in find(service.store, Filter(genre="Dusty"))] == ["a"]
    service.act_on_many({"a": None}, Act("remove", ("Dusty",)))
    assert "Dusty" not in service.store.film("a").genres
    service.predict_again("a")
    assert "Dusty" not in service.store.film("a").genres  # a person's word stays
    service.undo()
    assert "Dusty" in service.store.film("a").genres
    film = service.review("a", ["Dusty", "Drama"], None)
    assert set(film.genres) == {"Dusty", "Drama"}


def wait_for(service: Service, genres: Callable[[set[str]], bool]) -> set[str]:
    for _ in range(500):
        now = set(service.store.film("a").genres)
        if genres(now):
            return now
        time.sleep(0.01)
    raise AssertionError(now)


def test_films_that_are_there_catch_up_and_follow_a_new_file(
    open_it: Open, tmp_path: Path, words_bundle: Path
) -> None:
    open_it().add(Movie("a", "Redwater", plot=PLOT))
    service = open_it(own_file(tmp_path, words_bundle))
    assert "Dusty" in wait_for(service, lambda genres: "Dusty" in genres)
    service = open_it(own_file(tmp_path, words_bundle, bias=-3.0))
    wait_for(service, lambda genres: "Dusty" not in genres)
    without = open_it()
    assert "Dusty" not in without.store.film("a").genres


def test_one_that_is_silent_is_scored_and_never_given_but_by_a_person(
    open_it: Open, tmp_path: Path, words_bundle: Path
) -> None:
    service = open_it(own_file(tmp_path, words_bundle, threshold=None))
    film = service.add(Movie("a", "Redwater", plot=PLOT)).film
    assert film is not None
    assert film.score("Dusty") == pytest.approx(0.952574)
    assert "Dusty" not in film.genres
    assert film.genres  # the likeliest of the others, at least
    film = service.review("a", ["Dusty"], None)
    assert film.genres == ("Dusty",)


def test_tables_the_api_and_nfo_files_may_name_it(
    open_it: Open, tmp_path: Path, words_bundle: Path
) -> None:
    service = open_it(own_file(tmp_path, words_bundle, bias=-3.0))
    table = b"id,title,genres\nt,Redwater,DUSTY|Drama\nu,Borrowed Snow,Dustier\n"
    first, second = service.add_table("films.csv", table)
    assert first.film is not None and {"Dusty", "Drama"} == set(first.film.genres)
    assert "unknown genre 'Dustier'; did you mean 'Dusty'?" in second.error
    add_film(service, MovieIn(id="m", title="Alba", genres=["dusty"]))
    assert service.store.film("m").genres[:1] == ("Dusty",)
    with pytest.raises(InputError, match="unknown genre 'Polka'"):
        add_film(service, MovieIn(id="n", title="Alba", genres=["Polka"]))

    folder = tmp_path / "posters"
    folder.mkdir()
    poster = Path(__file__).parents[2] / "samples" / "posters" / "emberfell.jpg"
    (folder / "Emberfell.jpg").write_bytes(poster.read_bytes())
    nfo = "<movie><title>Emberfell</title><plot>A sheriff.</plot><genre>Dusty</genre></movie>"
    (folder / "Emberfell.nfo").write_text(nfo)
    [landed] = Watcher(service, folder, quiet=0.0).once()
    film = service.store.film_by_path("Emberfell.jpg")
    assert film is not None and film.genres[:1] == ("Dusty",), landed
