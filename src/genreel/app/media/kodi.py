"""Kodi, by JSON-RPC over HTTP (https://kodi.wiki/view/JSON-RPC_API)."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any

from genreel.app.media.client import Client, ItemGone
from genreel.app.media.item import Item

_INVALID = -32602  # parameters, which an item that is gone gives


class Kodi:
    """A Kodi whose remote control by HTTP is on; the key is USER:PASSWORD."""

    name = "kodi"

    def __init__(self, address: str, key: str, first_wait: float = 1.0) -> None:
        text = base64.b64encode(key.encode()).decode()
        self._client = Client(self.name, address, {"Authorization": f"Basic {text}"}, first_wait)

    def items(self) -> Iterator[Item]:
        """Its movies."""
        properties = ["file", "genre", "title", "year", "plot"]
        answer = self._call("VideoLibrary.GetMovies", {"properties": properties})
        for row in answer.get("movies") or ():
            yield Item(
                str(row["movieid"]),
                str(row.get("title") or ""),
                row.get("year") or None,
                str(row.get("plot") or ""),
                tuple(map(str, row.get("genre") or ())),
                path=str(row.get("file") or ""),
            )

    def item(self, item: Item) -> Item:
        """The same: Kodi has no locks."""
        return item

    def write(self, item: Item, genres: Sequence[str], is_locked: bool | None = None) -> None:
        """Puts genres in place of those that stand there."""
        details = {"movieid": int(item.id), "genre": list(genres)}
        self._call("VideoLibrary.SetMovieDetails", details)

    def refresh(self, item: Item) -> None:
        """Has an item read anew from its NFO file."""
        self._call("VideoLibrary.RefreshMovie", {"movieid": int(item.id), "ignorenfo": False})

    def _call(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        answer = self._client.ask("POST", "/jsonrpc", body=body)
        if not isinstance(answer, dict):
            raise self._client.error("answers what is no JSON-RPC; is the address right?")
        if error := answer.get("error"):
            if error.get("code") == _INVALID and "movieid" in parameters:
                raise ItemGone(f"kodi at {self._client.address}: does not have that any more")
            raise self._client.error(f"says {error.get('message')!r}")
        result = answer.get("result")
        return result if isinstance(result, dict) else {}
