"""Kodi, by JSON-RPC over HTTP (https://kodi.wiki/view/JSON-RPC_API)."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from genreel.app.media.client import Client, ItemGone
from genreel.app.media.item import Item, read_pages, rows_of, text_of, texts_of, year_of

_INVALID = -32602  # parameters, which an item that is gone gives


class Kodi:
    """A Kodi whose remote control by HTTP is on; the key is USER:PASSWORD."""

    name = "kodi"

    def __init__(self, address: str, key: str, first_wait: float = 1.0) -> None:
        text = base64.b64encode(key.encode()).decode()
        headers = {"Authorization": f"Basic {text}"}
        self._client = Client(self.name, address, headers, (key, text), first_wait)

    def items(self) -> Iterator[Item]:
        """Its movies."""
        properties = ["file", "genre", "title", "year", "plot"]
        answer = self._call("VideoLibrary.GetMovies", {"properties": properties})
        return read_pages(lambda _: (list(map(_item, rows_of(answer.get("movies")))), True))

    def item(self, item: Item) -> Item:
        """The same: Kodi has no locks."""
        return item

    def write(self, item: Item, genres: Sequence[str], is_locked: bool | None = None) -> None:
        """Puts genres in place of those that stand there."""
        details = {"movieid": self._number(item), "genre": list(genres)}
        self._call("VideoLibrary.SetMovieDetails", details)

    def refresh(self, item: Item) -> None:
        """Has an item read anew from its NFO file."""
        details = {"movieid": self._number(item), "ignorenfo": False}
        self._call("VideoLibrary.RefreshMovie", details)

    def _number(self, item: Item) -> int:
        if not (item.id.isdecimal() and len(item.id) < 10):
            raise ItemGone(f"kodi at {self._client.address}: has no movie {item.id[:40]!r}")
        return int(item.id)

    def _call(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        answer = self._client.ask("POST", "/jsonrpc", body=body)
        if not isinstance(answer, dict):
            raise self._client.error("answers what is no JSON-RPC; is the address right?")
        if error := answer.get("error"):
            problem = error if isinstance(error, dict) else {"message": error}
            if problem.get("code") == _INVALID and "movieid" in parameters:
                raise ItemGone(f"kodi at {self._client.address}: does not have that any more")
            raise self._client.error(f"says {text_of(problem.get('message'))!r}")
        result = answer.get("result")
        return result if isinstance(result, dict) else {}


def _item(row: Mapping[str, Any]) -> Item:
    return Item(
        text_of(row.get("movieid")),
        text_of(row.get("title")),
        year_of(row.get("year")),
        text_of(row.get("plot")),
        texts_of(row.get("genre")),
        path=text_of(row.get("file")),
    )
