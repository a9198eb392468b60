"""Jellyfin and Emby, whose APIs have one origin.

https://api.jellyfin.org, https://dev.emby.media/reference/RestAPI.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from genreel.app.media.client import Client, ItemGone
from genreel.app.media.item import Item

_PAGE = 500
_FIELDS = "Path,Genres,Overview,ProductionYear,Settings"


class Jellyfin:
    """A Jellyfin server, or one of Emby.

    Args:
        address, key: of the server.
        name: jellyfin or emby.
        first_wait: as in `Client`.
    """

    def __init__(
        self, address: str, key: str, name: str = "jellyfin", first_wait: float = 1.0
    ) -> None:
        self.name = name
        # Emby knows the second, Jellyfin from 10.11 on may refuse it.
        headers = {"Authorization": f'MediaBrowser Token="{key}"'}
        if name == "emby":
            headers = {"X-Emby-Token": key}
        self._client = Client(name, address, headers, first_wait)
        self._user = ""

    def items(self) -> Iterator[Item]:
        """Its movies, page by page."""
        start = 0
        while True:
            query = {"Recursive": "true", "IncludeItemTypes": "Movie", "Fields": _FIELDS}
            page = {"StartIndex": str(start), "Limit": str(_PAGE), "SortBy": "SortName"}
            answer = self._client.ask("GET", "/Items", query | page)
            rows = _rows(answer)
            yield from map(_item, rows)
            start += len(rows)
            if not rows or start >= int(answer.get("TotalRecordCount") or 0):
                return

    def item(self, item: Item) -> Item:
        """The same as it is now, with its locks."""
        return _item(self._whole(item.id))

    def write(self, item: Item, genres: Sequence[str], is_locked: bool | None = None) -> None:
        """Puts genres in place of those that stand there."""
        # What is not sent is emptied, so all that is there goes back.
        whole = self._whole(item.id)
        whole["Genres"] = list(genres)
        whole["GenreItems"] = [{"Name": name} for name in genres]
        self._client.ask("POST", f"/Items/{item.id}", body=whole)

    def refresh(self, item: Item) -> None:
        """Has an item read anew from its NFO file."""
        query = {"metadataRefreshMode": "FullRefresh", "imageRefreshMode": "None"}
        query |= {"replaceAllMetadata": "false", "replaceAllImages": "false"}
        self._client.ask("POST", f"/Items/{item.id}/Refresh", query)

    def _whole(self, item_id: str) -> dict[str, Any]:
        if not self._user:
            users = self._client.ask("GET", "/Users")
            rows = [u for u in users if isinstance(u, dict)] if isinstance(users, list) else []
            admins = [u for u in rows if (u.get("Policy") or {}).get("IsAdministrator")]
            if not rows:
                raise self._client.error("names no user; give the key of an administrator")
            self._user = str((admins or rows)[0].get("Id"))
        answer = self._client.ask("GET", f"/Users/{self._user}/Items/{item_id}")
        if not isinstance(answer, dict):
            raise ItemGone(f"{self.name} at {self._client.address}: does not have that any more")
        return answer


def _rows(answer: object) -> list[Mapping[str, Any]]:
    rows = answer.get("Items") if isinstance(answer, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _item(row: Mapping[str, Any]) -> Item:
    locks = {str(name).lower() for name in row.get("LockedFields") or ()}
    year = row.get("ProductionYear")
    return Item(
        str(row.get("Id") or ""),
        str(row.get("Name") or ""),
        year if isinstance(year, int) else None,
        str(row.get("Overview") or ""),
        tuple(map(str, row.get("Genres") or ())),
        bool(row.get("LockData")) or "genres" in locks,
        str(row.get("Path") or ""),
        is_series=row.get("Type") == "Series",
    )
