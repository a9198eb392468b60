"""A store with genres of its own: made, taught by reviews, renamed, hidden, deleted, undone."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from stores import THRESHOLDS, prediction

from genreel.app.server.api.films import add_film
from genreel.app.server.application import create_app
from genreel.app.server.shapes import MovieIn
from genreel.app.service import genre_learner
from genreel.app.service.opening import open_service
from genreel.app.service.service import Service
from genreel.app.service.settings import Settings
from genreel.app.service.watch import Watcher
from genreel.app.store.batch import Act, act_on_many
from genreel.app.store.browse import NO_GENRE, Filter, count, find
from genreel.app.store.genre_acts import (
    add_genres,
    change_genre,
    delete_genre,
    make_genre,
    own_vocabulary,
)
from genreel.app.store.lessons import read_examples
from genreel.app.store.store import Store
from genreel.catalogue import Movie
from genreel.errors import Conflict, InputError, UnknownGenre, VocabularyError
from genreel.own.file import from_json, to_json
from genreel.own.genre import Figure, OwnGenre
from genreel.own.learning import Linear
from genreel.own.predicting import bundle_id
from genreel.own.traits import with_traits
from genreel.own.vocabulary import OwnVocabulary
from genreel.prediction import Prediction
from genreel.predictor import Predictor
from genreel.vocabulary import GENRES

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
def open_it(url: str, words_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens a service on the same store, with a file of own genres or without."""
    services: list[Service] = []
    monkeypatch.setattr(genre_learner, "PAUSE", 0.05)

    def open_it(own: Path | None = None) -> Service:
        close()
        services.append(open_service(str(words_bundle), url, Settings(own=own)))
        return services[-1]

    def close() -> None:
        while services:
            services.pop().close()

    yield open_it
    close()


def rest(service: Service) -> None:
    """Waits until genres have learnt."""
    end = time.monotonic() + 60
    while service.genres.learner.is_busy:
        assert time.monotonic() < end
        time.sleep(0.01)


# With a file


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
    [told] = service.predict_many([Movie("b", plot=PLOT)])
    assert {"Dusty", "Western"} <= set(told.genres)
    assert "Sport" not in told.scores
    names = service.genres.names()
    assert names is not None
    assert names.label("Sci-Fi") == "Space"


def test_a_file_is_for_a_store_without_genres_of_its_own(
    open_it: Open, tmp_path: Path, words_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_it().add(Movie("a", "Redwater", plot=PLOT))
    service = open_it(own_file(tmp_path, words_bundle))
    rest(service)
    assert "Dusty" in service.store.film("a").genres  # it was there before
    service = open_it(own_file(tmp_path, words_bundle, bias=-3.0))
    assert "genres are those of the store; " in capsys.readouterr().err
    rest(service)
    assert "Dusty" in service.store.film("a").genres
    service = open_it()
    assert "Dusty" in service.store.film("a").genres
    service.undo()
    assert "Dusty" not in service.store.film("a").genres


def test_what_a_file_taught_stays_until_the_store_has_as_many_examples(
    open_it: Open, tmp_path: Path, words_bundle: Path
) -> None:
    service = open_it(own_file(tmp_path, words_bundle))
    fill(service, 10)
    for number in range(9):
        service.genres.answer("Dusty", f"f{number}", number % 2 == 0, None)
    rest(service)
    assert service.genres.one("Dusty").worth.startswith("of 5 examples")
    service.genres.answer("Dusty", "f9", False, None)
    rest(service)
    assert service.genres.one("Dusty").worth.startswith("only suggested so far")  # all are alike


def test_one_that_is_silent_is_scored_and_never_given_but_by_a_person(
    open_it: Open, tmp_path: Path, words_bundle: Path
) -> None:
    service = open_it(own_file(tmp_path, words_bundle, threshold=None))
    film = service.add(Movie("a", "Redwater", plot=PLOT)).film
    assert film is not None
    assert film.score("Dusty") == pytest.approx(0.952574)
    assert "Dusty" not in film.genres
    assert film.genres  # the likeliest of the others, at least
    [told] = service.predict_many([Movie("b", plot=PLOT)])
    assert "Dusty" not in told.scores
    film = service.review("a", ["Dusty"], None)
    assert film.genres == ("Dusty",)


def test_a_file_that_does_not_go_with_the_model(
    open_it: Open, tmp_path: Path, words_bundle: Path
) -> None:
    path = own_file(tmp_path, words_bundle)
    path.write_text(path.read_text().replace('"bundle": "', '"bundle": "0'))
    with pytest.raises(VocabularyError, match="own genres were learnt with bundle 0"):
        open_it(path)


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
    service.genres.change("Dusty", {"name": "Dust and Guns"}, None)
    add_film(service, MovieIn(id="o", title="Alba", genres=["dust and guns", "space"]))
    assert service.store.film("o").genres[:2] in (("Dusty", "Sci-Fi"), ("Sci-Fi", "Dusty"))
    [landed] = Watcher(service, folder, quiet=0.0).once()
    film = service.store.film_by_path("Emberfell.jpg")
    assert film is not None and film.genres[:1] == ("Dusty",), landed


# Taught by reviews


def fill(service: Service, number: int) -> None:
    """Films that the model has scored; every tenth is a Western."""
    random, genres = np.random.default_rng(0), service.predictor.genres
    with service.store.database.writing():
        for k in range(number):
            scores = dict(zip(genres, random.uniform(0.1, 0.3, len(genres)).tolist(), strict=True))
            scores["Western"] = 0.3 if k % 10 else 0.9
            service.store.save(Movie(f"f{k}"))
            one = with_traits(Prediction(f"f{k}", scores), genres)
            service.store.save_prediction(f"f{k}", one, "m")


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_genre_is_taught_by_yes_and_no(open_it: Open) -> None:
    service = open_it()
    fill(service, 100)
    made = service.genres.make("Spaghetti Western", "", "western")
    rest(service)
    one = service.genres.one(made.genre)
    assert (one.speaks, one.yes, one.no) == (False, 0, 0)
    assert one.worth == "only suggested so far: it needs 5 more yes and 5 more no"
    surest = service.genres.suggest(made.genre, 10).surest
    assert {film.id for film, _ in surest} == {f"f{10 * k}" for k in range(10)}  # its parent tells
    assert not any("Spaghetti Western" in film.genres for film, _ in surest)

    for k in range(7):
        service.genres.answer(made.genre, f"f{10 * k}", True, None)
        service.review(f"f{10 * k + 1}", ["Sci-Fi"], None)  # and no Spaghetti Western
    rest(service)
    one = service.genres.one(made.genre)
    assert (one.speaks, one.yes, one.no, one.films) == (True, 7, 7, 10)
    assert one.worth == "of 7 examples that it would be given, 7 have it, of 7 in all"
    assert {"Spaghetti Western", "Western"} <= set(service.store.film("f90").genres)
    assert "Spaghetti Western" not in service.store.film("f91").genres
    suggested = {film.id for film, _ in service.genres.suggest(made.genre, 100).surest}
    assert len(suggested) == 86
    assert "f0" not in suggested

    film = service.add(Movie("new", plot=PLOT)).film
    assert film is not None
    assert film.score(made.genre) is not None  # at once

    for _ in range(14):
        service.undo()
    rest(service)
    one = service.genres.one(made.genre)
    assert (one.speaks, one.films) == (False, 0)


def test_what_is_accepted_with_others_teaches_nothing(store: Store) -> None:
    for name in ("a", "b", "c"):
        add(store, name, Western=0.9)
    make_genre(store, "Heist")
    act_on_many(store, dict.fromkeys("abc"), Act("accept"))
    act_on_many(store, {"a": None}, Act("add", ("Heist",)))
    act_on_many(store, {"b": None}, Act("remove", ("Heist",)))
    assert examples(store, "Heist") == {"a": True, "b": False}
    assert examples(store, "Western") == {}
    store.save_review("c", ["Western"])
    assert examples(store, "Western") == {"c": True}
    store.undo_last()
    store.undo_last()
    assert examples(store, "Heist") == {"a": True}
    assert examples(store, "Western") == {}  # still accepted, as before


def add(store: Store, name: str, **scores: float) -> None:
    store.save(Movie(name))
    store.save_prediction(name, with_traits(prediction(name, **scores), GENRES), "m")


def examples(store: Store, genre: str) -> dict[str, bool]:
    with store.database.reading() as connection:
        return dict(read_examples(connection, genre, ""))


# What a person does to them


def speaking(name: str = "Heist", parent: str = "", bias: float = 3.0) -> OwnGenre:
    return OwnGenre(name, "", parent, Linear({}, {}, bias), 0.5, Figure(5, 5, 1.0, 5, 5))


def teach(store: Store, genre: OwnGenre) -> None:
    add_genres(store, OwnVocabulary("", (genre,)))


def test_parents_are_given_with_it_whatever_their_threshold(store: Store) -> None:
    teach(store, speaking(parent="Crime"))
    store.tuning.apply_thresholds({"Drama": 0.4})
    add(store, "a", Crime=0.2)
    film = store.film("a")
    assert film.genres == ("Crime", "Heist")
    store.tuning.apply_thresholds({"Heist": 0.99})
    assert store.film("a").genres == ()
    store.undo_last()
    assert store.film("a").genres == ("Crime", "Heist")
    store.tuning.apply_thresholds({"Crime": 0.99})  # a person's word
    assert store.film("a").genres == ("Heist",)


def test_hidden_ones_are_nobodys_and_come_back(store: Store) -> None:
    add(store, "a", Crime=0.9, Drama=0.8)
    store.save_review("a", ["Crime", "Drama"])
    add(store, "b", Crime=0.9)
    change_genre(store, "Crime", {"is_hidden": True})
    store.tuning.rescore()
    assert store.film("a").genres == ("Drama",)
    assert "Crime" not in store.film("b").opinions
    assert [film.id for film in find(store, Filter(genre=NO_GENRE))] == ["b"]
    assert "Crime" not in store.defaults
    store.save_review("b", ["Drama"])
    store.undo_last()
    store.undo_last()
    store.tuning.rescore()
    assert store.film("a").genres == ("Crime", "Drama")
    assert store.film("b").genres == ("Crime",)


def test_each_act_is_undone(store: Store) -> None:
    make_genre(store, "Heist", "A gang robs a bank.", "Crime")
    change_genre(store, "Heist", {"name": "Big Heist", "description": "", "parent": "Thriller"})
    change_genre(store, "Sci-Fi", {"name": "Space"})
    now = store.genres.now()
    assert (now["Heist"].name, now["Heist"].parent) == ("Big Heist", "Thriller")
    assert now.new_names == {"Sci-Fi": "Space", "Heist": "Big Heist"}
    change_genre(store, "Heist", {"is_hidden": True})
    delete_genre(store, "Heist")
    with pytest.raises(UnknownGenre, match="no genre 'Heist'; list the genres"):
        store.genres.now()["Heist"]
    states = []
    for _ in range(5):
        assert store.undo_last()
        now = store.genres.now()
        own = [(row.name, row.description, row.is_hidden) for row in now.all if row.is_own]
        states.append((own, now["Sci-Fi"].name))
    assert states == [
        ([("Big Heist", "", True)], "Space"),
        ([("Big Heist", "", False)], "Space"),
        ([("Big Heist", "", False)], "Sci-Fi"),
        ([("Heist", "A gang robs a bank.", False)], "Sci-Fi"),
        ([], "Sci-Fi"),
    ]
    assert store.undo_last() is None


def test_one_that_films_have_is_deleted_only_when_told(store: Store) -> None:
    teach(store, speaking())
    for name in ("a", "b", "c"):
        add(store, name)
    store.save_review("a", ["Heist"])
    act_on_many(store, {"b": None}, Act("add", ("Heist",)))
    with pytest.raises(Conflict, match="2 films have 'Heist' by a person's word; hide it, or"):
        delete_genre(store, "Heist")
    delete_genre(store, "Heist", drop=True)
    assert [store.film(name).genres for name in "abc"] == [()] * 3
    store.tuning.rescore()
    assert count(store, Filter(genre="Heist")) == 0
    assert count(store, Filter(genre=NO_GENRE)) == 3
    with pytest.raises(Exception, match="unknown genre Heist"):
        store.save_review("c", ["Heist"])
    store.undo_last()
    store.tuning.rescore()
    assert [store.film(name).genres for name in "abc"] == [("Heist",)] * 3

    delete_genre(store, "Heist", drop=True)
    make_genre(store, "Heist")  # anew: what people said of films counts again
    store.tuning.rescore()
    assert [store.film(name).genres for name in "abc"] == [("Heist",), ("Heist",), ()]
    assert examples(store, "Heist") == {"a": True, "b": True}


def test_a_file_of_a_store_makes_the_same_genres_elsewhere(store: Store, tmp_path: Path) -> None:
    teach(store, speaking())
    make_genre(store, "Prison Heist", "Inmates dig.", "Heist")
    change_genre(store, "Heist", {"name": "Big Heist"})
    change_genre(store, "Sci-Fi", {"name": "Space"})
    change_genre(store, "Sport", {"is_hidden": True})
    text = to_json(own_vocabulary(store.genres.now()))
    other = Store(str(tmp_path / "other.db"), THRESHOLDS)
    try:
        names = ["Big Heist", "Prison Heist", "Space", "Sport"]
        assert add_genres(other, from_json(text, "x")) == (names, [])
        assert to_json(own_vocabulary(other.genres.now())) == text
        add(other, "a")
        assert other.film("a").genres == ("Big Heist",)
        every = ["Big Heist", "Prison Heist", "Sci-Fi", "Sport"]
        assert add_genres(other, from_json(text, "x")) == ([], every)
        other.undo_last()
        assert own_vocabulary(other.genres.now()).genres == ()
        assert other.film("a").genres == ()
    finally:
        other.close()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("heist", "'Heist' is there already"),
        ("DRAMA", "'Drama' is there already"),
        ("Science Fiction", "that is what others call Sci-Fi; rename Sci-Fi instead"),
        ("space", "'Space' is there already"),  # as a person calls Sci-Fi
        ("🎬", "a name needs a letter or a digit"),
        ("Cops/Robbers", "'/' separates genres in files"),
        ("Year", "tables have a column of that name"),
        ("None", "that asks for movies without one"),
        ("x" * 41, "at most 40 characters"),
    ],
)
def test_names_that_cannot_be(store: Store, name: str, message: str) -> None:
    make_genre(store, "Heist")
    change_genre(store, "Sci-Fi", {"name": "Space"})
    with pytest.raises(VocabularyError, match=message):
        make_genre(store, name)
    make_genre(store, "Other 🎬")
    with pytest.raises(VocabularyError, match=message):
        change_genre(store, "Other 🎬", {"name": name})


def test_what_cannot_be_is_refused(store: Store) -> None:
    make_genre(store, "Heist", parent="Crime")
    make_genre(store, "Prison Heist", parent="Heist")
    with pytest.raises(VocabularyError, match="'Heist' cannot be under 'Prison Heist'"):
        change_genre(store, "Heist", {"parent": "Prison Heist"})
    with pytest.raises(VocabularyError, match="no genre 'Nowhere' to be its parent"):
        make_genre(store, "Other", parent="Nowhere")
    with pytest.raises(Conflict, match="'Heist' is the parent of 'Prison Heist'"):
        delete_genre(store, "Heist")
    with pytest.raises(VocabularyError, match="'Drama' is the model's: hide it instead"):
        delete_genre(store, "Drama")
    with pytest.raises(VocabularyError, match="'Drama' is the model's: rename it or hide it"):
        change_genre(store, "Drama", {"description": "Tears."})
    with pytest.raises(UnknownGenre):
        change_genre(store, "Nothing", {"name": "Something"})


def test_two_people_change_one(open_store: Callable[[], Store]) -> None:
    ann, ben = open_store(), open_store()
    row = make_genre(ann, "Heist")
    change_genre(ann, "Heist", {"description": "A gang robs a bank."}, row.version)
    with pytest.raises(Conflict, match="genre 'Heist' was changed by somebody else; look at it"):
        change_genre(ben, "Heist", {"name": "Robbery"}, row.version)
    with pytest.raises(Conflict, match="was changed by somebody else"):
        delete_genre(ben, "Heist", row.version)
    with pytest.raises(VocabularyError, match="'Heist' is there already"):
        make_genre(ben, "HEIST")


def test_there_are_at_most_200(store: Store) -> None:
    many = tuple(OwnGenre(f"Genre {number}") for number in range(200))
    add_genres(store, OwnVocabulary("", many))
    with pytest.raises(VocabularyError, match="there are 200 genres of your own already"):
        make_genre(store, "One more")
    add(store, "a")
    assert store.save_review("a", [one.name for one in many[:9]]).genres
    delete_genre(store, "Genre 150")
    make_genre(store, "One more")


# The API


@pytest.fixture
def client(words: Predictor, tmp_path: Path) -> Iterator[TestClient]:
    store = Store(str(tmp_path / "films.db"), words.thresholds(), bundle=bundle_id(words))
    with TestClient(create_app(Service(words, store, Settings())), "http://localhost") as client:
        yield client


def test_genres_by_the_api(client: TestClient) -> None:
    heist = {"name": "Heist", "description": "A gang robs a bank.", "parent": "Crime"}
    made = client.post("/api/genres", json=heist)
    assert made.status_code == 201
    assert made.json()["worth"] == "it has learnt nothing yet"
    again = client.post("/api/genres", json={"name": "HEIST"})
    assert (again.status_code, again.json()["detail"]) == (
        422,
        "genre 'HEIST': 'Heist' is there already",
    )
    client.post("/api/films", json={"id": "a/b", "title": "The Vault", "plot": PLOT})
    answer = {"film": "a/b", "verdict": True, "version": 1}
    film = client.put("/api/genres/Heist/answers", json=answer)
    assert {"Heist", "Crime"} <= set(film.json()["genres"])
    answer["verdict"] = False
    assert client.put("/api/genres/Heist/answers", json=answer).status_code == 409
    nowhere = {"film": "nowhere", "verdict": True}
    assert client.put("/api/genres/Heist/answers", json=nowhere).status_code == 404
    assert client.get("/api/genres/Nothing/suggestions").status_code == 404

    changed = client.patch("/api/genres/Heist", json={"name": "Big Heist", "version": 1})
    assert (changed.json()["name"], changed.json()["version"]) == ("Big Heist", 2)
    assert client.patch("/api/genres/Heist", json={"parent": "", "version": 1}).status_code == 409
    client.patch("/api/genres/Sport", json={"hidden": True})
    told = client.get("/api/genres").json()
    assert told["names"]["Heist"] == "Big Heist"
    assert "Sport" not in told["names"]
    [own] = [one for one in told["genres"] if one["own"]]
    assert (own["yes"], own["no"], own["films"]) == (1, 0, 1)

    file = client.get("/api/genres/file")
    assert "own-genres.json" in file.headers["content-disposition"]
    assert [one["name"] for one in file.json()["genres"]] == ["Big Heist"]
    refused = client.delete("/api/genres/Heist")
    assert refused.status_code == 409
    assert refused.json()["detail"].startswith("1 film has 'Big Heist' by a person's word; hide")
    assert client.delete("/api/genres/Heist?films=drop").status_code == 204
    assert "Heist" not in client.get("/api/films/a/b").json()["genres"]
    added = client.post("/api/genres/file", files={"file": ("own.json", file.content)})
    assert added.json() == {"added": ["Big Heist"], "present": ["Sport"]}
    damaged = client.post("/api/genres/file", files={"file": ("own.json", b"{}")})
    assert damaged.status_code == 422
    assert client.post("/api/undo").json()["undone"]["kind"] == "genre"
    assert [one for one in client.get("/api/genres").json()["genres"] if one["own"]] == []
