"""A folder whose posters are predicted as they land in it.

A poster is known by its content, so one that is moved or renamed stays the same film. Files of
the same name beside it say more (see SIDECARS): NAME.txt is its plot, NAME.nfo has title, year,
plot and genres. The predicted genres may be written into NFO files or XMP sidecars.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from genreel.app.service.gate import Busy
from genreel.app.service.ids import clean_id
from genreel.app.service.service import Added, Service
from genreel.app.store.film import Film
from genreel.app.store.watched import WatchedFolder
from genreel.app.store.writing import found_in, movie_of
from genreel.catalogue import movie_from_record
from genreel.errors import CatalogueError, GenreelError, InputError, StoreGone
from genreel.files import write_whole
from genreel.formats.applying import Choices, apply_to_files, names_for
from genreel.formats.kodi import nfo_names
from genreel.formats.litter import is_litter
from genreel.formats.names import spell
from genreel.formats.nfo import read_nfo
from genreel.posters import SUFFIXES
from genreel.progress import say

ASIDE = "set-aside"
"""Folder, inside the watched one, to which files go that cannot be used."""

MAX_SIDECAR_BYTES = 1_000_000


def _read_plot(data: bytes) -> dict[str, Any]:
    return {"plot": data.decode("utf-8-sig")}


def _read_nfo(data: bytes) -> dict[str, Any]:
    nfo = read_nfo(data)
    if nfo.kind not in ("", "movie"):
        raise CatalogueError(f"<{nfo.kind}> is no film's")
    genres = list(spell(nfo.said)[0])  # those that genreel wrote are nobody's opinion
    record = {"title": nfo.title, "year": nfo.year, "plot": nfo.plot, "genres_mixed": genres}
    return {column: value for column, value in record.items() if value}


SIDECARS: dict[str, Callable[[bytes], dict[str, Any]]] = {".txt": _read_plot, ".nfo": _read_nfo}
"""Suffix of a file beside NAME.jpg → reads its bytes, as columns of a catalogue.

A reader raises CatalogueError or UnicodeDecodeError. Where two sidecars have the same column, the
first one counts.
"""


@dataclass(frozen=True, slots=True)
class Landed:
    """What became of a file: "new", "changed", "moved", "same" or "aside" with the reason.

    Where its genres could not be written, `reason` says why. `problem` says which of its inputs
    could not be used; the genres, if there are any, come from the others.
    """

    path: str
    what: str
    genres: tuple[str, ...] = ()
    reason: str = ""
    film: Film | None = None
    problem: str = ""


class Watcher:
    """Looks at a folder again and again.

    Args:
        service: that predicts and keeps.
        folder: what is watched, with the folders in it.
        quiet: seconds for which a file must not have changed to count as written.
        patience: seconds after which a file that cannot be read is set aside; until then it may
            be one whose copying has stalled.
        target: "nfo" or "xmp": where genres are written, as `genreel apply` does; None: nowhere.
        language: of the plots, a code; empty: as each tells.

    Raises:
        GenreelError: there is no such folder.
    """

    def __init__(
        self,
        service: Service,
        folder: Path,
        quiet: float = 1.0,
        patience: float = 30.0,
        target: str | None = None,
        language: str = "",
    ) -> None:
        if not folder.is_dir():
            raise GenreelError(f"{folder} is no folder; give one to watch")
        self.service = service
        self.folder = folder
        self.quiet, self.patience = quiet, patience
        self.target = target
        self.language = language
        self._files = WatchedFolder(service.store.database, folder)
        self._pending: dict[str, tuple[str, float]] = {}  # path → signature, since when

    def run(self, report: Callable[[Landed], Any], every: float = 1.0) -> None:
        """Watches until it is interrupted; a store that is gone is waited for.

        Args:
            report: is called with each file that was taken.
            every: seconds from one look to the next.
        """
        is_gone = False
        while True:
            try:
                for landed in self.look():
                    report(landed)
                is_gone = False
            except StoreGone as error:
                if not is_gone:
                    say(f"waiting for the store: {error}")
                is_gone = True
            time.sleep(every)

    def once(self) -> Iterator[Landed]:
        """Takes what is there, waiting for what is still being written."""
        while True:
            yield from self.look()
            if not self._pending:
                return
            time.sleep(self.quiet / 4)

    def look(self) -> Iterator[Landed]:
        """Looks once; takes the files that did not change for long enough."""
        signatures = self._files.signatures()
        present = dict(self._posters())
        self._pending = {path: p for path, p in self._pending.items() if path in present}
        now = time.monotonic()
        for path, signature in present.items():
            if signatures.get(path) == signature:
                self._pending.pop(path, None)
                continue
            before, since = self._pending.get(path, ("", now))
            if before != signature:
                self._pending[path] = (signature, now)
                continue
            if now - since >= self.quiet:
                landed = self._take(path, signature, now - since)
                if landed is not None:
                    self._pending.pop(path, None)
                    yield landed

    def _posters(self) -> Iterator[tuple[str, str]]:
        """Relative path and signature of every poster; the signature covers its sidecars."""
        for root, folders, names in os.walk(self.folder):
            folders[:] = sorted(f for f in folders if not is_litter(f) and f != ASIDE)
            for name in sorted(names):
                path = Path(root) / name
                is_poster = path.suffix.lower() in SUFFIXES and not is_litter(name)
                if is_poster and (signature := _signature(path)):
                    yield path.relative_to(self.folder).as_posix(), signature

    def _take(self, path: str, signature: str, quiet: float) -> Landed | None:
        """What became of a file that did not change for `quiet` seconds; None: try it again."""
        try:
            data = (self.folder / path).read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            record = self._read_sidecars(path)
            new_id = clean_id(Path(path).with_suffix("").as_posix())
            film_id, change = self._files.identify(path, digest, new_id)
            if change == "moved" and not record:
                result = Added(path, self.service.store.film(film_id))
            else:
                result = self._add(film_id, path, data, record)
        except Busy:
            return None
        except FileNotFoundError:
            return Landed(path, "same")  # gone again
        except (InputError, OSError) as error:
            return self._set_aside(path, str(error)) if quiet >= self.patience else None
        film = result.film
        # Before it is noted as taken: a run that is killed in between applies again.
        reason, signature = self._apply(path, signature, film)
        self._files.save(path, signature, digest, film_id, change)
        genres = film.genres if film else ()
        return Landed(path, change, genres, reason, film, result.error)

    def _apply(self, path: str, signature: str, film: Film | None) -> tuple[str, str]:
        """Writes a film's genres; returns why that failed, and the signature of the files now."""
        if self.target is None or film is None:
            return "", signature
        poster = self.folder / path
        before = _signature(poster)
        nfo = _sidecar(poster, ".nfo").relative_to(self.folder).as_posix()
        movie = replace(movie_of(film), id=path, extra={"file": path, "nfo": nfo})
        genres = found_in(film, names_for(self.target))
        problems: list[str] = []
        choices = Choices(self.folder, create=True)
        try:
            apply_to_files([(movie, genres)], self.target, choices, str, problems.append)
        except (GenreelError, OSError) as error:
            problems.append(f"{path}: {error}")
        # The file is looked at again only where somebody else changed it meanwhile.
        after = _signature(poster) if before == signature else signature
        return "; ".join(problems), after

    def _add(self, film_id: str, path: str, data: bytes, record: dict[str, Any]) -> Added:
        movie = movie_from_record({**record, "id": film_id, "language": self.language}, film_id)
        if movie.problem:
            raise InputError(movie.problem)
        # A poster that cannot be used is set aside even where the plot could be predicted.
        result = self.service.add(replace(movie, poster=data), path)
        if result.poster_error:
            raise InputError(result.poster_error)
        return result

    def _read_sidecars(self, path: str) -> dict[str, Any]:
        """What the sidecars of a poster say, as columns of a catalogue; raises InputError."""
        record: dict[str, Any] = {}
        for suffix, read in SIDECARS.items():
            file = _sidecar(self.folder / path, suffix)
            if not file.is_file():
                continue
            if file.stat().st_size > MAX_SIDECAR_BYTES:
                raise InputError(
                    f"{file.name} is over {MAX_SIDECAR_BYTES:,} bytes; it is to be short"
                )
            try:
                record = {**read(file.read_bytes()), **record}
            except UnicodeDecodeError:
                raise InputError(f"{file.name} is not UTF-8; save it as UTF-8") from None
            except CatalogueError as error:
                raise InputError(f"{file.name}: {error}") from None
        return record

    def _set_aside(self, path: str, reason: str) -> Landed:
        """Moves a file out of the way, with a note that says why."""
        source = self.folder / path
        folder = self.folder / ASIDE / Path(path).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            target, number = folder / source.name, 1
            while target.exists():
                number += 1
                target = folder / f"{source.stem}-{number}{source.suffix}"
            shutil.move(source, target)
            write_whole(target.with_name(f"{target.name}.reason.txt"), f"{reason}\n".encode())
        except (GenreelError, OSError) as error:  # the other files go on; this one is tried again
            reason = f"{reason}; cannot be set aside ({error})"
        return Landed(path, "aside", reason=reason)


def _signature(poster: Path) -> str:
    """What changes with a poster or its sidecars; empty where there is no poster."""
    marks = [_mark(poster), *(_mark(_sidecar(poster, suffix)) for suffix in SIDECARS)]
    return " ".join(marks).strip() if marks[0] else ""


def _sidecar(poster: Path, suffix: str) -> Path:
    """The file of a suffix beside a poster, or the one that it would be."""
    names = nfo_names(poster.name) if suffix == ".nfo" else (poster.with_suffix(suffix).name,)
    files = [poster.with_name(name) for name in names]
    return next((file for file in files if file.is_file()), files[0])


def _mark(path: Path) -> str:
    """Size and time of a file; empty where it is not there."""
    try:
        stat = path.stat()
    except OSError:
        return ""
    return f"{stat.st_size}:{stat.st_mtime_ns}"
