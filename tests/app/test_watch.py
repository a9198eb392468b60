"""A watched folder: files as they come, half written, moved, broken; and a second start."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from genreel.app.browse import Filter, count
from genreel.app.server.service import Service
from genreel.app.server.settings import Settings
from genreel.app.store import Store
from genreel.app.watch import ASIDE, Landed, Watcher
from genreel.errors import GenreelError
from genreel.predictor import Predictor

SAMPLES = Path(__file__).parent.parent.parent / "samples" / "posters"
Look = Callable[[], list[Landed]]


@pytest.fixture
def service(predictor: Predictor, tmp_path: Path) -> Iterator[Service]:
    service = Service(
        predictor, Store(str(tmp_path / "films.db"), predictor.thresholds()), Settings()
    )
    yield service
    service.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def look(service: Service, folder: Path) -> Look:
    """Takes what is there, as a process that was just started does."""

    def look() -> list[Landed]:
        return list(Watcher(service, folder, quiet=0.05, patience=0.1).once())

    return look


def poster(name: str, to: Path) -> Path:
    to.parent.mkdir(exist_ok=True, parents=True)
    shutil.copy(SAMPLES / f"{name}.jpg", to)
    return to


def test_a_poster_is_taken_once(look: Look, folder: Path, service: Service) -> None:
    poster("emberfell", folder / "old" / "emberfell.jpg")
    assert [(one.what, one.path) for one in look()] == [("new", "old/emberfell.jpg")]
    assert look() == []
    film = service.store.film("old/emberfell")
    assert film.poster
    assert film.path == "old/emberfell.jpg"


def test_a_plot_beside_it_counts_whenever_it_comes(
    look: Look, folder: Path, service: Service
) -> None:
    poster("emberfell", folder / "a.jpg")
    look()
    (folder / "a.txt").write_text("A dragon wakes.")
    assert [one.what for one in look()] == ["changed"]
    assert service.store.film("a").plot == "A dragon wakes."


def test_a_renamed_file_stays_the_same_reviewed_film(
    look: Look, folder: Path, service: Service
) -> None:
    path = poster("emberfell", folder / "a.jpg")
    look()
    service.review("a", ["Fantasy"], None)
    (folder / "kept").mkdir()
    path.rename(folder / "kept" / "b.jpg")
    assert [one.what for one in look()] == ["moved"]
    assert look() == []
    film = service.store.film("a")
    assert (film.genres, film.path) == (("Fantasy",), "kept/b.jpg")
    poster("neon-cascade", folder / "a.jpg")  # the name is free for another film
    assert [one.what for one in look()] == ["new"]
    assert count(service.store, Filter()) == 2
    assert service.store.film("a").genres == ("Fantasy",)


def test_a_bad_file_is_set_aside_with_the_reason(look: Look, folder: Path) -> None:
    (folder / "page.jpg").write_text("<html><script>alert(1)</script>")
    (folder / "cut.jpg").write_bytes((SAMPLES / "emberfell.jpg").read_bytes()[:2000])
    poster("emberfell", folder / "good.jpg")
    assert sorted((one.path, one.what) for one in look()) == [
        ("cut.jpg", "aside"),
        ("good.jpg", "new"),
        ("page.jpg", "aside"),
    ]
    assert not (folder / "page.jpg").exists()
    reason = (folder / ASIDE / "page.jpg.reason.txt").read_text()
    assert "is not a JPEG, PNG, WebP or GIF image" in reason
    assert look() == []


def test_a_file_that_is_still_written_is_left_alone(folder: Path, service: Service) -> None:
    watcher = Watcher(service, folder, quiet=0.2, patience=5)
    data = (SAMPLES / "emberfell.jpg").read_bytes()
    with (folder / "a.jpg").open("wb") as file:
        for start in range(0, len(data), len(data) // 4):
            file.write(data[start : start + len(data) // 4])
            file.flush()
            assert list(watcher.look()) == []
            time.sleep(0.05)
    landed = list(watcher.once())
    assert [one.what for one in landed] == ["new"]


def test_no_folder(service: Service, tmp_path: Path) -> None:
    with pytest.raises(GenreelError, match="is no folder"):
        Watcher(service, tmp_path / "nowhere")
