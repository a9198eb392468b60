"""Genres written back into a table: CSV, JSON lines or Parquet, every other cell as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genreel.catalogue import movie_from_record
from genreel.errors import CatalogueError
from genreel.formats.cells import Cells
from genreel.formats.mark import Found, merge, read_mark
from genreel.formats.members import edit_lines
from genreel.formats.parquet import Parquet
from genreel.tables import COLUMNS, GENRE_COLUMNS, MARK

_OTHERS = tuple(column for column in GENRE_COLUMNS if column != "genres")


@dataclass(frozen=True)
class Change:
    """What becomes of one row: its genres before and after."""

    id: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    def __str__(self) -> str:
        before, after = (", ".join(names) or "(none)" for names in (self.before, self.after))
        return f"{self.id}: {before} → {after}"


# Id, and the values of the columns `genres` and `genreel` and of each other column of genres →
# what becomes of the first two; None: nothing.
Decide = Callable[[str, Any, Any, Sequence[Any]], "tuple[list[str], str] | None"]


def write_table(
    data: bytes,
    suffix: str,
    predictions: Mapping[str, Found],
    *,
    add: bool = False,
    safe_cells: bool = False,
) -> tuple[bytes, list[Change]]:
    """The table with genres in its column `genres`, and what they were made from in `genreel`.

    Args:
        data: the table's bytes.
        suffix: .csv, .jsonl or .parquet.
        predictions: id → genres; a row without an id is called "row N". Of several rows with
            one id, the first is meant, as in `Catalogue`.
        add: whether they join genres of a person.
        safe_cells: as of `table.write_catalogue`, for the cells of changed rows.

    Returns:
        The new table, `data` itself where nothing is to change; and the changes.

    Raises:
        CatalogueError: it cannot be read, or cannot hold a genre's name.
        MissingExtra: .parquet without pyarrow.
    """
    changes: dict[str, Change] = {}
    ids: set[str] = set()

    def decide(
        movie_id: str, genres: Any, mark: Any, others: Sequence[Any]
    ) -> tuple[list[str], str] | None:
        if movie_id in ids:
            return None
        ids.add(movie_id)
        present = _names(genres)
        if present is None:  # something else of a person's
            return None
        # What other columns tell was told by a source: it counts as much as a person's word.
        elsewhere = [name for value in others for name in _names(value) or ()]
        before = read_mark(mark if isinstance(mark, str) else None)
        prediction = predictions.get(movie_id, Found())
        merger = merge([*present, *elsewhere], before, prediction, add=add)
        if merger is None:
            return None
        names = [
            name for name in dict.fromkeys(merger[0]) if name in present or name not in elsewhere
        ]
        changes[movie_id] = Change(movie_id, tuple(present), tuple(names))
        return names, merger[1].text()

    if suffix == ".csv":
        new = _edit_csv(data, decide, safe_cells)
    else:
        new = {".jsonl": _edit_jsonl, ".parquet": _edit_parquet}[suffix](data, decide)
    return (new if changes else data), list(changes.values())


def _edit_csv(data: bytes, decide: Decide, safe_cells: bool) -> bytes:
    table = Cells(data, (*COLUMNS, MARK))
    places = [table.place("genres"), table.place(MARK)]
    new = [name for name, at in zip(("genres", MARK), places, strict=True) if at is None]
    # Columns that are not there follow behind the last one.
    behind = iter(range(len(table.columns), len(table.columns) + len(new)))
    genres_at, mark_at = (next(behind) if at is None else at for at in places)
    id_at, others_at = table.place("id"), table.places(*_OTHERS)
    changes = {}
    for row in table.rows:
        if row.cells is None:
            continue
        cells = (*row.cells, *("" for _ in new))
        # `Catalogue` reads no id in Windows-1252.
        text = cells[id_at] if id_at is not None else ""
        is_read = text.isascii() or table.encoding != "cp1252"
        change = decide(
            row_id(text if is_read else "", row.number),
            cells[genres_at],
            cells[mark_at],
            [cells[at] for at in others_at],
        )
        if change:
            changes[row.number] = {genres_at: _cell(change[0]), mark_at: change[1]}
    return table.with_texts(changes, new, safe_cells=safe_cells) if changes else data


def _edit_jsonl(data: bytes, decide: Decide) -> bytes:
    def edit(number: int, record: Mapping[str, Any]) -> Mapping[str, Any] | None:
        genres_key, mark_key = (key_of(record, name) for name in ("genres", MARK))
        genres = record.get(genres_key)
        others = [record.get(name) for name in _OTHERS]
        change = decide(row_id(record.get("id"), number), genres, record.get(mark_key), others)
        if change is None:
            return None
        # Text stays text; null and what is not there become a list.
        names = _cell(change[0]) if isinstance(genres, str) else change[0]
        return {genres_key: names, mark_key: change[1]}

    return edit_lines(data, edit)


def key_of(record: Mapping[str, Any], name: str) -> str:
    """The key of that name; one in capitals where there is no other."""
    return name if name in record else next((k for k in record if k.lower() == name), name)


def _edit_parquet(data: bytes, decide: Decide) -> bytes:
    table = Parquet(data)
    nothing = [None] * len(table)

    def column(name: str) -> list[Any]:
        place = table.place(name)
        return nothing if place is None else table.values(place)

    genres, marks = list(column("genres")), list(column(MARK))
    genres_at = table.place("genres")
    is_text = genres_at is None or not table.holds_lists(genres_at)
    others = [column(name) for name in _OTHERS if name in table.columns]
    ids = column("id") if "id" in table.columns else nothing
    is_changed = False
    for at in range(len(table)):
        change = decide(row_id(ids[at], at + 1), genres[at], marks[at], [c[at] for c in others])
        if change:
            is_changed = True
            genres[at] = _cell(change[0]) if is_text else change[0]
            marks[at] = change[1]
    return table.with_values({"genres": genres, MARK: marks}) if is_changed else data


def row_id(value: Any, number: int) -> str:
    """The id of a row, as `Catalogue` has it."""
    return movie_from_record({"id": value}, f"row {number}").id


def _names(value: Any) -> list[str] | None:
    """Genres of a cell, or of a list; None where it is something else."""
    if value is None or value != value:  # pandas writes what is not there as NaN
        return []
    names = value.split("|") if isinstance(value, str) else value
    if not isinstance(names, list) or not all(n is None or isinstance(n, str) for n in names):
        return None
    return [name.strip() for name in names if name and name.strip()]


def _cell(names: Sequence[str]) -> str:
    for name in names:
        if "|" in name:
            raise CatalogueError(
                f"genre {name[:40]!r} holds a '|', which parts genres; rename it with --names"
            )
    return "|".join(names)
