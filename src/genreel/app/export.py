"""Films out of a store, as tables that genreel and other programs read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from genreel.app.browse import Filter, find
from genreel.app.film import Film
from genreel.app.store import Store

COLUMNS = ("id", "title", "year", "plot", "genres", "poster", "state")
_AT_ONCE = 500


class Export(NamedTuple):
    """A format: suffix of its file, media type, and how a page of films is written."""

    suffix: str
    media_type: str
    head: str
    write: Callable[[Sequence[Film]], str]


def export(store: Store, wanted: Filter, form: str) -> Iterator[str]:
    """The text of a file, in parts; `form` is one of EXPORTS."""
    chosen = EXPORTS[form]
    yield chosen.head
    offset = 0
    while films := find(store, wanted, "title", _AT_ONCE, offset):
        yield chosen.write(films)
        offset += len(films)


def _csv(films: Sequence[Film]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for film in films:
        genres = "|".join(film.genres)
        writer.writerow([film.id, film.title, film.year, film.plot, genres, film.path, film.state])
    return text.getvalue()


def _jsonl(films: Sequence[Film]) -> str:
    return "".join(
        json.dumps(
            {
                "id": film.id,
                "title": film.title,
                "year": film.year,
                "plot": film.plot,
                "genres": list(film.genres),
                "poster": film.path or None,
                "state": film.state,
            },
            ensure_ascii=False,
        )
        + "\n"
        for film in films
    )


EXPORTS = {
    "csv": Export("csv", "text/csv; charset=utf-8", ",".join(COLUMNS) + "\n", _csv),
    "jsonl": Export("jsonl", "application/x-ndjson", "", _jsonl),
}
"""What a store can be exported as."""
