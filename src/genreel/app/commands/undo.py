"""genreel undo."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from genreel.app.commands import DONE, SOME_FAILED
from genreel.app.commands.flags import Command, argument


@dataclass(frozen=True, kw_only=True)
class Options:
    """The folder to put back."""

    folder: Path = argument("FOLDER", "where apply wrote: the library or the folder", Path)


def run(options: Options) -> int:
    """Puts back what the last apply changed."""
    from genreel.formats.journal import undo

    result = undo(options.folder)
    for path in result.left:
        print(f"genreel: {path} was edited since; left as it is", file=sys.stderr)
    for path in result.damaged:
        print(f"genreel: the backup of {path} is not what it was; left as it is", file=sys.stderr)
    left = len(result.left) + len(result.damaged)
    print(f"restored: {len(result.restored):,}, left: {left:,}", file=sys.stderr)
    return SOME_FAILED if left else DONE


COMMAND = Command(Options, run)
