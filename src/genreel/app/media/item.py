"""A movie of a media server, and what every server can do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Protocol

from genreel.catalogue import FIRST_YEAR, LAST_YEAR, Movie, movie_from_record
from genreel.formats.xml import clean

MAX_ITEMS = 500_000
"""Movies of a server that are looked at."""


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
        record = {"id": self.id, "title": self.title, "plot": self.plot, "year": self.year}
        return movie_from_record(record, self.id)


# What an answer says, whatever it is.


def text_of(value: object) -> str:
    """A text, without half characters; a number as one; empty for anything else."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return clean(str(value)) if isinstance(value, str) or is_number else ""


def year_of(value: object) -> int | None:
    """A year that a movie may have; None for anything else."""
    if isinstance(value, int) and FIRST_YEAR <= value <= LAST_YEAR:
        return value
    return None


def rows_of(value: object) -> list[Mapping[str, Any]]:
    """The objects of a list; none for anything else."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def texts_of(value: object) -> tuple[str, ...]:
    """The texts of a list; none for anything else."""
    return tuple(filter(None, map(text_of, value))) if isinstance(value, list) else ()


def read_pages(read: Callable[[int], tuple[list[Item], bool]]) -> Iterator[Item]:
    """Items page by page.

    Args:
        read: how many came before → the next ones, and whether they are the last. A page without
            a new one is the last in any case.
    """
    ids: set[str] = set()
    start, is_last = 0, False
    while not is_last:
        items, is_last = read(start)
        new = {item.id: item for item in items if item.id and item.id not in ids}
        if not new or len(ids) > MAX_ITEMS:
            return
        ids.update(new)
        yield from new.values()
        start += len(items)


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
