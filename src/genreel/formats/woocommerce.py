"""The CSV that WooCommerce's own product importer reads: genres as categories and tags."""

from __future__ import annotations

from collections.abc import Iterable

from genreel.catalogue import Movie
from genreel.formats.products import Product, paragraphs, products_of
from genreel.formats.table import csv_line

COLUMNS = (
    *("Type", "SKU", "Name", "Published", "Is featured?", "Visibility in catalog"),
    *("Short description", "Description", "Tax status", "In stock?", "Stock"),
    *("Sold individually?", "Allow customer reviews?", "Regular price", "Categories", "Tags"),
    *("Images", "Attribute 1 name", "Attribute 1 value(s)", "Attribute 1 visible"),
    "Attribute 1 global",
)
"""Those of the importer's schema that a poster may need, in its order."""

_PUBLISHED = {"active": "1", "draft": "-1", "archived": "0"}
"""Published, draft, private."""


def woocommerce_products(
    movies: Iterable[Movie], safe_cells: bool = False, images: str = ""
) -> bytes:
    """A product CSV of movies; its importer finds a product that it knows by the SKU.

    Args:
        movies, images: as of `products_of`. Without `images` a picture is named as its file, which
            WooCommerce looks for in its media library.
        safe_cells: as of `table.write_catalogue`.
    """
    lines = [csv_line(COLUMNS)]
    for product in products_of(movies, images):
        cells = _cells(product)
        lines.append(csv_line([cells.get(column, "") for column in COLUMNS], safe_cells))
    return b"".join(lines)


def _cells(product: Product) -> dict[str, str]:
    is_for_sale = product.status == "active"
    cells = {
        "Type": "simple",
        "SKU": product.sku or product.handle,
        "Name": product.title,
        "Published": _PUBLISHED[product.status],
        "Is featured?": "0",
        "Visibility in catalog": "visible",
        "Description": _line(paragraphs(product.text)),
        "Tax status": "taxable",
        "In stock?": "1" if is_for_sale else "0",
        "Sold individually?": "1",
        "Allow customer reviews?": "0",
        "Regular price": product.price,
        "Categories": _list(product.genres),
        "Tags": _list(product.tags),
        "Images": product.image,
    }
    if not product.genres:
        return cells
    attribute = ("Genre", _list(product.genres), "1", "1")
    return cells | dict(zip(COLUMNS[-4:], attribute, strict=True))


def _list(names: Iterable[str]) -> str:
    r"""Names as a list; a comma inside of one is written as \, and > would make a child of it."""
    return ", ".join(name.replace(",", "\\,").replace(">", "›") for name in names)


def _line(text: str) -> str:
    r"""A text without what the importer takes for a line's end, which is \n as two letters."""
    return text.replace("\\n", "\\\\n")
