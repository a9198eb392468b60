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
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TypedDict

from genreel.errors import GenreelError, InputError
from genreel.files import lock, open_file, remove_parts, write_whole
from genreel.progress import say

FOLDER = Path(".genreel") / "undo"


class Entry(TypedDict, total=False):
    """A line of a journal: a file, its hash before and after, and the name of its backup."""

    path: str
    before: str | None
    after: str | None
    backup: str


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
            entries = () if _is_marked(run, "undone") else _entries(run)
            for file, entry in entries:
                if Path(os.path.realpath(file)) == real:
                    is_ours = entry["before"] is None or (is_ours and entry["before"] == last)
                    last = entry["after"]
        return is_ours and last is not None and _hash_of(real) == last

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
            entry: Entry = {
                "path": real.relative_to(self.root).as_posix(),
                "before": None if before is None else _hash(before),
                "after": None if data is None else _hash(data),
            }
            if before is not None:
                backup = self._next_backup(_run_of(journal))
                entry["backup"] = backup.name
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

    def _next_backup(self, run: Path) -> Path:
        while True:
            self._backups += 1
            backup = run / f"{self._backups:06d}.bak"
            if not os.path.lexists(backup):  # a stranger's link would be written through
                return backup

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
    path = run / "journal.jsonl"
    if os.path.lexists(path) and (path.is_symlink() or not path.is_file()):
        raise GenreelError(f"{path} is no regular file; remove {run}")
    journal = path.open("ab")
    if not lock(journal) or _has_ended(run):
        journal.close()
        return None
    remove_parts(run)
    for path, _ in _entries(run):
        remove_parts(path.parent, path.name)
    return journal


def _has_ended(run: Path) -> bool:
    return _is_marked(run, "done") or _is_marked(run, "undone")


def _is_marked(run: Path, mark: str) -> bool:
    return os.path.lexists(run / mark)  # also by a link, through which nothing is written


def _run_of(journal: IO[bytes]) -> Path:
    return Path(journal.name).parent


@dataclass
class Undone:
    """What going back did: paths restored, those left because they changed since, and those left
    because their backup is not the file that it was.
    """

    restored: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


def undo(root: Path) -> Undone:
    """Puts every file of the newest run back as it was; one that was edited since is left alone.

    The journal may be a stranger's: only what lies in `root` is read or written, and a backup
    counts only if it has the hash that the journal notes.

    Raises:
        GenreelError: there is nothing to undo, or a file cannot be written.
    """
    root = Path(os.path.realpath(root))
    runs = [run for run in _runs(root) if not _is_marked(run, "undone")]
    if not runs:
        raise GenreelError(f"{root}: nothing to undo there; give the folder that apply wrote to")
    run = runs[-1]
    result = Undone()
    with _held(run):
        _go_back(run, result)
    return result


@contextlib.contextmanager
def _held(run: Path) -> Iterator[None]:
    """Keeps a run that has not ended from being written to; raises GenreelError where it is."""
    journal = _hold(run)
    if journal is None and not _has_ended(run):
        raise GenreelError(f"{run.parents[2]} is being written to; stop genreel watch, then undo")
    with journal or contextlib.nullcontext():
        yield


def _go_back(run: Path, result: Undone) -> None:
    """Puts back what a run changed, the last file first, and notes that it did."""
    for path, entry in reversed(list(_entries(run))):
        try:
            now = _hash_of(path)
            if now == entry["before"]:
                continue
            if now != entry["after"]:
                result.left.append(entry["path"])
                continue
            if entry["before"] is None:
                path.unlink()
            elif not _restore(path, run / str(entry["backup"]), entry["before"]):
                result.damaged.append(entry["path"])
                continue
        except OSError as error:
            raise GenreelError(
                f"{error.filename or path} ({error.strerror}); mend that and undo again"
            ) from None
        if entry["path"] not in result.restored:  # a run may write to a file again and again
            result.restored.append(entry["path"])
    write_whole(run / "undone", b"")


def _restore(path: Path, backup: Path, before: str) -> bool:
    """Puts the very file back, unless it was changed by another name; its bytes otherwise. False
    where neither is as it was.
    """
    file = backup.with_suffix(".file")
    if not file.is_symlink() and _hash_of(file) == before:
        os.replace(file, path)
    elif not backup.is_symlink() and _hash_of(backup) == before:
        write_whole(path, backup.read_bytes())
    else:
        return False
    return True


def _entries(run: Path) -> Iterator[tuple[Path, Entry]]:
    """Files that a run wrote and what its journal says of them; none outside of its root."""
    root = run.parents[2]
    with contextlib.suppress(FileNotFoundError):
        with open_file(run / "journal.jsonl") as journal:
            lines = journal.read().splitlines()
        for line in lines:
            with contextlib.suppress(ValueError, RecursionError):  # half written, or empty
                entry = json.loads(line)
                if _is_entry(entry):
                    path = root / entry["path"]
                    if root in Path(os.path.realpath(path)).parents:
                        yield path, entry


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, dict) or not {"path", "before", "after"} <= set(entry):
        return False
    hashes = (entry["before"], entry["after"])
    is_text = isinstance(entry["path"], str) and all(isinstance(h, str | None) for h in hashes)
    backup = entry.get("backup")
    has_backup = isinstance(backup, str) and re.fullmatch(r"[0-9]+\.bak", backup)
    return is_text and (entry["before"] is None or bool(has_backup))


def _runs(root: Path) -> list[Path]:
    folder = root / FOLDER
    if not Path(os.path.realpath(folder)).is_relative_to(root):
        raise GenreelError(f"{folder} leads out of {root}; remove that link")
    entries = folder.iterdir() if folder.is_dir() else ()
    runs = (run for run in entries if re.fullmatch("[0-9]{6,12}", run.name))
    return sorted(run for run in runs if run.is_dir() and not run.is_symlink())


def _hash_of(path: Path) -> str | None:
    """Of a regular file; None where nothing is there, "" where something else is."""
    if not os.path.lexists(path):
        return None
    try:
        with open_file(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    except (InputError, FileNotFoundError):  # such as a link that leads nowhere
        return ""


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
