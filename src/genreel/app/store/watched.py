"""The files of a watched folder that were taken, so that none is taken twice."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import sqlalchemy as sa

from genreel.app.store.database import Database
from genreel.app.store.schema import films, watched

Change = Literal["new", "changed", "moved"]

_MAX_PATH = 500
"""Bytes of a path in the store, so that two of them fit into an index of PostgreSQL."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which film a file is of; `old_path` is where it lay before it was moved."""

    film: str
    change: Change
    old_path: str = ""


class WatchedFolder:
    """What a store knows of the files of one folder.

    Args:
        database: the store's.
        folder: the folder; paths of files are relative to it, as `stored_path` gives them.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self._name = stored_path(str(folder.resolve()))
        self._is_in_folder = watched.c.folder == self._name

    def signatures(self) -> dict[str, str]:
        """Path → signature of every file that was taken."""
        query = sa.select(watched.c.path, watched.c.signature).where(self._is_in_folder)
        with self.database.reading() as connection:
            return dict(connection.execute(query).all())

    def identify(self, path: str, digest: str, new_id: str, present: Container[str]) -> Identity:
        """The film that a file is of, as far as its path and its bytes show.

        Args:
            path: of the file.
            digest: of its bytes; a moved file is known by it.
            new_id: of the film if it is a new one, where no other file's film has it.
            present: the paths of all files that are in the folder now.
        """
        has_film = watched.c.film.in_(sa.select(films.c.id))
        query = sa.select(watched.c.path, watched.c.film).where(has_film)
        here = query.where(self._is_in_folder)
        with self.database.reading() as connection:
            same_path = connection.execute(here.where(watched.c.path == path)).first()
            same_bytes = connection.execute(here.where(watched.c.digest == digest)).all()
            # Another file may have had the name before it was moved, or has it in another folder.
            same_id = connection.execute(query.where(watched.c.film == new_id)).first()
        if same_path is not None:
            return Identity(same_path.film, "changed")
        for row in same_bytes:
            if row.path not in present:
                return Identity(row.film, "moved", row.path)
        if same_id is None:
            return Identity(new_id, "new")
        other = hashlib.sha256(f"{self._name}/{path} {digest}".encode()).hexdigest()
        return Identity(f"{new_id[:190]}-{other[:6]}", "new")

    def save(self, path: str, signature: str, digest: str, identity: Identity) -> None:
        """Notes that a file was taken, and forgets where it was before it was moved."""
        with self.database.writing() as connection:
            if identity.change == "moved":
                update = films.update().where(films.c.id == identity.film).values(path=path)
                connection.execute(update)
            is_old = watched.c.path.in_([path, identity.old_path])
            connection.execute(watched.delete().where(self._is_in_folder, is_old))
            connection.execute(
                watched.insert().values(
                    folder=self._name,
                    path=path,
                    signature=signature,
                    digest=digest,
                    film=identity.film,
                )
            )


def stored_path(path: str) -> str:
    r"""A path as every store can hold it: bytes that are not UTF-8 as \xff; a long one cut."""
    data = os.fsencode(path).decode("utf-8", "backslashreplace").encode()
    if len(data) <= _MAX_PATH:
        return data.decode()
    digest = hashlib.sha256(data).hexdigest()
    return f"{data[: _MAX_PATH - 65].decode(errors='ignore')}-{digest}"
