"""A folder or a zip archive, read by name, and never a file outside of it."""

from __future__ import annotations

import contextlib
import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from genreel.errors import CatalogueError, InputError
from genreel.files import open_file, read_file
from genreel.formats.litter import has_litter, is_litter
from genreel.posters import OTHER_SUFFIXES, SUFFIXES, Limits

MAX_TEXT = 16 * 2**20
"""Largest text beside a poster (NFO, JSON, plot), in bytes."""

_HEADER = 30  # bytes before an entry's name in a zip archive, at least

Poster = Path | bytes

# What zipfile raises for archives that are damaged, encrypted or packed in ways it does not know.
_DAMAGED: tuple[type[Exception], ...] = (
    *(OSError, EOFError, RuntimeError, ValueError, struct.error),
    *(zipfile.BadZipFile, zlib.error),
)
with contextlib.suppress(ImportError):  # a Python may be built without it
    import lzma

    _DAMAGED += (lzma.LZMAError,)


class Source:
    """Files of a folder or of a zip archive; a lone file is a folder of one.

    Symbolic links that leave the folder, links in an archive, names with "..", and what systems
    leave in every folder (`litter`) are not there.
    Nothing is ever unpacked to disk.

    Args:
        path: of the folder, archive or file.
        regular: leave out what is no regular file, such as a pipe; otherwise reading it says so.

    Raises:
        CatalogueError: it does not exist or is no archive.
    """

    def __init__(self, path: Path, *, regular: bool = False) -> None:
        self.path = path
        self._archive: zipfile.ZipFile | None = None
        try:
            if path.is_dir():
                self.names = sorted(_files(path, regular))
            elif not path.is_file():
                reason = "is no regular file" if path.exists() else "does not exist"
                raise CatalogueError(f"{path} {reason}; check the path")
            elif zipfile.is_zipfile(path):
                self._archive = zipfile.ZipFile(path)
                entries = self._archive.infolist()
                if _is_overlapping(entries):
                    raise CatalogueError(f"{path}: its entries share bytes; pack it again")
                self.names = sorted({i.filename for i in entries if _inside(i)})
            else:
                self.path = path.parent
                self.names = [path.name]
        except _DAMAGED as error:
            raise CatalogueError(f"{path} cannot be read ({error}); check it") from None
        self._posters: dict[str, str] | None = None
        self._name_set: frozenset[str] | None = None

    def __contains__(self, name: str) -> bool:
        if self._name_set is None:
            self._name_set = frozenset(self.names)
        return name in self._name_set

    def find(self, *names: str) -> str:
        """The file called like one of `names`, the one that lies highest.

        Raises:
            CatalogueError: there is none.
        """
        for name in names:
            matches = [n for n in self.names if _base(n) == name.lower()]
            if matches:
                return min(matches, key=lambda n: (n.count("/"), n))
        raise CatalogueError(f"{self.path} holds no {' or '.join(names)}; check the path")

    def has(self, name: str) -> bool:
        """Whether a file of that base name is there."""
        return any(_base(n) == name.lower() for n in self.names)

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """A file's bytes as a stream; CatalogueError where it cannot be read."""
        try:
            if self._archive is not None:
                with self._archive.open(name) as member:
                    yield member
            else:
                with open_file(self.path / name) as file:
                    yield file
        except InputError as error:
            raise CatalogueError(str(error)) from None
        except _DAMAGED as error:
            raise CatalogueError(f"{self.path / name} cannot be read ({error}); check it") from None

    @contextlib.contextmanager
    def text(self, name: str, encoding: str = "utf-8-sig") -> Iterator[IO[str]]:
        """A file as text, line ends untouched; a byte that is wrong becomes a lone surrogate."""
        with self.open(name) as file:
            yield io.TextIOWrapper(file, encoding, errors="surrogateescape", newline="")

    def read(self, name: str, limit: int = MAX_TEXT) -> bytes:
        """A whole file; CatalogueError where it is larger than `limit` bytes."""
        if self._archive is None:
            try:
                return read_file(self.path / name, limit, self.path)
            except InputError as error:
                raise CatalogueError(str(error)) from None
            except OSError as error:
                reason = f"{self.path / name} cannot be read ({error.strerror}); check it"
                raise CatalogueError(reason) from None
        with self.open(name) as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise CatalogueError(f"{self.path / name}: more than {limit:,} bytes; shorten it")
        return data

    def poster(self, name: str) -> Poster:
        """An image as a path, or as bytes where it lies in an archive."""
        if self._archive is None:
            return self.path / name
        return self.read(name, Limits().max_bytes)

    def poster_of(self, *stems: str) -> Poster | None:
        """The image whose name, without folder and suffix, is one of `stems`."""
        if self._posters is None:
            images = (n for n in self.names if n.lower().endswith(SUFFIXES))
            self._posters = {PurePosixPath(n).stem: n for n in reversed(list(images))}
        matches = next((self._posters[stem] for stem in stems if stem in self._posters), None)
        return None if matches is None else self.poster(matches)


def _base(name: str) -> str:
    """The last part of a path, in small letters."""
    return name.rpartition("/")[2].lower()


def posters_in(names: Iterable[str]) -> list[str]:
    """Posters among relative paths, in order; images of kinds that are not read where no other of
    the same name is there, so that somebody is told. Litter is left out.
    """
    names = [name for name in sorted(names) if not has_litter(name)]
    posters = [name for name in names if name.lower().endswith(SUFFIXES)]
    stems = {name.rpartition(".")[0] for name in posters}
    others = (name for name in names if name.lower().endswith(OTHER_SUFFIXES))
    return sorted([*posters, *(name for name in others if name.rpartition(".")[0] not in stems)])


def _files(folder: Path, regular: bool) -> Iterator[str]:
    """Paths of files, but for links that lead out; whoever opens one checks that it is regular."""
    real = os.path.realpath(folder)
    parents = [""]
    while parents:
        parent = parents.pop()
        # One that may not be read is passed over.
        with contextlib.suppress(OSError), os.scandir(folder / parent) as entries:
            for entry in entries:
                name = f"{parent}{entry.name}"
                if is_litter(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    parents.append(f"{name}/")
                elif entry.is_symlink():
                    if _leads_to_file(entry, real):
                        yield name
                elif not regular or entry.is_file(follow_symlinks=False):
                    yield name


def _leads_to_file(link: os.DirEntry[str], folder: str) -> bool:
    """Whether it is a link to a regular file in a folder."""
    return link.is_file() and Path(os.path.realpath(link.path)).is_relative_to(folder)


def _is_overlapping(entries: Iterable[zipfile.ZipInfo]) -> bool:
    """Whether entries share bytes: a small archive could then unpack to any number of files."""
    end = 0
    for entry in sorted(entries, key=lambda e: e.header_offset):
        if entry.header_offset < end:
            return True
        end = entry.header_offset + _HEADER + len(entry.orig_filename) + entry.compress_size
    return False


def _inside(info: zipfile.ZipInfo) -> bool:
    """Whether an archive's entry is a plain file under the archive's root."""
    name = info.filename.replace("\\", "/")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if not parts or name.startswith("/") or ".." in parts or ":" in parts[0]:
        return False
    link = stat.S_ISLNK(info.external_attr >> 16)
    return not (info.is_dir() or link or any(map(is_litter, parts)))


def decode(data: bytes) -> str:
    """Text of a file whose encoding nobody tells: UTF-8, UTF-16 by its mark, or Windows-1252."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
