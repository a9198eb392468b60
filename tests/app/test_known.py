"""A server that reads posters and knows films: adding, answering, searching, predicting."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from genreel.app.server.api.films import film as get_film
from genreel.app.server.api.films import films as list_films
from genreel.app.server.api.known import answer, known
from genreel.app.server.api.predict import predict, predict_many
from genreel.app.server.api.reviews import undo
from genreel.app.server.rendering import film_name, is_called_by_poster
from genreel.app.server.shapes import AnswerIn, MovieIn, MoviesIn
from genreel.app.service import known as senses
from genreel.app.service.gate import Busy
from genreel.app.service.known import MAX_READ
from genreel.app.service.service import Service
from genreel.app.service.settings import Settings
from genreel.app.service.watch import Watcher
from genreel.app.store.browse import Filter, find
from genreel.app.store.export import Options as ExportOptions
from genreel.app.store.export import export
from genreel.app.store.store import Store
from genreel.catalogue import Movie
from genreel.errors import FilmsError, GenreelError, InputError, PosterError, UnknownFilm
from genreel.films.building import Builder
from genreel.films.film import Film
from genreel.lettering import Lettering, Line
from genreel.predictor import Predictor

pytest.importorskip("rapidfuzz", reason="the extra 'read' is not installed")

POSTER = (Path(__file__).parents[2] / "samples" / "posters" / "emberfell.jpg").read_bytes()
FILMS = (
    Film("tt9000002", "Lanterns over Brill", 1974, {"imdb": ("Horror", "Mystery")}),
    Film("tt9000004", "A Marsh in B Flat", 1988, {"movielens": ("Comedy",)}, "A band in a bog."),
)
BRILL = Lettering(
    (
        Line("LANTERNS OVER BRILL", 0.98, 0.1, 0.6, 0.8, 0.09),
        Line("1974", 0.98, 0.4, 0.95, 0.1, 0.02),
    )
)
PLAIN = Lettering((Line("COMING SOON", 0.9, 0.1, 0.6, 0.5, 0.05),))


class Reader:
    """Stands in for the reader of posters."""

    def __init__(self) -> None:
        self.lettering: Lettering | GenreelError = BRILL
        self.count = 0

    def __call__(self, poster: object, limits: object) -> Lettering:
        self.count += 1
        if isinstance(self.lettering, GenreelError):
            raise self.lettering
        return self.lettering


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    reader = Reader()
    monkeypatch.setattr(senses, "read_lettering", reader)
    return reader


@pytest.fixture
def service(predictor: Predictor, reader: Reader, tmp_path: Path) -> Iterator[Service]:
    with Builder(tmp_path / "index.db") as builder:
        builder.add(FILMS, "shelf")
    store = Store(str(tmp_path / "films.db"), predictor.thresholds())
    # What the bundle thinks of a drawn poster is left out by accepting early.
    settings = Settings(films=tmp_path / "index.db", read=True, accept=0.5)
    service = Service(predictor, store, settings)
    yield service
    service.close()


def test_a_poster_that_is_sent_is_read_and_identified(service: Service, reader: Reader) -> None:
    film = service.add_poster("IMG_0012.jpg", POSTER).film
    assert film is not None
    assert (film.title, film.year, film.identity) == ("Lanterns over Brill", 1974, "identified")
    assert set(film.genres) == {"Horror", "Mystery"}
    assert film.lettering == BRILL.to_json()
    out = get_film(service, film.id)
    assert out["identified"]["film"] == "tt9000002"
    assert (out["identified"]["state"], out["identified"]["by"]) == ("identified", "lookup")
    assert out["opinions"]["Drama"]["lookup"]["verdict"] is False
    service.add_poster("IMG_0012.jpg", POSTER)
    service.edit(film.id, {"plot": "A lamp goes out."}, None)
    assert reader.count == 1, "a poster is read once"


def test_an_untitled_film_is_called_by_what_its_poster_says(
    service: Service, reader: Reader
) -> None:
    reader.lettering = PLAIN
    store = service.store
    for name in ("IMG_1.jpg", "a.jpg"):
        film = service.add_poster(name, POSTER).film
        assert film is not None and film.title == ""
    store.save(Movie("b", title="Borrowed Snow"))
    film = store.film("IMG_1")
    assert film_name(film) == get_film(service, "IMG_1")["name"] == "COMING SOON"
    assert is_called_by_poster(film) and not is_called_by_poster(store.film("b"))
    assert [one.id for one in find(store, Filter(), "title")] == ["b", "IMG_1", "a"]
    assert [one.id for one in find(store, Filter(text="coming soon"), "title")] == ["IMG_1", "a"]

    def exported(form: str) -> list[dict[str, str]]:
        data = b"".join(export(store, Filter(), form, ExportOptions()))
        return list(csv.DictReader(io.StringIO(data.decode())))

    assert [row["title"] for row in exported("csv")] == ["Borrowed Snow", "", ""], "nobody said it"
    assert [row["Title"] for row in exported("shopify")] == ["Borrowed Snow", *["COMING SOON"] * 2]
    assert [row["URL handle"] for row in exported("shopify")] == ["borrowed-snow", "img-1", "a"]

    service.edit("IMG_1", {"title": "Alba"}, None)
    film = store.film("IMG_1")
    assert film_name(film) == "Alba" and not is_called_by_poster(film)
    assert [one.id for one in find(store, Filter(), "title")] == ["IMG_1", "b", "a"]
    service.store.undo_last()
    assert film_name(store.film("IMG_1")) == "COMING SOON"
    store.save(replace(Movie("c"), lettering=Lettering((Line("7", 0.9, 0.1, 0.6, 0.5, 0.05),))))
    assert film_name(store.film("c")) == "C", "a number is no title"


def test_a_person_answers_and_takes_it_back(service: Service, reader: Reader) -> None:
    reader.lettering = PLAIN
    film = service.add_poster("a.jpg", POSTER).film
    assert film is not None and film.title == ""
    out = answer(service, "a", AnswerIn(film="tt9000004", version=film.version))
    assert (out["title"], out["year"], out["plot"]) == (
        "A Marsh in B Flat",
        1988,
        "A band in a bog.",
    )
    assert "Comedy" in out["genres"]
    assert (out["identified"]["by"], out["identified"]["film"]) == ("person", "tt9000004")
    assert [one["id"] for one in list_films(service, Filter(identity="identified"))["films"]] == [
        "a"
    ]
    undone = undo(service)["undone"]
    assert (undone["kind"], undone["film"]) == ("identify", "a")
    film = service.store.film("a")
    assert (film.title, film.year, film.plot, film.identity) == ("", None, "", "unknown")
    assert not any("lookup" in by_source for by_source in film.opinions.values())
    out = answer(service, "a", AnswerIn(film=None))
    assert (out["identified"]["film"], out["identified"]["state"]) == (None, "unknown")


def test_an_answer_that_cannot_be_taken_is_one_line(service: Service) -> None:
    service.add_poster("a.jpg", POSTER)
    with pytest.raises(InputError, match="no film 'tt1'; search it"):
        answer(service, "a", AnswerIn(film="tt1"))
    with pytest.raises(UnknownFilm):
        answer(service, "b", AnswerIn(film=None))


def test_the_index_is_searched(service: Service) -> None:
    found = known(service, "marsh b flat")["films"]
    assert found[0] == {
        "film": "tt9000004",
        "title": "A Marsh in B Flat",
        "year": 1988,
        "genres": ["Comedy"],
    }
    assert known(service, "lant", 1)["films"][0]["film"] == "tt9000002"
    assert known(service, "!?")["films"] == []


def test_predicting_keeps_nothing_and_says_who_decided(service: Service) -> None:
    import base64

    body = MovieIn(poster=base64.b64encode(POSTER).decode())
    one = predict(service, body)
    assert one["identified"]["title"] == "Lanterns over Brill"
    assert set(one["source"].values()) == {"lookup"}
    both = predict_many(service, MoviesIn(movies=[body, MovieIn(plot="A sheriff in town.")]))
    first, second = both["predictions"]
    assert first["genres"] == one["genres"]
    assert "identified" not in second
    assert list_films(service, Filter())["count"] == 0


def test_a_table_brings_its_lettering(service: Service, reader: Reader) -> None:
    table = b"id,title,lettering\na,,"
    table += ('"' + BRILL.to_json().replace('"', '""') + '"\n').encode()
    [added] = service.add_table("movies.csv", table)
    assert added.film is not None and added.film.title == "Lanterns over Brill"
    assert reader.count == 0


def test_a_poster_whose_text_cannot_be_read_is_judged_by_its_picture(
    service: Service, reader: Reader
) -> None:
    reader.lettering = PosterError("poster a.jpg: its text cannot be read (x); replace it")
    added = service.add_poster("a.jpg", POSTER)
    assert added.film is not None
    assert added.film.opinions["Drama"]["model"].score is not None
    assert "its text cannot be read" in added.error
    assert added.film.identity == ""


def test_reading_has_few_places(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(service.known._reading, "places", 0)
        with pytest.raises(Busy, match="posters are being read"):
            service.add_poster("a.jpg", POSTER)
    assert list_films(service, Filter())["count"] == 0, "nothing was changed"
    assert service.add_poster("a.jpg", POSTER).film is not None


def test_a_poster_that_lands_in_a_folder_is_identified(service: Service, tmp_path: Path) -> None:
    folder = tmp_path / "posters"
    folder.mkdir()
    (folder / "IMG_0012.jpg").write_bytes(POSTER)
    watcher = Watcher(service, folder, quiet=0.0, target="nfo", create=True)
    [landed] = watcher.once()
    assert landed.film is not None
    assert (landed.film.title, landed.film.identity) == ("Lanterns over Brill", "identified")
    assert set(landed.genres) == {"Horror", "Mystery"}
    nfo = (folder / "IMG_0012.nfo").read_text()
    assert "<title>Lanterns over Brill</title>" in nfo
    assert "&quot;lookup&quot;: [" in nfo or '"lookup": [' in nfo


def test_a_model_that_uses_lettering_has_it_without_an_index(
    predictor: Predictor, tiny: Predictor, reader: Reader, tmp_path: Path
) -> None:
    def scores(bundle: Predictor, settings: Settings, name: str) -> tuple[float | None, str | None]:
        service = Service(bundle, Store(str(tmp_path / name), bundle.thresholds()), settings)
        try:
            film = service.add_poster("a.jpg", POSTER).film
            assert film is not None and film.identity == ""
            return film.opinions["Horror"]["model"].score, film.lettering
        finally:
            service.close()

    unread, lettering = scores(predictor, Settings(), "unread.db")
    assert (lettering, reader.count) == (None, 0)
    read, lettering = scores(predictor, Settings(read=True), "read.db")
    assert (lettering, reader.count) == (BRILL.to_json(), 1)
    assert read != unread
    scores(tiny, Settings(read=True), "tiny.db")
    assert reader.count == 1, "a model that does not use lettering costs no reading"


def test_one_request_has_few_posters_to_be_read(service: Service, reader: Reader) -> None:
    movies = [Movie(str(n), poster=POSTER) for n in range(MAX_READ + 1)]
    with pytest.raises(InputError, match="33 posters in one request, and each is read; send at"):
        service.predict_many(movies)
    assert reader.count == 0
    one = service.predict_many([replace(one, lettering=PLAIN) for one in movies[:2]])
    assert len(one) == 2


def test_a_reader_that_is_damaged_costs_no_film(service: Service, reader: Reader) -> None:
    reader.lettering = GenreelError("rapidocr cannot be loaded (libGL.so.1); install it again")
    added = service.add_poster("a.jpg", POSTER)
    assert added.film is not None and "libGL" in added.error
    assert added.film.opinions["Drama"]["model"].score is not None


def test_without_an_index_nothing_is_asked(predictor: Predictor, tmp_path: Path) -> None:
    store = Store(str(tmp_path / "films.db"), predictor.thresholds())
    service = Service(predictor, store, Settings())
    try:
        film = service.add_poster("a.jpg", POSTER).film
        assert film is not None and film.identity == ""
        assert get_film(service, "a")["identified"] is None
        for ask in (
            lambda: known(service, "marsh"),
            lambda: answer(service, "a", AnswerIn(film="x")),
        ):
            with pytest.raises(InputError, match="start the server with --films INDEX"):
                ask()
    finally:
        service.close()


def test_an_index_that_cannot_be_used_starts_no_server(
    predictor: Predictor, tmp_path: Path
) -> None:
    (tmp_path / "index.db").write_bytes(b"")
    store = Store(str(tmp_path / "films.db"), predictor.thresholds())
    with pytest.raises(FilmsError, match="is empty"):
        Service(predictor, store, Settings(films=tmp_path / "index.db"))
    store.close()
