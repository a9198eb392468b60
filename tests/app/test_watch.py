"""A watched folder: files as they come, half written, moved, broken; and a second start."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from genreel.app.service.added import Added
from genreel.app.service.aside import ASIDE
from genreel.app.service.service import Service
from genreel.app.service.settings import Settings
from genreel.app.service.watch import Landed, Watcher
from genreel.app.store.browse import Filter, count
from genreel.app.store.store import Store
from genreel.catalogue import Movie
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


def test_two_folders_with_files_of_one_name_are_two_films(
    folder: Path, service: Service, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    names = ("six-miles-to-redwater", "perihelion-six")
    for name, home in zip(names, (folder, other), strict=True):
        poster(name, home / "a.jpg")
    films = [
        landed.film
        for home in (folder, other)
        for landed in Watcher(service, home, quiet=0.05).once()
    ]
    first, second = (film.id for film in films if film)
    assert first == "a"
    assert second.startswith("a-")
    assert count(service.store, Filter()) == 2
    for home in (folder, other):
        assert list(Watcher(service, home, quiet=0.05).once()) == []


def test_a_dry_run_shows_and_writes_nothing(folder: Path, service: Service) -> None:
    poster("six-miles-to-redwater", folder / "Alba (1999)" / "poster.jpg")
    nfo = folder / "Alba (1999)" / "movie.nfo"
    nfo.write_text("<movie><title>Alba</title><plot>A sheriff rides into town.</plot></movie>")
    (folder / "bad.jpg").write_bytes(b"no image")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    shown: list[str] = []
    watcher = Watcher(service, folder, 0.05, 0.1, target="nfo", create=True, show=shown.append)
    landed = list(watcher.once())
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert "+" in "".join(shown)
    assert {one.what for one in landed} == {"new", "left"}


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
    (folder / "a.txt").write_text(
        "En drake vaknar, och ingen i byn talar om det som hände.", "utf-8"
    )
    [landed] = apply("xmp")
    assert (landed.what, landed.reason) == ("new", "") and landed.genres
    assert landed.problem.startswith("plot ") and image.is_file()
    assert service.store.film("a").problem == landed.problem


def test_the_language_of_all_plots(folder: Path, service: Service) -> None:
    poster("emberfell", folder / "a.jpg")
    (folder / "a.txt").write_text("A dragon wakes.")
    [landed] = Watcher(service, folder, quiet=0.05, language="sv").once()
    assert landed.problem.startswith("plot is in Swedish") and landed.genres


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
        ("<album><title>cut", "not well-formed XML"),
    ],
)
def test_a_bad_nfo_file_is_named_and_its_poster_used(
    nfo: str, reason: str, look: Look, folder: Path, service: Service
) -> None:
    poster("emberfell", folder / "a.jpg")
    (folder / "a.txt").write_text("A dragon wakes.")
    poster("neon-cascade", folder / "b.jpg")
    (folder / "a.nfo").write_text(nfo)
    told = {one.path: one for one in look()}
    assert [told[path].what for path in ("a.jpg", "b.jpg")] == ["new", "new"]
    assert "a.nfo" in told["a.jpg"].problem and reason in told["a.jpg"].problem
    film = service.store.film("a")
    assert film.genres and film.poster
    assert film.plot == "A dragon wakes."
    assert reason in film.problem
    assert (folder / "a.nfo").read_text() == nfo


Apply = Callable[[str], list[Landed]]


@pytest.fixture
def apply(service: Service, folder: Path) -> Apply:
    """Takes what is there and writes genres."""

    def apply(target: str) -> list[Landed]:
        watcher = Watcher(service, folder, 0.05, 0.1, target, create=True)
        return list(watcher.once())

    return apply


def test_genres_are_written_once_and_undone(apply: Apply, folder: Path) -> None:
    poster("emberfell", folder / "old" / "a.jpg")
    (folder / "old" / "a.txt").write_text("A dragon wakes.")
    [landed] = apply("nfo")
    assert landed.genres and not landed.not_written
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
    assert told["a.jpg"].what == "new" and "no XMP" in told["a.jpg"].not_written
    assert not told["b.jpg"].not_written and (folder / "b.jpg.xmp").is_file()
    assert (folder / "a.jpg.xmp").read_text() == "no XMP"


# Texts beside a poster


def test_a_bad_year_leaves_that_of_the_folder(look: Look, folder: Path, service: Service) -> None:
    poster("emberfell", folder / "Ember (1987)" / "poster.jpg")
    (folder / "Ember (1987)" / "movie.nfo").write_text(
        "<movie><year>0</year><plot>A dragon wakes.</plot></movie>"
    )
    [landed] = look()
    assert landed.what == "new"
    assert "year '0'" in landed.problem
    film = service.store.film("Ember (1987)/poster")
    assert (film.title, film.year, film.plot) == ("Ember", 1987, "A dragon wakes.")


def test_a_plot_in_windows_1252(look: Look, folder: Path, service: Service) -> None:
    poster("emberfell", folder / "a.jpg")
    (folder / "a.txt").write_bytes("A café burns.".encode("cp1252"))
    [landed] = look()
    assert not landed.problem
    assert service.store.film("a").plot == "A café burns."


def test_a_form_feed_in_a_plot(apply: Apply, folder: Path) -> None:
    poster("emberfell", folder / "a.jpg")
    (folder / "a.txt").write_text("A sheriff rides\x0cinto town.")
    assert [one.what for one in apply("nfo")] == ["new"]
    os.utime(folder / "a.jpg")
    assert [one.what for one in apply("nfo")] == ["changed"]
    assert (folder / "a.jpg").is_file()


def test_nothing_of_a_library_is_moved(look: Look, folder: Path) -> None:
    (folder / "Ember (1987)").mkdir()
    (folder / "Ember (1987)" / "Ember (1987).mkv").touch()
    (folder / "Ember (1987)" / "poster.jpg").write_text("<html>")
    (folder / "b.jpg").write_text("<html>")
    told = look()
    assert sorted((one.what, one.path) for one in told) == [
        ("left", "Ember (1987)/poster.jpg"),
        ("left", "b.jpg"),
    ]
    assert "is not a JPEG" in told[0].reason
    assert (folder / "b.jpg").exists()
    assert not (folder / ASIDE).exists()


# Which pictures are posters


def test_artwork_is_no_movie(look: Look, folder: Path) -> None:
    movie = folder / "Ember (1987)"
    for name in ("poster", "folder", "fanart", "banner", "clearlogo", "Ember (1987)-landscape"):
        poster("emberfell", movie / f"{name}.jpg")
    poster("emberfell", movie / "extrafanart" / "fanart1.jpg")
    assert [one.path for one in look()] == ["Ember (1987)/poster.jpg"]
    (movie / "movie.nfo").write_text(NFO)
    (movie / "Ember (1987).mkv").touch()
    assert [(one.path, one.what) for one in look()] == [("Ember (1987)/poster.jpg", "changed")]


def test_names_of_folders_say_title_and_year(look: Look, folder: Path, service: Service) -> None:
    poster("emberfell", folder / "Ember (1987)" / "poster.jpg")
    poster("neon-cascade", folder / "Neon (2091)" / "Neon (2091).jpg")
    (folder / "Neon (2091)" / "Neon (2091).mkv").touch()
    look()
    films = [service.store.film(i) for i in ("Ember (1987)/poster", "Neon (2091)/Neon (2091)")]
    assert [(film.title, film.year) for film in films] == [("Ember", 1987), ("Neon", 2091)]


# Writing


def test_no_nfo_file_is_made_unasked(folder: Path, service: Service) -> None:
    poster("emberfell", folder / "a.jpg")
    [landed] = Watcher(service, folder, 0.05, 0.1, "nfo").once()
    assert landed.lacks_nfo
    assert not landed.problem
    assert sorted(path.name for path in folder.iterdir()) == ["a.jpg"]


def test_a_run_is_undone_as_a_whole(apply: Apply, folder: Path) -> None:
    for name in ("emberfell", "neon-cascade"):
        poster(name, folder / f"{name}.jpg")
    (folder / "emberfell.nfo").write_text("<movie>\n</movie>\n")
    assert len(apply("nfo")) == 2
    assert sorted(undo(folder).restored) == ["emberfell.nfo", "neon-cascade.nfo"]
    assert (folder / "emberfell.nfo").read_text() == "<movie>\n</movie>\n"
    assert not (folder / "neon-cascade.nfo").exists()


@pytest.mark.parametrize(("target", "suffix"), [("xmp", ".jpg.xmp"), ("nfo", ".nfo")])
def test_a_moved_poster_leaves_no_sidecar_behind(
    target: str, suffix: str, apply: Apply, folder: Path
) -> None:
    path = poster("emberfell", folder / "a.jpg")
    apply(target)
    path.rename(folder / "b.jpg")
    assert [one.what for one in apply(target)] == ["moved"]
    assert not (folder / f"a{suffix}").exists()
    assert (folder / f"b{suffix}").is_file()
    undo(folder)
    assert (folder / f"a{suffix}").is_file()


def test_a_sidecar_that_is_a_persons_stays(apply: Apply, folder: Path) -> None:
    path = poster("emberfell", folder / "a.jpg")
    apply("xmp")
    sidecar = folder / "a.jpg.xmp"
    sidecar.write_text(sidecar.read_text() + "<!-- mine -->")
    path.rename(folder / "b.jpg")
    apply("xmp")
    assert "mine" in sidecar.read_text()


# Copies that rest


def test_a_copy_that_goes_on_is_taken_when_it_is_whole(
    look: Look, folder: Path, service: Service
) -> None:
    data = (SAMPLES / "emberfell.jpg").read_bytes()
    with (folder / "a.jpg").open("wb") as file:
        file.write(data[:2000])
        file.flush()
        assert [one.what for one in look()] == ["aside"]
        time.sleep(0.05)  # longer than a tick of the file system's clock
        file.write(data[2000:])
    os.utime(folder / ASIDE / "a.jpg", (10**9, 10**9))  # as of the original
    assert [one.what for one in look()] == ["new"]
    assert (folder / "a.jpg").read_bytes() == data
    assert not list((folder / ASIDE).iterdir())
    assert service.store.film("a").poster


def test_a_copy_into_a_library_is_taken_when_it_is_whole(folder: Path, service: Service) -> None:
    (folder / "a.mkv").touch()
    data = (SAMPLES / "emberfell.jpg").read_bytes()
    (folder / "a.jpg").write_bytes(data[:2000])
    watcher = Watcher(service, folder, 0.05, 0.1)
    assert [one.what for one in watcher.once()] == ["left"]
    assert list(watcher.once()) == []
    (folder / "a.jpg").write_bytes(data)
    assert [one.what for one in watcher.once()] == ["new"]


# Files that are not what they seem


def test_pipes_devices_and_links_are_not_opened(
    look: Look, folder: Path, tmp_path: Path, service: Service
) -> None:
    (tmp_path / "secret.txt").write_text("A secret.")
    os.mkfifo(folder / "pipe.jpg")
    (folder / "zero.jpg").symlink_to("/dev/zero")
    with (folder / "sparse.jpg").open("wb") as file:
        file.truncate(5 * 2**30)
    poster("emberfell", folder / "a.jpg")
    (folder / "a.txt").symlink_to(tmp_path / "secret.txt")
    os.mkfifo(folder / "a.nfo")
    poster("neon-cascade", folder / "b.jpg")
    assert sorted((one.what, one.path) for one in look()) == [
        ("aside", "sparse.jpg"),
        ("new", "a.jpg"),
        ("new", "b.jpg"),
    ]
    assert service.store.film("a").plot == ""


def test_folders_that_lead_elsewhere_get_nothing(folder: Path, tmp_path: Path, look: Look) -> None:
    (tmp_path / "elsewhere").mkdir()
    (folder / ASIDE).symlink_to(tmp_path / "elsewhere")
    (folder / "page.jpg").write_text("<html>")
    [landed] = look()
    assert landed.what == "left"
    assert "leads out of" in landed.reason
    assert (folder / "page.jpg").is_file()
    assert not list((tmp_path / "elsewhere").iterdir())


def test_genres_are_not_written_through_links(apply: Apply, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (folder / ".genreel").symlink_to(tmp_path / "elsewhere")
    poster("emberfell", folder / "a.jpg")
    with pytest.raises(GenreelError, match="leads out of"):
        apply("xmp")
    assert not list((tmp_path / "elsewhere").iterdir())


def test_names_that_are_not_utf_8_or_long(url: str, predictor: Predictor, folder: Path) -> None:
    odd = folder / os.fsdecode(b"\xff\x1b.jpg")
    poster("emberfell", odd)
    deep = folder.joinpath(*("映画" * 40 for _ in range(4)), "a.jpg")
    poster("neon-cascade", deep)
    poster("the-far-bank", folder / "z.jpg")
    service = Service(predictor, Store(url, predictor.thresholds()), Settings())
    watcher = Watcher(service, folder, 0.05, 0.1)
    told = list(watcher.once())
    assert [one.what for one in told] == ["new"] * 3
    assert "\\xff\x1b.jpg" in [one.path for one in told]
    assert all(len(one.path.encode()) <= 500 for one in told)
    assert list(watcher.once()) == []
    odd.rename(folder / "b.jpg")
    assert [(one.what, one.path) for one in watcher.once()] == [("moved", "b.jpg")]
    assert count(service.store, Filter()) == 3
    service.close()


def test_a_long_name_is_set_aside_with_its_note(look: Look, folder: Path) -> None:
    name = "a" * 246 + ".jpg"
    (folder / name).write_text("<html>")
    assert [one.what for one in look()] == ["aside"]
    assert sorted(len(path.name) for path in (folder / ASIDE).iterdir()) == [224, 250]


def test_one_file_ends_nothing(
    look: Look, folder: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("emberfell", "neon-cascade"):
        poster(name, folder / f"{name}.jpg")
    add = service.add

    def failing(movie: Movie, *args: Any, **kwargs: Any) -> Added:
        if movie.id == "emberfell":
            raise RuntimeError("out of order")
        return add(movie, *args, **kwargs)

    monkeypatch.setattr(service, "add", failing)
    assert [(one.what, one.path, one.reason) for one in look()] == [
        ("left", "emberfell.jpg", "out of order"),
        ("new", "neon-cascade.jpg", ""),
    ]
