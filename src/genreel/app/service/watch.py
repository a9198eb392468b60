"""A folder whose posters are predicted as they land in it.

A poster is known by its content, so that one that is moved or renamed stays the same film. What
lies beside it under the same name tells more (see SIDECARS): NAME.txt is its plot, NAME.nfo says
title, year, plot and genres. Genres may go back to where other programs look for them.
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

import sqlalchemy as sa

from genreel.app.service.batches import Busy
from genreel.app.service.service import Added, Service, clean_id
from genreel.app.store.film import Film
from genreel.app.store.schema import films, watched
from genreel.app.store.writing import found_in, movie_of
from genreel.catalogue import movie_from_record
from genreel.errors import CatalogueError, GenreelError, InputError, StoreGone
from genreel.files import write_whole
from genreel.formats.applying import Choices, apply_to_files, names_for
from genreel.formats.kodi import nfo_names
from genreel.formats.names import spelled
from genreel.formats.nfo import read_nfo
from genreel.posters import SUFFIXES
from genreel.progress import say

ASIDE = "set-aside"
"""Folder, inside the watched one, to which files go that cannot be used."""

MAX_SIDECAR_BYTES = 1_000_000


def _plot(data: bytes) -> dict[str, Any]:
    return {"plot": data.decode("utf-8-sig")}


def _nfo(data: bytes) -> dict[str, Any]:
    told = read_nfo(data)
    genres = list(spelled(told.said)[0])  # those that genreel wrote are nobody's opinion
    record = {"title": told.title, "year": told.year, "plot": told.plot, "genres_mixed": genres}
    return {column: value for column, value in record.items() if value}


SIDECARS: dict[str, Callable[[bytes], dict[str, Any]]] = {".txt": _plot, ".nfo": _nfo}
"""Suffix of a file beside NAME.jpg → what its bytes say of the film, as a catalogue's columns. A
reader raises CatalogueError or UnicodeDecodeError; of several sidecars the first says a thing."""


@dataclass(frozen=True, slots=True)
class Landed:
    """What became of a file: "new", "changed", "moved", "same" or "aside" with the reason.

    Where its genres could not be written, `reason` says why.
    """

    path: str
    what: str
    genres: tuple[str, ...] = ()
    reason: str = ""
    film: Film | None = None


class Watcher:
    """Looks at a folder again and again.

    Args:
        service: that predicts and keeps.
        folder: what is watched, with the folders in it.
        quiet: seconds for which a file must not have changed to count as written.
        patience: seconds after which a file that cannot be read is set aside; until then it may
            be one whose copying has stalled.
        target: "nfo" or "xmp": where genres are written, as `genreel apply` does; None: nowhere.

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
    ) -> None:
        if not folder.is_dir():
            raise GenreelError(f"{folder} is no folder; give one to watch")
        self.service = service
        self.folder = folder
        self.quiet, self.patience = quiet, patience
        self.target = target
        self._seen: dict[str, tuple[str, float]] = {}  # path → signature, since when

    def run(self, told: Callable[[Landed], Any], every: float = 1.0) -> None:
        """Watches until it is interrupted; a store that is gone is waited for."""
        gone = False
        while True:
            try:
                for landed in self.look():
                    told(landed)
                gone = False
            except StoreGone as error:
                if not gone:
                    say(f"{error} Waiting for it.")
                gone = True
            time.sleep(every)

    def once(self) -> Iterator[Landed]:
        """Takes what is there, waiting for what is still being written."""
        while True:
            yield from self.look()
            if not self._seen:
                return
            time.sleep(self.quiet / 4)

    def look(self) -> Iterator[Landed]:
        """Looks once; takes the files that have been left alone for long enough."""
        known = self._known()
        present = dict(self._files())
        self._seen = {path: seen for path, seen in self._seen.items() if path in present}
        now = time.monotonic()
        for path, signature in present.items():
            if known.get(path) == signature:
                self._seen.pop(path, None)
                continue
            before, since = self._seen.get(path, ("", now))
            if before != signature:
                self._seen[path] = (signature, now)
                continue
            if now - since >= self.quiet:
                landed = self._take(path, signature, now - since)
                if landed is not None:
                    self._seen.pop(path, None)
                    yield landed

    def _files(self) -> Iterator[tuple[str, str]]:
        """Relative path and signature of every poster; the signature covers its sidecars."""
        for root, folders, names in os.walk(self.folder):
            folders[:] = sorted(f for f in folders if not f.startswith(".") and f != ASIDE)
            for name in sorted(names):
                path = Path(root) / name
                poster = path.suffix.lower() in SUFFIXES and not name.startswith(".")
                if poster and (signature := _signature(path)):
                    yield path.relative_to(self.folder).as_posix(), signature

    def _known(self) -> dict[str, str]:
        with self.service.store.database.reading() as connection:
            chosen = sa.select(watched.c.path, watched.c.signature)
            return dict(connection.execute(chosen.where(self._here())).all())

    def _here(self) -> sa.ColumnElement[bool]:
        return watched.c.folder == str(self.folder.resolve())

    def _take(self, path: str, signature: str, alone: float) -> Landed | None:
        """What became of a file; None where it is to be tried again."""
        try:
            data = (self.folder / path).read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            beside = self._beside(path)
            film, what = self._identify(path, digest)
            if what == "moved" and not beside:
                kept: Film | None = self.service.store.film(film)
            else:
                kept = self._add(film, path, data, beside).film
        except Busy:
            return None
        except FileNotFoundError:
            return Landed(path, "same")  # gone again
        except (InputError, OSError) as error:
            return self._aside(path, str(error)) if alone >= self.patience else None
        # Before it is noted as taken: a run that is killed in between applies again.
        reason, signature = self._apply(path, signature, kept)
        self._note(path, signature, digest, film, moved=what == "moved")
        return Landed(path, what, kept.genres if kept else (), reason, kept)

    def _apply(self, path: str, signature: str, film: Film | None) -> tuple[str, str]:
        """Writes a film's genres; why they could not be, and the signature of the files now."""
        if self.target is None or film is None:
            return "", signature
        poster = self.folder / path
        before = _signature(poster)
        beside = _sidecar(poster, ".nfo").relative_to(self.folder).as_posix()
        movie = replace(movie_of(film), id=path, extra={"file": path, "nfo": beside})
        found = found_in(film, names_for(self.target))
        problems: list[str] = []
        choices = Choices(self.folder, create=True)
        try:
            apply_to_files([(movie, found)], self.target, choices, str, problems.append)
        except (GenreelError, OSError) as error:
            problems.append(f"{path}: {error}")
        # What was written here is no reason to look again; what somebody wrote meanwhile is.
        after = _signature(poster) if before == signature else signature
        return "; ".join(problems), after

    def _add(self, film: str, path: str, data: bytes, beside: dict[str, Any]) -> Added:
        about = movie_from_record({**beside, "id": film}, film)
        if about.problem:
            raise InputError(about.problem)
        # The poster counts: a film of which only the plot can be used is set aside as well.
        added = self.service.add(replace(about, poster=data), path)
        if added.error:
            raise InputError(added.error)
        return added

    def _beside(self, path: str) -> dict[str, Any]:
        """What the sidecars of a poster say."""
        found: dict[str, Any] = {}
        for suffix, read in SIDECARS.items():
            file = _sidecar(self.folder / path, suffix)
            if not file.is_file():
                continue
            if file.stat().st_size > MAX_SIDECAR_BYTES:
                raise InputError(
                    f"{file.name} is over {MAX_SIDECAR_BYTES:,} bytes; it is to be short"
                )
            try:
                found = {**read(file.read_bytes()), **found}
            except UnicodeDecodeError:
                raise InputError(f"{file.name} is not UTF-8; save it as UTF-8") from None
            except CatalogueError as error:
                raise InputError(f"{file.name}: {error}") from None
        return found

    def _identify(self, path: str, digest: str) -> tuple[str, str]:
        """The film that a file is, and whether it is new, changed or moved."""
        film = clean_id(Path(path).with_suffix("").as_posix())
        here = sa.select(watched.c.path, watched.c.film).where(
            self._here(), watched.c.film.in_(sa.select(films.c.id))
        )
        with self.service.store.database.reading() as connection:
            own = connection.execute(here.where(watched.c.path == path)).first()
            same = connection.execute(here.where(watched.c.digest == digest)).all()
            # Another file may have had the name before it was moved.
            taken = connection.execute(here.where(watched.c.film == film)).first()
        if own is not None:
            return own.film, "changed"
        for row in same:
            if not (self.folder / row.path).exists():
                return row.film, "moved"
        return (f"{film[:190]}-{digest[:6]}" if taken else film), "new"

    def _note(self, path: str, signature: str, digest: str, film: str, moved: bool) -> None:
        folder = str(self.folder.resolve())
        with self.service.store.database.writing() as connection:
            gone = [path]
            if moved:
                rows = sa.select(watched.c.path).where(self._here(), watched.c.film == film)
                old = connection.execute(rows).scalars()
                gone += [one for one in old if not (self.folder / one).exists()]
                renamed = films.update().where(films.c.id == film).values(path=path)
                connection.execute(renamed)
            connection.execute(watched.delete().where(self._here(), watched.c.path.in_(gone)))
            row = {"folder": folder, "path": path, "signature": signature}
            connection.execute(watched.insert().values(**row, digest=digest, film=film))

    def _aside(self, path: str, reason: str) -> Landed:
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
