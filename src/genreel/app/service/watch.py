"""A folder whose posters are predicted as they land in it.

A poster is known by its content, so one that is moved or renamed stays the same movie. The names
of its file and folder, NAME.txt (its plot) and its NFO file say more, as `survey` reads them. The
predicted genres may be written into NFO files or XMP sidecars.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from genreel.app.service.added import Added
from genreel.app.service.aside import put_back, set_aside
from genreel.app.service.batches import Closing
from genreel.app.service.gate import Busy
from genreel.app.service.ids import clean_id
from genreel.app.service.service import Service
from genreel.app.service.survey import Facts, Sighting, Survey
from genreel.app.service.writer import Outcome, Writer
from genreel.app.store.film import Film
from genreel.app.store.watched import Identity, WatchedFolder
from genreel.catalogue import movie_from_record
from genreel.errors import CatalogueError, GenreelError, InputError, StoreGone
from genreel.files import read_file
from genreel.formats.applying import Say
from genreel.progress import say


@dataclass(frozen=True, slots=True)
class Landed:
    """What became of a file.

    Attributes:
        path: of the poster, as the store has it.
        what: "new", "changed", "moved"; "aside" where it was moved away, "left" where it could
            not be used and lies where it lay.
        genres: of its movie.
        reason: why it is aside or left.
        problem: which of its texts could not be used; its genres come from the others.
        not_written: why its genres could not be written.
        lacks_nfo: whether its genres were to be written into an NFO file, and it has none.
        film: as the store has it.
        files: into which its genres were written.
    """

    path: str
    what: str
    genres: tuple[str, ...] = ()
    reason: str = ""
    problem: str = ""
    not_written: str = ""
    lacks_nfo: bool = False
    film: Film | None = None
    files: tuple[Path, ...] = ()


@dataclass(slots=True)
class _Waiting:
    """A file that is not taken yet: since when it is as it is, and whether it could be read."""

    signature: str
    since: float
    is_unusable: bool = False


class Watcher:
    """Looks at a folder again and again.

    Args:
        service: that predicts and keeps.
        folder: what is watched, with the folders in it.
        quiet: seconds for which a file must not have changed to count as written.
        patience: seconds after which a file that cannot be used is set aside, or told where the
            folder is a media library; until then it may be one whose copying has stalled.
        target: "nfo" or "xmp": where genres are written, as `genreel apply` does; None: nowhere.
        create: whether a movie without an NFO file gets one.
        language: of the plots, a code; empty: as each tells.
        show: where given, nothing is written or moved: it takes what would change. Goes with a
            store that is thrown away.

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
        create: bool = False,
        language: str = "",
        show: Say | None = None,
    ) -> None:
        if not folder.is_dir():
            raise GenreelError(f"{folder} is no folder; give one to watch")
        self.service = service
        self.folder = folder
        self.quiet, self.patience = quiet, patience
        self.language = language
        self._is_dry = show is not None
        self._files = WatchedFolder(service.store.database, folder)
        names = service.genres.names()
        self._writer = Writer(folder, target, create, names, show) if target else None
        self._waiting: dict[str, _Waiting] = {}
        self._unusable: dict[str, str] = {}  # path → signature with which it could not be used

    def run(self, report: Callable[[Landed], Any], every: float = 1.0) -> None:
        """Watches until it is interrupted; a store or a folder that is gone is waited for.

        Args:
            report: is called with each file that was taken.
            every: seconds from one look to the next.
        """
        is_gone = False
        try:
            while True:
                try:
                    for landed in self.look():
                        report(landed)
                    is_gone = False
                except (StoreGone, CatalogueError) as error:
                    if not is_gone:
                        what = "store" if isinstance(error, StoreGone) else "folder"
                        say(f"waiting for the {what}: {error}")
                    is_gone = True
                time.sleep(every)
        finally:
            self._end()

    def once(self) -> Iterator[Landed]:
        """Takes what is there, waiting for what is still being written."""
        try:
            yield from self.look()
            while self._waiting:
                time.sleep(self.quiet / 4)
                yield from self.look()
        finally:
            self._end()

    def look(self) -> Iterator[Landed]:
        """Looks once; takes the files that did not change for long enough."""
        signatures = self._files.signatures()
        if not self._is_dry:
            put_back(self.folder)
        survey = Survey(self.folder)
        present = survey.posters
        self._waiting = {path: one for path, one in self._waiting.items() if path in present}
        self._unusable = {path: one for path, one in self._unusable.items() if path in present}
        now = time.monotonic()
        for path, sighting in present.items():
            if sighting.signature in (signatures.get(path), self._unusable.get(path)):
                self._waiting.pop(path, None)
                continue
            waiting = self._waiting.get(path)
            if waiting is None or waiting.signature != sighting.signature:
                self._waiting[path] = _Waiting(sighting.signature, now)
                continue
            rest = now - waiting.since
            is_patient = max(rest, survey.rest(sighting.place)) < self.patience
            if rest < self.quiet or (waiting.is_unusable and is_patient):
                continue
            landed = self._take(survey, path, is_patient)
            if landed is not None:
                self._waiting.pop(path, None)
                yield landed

    def _end(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def _take(self, survey: Survey, path: str, is_patient: bool) -> Landed | None:
        """What became of a file that is at rest; None: it is tried again."""
        sighting = survey.posters[path]
        try:
            return self._use(survey, path, sighting)
        except (Busy, FileNotFoundError):
            return None
        except (StoreGone, Closing):
            raise
        except (InputError, OSError) as error:
            if is_patient:
                self._waiting[path].is_unusable = True
                return None
            movable = not (survey.is_library or self._is_dry)
            return self._refuse(path, sighting, str(error), movable)
        except Exception as error:  # whatever it is, one file does not end the watch
            reason = str(error) or type(error).__name__
            return self._refuse(path, sighting, reason, movable=False)

    def _use(self, survey: Survey, path: str, sighting: Sighting) -> Landed | None:
        """Adds a poster's movie and writes its genres; None where it is of no movie."""
        place = sighting.place
        limit = self.service.settings.limits.max_bytes
        data = read_file(self.folder / place.poster, limit, self.folder)
        facts = survey.facts(place, self.service.store.genres.now().spellings)
        if not facts.is_movie:
            self._unusable[path] = sighting.signature
            return None
        digest = hashlib.sha256(data).hexdigest()
        new_id = clean_id(PurePosixPath(path).with_suffix("").as_posix())
        identity = self._files.identify(path, digest, new_id, survey.posters)
        result = self._add(identity, path, data, facts)
        film = result.film
        assert film is not None  # it has a poster
        outcome, signature = Outcome(), sighting.signature
        if self._writer is not None:  # first: a run that is killed in between writes again
            is_untouched = survey.signature(place) == signature
            outcome = self._writer.write(film, place, facts, identity.old_path)
            # It is looked at again only where somebody else changed it meanwhile.
            signature = survey.signature(place, *outcome.nfo) if is_untouched else signature
        self._files.save(path, signature, digest, identity)
        return Landed(
            path,
            identity.change,
            film.genres,
            problem=result.error,
            not_written=outcome.problem,
            lacks_nfo=outcome.lacks_nfo,
            film=film,
            files=outcome.files,
        )

    def _add(self, identity: Identity, path: str, data: bytes, facts: Facts) -> Added:
        """Adds what a poster and the texts beside it say to the movie's film in the store."""
        film_id = identity.film
        if identity.change == "moved" and not facts.record:
            return Added(path, self.service.store.film(film_id), "; ".join(facts.faults))
        record = {**facts.record, "id": film_id, "language": self.language}
        genres = self.service.store.genres.now().spellings
        movie = movie_from_record(record, film_id, genres=genres)
        problem = "; ".join(filter(None, (*facts.faults, movie.problem)))
        return self.service.add(
            replace(movie, poster=data, problem=problem), path, needs_poster=True
        )

    def _refuse(self, path: str, sighting: Sighting, reason: str, movable: bool) -> Landed:
        """Sets a file aside, or leaves it where it is until it changes."""
        if movable:
            problem = set_aside(self.folder, sighting.place.poster, reason)
            if not problem:
                return Landed(path, "aside", reason=reason)
            reason = f"{reason}; {problem}"
        self._unusable[path] = sighting.signature
        return Landed(path, "left", reason=reason)
