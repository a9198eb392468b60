"""Lettering written into a table: CSV, JSON lines or Parquet, every other cell as it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genreel.formats.cells import Cells
from genreel.formats.members import edit_lines
from genreel.formats.parquet import Parquet
from genreel.formats.rows import key_of, row_id
from genreel.lettering import Lettering
from genreel.tables import COLUMNS, MARK

COLUMN = "lettering"


def with_letterings(data: bytes, suffix: str, letterings: Mapping[str, Lettering]) -> bytes:
    """The table with lettering in its column `lettering`.

    Args:
        data: the table's bytes.
        suffix: .csv, .jsonl or .parquet.
        letterings: id → lettering; a row without an id is called "row N". Of several rows with
            one id, the first is meant, as in `Catalogue`.

    Raises:
        CatalogueError: it cannot be read, or its encoding cannot hold a text.
        MissingExtra: .parquet without pyarrow.
    """
    if not letterings:
        return data
    texts = {movie_id: lettering.to_json() for movie_id, lettering in letterings.items()}
    edit = {".csv": _edit_csv, ".jsonl": _edit_jsonl, ".parquet": _edit_parquet}[suffix]
    return edit(data, texts)


def _edit_csv(data: bytes, texts: dict[str, str]) -> bytes:
    table = Cells(data, (*COLUMNS, MARK))
    place, id_place = table.place(COLUMN), table.place("id")
    new = [COLUMN] if place is None else []
    at = len(table.columns) if place is None else place
    changes = {}
    for row in table.rows:
        if row.cells is None:
            continue
        text = row.cells[id_place] if id_place is not None else ""
        is_read = text.isascii() or table.encoding != "cp1252"  # as in `Catalogue`
        text = texts.pop(row_id(text if is_read else "", row.number), "")
        if text:
            changes[row.number] = {at: text}
    return table.with_texts(changes, new)


def _edit_jsonl(data: bytes, texts: dict[str, str]) -> bytes:
    def edit(number: int, record: Mapping[str, Any]) -> Mapping[str, Any] | None:
        text = texts.pop(row_id(record.get("id"), number), "")
        return {key_of(record, COLUMN): text} if text else None

    return edit_lines(data, edit)


def _edit_parquet(data: bytes, texts: dict[str, str]) -> bytes:
    table = Parquet(data)
    nothing = [None] * len(table)
    place, id_place = table.place(COLUMN), table.place("id")
    cells = list(nothing if place is None else table.values(place))
    ids = nothing if id_place is None else table.values(id_place)
    for at, value in enumerate(ids):
        cells[at] = texts.pop(row_id(value, at + 1), cells[at])
    return table.with_values({COLUMN: cells})
