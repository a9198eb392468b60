"""Files of a watched folder that cannot be used, out of the way of the others.

FOLDER/set-aside/old/a.jpg               the file
FOLDER/set-aside/old/a.jpg.reason.txt    why it lies there
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from genreel.errors import GenreelError
from genreel.files import write_whole
from genreel.posters import SUFFIXES

ASIDE = "set-aside"
"""Folder, inside the watched one, to which files go that cannot be used."""

_MAX_NAME = 200
"""Bytes of a file's name in the name of its note; systems allow 255 together."""


def set_aside(folder: Path, path: str, reason: str) -> str:
    """Moves the file at `path` in `folder` away, with a note; returns why it could not, or ""."""
    source = folder / path
    target = folder / ASIDE / path
    try:
        _check_inside(folder, target.parent)
        target.parent.mkdir(parents=True, exist_ok=True)
        number = 1
        while os.path.lexists(target):
            number += 1
            target = target.with_name(f"{source.stem}-{number}{source.suffix}")
        source.rename(target)
        try:
            write_whole(_note_of(target), f"{reason}\n".encode(errors="backslashreplace"))
        except GenreelError:  # without its note nobody would know why it is gone
            target.rename(source)
            raise
    except (GenreelError, OSError) as error:
        return f"cannot be set aside ({error})"
    return ""


def put_back(folder: Path) -> None:
    """Moves files back that changed since they were set aside: their copying has gone on."""
    try:
        _check_inside(folder, folder / ASIDE)
    except GenreelError:
        return
    for source in list(_written_since(folder / ASIDE)):
        target = folder / source.relative_to(folder / ASIDE)
        with contextlib.suppress(OSError):  # it stays where it is
            if not os.path.lexists(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                source.rename(target)
                _note_of(source).unlink()


def _written_since(root: Path) -> Iterator[Path]:
    """Posters that were written to after their notes were."""
    for parent, _, names in os.walk(root):
        for name in names:
            path = Path(parent) / name
            if path.suffix.lower() in SUFFIXES:
                with contextlib.suppress(OSError):  # it has no note
                    # Not its time of change, which a copy may take from the original.
                    if path.lstat().st_ctime_ns > _note_of(path).lstat().st_ctime_ns:
                        yield path


def _note_of(path: Path) -> Path:
    name = os.fsencode(path.name)
    if len(name) > _MAX_NAME:
        digest = hashlib.sha256(name).hexdigest()[:12]
        cut = name[:_MAX_NAME].decode(errors="ignore")
        return path.with_name(f"{cut}-{digest}.reason.txt")
    return path.with_name(f"{path.name}.reason.txt")


def _check_inside(folder: Path, path: Path) -> None:
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        raise GenreelError(f"{ASIDE} leads out of {folder}; remove that link")
