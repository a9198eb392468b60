"""Ids of films: which are refused, and those of films that come without one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from genreel.app.store.film import Film
from genreel.app.store.films import MAX_ID
from genreel.catalogue import Movie
from genreel.errors import InputError

_NO_ID = re.compile(r"row \d+")
"""What a catalogue calls a row without an id."""


def file_name(path: str) -> str:
    """The last part of a path from any system, printable."""
    last = PurePosixPath(path.replace("\\", "/")).name
    return "".join(c for c in last if c.isprintable()).strip()


def check_id(film_id: str) -> None:
    """Refuses an id that does not fit into the store, into a line or into an address.

    Nothing is cut or left out of an id, as two films would then be one.

    Raises:
        InputError.
    """
    if len(film_id) > MAX_ID:
        raise InputError(f"id {film_id[:40]!r}… has {len(film_id):,} characters; use {MAX_ID}")
    for character in film_id:
        if not character.isprintable():
            place = f"U+{ord(character):04X}"
            raise InputError(f"id {film_id[:80]!r} holds {place}, which nobody sees; leave it out")
    if {".", ".."} & set(film_id.split("/")):
        raise InputError(f"id {film_id[:80]!r} holds '.' or '..', as no address can; change it")


def clean_id(film_id: str) -> str:
    """An id that fits into the store and on a line, made of a file's name."""
    return "".join(c for c in film_id if c.isprintable()).strip()[:MAX_ID] or "film"


def id_of_poster(name: str, digest: str) -> str:
    """The id of a film that is known by its poster's name alone.

    Args:
        name: of the file.
        digest: of the poster.
    """
    stem = re.sub(r"\.(jpe?g|png|webp|gif)$", "", name, flags=re.IGNORECASE)
    stem = stem.lstrip(". ").rstrip()
    if not stem:
        return digest[:12]
    return clean_id(stem) if len(stem) <= MAX_ID else with_digest(stem, digest[:12])


def with_digest(film_id: str, digest: str) -> str:
    """An id that another film has, or that is too long, with what sets it apart."""
    return f"{film_id[: MAX_ID - len(digest) - 1]}-{digest}"


def has_id(movie: Movie) -> bool:
    """Whether a row of a table came with an id of its own.

    One that is called as a catalogue calls rows without (a table that genreel imported from a
    source without ids) says nothing of the film: the rows of every table are called so.
    """
    return _NO_ID.fullmatch(movie.id) is None


def id_of_row(table: str, movie: Movie, ids: set[str]) -> str:
    """The id of a film of a table without ids: the same whenever the table is sent again.

    It comes from the table's name, the title and the year, and where one of these is missing, or
    another row of the table has the same, from the plot and the poster's name, then the SKU.

    Args:
        table: the name of its file.
        movie: its row; a poster's path is relative to the table.
        ids: those that the rows before it have, or would have by all that they say; its own are
            added.

    Raises:
        InputError: a row before it says the same.
    """
    short = [table, movie.title, movie.year]
    long_id = _readable_id(movie, [*short, movie.plot, movie.poster])
    sku = next((value for name, value in movie.extra.items() if name.lower() == "sku"), "")
    if long_id in ids and sku:  # two copies of one poster, for sale
        long_id = _readable_id(movie, [*short, movie.plot, movie.poster, sku])
    if long_id in ids:
        raise InputError(f"{movie.id} says the same as a row before it; leave one out")
    short_id = _readable_id(movie, short) if movie.title and movie.year else long_id
    film_id = long_id if short_id in ids else short_id
    ids |= {long_id, film_id}
    return film_id


def _readable_id(movie: Movie, parts: Sequence[object]) -> str:
    words = re.sub(r"\W+", "-", movie.title.casefold()).strip("-")[:60].strip("-")
    digest = hashlib.sha256(repr([str(part) for part in parts]).encode()).hexdigest()
    return clean_id("-".join(filter(None, (words, str(movie.year or ""), digest[:12]))))


def is_other(film: Film, movie: Movie, titles: Iterable[str]) -> bool:
    """Whether a row with a film's id is about another film: another title, and not of its year.

    Args:
        film: of the store.
        movie: the row.
        titles: that the film has, and had before somebody corrected it.
    """
    has_title = _letters(movie.title) in {_letters(title) for title in (film.title, *titles)}
    is_of_year = film.year is not None and film.year == movie.year
    return bool(film.title and movie.title) and not has_title and not is_of_year


def _letters(title: str) -> str:
    return re.sub(r"[\W_]+", "", title.casefold()) or title
