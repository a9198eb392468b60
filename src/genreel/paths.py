"""Paths: those of a catalogue, which may not leave its folder, and that of the user's cache."""

from __future__ import annotations

import os
from pathlib import Path

from genreel.errors import CatalogueError


def inside(value: str, folder: Path) -> Path:
    """The path of a poster in a catalogue's folder.

    Args:
        value: the path as the table has it, relative to the folder.
        folder: of the catalogue.

    Raises:
        CatalogueError: it leads out of the folder, itself or through a link.
    """
    path = folder / value
    # Path.resolve fails on a loop of links, realpath does not; no path has a NUL character.
    is_inside = "\0" not in value and Path(os.path.realpath(path)).is_relative_to(
        os.path.realpath(folder)
    )
    if not is_inside:
        raise CatalogueError(
            f"poster path {value[:80]!r} leaves the catalogue's folder; put the poster inside it"
        )
    return path


def cache_folder() -> Path:
    """The folder of what can be computed or fetched again: $GENREEL_CACHE, or `genreel` in
    $XDG_CACHE_HOME or ~/.cache. It may not exist.
    """
    if folder := os.environ.get("GENREEL_CACHE", ""):
        return Path(folder)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "genreel"
