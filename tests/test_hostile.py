"""A few of the cases of `benchmarks/hostile.py`, and what it found once."""

from __future__ import annotations

import contextlib
import io
import json
import re
import time
import warnings
from pathlib import Path
from unittest.mock import ANY

import attacks
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from attacks import bundles
from attacks.archives import zipped
from attacks.bundles import bundle, graph, loop, with_config
from attacks.case import Case
from attacks.catalogues import same_text
from attacks.shapes import chunk, encode, gif_blocks, jpeg_scans, noise, png, segments

from genreel.bundle import read_bundle
from genreel.catalogue import Catalogue, movie_from_record
from genreel.errors import BundleError, CatalogueError, PosterError
from genreel.formats import FORMATS
from genreel.formats.film import Options
from genreel.formats.mark import Found
from genreel.formats.nfo import read_nfo, write_nfo
from genreel.formats.rows import write_table
from genreel.formats.source import Source
from genreel.graph_parts import check_graph
from genreel.posters import Limits, open_poster
from genreel.predictor import Predictor

CASES = {"images": 200, "texts": 40, "catalogues": 60, "nfos": 60, "bundles": 40, "archives": 30}


@pytest.mark.parametrize("kind", CASES)
def test_drawn_cases_end_in_a_result_or_a_typed_error(kind: str) -> None:
    """Those written by hand take too long here: the first numbers of a kind."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of what it mends
        ended = [
            attacks.attempt(kind, attacks.make(kind, 1, number))
            for number in range(1000, 1000 + CASES[kind])
        ]
    assert len(set(ended)) == 2  # neither all is refused nor nothing


def test_a_case_is_made_again_from_its_number() -> None:
    for kind in CASES:
        assert attacks.make(kind, 3, 4321) == attacks.make(kind, 3, 4321)


# What it found


@pytest.mark.parametrize(
    "data",
    [
        png(64, 96, 8, 2, before=chunk(b"abCd", b"") * 300),
        png(64, 96, 8, 2, after=chunk(b"abCd", b"") * 300),
        png(64, 96, 8, 2, before=chunk(b"IDAT", b"") * 21_000),
        segments(1100),
        segments(1).replace(b"\xff\xfe\0\2", b"\xff" * 1100),
        jpeg_scans((64, 96), 40),
        gif_blocks(b"\x21\xfe", 4100),
        gif_blocks(b"\x21\xfe\x01x\0" * 4100 + b"\x21\xfe", 1),
    ],
)
def test_a_poster_of_too_many_parts(data: bytes) -> None:
    with pytest.raises(PosterError, match="is made of too many parts; save it anew"):
        open_poster(data, (64, 96))


def test_a_poster_of_as_many_parts_as_others_have() -> None:
    for data in (
        png(64, 96, 8, 2, before=chunk(b"abCd", b"") * 200),
        segments(900),
        jpeg_scans((64, 96), 10),
        jpeg_scans((64, 96), 0, "CMYK"),
        gif_blocks(b"\x21\xfe", 3000),
    ):
        assert open_poster(data, (64, 96)).size == (64, 96)


@pytest.mark.parametrize(
    ("data", "limit"),
    [
        (encode(noise((100, 150)), "PNG"), 15_000),
        (encode(noise((100, 150)), "WEBP"), 20_000),  # of which it may use three quarters
        (png(100, 150, 16, 6), 30_000),
        (png(100, 150, 8, 2, interlaced=True), 30_000),
        (encode(noise((100, 150)), "GIF"), 15_000),
        (encode(noise((100, 150)), "JPEG", progressive=True), 15_000),
    ],
)
def test_what_must_be_decoded_whole_has_a_limit_of_its_own(data: bytes, limit: int) -> None:
    assert open_poster(data, (8, 12), Limits(max_whole=limit)).width
    with pytest.raises(PosterError, match="15,000 pixels to be decoded whole are more than 14,999"):
        open_poster(data, (8, 12), Limits(max_whole=limit - 1))
    fraction = encode(noise((400, 600)), "JPEG")
    assert open_poster(fraction, (8, 12), Limits(max_whole=4000)).size == (50, 75)


def test_a_graph_with_a_loop_is_refused() -> None:
    with pytest.raises(BundleError, match=r"model.onnx cannot be loaded \(operator Loop\)"):
        check_graph(loop(10))
    check_graph(graph())


@pytest.mark.parametrize(
    ("feature", "setting"),
    [("poster", {"height": 10**9}), ("words", {"length": 2**31}), ("plot", {"ngrams": [1, 10**9]})],
)
def test_a_setting_that_would_take_all_memory(
    tmp_path: Path, feature: str, setting: dict[str, object]
) -> None:
    files = with_config(
        dict(bundle()), lambda config: config["features"][feature]["settings"].update(setting)
    )
    Case("", files).save(tmp_path / "bundle")
    with pytest.raises(BundleError, match="must be a whole number from 1 to"):
        read_bundle(tmp_path / "bundle")


@pytest.mark.parametrize(
    ("feature", "setting", "said"),
    [
        ("plot", {"scale": {}}, "scale must be a finite number, not {}"),
        ("plot", {"scale": 10**400}, "scale must be a finite number, not 1000"),
        ("plot", {"scale": float("nan")}, "scale must be a finite number, not nan"),
        ("plot", {"norm": "yes"}, "norm must be true or false, not 'yes'"),
        (
            "plot",
            {"input": "poster"},
            "input must be one of plot, title, lettering, headline, year, not 'poster'",
        ),
        (
            "plot",
            {"weighting": "tfdif"},
            "weighting must be one of tfidf, count, binary, not 'tfdif'",
        ),
        ("words", {"min_count": True}, "min_count must be a whole number, not True"),
        ("words", {"input": "year"}, "input must be one of plot, title, not 'year'"),
    ],
)
def test_a_setting_of_another_type(
    tmp_path: Path, feature: str, setting: dict[str, object], said: str
) -> None:
    files = with_config(
        dict(bundle()), lambda config: config["features"][feature]["settings"].update(setting)
    )
    Case("", files).save(tmp_path / "bundle")
    with pytest.raises(BundleError, match=re.escape(said)):
        read_bundle(tmp_path / "bundle")


def test_a_damaged_member_of_an_archive_is_one_line(tmp_path: Path) -> None:
    for how in (8, 12, 14):
        path = tmp_path / f"{how}.zip"
        data = bytearray(zipped([("a.txt", bytes(range(256)) * 40)], how))
        data[60:90] = b"\xff" * 30
        path.write_bytes(data)
        with pytest.raises(CatalogueError, match="cannot be read"):
            Source(path).read("a.txt")


def test_a_year_of_more_digits_than_python_writes() -> None:
    movie = movie_from_record({"id": "a", "title": "Alba", "year": 10**5000}, "x")
    assert (movie.title, movie.year) == ("Alba", None)
    assert movie.problem == "year is a number of too many digits; shorten it"


def test_a_poster_whose_path_holds_a_nul(tmp_path: Path) -> None:
    (tmp_path / "movies.csv").write_bytes(b"title,poster\nAlba,\0\n")
    [movie] = FORMATS["columns"].read(tmp_path / "movies.csv", Options())
    assert movie.poster is None and "put the poster inside it" in movie.problem


def test_a_poster_whose_path_is_too_long(tmp_path: Path) -> None:
    (tmp_path / "movies.csv").write_text("title,poster\nAlba," + "x" * 5000 + "\n")
    [movie] = FORMATS["columns"].read(tmp_path / "movies.csv", Options())
    assert movie.poster is None and "no poster 'xxx" in movie.problem


def test_a_json_line_of_too_many_brackets(tmp_path: Path) -> None:
    (tmp_path / "movies.jsonl").write_bytes(b'{"title": [' + b"[]," * 600_000 + b"[]]}")
    [movie] = Catalogue(tmp_path / "movies.jsonl")
    assert movie.problem == "row 1: a line of too many values; write one movie a line"


def test_a_csv_file_of_too_many_columns(tmp_path: Path) -> None:
    (tmp_path / "movies.csv").write_bytes(b"title," + b"," * 10_000)
    with pytest.raises(CatalogueError, match="more than 10,000 columns"):
        list(Catalogue(tmp_path / "movies.csv"))


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_line_longer_than_a_cell_may_be(tmp_path: Path, suffix: str) -> None:
    head = b"id,title\n" if suffix == "csv" else b""
    rows = [b"a,Alba\n", b"c,Cime\n"]
    if suffix == "jsonl":
        rows = [b'{"id": "a", "title": "Alba"}\n', b'{"id": "c", "title": "Cime"}\n']
    for fill in (b"x", b","):
        path = tmp_path / f"movies.{suffix}"
        path.write_bytes(head + rows[0] + fill * (40 * 2**20) + b"\n" + rows[1])
        movies = list(Catalogue(path))
        assert [movie.title for movie in movies if not movie.problem] == ["Alba", "Cime"]
        assert any(movie.problem for movie in movies)


@pytest.mark.parametrize(
    "data",
    [
        b"<movie><plot>" + b"x<!---->" * 300_000 + b"</plot></movie>",
        b"http://" + b"imdb.com/" * 100_000,
        b"http://" + b"imdb." * 200_000,
        b"<movie>" + (b"<genreel/>" + b" " * 400) * 19_000 + b"</movie>",
    ],
)
def test_an_nfo_takes_no_time_that_grows_with_its_square(data: bytes) -> None:
    started = time.process_time()
    read_nfo(data)
    with contextlib.suppress(CatalogueError):  # an address without XML
        write_nfo(data, Found({"War": 0.9}))
    assert time.process_time() - started < 3


def test_an_nfo_says_no_encoding_that_is_no_character_set() -> None:
    for name in ("punycode", "utf-7", "unicode_escape"):
        data = f'<?xml version="1.0" encoding="{name}"?><movie><title>\\ud800+2AA-</title></movie>'
        assert read_nfo(data.encode()).title == "\\ud800+2AA-"


@pytest.mark.parametrize("as_dictionary", [True, False])
def test_a_table_that_unpacks_to_far_more_is_refused(tmp_path: Path, as_dictionary: bool) -> None:
    path = tmp_path / "movies.parquet"
    table = pq.read_table(io.BytesIO(same_text(2**20, 5000)))
    if not as_dictionary:
        table = table.slice(0, 200).cast(pa.schema([("plot", pa.string())]))
    pq.write_table(table, path, compression="zstd")
    with pytest.raises(CatalogueError, match=r"movies.parquet: unpacks to more than [\d,]+ bytes"):
        list(Catalogue(path))
    with pytest.raises(CatalogueError, match=r"^unpacks to more than"):
        write_table(path.read_bytes(), ".parquet", {})


def test_a_long_text_of_parquet_is_one_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "movies.parquet"
    pq.write_table(pa.table({"plot": ["One.", "x" * (17 * 2**20), "Three."]}), path)
    first, second, third = Catalogue(path)
    assert (first.plot, third.plot) == ("One.", "Three.")
    assert second.problem == "row 2: more than 16,777,216 bytes; shorten its texts"


@pytest.mark.parametrize("name", ["4096 MiB at once", "4096 MiB of constants"])
def test_a_graph_that_asks_for_all_memory_is_refused(tmp_path: Path, name: str) -> None:
    [change] = [change for title, change in bundles.ATTACKS if title == f"graph: {name}"]
    Case(name, change(dict(bundle()))).save(tmp_path / "bundle")
    with pytest.raises(BundleError, match=r"requested bytes|smaller than|cannot be loaded"):
        Predictor(tmp_path / "bundle").predict(plot="A sheriff.")


def test_half_a_character_survives_what_is_written_beside_it() -> None:
    line = b'{"id": "a", "title": "\\ud800"}\n'
    new, changes = write_table(line, ".jsonl", {"a": Found({"War": 0.9}, "default", "1")})
    assert len(changes) == 1
    assert json.loads(new) == json.loads(line) | {"genres": ["War"], "genreel": ANY}


def test_an_archive_entry_without_a_name_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "films.zip"
    data = bytearray(zipped([("a.txt", b"a"), ("b", b"b")]))
    at = data.rindex(b"PK\x01\x02")  # the directory's entry of b, whose name becomes an extra
    data[at + 28 : at + 32] = b"\0\0\1\0"
    path.write_bytes(data)
    assert "a.txt" in Source(path).names
    assert "" not in Source(path).names
