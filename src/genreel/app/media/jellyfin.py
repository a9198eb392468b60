"""Jellyfin and Emby, whose APIs have one origin.

https://api.jellyfin.org, https://dev.emby.media/reference/RestAPI.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from genreel.app.media.client import Client, ItemGone, path_part
from genreel.app.media.item import Item, read_pages, rows_of, text_of, texts_of, year_of

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
        self._client = Client(name, address, headers, (key,), first_wait)
        self._user = ""

    def items(self) -> Iterator[Item]:
        """Its movies, page by page."""

        def read(start: int) -> tuple[list[Item], bool]:
            query = {"Recursive": "true", "IncludeItemTypes": "Movie", "Fields": _FIELDS}
            page = {"StartIndex": str(start), "Limit": str(_PAGE), "SortBy": "SortName"}
            answer = self._client.ask("GET", "/Items", query | page)
            rows = rows_of(answer.get("Items")) if isinstance(answer, dict) else []
            total = answer.get("TotalRecordCount") if rows else 0
            is_last = not isinstance(total, int) or start + len(rows) >= total
            return list(map(_item, rows)), is_last

        return read_pages(read)

    def item(self, item: Item) -> Item:
        """The same as it is now, with its locks."""
        return _item(self._whole(item.id))

    def write(self, item: Item, genres: Sequence[str], is_locked: bool | None = None) -> None:
        """Puts genres in place of those that stand there."""
        # What is not sent is emptied, so all that is there goes back.
        whole = self._whole(item.id)
        whole["Genres"] = list(genres)
        whole["GenreItems"] = [{"Name": name} for name in genres]
        self._client.ask("POST", f"/Items/{path_part(item.id)}", body=whole)

    def refresh(self, item: Item) -> None:
        """Has an item read anew from its NFO file."""
        query = {"metadataRefreshMode": "FullRefresh", "imageRefreshMode": "None"}
        query |= {"replaceAllMetadata": "false", "replaceAllImages": "false"}
        self._client.ask("POST", f"/Items/{path_part(item.id)}/Refresh", query)

    def _whole(self, item_id: str) -> dict[str, Any]:
        if not self._user:
            rows = rows_of(self._client.ask("GET", "/Users"))
            admins = [user for user in rows if _is_administrator(user)]
            if not rows:
                raise self._client.error("names no user; give the key of an administrator")
            self._user = path_part(text_of((admins or rows)[0].get("Id")))
        answer = self._client.ask("GET", f"/Users/{self._user}/Items/{path_part(item_id)}")
        if not isinstance(answer, dict):
            raise ItemGone(f"{self.name} at {self._client.address}: does not have that any more")
        return answer


def _is_administrator(user: Mapping[str, Any]) -> bool:
    policy = user.get("Policy")
    return isinstance(policy, dict) and bool(policy.get("IsAdministrator"))


def _item(row: Mapping[str, Any]) -> Item:
    locks = {name.lower() for name in texts_of(row.get("LockedFields"))}
    return Item(
        text_of(row.get("Id")),
        text_of(row.get("Name")),
        year_of(row.get("ProductionYear")),
        text_of(row.get("Overview")),
        texts_of(row.get("Genres")),
        bool(row.get("LockData")) or "genres" in locks,
        text_of(row.get("Path")),
        is_series=row.get("Type") == "Series",
    )
