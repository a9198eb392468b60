"""An index of films that anybody may have made, opened so that it can do nothing but be read."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from genreel.errors import FilmsError, InputError
from genreel.files import open_file
from genreel.films.schema import APPLICATION, INDEXES, TABLES, VERSION

REMEDY = "make it again: genreel films SOURCE --out"

SECONDS = 10.0
"""For one question to the file. A whole one answers in milliseconds; a damaged one may lead in
circles."""

MAX_ROW = 8 * 2**20
"""Bytes of a row or a value; the largest that genreel writes has four million."""

_HEADER = 100  # bytes, https://www.sqlite.org/fileformat.html
_STEPS = 1_000  # of SQLite's machine between two looks at the clock


class IndexFile:
    """The file of an index, for `reading`. Views, triggers and tables of other kinds, which could
    compute whatever its maker wished, are not there: it has the tables of schema.py and no other.

    Args:
        path: of a regular file; it may lie where nothing can be written.

    Raises:
        FilmsError: it is missing, damaged, of another version, or no index.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._deadline = 0.0
        _check_file(path)
        with self.reading():
            # Immutable: no journal beside it is looked at. SQLite does not map it into memory,
            # so that a file that is cut off while it is open is an error and no signal.
            uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
            self.database = sqlite3.connect(uri, uri=True, check_same_thread=False)
            self.database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_ROW)
            self.database.set_progress_handler(self._is_late, _STEPS)
            self._check_version()
            if _schema(self.database) != _own_schema():
                raise FilmsError(f"{path} is no index that genreel made; {REMEDY} {path}")

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Says as FilmsError whatever is wrong with what is read inside."""
        self._deadline = time.monotonic() + SECONDS
        try:
            yield
        except (sqlite3.Error, ValueError, RecursionError) as error:
            raise FilmsError(f"{self.path} is damaged ({error}); {REMEDY} {self.path}") from None

    def _is_late(self) -> bool:
        return time.monotonic() > self._deadline

    def _check_version(self) -> None:
        [(application,)] = self.database.execute("PRAGMA application_id")
        [(version,)] = self.database.execute("PRAGMA user_version")
        if application != APPLICATION:
            raise FilmsError(f"{self.path} is no index of films; {REMEDY} {self.path}")
        if version < VERSION:
            raise FilmsError(f"{self.path} is of an older genreel; {REMEDY} {self.path}")
        if version > VERSION:
            raise FilmsError(f"{self.path} is of a newer genreel; update genreel, or {REMEDY} …")


def _schema(database: sqlite3.Connection) -> set[tuple[object, ...]]:
    """What a file holds, besides SQLite's own statistics."""
    rows = database.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")
    return {row for row in rows if row[1] not in ("sqlite_stat1", "sqlite_stat4")}


def _own_schema() -> set[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.executescript(TABLES + INDEXES)
        return _schema(database)


def _check_file(path: Path) -> None:
    try:
        with open_file(path) as file:
            header = file.read(_HEADER)
    except InputError:
        kind = "a folder" if path.is_dir() else "no regular file"
        raise FilmsError(f"{path} is {kind}, and no index of films; {REMEDY} FILE") from None
    except FileNotFoundError:
        raise FilmsError(
            f"{path} does not exist; make one: genreel films imdb --fetch --out {path}, or "
            f"genreel films movielens --fetch --out {path}, or of what you have: "
            f"genreel films SOURCE --out {path}"
        ) from None
    except OSError as error:
        raise FilmsError(f"{path} cannot be read ({error.strerror}); check it") from None
    if not header:
        raise FilmsError(f"{path} is empty; {REMEDY} {path}")
    if not header.startswith(b"SQLite format 3\0") or len(header) < _HEADER:
        raise FilmsError(f"{path} is no index of films; {REMEDY} {path}")
    page = int.from_bytes(header[16:18], "big")
    pages = int.from_bytes(header[28:32], "big")
    if pages * (65536 if page == 1 else page) > path.stat().st_size:
        raise FilmsError(f"{path} is cut off; copy it again, or {REMEDY} {path}")
