"""Flags of what is done with posters besides looking at their picture, and what they ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from genreel.app.commands.flags import UsageError, either, flag, switch
from genreel.app.commands.shared import need
from genreel.app.commands.values import share

if TYPE_CHECKING:
    from genreel.app.senses import Senses


def films_flag() -> Path | None:
    """--films."""
    text = (
        "index of known films, made by genreel films: a poster that is of one of them, as what is "
        "printed on it tells, gets its genres (extra read)"
    )
    return flag(None, text, Path, metavar="INDEX")


def read_flag() -> bool:
    """--read."""
    text = "read what is printed on posters, for a model that uses it; --films does so, too"
    return switch(f"{text} (extra read)")


def serving_read_flag() -> bool | None:
    """--read and --no-read."""
    text = (
        "read what is printed on posters, once each (extra read; default: where that is installed "
        "and the model uses it, or with --films)"
    )
    return either(text)


def accept_flag() -> float | None:
    """--accept."""
    text = "probability from which --films accepts a film (default: 0.96)"
    return flag(None, text, share, metavar="P")


def own_flag() -> Path | None:
    """--own."""
    text = "genres of your own, from a file that genreel teach wrote"
    return flag(None, text, Path, metavar="FILE")


def serving_own_flag() -> Path | None:
    """--own of a server and a watched folder."""
    text = "genres of your own to begin with, for a store that has none; a file of genreel teach"
    return flag(None, text, Path, metavar="FILE")


def senses_of(
    films: Path | None, read: bool, accept: float | None, own: Path | None = None
) -> Senses:
    """What --films, --read, --accept and --own ask for.

    Raises:
        UsageError: --accept without --films.
        MissingExtra: a library of the extra `read` is not installed.
    """
    from genreel.app.senses import Senses

    if accept is not None and films is None:
        raise UsageError("--accept goes with --films")
    if films is not None or read:
        need("read")
    return Senses(read, films, accept, own)


def serving_senses(films: Path | None, read: bool | None, accept: float | None) -> Senses:
    """What --films, --read, --no-read and --accept ask a server or a watched folder for.

    Posters are read where the extra `read` is installed, unless told otherwise.

    Raises:
        UsageError: --accept without --films, or --films with --no-read.
        MissingExtra: a library of the extra `read` is not installed, and is needed.
    """
    from genreel.app.doctor import missing

    if read is False and films is not None:
        raise UsageError("--no-read does not go with --films")
    is_read = films is not None or not missing("read") if read is None else read
    return senses_of(films, is_read, accept)


def genres_of(genres: tuple[str, ...], own: Path | None) -> tuple[str, ...]:
    """A bundle's genres as --own calls them, and those of its own that may speak."""
    if own is None:
        return genres
    from genreel.own.file import read_own
    from genreel.own.predicting import genres_with_own

    return genres_with_own(genres, read_own(own))
