"""Shopify's product CSV: genres among the tags of a product, all in one cell.

A product has several rows, one for each variant and picture; tags stand in the one with its title.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from genreel.catalogue import Movie
from genreel.errors import CatalogueError
from genreel.formats.cells import Cells, Row
from genreel.formats.mark import Found, Mark, key, merge, read_mark
from genreel.formats.rows import Change
from genreel.formats.table import csv_line
from genreel.vocabulary import known_spelling

_HANDLE = ("handle", "url handle")
"""What the column of handles was called, and is called today."""


def handle_of(movie: Movie) -> str:
    """A product's handle: the column of that name, or made from title and year as Shopify does."""
    columns = {name.strip().lower(): value for name, value in movie.extra.items()}
    handle = next((columns[name] for name in _HANDLE if columns.get(name)), "")
    if handle:
        return str(handle).strip()
    text = f"{movie.title} {movie.year or ''}" if movie.title else movie.id
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or movie.id


def new_products(movies: Sequence[Movie], safe_cells: bool = False) -> bytes:
    """A product CSV of films, tagged with the genres that the catalogue knows."""
    lines = [csv_line(("Handle", "Title", "Tags"))]
    for movie in movies:
        genres = dict.fromkeys(name for names in movie.genres.values() for name in names)
        cells = (handle_of(movie), movie.title or movie.id, ", ".join(genres))
        lines.append(csv_line(cells, safe_cells))
    return b"".join(lines)


def write_shopify(
    data: bytes,
    predictions: Mapping[str, Found],
    marks: Mapping[str, Mark],
    *,
    add: bool = False,
    safe_cells: bool = False,
) -> tuple[bytes, dict[str, Mark], list[Change]]:
    """A product CSV with genres among the tags; tags that are no genres stay untouched.

    Shopify has no place for genreel's marks, so they are kept in a file beside the CSV.

    Args:
        data: a CSV as Shopify exports it, or of `new_products`.
        predictions: handle → genres.
        marks: handle → what genreel wrote earlier.
        add: whether genres join those of a person.
        safe_cells: as of `table.write_catalogue`.

    Returns:
        The new CSV, all marks, and the changes.

    Raises:
        CatalogueError: it has no columns of handles and tags, or a genre's name holds a comma.
    """
    table = Cells(data, (*_HANDLE, "title", "tags"))
    handle_at, tags_at = table.place(*_HANDLE), table.place("tags")
    if handle_at is None or tags_at is None:
        raise CatalogueError(
            "no columns 'URL handle' (or 'Handle') and 'Tags'; give a product CSV of Shopify's"
        )
    _check_names(predictions.values())
    products: dict[str, list[Row]] = {}
    for row in table.rows:
        handle = row.cells[handle_at].strip() if row.cells else ""
        if handle in predictions:
            products.setdefault(handle, []).append(row)
    titles = table.places("title")
    after = dict(marks)
    changes: list[Change] = []
    cells: dict[int, dict[int, str]] = {}
    for handle, rows in products.items():
        first = _own_row(rows, (*titles, tags_at))
        mark = marks.get(handle, Mark())
        tags = _tags(first, tags_at)
        before = _genres(tags, mark)
        # A genre of a person's counts in any row, and stays in that row.
        others = [_tags(row, tags_at) for row in rows if row is not first]
        elsewhere = [name for text in others for name in _genres(text, mark)]
        merger = merge([*elsewhere, *before], mark, predictions[handle], add=add)
        if merger is None:
            continue
        names, after[handle] = merger
        genres = tuple(name for name in names if name in before or name not in elsewhere)
        changes.append(Change(handle, tuple(before), genres))
        cells[first.number] = {tags_at: _with_genres(tags, mark, genres)}
    new = table.with_texts(cells, safe_cells=safe_cells)
    return (new if changes else data), after, changes


def _check_names(predictions: Iterable[Found]) -> None:
    for name in (name for prediction in predictions for name in prediction.genres):
        if "," in name:
            raise CatalogueError(
                f"genre {name[:40]!r} holds a comma, which parts tags; rename it with --names"
            )


def _own_row(rows: Sequence[Row], places: Sequence[int]) -> Row:
    """A product's row: the first with a title, or else with tags; others are its pictures."""
    for place in places:
        for row in rows:
            if row.cells and row.cells[place].strip():
                return row
    return rows[0]


def _tags(row: Row, place: int) -> str:
    return row.cells[place] if row.cells else ""


def _split(tags: str) -> list[str]:
    return [tag.strip() for tag in tags.split(",") if tag.strip()]


def _genres(tags: str, mark: Mark) -> list[str]:
    """Those of the tags that are genres."""
    return [tag for tag in _split(tags) if key(tag) in _ours(mark) or known_spelling(tag)]


def _ours(mark: Mark) -> set[str]:
    return {key(name) for name in mark.genres}


def _with_genres(tags: str, mark: Mark, genres: Sequence[str]) -> str:
    """Tags of a person's as they are written, and genreel's behind them."""
    parts = [part for part in tags.split(",") if part.strip()]
    stays = [part for part in parts if key(part) not in _ours(mark)]
    new = [name for name in genres if name not in {part.strip() for part in stays}]
    comma = "," if len(parts) > 1 and not parts[1].startswith(" ") else ", "
    text = ",".join(stays)
    if parts and parts[0] not in stays:  # what is first now does not begin with a gap
        text = text.lstrip()
    return comma.join(filter(None, (text, *new)))


def read_marks(data: bytes) -> dict[str, Mark]:
    """Marks of the file beside a product CSV; none where it cannot be read."""
    try:
        table = json.loads(data)
        return {str(handle): read_mark(text) for handle, text in table.items()}
    except (ValueError, AttributeError, RecursionError):
        return {}


def marks_text(marks: Mapping[str, Mark]) -> bytes:
    """Marks as `read_marks` reads them."""
    return json.dumps({handle: mark.text() for handle, mark in marks.items()}, indent=0).encode()
