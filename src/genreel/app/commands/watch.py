"""genreel watch."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from genreel.app.commands import DONE, SOME_FAILED, sensing, shared
from genreel.app.commands.flags import Command, UsageError, argument, flag, switch
from genreel.app.commands.refreshing import open_refresher, refresh_flag

if TYPE_CHECKING:
    from genreel.app.media.servers import Refresher
    from genreel.app.service.watch import Landed
    from genreel.formats.names import Names


@dataclass(frozen=True, kw_only=True)
class Options:
    """Which folder to watch, and what to do with what lands in it."""

    folder: Path = argument("FOLDER", "the folder to watch", Path)
    store: str | None = shared.store_flag()
    model: str = shared.model_flag()
    films: Path | None = sensing.films_flag()
    read: bool | None = sensing.serving_read_flag()
    accept: float | None = sensing.accept_flag()
    own: Path | None = sensing.serving_own_flag()
    language: str = shared.language_flag("the plots")
    apply: str | None = flag(
        None,
        "write genres into NFO files or XMP sidecars; genreel undo goes back",
        choices=("nfo", "xmp"),
    )
    decide: str = shared.decide_flag("", "as the store does, a new one sure")
    names: str | None = shared.names_flag("genreel; kodi for nfo")
    create: bool = switch("NFO files for movies without one")
    once: bool = switch("take what is there, then end")
    dry_run: bool = switch("show what would change, write and keep nothing, then end")
    refresh: tuple[str, ...] = refresh_flag()


def run(options: Options) -> int:
    """Classifies the posters that land in a folder."""
    shared.need("app")
    from genreel.app.service.opening import open_service
    from genreel.app.service.settings import Settings
    from genreel.app.service.watch import Watcher
    from genreel.posters import Limits
    from genreel.progress import say

    if options.create and options.apply != "nfo":
        raise UsageError("--create goes with --apply nfo")
    if options.refresh and options.apply != "nfo":
        raise UsageError("--refresh goes with --apply nfo")
    refresher = open_refresher(options.refresh)
    # Nobody sends files here, so a poster may cost what it may on the command line.
    senses = sensing.serving_senses(options.films, options.read, options.accept)
    settings = Settings(
        limits=Limits(),
        films=senses.films,
        accept=senses.accept,
        read=senses.needs_reading,
        own=options.own,
        decide=options.decide,
        names=shared.names_of(options.names),
    )
    with contextlib.ExitStack() as stack:
        url = shared.store_of(options.store)
        if options.dry_run:
            url = str(Path(stack.enter_context(tempfile.TemporaryDirectory())) / "films.db")
        service = stack.enter_context(
            contextlib.closing(open_service(options.model, url, settings))
        )
        watcher = Watcher(
            service,
            options.folder,
            target=options.apply,
            create=options.create,
            language=options.language,
            show=sys.stdout.write if options.dry_run else None,
        )
        report = Report(refresher, settings.names)
        if options.once or options.dry_run:
            for file in watcher.once():
                report.add(file)
        else:
            say(f"watching {options.folder} (Ctrl+C stops it)")
            watcher.run(report.add)
        return SOME_FAILED if report.failures + refresher.failures else DONE


class Report:
    """Says what became of each file, a line for each on stdout, what is wrong with it on stderr.

    Args:
        refresher: asks servers to read anew what was written.
        names: what genres are called; None: genreel's own names.
    """

    def __init__(self, refresher: Refresher, names: Names | None = None) -> None:
        self.failures = 0
        self._refresher = refresher
        self._names = names or tuple
        self._lacks_nfo = False

    def add(self, file: Landed) -> None:
        """Says what became of one more."""
        from genreel.errors import one_line
        from genreel.progress import say

        result = file.reason or ", ".join(self._names(file.genres)) or "none of these"
        print("\t".join(map(one_line, (file.what, file.path, result))), flush=True)
        if file.problem:
            say(f"{file.path}: {file.problem}")
        if file.not_written:
            say(f"{file.path}: not applied: {file.not_written}")
        if file.lacks_nfo and not self._lacks_nfo:
            say(f"{file.path}: no NFO file to write to, here and elsewhere; --create makes one")
            self._lacks_nfo = True
        self.failures += bool(file.reason or file.problem or file.not_written)
        self._refresher.refresh(file.files)


COMMAND = Command(
    Options,
    run,
    "NAME.txt beside NAME.jpg is its plot; its NFO file, as media servers name it, says title,\n"
    "year, plot and genres. A file that cannot be used goes to set-aside/, with the reason\n"
    "beside it; in a media library, a folder with videos or NFO files, it stays where it is.\n"
    "What was taken is not taken again; a file that is moved or renamed stays the same movie.\n"
    "With --apply, genres go beside the poster as genreel apply writes them.",
)
