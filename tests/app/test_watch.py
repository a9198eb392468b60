"""A watched folder: files as they come, half written, moved, broken; and a second start."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from genreel.app.service.service import Service
from genreel.app.service.settings import Settings
from genreel.app.service.watch import ASIDE, Landed, Watcher
from genreel.app.store.browse import Filter, count
from genreel.app.store.store import Store
from genreel.errors import GenreelError
from genreel.formats.journal import undo
from genreel.formats.nfo import read_nfo
from genreel.formats.xmp import read_xmp
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


def test_a_plot_that_cannot_be_read_is_told_and_the_poster_stays(
    apply: Apply, folder: Path, service: Service
) -> None:
    image = poster("emberfell", folder / "a.jpg")
    (folder / "a.txt").write_text("羅生門の下で雨を待つ")
    [landed] = apply("xmp")
    assert (landed.what, landed.reason) == ("new", "") and landed.genres
    assert landed.problem.startswith("plot ") and image.is_file()
    assert service.store.film("a").problem == landed.problem


def test_the_language_of_all_plots(folder: Path, service: Service) -> None:
    poster("emberfell", folder / "a.jpg")
    (folder / "a.txt").write_text("A dragon wakes.")
    [landed] = Watcher(service, folder, quiet=0.05, language="es").once()
    assert landed.problem.startswith("plot is in Spanish") and landed.genres


def test_no_folder(service: Service, tmp_path: Path) -> None:
    with pytest.raises(GenreelError, match="is no folder"):
        Watcher(service, tmp_path / "nowhere")


NFO = (
    '<?xml version="1.0"?>\n<movie>\n  <title>Ember &amp; Fell</title>\n  <year>1987</year>\n'
    "  <plot>A dragon wakes.</plot>\n  <genre>War</genre>\n  <genre>Indie</genre>\n</movie>\n"
)


@pytest.mark.parametrize(
    ("image", "nfo"),
    [("a.jpg", "a.nfo"), ("a-poster.jpg", "a.nfo"), ("a/poster.jpg", "a/movie.nfo")],
)
def test_an_nfo_file_beside_it_says_what_it_knows(
    image: str, nfo: str, look: Look, folder: Path, service: Service
) -> None:
    poster("emberfell", folder / image)
    (folder / nfo).write_text(NFO)
    [landed] = look()
    assert (landed.what, landed.film is None) == ("new", False)
    film = service.store.film(image.removesuffix(".jpg"))
    assert (film.title, film.year, film.plot) == ("Ember & Fell", 1987, "A dragon wakes.")
    assert film.opinions["War"]["file"].verdict
    assert "War" in film.genres  # a person's word, whatever the model says
    assert look() == []


@pytest.mark.parametrize(
    ("nfo", "reason"),
    [
        ('<!DOCTYPE movie [<!ENTITY a "b">]><movie><title>&a;</title></movie>', "DOCTYPE"),
        ("<movie><title>cut", "not well-formed XML"),
        ("<album/>", "is no film's"),
    ],
)
def test_a_bad_nfo_file_is_named(nfo: str, reason: str, look: Look, folder: Path) -> None:
    poster("emberfell", folder / "a.jpg")
    poster("neon-cascade", folder / "b.jpg")
    (folder / "a.nfo").write_text(nfo)
    told = {one.path: one for one in look()}
    assert [told[path].what for path in ("a.jpg", "b.jpg")] == ["aside", "new"]
    assert "a.nfo" in told["a.jpg"].reason and reason in told["a.jpg"].reason


Apply = Callable[[str], list[Landed]]


@pytest.fixture
def apply(service: Service, folder: Path) -> Apply:
    """Takes what is there and writes genres."""

    def apply(target: str) -> list[Landed]:
        watcher = Watcher(service, folder, quiet=0.05, patience=0.1, target=target)
        return list(watcher.once())

    return apply


def test_genres_are_written_once_and_undone(apply: Apply, folder: Path) -> None:
    poster("emberfell", folder / "old" / "a.jpg")
    (folder / "old" / "a.txt").write_text("A dragon wakes.")
    [landed] = apply("nfo")
    assert landed.genres and not landed.reason
    nfo = folder / "old" / "a.nfo"
    told = read_nfo(nfo.read_bytes())
    assert len(told.genres) == len(landed.genres) and told.said == ()
    assert told.plot == "A dragon wakes."
    before = nfo.read_bytes()
    assert apply("nfo") == [] and nfo.read_bytes() == before
    os.utime(nfo)  # looked at again, and nothing to change
    assert [one.what for one in apply("nfo")] == ["changed"]
    assert nfo.read_bytes() == before
    assert undo(folder).restored == ["old/a.nfo"] and not nfo.exists()


def test_genres_of_a_person_are_never_overwritten(
    apply: Apply, folder: Path, service: Service
) -> None:
    poster("emberfell", folder / "a.jpg")
    (folder / "a.nfo").write_text(NFO)
    apply("nfo")
    assert (folder / "a.nfo").read_text() == NFO
    poster("neon-cascade", folder / "b.jpg")
    apply("xmp")
    service.review("b", ["Western"], None)
    os.utime(folder / "b.jpg")
    assert [one.genres for one in apply("xmp")] == [("Western",)]
    told = read_xmp((folder / "b.jpg.xmp").read_bytes())
    assert (told.genres, told.mark.genres) == (("Western",), {})


def test_a_file_that_cannot_be_written_to_stops_nothing(apply: Apply, folder: Path) -> None:
    poster("emberfell", folder / "a.jpg")
    poster("neon-cascade", folder / "b.jpg")
    (folder / "a.jpg.xmp").write_text("no XMP")
    told = {one.path: one for one in apply("xmp")}
    assert told["a.jpg"].what == "new" and "a.jpg" in told["a.jpg"].reason
    assert not told["b.jpg"].reason and (folder / "b.jpg.xmp").is_file()
    assert (folder / "a.jpg.xmp").read_text() == "no XMP"
