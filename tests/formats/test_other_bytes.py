"""Tables of any shape: what is neither a genre nor genreel's mark keeps every byte.

pytest tests/formats/test_other_bytes.py -n0 -m slow    10,000 tables, a few minutes
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genreel.formats.mark import Found, Mark, read_mark
from genreel.formats.rows import write_table
from genreel.formats.shopify import write_shopify

pa = pytest.importorskip("pyarrow")
import pyarrow.parquet as pq  # noqa: E402

FOUND = Found({"Drama": 0.9, "Crime": 0.5}, "default", "1")
OLD = Mark({"War": 0.7}, (), "default", "0").text()
GENRES = "Drama|Crime"


@dataclass(frozen=True)
class Case:
    """A table, the ids that are predicted, and what it should become.

    Attributes:
        pattern: the new file, with a group for each cell that is genreel's to write.
        cells: what the groups hold: "genres" or "mark".
    """

    data: bytes
    ids: Sequence[str]
    pattern: str = ""
    cells: Sequence[str] = ()
    encoding: str = "utf-8"
    delimiter: str = ","


# CSV

CHARACTERS = "ab \"',;|\t\n\r=+-0%\\éß€"
NAMES = ("Notes", "Notes", "notes", "Rating", "rating", "", "", "PRICE", 'the "x"', "a,b", "é")
ENDS = ("\n", "\r\n", "\r")
ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "cp1252", "utf-16")


@st.composite
def raw_cells(draw: st.DrawFn, text: str, delimiter: str) -> str:
    """A cell as some program writes it: in quotes where it must be, or where it likes."""
    must = any(c in text for c in (delimiter, '"', "\r", "\n"))
    if must or draw(st.booleans()):
        return '"' + text.replace('"', '""') + '"'
    return text


def group(delimiter: str) -> str:
    return rf'("(?:[^"]|"")*"|[^{re.escape(delimiter)}\r\n"]*)'


@st.composite
def csv_files(draw: st.DrawFn) -> Case:
    delimiter = draw(st.sampled_from((",", ",", ";", "\t")))
    columns = draw(st.lists(st.sampled_from(NAMES), max_size=5))
    own = [n for n in ("id", "genres", "genreel", "genres_tmdb") if draw(st.integers(0, 3))]
    capital = draw(st.booleans())
    columns += [name.title() if capital else name for name in own] + ["title"]
    columns = draw(st.permutations(columns))
    delimiter = delimiter if len(columns) > 1 else ","  # one column shows none
    places = {name: columns.index(name.title() if capital else name) for name in own}
    new = [name for name in ("genres", "genreel") if name not in own]
    header = [draw(raw_cells(name, delimiter)) for name in columns]
    is_quoted = all(cell.startswith('"') for cell in header)
    data = delimiter.join(header)
    pattern = re.escape(data)
    for name in new:
        pattern += re.escape(delimiter + (f'"{name}"' if is_quoted else name))
    end = draw(st.sampled_from(ENDS))
    data, pattern = data + end, pattern + re.escape(end)
    cells, ids, number = [], [], 0
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(("good", "good", "good", "blank", "short", "long", "broken")))
        texts = [draw(st.text(CHARACTERS, max_size=6)) for _ in columns]
        number += kind != "blank"
        movie_id = f"row {number}"
        if "id" in own:
            movie_id = draw(st.sampled_from((f"m{number}", f"{number - 1}", movie_id)))
            texts[places["id"]] = movie_id
        theirs, mark, elsewhere = "", "", ""
        if "genres" in own:
            theirs = draw(st.sampled_from(("", "", "Western", "War|Own")))
            if "genreel" in own and draw(st.booleans()):
                theirs, mark = "War", OLD
            texts[places["genres"]] = theirs
        if "genreel" in own:
            texts[places["genreel"]] = mark
        if "genres_tmdb" in own:
            elsewhere = texts[places["genres_tmdb"]] = draw(st.sampled_from(("", "", "Horror")))
        raw = [draw(raw_cells(text, delimiter)) for text in texts]
        raw = raw if len(raw) > 1 or raw[0] else ['""']  # nothing at all is a blank line
        end = draw(st.sampled_from((*ENDS, end)))
        if kind == "good":
            ids.append(movie_id)
            line = delimiter.join(raw)
            is_ours = not elsewhere and (not theirs or bool(mark))
            if is_ours:
                parts = [re.escape(cell) for cell in raw]
                for name in ("genres", "genreel"):
                    if name in own:
                        parts[places[name]] = group(delimiter)
                parts += [group(delimiter) for _ in new]
                order = sorted(
                    (places.get(n, 99 + new.index(n) if n in new else 0), n)
                    for n in ("genres", "genreel")
                )
                cells += [name for _, name in order]
                pattern += re.escape(delimiter).join(parts)
            else:
                pattern += re.escape(line + delimiter * len(new))
        else:
            line = {
                "blank": "",
                "short": delimiter.join(raw[:-1]) if len(raw) > 2 else '"x"y',
                "long": delimiter.join([*raw, "x"]),
                "broken": '"x"y' + delimiter,
            }[kind]
            pattern += re.escape(line)
        data, pattern = data + line + end, pattern + re.escape(end)
    if draw(st.booleans()) and data.endswith(end):  # the last line may have no end
        data, pattern = data.removesuffix(end), pattern.removesuffix(re.escape(end))
    encoding = draw(st.sampled_from(ENCODINGS))
    return Case(data.encode(encoding), ids, pattern, cells, encoding, delimiter)


def check_csv(case: Case) -> None:
    predictions = dict.fromkeys(case.ids, FOUND)
    new, changes = write_table(case.data, ".csv", predictions)
    if not case.cells:
        assert (new, changes) == (case.data, [])
        return
    if case.encoding == "utf-8-sig":
        assert new.startswith(b"\xef\xbb\xbf")
    text = new.decode(case.encoding)
    match = re.fullmatch(case.pattern, text, re.DOTALL)
    assert match, (text, case.pattern)
    assert len(changes) * 2 == len(case.cells)
    for name, raw in zip(case.cells, match.groups(), strict=True):
        [[value]] = csv.reader(io.StringIO(raw, newline=""), delimiter=case.delimiter)
        if name == "genres":
            assert value == GENRES
        else:
            assert dict(read_mark(value).genres) == dict(FOUND.genres)
    assert write_table(new, ".csv", predictions)[0] == new


# JSON lines

VALUES = (
    *("12.50", "1E3", "12345678901234567890.123", "-0.0", "1e400", "NaN", "null", "true", "0"),
    *('"x"', '"\\u00e9"', '"é"', '"\\ud800"', '"\\/"', '"a, \\"b\\": {c"', "[]", "{ }"),
    *('[1.0, {"genres": [ "War" ]}]', '{"a": 1.10, "a":2}', "123456789012345678901234567890"),
)
KEYS = ('"shelf"', '"shelf"', '"pri\\u0063e"', '"é"', '""', '"note"', '"Title"')


@st.composite
def json_files(draw: st.DrawFn) -> Case:
    space = st.sampled_from(("", "", " ", "  ", "\t"))
    data = pattern = draw(st.sampled_from(("", "\ufeff")))
    cells, ids = [], []
    lines = draw(st.integers(1, 4))
    for number in range(1, lines + 1):
        end = (
            draw(st.sampled_from(("\n", "\r\n")))
            if number < lines
            else draw(st.sampled_from(("", "\n")))
        )
        if not draw(st.integers(0, 5)):
            line = draw(st.sampled_from(("", "  ", "not json", "[1]", "{", '{"id": 1,}')))
            data, pattern = data + line + end, pattern + re.escape(line + end)
            continue
        members = [
            (draw(st.sampled_from(KEYS)), draw(st.sampled_from(VALUES)))
            for _ in range(draw(st.integers(0, 4)))
        ]
        movie_id = f"row {number}"
        shown = draw(st.sampled_from(("", "0", "1.0", "12", '"m"', '"m\\u00e9"', "null", '""')))
        if shown:
            members.append(('"id"', shown))
            value = json.loads(shown)
            movie_id = movie_id if value in (None, "") else str(value)
        theirs = draw(st.sampled_from((None, None, "null", "[]", '""', '["Western"]', '"War"')))
        mark = None
        if draw(st.booleans()):
            theirs, mark = draw(st.sampled_from(('["War"]', '"War"'))), json.dumps(OLD)
        theirs = draw(st.sampled_from((theirs, theirs, '[{"id": 18}]', "7")))
        members += [('"genres"', theirs)] if theirs is not None else []
        members += [('"genreel"', mark)] if mark is not None else []
        members = draw(st.permutations(members))
        is_ours = (theirs in (None, "null", "[]", '""') or bool(mark)) and theirs not in (
            '[{"id": 18}]',
            "7",
        )
        is_ours = is_ours and movie_id not in ids
        ids.append(movie_id)
        gap = draw(space)
        line = draw(space) + "{" + gap
        shape, order = re.escape(line), []
        for at, (key, value) in enumerate(members):
            before = key + draw(space) + ":" + draw(space)
            gap = draw(space)
            line += before + value
            if is_ours and key in ('"genres"', '"genreel"'):
                shape += re.escape(before) + r"(\[.*?\]|\"(?:[^\"\\]|\\.)*\")"
                order.append(key.strip('"'))
            else:
                shape += re.escape(before + value)
            if at < len(members) - 1:
                gap += "," + draw(space)
                line, shape = line + gap, shape + re.escape(gap)
            else:
                for name in ("genres", "genreel"):
                    if is_ours and f'"{name}"' not in [key for key, _ in members]:
                        shape += rf', ?"{name}": ?(\[.*?\]|\"(?:[^\"\\]|\\.)*\")'
                        order.append(name)
                line, shape = line + gap, shape + re.escape(gap)
        if not members and is_ours:
            shape = shape.removesuffix(re.escape(gap))
            shape += r'"genres": ?(\[.*?\]), ?"genreel": ?("(?:[^"\\]|\\.)*")' + re.escape(gap)
            order = ["genres", "genreel"]
        cells += order if is_ours else []
        tail = "}" + draw(space) + end
        data, pattern = data + line + tail, pattern + shape + re.escape(tail)
    return Case(data.encode(), ids, pattern, cells)


def check_json(case: Case) -> None:
    predictions = dict.fromkeys(case.ids, FOUND)
    new, changes = write_table(case.data, ".jsonl", predictions)
    match = re.fullmatch(case.pattern, new.decode(), re.DOTALL)
    assert match, (new, case.pattern)
    assert len(changes) * 2 == len(case.cells)
    for name, raw in zip(case.cells, match.groups(), strict=True):
        value = json.loads(raw)
        if name == "genres":
            assert value in (GENRES, GENRES.split("|"))
        else:
            assert dict(read_mark(value).genres) == dict(FOUND.genres)
    assert write_table(new, ".jsonl", predictions)[0] == new


# Shopify


@st.composite
def product_files(draw: st.DrawFn) -> Case:
    delimiter = draw(st.sampled_from((",", ",", ";")))
    handle = draw(st.sampled_from(("Handle", "URL handle")))
    others = draw(st.lists(st.sampled_from(("Vendor", "vendor", "Metafield", "", "Price"))))
    columns = draw(st.permutations([handle, "Title", "Tags", *others]))
    rows: list[tuple[str, str, str]] = []
    for number in range(draw(st.integers(1, 3))):
        tags = draw(st.lists(st.sampled_from(("vintage", "A2", "2020 Sports", "é b")), unique=True))
        comma = draw(st.sampled_from((", ", ",")))
        rows.append((f"film-{number}", f"Film {number}", comma.join(tags)))
        rows += [(f"film-{number}", "", "")] * draw(st.integers(0, 2))
    rows = draw(st.permutations([*rows, ("", "", "")]))
    data = delimiter.join(draw(raw_cells(name, delimiter)) for name in columns) + "\n"
    pattern = re.escape(data)
    cells = []
    for row in rows:
        raw, parts = [], []
        for name in columns:
            known = dict(zip((handle, "Title", "Tags"), row, strict=True))
            text = known.get(name) if name in known else draw(st.text(CHARACTERS, max_size=5))
            raw.append(draw(raw_cells(str(text), delimiter)))
            is_own = name == "Tags" and row[1]
            parts.append(group(delimiter) if is_own else re.escape(raw[-1]))
        end = draw(st.sampled_from(("\n", "\r\n")))
        cells += [row[2]] if row[1] else []
        data += delimiter.join(raw) + end
        pattern += re.escape(delimiter).join(parts) + re.escape(end)
    encoding = draw(st.sampled_from(ENCODINGS))
    ids = sorted({row[0] for row in rows if row[0]})
    return Case(data.encode(encoding), ids, pattern, cells, encoding, delimiter)


def check_products(case: Case) -> None:
    predictions = dict.fromkeys(case.ids, FOUND)
    new, marks, changes = write_shopify(case.data, predictions, {})
    match = re.fullmatch(case.pattern, new.decode(case.encoding), re.DOTALL)
    assert match, (new, case.pattern)
    assert len(changes) == len(case.ids)
    for before, raw in zip(case.cells, match.groups(), strict=True):
        [[value]] = csv.reader([raw], delimiter=case.delimiter)
        assert value.startswith(before)
        assert [tag.strip() for tag in value[len(before) :].split(",") if tag.strip()] == [
            "Drama",
            "Crime",
        ]
    assert write_shopify(new, predictions, marks)[0] == new
    other = dict.fromkeys(case.ids, Found({"War": 0.9}))
    later, _, _ = write_shopify(new, other, marks)
    assert b"Drama".decode() not in later.decode(case.encoding)


# Parquet

TYPES: dict[str, tuple[Any, Sequence[Any]]] = {
    "large text": (pa.large_string(), ("", "a", None, "é")),
    "a dictionary": (pa.dictionary(pa.int8(), pa.string()), ("x", "y", None)),
    "lists": (pa.large_list(pa.large_string()), ([], ["a", None], None)),
    "decimals": (pa.decimal128(20, 3), None),
    "times": (pa.timestamp("us", "Europe/Paris"), (0, 10**15, None)),
    "nanoseconds": (pa.timestamp("ns"), (1, 10**18 + 1, None)),
    "dates": (pa.date32(), (0, 9131, None)),
    "nested": (
        pa.struct([("a", pa.list_(pa.int8())), ("b", pa.float32())]),
        ({"a": [1, None], "b": 0.1}, {"a": None, "b": None}, None),
    ),
    "map": (pa.map_(pa.string(), pa.int64()), ([("a", 1)], [], None)),
    "small": (pa.uint8(), (0, 255, None)),
    "bytes": (pa.binary(), (b"\xff\0", b"", None)),
    "Notes": (pa.string(), ("a", None)),
    "notes": (pa.float64(), (0.1, float("inf"), None)),
}
GENRE_TYPES = (
    pa.string(),
    pa.large_string(),
    pa.dictionary(pa.int32(), pa.string()),
    pa.list_(pa.string()),
    pa.large_list(pa.large_string()),
    pa.list_(pa.field("element", pa.string(), nullable=False)),
)


@st.composite
def parquet_files(draw: st.DrawFn) -> Case:
    from decimal import Decimal

    rows = draw(st.integers(1, 5))
    fields, arrays = [], []
    names = draw(st.lists(st.sampled_from(sorted(TYPES)), unique=True))
    for name in names:
        kind, values = TYPES[name]
        pool = values or (Decimal("12.500"), Decimal("-0.001"), None)
        column = [draw(st.sampled_from(pool)) for _ in range(rows)]
        nullable = None in column or draw(st.booleans())
        metadata = draw(st.sampled_from((None, {"unit": "x"})))
        fields.append(pa.field(name, kind, nullable=nullable, metadata=metadata))
        arrays.append(pa.array(column, kind))
    kind = draw(st.sampled_from((None, *GENRE_TYPES)))
    if kind is not None:
        texts: tuple[Any, ...] = ("", None, "Western")
        if kind.num_fields and not pa.types.is_dictionary(kind):
            texts = ([], None, ["Western"])
        column = [draw(st.sampled_from(texts)) for _ in range(rows)]
        fields.append(pa.field("genres", kind))
        arrays.append(pa.array(column, kind))
    fields.append(pa.field("id", pa.int64()))
    arrays.append(pa.array(range(rows)))
    schema = pa.schema(fields, metadata=draw(st.sampled_from((None, {"pandas": "{}", "k": "v"}))))
    file = io.BytesIO()
    pq.write_table(
        pa.table(arrays, schema=schema),
        file,
        row_group_size=draw(st.integers(1, 5)),
        compression=draw(st.sampled_from(("snappy", "zstd", "none"))),
    )
    return Case(file.getvalue(), [str(n) for n in range(rows)])


def check_parquet(case: Case) -> None:
    new, changes = write_table(case.data, ".parquet", dict.fromkeys(case.ids, FOUND))
    before, after = (pq.ParquetFile(io.BytesIO(data)) for data in (case.data, new))
    old, table = before.read(), after.read()
    if not changes:
        assert new == case.data
        return
    ours = [name for name in ("genres", "genreel") if name in old.column_names]
    others = [name for name in old.column_names if name not in ours]
    assert table.select(others).equals(old.select(others), check_metadata=True)
    assert table.schema.metadata == old.schema.metadata
    assert table.column_names[: old.num_columns] == old.column_names
    groups = [f.metadata.num_row_groups for f in (before, after)]
    assert groups[0] == groups[1]
    codecs = [f.metadata.row_group(0).column(0).compression for f in (before, after)]
    assert codecs[0] == codecs[1]
    if "genres" in ours:
        assert table.schema.field("genres").equals(old.schema.field("genres"), check_metadata=True)
    genres = old.column("genres").to_pylist() if "genres" in ours else [None] * len(table)
    for theirs, value, mark in zip(
        genres, table.column("genres").to_pylist(), table.column("genreel").to_pylist(), strict=True
    ):
        if theirs:
            assert (value, mark) == (theirs, None)
        else:
            assert value in (GENRES, GENRES.split("|"))
            assert dict(read_mark(mark).genres) == dict(FOUND.genres)


KINDS = [(csv_files, check_csv), (json_files, check_json)]
KINDS += [(product_files, check_products), (parquet_files, check_parquet)]


def hold(
    files: Callable[[], st.SearchStrategy[Case]], check: Callable[[Case], None], n: int
) -> None:
    @settings(max_examples=n, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(files())
    def every(case: Case) -> None:
        check(case)

    every()


@pytest.mark.parametrize(("files", "check"), KINDS)
def test_every_other_byte_stays(
    files: Callable[[], st.SearchStrategy[Case]], check: Callable[[Case], None]
) -> None:
    hold(files, check, 100)


@pytest.mark.slow
@pytest.mark.parametrize(("files", "check"), KINDS)
def test_every_other_byte_of_ten_thousand_tables_stays(
    files: Callable[[], st.SearchStrategy[Case]], check: Callable[[Case], None]
) -> None:
    hold(files, check, 2500)
