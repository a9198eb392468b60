"""Shopify's product CSV: genres among the tags of a product, all in one cell.

A product has several rows, one for each variant and picture; tags stand in the one with its title.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from genreel.catalogue import Movie
from genreel.errors import CatalogueError
from genreel.formats.cells import Cells, Row
from genreel.formats.mark import Found, Mark, key, merge, read_mark
from genreel.formats.products import HANDLE, Product, paragraphs, products_of
from genreel.formats.rows import Change
from genreel.formats.table import csv_line
from genreel.vocabulary import known_spelling

COLUMNS = (
    *("Title", "URL handle", "Description", "Vendor", "Product category", "Type", "Tags"),
    *("Published on online store", "Status", "SKU", "Barcode", "Option1 name", "Option1 value"),
    *("Price", "Compare-at price", "Cost per item", "Charge tax", "Inventory tracker"),
    *("Inventory quantity", "Continue selling when out of stock", "Weight value (grams)"),
    *("Requires shipping", "Fulfillment service", "Product image URL", "Image position"),
    *("Image alt text", "Gift card", "SEO title", "SEO description"),
    "Google Shopping / Custom label 0",
)
"""Those of Shopify's product CSV that a poster may need, called and ordered as in its template."""


def new_products(movies: Iterable[Movie], safe_cells: bool = False, images: str = "") -> bytes:
    """A product CSV of movies, tagged with their genres, the main one first.

    Shopify sorts tags, so the main genre stands in a label of its own too.

    Args:
        movies, images: as of `products_of`.
        safe_cells: as of `table.write_catalogue`.
    """
    lines = [csv_line(COLUMNS)]
    for product in products_of(movies, images):
        cells = _cells(product)
        lines.append(csv_line([cells.get(column, "") for column in COLUMNS], safe_cells))
    return b"".join(lines)


def _cells(product: Product) -> dict[str, str]:
    is_active = product.status == "active"
    # Shopify takes addresses alone.
    image = product.image if product.image.startswith(("https://", "http://")) else ""
    cells = {
        "Title": product.title,
        "URL handle": product.handle,
        "Description": paragraphs(product.text),
        "Vendor": product.vendor,
        "Type": product.kind,
        "Tags": ", ".join(tag.replace(",", " ") for tag in product.tags),
        "Published on online store": str(is_active).upper(),
        "Status": product.status.capitalize(),
        "SKU": product.sku,
        "Option1 name": "Title",
        "Option1 value": "Default Title",
        "Price": product.price,
        "Charge tax": "TRUE",
        "Continue selling when out of stock": "deny",
        "Requires shipping": "TRUE",
        "Fulfillment service": "manual",
        "Gift card": "FALSE",
        "SEO title": product.title[:70],
        "Google Shopping / Custom label 0": product.genres[0] if product.genres else "",
    }
    picture = {"Product image URL": image, "Image position": "1"}
    return cells | (picture | {"Image alt text": f"Poster of {product.title}"} if image else {})


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
    table = Cells(data, (*HANDLE, "title", "tags"))
    handle_at, tags_at = table.place(*HANDLE), table.place("tags")
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
