"""The API and its guards, as programs and strangers meet them."""

from __future__ import annotations

import asyncio
import base64
import concurrent.futures
import contextlib
import csv
import gc
import io
import itertools
import json
import logging
import re
import socket
import threading
import time
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from genreel.app.server import fetch
from genreel.app.server.application import create_app
from genreel.app.server.dependencies import MAX_FILES
from genreel.app.server.problems import shorten_cancellation
from genreel.app.server.review_page import genre_keys
from genreel.app.service.batches import PATIENT, Batches, Closing
from genreel.app.service.gate import Busy, Gate
from genreel.app.service.ids import clean_id, file_name
from genreel.app.service.images import Pictures, Thumbnails, encode, encode_both
from genreel.app.service.service import Service
from genreel.app.service.settings import Settings
from genreel.app.store.export import EXPORTS
from genreel.app.store.store import Store
from genreel.catalogue import Catalogue, Movie
from genreel.errors import InputError
from genreel.formats.nfo import read_nfo
from genreel.formats.xmp import read_xmp
from genreel.posters import Limits
from genreel.prediction import Prediction
from genreel.predictor import Predictor
from genreel.vocabulary import GENRES

SAMPLES = Path(__file__).parent.parent.parent / "samples"
POSTER = SAMPLES / "posters" / "emberfell.jpg"
PLOT = "A sheriff and a priest hold a town against the army."


def serve(predictor: Predictor, folder: Path, **settings: Any) -> TestClient:
    store = Store(str(folder / "films.db"), predictor.thresholds())
    app = create_app(Service(predictor, store, Settings(**settings)))
    return TestClient(app, base_url="http://localhost")


@pytest.fixture
def client(predictor: Predictor, tmp_path: Path) -> Iterator[TestClient]:
    with serve(predictor, tmp_path) as client:
        yield client


def service_of(client: TestClient) -> Service:
    """What is behind a server."""
    app: Any = client.app
    service: Service = app.state.service
    return service


def send(client: TestClient, *posters: tuple[str, bytes]) -> list[dict[str, Any]]:
    files = [("file", one) for one in posters]
    answer = client.post("/api/films/files", files=files)
    assert answer.status_code == 201, answer.text
    return list(answer.json()["added"])


def problem(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert "\n" not in body["detail"]
    return str(body["detail"])


# Predicting


def test_predicting_gives_what_the_predictor_gives(
    client: TestClient, predictor: Predictor
) -> None:
    expected = predictor.predict(POSTER, PLOT, year=1953).to_dict()["scores"]
    poster = base64.b64encode(POSTER.read_bytes()).decode()
    one = client.post("/api/predict", json={"plot": PLOT, "year": 1953, "poster": poster}).json()
    assert one["scores"] == pytest.approx(expected, abs=1e-5)
    files = {"poster": ("emberfell.jpg", POSTER.read_bytes())}
    data = {"plot": PLOT, "year": "1953"}
    [again] = client.post("/api/predict/files", files=files, data=data).json()["predictions"]
    assert again["scores"] == pytest.approx(expected, abs=1e-5)
    many = client.post("/api/predict/many", json={"movies": [{"plot": PLOT}, {}]}).json()
    assert [bool(p["scores"]) for p in many["predictions"]] == [True, False]
    assert client.get("/api/films").json()["count"] == 0  # nothing was kept


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{", "body.1: JSON decode error"),
        (b'{"plot": 3}', "body.plot"),
        (b'{"plo": "x"}', "body.plo"),
        (b'{"poster": "%%%"}', "not base64"),
        (b"{}", "nothing to go by"),
        (b'{"year": 12}', "year '12'"),
        (b'{"poster": "PGh0bWw+"}', "is not a JPEG"),
    ],
)
def test_bad_json_is_a_problem(client: TestClient, body: bytes, told: str) -> None:
    headers = {"Content-Type": "application/json"}
    assert told in problem(client.post("/api/predict", content=body, headers=headers), 422)


# Films


def test_what_fails_to_be_predicted_is_told_of_what_is_added(client: TestClient) -> None:
    one = client.post("/api/films", json={"id": "none", "title": "None"}).json()
    assert "nothing to go by" in one["error"] and one["film"]["genres"] == []
    table = {"file": ("m.csv", f"id,plot\nrashomon,羅生門の下で\nfar-bank,{PLOT}\n".encode())}
    lines = client.post("/api/films/table", files=table).text.splitlines()
    first, second = map(json.loads, lines)
    assert "plot" in first["error"] and first["film"]["genres"] == []
    assert second["error"] is None
    assert "plot" in client.get("/api/films/rashomon").json()["problem"]


def test_a_plot_that_is_not_read_is_told(client: TestClient) -> None:
    story = "En sheriff återvänder till byn vid havet, och ingen vill tala med henne om natten."
    poster = base64.b64encode(POSTER.read_bytes()).decode()
    one = client.post("/api/predict", json={"plot": story, "poster": poster}).json()
    assert one["language"] == "sv" and one["error"].startswith("plot is in Swedish")
    assert one["genres"] and "plot" in one["missing"]
    told = problem(client.post("/api/predict", json={"plot": PLOT, "language": "Danish"}), 422)
    assert told.startswith("plot is in Danish, which this model does not read; give it in English")
    assert "'xx'" in problem(
        client.post("/api/predict", json={"plot": PLOT, "language": "xx"}), 422
    )
    added = client.post("/api/films", json={"id": "s", "title": "Bank", "plot": story}).json()
    assert added["error"].startswith("plot is in Swedish")
    page = client.get("/review?film=s").text
    assert "plot is in Swedish" in page
    tasks = [
        {"id": 1, "data": {"text": story}},
        {"id": 2, "data": {"text": PLOT, "language": "en"}},
    ]
    answer = client.post("/labelstudio/predict", json={"tasks": tasks}).json()["results"]
    assert answer[0]["error"].startswith("plot is in Swedish") and answer[0]["result"] == []
    assert "error" not in answer[1]


def test_posters_and_their_table_become_the_same_films(client: TestClient) -> None:
    posters = [(p.name, p.read_bytes()) for p in sorted((SAMPLES / "posters").glob("*.jpg"))[:3]]
    added = send(client, *posters[:1])
    assert added[0]["new"]
    answer = client.post(
        "/api/films/table", files={"file": ("movies.csv", (SAMPLES / "movies.csv").read_bytes())}
    )
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert len(rows) == 29
    assert [row["error"] for row in rows] == [None] * 29
    assert not any(one["new"] for one in send(client, *posters))
    listed = client.get("/api/films", params={"limit": 100}).json()
    assert listed["count"] == 29
    with_poster = [film for film in listed["films"] if film["poster"]]
    assert sorted(film["id"] for film in with_poster) == [name[:-4] for name, _ in posters]
    assert all(film["title"] for film in listed["films"])
    again = send(client, *posters)  # idempotent
    assert [one["new"] for one in again] == [False] * 3
    assert client.get("/api/films").json()["count"] == 29


def test_posters_that_share_a_name_are_two_films(client: TestClient) -> None:
    one, two = (p.read_bytes() for p in sorted((SAMPLES / "posters").glob("*.jpg"))[:2])
    ids = [added["film"]["id"] for added in send(client, ("p.jpg", one), ("a/p.jpg", two))]
    assert ids[0] == "p"
    assert ids[1].startswith("p-")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.jpg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("x.jpg", b"<html><script>alert(1)</script></html>"),
        ("x.jpg", b""),
        ("x.jpg", POSTER.read_bytes()[:900]),
        ("x.gif", b"GIF89a\xff\xff\xff\xff\x00\x00\x00"),
    ],
)
def test_what_is_no_poster_is_refused_by_name(client: TestClient, name: str, data: bytes) -> None:
    [added] = send(
        client,
        (name, data),
    )
    assert added["film"] is None
    assert added["error"].startswith(f"{name}: ")
    assert client.get("/api/films").json()["count"] == 0


def test_posters_of_one_request_are_saved_together(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[int] = []
    save_all = Store.save_all

    def count(store: Store, entries: Any, by: str) -> Any:
        saved.append(len(entries))
        return save_all(store, entries, by)

    monkeypatch.setattr(Store, "save_all", count)
    names = ["emberfell", "six-miles-to-redwater", "emberfell"]
    posters = [(SAMPLES / "posters" / f"{name}.jpg").read_bytes() for name in names]
    files = [("a.jpg", posters[0]), ("b.jpg", b"no poster"), ("c.jpg", posters[1])]
    first, bad, third, again = send(client, *files, ("a.jpg", posters[2]))
    assert bad["error"].startswith("b.jpg: ") and bad["film"] is None
    assert (first["new"], third["new"], again["new"]) == (True, True, False)
    assert again["film"] == first["film"]  # which was saved before it was looked at
    assert saved == [2]
    assert {one["id"] for one in client.get("/api/films").json()["films"]} == {"a", "c"}
    # Two pictures under one name are two films, also in one request.
    one, other = send(client, ("d.jpg", posters[0]), ("d.jpg", posters[1]))
    assert one["film"]["id"] == "d" and other["film"]["id"].startswith("d-")


def test_a_poster_is_served_as_encoded_here(client: TestClient) -> None:
    hidden = POSTER.read_bytes() + b"<script>alert(1)</script>"
    [added] = send(client, ("p.jpg", hidden))
    for size in ("small", "large"):
        answer = client.get(added["film"]["poster"][size])
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert b"script" not in answer.content
    problem(client.get("/posters/0/small.jpg"), 404)


def test_path_tricks_are_names(client: TestClient) -> None:
    data = POSTER.read_bytes()
    [added] = send(client, ("../../etc/passwd.jpg", data))
    assert added["film"]["id"] == "passwd"
    assert file_name("C:\\posters\\a\nb.jpg") == "ab.jpg"
    assert clean_id("\x00") == "film"
    assert clean_id("x" * 999) == "x" * 200
    problem(client.get("/static/../pages.py"), 404)
    problem(client.get("/static/%2e%2e/pages.py"), 404)


def test_script_in_titles_and_plots_stays_text(client: TestClient) -> None:
    evil = "<script>alert(1)</script>"
    body = {"id": f'"><img src=x onerror=alert(1)>{evil}', "title": evil, "plot": f"{evil} {PLOT}"}
    film = client.post("/api/films", json=body).json()["film"]
    for page in ("/", f"/review?film={film['id']}", "/review", f"/?q={evil}", "/review?told=<b>"):
        answer = client.get(page)
        assert answer.status_code == 200
        assert evil not in answer.text
        assert "<img src=x" not in answer.text
        assert "<b>" not in answer.text
        assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_the_life_of_a_film(client: TestClient) -> None:
    film = client.post("/api/films", json={"id": "a/b", "plot": PLOT}).json()["film"]
    assert (film["state"], film["version"]) == ("new", 1)
    edited = client.patch("/api/films/a/b", json={"year": 1953, "version": 1}).json()
    assert (edited["year"], edited["plot"], edited["version"]) == (1953, PLOT, 2)
    review = {"genres": ["Western"], "version": 2}
    assert client.put("/api/reviews/a/b", json=review).json()["genres"] == ["Western"]
    told = problem(client.put("/api/reviews/a/b", json=review), 409)  # from a second window
    assert "changed by somebody else" in told
    told = problem(client.put("/api/reviews/a/b", json={"genres": ["Polka"]}), 400)
    assert "unknown genre Polka" in told
    assert client.get("/api/films/a/b").json()["opinions"]["War"]["person"]["verdict"] is False
    assert client.get("/api/queue").json()["reviewed"] == 1
    assert client.post("/api/undo").json()["undone"]["kind"] == "review"
    assert client.get("/api/films/a/b").json()["state"] == "new"
    kinds = [event["kind"] for event in client.get("/api/history?film=a/b").json()["events"]]
    assert kinds == ["undo", "review", "predict", "edit", "predict", "add"]
    assert client.delete("/api/films/a/b").status_code == 204
    problem(client.get("/api/films/a/b"), 404)
    problem(client.put("/api/reviews/a/b", json=review), 404)


def test_what_is_exported_is_read_again(client: TestClient, tmp_path: Path) -> None:
    film = {"id": "a", "title": 'Quote " and, comma', "plot": "two\nlines", "year": 1953}
    client.post("/api/films", json=film)
    client.put("/api/reviews/a", json={"genres": ["War", "Drama"]})
    answer = client.get("/api/export?format=csv")
    assert "attachment" in answer.headers["content-disposition"]
    [row] = csv.DictReader(io.StringIO(answer.text))
    assert row["genres"] == "Drama|War"
    assert (row["title"], row["plot"], row["year"]) == (film["title"], film["plot"], "1953")
    [line] = client.get("/api/export?format=jsonl").text.splitlines()
    assert json.loads(line)["genres"] == ["Drama", "War"]
    again = Catalogue(_saved(tmp_path / "films.csv", answer.content), extra=True)
    [movie] = again
    assert (movie.plot, movie.genres["genreel"]) == (film["plot"], ("Drama", "War"))
    table = client.get("/api/export?format=parquet").content
    [same] = Catalogue(_saved(tmp_path / "films.parquet", table), extra=True)
    assert (same.title, same.genres, same.extra) == (movie.title, movie.genres, movie.extra)
    for form in ("exe", "csvx", "xcsv", ""):
        problem(client.get(f"/api/export?format={form}"), 422)
    described = client.get("/api/openapi.json").json()["paths"]["/api/export"]["get"]
    assert described["parameters"][0]["schema"]["enum"] == list(EXPORTS)
    page = client.get("/export").text
    assert all(f'value="{form}"' in page for form in EXPORTS)


def _saved(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_shops_get_genres_as_tags(client: TestClient) -> None:
    client.post("/api/films", json={"id": "a", "title": "=1+1", "plot": PLOT, "year": 1953})
    client.put("/api/reviews/a", json={"genres": ["War", "Drama"]})
    answer = client.get("/api/export?format=shopify")
    assert "shopify.csv" in answer.headers["content-disposition"]
    [row] = csv.DictReader(io.StringIO(answer.text))
    assert (row["URL handle"], row["Title"]) == ("1-1-1953", "=1+1 (1953)")
    assert set(row["Tags"].split(", ")) == {"Drama", "War", "1950s"}
    woocommerce = client.get("/api/export?format=woocommerce").text
    [row] = csv.DictReader(io.StringIO(woocommerce))
    assert (row["SKU"], row["Regular price"], row["Published"]) == ("1-1-1953", "", "-1")
    safe = client.get("/api/export?format=shopify&safe_cells=true").text
    assert next(csv.DictReader(io.StringIO(safe)))["Title"] == "'=1+1 (1953)"


def test_archives_of_nfo_files_and_sidecars(client: TestClient) -> None:
    data = POSTER.read_bytes()
    send(client, ("a.jpg", data))
    for film_id in ("/A.JPG", "C:\\b", "no"):
        client.post("/api/films", json={"id": film_id, "plot": PLOT, "title": "<b>&"})
    for film_id in ("../../etc/x", "a\nb"):  # which an older genreel took
        service_of(client).store.save(Movie(film_id, "<b>&", plot=PLOT))
        service_of(client).predict_again(film_id)
    client.put("/api/reviews/a", json={"genres": ["Sci-Fi"]})
    client.put("/api/reviews/no", json={"genres": []})

    def archive(form: str) -> dict[str, bytes]:
        content = client.get(f"/api/export?format={form}").content
        assert content == client.get(f"/api/export?format={form}").content
        with zipfile.ZipFile(io.BytesIO(content)) as found:
            return {name: found.read(name) for name in found.namelist()}

    nfos = archive("nfo")
    assert len(nfos) == len({name.casefold() for name in nfos}) == 5
    assert not any(PurePosixPath(n).is_absolute() or set(n) & set("\\:\n") for n in nfos)
    assert not any(".." in PurePosixPath(n).parts for n in nfos)
    told = read_nfo(nfos["a.nfo"])
    assert (told.said, told.mark.genres) == (("Science Fiction",), {})  # a person's: never marked
    others = [read_nfo(one) for name, one in nfos.items() if name != "a.nfo"]
    assert all(one.title == "<b>&" and one.mark.genres and not one.said for one in others)
    sidecars = archive("xmp")
    assert list(sidecars) == ["a.jpg.xmp"]  # the others have no poster
    assert read_xmp(sidecars["a.jpg.xmp"]).genres == ("Sci-Fi",)


def test_bad_tables(client: TestClient) -> None:
    def post(name: str, data: bytes) -> Any:
        return client.post("/api/films/table", files={"file": (name, data)})

    assert "is no table" in problem(post("movies.exe", b"x"), 422)
    told = problem(post("movies.csv", b"a,b\n1,2\n"), 422)
    assert told.startswith("movies.csv: no column poster, plot or title")
    rows = [
        json.loads(x) for x in post("m.csv", b"id,plot,year\na,x y,12\nb,x y\n").text.splitlines()
    ]
    [bad] = [row for row in rows if row["film"] is None]
    [kept] = [row for row in rows if row["film"]]
    assert "line 3 has 2 cells" in bad["error"]
    assert "year '12'" in kept["error"]
    assert kept["film"]["plot"] == "x y"


def send_table(client: TestClient, table: str, name: str = "movies.csv") -> list[dict[str, Any]]:
    answer = client.post("/api/films/table", files={"file": (name, table.encode())})
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def test_tables_without_ids_never_meet(client: TestClient) -> None:
    first = f"title,year,plot,genres\nDust,1956,{PLOT},Western\nMoth,,{PLOT},\n,,{PLOT} Twice.,\n"
    ids = [row["film"]["id"] for row in send_table(client, first)]
    assert len(set(ids)) == 3
    assert client.get(f"/api/films/{ids[0]}").json()["genres"] == ["Western"]  # nothing joins it
    client.put(f"/api/reviews/{ids[0]}", json={"genres": ["Western"]})
    again = send_table(client, first)
    assert [(row["film"]["id"], row["new"]) for row in again] == [(one, False) for one in ids]
    second = "title,year,genres\nUpward!,1980,Comedy\nMoth,1991,\n"
    assert [row["new"] for row in send_table(client, second)] == [True, True]
    assert [row["new"] for row in send_table(client, first, "others.csv")] == [True] * 3
    film = client.get(f"/api/films/{ids[0]}").json()
    assert (film["title"], film["genres"], film["state"]) == ("Dust", ["Western"], "reviewed")
    assert client.get("/api/films").json()["count"] == 8


def test_columns_of_ones_own_come_back(client: TestClient) -> None:
    table = f"title,year,plot,price,sku\nDust,1956,{PLOT},45.00,D-1\nDust,1956,{PLOT},30.00,D-2\n"
    ids = [row["film"]["id"] for row in send_table(client, table)]
    assert len(set(ids)) == 2  # two copies for sale
    client.put(f"/api/reviews/{ids[0]}", json={"genres": ["Western"]})
    events = client.get("/api/history").json()
    assert [row["film"]["id"] for row in send_table(client, table)] == ids
    assert client.get(f"/api/films/{ids[0]}").json()["state"] == "reviewed"
    rows = list(csv.DictReader(client.get("/api/export").text.splitlines()))
    assert [(row["sku"], row["price"]) for row in rows] == [("D-1", "45.00"), ("D-2", "30.00")]
    changes = [e for e in client.get("/api/history").json()["events"] if e["kind"] != "predict"]
    assert changes == [e for e in events["events"] if e["kind"] != "predict"]
    body = {"id": "x", "title": "By hand", "extra": {"price": 12.5, "sold": True}}
    assert client.post("/api/films", json=body).json()["film"]["extra"] == body["extra"]


def test_rows_that_say_the_same_are_told(client: TestClient) -> None:
    rows = send_table(
        client, f"title,year,plot\nDust,1956,One.\nDust,1956,{PLOT}\nDust,1956,One.\n"
    )
    [error] = [row["error"] for row in rows if row["error"]]
    assert error == "row 3 says the same as a row before it; leave one out"
    assert client.get("/api/films").json()["count"] == 2


def test_a_table_without_ids_finds_its_posters(client: TestClient) -> None:
    [poster] = send(client, ("scan.jpg", POSTER.read_bytes()))
    for _ in range(2):
        [row] = send_table(client, "title,poster\nEmberfell,posters/scan.jpg\n")
        assert (row["film"]["id"], row["new"]) == (poster["film"]["id"], False)
    [row] = send_table(client, "title,poster\nOther,posters/scan.jpg\n")
    assert row["new"]


def test_a_table_without_years_names_the_same_posters_again(client: TestClient) -> None:
    plot = "A ghost haunts a mine."
    posters = ("Emberfell,a/scan.jpg", "Emberfell,b/scan.jpg", ",c/scan.jpg")
    table = "title,poster,plot\n" + "".join(f"{poster},{plot}\n" for poster in posters)
    for is_new in (True, False):
        assert [(row["error"], row["new"]) for row in send_table(client, table)] == [
            (None, is_new)
        ] * 3


def test_films_that_were_called_after_their_rows_stay_the_same(client: TestClient) -> None:
    client.post("/api/films", json={"id": "row 1", "title": "Dust", "year": 1956})
    [row] = send_table(client, "id,title,year\nrow 1,Dust,1956\n")
    assert (row["film"]["id"], row["new"]) == ("row 1", False)
    [row] = send_table(client, "id,title,year\nrow 1,Upward!,1980\n")
    assert row["new"] and row["film"]["id"] != "row 1"


def test_a_table_overwrites_no_other_film(client: TestClient) -> None:
    send_table(client, "id,title,year\n1,Dust,1956\n2,Moth,\n3,,1990\n")
    client.put("/api/reviews/1", json={"genres": ["Western"]})
    client.patch("/api/films/2", json={"title": "The Moth"})
    plot = "A ghost haunts a mine."
    table = f"id,title,year,plot\n1,Upward!,1980,{plot}\n2,Moth,,{plot}\n3,Third,1990,{plot}\n"
    rows = send_table(client, table)
    assert "id '1' is that of 'Dust' (1956), another film" in rows[0]["error"]
    assert [row["error"] for row in rows[1:]] == [None, None]
    films = [client.get(f"/api/films/{number}").json() for number in (1, 2, 3)]
    assert [film["title"] for film in films] == ["Dust", "The Moth", "Third"]
    [row] = send_table(client, "id,title,year\n1,DUST,1957\n")  # the same, corrected
    assert (row["film"]["title"], row["film"]["year"]) == ("DUST", 1957)


@pytest.mark.parametrize(
    ("film_id", "told"),
    [
        ("a\nb", "holds U+000A, which nobody sees"),
        ("a\u2028b", "holds U+2028"),
        ("a\u200bb", "holds U+200B"),
        ("x" * 201, "has 201 characters; use 200"),
        ("../b", "holds '.' or '..'"),
    ],
)
def test_ids_that_would_be_changed_are_refused(client: TestClient, film_id: str, told: str) -> None:
    body = {"id": film_id, "plot": PLOT}
    told_by_api = problem(client.post("/api/films", json=body), 422)
    assert told in told_by_api or len(film_id) > 200
    table = json.dumps(body) + "\n" + json.dumps({"id": "ab", "plot": PLOT}) + "\n"
    rows = send_table(client, table, "movies.jsonl")
    assert sorted((told in (row["error"] or ""), row["film"] is None) for row in rows) == [
        (False, False),
        (True, True),
    ]
    assert [film["id"] for film in client.get("/api/films").json()["films"]] == ["ab"]


def test_an_id_that_is_doubled_is_told(client: TestClient) -> None:
    rows = send_table(client, f"id,plot\na,{PLOT}\na,Other.\n")
    assert sorted(row["error"] or "" for row in rows)[1].startswith("row 2: duplicate id 'a'")
    assert client.get("/api/films/a").json()["plot"] == PLOT


def test_long_names_of_posters_are_not_cut_to_one(client: TestClient) -> None:
    data = POSTER.read_bytes()
    send_table(client, f"id,plot\n{'x' * 200},{PLOT}\n")
    [one] = send(client, ("x" * 200 + "a.jpg", data))
    assert one["new"]


def test_thresholds_over_the_api(client: TestClient) -> None:
    client.post("/api/films", json={"id": "a", "plot": PLOT})
    before = client.get("/api/films/a").json()["genres"]
    everything = {"thresholds": dict.fromkeys(GENRES, 0.0)}
    assert client.post("/api/thresholds/preview", json=everything).json()["changed"] == 1
    assert client.get("/api/films/a").json()["genres"] == before
    assert client.put("/api/thresholds", json=everything).json() == {"changed": 1}
    assert len(client.get("/api/films/a").json()["genres"]) == 22
    problem(client.put("/api/thresholds", json={"thresholds": {"Polka": 0.5}}), 422)
    problem(client.put("/api/thresholds", json={"thresholds": {"War": 2}}), 422)


def test_thresholds_are_only_promised_where_reviews_show_it(client: TestClient) -> None:
    def promised() -> dict[str, float | None]:
        answer = client.get("/api/thresholds/promise?precision=0.5").json()["thresholds"]
        assert set(answer) == set(GENRES)
        return dict(answer)

    client.post("/api/learning/back")  # so that scores stay as they are
    for number in range(5):
        client.post("/api/films", json={"id": f"f{number}", "plot": PLOT})
        if number == 4:
            assert promised() == dict.fromkeys(GENRES)  # four can be right by chance
        client.put(f"/api/reviews/f{number}", json={"genres": ["Western"]})
    score = client.get("/api/films/f0").json()["scores"]["Western"]
    assert promised() == {**dict.fromkeys(GENRES), "Western": pytest.approx(score, abs=1e-5)}


@pytest.mark.parametrize("given", [{"poster"}, {"plot"}, {"poster", "plot", "title", "year"}])
def test_a_new_film_has_the_genres_that_are_predicted(
    client: TestClient, predictor: Predictor, given: set[str]
) -> None:
    record = {"plot": PLOT, "title": "Red Water", "year": 1955}
    record["poster"] = base64.b64encode(POSTER.read_bytes()).decode()
    body = {"id": "a", **{name: record[name] for name in given}}
    film = client.post("/api/films", json=body).json()["film"]
    told = client.post("/api/predict", json={**body, "id": ""}).json()
    assert set(film["genres"]) == set(told["genres"])


def test_why(client: TestClient) -> None:
    poster = base64.b64encode(POSTER.read_bytes()).decode()
    client.post("/api/films", json={"id": "a/b", "plot": PLOT, "poster": poster})
    why = client.get("/api/why/a/b").json()["why"]
    assert set(why) == set(GENRES)
    words = [PLOT[word["start"] : word["end"]] for word in why["Western"]["words"]]
    assert "sheriff" in words
    for area in why["Western"]["areas"]:
        assert 0 <= area["left"] < area["right"] <= 1
    problem(client.get("/api/why/nobody"), 404)


def test_reviews_are_learnt_from_in_the_background(client: TestClient) -> None:
    for number in range(12):
        client.post("/api/films", json={"id": f"f{number}", "plot": PLOT, "year": 1955})
        client.put(f"/api/reviews/f{number}", json={"genres": ["Western"]})
    deadline = time.monotonic() + 15
    while not (learnt := client.get("/api/learning").json())["in_use"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    figures = learnt["learnt"][0]["figures"]
    assert figures["after"]["log_loss"] < figures["before"]["log_loss"]
    new = client.post("/api/films", json={"id": "new", "plot": PLOT, "year": 1956}).json()["film"]
    assert "Western" in new["genres"]
    client.post("/api/learning/back")
    assert client.get("/api/learning").json()["on"] is False


# Guards


def test_only_local_names_are_answered(client: TestClient) -> None:
    problem(client.get("/api/films", headers={"Host": "rebound.example"}), 421)
    problem(client.get("/api/films", headers={"Host": "testserver"}), 421)
    assert client.get("/api/films", headers={"Host": "localhost:8750"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://evil"}],
)
def test_other_sites_change_nothing(client: TestClient, headers: dict[str, str]) -> None:
    problem(client.post("/api/undo", headers=headers), 403)
    problem(client.post("/review", data={"film": "a", "version": "1"}, headers=headers), 403)
    assert client.post("/api/undo", headers={"Origin": "http://localhost"}).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_load_nothing_but_may_link(client: TestClient, site: str) -> None:
    image = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    problem(client.get("/api/films?q=a", headers=image), 403)
    frame = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
    problem(client.get("/", headers=frame), 403)
    link = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert client.get("/", headers=link).status_code == 200
    own = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "empty"}
    assert client.get("/api/films", headers=own).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "["}, 400),
        ({"Host": "[::1"}, 400),
        ({"Origin": "http://["}, 403),
        ({"Content-Length": "9" * 5000}, 413),
    ],
)
def test_headers_that_cannot_be_read(
    predictor: Predictor, tmp_path: Path, headers: dict[str, str], status: int
) -> None:
    for host in ("127.0.0.1", "0.0.0.0"):
        with serve(predictor, tmp_path, host=host, token="") as client:
            answer = client.post("/api/undo", headers=headers)
            problem(answer, status)
            assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("token", ["secret", "pässwörd", "ключ🗝"])
def test_any_token_lets_in(predictor: Predictor, tmp_path: Path, token: str) -> None:
    with serve(predictor, tmp_path, host="0.0.0.0", token=token) as client:
        bearer = b"Bearer " + token.encode()
        assert client.get("/api/films", headers={b"Authorization": bearer}).status_code == 200
        problem(client.get("/api/films", headers={b"Authorization": bearer + b"x"}), 401)
        answer = client.post("/enter", data={"token": token}, follow_redirects=False)
        assert answer.status_code == 303
        own = answer.headers["set-cookie"].partition(";")[0]
        assert token not in own
        client.cookies.clear()
        for others in ("", "a/b=c; ", 'x="\\; ', "=; ;; "):  # of other programs of the host
            headers = {"Cookie": others + own}
            assert client.get("/api/films", headers=headers).status_code == 200
        problem(client.get("/api/films", headers={"Cookie": f"genreel={token}".encode()}), 401)


ALONE = "\\ud800"  # half of a surrogate pair, as JSON writes it


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/api/thresholds", '{"thresholds": {"%s": 0.5}}'),
        ("POST", "/api/thresholds/preview", '{"thresholds": {"%s": 0.5}}'),
        ("PUT", "/api/reviews/a", '{"genres": ["%s"]}'),
        ("PUT", "/api/reviews/a", '{"%s": 1}'),
        ("PATCH", "/api/films/a", '{"title": "%s"}'),
        ("PATCH", "/api/films/a", '{"%s": 1}'),
        ("POST", "/api/films", '{"id": "%s", "plot": "x"}'),
        ("POST", "/api/films", '{"id": "b", "plot": "%s"}'),
        ("POST", "/api/predict", '{"plot": "A sheriff rides. %s"}'),
        ("POST", "/api/predict", '{"plot": "A sheriff rides.", "genres": ["%s"]}'),
        ("POST", "/labelstudio/setup", '{"%s": "%s"}'),
        ("POST", "/labelstudio/predict", '{"tasks": [{"id": "%s", "data": {"text": "%s"}}]}'),
        (
            "POST",
            "/labelstudio/predict",
            '{"tasks": [{"data": {"text": "A sheriff rides."}}], "label_config":'
            ' "<Choices name=\\"%s\\" toName=\\"%s\\"><Choice value=\\"%s\\"/></Choices>"}',
        ),
    ],
)
def test_half_a_character_is_no_mistake_of_the_server(
    client: TestClient, method: str, path: str, body: str
) -> None:
    client.post("/api/films", json={"id": "a", "plot": PLOT})
    headers = {"Content-Type": "application/json"}
    answer = client.request(method, path, content=body.replace("%s", ALONE), headers=headers)
    assert answer.status_code < 500, answer.text
    answer.content.decode()


def test_questions_that_are_too_large_are_refused(client: TestClient) -> None:
    words = "is not from 0 to 2100"
    for path in ("/api/films", "/api/export"):
        for decade in ("9" * 20, "-10", "3000"):
            assert words in problem(client.get(path, params={"decade": decade}), 422)
        for text in ("a " * 2000, "a" * 60_000, "a " * 21):
            told = problem(client.get(path, params={"q": text}), 422)
            assert "at most 20 words of together 1,000 letters" in told
    assert client.get("/", params={"q": "a " * 2000}).status_code == 422
    assert client.get("/api/films", params={"q": "word " * 20, "decade": 1950}).status_code == 200
    for path in ("/api/films", "/api/queue"):
        for order in ("unsureX", "newest\n", "xtitle"):
            problem(client.get(path, params={"order": order}), 422)
    form = {"poster": ("a.jpg", POSTER.read_bytes())}
    told = problem(
        client.post("/api/predict/files", files=form, data={"title": "x" * 100_001}), 422
    )
    assert told.startswith("title: ")


def test_every_5xx_is_counted(predictor: Predictor, tmp_path: Path) -> None:
    store = Store(str(tmp_path / "films.db"), predictor.thresholds())
    service = Service(predictor, store, Settings())

    def broken(*args: Any) -> None:
        raise RuntimeError("a mistake")

    service.why = broken  # type: ignore[assignment, method-assign]
    with TestClient(
        create_app(service), "http://localhost", raise_server_exceptions=False
    ) as client:
        answer = client.get("/api/why/a")
        problem(answer, 500)
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        text = client.get("/metrics").text
    assert 'route="/api/why/{film_id:path}",status="500"} 1.0' in text


def test_a_wrong_address_is_a_page_for_people(client: TestClient) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    answer = client.get("/nowhere<b>", headers=browser)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "There is no such page" in answer.text and "<b>" not in answer.text
    answer = client.get("/review?film=nobody", headers=browser)
    assert answer.status_code == 404
    assert "No film &#39;nobody&#39;" in answer.text
    assert "nothing is at /nowhere" in problem(client.get("/nowhere"), 404)
    problem(client.get("/api/nowhere", headers=browser), 404)
    problem(client.get("/api/films/nobody", headers=browser), 404)


@pytest.mark.parametrize("path", ["/", "/review", "/add", "/static/style.css", "/export"])
def test_head_is_get_without_the_page(client: TestClient, path: str) -> None:
    head, get = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]


def test_undo_without_javascript_where_nothing_is_left(client: TestClient) -> None:
    client.post("/api/films", json={"id": "a", "plot": PLOT})
    client.put("/api/reviews/a", json={"genres": ["War"]})
    page = client.get("/review")
    assert "Nothing left to review" in page.text
    fields = {"film": "", "version": "0", "action": "undo"}
    assert 'data-film="a"' in client.post("/review", data=fields).text
    assert client.get("/api/films/a").json()["state"] == "new"
    assert "Nothing to undo." in client.post("/review", data={"action": "undo"}).text


def test_a_conflict_without_javascript_keeps_what_was_chosen(client: TestClient) -> None:
    for film_id in "ab":
        client.post("/api/films", json={"id": film_id, "plot": PLOT})
    client.patch("/api/films/a", json={"year": 1956})
    form = {"film": "a", "version": "1", "genre": ["Horror", "Music"], "order": "no\nsuch"}
    page = client.post("/review", data=form)
    assert 'data-film="a" data-version="2"' in page.text
    assert "Not saved: " in page.text
    checked = re.findall(r'value="([\w-]+)" data-key="." checked', page.text)
    assert sorted(checked) == ["Horror", "Music"]
    assert client.get("/api/films/a").json()["state"] == "new"


def test_a_token_is_asked_for_elsewhere(predictor: Predictor, tmp_path: Path) -> None:
    with serve(predictor, tmp_path, host="0.0.0.0", token="secret") as client:
        problem(client.get("/api/films"), 401)
        problem(client.get("/metrics"), 401)
        problem(client.get("/api/films", headers={"Authorization": "Bearer wrong"}), 401)
        assert client.get("/health/live").status_code == 200
        with_token = {"Authorization": "Bearer secret"}
        assert client.get("/api/films", headers=with_token).status_code == 200
        page = client.get("/", headers={"Accept": "text/html"})
        assert page.url.path == "/enter"
        assert client.post("/enter", data={"token": "wrong"}).status_code == 401
        client.post("/enter", data={"token": "secret"})
        assert client.get("/").status_code == 200
        cookie = client.post("/enter", data={"token": "secret"}, follow_redirects=False)
        assert "HttpOnly" in cookie.headers["set-cookie"]
        assert "samesite=strict" in cookie.headers["set-cookie"].lower()


def test_too_much_is_refused(predictor: Predictor, tmp_path: Path) -> None:
    with serve(predictor, tmp_path, max_body=10_000) as client:
        told = problem(client.post("/api/predict", content=b"x" * 10_001), 413)
        assert told == "a request may have 10,000 bytes; send less at once"

        def unannounced() -> Iterator[bytes]:
            for _ in range(11):
                yield b"x" * 1000

        headers = {"Content-Type": "application/json"}
        problem(client.post("/api/predict", content=unannounced(), headers=headers), 413)


def test_a_slow_upload_is_given_up(predictor: Predictor, tmp_path: Path) -> None:
    async def main() -> list[Any]:
        sent: list[Any] = []

        async def receive() -> Any:
            await asyncio.sleep(0.05)
            return {"type": "http.request", "body": b"x", "more_body": True}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            **{"type": "http", "method": "POST", "path": "/api/predict", "raw_path": b""},
            **{"query_string": b"", "http_version": "1.1", "scheme": "http"},
            "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
        }
        await client.app(scope, receive, send)
        return sent

    client = serve(predictor, tmp_path, body_seconds=0.2)
    with client:
        sent = asyncio.run(main())
    assert sent[0]["status"] == 408
    assert "took too long" in json.loads(sent[1]["body"])["detail"]


def test_too_many_files_at_once(client: TestClient) -> None:
    files = [("file", (f"{number}.jpg", b"")) for number in range(MAX_FILES + 1)]
    assert "send at most 256" in problem(client.post("/api/films/files", files=files), 422)
    files = [("poster", (f"{number}.jpg", b"")) for number in range(MAX_FILES + 1)]
    assert "send at most 256" in problem(client.post("/api/predict/files", files=files), 422)
    files = [("file", (f"{number}.jpg", b"")) for number in range(10_000)]
    problem(client.post("/api/films/files", files=files), 400)


class Slow:
    """Stands for a predictor that is busy until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.sizes: list[int] = []
        self.order: list[str] = []

    def predict_batch(self, movies: list[Movie]) -> list[Prediction]:
        self.go.wait(10)
        self.sizes.append(len(movies))
        self.order += [movie.id for movie in movies]
        return [Prediction(movie.id, {"War": 0.5}) for movie in movies]


def test_a_full_queue_refuses_and_says_when_to_ask_again() -> None:
    slow = Slow()
    batches = Batches(slow, size=4, waiting=6, workers=1)  # type: ignore[arg-type]
    first = batches.submit(Movie("0"))
    while batches.waiting:
        time.sleep(0.01)
    futures = [batches.submit(Movie(str(number))) for number in range(1, 7)]
    with pytest.raises(Busy, match="too many films are waiting; ask again in 1 s"):
        batches.submit(Movie("7"))
    slow.go.set()
    assert [future.result(5).id for future in (first, *futures)] == list("0123456")
    assert slow.sizes == [1, 4, 2]  # predicted together
    batches.close()
    with pytest.raises(Closing):
        batches.submit(Movie("8"))


def test_a_forced_stop_logs_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("uvicorn.error")
    with caplog.filtering(shorten_cancellation):
        for error in (asyncio.CancelledError("stop"), ValueError("bad")):
            log.error("Exception in ASGI application", exc_info=error)
    stopped, wrong = caplog.records
    assert stopped.getMessage() == "the server stopped before a request was answered"
    assert stopped.exc_info is None
    assert wrong.exc_info


def test_a_stop_finishes_what_waits() -> None:
    slow = Slow()
    batches = Batches(slow, size=1, waiting=1, workers=1)  # type: ignore[arg-type]
    told: list[object] = []

    def many() -> None:
        try:
            told.extend(batches.predict_many([Movie(str(number)) for number in range(4)]))
        except Closing as error:
            told.append(error)

    asking = threading.Thread(target=many)
    asking.start()
    while batches.waiting < 1:
        time.sleep(0.01)
    threading.Timer(0.1, slow.go.set).start()
    batches.close()
    asking.join(5)
    assert not asking.is_alive()
    assert len(told) == 4 or isinstance(told[-1], Closing)


def test_films_that_come_alone_find_a_place_beside_many() -> None:
    slow = Slow()
    batches = Batches(slow, size=2, waiting=2, workers=1)  # type: ignore[arg-type]
    first = batches.submit(Movie("first"))
    while batches.waiting:
        time.sleep(0.01)
    many = threading.Thread(
        target=batches.predict_many, args=([Movie(str(number)) for number in range(9)],)
    )
    many.start()
    while batches.waiting < 2:
        time.sleep(0.01)
    one = batches.submit(Movie("one"))
    slow.go.set()
    assert one.result(5).id == "one"
    assert first.result(5).id == "first"
    many.join(5)
    batches.close()
    assert len(slow.order) == 11
    assert slow.order.index("one") <= 3


def test_a_plot_that_comes_alone_finds_a_place_beside_posters() -> None:
    slow = Slow()
    batches = Batches(slow, size=2, waiting=2, workers=1)  # type: ignore[arg-type]
    first = batches.submit(Movie("first"))
    while batches.waiting:
        time.sleep(0.01)
    posters = [batches.submit(Movie(str(number), poster=b"x")) for number in range(2)]
    with pytest.raises(Busy, match="ask again in 1 s"):
        batches.submit(Movie("third", poster=b"x"))
    plot = batches.submit(Movie("plot"))
    slow.go.set()
    assert {one.result(5).id for one in (first, plot, *posters)} == {"first", "plot", "0", "1"}
    batches.close()
    assert slow.order.index("plot") <= 2


def test_a_gate_refuses_whom_it_has_no_place_for() -> None:
    gate = Gate("films are being explained", 1, 1, 0.1)
    with contextlib.ExitStack() as stack:
        stack.enter_context(gate.turn())
        with pytest.raises(Busy, match="too many films are being explained; ask again in 1 s"):
            stack.enter_context(gate.turn())  # which waited
    with gate.turn():
        pass


def test_few_may_have_patience() -> None:
    batches = Batches(Slow(), size=2, waiting=2, workers=1)  # type: ignore[arg-type]
    with contextlib.ExitStack() as stack:
        for _ in range(PATIENT):
            stack.enter_context(batches.patience())
        with pytest.raises(Busy):
            stack.enter_context(batches.patience())
    with batches.patience():
        pass
    batches.close()


def test_posters_are_opened_one_after_the_other(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many are sent at once; whom there is no place for is told when to come again."""
    now: list[int] = [0]
    most: list[int] = [0]

    def slow(poster: bytes, limits: Limits, max_pixels: int) -> Pictures:
        now[0] += 1
        most[0] = max(most[0], now[0])
        time.sleep(0.1)
        now[0] -= 1
        return encode_both(poster, limits, max_pixels)

    monkeypatch.setattr("genreel.app.service.service.encode_both", slow)
    data = POSTER.read_bytes()
    with (
        serve(predictor, tmp_path, waiting=100) as client,
        concurrent.futures.ThreadPoolExecutor(20) as pool,
    ):
        files = [[("file", (f"{number}.jpg", data))] for number in range(20)]
        answers = list(pool.map(lambda one: client.post("/api/films/files", files=one), files))
    assert most == [1]
    assert {answer.status_code for answer in answers} == {201, 429}
    assert all(int(a.headers["retry-after"]) >= 1 for a in answers if a.status_code == 429)


def test_who_reads_a_table_slowly_holds_no_place(predictor: Predictor, tmp_path: Path) -> None:
    store = Store(str(tmp_path / "films.db"), predictor.thresholds())
    service = Service(predictor, store, Settings())
    table = b"plot\n" + b"".join(b"Sheriff %d rides into town.\n" % k for k in range(20))
    readers = [service.add_table("t.csv", table) for _ in range(PATIENT + 1)]
    for reader in readers:
        assert next(reader).film
    movies = [Movie("a", plot=PLOT), Movie("b", plot=PLOT)]
    assert all(one.scores for one in service.predict_many(movies))
    assert sum(1 for _ in readers[0]) == 19
    more = [service.add_table("t.csv", table) for _ in range(5)]
    with pytest.raises(Busy, match="too many tables"):
        for reader in more:
            next(reader)
    [folder] = Path(service._folder.name).parent.glob(Path(service._folder.name).name)
    service.close()
    assert not folder.exists()


def test_a_server_opens_no_poster_that_takes_much(client: TestClient) -> None:
    file = io.BytesIO()
    Image.new("RGB", (2000, 8100)).save(file, "PNG")
    [added] = send(client, ("a.png", file.getvalue()))
    assert "more than 16,000,000" in added["error"]


def test_who_waits_too_long_is_told_when_to_come_back(predictor: Predictor, tmp_path: Path) -> None:
    with serve(predictor, tmp_path, answer_seconds=0.0) as client:
        answer = client.post("/api/predict", json={"plot": PLOT})
        assert int(answer.headers["retry-after"]) >= 1
        problem(answer, 429)


def test_busy_is_429_with_retry_after(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*args: Any) -> None:
        raise Busy(7)

    monkeypatch.setattr(Batches, "submit", busy)
    answer = client.post("/api/predict", json={"plot": PLOT})
    assert answer.headers["retry-after"] == "7"
    problem(answer, 429)


def test_an_edit_is_kept_while_too_much_waits(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post("/api/films", json={"id": "a", "plot": PLOT})

    def busy(*args: Any) -> None:
        raise Busy(7)

    with monkeypatch.context() as patch:
        patch.setattr(Batches, "submit", busy)
        answer = client.patch("/api/films/a", json={"title": "Dust", "version": 1})
    assert answer.status_code == 200
    film = answer.json()
    assert (film["title"], film["version"]) == ("Dust", 2)
    assert film["problem"].startswith("saved, but the scores are those of the text before")
    again = client.patch("/api/films/a", json={"title": "Dust", "version": 2}).json()
    assert (again["title"], again["problem"]) == ("Dust", None)


def test_a_deleted_film_comes_back_over_the_api(client: TestClient) -> None:
    [added] = send(client, ("a.jpg", POSTER.read_bytes()))
    client.put("/api/reviews/a", json={"genres": ["War"]})
    before = client.get("/api/films/a").json()
    client.delete("/api/films/a")
    undone = client.post("/api/undo").json()["undone"]
    assert (undone["kind"], undone["film"]) == ("delete", "a")
    after = client.get("/api/films/a").json()
    assert {**after, "version": 0} == {**before, "version": 0}
    assert client.get(added["film"]["poster"]["small"]).status_code == 200


def narrow_poster(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).save(file, "PNG")
    return file.getvalue()


def test_a_poster_that_would_be_kept_too_small_is_refused(client: TestClient) -> None:
    for size in ((3000, 16), (20, 3000)):
        [added] = send(client, ("a.png", narrow_poster(*size)))
        assert added["film"] is None
        assert added["error"].startswith("a.png: is too narrow: kept as ")
    [added] = send(client, ("a.png", narrow_poster(3000, 100)))
    assert client.get(added["film"]["poster"]["small"]).status_code == 200
    assert client.patch("/api/films/a", json={"title": "Wide"}).json()["problem"] is None


class Large(bytes):
    """Bytes that can be found again."""


def test_thumbnails_keep_no_large_pictures() -> None:
    thumbnails = Thumbnails(size=2)
    posters = [encode(path) for path in sorted((SAMPLES / "posters").glob("*.jpg"))[:3]]
    for number, poster in enumerate(posters):
        small = thumbnails.get(str(number), Large(poster))
        assert thumbnails.get(str(number), b"") is small
    gc.collect()
    assert not any(isinstance(one, Large) for one in gc.get_objects())
    assert list(thumbnails._pictures) == ["1", "2"]


def test_health_and_metrics(client: TestClient) -> None:
    assert client.get("/health/live").json() == {"status": "live"}
    assert client.get("/health/ready").json() == {"status": "ready"}
    client.post("/api/predict", json={"plot": PLOT})
    text = client.get("/metrics").text
    assert 'genreel_requests_total{method="POST",route="/api/predict",status="200"} 1.0' in text
    assert "genreel_predicted 1.0" in text


def test_openapi_describes_every_operation(client: TestClient) -> None:
    described = client.get("/api/openapi.json").json()
    for path, operations in described["paths"].items():
        for operation in operations.values():
            assert operation["description"], path
    assert client.get("/api/docs").status_code == 200


def test_every_genre_has_a_key_of_its_own() -> None:
    keys = genre_keys(GENRES)
    assert len(set(keys.values())) == 22
    assert "z" not in keys.values()
    assert (keys["Drama"], keys["Horror"], keys["War"]) == ("d", "h", "w")


# Label Studio


def test_label_studio(client: TestClient) -> None:
    assert client.get("/labelstudio/health").json()["status"] == "UP"
    assert "model_version" in client.post("/labelstudio/setup", json={}).json()
    config = (
        '<View><Image name="img" value="$cover"/><Choices name="g" toName="img">'
        + "".join(f'<Choice value="{name}"/>' for name in ("western", "Science Fiction"))
        + "</Choices></View>"
    )
    cover = "data:image/jpeg;base64," + base64.b64encode(POSTER.read_bytes()).decode()
    tasks = [
        {"id": 1, "data": {"cover": cover, "text": PLOT}},
        {"id": 2, "data": {"cover": "http://127.0.0.1/x.jpg"}},
        {"id": 3},
    ]
    client.put("/api/thresholds", json={"thresholds": {}})
    body = {"tasks": tasks, "label_config": config}
    results = client.post("/labelstudio/predict", json=body).json()["results"]
    assert len(results) == 3
    for one in results[0]["result"]:
        assert (one["from_name"], one["to_name"], one["type"]) == ("g", "img", "choices")
        assert set(one["value"]["choices"]) <= {"western", "Science Fiction"}
    assert "start genreel serve with --fetch-urls" in results[1]["error"]
    assert "no data" in results[2]["error"]
    problem(client.post("/labelstudio/predict", json={"tasks": "x"}), 422)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        *("192.0.0.192", "192.0.0.8", "100.64.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255"),
        *(
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:192.0.0.8",
            "::8.8.8.8",
            "fec0::1",
            "fe80::1",
            "fc00::1",
        ),
        *(
            "64:ff9b::10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2002:7f00:1::1",
            "2002:808:808::1",
        ),
        *("100:0:0:1::1", "2001::1", "2001:db8::1", "3fff::1", "ff02::1"),
        "0.0.0.0",
        "2130706433",
    ],
)
def test_private_addresses_are_not_fetched(host: str, socket_enabled: None) -> None:
    address = f"http://[{host}]/x.jpg" if ":" in host else f"http://{host}/x.jpg"
    with pytest.raises(InputError, match="is not a public address"):
        fetch.fetch(address, 1000)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "192.0.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]
)
def test_public_addresses_are_told(address: str) -> None:
    assert fetch.is_public(address)


def answering(pieces: Iterable[bytes], pause: float) -> int:
    """The port of a server that answers one request with pieces, each after a pause."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        with listener, listener.accept()[0] as one, contextlib.suppress(OSError):
            for piece in pieces:
                one.sendall(piece)
                time.sleep(pause)

    threading.Thread(target=answer, daemon=True).start()
    return int(listener.getsockname()[1])


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize(
    "pieces",
    [
        itertools.chain([b"HTTP/1.1 200 OK\r\n"], itertools.repeat(b"x", 100)),
        itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n", 100),
        itertools.chain([b"HTTP/1.1 200 OK\r\n\r\n"], itertools.repeat(b"x", 100)),
        itertools.repeat(b"", 100),
    ],
    ids=["headers", "100", "body", "nothing"],
)
def test_a_server_that_drips_is_given_up(
    monkeypatch: pytest.MonkeyPatch, pieces: Iterable[bytes]
) -> None:
    monkeypatch.setattr(fetch, "SECONDS", 0.5)
    monkeypatch.setattr(fetch, "is_public", lambda ip: True)
    port = answering(pieces, 0.1)
    started = time.monotonic()
    with pytest.raises(InputError, match="took more than"):
        fetch.fetch(f"http://127.0.0.1:{port}/x.jpg", 1000)
    assert time.monotonic() - started < 2


@pytest.mark.usefixtures("socket_enabled")
def test_a_redirect_to_nowhere_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "is_public", lambda ip: True)
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://[\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(InputError, match="leads to no address"):
        fetch.fetch(f"http://127.0.0.1:{answering([answer], 0)}/", 1000)


def test_a_name_that_is_looked_up_for_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "SECONDS", 0.2)
    monkeypatch.setattr(fetch, "public_address", lambda *name: time.sleep(1))
    started = time.monotonic()
    with pytest.raises(InputError, match="took more than"):
        fetch.fetch("http://posters.example/", 1000)
    assert time.monotonic() - started < 0.9


def test_the_posters_of_a_request_have_one_allowance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "fetch", lambda address, size, host: b"x" * min(size, 6))
    allowance = fetch.Allowance(60, 10)
    sizes = [len(allowance.fetch("http://x/", 100)) for _ in range(2)]
    assert sizes == [6, 4]
    for spent in (allowance, fetch.Allowance(-1, 10)):
        with pytest.raises(InputError, match="send fewer tasks at once"):
            spent.fetch("http://x/", 100)


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://x/y", "http://u:p@x/", "x"])
def test_other_schemes_are_not_fetched(address: str) -> None:
    with pytest.raises(InputError, match="is not http or https"):
        fetch.fetch(address, 1000)


def test_redirects_are_checked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def get(address: str, *rest: Any) -> tuple[int, dict[str, str], bytes]:
        asked.append(address)
        if address.startswith("http://127"):
            raise InputError("127.0.0.1 is not a public address")
        return 302, {"location": "http://127.0.0.1/"}, b""

    monkeypatch.setattr(fetch, "_get", get)
    with pytest.raises(InputError, match="not a public address"):
        fetch.fetch("http://posters.example/1", 1000)
    assert asked == ["http://posters.example/1", "http://127.0.0.1/"]
