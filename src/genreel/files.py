"""Reads files that are known first; writes files whole or not at all."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, BinaryIO

from genreel.errors import GenreelError, InputError, WriteError

_PART = ".part"  # ends the name of a file that is being written
_LONGEST = 232  # bytes of a name; a disk holds 255, and a part has dots, a random text and an end


def _part_of(name: str) -> str:
    """How the name of a part of the file or folder called `name` begins."""
    while len(os.fsencode(name)) > _LONGEST:
        name = name[:-1]
    return f".{name}."


def read_file(path: Path, max_bytes: int, root: Path | None = None) -> bytes:
    """A regular file's bytes. A pipe, a device or a larger file is never read or waited for.

    Args:
        path: of the file.
        max_bytes: it may have.
        root: the folder that it must lie in, links followed; None: anywhere.

    Raises:
        InputError: it is no such file.
        OSError: it cannot be read.
    """
    real = Path(os.path.realpath(path))
    if root is not None and not real.is_relative_to(os.path.realpath(root)):
        raise InputError(f"{path.name} leads out of {root}; put the file itself there")
    with open_file(real, path.name) as file:
        _check_size(path.name, os.fstat(file.fileno()).st_size, max_bytes)
        data = file.read(max_bytes + 1)
    _check_size(path.name, len(data), max_bytes)
    return data


def open_file(path: Path, name: str = "") -> BinaryIO:
    """A regular file, opened to be read. A pipe or a device is never opened or waited for.

    Args:
        path: of the file.
        name: what an error calls it; empty: its path.

    Raises:
        InputError: it is no such file.
        OSError: it cannot be opened.
    """
    _check_regular(name or str(path), path.stat())
    # It may have become a pipe since: without O_NONBLOCK, opening one waits for its writer.
    file = open(path, "rb", opener=_open_now)  # noqa: SIM115 - the caller closes it
    try:
        _check_regular(name or str(path), os.fstat(file.fileno()))
    except InputError:
        file.close()
        raise
    return file


def open_journal(path: Path) -> BinaryIO:
    """A regular file, made where there is none, opened to be read and added to. A link is never
    followed: in a folder of somebody else's it may lead to any file of the person who runs this.

    Raises:
        InputError: it is no such file.
        OSError: it cannot be opened.
    """
    with contextlib.suppress(FileNotFoundError):
        if path.is_symlink():
            raise InputError(f"{path} is a link; remove it")
        _check_regular(str(path), path.stat())
    return open(path, "a+b", opener=_open_no_link)


def _open_no_link(path: str, flags: int) -> int:
    return _open_now(path, flags | getattr(os, "O_NOFOLLOW", 0))


def _open_now(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o666)


def _check_regular(name: str, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{name} is no regular file; replace it")


def _check_size(name: str, size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise InputError(f"{name}: more than {max_bytes:,} bytes; shorten it")


def lock(file: IO[bytes]) -> bool:
    """Whether a file is now held by this process alone, until it closes the file or ends.

    Where the system or the disk has no locks, it is.
    """
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


@contextlib.contextmanager
def whole_file(path: Path, sync: bool = True) -> Iterator[IO[bytes]]:
    """A binary file to write to, which becomes the one at `path` once it is written completely.

    A link is written through. Owner, group, mode and extended attributes (access lists among
    them) stay those of the file before, as far as the system lets this process set them.

    Args:
        path: of the file.
        sync: wait until it is on the disk, so that it survives a loss of power too.

    Raises:
        WriteError: the folder cannot be written, or the disk is full; `path` is as it was.
    """
    path = Path(os.path.realpath(path)) if path.is_symlink() else path
    try:
        descriptor, temporary = tempfile.mkstemp(_PART, _part_of(path.name), path.parent)
    except OSError as error:
        raise _cannot_write(path, error) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            if sync:
                os.fsync(file.fileno())
        if path.exists():
            _copy_metadata(path, Path(temporary))
        else:  # mkstemp makes private files; this one is as open as any new one
            Path(temporary).chmod(0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        raise _cannot_write(path, error) from None
    finally:
        Path(temporary).unlink(missing_ok=True)


def _copy_metadata(path: Path, temporary: Path) -> None:
    """Gives a file the owner, group, mode and extended attributes of another one."""
    status = path.stat()
    if hasattr(os, "chown"):  # a group may be set by its members, an owner by root alone
        for owner in (status.st_uid, -1):
            with contextlib.suppress(OSError):
                os.chown(temporary, owner, status.st_gid)
                break
    temporary.chmod(stat.S_IMODE(status.st_mode))
    if sys.platform == "linux":  # the only system whose Python can
        with contextlib.suppress(OSError):
            for name in os.listxattr(path):
                with contextlib.suppress(OSError):
                    os.setxattr(temporary, name, os.getxattr(path, name))


def write_whole(path: Path, data: bytes | memoryview, sync: bool = True) -> None:
    """Writes `data` to `path` through `whole_file`."""
    with whole_file(path, sync) as file:
        file.write(data)


def remove_parts(folder: Path, name: str = "") -> None:
    """Removes the unfinished files that killed writers left in a folder.

    Args:
        folder: where they wrote.
        name: of the file they wrote; empty: any.
    """
    start = glob.escape(_part_of(name)) if name else ".*."
    for path in folder.glob(f"{start}*{_PART}"):
        path.unlink(missing_ok=True)


def write_folder_whole(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes a folder of files that appears at once, in place of an older one if there is one.

    If the system can swap two folders (Linux), there is no moment without either, even if the
    process is killed; elsewhere there is a short one.

    Raises:
        GenreelError: it cannot be written; an older folder is as it was.
    """
    folder = Path(os.path.realpath(folder))  # of a link, the folder it points to
    if folder.exists() and not folder.is_dir():
        raise GenreelError(f"cannot write {folder}: a file is there; give another path")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        for part in folder.parent.glob(f"{glob.escape(_part_of(folder.name))}*{_PART}"):
            shutil.rmtree(part, ignore_errors=True)  # of a writer that was killed
        temporary = Path(tempfile.mkdtemp(_PART, _part_of(folder.name), folder.parent))
    except OSError as error:
        raise _cannot_write(folder, error) from None
    old = temporary.with_name(temporary.name + ".old")
    try:
        for name, data in files.items():
            write_whole(temporary / name, data)
        temporary.chmod(0o777 & ~_umask())
        if folder.exists():
            if _swap(temporary, folder):  # `temporary` is the older one now, and removed below
                return
            folder.rename(old)
        try:
            temporary.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
    except OSError as error:
        raise _cannot_write(folder, error) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _swap(one: Path, other: Path) -> bool:
    """Swaps two folders at once; False where the system or its disk cannot."""
    if sys.platform != "linux":
        return False
    import ctypes  # few that import this file ever replace a folder

    at_cwd, exchange = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of linux/fs.h
    rename = getattr(ctypes.CDLL(None), "renameat2", None)  # glibc 2.28, musl 1.2.6
    return rename is not None and not rename(
        at_cwd, os.fsencode(one), at_cwd, os.fsencode(other), exchange
    )


def _cannot_write(path: Path, error: OSError) -> WriteError:
    reason = error.strerror or error
    return WriteError(f"cannot write {path} ({reason}); check the folder and its free space")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
