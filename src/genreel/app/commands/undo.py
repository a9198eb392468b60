"""genreel undo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from genreel.app.commands import DONE, SOME_FAILED
from genreel.app.commands.flags import Command, argument


@dataclass(frozen=True, kw_only=True)
class Options:
    """The folder to put back."""

    folder: Path = argument("FOLDER", "where apply wrote: the library or the folder", Path)


def run(options: Options) -> int:
    """Puts back what the last apply, or the last watch, changed."""
    from genreel.formats.journal import undo
    from genreel.progress import say

    result = undo(options.folder)
    for path in result.left:
        say(f"genreel: {path} was edited since; left as it is")
    for path in result.damaged:
        say(f"genreel: the backup of {path} is not what it was; left as it is")
    left = len(result.left) + len(result.damaged)
    say(f"restored: {len(result.restored):,}, left: {left:,}")
    return SOME_FAILED if left else DONE


COMMAND = Command(Options, run)
