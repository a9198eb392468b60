"""Backups of what genreel changes in other programs' files, and the way back.

    FOLDER/.genreel/undo/000001/journal.jsonl     path, hashes before and after, name of the backup
    FOLDER/.genreel/undo/000001/000001.bak        a file as it was
    FOLDER/.genreel/undo/000001/000001.file       that very file, with its owner and its links
    FOLDER/.genreel/undo/000001/done, undone      how the run ended

The backup is on the disk before the journal names it, and the journal before the file changes, so
whenever a run is stopped every file is whole and the way back is known.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from genreel.errors import GenreelError
from genreel.files import remove_parts, write_whole
from genreel.progress import say

FOLDER = Path(".genreel") / "undo"


class Journal:
    """One run of changes to files under `root`; an unfinished earlier run is gone on with.

    Raises:
        GenreelError: from `write`, where a file lies outside of the root or cannot be written;
            it is as it was.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root))
        runs = _runs(self.root)
        if runs and not (runs[-1] / "done").exists() and not (runs[-1] / "undone").exists():
            self.run = runs[-1]
            remove_parts(self.run)
            for path, _ in _entries(self.run):
                remove_parts(path.parent, path.name)
        else:
            last = int(runs[-1].name) if runs else 0
            self.run = self.root / FOLDER / f"{last + 1:06d}"
        self._count = sum(1 for _ in self.run.glob("*.bak"))

    def write(self, path: Path, data: bytes) -> None:
        """Puts `data` in place of the file at `path`, or makes it."""
        real = Path(os.path.realpath(path))  # a link is written through, not replaced
        if not real.is_relative_to(self.root):
            raise GenreelError(f"{path} is outside of {self.root}; nothing is written there")
        try:
            self.run.mkdir(parents=True, exist_ok=True)
            before = real.read_bytes() if real.exists() else None
            entry: dict[str, str | None] = {
                "path": real.relative_to(self.root).as_posix(),
                "after": _hash(data),
            }
            entry |= {"before": None if before is None else _hash(before)}
            if before is not None:
                self._count += 1
                entry["backup"] = name = f"{self._count:06d}.bak"
                write_whole(self.run / name, before)
                if real.stat().st_nlink > 1:
                    say(f"{path}: its other names (hard links) keep the old text; undo joins them")
                with contextlib.suppress(OSError):  # some disks have no hard links
                    os.link(real, (self.run / name).with_suffix(".file"))
            with (self.run / "journal.jsonl").open("ab") as journal:
                # After a line that a killed run left half written, on a line of its own.
                journal.write(b"\n" + json.dumps(entry).encode() + b"\n")
                journal.flush()
                os.fsync(journal.fileno())
        except OSError as error:
            raise GenreelError(
                f"cannot back up {path} ({error.strerror}); nothing changed"
            ) from None
        write_whole(real, data)

    def close(self) -> None:
        """Says that the run came to its end; on a full disk the next one goes on with it."""
        if self.run.exists():
            with contextlib.suppress(GenreelError):
                write_whole(self.run / "done", b"")


@dataclass
class Undone:
    """What going back did: paths restored, and those left because they changed since."""

    restored: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def undo(root: Path) -> Undone:
    """Puts every file of the newest run back as it was; one that was edited since is left alone.

    Raises:
        GenreelError: there is nothing to undo, or a file cannot be written.
    """
    root = Path(os.path.realpath(root))
    runs = [run for run in _runs(root) if not (run / "undone").exists()]
    if not runs:
        raise GenreelError(f"{root}: nothing to undo there; give the folder that apply wrote to")
    run = runs[-1]
    result = Undone()
    for path, entry in reversed(list(_entries(run))):
        try:
            now = _hash(path.read_bytes()) if path.exists() else None
            if now == entry["before"]:
                continue
            if now != entry["after"]:
                result.left.append(entry["path"])
                continue
            if entry["before"] is None:
                path.unlink()
            else:
                _restore(path, run / Path(entry["backup"]).name, entry["before"])
        except OSError as error:
            raise GenreelError(
                f"{error.filename or path} ({error.strerror}); mend that and undo again"
            ) from None
        result.restored.append(entry["path"])
    write_whole(run / "undone", b"")
    return result


def _restore(path: Path, backup: Path, before: str) -> None:
    """Puts the very file back, unless it was changed by another name; its bytes otherwise."""
    file = backup.with_suffix(".file")
    if file.is_file() and _hash(file.read_bytes()) == before:
        os.replace(file, path)
    else:
        write_whole(path, backup.read_bytes())


def _entries(run: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """Files that a run wrote and what its journal says of them; none outside of its root."""
    root = run.parents[2]
    with contextlib.suppress(FileNotFoundError):
        for line in (run / "journal.jsonl").read_bytes().splitlines():
            with contextlib.suppress(ValueError):  # half written, or empty
                entry = json.loads(line)
                if isinstance(entry, dict) and {"path", "before", "after"} <= set(entry):
                    path = root / entry["path"]
                    if Path(os.path.realpath(path)).is_relative_to(root):
                        yield path, entry


def _runs(root: Path) -> list[Path]:
    folder = root / FOLDER
    runs = folder.iterdir() if folder.is_dir() else ()
    return sorted(run for run in runs if run.name.isdigit() and run.is_dir())


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
