"""genreel remote."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from genreel.app.commands import DONE, exit_code, shared
from genreel.app.commands.flags import Command, argument, switch

if TYPE_CHECKING:
    from genreel.app.media.editing import Predict
    from genreel.catalogue import Movie
    from genreel.prediction import Prediction

KINDS = ("jellyfin", "emby", "plex", "kodi")


@dataclass(frozen=True, kw_only=True)
class Options:
    """Which server, and what to do there."""

    server: str = argument("SERVER", "which of these it is", str, choices=KINDS)
    address: str = argument("ADDRESS", "where it answers, such as http://nas:8096", str)
    model: str = shared.model_flag()
    language: str = shared.language_flag("all plots")
    names: str | None = shared.names_flag("kodi")
    add: bool = switch("beside genres that stand there, too")
    dry_run: bool = switch("show what would change")
    undo: bool = switch("put back what the last run changed; what was edited since stays")


def run(options: Options) -> int:
    """Gives genres to a media server's movies by its API."""
    from genreel.app.media.editing import ServerJournal, edit, undo_edits
    from genreel.app.media.servers import open_server
    from genreel.formats.applying import names_for
    from genreel.progress import say

    server = open_server(options.server, options.address)
    with contextlib.ExitStack() as stack:
        journal = None
        if not options.dry_run:
            journal = stack.enter_context(
                contextlib.closing(ServerJournal(options.server, options.address))
            )
        if options.undo and journal is not None:
            counts = undo_edits(server, journal, say)
            say(f"restored: {counts.changed:,}, left: {counts.unchanged + counts.failed:,}")
        else:
            names = shared.names_of(options.names) or names_for("nfo")
            counts = edit(
                server, journal, _predict(options), names, sys.stdout.write, say, add=options.add
            )
            would = "would change" if options.dry_run else "changed"
            say(f"{counts.changed:,} {would}, {counts.unchanged:,} stay, {counts.locked:,} locked")
    answers = counts.changed + counts.unchanged + counts.locked
    return exit_code(answers, counts.failed) if counts.failed else DONE


def _predict(options: Options) -> Predict:
    def predict(movies: Iterable[Movie]) -> Iterator[Prediction]:
        from genreel.predictor import Predictor

        yield from Predictor(options.model).predict_many(movies, language=options.language)

    return predict


COMMAND = Command(
    Options,
    run,
    "The key is read from $GENREEL_JELLYFIN_KEY, _EMBY_, _PLEX_ or _KODI_KEY (USER:PASSWORD), or\n"
    "from the file that the same name with _FILE at its end names. Only movies without genres\n"
    "get some; what is locked stays. Where there are NFO files, use genreel apply --refresh.",
)
