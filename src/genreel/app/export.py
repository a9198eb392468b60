"""Films out of a store, as files that genreel and other programs read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import NamedTuple

from genreel.app.browse import Filter, find
from genreel.app.film import Film
from genreel.app.store import Store

COLUMNS = ("id", "title", "year", "plot", "genres", "poster", "state")
_AT_ONCE = 500


class Export(NamedTuple):
    """A format.

    Attributes:
        label: what a person reads.
        suffix: of the file.
        media_type: of the answer.
        write: films, sorted by title → the file, in parts.
    """

    label: str
    suffix: str
    media_type: str
    write: Callable[[Iterator[Film]], Iterator[bytes]]


def export(store: Store, wanted: Filter, form: str) -> Iterator[bytes]:
    """A file, in parts; `form` is one of EXPORTS."""
    yield from EXPORTS[form].write(_films(store, wanted))


def _films(store: Store, wanted: Filter) -> Iterator[Film]:
    offset = 0
    while some := find(store, wanted, "title", _AT_ONCE, offset):
        yield from some
        offset += len(some)


def _csv(films: Iterator[Film]) -> Iterator[bytes]:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for film in films:
        genres = "|".join(film.genres)
        writer.writerow([film.id, film.title, film.year, film.plot, genres, film.path, film.state])
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
    yield text.getvalue().encode()


def _jsonl(films: Iterator[Film]) -> Iterator[bytes]:
    for film in films:
        row = {
            "id": film.id,
            "title": film.title,
            "year": film.year,
            "plot": film.plot,
            "genres": list(film.genres),
            "poster": film.path or None,
            "state": film.state,
        }
        yield json.dumps(row, ensure_ascii=False).encode() + b"\n"


EXPORTS = {
    "csv": Export("CSV, for spreadsheets and shops", "csv", "text/csv; charset=utf-8", _csv),
    "jsonl": Export("JSON lines, for programs", "jsonl", "application/x-ndjson", _jsonl),
}
"""What a store can be exported as: a new format is a row here, and the page and the API have it."""
