"""Hostile and broken sources: one line that names them, and the films beside them are read."""

from __future__ import annotations

import csv
import errno
import gzip
import io
import os
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from test_applying import FOUND, apply, library
from test_readers import imported, picture

from genreel.catalogue import Catalogue, Movie
from genreel.errors import CatalogueError, GenreelError
from genreel.formats import FORMATS
from genreel.formats.applying import Choices, apply_to_files, apply_to_table
from genreel.formats.film import Options
from genreel.formats.importing import file_name, write_import
from genreel.formats.journal import undo
from genreel.formats.kodi import read_kodi
from genreel.formats.mark import Found
from genreel.formats.nfo import read_nfo, write_nfo
from genreel.formats.xmp import read_xmp, write_xmp

NONE = Options()
LONG = 10 * 2**20
DOCTYPE = b'<!DOCTYPE x [<!ENTITY a "b">]>'


# Archives and paths


def test_an_archive_with_a_damaged_poster(tmp_path: Path) -> None:
    path = tmp_path / "posters.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name in ("a.jpg", "b.jpg"):
            file.writestr(name, picture())
    data = bytearray(path.read_bytes())
    data[data.index(picture()) + 100] ^= 0xFF
    path.write_bytes(data)
    back, problems = imported("folder", path, tmp_path / "out")
    assert list(back) == ["b"]
    assert "a.jpg cannot be read" in problems["a"]


def test_posters_that_lie_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "out.jpg").write_bytes(picture())
    source = tmp_path / "source"
    source.mkdir()
    (source / "link.jpg").symlink_to(tmp_path / "out.jpg")
    names = ["../out.jpg", str(tmp_path / "out.jpg"), "link.jpg", "a/../../out.jpg"]
    rows = [f"f{number},Alba,{name}\n" for number, name in enumerate(names)]
    (source / "films.csv").write_text("id,title,poster\n" + "".join(rows))
    back, problems = imported("columns", source / "films.csv", tmp_path / "target")
    assert len(back) == 4 and all(movie.poster is None for movie in back.values())
    for problem in problems.values():
        assert "leaves the catalogue's folder; put the poster inside it" in problem
    assert len(problems) == 4


@pytest.mark.parametrize(
    "movie_id", ["../../etc/passwd", "/root", "a/b", "..", "", "映" * 300, "a" * 300, "a\0b", "C:x"]
)
def test_ids_become_names_inside_the_folder(tmp_path: Path, movie_id: str) -> None:
    name = file_name(movie_id)
    assert "/" not in name and "\0" not in name and name.strip(".")
    done = write_import([Movie(movie_id, "Alba", poster=picture())], tmp_path / "out")
    assert done.movies == 1 and [p.parent for p in tmp_path.rglob("*.jpg")] == [
        tmp_path / "out" / "posters"
    ]


# Long lines


def long_csv(folder: Path, middle: str) -> Path:
    path = folder / "films.csv"
    path.write_text(f"id,title,plot\na,Alba,Rain.\n{middle}\nc,Cime,Snow.\n")
    return path


def long_lines(folder: Path, middle: str) -> Path:
    path = folder / "films.jsonl"
    path.write_text(f'{{"id": "a", "title": "Alba"}}\n{middle}\n{{"id": "c", "title": "Cime"}}\n')
    return path


def long_imdb(folder: Path, middle: str) -> Path:
    head = "tconst\ttitleType\tprimaryTitle\tstartYear\tgenres\n"
    row = "{}\tmovie\t{}\t1999\tDrama\n"
    path = folder / "title.basics.tsv.gz"
    text = head + row.format("a", "Alba") + f"{middle}\n" + row.format("c", "Cime")
    path.write_bytes(gzip.compress(text.encode(), 1))
    return path


def long_dat(folder: Path, middle: str) -> Path:
    (folder / "movies.dat").write_text(f"a::Alba::Drama\n{middle}\nc::Cime::Drama\n")
    return folder


@pytest.mark.parametrize(
    "middle", ["x" * LONG, "b," * (LONG // 2), '"' + "x" * LONG, "[\t" * (LONG // 2)]
)
@pytest.mark.parametrize(
    ("name", "put"),
    [
        ("columns", long_csv),
        ("columns", long_lines),
        ("imdb", long_imdb),
        ("movielens", long_dat),
    ],
)
def test_a_line_of_ten_megabytes(
    tmp_path: Path, name: str, put: Callable[[Path, str], Path], middle: str
) -> None:
    started = time.process_time()
    films = list(FORMATS[name].read(put(tmp_path, middle), NONE))
    assert time.process_time() - started < 5
    titles = [film.title for film in films if not film.problem]
    bad = [film.problem for film in films if film.problem]
    if put is long_csv and middle.startswith('"'):  # an open quote takes the rest with it
        assert titles == ["Alba"]
    else:
        assert titles == ["Alba", "Cime"]
    assert len(bad) == 1 and len(bad[0]) < 400 and "\n" not in bad[0]


def test_a_plot_of_ten_megabytes(tmp_path: Path) -> None:
    plot = "rain " * (LONG // 5)
    path = long_csv(tmp_path, f'b,Brume,"{plot}"')
    assert [m.title for m in FORMATS["columns"].read(path, NONE)] == ["Alba", "Brume", "Cime"]
    data = f"<movie><plot>{plot}</plot></movie>".encode()
    new = write_nfo(data, FOUND)
    assert read_nfo(new).genres == ("Drama", "Crime") and len(new) > LONG


def test_an_nfo_of_more_tags_than_a_film_has(tmp_path: Path) -> None:
    (tmp_path / "a.nfo").write_bytes(b"<movie>" + b"<a/>" * (LONG // 4) + b"</movie>")
    [movie] = read_kodi(tmp_path, NONE)
    assert "more than 20,000 tags" in movie.problem
    (tmp_path / "b.nfo").write_bytes(b" " * (17 * 2**20))
    *_, movie = read_kodi(tmp_path, NONE)
    assert "more than 16,777,216 bytes; shorten it" in movie.problem
    said: list[str] = []
    pairs = [(m, FOUND) for m in read_kodi(tmp_path, NONE)]
    assert apply_to_files(pairs, "nfo", Choices(tmp_path), print, said.append).failed == 2
    assert [line for line in said if "\n" in line] == []


# Encodings


@pytest.mark.parametrize(
    ("name", "file", "head", "row"),
    [
        ("columns", "films.csv", "id,title", "{},{}"),
        ("kaggle_movies", "movies_metadata.csv", "id,title,genres,overview", "{},{},[],Rain."),
        ("movielens", "movies.csv", "movieId,title,genres", "{},{},Drama"),
        (
            "imdb",
            "title.basics.tsv",
            "tconst\ttitleType\tprimaryTitle\tstartYear\tgenres",
            "{}\tmovie\t{}\t1999\tDrama",
        ),
        ("class_table", "t.csv", ",year,title,plot,genres,rating", "{},1999,{},Rain.,[],5"),
    ],
)
def test_rows_of_several_encodings(
    tmp_path: Path, name: str, file: str, head: str, row: str
) -> None:
    lines = [head.encode(), row.format(1, "Été").encode(), row.format(2, "Été").encode("cp1252")]
    (tmp_path / file).write_bytes(b"\r\n".join([*lines, row.format(3, "雨").encode()]) + b"\r\n")
    source = tmp_path / file if name in ("columns", "class_table") else tmp_path
    films = list(FORMATS[name].read(source, NONE))
    assert [film.title for film in films] == ["Été", "", "雨"]
    assert [film.problem for film in films] == [
        "",
        "title is not valid UTF-8; save the file as UTF-8",
        "",
    ]


def test_an_encoding_that_is_told(tmp_path: Path) -> None:
    (tmp_path / "films.csv").write_bytes("id,title\n1,Été\n".encode("cp1252"))
    [movie] = FORMATS["columns"].read(tmp_path / "films.csv", Options(encoding="cp1252"))
    assert movie.title == "Été"
    for encoding in ("klingon", "utf-16"):
        with pytest.raises(CatalogueError, match="check --delimiter and --encoding"):
            list(FORMATS["columns"].read(tmp_path / "films.csv", Options(encoding=encoding)))


# XML


def test_a_doctype_is_refused_everywhere(tmp_path: Path) -> None:
    (tmp_path / "a.nfo").write_bytes(DOCTYPE + b"<movie><title>&a;</title></movie>")
    [movie] = read_kodi(tmp_path, NONE)
    assert "has a DOCTYPE" in movie.problem
    sidecar = DOCTYPE + (write_xmp(None, FOUND).partition(b"?>")[2])
    for act in (read_xmp, lambda data: write_xmp(data, FOUND)):
        with pytest.raises(CatalogueError, match="has a DOCTYPE"):
            act(sidecar)


def test_an_nfo_that_is_only_an_address(tmp_path: Path) -> None:
    (tmp_path / "Alba (1999).nfo").write_bytes(b"https://www.imdb.com/title/tt0000001/\r\n")
    [movie] = read_kodi(tmp_path, NONE)
    assert (movie.title, movie.year, movie.problem) == ("Alba", 1999, "")
    assert movie.extra["imdb_id"] == "tt0000001"
    assert "nfo" not in movie.extra and apply(tmp_path) == 0  # people share it by its hash
    done = apply_to_files([(movie, FOUND)], "nfo", Choices(tmp_path, create=True), print, print)
    assert done.changed == 1
    assert (tmp_path / "Alba (1999).nfo").read_bytes().startswith(b"https://")
    [movie] = read_kodi(tmp_path, NONE)
    assert (movie.title, movie.extra["nfo"]) == ("Alba", "movie.nfo")
    undo(tmp_path)
    assert not (tmp_path / "movie.nfo").exists()


# Cells that are formulas


def test_formulas_on_the_way_out(tmp_path: Path) -> None:
    table = tmp_path / "movies.csv"
    table.write_text("id,title,genres\n1,=1+1,\n2,+2,War\n")
    movies = [(Movie("1", "=1+1"), FOUND), (Movie("2", "+2"), FOUND)]
    apply_to_table(movies, "csv", Choices(table, safe_cells=True), print)
    rows = list(csv.DictReader(io.StringIO(table.read_text())))
    assert [row["title"] for row in rows] == ["'=1+1", "+2"]  # what does not change stays
    products = tmp_path / "shopify.csv"
    apply_to_table(movies, "shopify", Choices(products, safe_cells=True), print)
    rows = list(csv.DictReader(io.StringIO(products.read_text())))
    assert [row["Title"] for row in rows] == ["'=1+1", "'+2"]


# Disks


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that takes nothing more."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("full")
def test_a_full_disk_and_an_import(tmp_path: Path) -> None:
    (tmp_path / "movies.csv").write_text("id,title\na,Old\n")
    before = contents(tmp_path)
    with pytest.raises(GenreelError, match=r"cannot write .* \(No space left on device\)"):
        write_import([Movie("a", "Alba", problem="x")], tmp_path, overwrite=True)
    assert contents(tmp_path) == before


@pytest.mark.usefixtures("full")
def test_a_full_disk_and_an_apply(tmp_path: Path) -> None:
    library(tmp_path, 2)
    table = tmp_path / "movies.csv"
    table.write_text("id,title,genres\n1,A,\n")
    before = contents(tmp_path)
    said: list[str] = []
    pairs = [(m, FOUND) for m in read_kodi(tmp_path, NONE)]
    done = apply_to_files(pairs, "nfo", Choices(tmp_path), print, said.append)
    assert (done.changed, done.failed) == (0, 2)
    assert all("No space left on device" in line and "\n" not in line for line in said)
    with pytest.raises(GenreelError, match="No space left"):
        apply_to_table([(Movie("1"), FOUND)], "csv", Choices(table), print)
    assert {path: data for path, data in contents(tmp_path).items() if path in before} == before


def as_nobody(work: Callable[[], bool]) -> bool:
    """Whether `work` says so, in a child that is not root: root may write anywhere."""
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setuid(65534)
            os._exit(0 if work() else 1)
        except BaseException as error:
            print(repr(error), flush=True)
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_folders_that_may_not_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "library"
    files = library(folder, 2)
    apply(folder)
    applied = {path: path.read_bytes() for path in files}
    others = Found({"War": 0.9}, "default", "1")
    # Whoever runs the tests may look into the folders above, and write to none of these.
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    for path in tmp_path.parents:
        if path.stat().st_uid == os.geteuid() and path.name.startswith(("pytest", "popen")):
            path.chmod(path.stat().st_mode | 0o055)
    tmp_path.chmod(0o755)

    def refused() -> bool:
        said: list[str] = []
        pairs = [(m, others) for m in read_kodi(folder, NONE)]
        done = apply_to_files(pairs, "nfo", Choices(folder), print, said.append)
        lines = [*said]
        for act in (
            lambda: undo(folder),
            lambda: write_import([Movie("a", "Alba")], folder),
            lambda: write_import([Movie("a", "Alba")], folder / "new"),
        ):
            try:
                act()
                return False
            except GenreelError as error:
                lines.append(str(error))
        return done.failed == 2 and all("Permission denied" in line for line in lines)

    try:
        assert as_nobody(refused)
        assert {path: path.read_bytes() for path in files} == applied
    finally:
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755)


def test_the_table_is_read_again_after_all(tmp_path: Path) -> None:
    done = write_import([Movie("a", "Alba", poster=picture())], tmp_path / "out")
    assert done.movies == len(Catalogue(tmp_path / "out")) == 1
