"""Genres that go beside the posters of a watched folder, as `genreel apply` writes them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from genreel.app.service.survey import Facts
from genreel.app.store.film import Film
from genreel.app.store.writing import found_in, movie_of
from genreel.errors import GenreelError
from genreel.formats.applying import Choices, Say, apply_to_files, names_for
from genreel.formats.journal import Journal
from genreel.formats.kodi import Place, nfo_names
from genreel.formats.layout import VIDEOS
from genreel.formats.names import Names
from genreel.posters import SUFFIXES


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a movie's genres.

    Attributes:
        problem: why they could not be written.
        lacks_nfo: whether there is no NFO file to write to.
        nfo: the NFO file that may be new now.
        files: that were written.
    """

    problem: str = ""
    lacks_nfo: bool = False
    nfo: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()


class Writer:
    """Writes genres in one run, which `genreel undo` takes back as a whole.

    Args:
        folder: of the posters.
        target: "nfo" or "xmp".
        create: whether a movie without an NFO file gets one.
        names: what genres are called there; None: as the target calls them.
        show: where given, takes what would change, and nothing is written.

    Raises:
        GenreelError: the folder's journal leads elsewhere.
    """

    def __init__(
        self,
        folder: Path,
        target: str,
        create: bool,
        names: Names | None = None,
        show: Say | None = None,
    ) -> None:
        self.folder = folder
        self.target = target
        self.names = names or names_for(target)
        self._choices = Choices(folder, create=create, dry_run=show is not None)
        self._show: Say = show or str
        self._journal = Journal(folder)

    def close(self) -> None:
        """Ends the run."""
        self._journal.close()

    def write(self, film: Film, place: Place, facts: Facts, old_path: str = "") -> Outcome:
        """Writes the genres that a film of the store has now.

        Args:
            film: with its opinions.
            place: its files.
            facts: what is said of it.
            old_path: of its poster, before it was moved: what genreel made there is removed.
        """
        if self.target == "nfo" and facts.is_nfo_bad:
            return Outcome()  # which is told already, and would stay as it is
        movie = replace(movie_of(film), id=place.id, extra={"file": place.poster, "nfo": facts.nfo})
        pairs = [(movie, found_in(film, self.names))]
        problems: list[str] = []
        try:
            applied = apply_to_files(
                pairs, self.target, self._choices, self._show, problems.append, self._journal
            )
            if old_path and not self._choices.dry_run and applied.changed + applied.unchanged:
                self._remove_sidecars(self.folder / old_path)
        except (GenreelError, OSError) as error:
            problems.append(str(error))
        if problems:
            return Outcome("; ".join(one.removeprefix(f"{place.id}: ") for one in problems))
        nfo = (facts.nfo or f"{place.id}.nfo",) if self.target == "nfo" else ()
        return Outcome("", bool(applied.without_file), nfo, tuple(applied.files))

    def _remove_sidecars(self, poster: Path) -> None:
        """Removes what genreel made beside a poster that is elsewhere now."""
        is_nfo = self.target == "nfo"
        names = nfo_names(poster.name) if is_nfo else (f"{poster.name}.xmp", f"{poster.stem}.xmp")
        for file in (poster.with_name(name) for name in names):
            if self._journal.has_made(file) and not _is_needed(file):
                self._journal.remove(file)


def _is_needed(sidecar: Path) -> bool:
    """Whether a video or a picture is left that a sidecar may belong to."""
    return any(
        path.suffix.lower() in (*SUFFIXES, *VIDEOS)
        and (sidecar.name == "movie.nfo" or sidecar.stem in (path.name, path.stem))
        for path in sidecar.parent.iterdir()
    )
