"""Plex, by the API that its own pages use (https://developer.plex.tv/pms)."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from genreel.app.media.client import Client, ItemGone, path_part
from genreel.app.media.item import Item, read_pages, rows_of, text_of, texts_of, year_of

_PAGE = 500
_MOVIE = "1"


class Plex:
    """A Plex Media Server; arguments as of `Client`."""

    name = "plex"

    def __init__(self, address: str, key: str, first_wait: float = 1.0) -> None:
        self._client = Client(self.name, address, {"X-Plex-Token": key}, (key,), first_wait)

    def items(self) -> Iterator[Item]:
        """The movies of all its libraries of movies, page by page.

        Of a list Plex tells two genres of a movie, and no locks: see `item`.
        """
        sections = _rows(self._client.ask("GET", "/library/sections"), "Directory")
        for row in sections:
            if row.get("type") == "movie":
                yield from read_pages(functools.partial(self._page, text_of(row.get("key"))))

    def _page(self, section: str, start: int) -> tuple[list[Item], bool]:
        page = {"X-Plex-Container-Start": str(start), "X-Plex-Container-Size": str(_PAGE)}
        path = f"/library/sections/{path_part(section)}/all"
        rows = _rows(self._client.ask("GET", path, {"type": _MOVIE, **page}), "Metadata")
        return [_item(row, section) for row in rows], len(rows) < _PAGE

    def item(self, item: Item) -> Item:
        """The same as it is now, with all its genres and its locks."""
        rows = _rows(self._client.ask("GET", f"/library/metadata/{path_part(item.id)}"), "Metadata")
        if not rows:
            raise ItemGone(f"{self.name} at {self._client.address}: does not have that any more")
        return _item(rows[0], item.section or text_of(rows[0].get("librarySectionID")))

    def write(self, item: Item, genres: Sequence[str], is_locked: bool | None = None) -> None:
        """Puts genres in place of those that stand there.

        They are locked unless it is said otherwise: Plex's agent would put its own back.
        """
        query = {"type": _MOVIE, "id": item.id, "genre.locked": str(int(is_locked is not False))}
        query |= {f"genre[{n}].tag.tag": name for n, name in enumerate(genres)}
        gone = [name for name in item.genres if name not in genres]
        if gone:
            query["genre[].tag.tag-"] = ",".join(gone)
        self._client.ask("PUT", f"/library/sections/{path_part(item.section)}/all", query)

    def refresh(self, item: Item) -> None:
        """Has an item read anew."""
        self._client.ask("PUT", f"/library/metadata/{path_part(item.id)}/refresh")


def _rows(answer: object, name: str) -> list[Mapping[str, Any]]:
    container = answer.get("MediaContainer") if isinstance(answer, dict) else None
    return rows_of(container.get(name)) if isinstance(container, dict) else []


def _item(row: Mapping[str, Any], section: str) -> Item:
    parts = [part for media in rows_of(row.get("Media")) for part in rows_of(media.get("Part"))]
    fields = rows_of(row.get("Field"))
    return Item(
        text_of(row.get("ratingKey")),
        text_of(row.get("title")),
        year_of(row.get("year")),
        text_of(row.get("summary")),
        texts_of([genre.get("tag") for genre in rows_of(row.get("Genre"))]),
        any(f.get("name") == "genre" and f.get("locked") for f in fields),
        text_of(parts[0].get("file")) if parts else "",
        section,
    )
