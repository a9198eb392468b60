"""What hangs in a shop: a movie's poster, with the address and all that a page says of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from genreel.app.shop.pictures import Picture
from genreel.catalogue import Movie
from genreel.characters import normalize
from genreel.decade import decade_name, decade_of
from genreel.formats.products import (
    PRICE,
    handle_of,
    name_of,
    own_text,
    price_of,
    slug,
    unique,
)

DETAILS = ("size", "format", "condition", "edition", "country", "artist", "material", "printed")
"""Columns of a person's own that customers see; others (what it cost, a note) stay private."""

HIDDEN = ("draft", "archived", "unlisted")
"""Values of the column `status` of what is not to be seen."""

_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)")
"""What no file may be called on Windows."""

_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩"}
_ARTICLE = re.compile(r"^(the|an?)\s+(?=\S)")


@dataclass(frozen=True, slots=True)
class Item:
    """A poster in the shop.

    Attributes:
        id: of the movie.
        path: of its page, inside the shop.
        name: the title, or what the id says.
        year: of release, or None.
        plot: perhaps empty.
        genres: the main one first.
        picture: None where there is no poster that can be read.
        price: as customers read it; perhaps empty.
        sku: perhaps empty.
        details: names and values of the columns that customers see.
        address: where it can be bought, if the person has told it.
        is_sold: whether it is gone.
    """

    id: str
    path: str
    name: str
    year: int | None
    plot: str
    genres: tuple[str, ...]
    picture: Picture | None
    price: str
    sku: str
    details: tuple[tuple[str, str], ...]
    address: str
    is_sold: bool

    @property
    def decade(self) -> str:
        """Such as "1950s"; empty without a year."""
        decade = decade_of(self.year)
        return "" if decade is None else decade_name(decade)

    @property
    def sort_key(self) -> str:
        """By which titles are sorted: without accents, capitals and an article in front."""
        plain = normalize("NFKD", self.name.casefold())
        letters = "".join(c for c in plain if not unicodedata.combining(c))
        return _ARTICLE.sub("", letters.strip(" \"'“”‘’«»¡¿().…-"))

    @property
    def letter(self) -> str:
        """Under which it stands in the index of titles: A to Z, 0–9, or other."""
        first = self.sort_key[:1]
        if first.isdecimal():
            return "0–9"
        return first.upper() if "a" <= first <= "z" else "Other"


def item_of(
    movie: Movie, picture: Picture | None, paths: set[str], currency: str, columns: Iterable[str]
) -> Item:
    """A movie as it hangs in the shop.

    Args:
        movie: with the person's columns in `extra`.
        picture: its poster.
        paths: names of pages that are taken; its own is added.
        currency: such as "EUR", said beside prices that are numbers.
        columns: further columns that customers see.
    """
    name = slug(handle_of(movie)) or slug(name_of(movie)) or "poster"
    name = f"{name}-poster" if _DEVICES.fullmatch(name) else name
    names = dict.fromkeys([*DETAILS, *(column.strip().lower() for column in columns)])
    by_name = {column.strip().lower(): column.strip() for column in movie.extra}
    details = ((by_name[n], own_text(movie, n)) for n in names if n in by_name)
    address = own_text(movie, "url", "link", "product url")
    return Item(
        id=movie.id,
        path=f"poster/{unique(name, paths)}.html",
        name=name_of(movie),
        year=movie.year,
        plot=movie.plot,
        genres=tuple(dict.fromkeys(name for names in movie.genres.values() for name in names)),
        picture=picture,
        price=shown_price(own_text(movie, *PRICE), currency),
        sku=own_text(movie, "sku", "variant sku"),
        details=tuple((name[:1].upper() + name[1:], value) for name, value in details if value),
        address=address if urlsplit(address).scheme in ("http", "https") else "",
        is_sold=own_text(movie, "status").lower() == "sold",
    )


def is_hidden(movie: Movie) -> bool:
    """Whether a person's column `status` says that customers do not see it."""
    return own_text(movie, "status").lower() in HIDDEN


def shown_price(text: str, currency: str) -> str:
    """A price as customers read it: as the person wrote it, or a number with the currency."""
    number = price_of(text)
    if not number or not currency or re.search(r"[^\d.,\s]", text):
        return text if number else ""
    amount = f"{float(number):,.2f}"
    sign = _SIGNS.get(currency.upper())
    return f"{sign}{amount}" if sign else f"{amount} {currency}"
