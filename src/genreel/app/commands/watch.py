"""genreel watch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from genreel.app.commands import DONE, SOME_FAILED, shared
from genreel.app.commands.flags import Command, argument, flag, switch

if TYPE_CHECKING:
    from genreel.app.service.watch import Landed


@dataclass(frozen=True, kw_only=True)
class Options:
    """Which folder to watch, and what to do with what lands in it."""

    folder: Path = argument("FOLDER", "the folder to watch", Path)
    store: str | None = shared.store_flag()
    model: str = shared.model_flag()
    language: str = shared.language_flag("the plots")
    apply: str | None = flag(
        None,
        "write genres into NFO files or XMP sidecars; genreel undo goes back",
        choices=("nfo", "xmp"),
    )
    once: bool = switch("take what is there, then end")


def run(options: Options) -> int:
    """Classifies the posters that land in a folder."""
    shared.need("app")
    from genreel.app.service.service import open_service
    from genreel.app.service.settings import Settings
    from genreel.app.service.watch import Watcher
    from genreel.posters import Limits
    from genreel.progress import say

    patience = 1.0 if options.once else 30.0
    # Nobody sends files here, so a poster may cost what it may on the command line.
    settings = Settings(limits=Limits())
    service = open_service(options.model, shared.store_of(options.store), settings)
    try:
        watcher = Watcher(
            service,
            options.folder,
            patience=patience,
            target=options.apply,
            language=options.language,
        )
        if not options.once:
            say(f"watching {options.folder} (Ctrl+C stops it)")
            watcher.run(_tell)
        failures = 0
        for file in watcher.once():
            _tell(file)
            failures += bool(file.reason or file.problem)
        return SOME_FAILED if failures else DONE
    finally:
        service.close()


def _tell(file: Landed) -> None:
    """One line for a file that was taken, or set aside."""
    from genreel.progress import say

    is_aside = file.what == "aside"
    result = ", ".join(file.genres) or (file.reason if is_aside else "none of these")
    print(f"{file.what}\t{file.path}\t{result}", flush=True)
    if file.problem:
        say(f"{file.path}: {file.problem}")
    if file.reason and not is_aside:
        say(f"not applied: {file.reason}")


COMMAND = Command(
    Options,
    run,
    "NAME.txt beside NAME.jpg is its plot; NAME.nfo (movie.nfo beside poster.jpg) says title,\n"
    "year, plot and genres. A file that cannot be used goes to set-aside/, with the reason\n"
    "beside it. What was taken is not taken again; a file that is moved or renamed stays the\n"
    "same film. With --apply, genres go beside the poster as genreel apply writes them.",
)
