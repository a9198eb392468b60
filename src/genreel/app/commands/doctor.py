"""genreel doctor."""

from __future__ import annotations

from dataclasses import dataclass

from genreel.app.commands import DONE, NOTHING_DONE
from genreel.app.commands.flags import Command


@dataclass(frozen=True, kw_only=True)
class Options:
    """None."""


def run(options: Options) -> int:
    """Says what is installed, what is missing and the remedy."""
    from genreel.app.doctor import examine

    return DONE if examine() else NOTHING_DONE


COMMAND = Command(Options, run)
