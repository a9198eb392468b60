"""The files of a watched folder that were taken, so that none is taken twice."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import sqlalchemy as sa

from genreel.app.store.database import Database
from genreel.app.store.schema import films, watched

Change = Literal["new", "changed", "moved"]


class WatchedFolder:
    """What a store knows of the files of one folder.

    Args:
        database: the store's.
        folder: the folder; paths of files are relative to it.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder
        self._name = str(folder.resolve())
        self._is_in_folder = watched.c.folder == self._name

    def signatures(self) -> dict[str, str]:
        """Path → signature of every file that was taken."""
        query = sa.select(watched.c.path, watched.c.signature).where(self._is_in_folder)
        with self.database.reading() as connection:
            return dict(connection.execute(query).all())

    def identify(self, path: str, digest: str, new_id: str) -> tuple[str, Change]:
        """The id of the film that a file is, and whether it is new, changed or moved.

        Args:
            path: of the file.
            digest: of its bytes; a moved file is known by it.
            new_id: of the film if it is a new one, where no other file's film has it.
        """
        query = sa.select(watched.c.path, watched.c.film).where(
            self._is_in_folder, watched.c.film.in_(sa.select(films.c.id))
        )
        with self.database.reading() as connection:
            same_path = connection.execute(query.where(watched.c.path == path)).first()
            same_bytes = connection.execute(query.where(watched.c.digest == digest)).all()
            # Another file may have had the name before it was moved.
            same_id = connection.execute(query.where(watched.c.film == new_id)).first()
        if same_path is not None:
            return same_path.film, "changed"
        for row in same_bytes:
            if not (self.folder / row.path).exists():
                return row.film, "moved"
        return (f"{new_id[:190]}-{digest[:6]}" if same_id else new_id), "new"

    def save(self, path: str, signature: str, digest: str, film_id: str, change: Change) -> None:
        """Notes that a file was taken, and forgets where it was before it was moved."""
        with self.database.writing() as connection:
            old_paths = [path]
            if change == "moved":
                is_same_film = watched.c.film == film_id
                query = sa.select(watched.c.path).where(self._is_in_folder, is_same_film)
                paths = connection.execute(query).scalars()
                old_paths += [old for old in paths if not (self.folder / old).exists()]
                update = films.update().where(films.c.id == film_id).values(path=path)
                connection.execute(update)
            is_old = watched.c.path.in_(old_paths)
            connection.execute(watched.delete().where(self._is_in_folder, is_old))
            connection.execute(
                watched.insert().values(
                    folder=self._name,
                    path=path,
                    signature=signature,
                    digest=digest,
                    film=film_id,
                )
            )
