"""A movie of a media server, and what every server can do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Protocol

from genreel.catalogue import Movie, movie_from_record


@dataclass(frozen=True)
class Item:
    """A movie as its server has it.

    Attributes:
        id: the server's.
        title, year, plot: as it has them.
        genres: that stand there.
        is_locked: whether a person locked them, or the whole movie.
        path: of its file, as the server sees it; empty where it does not say.
        section: of the library, where the server asks for it.
        is_series: whether it is a series.
    """

    id: str
    title: str = ""
    year: int | None = None
    plot: str = ""
    genres: tuple[str, ...] = ()
    is_locked: bool = False
    path: str = ""
    section: str = ""
    is_series: bool = False

    def movie(self) -> Movie:
        """As a movie of a catalogue, without its genres."""
        year = self.year if self.year and 1870 <= self.year <= 2100 else None
        record = {"id": self.id, "title": self.title, "plot": self.plot, "year": year}
        return movie_from_record(record, self.id)


class MediaServer(Protocol):
    """A media server; each method may raise MediaError."""

    name: str

    def items(self) -> Iterator[Item]:
        """Its movies; their locks may not be known yet."""

    def item(self, item: Item) -> Item:
        """The same as it is now, with its locks."""

    def write(self, item: Item, genres: Sequence[str], is_locked: bool | None = None) -> None:
        """Puts genres in place of those that stand there; `is_locked` as the server needs it."""

    def refresh(self, item: Item) -> None:
        """Has an item read anew from its files."""


def belongs(nfo: PurePath, item: Item) -> bool:
    """Whether an NFO file is that of an item, whose server may see the library elsewhere."""
    file = PurePath(item.path.replace("\\", "/"))
    if not item.path or file.parent.name != nfo.parent.name:
        return item.is_series and file.name == nfo.parent.name
    return nfo.stem.lower() == "movie" or file.stem.startswith(nfo.stem)
