"""Files that are known before they are opened, texts that the next format can hold, and readers
whose time grows in proportion.
"""

from __future__ import annotations

import io
import os
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from test_applying import FOUND
from test_readers import picture

from genreel.catalogue import Catalogue, Movie
from genreel.errors import CatalogueError, GenreelError, VocabularyError
from genreel.formats import FORMATS
from genreel.formats.applying import Choices, apply_to_files, apply_to_table, find_movies
from genreel.formats.film import Options, literal
from genreel.formats.folder import title_and_year
from genreel.formats.importing import write_import
from genreel.formats.mark import Found
from genreel.formats.movielens import split_title
from genreel.formats.names import read_names
from genreel.formats.nfo import read_nfo, write_nfo
from genreel.formats.shopify import read_marks
from genreel.formats.source import Source
from genreel.formats.table import write_catalogue
from genreel.formats.xml import clean
from genreel.formats.xmp import read_xmp, write_xmp


def problems(name: str, source: Path, target: Path) -> tuple[int, str]:
    """How many movies an import keeps, and its table of problems."""
    done = write_import(FORMATS[name].read(source, Options()), target)
    table = target / "import-problems.csv"
    return done.movies, table.read_text() if table.exists() else ""


# Kinds of files


@pytest.mark.parametrize("name", ["b.jpg", "a.txt"])
def test_a_pipe_in_a_folder_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(picture())
    os.mkfifo(tmp_path / "in" / name)
    films, told = problems("folder", tmp_path / "in", tmp_path / "out")
    assert films == 1
    assert f"{name} is no regular file; replace it" in told


def test_a_huge_file_in_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(picture())
    with (tmp_path / "in" / "b.jpg").open("wb") as file:
        file.truncate(5 * 2**30)
    films, told = problems("folder", tmp_path / "in", tmp_path / "out")
    assert films == 1
    assert "b.jpg: more than 134,217,728 bytes" in told


def test_a_pipe_for_an_nfo_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "in" / "Ember (1999)"
    folder.mkdir(parents=True)
    (folder / "Ember.mkv").write_bytes(b"")
    (folder / "poster.jpg").write_bytes(picture())
    os.mkfifo(folder / "movie.nfo")
    films, told = problems("kodi", tmp_path / "in", tmp_path / "out")
    assert films == 1
    assert "movie.nfo is no regular file; replace it" in told
    lines: list[str] = []
    movies = list(find_movies(tmp_path / "in", "nfo"))
    for create in (False, True):
        choices = Choices(tmp_path / "in", create=create)
        apply_to_files(((m, FOUND) for m in movies), "nfo", choices, print, lines.append)
    assert all("movie.nfo is no regular file; replace it" in line for line in lines)
    assert len(lines) == 2


def test_a_pipe_for_a_sidecar_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(picture())
    os.mkfifo(tmp_path / "a.jpg.xmp")
    os.mkfifo(tmp_path / "b.nfo")
    lines: list[str] = []
    movie = Movie("b", poster=tmp_path / "a.jpg")
    for target in ("nfo", "xmp"):
        choices = Choices(tmp_path, create=True)
        apply_to_files([(movie, FOUND)], target, choices, print, lines.append)
    assert lines == [f"b: {name} is no regular file; replace it" for name in ("b.nfo", "a.jpg.xmp")]


@pytest.mark.parametrize("name", ["shop.csv", "shop.csv.genreel.json"])
def test_a_pipe_for_a_table_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "shop.csv").write_text("Handle,Title,Tags\nb,Ember,\n")
    (tmp_path / name).unlink(missing_ok=True)
    os.mkfifo(tmp_path / name)
    with pytest.raises(GenreelError, match="is no regular file; replace it"):
        apply_to_table([(Movie("b"), FOUND)], "shopify", Choices(tmp_path / "shop.csv"), print)


def test_a_pipe_is_no_archive(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.zip")
    with pytest.raises(CatalogueError, match=r"a.zip is no regular file; check the path"):
        Source(tmp_path / "a.zip")


# Texts

HOSTILE = "A\x00B\x01C\x0cD\x1bE\ufffeF\uffffG\ud800H\udfffI\x7fJ\x85K\tL\nM😀N&<>\"'"


def test_what_an_nfo_cannot_hold_is_left_out() -> None:
    movie = Movie("a", title=HOSTILE, plot=HOSTILE, extra={"imdb_id": f"tt1{HOSTILE}"})
    found = Found({f"Drama{HOSTILE}": 0.9}, HOSTILE, HOSTILE)
    data = write_nfo(None, found, movie=movie)
    nfo = read_nfo(data)
    assert nfo.plot == clean(HOSTILE) == "ABCDEFGHI\x7fJ\x85K\tL\nM😀N&<>\"'"
    assert write_nfo(data, found, movie=movie) == data


def test_what_a_sidecar_cannot_hold_is_left_out() -> None:
    data = write_xmp(None, Found({HOSTILE: 0.9}, HOSTILE, HOSTILE))
    assert read_xmp(data).mark.model == HOSTILE
    assert clean(HOSTILE) in read_xmp(data).keywords


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_tables_that_are_written_can_be_read(tmp_path: Path, suffix: str) -> None:
    text = clean(HOSTILE).replace("\x00", "") + "\x01\x0c\x1b"
    path = tmp_path / f"movies.{suffix}"
    write_catalogue([Movie("a", title="T", plot=text), Movie("b", plot=text)], path)
    assert [movie.plot for movie in Catalogue(path)] == [text.strip(), text.strip()]


def test_names_that_a_file_cannot_hold_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "names.toml"
    path.write_text('[rename]\n"Drama" = "Dra\\u0001ma"\n')
    with pytest.raises(VocabularyError, match=r"'Dra\\x01ma' holds a control character"):
        read_names(path)


def test_names_nested_without_end(tmp_path: Path) -> None:
    path = tmp_path / "names.toml"
    path.write_text("a = " + "[" * 100_000)
    with pytest.raises(VocabularyError, match="nested too deeply; mend it"):
        read_names(path)


def test_marks_nested_without_end() -> None:
    assert read_marks(b"[" * 100_000) == {}


# Time


@pytest.mark.parametrize(
    ("read", "piece", "end"),
    [
        (title_and_year, " ", ""),
        (title_and_year, " (", ")"),
        (split_title, " ", "x"),
        (split_title, ", The (", ""),
    ],
)
def test_readers_take_a_time_in_proportion(
    read: Callable[[str], object], piece: str, end: str
) -> None:
    def seconds(count: int) -> float:
        start = time.perf_counter()
        read("a" + piece * count + end)
        return time.perf_counter() - start

    seconds(1000)
    assert seconds(200_000) < 0.3 + 40 * seconds(20_000)


def test_a_literal_is_no_long_f_string() -> None:
    start = time.perf_counter()
    assert literal("f'" + "{x}" * 5000 + "'") is None
    assert literal("f'" + "{x}" * 1_000_000 + "'") is None
    assert time.perf_counter() - start < 2
    assert literal("['Drama', 'War']") == ["Drama", "War"]


def test_titles_of_movielens_are_as_before() -> None:
    assert split_title("Matrix, The (1999) ") == ("The Matrix", "1999")
    assert split_title(" Ember (Glut) (2001–2003)") == ("Ember (Glut)", "2001")
    assert split_title("Ember (2001) x") == ("Ember (2001) x", "")


def test_entries_of_an_archive_that_share_bytes(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.jpg", bytes(10**6))
        for i in range(1, 60):
            info = archive.filelist[0]
            twin = zipfile.ZipInfo(f"{i}.jpg")
            for name in ("header_offset", "CRC", "compress_size", "file_size", "compress_type"):
                setattr(twin, name, getattr(info, name))
            archive.filelist.append(twin)
    (tmp_path / "a.zip").write_bytes(file.getvalue())
    with pytest.raises(CatalogueError, match="its entries share bytes; pack it again"):
        Source(tmp_path / "a.zip")


def test_a_name_that_comes_twice_in_an_archive_is_one_file(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.jpg", picture())
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.jpg", picture())
    assert Source(tmp_path / "a.zip").names == ["a.jpg"]
