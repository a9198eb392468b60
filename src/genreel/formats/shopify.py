"""Shopify's product CSV: genres among the tags of a product, all in one cell."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from genreel.catalogue import Movie
from genreel.errors import CatalogueError
from genreel.formats.mark import Found, Mark, key, merge, read_mark
from genreel.formats.names import spelled
from genreel.formats.rows import Change, edit_csv
from genreel.formats.table import csv_line


def handle_of(movie: Movie) -> str:
    """A product's handle: the column of that name, or made from title and year as Shopify does."""
    given = movie.extra.get("handle") or movie.extra.get("Handle")
    if given:
        return str(given)
    text = f"{movie.title} {movie.year or ''}" if movie.title else movie.id
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or movie.id


def new_products(movies: Sequence[Movie], safe_cells: bool = False) -> bytes:
    """A product CSV of films, tagged with the genres that the catalogue knows."""
    lines = [csv_line(("Handle", "Title", "Tags"))]
    for movie in movies:
        known = dict.fromkeys(name for names in movie.genres.values() for name in names)
        cells = (handle_of(movie), movie.title or movie.id, ", ".join(known))
        lines.append(csv_line(cells, safe_cells))
    return b"".join(lines)


def write_shopify(
    data: bytes,
    found: Mapping[str, Found],
    marks: Mapping[str, Mark],
    *,
    add: bool = False,
    safe_cells: bool = False,
) -> tuple[bytes, dict[str, Mark], list[Change]]:
    """A product CSV with genres among the tags; tags that are no genres stay untouched.

    Shopify has no place for genreel's marks, so they are kept in a file beside the CSV.

    Args:
        data: a CSV as Shopify exports it, or of `new_products`.
        found: handle → genres.
        marks: handle → what genreel wrote earlier.
        add: whether genres join those of a person.
        safe_cells: as of `table.write_catalogue`.

    Returns:
        The new CSV, all marks, and the changes.

    Raises:
        CatalogueError: it has no columns Handle and Tags.
    """
    header = data.decode("utf-8-sig", "replace").partition("\n")[0]
    if not {"Handle", "Tags"} <= {name.strip(' "\r') for name in header.split(",")}:
        raise CatalogueError("no columns Handle and Tags; give a CSV that Shopify exported")
    after = dict(marks)
    changes: list[Change] = []
    seen: set[str] = set()

    def decide(handle: str, row: Mapping[str, Any]) -> dict[str, Any] | None:
        if handle in seen:  # further rows of a product are its pictures and variants
            return None
        seen.add(handle)
        tags = [tag.strip() for tag in row["Tags"].split(",") if tag.strip()]
        mark = marks.get(handle, Mark())
        ours = {key(name) for name in mark.genres}
        present = [tag for tag in tags if key(tag) in ours or spelled([tag])[0]]
        merged = merge(present, mark, found.get(handle, Found()), add=add)
        if merged is None:
            return None
        genres, after[handle] = merged
        others = [tag for tag in tags if tag not in present]
        changes.append(Change(handle, tuple(present), genres))
        return {"Tags": ", ".join((*others, *(name.replace(",", " ") for name in genres)))}

    new = edit_csv(data, ("Tags",), "Handle", decide, safe_cells)
    return (new if changes else data), after, changes


def read_marks(data: bytes) -> dict[str, Mark]:
    """Marks of the file beside a product CSV; none where it cannot be read."""
    try:
        table = json.loads(data)
        return {str(handle): read_mark(text) for handle, text in table.items()}
    except (ValueError, AttributeError):
        return {}


def marks_text(marks: Mapping[str, Mark]) -> bytes:
    """Marks as `read_marks` reads them."""
    return json.dumps({handle: mark.text() for handle, mark in marks.items()}, indent=0).encode()
