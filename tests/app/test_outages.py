"""What a server lives through: its store gone and back, a full disk, a clock put back, a twin."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from disks import full_disk
from fastapi.testclient import TestClient
from stores import THRESHOLDS, PostgreSQL, prediction

from genreel.app.server.application import create_app
from genreel.app.service.service import Service
from genreel.app.service.settings import Settings
from genreel.app.service.watch import Landed, Watcher
from genreel.app.store.correction import Correction, Shift
from genreel.app.store.store import Store
from genreel.catalogue import Movie
from genreel.errors import StoreGone
from genreel.predictor import Predictor

PLOT = "A sheriff and a priest hold a town against the army."
POSTERS = Path(__file__).parent.parent.parent / "samples" / "posters"


def service_of(predictor: Predictor, url: str, **settings: Any) -> Service:
    return Service(predictor, Store(url, predictor.thresholds()), Settings(**settings))


def client_of(service: Service) -> TestClient:
    """A server, whose mistakes are answers of status 500 as over a network."""
    return TestClient(create_app(service), "http://localhost", raise_server_exceptions=False)


def asks(client: TestClient) -> dict[str, Any]:
    """One request of each kind that needs the store, by what it does."""
    return {
        "lists": client.get("/api/films"),
        "reviews": client.put("/api/reviews/a", json={"genres": ["War"]}),
        "adds": client.post("/api/films", json={"id": "b", "plot": PLOT}),
        "exports": client.get("/api/export", params={"format": "csv"}),
        "shows": client.get("/"),
        "measures": client.get("/metrics"),
        "is ready": client.get("/health/ready"),
    }


def check_all_told(answers: dict[str, Any]) -> None:
    for what, answer in answers.items():
        assert answer.status_code == 503, (what, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"] == "5"
        assert "the store failed (" in answer.json()["detail"] and "\n" not in answer.text


# Damage


def test_a_page_that_is_damaged_while_the_server_runs(predictor: Predictor, tmp_path: Path) -> None:
    path = tmp_path / "films.db"
    service = service_of(predictor, str(path))
    with client_of(service) as client:
        for number in range(40):
            service.store.save(Movie(f"film {number}", "A title " * 100))
        with service.store.database.writing() as connection:
            page = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
            query = "SELECT rootpage FROM sqlite_master WHERE name = 'films'"
            root = connection.exec_driver_sql(query).scalar_one()
        with service.store.database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        service.store.database.engine.dispose()
        with path.open("r+b") as file:
            file.seek((root - 1) * page)
            file.write(b"\xff" * page)
        answer = client.get("/api/films")
        assert answer.status_code == 503
        assert "the store is damaged (database disk image is malformed)" in answer.json()["detail"]
        ready = client.get("/health/ready")
        assert ready.status_code == 503 and "is damaged" in ready.json()["detail"]
        assert client.get("/health/live").status_code == 200


# PostgreSQL


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_postgresql_gone_and_back(
    server: PostgreSQL, url_of_postgresql: str, predictor: Predictor, mode: str
) -> None:
    service = service_of(predictor, url_of_postgresql)
    with client_of(service) as client:
        assert client.post("/api/films", json={"id": "a", "plot": PLOT}).status_code == 201
        with contextlib.ExitStack() as several:  # which then wait in the pool, and break there
            for _ in range(4):
                several.enter_context(service.store.database.reading())
        server.stop(mode)
        try:
            started = time.monotonic()
            for _ in range(2):
                check_all_told(asks(client))
            assert time.monotonic() - started < 10
            assert client.get("/health/live").status_code == 200
            assert client.post("/api/predict", json={"plot": PLOT}).status_code == 200
        finally:
            server.start()
        for what, answer in asks(client).items():
            assert answer.status_code in (200, 201), (what, answer.text)
        film = client.get("/api/films/a").json()
        assert (film["genres"], film["state"]) == (["War"], "reviewed")
        assert client.get("/api/films").json()["count"] == 2


@pytest.mark.usefixtures("socket_enabled")
def test_postgresql_that_answers_nothing(
    server: PostgreSQL,
    url_of_postgresql: str,
    predictor: Predictor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("genreel.app.store.database.BUSY_SECONDS", 0.5)
    service = service_of(predictor, url_of_postgresql)
    with client_of(service) as client:
        assert client.post("/api/films", json={"id": "a", "plot": PLOT}).status_code == 201
        server.freeze()
        try:
            check_all_told(asks(client))
            assert client.get("/health/live").status_code == 200
        finally:
            server.thaw()
        for what, answer in asks(client).items():
            assert answer.status_code in (200, 201), (what, answer.text)


@pytest.mark.usefixtures("socket_enabled")
def test_a_change_that_an_outage_interrupts_is_not_there(
    server: PostgreSQL, url_of_postgresql: str
) -> None:
    store = Store(url_of_postgresql, THRESHOLDS)
    store.save(Movie("a", "Alba"))
    with pytest.raises(StoreGone), store.database.writing():
        store.edit("a", {"title": "Brume"})
        server.stop("immediate")
        try:
            store.edit("a", {"title": "Corso"})
        finally:
            server.start()
    assert store.film("a").title == "Alba"
    assert store.edit("a", {"title": "Delta"}).title == "Delta"
    store.close()


@pytest.mark.usefixtures("socket_enabled")
def test_a_watched_folder_waits_for_its_store(
    server: PostgreSQL,
    url_of_postgresql: str,
    predictor: Predictor,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    service = service_of(predictor, url_of_postgresql)
    shutil.copy(POSTERS / "emberfell.jpg", tmp_path / "a.jpg")
    watcher = Watcher(service, tmp_path, quiet=0.0)
    server.stop("immediate")
    looks = itertools.count(1)
    look = watcher.look

    def counted() -> Iterator[Landed]:
        if next(looks) == 4:
            server.start()
        return look()

    def stop(landed: Landed) -> None:
        assert landed.what == "new"
        raise KeyboardInterrupt

    watcher.look = counted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        watcher.run(stop, every=0.01)
    assert next(looks) > 4
    assert capsys.readouterr().err.count("waiting for the store: ") == 1
    service.close()


# A full disk


def test_a_full_disk_is_told_and_mended(predictor: Predictor, tmp_path: Path) -> None:
    with client_of(service_of(predictor, str(tmp_path / "films.db"))) as client:
        client.post("/api/films", json={"id": "a", "plot": PLOT})
        with full_disk():
            refused = {
                "reviews": client.put("/api/reviews/a", json={"genres": ["War"]}),
                "adds": client.post("/api/films", json={"id": "b", "plot": PLOT}),
            }
            exported = client.get("/api/export", params={"format": "csv"})
            archive = client.get("/api/export", params={"format": "nfo"})
            read = client.get("/api/films/a")
        check_all_told(refused)
        assert [one.status_code for one in (exported, archive)] == [507, 507], archive.text
        assert exported.headers["content-type"] == "application/problem+json"
        assert (read.status_code, read.json()["state"]) == (200, "new")
        assert client.put("/api/reviews/a", json={"genres": ["War"]}).status_code == 200
        assert client.get("/api/films").json()["count"] == 1
        assert client.get("/api/export", params={"format": "nfo"}).status_code == 200


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte, where this process may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=1m", "genreel", str(folder)]
    if not shutil.which("mount") or subprocess.run(mounting, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_disk_that_fills_up_loses_nothing_that_was_confirmed(small_disk: Path) -> None:
    store = Store(str(small_disk / "films.db"), THRESHOLDS)
    kept = 0
    with pytest.raises(StoreGone, match="full"):
        for number in range(1000):
            store.save(Movie(f"{number:04}", plot="long " * 1000))
            kept += 1
    store.close()
    assert kept > 10
    store = Store(str(small_disk / "films.db"), THRESHOLDS)
    assert all(store.film(f"{number:04}").plot for number in range(kept))
    store.close()


# A clock that is put back


@pytest.fixture
def put_back(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Puts the clock back by an hour; between two calls it stands still."""
    now = [time.time()]
    monkeypatch.setattr(time, "time", lambda: now[0])

    def put_back() -> None:
        now[0] -= 3600

    return put_back


def test_history_and_undo_follow_what_happened(store: Store, put_back: Callable[[], None]) -> None:
    store.save(Movie("a", "Alba"))
    for genre in ("Comedy", "War", "Drama"):
        put_back()
        store.save_review("a", [genre])
    put_back()
    store.edit("a", {"title": "Brume"})
    kinds = [event["kind"] for event in store.history("a")]
    assert kinds == ["edit", "review", "review", "review", "add"]
    store.undo_last("a")
    assert (store.film("a").title, store.film("a").genres) == ("Alba", ("Drama",))
    put_back()
    store.undo_last("a")
    assert store.film("a").genres == ("War",)


def test_what_was_learnt_last_is_the_newest(store: Store, put_back: Callable[[], None]) -> None:
    store.save(Movie("a", year=1953))
    store.save_prediction("a", prediction(Crime=0.3), "m")
    first = store.tuning.save_correction(Correction({"1950": {"Crime": Shift(2, 1, 0.5, 0)}}), {})
    again = store.tuning.save_correction(Correction({"1950": {"Crime": Shift(2, 1, 0.5, 0)}}), {})
    put_back()
    last = store.tuning.save_correction(Correction({"1950": {"Crime": Shift(1, 1, 0.5, 0)}}), {})
    assert [one["version"] for one in store.tuning.list_corrections()] == [last, again, first]
    assert store.tuning.go_back() == again


def test_a_server_answers_on(
    predictor: Predictor, tmp_path: Path, put_back: Callable[[], None]
) -> None:
    service = service_of(predictor, str(tmp_path / "films.db"), token="secret")
    with client_of(service) as client:
        headers = {"Authorization": "Bearer secret"}
        for number in range(3):
            put_back()
            body = {"id": str(number), "plot": PLOT}
            assert client.post("/api/films", json=body, headers=headers).status_code == 201
            assert client.get("/", headers=headers).status_code == 200
        assert client.get("/api/films").status_code == 401
        assert 1 <= service.batches.busy().retry_after <= 2


def test_a_watched_file_counts_as_written_whatever_its_time(
    predictor: Predictor, tmp_path: Path, put_back: Callable[[], None]
) -> None:
    service = service_of(predictor, str(tmp_path / "films.db"))
    folder = tmp_path / "in"
    folder.mkdir()
    watcher = Watcher(service, folder, quiet=0.1)
    poster, now = folder / "a.jpg", time.time()
    for name, at in (("emberfell", now + 86400), ("neon-cascade", now - 86400)):
        shutil.copy(POSTERS / f"{name}.jpg", poster)
        os.utime(poster, (at, at))
        assert list(watcher.look()) == []  # it may still be written
        put_back()
        assert list(watcher.look()) == []
        assert [one.path for one in watcher.once()] == ["a.jpg"]
        assert list(watcher.once()) == []
    service.close()


# Two processes

COUNTER = """
import sys
from genreel.app.store.store import Store
from genreel.errors import Conflict

store, refused = Store(sys.argv[1], {"War": 0.5}), 0
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[2])):
    while True:
        film = store.film("a")
        try:
            store.edit("a", {"title": str(int(film.title) + 1)}, film.version)
            break
        except Conflict:
            refused += 1
print(refused)
"""


def test_two_processes_edit_the_same_film_and_lose_nothing(
    url: str, open_store: Callable[[], Store]
) -> None:
    store, each = open_store(), 15
    store.save(Movie("a", "0"))
    command = [sys.executable, "-c", COUNTER, url, str(each)]
    both = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in both:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in both:
        process.communicate(timeout=60)
        assert process.returncode == 0
    # Who had seen an older title was refused and looked again: every count is there, once.
    assert store.film("a").title == str(2 * each)
    edits = [event for event in store.history("a", 1000) if event["kind"] == "edit"]
    titles = [event["after"]["title"] for event in reversed(edits)]
    assert titles == [str(number) for number in range(1, 2 * each + 1)]


# A watched folder


def test_a_file_that_cannot_be_set_aside_stops_nothing(
    predictor: Predictor, tmp_path: Path
) -> None:
    service = service_of(predictor, str(tmp_path / "films.db"))
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "set-aside").write_text("a file where the folder would be")
    (folder / "a.jpg").write_text("no picture")
    shutil.copy(POSTERS / "emberfell.jpg", folder / "b.jpg")
    told = {one.path: one for one in Watcher(service, folder, quiet=0.05, patience=0.1).once()}
    assert told["b.jpg"].what == "new"
    assert "cannot be set aside" in told["a.jpg"].reason
    assert (folder / "a.jpg").read_text() == "no picture"
    service.close()
