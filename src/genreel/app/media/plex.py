"""Plex, by the API that its own pages use (https://developer.plex.tv/pms)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from genreel.app.media.client import Client, ItemGone
from genreel.app.media.item import Item

_PAGE = 500
_MOVIE = "1"


class Plex:
    """A Plex Media Server; arguments as of `Client`."""

    name = "plex"

    def __init__(self, address: str, key: str, first_wait: float = 1.0) -> None:
        self._client = Client(self.name, address, {"X-Plex-Token": key}, first_wait)

    def items(self) -> Iterator[Item]:
        """The movies of all its libraries of movies, page by page.

        Of a list Plex tells two genres of a movie, and no locks: see `item`.
        """
        sections = _rows(self._client.ask("GET", "/library/sections"), "Directory")
        for key in (str(row.get("key")) for row in sections if row.get("type") == "movie"):
            start = 0
            while True:
                page = {"X-Plex-Container-Start": str(start), "X-Plex-Container-Size": str(_PAGE)}
                path = f"/library/sections/{key}/all"
                rows = _rows(self._client.ask("GET", path, {"type": _MOVIE, **page}), "Metadata")
                yield from (_item(row, key) for row in rows)
                start += len(rows)
                if len(rows) < _PAGE:
                    break

    def item(self, item: Item) -> Item:
        """The same as it is now, with all its genres and its locks."""
        rows = _rows(self._client.ask("GET", f"/library/metadata/{item.id}"), "Metadata")
        if not rows:
            raise ItemGone(f"{self.name} at {self._client.address}: does not have that any more")
        return _item(rows[0], item.section or str(rows[0].get("librarySectionID") or ""))

    def write(self, item: Item, genres: Sequence[str], is_locked: bool | None = None) -> None:
        """Puts genres in place of those that stand there.

        They are locked unless it is said otherwise: Plex's agent would put its own back.
        """
        query = {"type": _MOVIE, "id": item.id, "genre.locked": str(int(is_locked is not False))}
        query |= {f"genre[{n}].tag.tag": name for n, name in enumerate(genres)}
        gone = [name for name in item.genres if name not in genres]
        if gone:
            query["genre[].tag.tag-"] = ",".join(gone)
        self._client.ask("PUT", f"/library/sections/{item.section}/all", query)

    def refresh(self, item: Item) -> None:
        """Has an item read anew."""
        self._client.ask("PUT", f"/library/metadata/{item.id}/refresh")


def _rows(answer: object, name: str) -> list[Mapping[str, Any]]:
    container = answer.get("MediaContainer") if isinstance(answer, dict) else None
    rows = container.get(name) if isinstance(container, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _item(row: Mapping[str, Any], section: str) -> Item:
    parts = [part for media in row.get("Media") or () for part in media.get("Part") or ()]
    fields = row.get("Field") or ()
    year = row.get("year")
    return Item(
        str(row.get("ratingKey") or ""),
        str(row.get("title") or ""),
        year if isinstance(year, int) else None,
        str(row.get("summary") or ""),
        tuple(str(genre.get("tag")) for genre in row.get("Genre") or ()),
        any(f.get("name") == "genre" and f.get("locked") for f in fields),
        str(parts[0].get("file") or "") if parts else "",
        section,
    )
