"""Genres written back into a table: CSV, JSON lines or Parquet, every other cell as it was."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genreel.catalogue import GENRE_COLUMNS, MARK, MAX_CELL, parquet_batches
from genreel.errors import CatalogueError, MissingExtra
from genreel.formats.mark import Found, merge, read_mark
from genreel.formats.table import csv_text


@dataclass(frozen=True)
class Change:
    """What becomes of one row: its genres before and after."""

    id: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    def __str__(self) -> str:
        before, after = (", ".join(names) or "(none)" for names in (self.before, self.after))
        return f"{self.id}: {before} → {after}"


Decide = Callable[[str, Mapping[str, Any]], "dict[str, Any] | None"]


def write_table(
    data: bytes,
    suffix: str,
    found: Mapping[str, Found],
    *,
    add: bool = False,
    safe_cells: bool = False,
) -> tuple[bytes, list[Change]]:
    """The table with genres in its column `genres`, and what they were made from in `genreel`.

    Args:
        data: the table's bytes.
        suffix: .csv, .jsonl or .parquet.
        found: id → genres; a row without an id is called "row N".
        add: whether they join genres of a person.
        safe_cells: as of `table.write_catalogue`, for the cells of changed rows.

    Returns:
        The new table, `data` itself where nothing is to change; and the changes.

    Raises:
        CatalogueError: it cannot be read.
        MissingExtra: .parquet without pyarrow.
    """
    changes: list[Change] = []

    def decide(movie_id: str, row: Mapping[str, Any]) -> dict[str, Any] | None:
        present = _listed(row.get("genres"))
        # What other columns tell was told by a source: it counts as much as a person's word.
        others = [n for c in GENRE_COLUMNS if c != "genres" for n in _listed(row.get(c))]
        mark = read_mark(row.get(MARK))
        merged = merge([*present, *others], mark, found.get(movie_id, Found()), add=add)
        if merged is None:
            return None
        genres, mark = merged
        own = [name for name in genres if name not in others]
        changes.append(Change(movie_id, tuple(present), tuple(own)))
        return {"genres": own, MARK: mark.text()}

    if suffix == ".csv":
        new = edit_csv(data, ("genres", MARK), "id", decide, safe_cells)
    else:
        new = {".jsonl": _edit_jsonl, ".parquet": _edit_parquet}[suffix](data, decide)
    return (new if changes else data), changes


def edit_csv(
    data: bytes, columns: Sequence[str], named: str, decide: Decide, safe_cells: bool = False
) -> bytes:
    """A CSV file with some cells changed; rows that are not, and broken ones, keep every byte.

    Args:
        data: the file.
        columns: those that are written; they are added where they are not there.
        named: the column of the ids; a row without one is called "row N".
        decide: id and row → column → new value (a list is joined by "|"); None: no change.
        safe_cells: whether changed rows are made safe for spreadsheets.
    """
    text = data.decode("utf-8", "surrogateescape")
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    lines = list(io.StringIO(text.removeprefix(mark), newline=""))
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(lines, strict=True)
    try:
        header = next(reader, [])
    except csv.Error as error:
        raise CatalogueError(f"{error}; is it really a CSV file?") from None
    known = {named, *columns, *GENRE_COLUMNS}
    names = [n.strip() if n.strip() in known else n.strip().lower() for n in header]
    new = [column for column in columns if column not in names]
    end = _line_end(lines[0]) if lines else "\n"
    out = [mark, _extended("".join(lines[: reader.line_num]), new)]
    at, number = reader.line_num, 0
    while at < len(lines):
        cells: list[str] | None
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error:
            cells = None
        raw, at = "".join(lines[at : reader.line_num]), reader.line_num
        if cells == []:  # a blank line
            out.append(raw)
            continue
        number += 1
        if cells is None or len(cells) != len(names):
            out.append(raw)
            continue
        row = dict(zip(names, cells, strict=True))
        change = decide(row.get(named, "").strip() or f"row {number}", row)
        if change is None:
            out.append(_extended(raw, [""] * len(new)))
            continue
        row |= {c: "|".join(v) if isinstance(v, list) else v for c, v in change.items()}
        shown = [row.get(column, "") for column in (*names, *new)]
        out.append(csv_text(shown, safe_cells, _line_end(raw) or end))
    return "".join(out).encode("utf-8", "surrogateescape")


def _line_end(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]


def _extended(raw: str, cells: Sequence[str]) -> str:
    end = _line_end(raw)
    return raw.removesuffix(end) + "".join("," + cell for cell in cells) + end


def _edit_jsonl(data: bytes, decide: Decide) -> bytes:
    out = []
    for number, line in enumerate(data.splitlines(keepends=True), 1):
        try:
            row = json.loads(line.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            row = None
        change = (
            decide(str(row.get("id") or f"row {number}"), row) if isinstance(row, dict) else None
        )
        if change is not None and isinstance(row, dict):
            end = line[len(line.rstrip(b"\r\n")) :]
            try:
                line = json.dumps(row | change, ensure_ascii=False).encode() + end
            except UnicodeEncodeError:  # half a character, which JSON can spell and UTF-8 cannot
                line = json.dumps(row | change).encode() + end
        out.append(line)
    return b"".join(out)


def _edit_parquet(data: bytes, decide: Decide) -> bytes:
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError:
        raise MissingExtra("pyarrow", "parquet") from None
    try:
        with pyarrow.parquet.ParquetFile(io.BytesIO(data)) as packed:
            batches = list(parquet_batches(packed, len(data)))
            table = pyarrow.Table.from_batches(batches, packed.schema_arrow).combine_chunks()
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise CatalogueError(f"not a readable Parquet file ({error}); write it again") from None
    there = [c for c in ("id", *GENRE_COLUMNS, MARK) if c in table.column_names]
    rows = table.select(there).to_pylist()
    lists = "genres" in there and pyarrow.types.is_list(table.schema.field("genres").type)
    for number, row in enumerate(rows, 1):
        change = decide(str(row.get("id") or f"row {number}"), row)
        if change is not None:
            row |= change if lists else change | {"genres": "|".join(change["genres"])}
    for column in ("genres", MARK):
        kind = pyarrow.list_(pyarrow.string()) if lists and column == "genres" else pyarrow.string()
        values = pyarrow.array([row.get(column) for row in rows], kind)
        if column in there:
            table = table.set_column(table.column_names.index(column), column, values)
        else:
            table = table.append_column(column, values)
    file = io.BytesIO()
    pyarrow.parquet.write_table(table, file)
    return file.getvalue()


def _listed(value: Any) -> list[str]:
    names = value.split("|") if isinstance(value, str) else value
    return [n.strip() for n in names if isinstance(n, str) and n.strip()] if names else []
