"""Servers by their names, and the refreshing of what changed on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from genreel.app.media.client import ItemGone, MediaError, read_key
from genreel.app.media.item import Item, MediaServer, belongs
from genreel.app.media.jellyfin import Jellyfin
from genreel.app.media.kodi import Kodi
from genreel.app.media.plex import Plex
from genreel.errors import GenreelError, one_line


def _emby(address: str, key: str) -> Jellyfin:
    return Jellyfin(address, key, "emby")


SERVERS: dict[str, Callable[[str, str], MediaServer]] = {
    "jellyfin": Jellyfin,
    "emby": _emby,
    "plex": Plex,
    "kodi": Kodi,
}
"""Name → what asks such a server, from its address and its key."""


def open_server(name: str, address: str) -> MediaServer:
    """The server, with the key that the environment holds for it.

    Raises:
        MediaError: no such kind, no address or no key.
    """
    if name not in SERVERS:
        raise MediaError(f"unknown server {name[:40]!r}; use one of {', '.join(SERVERS)}")
    return SERVERS[name](address, read_key(name))


def parse_server(text: str) -> MediaServer:
    """As `open_server`, of KIND=ADDRESS."""
    name, sign, address = text.partition("=")
    if not sign:
        raise MediaError(f"{text[:80]!r}: write KIND=ADDRESS, such as jellyfin=http://nas:8096")
    return open_server(name.strip().lower(), address.strip())


class Refresher:
    """Asks servers to read anew what changed on disk.

    Args:
        servers: that are asked.
        warn: takes one line for whatever does not go well.
    """

    def __init__(self, servers: Iterable[MediaServer], warn: Callable[[str], object]) -> None:
        self._servers = list(servers)
        self._warn = warn
        self._items: dict[int, list[Item]] = {}
        self.refreshes = 0
        self.failures = 0

    def refresh(self, files: Iterable[Path]) -> None:
        """Has the items of some NFO files read anew; a server that fails is told once."""
        files = list(files)
        for number, server in enumerate(self._servers if files else ()):
            try:
                self._refresh(number, server, files)
            except GenreelError as error:
                self.failures += 1
                self._warn(str(error))

    def _refresh(self, number: int, server: MediaServer, files: list[Path]) -> None:
        fresh = number not in self._items
        if fresh:
            self._items[number] = list(server.items())
        for file in files:
            items = [item for item in self._items[number] if belongs(file, item)]
            if not items and not fresh:  # perhaps it is new there
                self._items[number], fresh = list(server.items()), True
                items = [item for item in self._items[number] if belongs(file, item)]
            if not items:
                self._warn(one_line(f"{server.name} does not have the movie of {file}"))
            for item in items:
                try:
                    server.refresh(item)
                    self.refreshes += 1
                except ItemGone as error:
                    self.failures += 1
                    self._warn(one_line(f"{item.title or item.id}: {error}"))
