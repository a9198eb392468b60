"""Damaged and adversarial tables, read as catalogues, imported, and written into."""

from __future__ import annotations

import functools
import io
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from attacks.case import Attack, Case
from attacks.mutate import damaged
from genreel.catalogue import Catalogue, Movie
from genreel.errors import GenreelError
from genreel.formats import FORMATS
from genreel.formats.film import Options
from genreel.formats.mark import Found
from genreel.formats.rows import write_table

MIB = 2**20
FOUND = {"a": Found({"War": 0.9}, "default", "1"), "row 2": Found({"Drama": 0.8})}


def attempt(case: Case) -> bool:
    """Whether a row is a film; a table that is not large is imported and written into as well."""
    with case.folder() as folder:
        [path] = folder.iterdir()
        good = _read(lambda: Catalogue(path, extra=True), folder)
        if path.stat().st_size > 4 * MIB:
            return good
        _read(lambda: FORMATS["columns"].read(path, Options()), folder)
        try:
            new, _ = write_table(path.read_bytes(), path.suffix, FOUND)
            assert isinstance(new, bytes)
        except GenreelError as error:
            assert "\n" not in str(error)
    return good


def _read(read: Callable[[], Iterable[Movie]], folder: Path) -> bool:
    try:
        good = False
        for movie in read():
            path = movie.poster
            if isinstance(path, Path):
                inside = Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))
                assert inside, path
            good = good or not movie.problem
    except GenreelError as error:
        assert "\n" not in str(error)
        return False
    return good


def case(random: Random, number: int) -> Case:
    """An attack written by hand, or a table with drawn damage."""
    if number < len(ATTACKS):
        suffix, name, make = ATTACKS[number]
        return Case(f"{suffix}: {name}", {f"movies.{suffix}": make()})
    suffix, data = random.choice(seeds())
    if suffix == "parquet" and random.random() < 0.5:  # where its sizes and types are told
        at = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
        return Case("footer damaged", {"movies.parquet": data[:at] + _footer(random, data[at:])})
    if suffix != "parquet" and random.random() < 0.5:
        return Case("cells exchanged", {f"movies.{suffix}": _exchanged(random, data)})
    return Case("damaged", {f"movies.{suffix}": damaged(random, data)})


def _footer(random: Random, data: bytes) -> bytes:
    inner = damaged(random, data[:-8])
    return inner + len(inner).to_bytes(4, "little") + data[-4:]


def _exchanged(random: Random, data: bytes) -> bytes:
    for _ in range(random.choice((1, 2, 5))):
        at = random.randrange(len(data) + 1)
        data = data[:at] + random.choice(_CELLS) + data[at:]
    return data


_CELLS = (
    *(
        b'"',
        b'""',
        b'"\n',
        b",",
        b"\r",
        b"\n",
        b"\r\n",
        b"\0",
        b"\xef\xbb\xbf",
        b"\xff",
        b"\xff\xfe",
    ),
    *(b"\t", b"|", b"\\", b"{", b"}", b"[", b"]", b"null", b"NaN", b"-Infinity", b"1e999", b"\x1a"),
    *(
        b"../../etc/passwd",
        b"/dev/zero",
        b"=cmd|'/c calc'!A1",
        b"\xed\xa0\x80",
        b"9" * 400,
        b"\\ud800",
    ),
    *("\u2028\u202e雨".encode(), "É".encode("cp1252"), "雨".encode("utf-16")),
)


# Seeds


ROWS: list[dict[str, Any]] = [
    {"id": "a", "title": "Alba", "year": 1953, "plot": "A sheriff, a town.", "genres": "War|Drama"},
    {"id": "", "title": 'Q "quoted", twice', "plot": "two\nlines", "poster": "posters/b.jpg"},
    {"id": "c", "title": "雨", "year": 1999, "genres_tmdb": "Science Fiction", "rating": 7.5},
    {"id": "d", "plot": "Rain. " * 40, "genreel": '{"genres": {"War": 0.9}}', "genres": "War"},
]
COLUMNS = ["id", "title", "year", "plot", "poster", "genres", "genres_tmdb", "genreel", "rating"]


@functools.cache
def seeds() -> tuple[tuple[str, bytes], ...]:
    """Suffix and bytes of whole tables."""
    import csv

    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(ROWS)
    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    full = [{name: row.get(name) for name in COLUMNS} for row in ROWS]
    lists = [{**row, "genres": (row["genres"] or "").split("|")} for row in full]
    found = [("csv", text.getvalue().encode()), ("csv", text.getvalue().encode("utf-16"))]
    found += [("jsonl", lines.encode()), ("jsonl", b"\xef\xbb\xbf" + lines.encode())]
    found += [("parquet", parquet(pa.Table.from_pylist(full), compression=c)) for c in _PACKED]
    found.append(("parquet", parquet(pa.Table.from_pylist(lists))))
    return tuple(found)


_PACKED = ("none", "snappy", "zstd", "gzip")


def parquet(table: Any, **options: Any) -> bytes:
    """A Parquet file."""
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


def same_text(size: int, rows: int) -> bytes:
    """A Parquet file that holds one long text once and names it in every row."""
    plot = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["x" * size]))
    return parquet(pa.table({"plot": plot}), compression="zstd", dictionary_pagesize_limit=2**30)


def of(suffix: str, *attacks: Attack) -> tuple[tuple[str, str, Callable[[], bytes]], ...]:
    """Attacks with the suffix that their file has."""
    return tuple((suffix, name, make) for name, make in attacks)


_HEAD = b"id,title,plot\n"

ATTACKS = (
    *of(
        "csv",
        ("nothing", lambda: b""),
        ("a mark alone", lambda: b"\xef\xbb\xbf"),
        ("zip", lambda: b"PK\x03\x04" + bytes(100)),
        ("an open quote", lambda: _HEAD + b'a,"' + b"x\n" * (2 * MIB)),
        ("a cell of 15 MiB", lambda: _HEAD + b'a,"' + b"x" * (15 * MIB) + b'",y\n'),
        ("a cell of 24 MiB", lambda: _HEAD + b"a," + b"x" * (24 * MIB) + b",y\n"),
        ("24 MiB of commas", lambda: _HEAD + b"," * (24 * MIB)),
        ("24 MiB of commas first", lambda: b"," * (24 * MIB)),
        ("24 MiB of quotes", lambda: _HEAD + b'"' * (24 * MIB)),
        ("24 MiB of NULs", lambda: _HEAD + bytes(24 * MIB)),
        ("1 MiB of carriage returns", lambda: _HEAD + b"\r" * MIB),
        ("20 MiB of surrogates", lambda: _HEAD + b"a,b," + b"\xff" * (20 * MIB)),
        ("200,000 columns", lambda: b"title," + b",".join(b"c%d" % k for k in range(200_000))),
        ("20,000 columns called title", lambda: b"title," * 20_000 + b"x\n"),
        ("5,000 rows with one id", lambda: _HEAD + b"a,b,c\n" * 5_000),
        ("a long unknown genre", lambda: b"title,genres\nx," + b"g" * MIB + b"\n"),
        ("100,000 unknown genres", lambda: b"title,genres\nx," + b"g|" * 100_000 + b"\n"),
        ("a printed list", lambda: b'title,genres\nx,"' + b"[" * 100_000 + b'"\n'),
        ("a printed sum", lambda: b'title,genres\nx,"[' + b"1+" * 100_000 + b'1]"\n'),
        (
            "posters elsewhere",
            lambda: (
                b"title,poster\n" + b"x,../../../etc/passwd\ny,/etc/passwd\n"
                b"z,\x00\nw,a/../../b\nv,C:\\x\nu," + b"x/" * 5000 + b"\n"
            ),
        ),
        ("UTF-16", lambda: "id,title\na,b\n".encode("utf-16")),
        ("UTF-32", lambda: "id,title\na,b\n".encode("utf-32")),
    ),
    *of(
        "jsonl",
        ("nothing", lambda: b""),
        ("100,000 brackets", lambda: b"[" * 100_000),
        ("brackets in a cell", lambda: b'{"title": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        (
            "900 brackets in a cell",
            lambda: b'{"title":"x","extra":' + b"[" * 900 + b"]" * 900 + b"}",
        ),
        ("15 MiB of lists", lambda: b'{"title": [' + b"[]," * (5 * MIB) + b"[]]}"),
        ("24 MiB of lists", lambda: b'{"title": [' + b"[]," * (8 * MIB) + b"[]]}"),
        ("24 MiB in one text", lambda: b'{"plot": "' + b"x" * (24 * MIB) + b'"}'),
        (
            "1,000,000 keys",
            lambda: b"{" + b",".join(b'"%d":0' % k for k in range(1_000_000)) + b"}",
        ),
        ("5,000 digits", lambda: b'{"title": "x", "year": ' + b"9" * 5000 + b"}"),
        ("4,000 digits", lambda: b'{"title": "x", "year": ' + b"9" * 4000 + b"}"),
        ("numbers that are none", lambda: b'{"title": NaN, "year": Infinity, "plot": -Infinity}'),
        ("a key twice", lambda: b'{"title": "x", "title": ["y"], "id": {}}'),
        ("lone surrogates", lambda: b'{"title": "\\ud800", "id": "\\udfff", "\\ud800": "x"}'),
        ("no objects", lambda: b'null\n[]\n3\n"x"\ntrue\n{}\n'),
        ("20,000 empty lines", lambda: b"\n" * 20_000 + b'{"title": "x"}'),
        (
            "a long mark",
            lambda: json.dumps(
                {"id": "a", "title": "x", "genres": "War", "genreel": "[" * 100_000}
            ).encode(),
        ),
        ("genres of all types", lambda: b'{"title":"x","genres":[1,null,[],{"name":"War"},"War"]}'),
        ("UTF-16", lambda: '{"title": "x"}\n'.encode("utf-16")),
    ),
    *of(
        "parquet",
        ("nothing", lambda: b""),
        ("two marks", lambda: b"PAR1PAR1"),
        ("a footer of 4 GB", lambda: b"PAR1" + bytes(64) + b"\xff\xff\xff\xffPAR1"),
        ("encrypted", lambda: b"PARE" + bytes(64) + b"\x10\0\0\0PARE"),
        ("a text of 1 MiB in 5,000 rows", lambda: same_text(MIB, 5000)),
        ("a text of 20 MiB in 50 rows", lambda: same_text(20 * MIB, 50)),
        ("a text of 100 MiB", lambda: same_text(100 * MIB, 1)),
        (
            "dates and bytes",
            lambda: parquet(
                pa.table(
                    {
                        "title": pa.array([b"\xff", None]),
                        "year": pa.array([0, 2**40], pa.timestamp("us")),
                        "plot": pa.array([1, 2], pa.decimal128(30)),
                        "id": pa.array([{"a": 1}, None]),
                    }
                )
            ),
        ),
        (
            "no UTF-8",
            lambda: parquet(
                pa.table(
                    {
                        "title": pa.StringArray.from_buffers(
                            1, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")
                        )
                    }
                )
            ),
        ),
        ("no columns", lambda: parquet(pa.table({}))),
        ("no rows", lambda: parquet(pa.table({"title": pa.array([], pa.string())}))),
        (
            "5,000 columns",
            lambda: parquet(pa.table({"title": ["x"], **{f"c{k}": [k] for k in range(5000)}})),
        ),
        (
            "columns of one name",
            lambda: parquet(
                pa.Table.from_arrays([pa.array(["x"]), pa.array(["y"])], ["title", "title"])
            ),
        ),
        ("100 levels", lambda: parquet(pa.table({"title": ["x"], "genres": [_nested(100)]}))),
    ),
)


def _nested(depth: int) -> Any:
    value: Any = "War"
    for _ in range(depth):
        value = [value]
    return value
