"""What lies in a watched folder: posters, what belongs to each, and what tells a change."""

from __future__ import annotations

import contextlib
import functools
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from genreel.app.service.aside import ASIDE
from genreel.app.store.watched import stored_path
from genreel.catalogue import movie_from_record
from genreel.errors import CatalogueError, one_line
from genreel.formats.kodi import Place, posters, read_nfos
from genreel.formats.layout import VIDEOS
from genreel.formats.names import spell
from genreel.formats.source import Source, decode


@dataclass(frozen=True, slots=True)
class Sighting:
    """A poster as a look at the folder saw it.

    Attributes:
        place: it, and the movie's other files.
        signature: sizes and times of all of them; another one tells a change.
    """

    place: Place
    signature: str


@dataclass(frozen=True)
class Facts:
    """What the names and the texts beside a poster say.

    Attributes:
        record: as columns of a catalogue; empty where nothing is said.
        nfo: the NFO file that counts; empty where there is none.
        is_nfo_bad: whether there is one that cannot be read.
        is_movie: False where it says that it is of something else.
        faults: what is wrong with the texts, a line each.
    """

    record: dict[str, Any]
    nfo: str = ""
    is_nfo_bad: bool = False
    is_movie: bool = True
    faults: tuple[str, ...] = ()


class Survey:
    """One look at a folder.

    Attributes:
        posters: path, as the store has it → what was seen.
        is_library: whether a media server may use the folder: it holds videos or NFO files.

    Raises:
        CatalogueError: there is no such folder now.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._source = Source(folder, regular=True)
        names = [name for name in self._source.names if ASIDE not in name.split("/")]
        self.is_library = any(name.lower().endswith((*VIDEOS, ".nfo")) for name in names)
        self._names = frozenset(names)
        self.posters: dict[str, Sighting] = {}
        for place in _posters(tuple(names)):
            if signature := self.signature(place):
                self.posters[stored_path(place.poster)] = Sighting(place, signature)

    def signature(self, place: Place, *new: str) -> str:
        """Sizes and times of a movie's files; empty where its poster is gone.

        Args:
            place: the files.
            new: one more, which was not there when they were looked at.
        """
        poster = _mark(self.folder / place.poster)
        beside = sorted({*place.nfos, *new, *filter(self._names.__contains__, [_plot_of(place)])})
        return " ".join([poster, *(_mark(self.folder / name) for name in beside)]) if poster else ""

    def rest(self, place: Place) -> float:
        """Seconds since a poster was last written to, by the system's clock."""
        with contextlib.suppress(OSError):
            return time.time() - (self.folder / place.poster).stat().st_ctime
        return 0.0

    def facts(self, place: Place, genres: tuple[str, ...] = ()) -> Facts:
        """What is said of a movie: by its plot first, then by its NFO file, then by its names.

        Args:
            place: the files.
            genres: of one's own, which an NFO file may name besides those that genreel knows.
        """
        record: dict[str, Any] = {"title": one_line(place.title), "year": place.year}
        faults = []
        nfo = read_nfos(self._source, place.nfos)
        if nfo.problem:
            faults.append(nfo.problem)
        names = list(spell(nfo.facts.said, genres)[0])  # what genreel wrote is nobody's opinion
        values = {"title": nfo.facts.title, "year": nfo.facts.year, "plot": nfo.facts.plot}
        fault = movie_from_record({"year": nfo.facts.year}, "").problem
        if fault:  # that of the names may be right
            faults.append(f"{nfo.path}: {fault}")
            values["year"] = ""
        record |= {column: value for column, value in values.items() if value}
        if names:
            record["genres_mixed"] = names
        plot = _plot_of(place)
        if plot in self._names:
            try:
                record["plot"] = decode(self._source.read(plot)) or record.get("plot", "")
            except CatalogueError as error:
                faults.append(f"{plot}: {error}")
        record = {column: value for column, value in record.items() if value}
        return Facts(
            record,
            nfo.path or "",
            bool(nfo.problem),
            nfo.facts.kind in ("", "movie"),
            tuple(map(one_line, faults)),
        )


@functools.lru_cache(maxsize=1)  # from one look to the next, names seldom change
def _posters(names: tuple[str, ...]) -> list[Place]:
    return list(posters(names))


def _plot_of(place: Place) -> str:
    return str(PurePosixPath(place.poster).with_suffix(".txt"))


def _mark(path: Path) -> str:
    """Size and time of a file; empty where it is not there."""
    with contextlib.suppress(OSError):
        status = path.stat()
        return f"{status.st_size}:{status.st_mtime_ns}"
    return ""
