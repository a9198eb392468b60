"""Movies as products of a shop: what Shopify's and WooCommerce's files and a shop's pages share."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from genreel.catalogue import Movie, Scalar
from genreel.characters import normalize
from genreel.decade import YEARS

HANDLE = ("handle", "url handle")
"""What the column of handles was called, and is called today."""

PRICE = ("price", "variant price", "regular price")
_SKU = ("sku", "variant sku")
_IMAGE = ("image url", "image", "product image url", "image src", "images")
_STATES = {"draft": "draft", "archived": "archived", "sold": "archived", "unlisted": "draft"}

MAX_HANDLE = 100
"""Characters of a handle that is made here; a file of that name fits on every disk."""


@dataclass(frozen=True, slots=True)
class Product:
    """A movie's poster for sale.

    Attributes:
        handle: its name in addresses; no other product of the same list has it.
        title: with the year, as posters are named.
        text: the plot; perhaps empty.
        genres: the main one first.
        tags: genres, then the decade, then those of the column `tags`.
        kind: what a shop calls such things; the column `type`, or "Movie poster".
        price: such as "45.00"; empty where none is known.
        sku, vendor: perhaps empty.
        status: "active", "draft" or "archived". Without a price a product is a draft, as a shop
            would give it away.
        image: an address, or a file's name; empty where neither is known.
    """

    handle: str
    title: str
    text: str
    genres: tuple[str, ...]
    tags: tuple[str, ...]
    kind: str
    price: str
    sku: str
    vendor: str
    status: str
    image: str


def products_of(movies: Iterable[Movie], images: str = "") -> Iterator[Product]:
    """Movies as products, in their order.

    Args:
        movies: `extra` has the person's columns; `poster` is the name of its file, if known.
        images: the address of the folder that the posters are in; empty: no one knows.
    """
    handles: set[str] = set()
    for movie in movies:
        yield _product(movie, unique(handle_of(movie), handles), images)


def _product(movie: Movie, handle: str, images: str) -> Product:
    genres = tuple(dict.fromkeys(name for names in movie.genres.values() for name in names))
    decade = [f"{movie.year // YEARS * YEARS}s"] if genres and movie.year else []
    own_tags = [tag.strip() for tag in own_text(movie, "tags").split(",") if tag.strip()]
    price = price_of(own_value(movie, *PRICE))
    own_status = own_text(movie, "status").lower()
    return Product(
        handle=handle,
        title=f"{movie.title} ({movie.year})" if movie.title and movie.year else name_of(movie),
        text=movie.plot,
        genres=genres,
        tags=tuple(dict.fromkeys([*genres, *decade, *own_tags])),
        kind=own_text(movie, "type") or "Movie poster",
        price=price,
        sku=own_text(movie, *_SKU),
        vendor=own_text(movie, "vendor"),
        status=_STATES.get(own_status, "active" if price else "draft"),
        image=_image(movie, images),
    )


def _image(movie: Movie, images: str) -> str:
    address = own_text(movie, *_IMAGE)
    if address.startswith(("https://", "http://")):
        return address
    name = str(movie.poster).replace("\\", "/").rpartition("/")[2] if movie.poster else address
    return f"{images.rstrip('/')}/{quote(name)}" if images and name else name


def paragraphs(text: str) -> str:
    """A text as HTML, which descriptions of shops are."""
    parts = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    return "".join(f"<p>{html.escape(part, quote=False)}</p>" for part in parts)


def name_of(movie: Movie) -> str:
    """A movie's title, or what is printed large on its poster, or what its id says."""
    if name := movie.title or (movie.lettering.title() if movie.lettering else ""):
        return name
    words = re.sub(r"[-_]+", " ", movie.id.rpartition("/")[2]).strip()
    return words[:1].upper() + words[1:] or movie.id


def own_value(movie: Movie, *names: str) -> Scalar:
    """The value of a person's column, by any of its names in small letters; empty: none."""
    columns = {name.strip().lower(): value for name, value in movie.extra.items()}
    return next((columns[name] for name in names if columns.get(name) not in (None, "")), "")


def own_text(movie: Movie, *names: str) -> str:
    """`own_value` as a text."""
    return str(own_value(movie, *names)).strip()


def price_of(value: Scalar) -> str:
    """A price as shops read it, such as "1234.50", of "£1,234.50", "1.234,50 €" or 1234.5; empty
    where it is none.
    """
    match = re.search(r"(?:(?<!\w)[.,])?\d[\d.,'’\s]*", str(value))
    text = re.sub(r"[^\d.,]", "", match[0] if match else "").rstrip(".,")
    comma, point = text.rfind(","), text.rfind(".")
    mark = max(comma, point)
    is_only = min(comma, point) < 0 and text.count(text[mark] if mark >= 0 else "-") == 1
    # One mark with three digits behind it parts thousands, unless the value is a number.
    is_decimal = mark >= 0 and (
        isinstance(value, float) or min(comma, point) >= 0 or (is_only and len(text) - mark != 4)
    )
    whole, part = (text[:mark], text[mark + 1 :]) if is_decimal else (text, "")
    digits = re.sub(r"\D", "", whole)
    if (not digits and not part) or str(value).strip().startswith("-"):
        return ""
    return f"{float(f'{digits or 0}.{part or 0}'):.2f}"


# Handles


def handle_of(movie: Movie) -> str:
    """A product's handle: the column of that name, or made from title and year as Shopify does."""
    if handle := own_text(movie, *HANDLE):
        return handle
    text = f"{movie.title} {movie.year or ''}" if slug(movie.title) else movie.id
    digest = hashlib.sha256(movie.id.encode("utf-8", "replace")).hexdigest()[:8]
    return slug(text) or f"poster-{digest}"


def slug(text: str) -> str:
    """Small letters, digits and hyphens of a text, for an address; empty where it has none."""
    plain = normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:MAX_HANDLE].strip("-")


def unique(name: str, names: set[str]) -> str:
    """A name that is not among `names` yet, where it is added: this one, or with a number."""
    free, number = name, 1
    while free.casefold() in names:
        number += 1
        free = f"{name}-{number}"
    names.add(free.casefold())
    return free
