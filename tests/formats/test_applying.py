"""Genres applied to real folders: a way back, and every file whole however a run ends."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from genreel.catalogue import Catalogue, Movie
from genreel.errors import GenreelError
from genreel.formats.applying import (
    Choices,
    apply_to_files,
    apply_to_table,
    found_of,
    names_for,
    pairs_of,
    predict_pairs,
    read_predictions,
)
from genreel.formats.film import Options
from genreel.formats.importing import write_import
from genreel.formats.journal import undo
from genreel.formats.kodi import read_kodi
from genreel.formats.mark import Found, Mark
from genreel.formats.names import find_names
from genreel.formats.nfo import read_nfo
from genreel.formats.rows import write_table
from genreel.formats.shopify import write_shopify
from genreel.formats.xmp import read_xmp, write_xmp
from genreel.identification import Identification
from genreel.prediction import Prediction
from genreel.predictor import Predictor

FOUND = Found({"Drama": 0.9, "Crime": 0.5}, "default", "1")
KILLS = int(os.environ.get("GENREEL_KILLS", "6"))
"""benchmarks/catalogues.py kills the program itself, 50 times."""


def library(folder: Path, films: int = 40) -> dict[Path, bytes]:
    """A library of NFO files; their paths and bytes."""
    files = {}
    for number in range(films):
        path = folder / f"Film {number} (1999)" / "movie.nfo"
        path.parent.mkdir(parents=True)
        path.write_text(
            f"<movie>\n <title>Film {number}</title>\n <!-- mine -->\n</movie>\nhttps://x/\n"
        )
        files[path] = path.read_bytes()
    return files


def everything(predictor: Predictor) -> Callable[[Iterable[Movie]], Iterator[Prediction]]:
    """Predicts every genre."""
    return lambda movies: predictor.predict_many(movies, threshold=0.0)


def apply(folder: Path, found: Found = FOUND) -> int:
    pairs = ((movie, found) for movie in read_kodi(folder, Options()))
    done = apply_to_files(pairs, "nfo", Choices(folder), print, print)
    assert not done.failed
    return done.changed


def killed(work: Callable[[], object], within: float) -> None:
    """Runs `work` in a child that is killed somewhere on the way."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    time.sleep(random.uniform(0, within))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_apply_and_undo(tmp_path: Path) -> None:
    files = library(tmp_path, 3)
    assert apply(tmp_path) == 3 and apply(tmp_path) == 0
    first, second, third = files
    second.write_bytes(second.read_bytes().replace(b"Film 1", b"My Film"))
    edited = second.read_bytes()
    done = undo(tmp_path)
    assert (len(done.restored), len(done.left)) == (2, 1)
    assert first.read_bytes() == files[first] and third.read_bytes() == files[third]
    assert second.read_bytes() == edited
    with pytest.raises(GenreelError, match="nothing to undo"):
        undo(tmp_path)


def test_a_library_in_another_language_is_the_same_library(tmp_path: Path) -> None:
    (path, *_) = library(tmp_path, 1)
    genres = {"Crime": 0.9, "War": 0.8}

    def write(language: str) -> list[str]:
        apply(tmp_path, found_of(genres, genres, find_names(language), "default", "1"))
        return re.findall("<genre>(.*?)</genre>", path.read_text(encoding="utf-8"))

    assert write("genreel") == ["Crime", "War"]
    assert write("de") == ["Krimi", "Kriegsfilm"]
    path.write_text(path.read_text(encoding="utf-8").replace("<genre>Krimi</genre>", ""))
    assert write("fr") == ["Kriegsfilm"]  # a person was here: all stays as it is
    choices = Choices(tmp_path, add=True)
    found = found_of(genres, genres, find_names("fr"), "default", "1")
    apply_to_files(
        ((m, found) for m in read_kodi(tmp_path, Options())), "nfo", choices, print, print
    )
    text = path.read_text(encoding="utf-8")
    assert re.findall("<genre>(.*?)</genre>", text) == ["Guerre"]  # what was rejected stays so


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_an_apply_that_is_killed(tmp_path: Path) -> None:
    files = library(tmp_path)
    started = time.perf_counter()
    apply(tmp_path, Found({"War": 0.9}, "default", "1"))
    whole = time.perf_counter() - started
    for turn in range(KILLS):
        found = Found({"War" if turn % 2 else "Drama": 0.9}, "default", "1")
        killed(lambda found=found: apply(tmp_path, found), whole)
        for path in files:
            text = path.read_bytes()
            assert b"<!-- mine -->" in text and text.endswith(b"</movie>\nhttps://x/\n")
            assert len(read_nfo(text).genres) == 1
    apply(tmp_path, FOUND)
    assert all(read_nfo(path.read_bytes()).genres == ("Drama", "Crime") for path in files)
    assert not list(tmp_path.rglob(".*.part"))
    while True:
        try:
            assert not undo(tmp_path).left
        except GenreelError:
            break
    assert {path: path.read_bytes() for path in files} == files


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_an_import_that_is_killed(tmp_path: Path) -> None:
    poster = next((Path(__file__).parents[2] / "samples" / "posters").glob("*.jpg")).read_bytes()
    movies = [Movie(str(i), f"Film {i}", poster=poster) for i in range(60)]
    target = tmp_path / "catalogue"
    for _ in range(KILLS):
        killed(lambda: write_import(movies, target, overwrite=True), 0.1)
        for path in (target / "posters").glob("[!.]*"):
            assert path.read_bytes() == poster
        if (target / "movies.csv").exists():
            assert len(Catalogue(target)) == 60
    assert write_import(movies, target, overwrite=True).movies == 60
    assert [m.title for m in Catalogue(target)] == [m.title for m in movies]
    assert not list(tmp_path.rglob(".*.part"))


@pytest.mark.parametrize("target", ["nfo", "xmp"])
def test_what_is_an_error_to_predict_is_not_written(
    target: str, words: Predictor, tmp_path: Path
) -> None:
    plots = {
        "none": "",
        "ja": "羅生門の下で雨を待つ",
        "both": "A detective has a gun. <year>53</year>",
        "good": "A detective has a gun.",
    }
    for name, plot in plots.items():
        year = "<year>53</year>" if name == "both" else ""
        plot = plot.partition(" <")[0]
        folder = tmp_path / name
        folder.mkdir()
        (folder / f"{name}.nfo").write_text(f"<movie>{year}<plot>{plot}</plot></movie>")
    movies = [
        replace(movie, extra={**movie.extra, "file": f"{movie.id}.nfo"})
        for movie in read_kodi(tmp_path, Options())
    ]
    before = {movie.id: (tmp_path / f"{movie.id}.nfo").read_bytes() for movie in movies}
    lines: list[str] = []
    pairs = predict_pairs(movies, everything(words), names_for(target), "words")
    done = apply_to_files(pairs, target, Choices(tmp_path), print, lines.append)
    assert (done.changed, done.failed, done.partly) == (2, 2, 1)
    told = {line.partition(":")[0]: line for line in lines}
    assert sorted(told) == ["both/both", "ja/ja", "none/none"]
    assert "nothing to go by" in told["none/none"]
    assert "year" in told["both/both"]
    for name in ("ja/ja", "none/none"):
        assert (tmp_path / f"{name}.nfo").read_bytes() == before[name]
        assert not (tmp_path / f"{name}.nfo.xmp").exists()


def test_an_error_in_a_table_or_a_file_of_predictions(words: Predictor, tmp_path: Path) -> None:
    table = tmp_path / "movies.csv"
    table.write_text("id,plot,genres\na,羅生門,\nb,A detective has a gun.,\n")
    lines: list[str] = []
    pairs = predict_pairs(Catalogue(table), everything(words), names_for("csv"), "words")
    done = apply_to_table(pairs, "csv", Choices(table), print, lines.append)
    assert (done.changed, done.unchanged, done.failed, done.partly) == (1, 0, 1, 0)
    assert table.read_text().startswith("id,plot,genres,genreel\na,羅生門,,\nb,")
    assert len(lines) == 1 and lines[0].startswith("a: plot ")

    file = tmp_path / "told.jsonl"
    file.write_text(
        "".join(
            json.dumps(p.to_dict()) + "\n"
            for p in words.predict_many(
                [{"id": "a", "plot": "羅生門"}, {"id": "b", "plot": "A detective has a gun."}]
            )
        )
    )
    pairs = pairs_of(Catalogue(table), read_predictions(file), names_for("csv"))
    assert [bool(found.error) for _, found in pairs] == [True, False]


def test_genres_of_a_lookup_are_marked_as_such(tmp_path: Path) -> None:
    one = Prediction("a", {"Drama": 0.9, "Crime": 0.2}, ("Drama", "Crime"))
    one = replace(one, source={"Drama": "model", "Crime": "lookup"})
    path = library(tmp_path, 1).popitem()[0]
    pairs = predict_pairs(
        [replace(movie, genres={"tmdb": ("War",)}) for movie in read_kodi(tmp_path, Options())],
        lambda movies: (replace(one, id=movie.id) for movie in movies if not movie.genres),
        names_for("nfo"),
        "default",
    )
    apply_to_files(pairs, "nfo", Choices(tmp_path), print, print)
    mark = read_nfo(path.read_bytes()).mark
    assert (set(mark.genres), mark.lookup) == ({"Drama", "Crime"}, ("Crime",))
    file = tmp_path / "told.jsonl"
    identified = replace(one, id=path.parent.name, identified=Identification())
    file.write_text(json.dumps(identified.to_dict()) + "\n")
    [(_, found)] = pairs_of([Movie(path.parent.name)], read_predictions(file), names_for("nfo"))
    assert found.lookup == ("Crime",)


def test_a_path_that_leaves_the_library(tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    outside = tmp_path / "outside.nfo"
    outside.write_text("<movie/>")
    said: list[str] = []
    movies = [
        Movie(str(n), extra={"nfo": name})
        for n, name in enumerate(["../outside.nfo", str(outside)])
    ]
    done = apply_to_files(
        [(m, FOUND) for m in movies], "nfo", Choices(tmp_path / "library"), print, said.append
    )
    assert done.failed == 2 and all("outside of" in line for line in said)
    assert outside.read_text() == "<movie/>"


CSV = (
    b'\xef\xbb\xbfid,title,note,genres\r\n1,A,"x, ""y""",\r\n2,B,=1+1,Western\r\n'
    b'3,"br"oken\r\n4,D,\xff,\r\n'
)


def test_a_table_keeps_every_other_byte() -> None:
    new, changes = write_table(CSV, ".csv", {"1": FOUND, "2": FOUND})
    lines, old = new.split(b"\r\n"), CSV.split(b"\r\n")
    assert lines[0] == old[0] + b",genreel"
    assert lines[1].startswith(b'1,A,"x, ""y""",Drama|Crime,')
    assert lines[2] == old[2] + b"," and lines[3] == old[3] and lines[4] == old[4] + b","
    assert [str(c) for c in changes] == ["1: (none) \u2192 Drama, Crime"]
    assert write_table(new, ".csv", {"1": FOUND, "2": FOUND}) == (new, [])
    assert write_table(CSV, ".csv", {}) == (CSV, [])


def test_json_lines_keep_every_other_line() -> None:
    data = b'{"id": 1, "x": 1.0}\n not json\n{"id": "2", "genres": ["War"]}\n'
    new, changes = write_table(data, ".jsonl", {"1": FOUND, "2": FOUND})
    assert new.split(b"\n")[1:] == data.split(b"\n")[1:] and len(changes) == 1
    assert write_table(new, ".jsonl", {"1": FOUND})[0] == new


def test_shopify_tags_share_a_cell() -> None:
    data = b'Handle,Title,Tags,Image\na,A,"sale, 70s",1.jpg\na,,,2.jpg\nb,B,Western,3.jpg\n'
    new, marks, changes = write_shopify(data, {"a": FOUND, "b": FOUND}, {})
    rows = list(csv.reader(io.StringIO(new.decode())))
    assert [row[2] for row in rows] == ["Tags", "sale, 70s, Drama, Crime", "", "Western"]
    assert len(changes) == 1 and set(marks) == {"a"} and isinstance(marks["a"], Mark)
    assert write_shopify(new, {"a": FOUND}, marks)[0] == new


def test_sidecars_keep_keywords_of_a_person() -> None:
    new = write_xmp(None, FOUND)
    assert read_xmp(new).genres == ("Drama", "Crime") and write_xmp(new, FOUND) == new
    mine = new.replace(
        b"<rdf:li>Drama</rdf:li>", b"<rdf:li>holiday</rdf:li><rdf:li>Drama</rdf:li>", 1
    )
    later = write_xmp(mine, Found({"War": 0.9}))
    assert read_xmp(later).keywords == ("holiday", "War")
    for name in (b"Genre/War", b"Genre|War"):
        assert name in later
    assert b"Genre/Drama" not in later


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    files = library(tmp_path, 2)
    shown: list[str] = []
    pairs = [(movie, FOUND) for movie in read_kodi(tmp_path, Options())]
    apply_to_files(pairs, "nfo", Choices(tmp_path, dry_run=True), shown.append, print)
    assert "+ <genre>Drama</genre>" in "".join(shown)
    assert {path: path.read_bytes() for path in files} == files
    table = tmp_path / "movies.csv"
    table.write_text("id,title,genres\n1,A,\n")
    done = apply_to_table([(Movie("1"), FOUND)], "csv", Choices(table), print)
    assert done.changed == 1 and "Drama|Crime" in table.read_text()
    undo(tmp_path)
    assert table.read_text() == "id,title,genres\n1,A,\n"


def test_a_sidecar_marks_nothing_that_a_person_said_in_a_store() -> None:
    new = write_xmp(None, Found({"Drama": 0.9, "War": 0.1}, said=("War",)))
    told = read_xmp(new)
    assert (told.genres, tuple(told.mark.genres)) == (("Drama", "War"), ("Drama",))
    assert b"Genre/War" in new and b"Genre|War" in new
    assert write_xmp(new, Found({"Crime": 0.9})) == new


def status(path: Path) -> tuple[int, int, int, int, int]:
    """Which file it is, and whose."""
    found = path.stat()
    return found.st_ino, found.st_uid, found.st_gid, found.st_mode, found.st_mtime_ns


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="root alone may chown")
@pytest.mark.parametrize("target", ["nfo", "xmp", "csv"])
def test_owner_group_and_mode_stay_and_come_back(tmp_path: Path, target: str) -> None:
    (tmp_path / "a").mkdir()
    path = tmp_path / "a" / {"nfo": "movie.nfo", "xmp": "a.jpg.xmp", "csv": "m.csv"}[target]
    text = {"nfo": "<movie/>", "xmp": write_xmp(None, FOUND).decode(), "csv": "id,genres\n1,\n"}
    path.write_text(text[target])
    os.chown(path, 1234, 2345)
    path.chmod(0o664)
    before = status(path)
    movie = Movie("1", poster=tmp_path / "a" / "a.jpg", extra={"nfo": "a/movie.nfo"})
    found = Found({"War": 0.8}, "default", "1")
    if target == "csv":
        apply_to_table([(movie, found)], target, Choices(path), print)
    else:
        apply_to_files([(movie, found)], target, Choices(tmp_path), print, print)
    assert "War" in path.read_text()
    assert status(path)[1:4] == before[1:4]
    undo(path.parent if target == "csv" else tmp_path)
    assert path.read_text() == text[target] and status(path) == before


def test_links_are_written_through(tmp_path: Path) -> None:
    [target] = library(tmp_path, 1)
    folder = tmp_path / "Other (2001)"
    folder.mkdir()
    (folder / "movie.nfo").symlink_to(target)
    old = target.read_bytes()
    assert apply(tmp_path) == 1
    assert (folder / "movie.nfo").is_symlink() and b"Drama" in target.read_bytes()
    undo(tmp_path)
    assert (folder / "movie.nfo").is_symlink() and target.read_bytes() == old


def test_hard_links_are_said_and_come_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [path] = library(tmp_path, 1)
    other = tmp_path / "shared.txt"
    other.hardlink_to(path)
    old = path.read_bytes()
    assert apply(tmp_path) == 1
    assert "its other names (hard links) keep the old text" in capsys.readouterr().err
    assert other.read_bytes() == old != path.read_bytes()
    undo(tmp_path)
    assert path.samefile(other) and path.read_bytes() == old


def test_a_file_that_changed_by_another_name_comes_back_by_its_bytes(tmp_path: Path) -> None:
    [path] = library(tmp_path, 1)
    other = tmp_path / "shared.txt"
    other.hardlink_to(path)
    old = path.read_bytes()
    apply(tmp_path)
    other.write_bytes(b"mine")
    undo(tmp_path)
    assert path.read_bytes() == old and other.read_bytes() == b"mine"
