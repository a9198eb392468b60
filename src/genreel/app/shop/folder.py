"""Writes a shop into a folder that may hold an older one, and files of a person's own."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from genreel.errors import GenreelError, WriteError
from genreel.files import write_whole

MANIFEST = "genreel-shop.json"
"""What of a folder is genreel's: path → digests that the file may have; and sizes of pictures."""

_PART = ".genreel-shop-"

Sizes = dict[str, tuple[int, int]]


class ShopFolder:
    """A folder that becomes a shop when `replace` is called; until then it is as it was.

    A file that is not genreel's stays, and so does one of genreel's that a person has changed.

    Args:
        folder: is made if it is not there.

    Raises:
        GenreelError: it cannot be written, or holds files and no shop.

    Attributes:
        sizes: name of a picture → width and height in pixels, of the shop that is there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._new: dict[str, str] = {}
        with _typed_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            is_empty = all(path.name.startswith(".") for path in folder.iterdir())
            if not is_empty and not (folder / MANIFEST).is_file():
                raise GenreelError(f"{folder} holds files and no shop; give a folder of its own")
            self._old, self.sizes = _read_manifest(folder / MANIFEST)
            for part in folder.glob(f"{_PART}*"):  # of a run that was killed
                shutil.rmtree(part, ignore_errors=True)
            self._part = Path(tempfile.mkdtemp(prefix=_PART, dir=folder))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        shutil.rmtree(self._part, ignore_errors=True)

    def write(self, path: str, data: bytes) -> None:
        """Prepares a file; several threads may do so at once."""
        target = self._part / path
        with _typed_errors(self.folder):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        self._new[path] = hashlib.sha256(data).hexdigest()

    def keep(self, path: str) -> bool:
        """Lets a file of the shop that is there stay; False where it is not there any more."""
        if path not in self._old or not (self.folder / path).is_file():
            return False
        self._new[path] = self._old[path][-1]
        return True

    def replace(self, sizes: Sizes) -> list[str]:
        """Puts all that was prepared into place, and takes away what an older shop had beyond it.

        Args:
            sizes: of the pictures.

        Returns:
            The files that are a person's own and stay as they are.
        """
        with _typed_errors(self.folder):
            paths = {**self._old, **self._new}
            self._check_links(paths)
            own_files = [path for path in paths if not self._is_ours(path)]
            # A run that is killed now leaves either file, and the next one knows both.
            both = dict(self._old)
            for path in self._new.keys() - set(own_files):
                both[path] = [*self._old.get(path, []), self._new[path]]
            _write_manifest(self.folder / MANIFEST, both, {**self.sizes, **sizes})
            for path in self._new.keys() - set(own_files):
                if (self._part / path).is_file():
                    (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
                    os.replace(self._part / path, self.folder / path)
            for path in self._old.keys() - self._new.keys() - set(own_files):
                (self.folder / path).unlink(missing_ok=True)
                with contextlib.suppress(OSError):  # other files are there
                    (self.folder / path).parent.rmdir()
            marks = {path: [mark] for path, mark in self._new.items() if path not in own_files}
            marks |= {path: self._old[path] for path in own_files if path in self._old}
            _write_manifest(self.folder / MANIFEST, marks, sizes)
        return sorted(own_files)

    def _check_links(self, paths: Iterable[str]) -> None:
        """GenreelError where a folder of the shop is a link that leads out of it."""
        real = Path(os.path.realpath(self.folder))
        for folder in {(self.folder / path).parent for path in paths}:
            if not Path(os.path.realpath(folder)).is_relative_to(real):
                raise GenreelError(f"{folder} leads out of {self.folder}; put a folder there")

    def _is_ours(self, path: str) -> bool:
        """Whether a file is as genreel wrote it, or not there."""
        target = self.folder / path
        if not target.exists() and not target.is_symlink():
            return True
        if path not in self._old or target.is_symlink() or not target.is_file():
            return False
        if path in self._new and not (self._part / path).exists():  # it is not replaced
            return True
        with target.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() in self._old[path]


def _read_manifest(path: Path) -> tuple[dict[str, list[str]], Sizes]:
    if not path.is_file():
        return {}, {}
    try:
        manifest = json.loads(path.read_bytes())
        marks = {str(file): [str(mark) for mark in m] for file, m in manifest["files"].items()}
        sizes = {str(name): (int(w), int(h)) for name, (w, h) in manifest["pictures"].items()}
        is_whole = all(file.isprintable() and digests for file, digests in marks.items())
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        is_whole = False
    if not is_whole:
        raise GenreelError(f"{path} is damaged; delete the folder, or give another") from None
    if any(Path(file).is_absolute() or ".." in Path(file).parts for file in marks):
        raise GenreelError(f"{path} names files outside of its folder; give another folder")
    return marks, sizes


def _write_manifest(path: Path, marks: dict[str, list[str]], sizes: Sizes) -> None:
    text = json.dumps({"files": marks, "pictures": sizes}, indent=0, sort_keys=True)
    write_whole(path, text.encode())


@contextlib.contextmanager
def _typed_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise WriteError(f"cannot write {folder} ({reason}); check the disk or the path") from None
