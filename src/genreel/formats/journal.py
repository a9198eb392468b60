"""Backups of what genreel changes in other programs' files, and the way back.

    FOLDER/.genreel/undo/000001/journal.jsonl     path, hash before and after, backup
    FOLDER/.genreel/undo/000001/000001.bak        a file as it was
    FOLDER/.genreel/undo/000001/000001.file       that very file, with its owner and its links
    FOLDER/.genreel/undo/000001/done, undone      how the run ended

A hash is null where there is no file.

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
from typing import IO

from genreel.errors import GenreelError
from genreel.files import lock, remove_parts, write_whole
from genreel.progress import say

FOLDER = Path(".genreel") / "undo"


class Journal:
    """One run of changes to files under `root`, from the first of them until it is closed.

    A run that was killed is gone on with. One that another process has open is left to it: this
    one's changes are a run of their own.

    Raises:
        GenreelError: `root/.genreel` leads elsewhere. From `write` and `remove`, too: the file
            lies outside of the root or cannot be written; it is as it was.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root))
        self._file: IO[bytes] | None = None
        self._backups = 0
        for run in _runs(self.root)[-1:]:
            with contextlib.suppress(OSError):  # which is told where something is to be written
                self._continue(run)

    def write(self, path: Path, data: bytes) -> None:
        """Puts `data` in place of the file at `path`, or makes it."""
        write_whole(self._note(path, data), data)

    def remove(self, path: Path) -> None:
        """Removes the file at `path`."""
        real = self._note(path, None)
        try:
            real.unlink()
        except OSError as error:
            raise GenreelError(f"cannot remove {path} ({error.strerror}); remove it") from None

    def has_made(self, path: Path) -> bool:
        """Whether genreel made the file at `path`, and nobody else changed it since."""
        real, is_ours, last = Path(os.path.realpath(path)), False, None
        for run in _runs(self.root):
            entries = () if (run / "undone").exists() else _entries(run)
            for file, entry in entries:
                if Path(os.path.realpath(file)) == real:
                    is_ours = entry["before"] is None or (is_ours and entry["before"] == last)
                    last = entry["after"]
        return is_ours and real.is_file() and _hash(real.read_bytes()) == last

    def close(self) -> None:
        """Says that the run came to its end; on a full disk the next one goes on with it."""
        if self._file is None:
            return
        with contextlib.suppress(GenreelError):
            write_whole(_run_of(self._file) / "done", b"")
        self._file.close()
        self._file = None

    def _note(self, path: Path, data: bytes | None) -> Path:
        """Backs up a file and notes what is to become of it; returns where it really lies."""
        real = Path(os.path.realpath(path))  # a link is written through, not replaced
        if not real.is_relative_to(self.root):
            raise GenreelError(f"{path} is outside of {self.root}; nothing is written there")
        try:
            journal = self._file or self._begin()
            before = real.read_bytes() if real.exists() else None
            entry: dict[str, str | None] = {
                "path": real.relative_to(self.root).as_posix(),
                "after": None if data is None else _hash(data),
            }
            entry |= {"before": None if before is None else _hash(before)}
            if before is not None:
                self._backups += 1
                entry["backup"] = name = f"{self._backups:06d}.bak"
                backup = _run_of(journal) / name
                write_whole(backup, before)
                if real.stat().st_nlink > 1:
                    say(f"{path}: its other names (hard links) keep the old text; undo joins them")
                with contextlib.suppress(OSError):  # some disks have no hard links
                    os.link(real, backup.with_suffix(".file"))
            # After a line that a killed run left half written, on a line of its own.
            journal.write(b"\n" + json.dumps(entry).encode() + b"\n")
            journal.flush()
            os.fsync(journal.fileno())
        except OSError as error:
            raise GenreelError(
                f"cannot back up {path} ({error.strerror}); nothing changed"
            ) from None
        return real

    def _begin(self) -> IO[bytes]:
        """The journal of a new run, the last by its number."""
        runs = _runs(self.root)
        number = int(runs[-1].name) if runs else 0
        while self._file is None:  # another process may take the same number first
            number += 1
            run = self.root / FOLDER / f"{number:06d}"
            run.mkdir(parents=True, exist_ok=True)
            self._continue(run)
        return self._file

    def _continue(self, run: Path) -> None:
        self._file = _hold(run)
        self._backups = sum(1 for _ in run.glob("*.bak"))


def _hold(run: Path) -> IO[bytes] | None:
    """A run's journal, to be gone on with; None where the run has ended or somebody holds it."""
    if _has_ended(run):
        return None
    journal = (run / "journal.jsonl").open("ab")
    if not lock(journal) or _has_ended(run):
        journal.close()
        return None
    remove_parts(run)
    for path, _ in _entries(run):
        remove_parts(path.parent, path.name)
    return journal


def _has_ended(run: Path) -> bool:
    return (run / "done").exists() or (run / "undone").exists()


def _run_of(journal: IO[bytes]) -> Path:
    return Path(journal.name).parent


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
    done = Undone()
    with _keep(run):
        _go_back(run, done)
    return done


@contextlib.contextmanager
def _keep(run: Path) -> Iterator[None]:
    """Keeps a run that has not ended from being written to; raises GenreelError where it is."""
    journal = _hold(run)
    if journal is None and not _has_ended(run):
        raise GenreelError(f"{run.parents[2]} is being written to; stop genreel watch, then undo")
    with journal or contextlib.nullcontext():
        yield


def _go_back(run: Path, done: Undone) -> None:
    """Puts back what a run changed, the last file first, and notes that it did."""
    for path, entry in reversed(list(_entries(run))):
        try:
            now = _hash(path.read_bytes()) if path.exists() else None
            if now == entry["before"]:
                continue
            if now != entry["after"]:
                done.left.append(entry["path"])
                continue
            if entry["before"] is None:
                path.unlink()
            else:
                _restore(path, run / Path(entry["backup"]).name, entry["before"])
        except OSError as error:
            raise GenreelError(
                f"{error.filename or path} ({error.strerror}); mend that and undo again"
            ) from None
        if entry["path"] not in done.restored:  # a run may write to a file again and again
            done.restored.append(entry["path"])
    write_whole(run / "undone", b"")


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
    if not Path(os.path.realpath(folder)).is_relative_to(root):
        raise GenreelError(f"{folder} leads out of {root}; remove that link")
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(run for run in found if run.name.isdigit() and run.is_dir())


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
