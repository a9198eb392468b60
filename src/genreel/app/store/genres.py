"""The genres of a store: the bundle's, as a person calls or hides them, and those of one's own."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from genreel.app.store.database import Database, get_setting, set_setting
from genreel.app.store.schema import genres
from genreel.calibration import NEVER
from genreel.errors import GenreelError, StoreDamaged, StoreGone, UnknownGenre
from genreel.formats.names import Names
from genreel.own.file import genre_from_dict, genre_to_dict
from genreel.own.genre import OwnGenre
from genreel.own.vocabulary import OwnVocabulary
from genreel.vocabulary import key

FROM_FILE = "file "

_REVISION = "genres"
_SECONDS = 1.0  # for which genres are not asked for again: another server may have changed them
_SECONDS_GONE = 9.0  # and further ones, where the store does not answer


@dataclass(frozen=True)
class Learnt:
    """What a genre of one's own has learnt.

    Attributes:
        bundle: what `own.predicting.bundle_id` says of the bundle that it was learnt with.
        lesson: a hash of what it was learnt from; it begins with FROM_FILE where it came in a file.
        own: its weights, threshold and figure.
    """

    bundle: str
    lesson: str
    own: OwnGenre

    def to_json(self) -> dict[str, Any]:
        """Itself, as JSON can hold it."""
        return {"bundle": self.bundle, "lesson": self.lesson, "own": genre_to_dict(self.own)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Learnt:
        """The inverse of `to_json`."""
        return cls(value["bundle"], value["lesson"], genre_from_dict(value["own"]))

    @property
    def by(self) -> str:
        """What is noted with the opinions that follow from it."""
        return f"own {self.bundle[:12]} {self.lesson}"

    @property
    def is_from_file(self) -> bool:
        """Whether it was not learnt in this store."""
        return self.lesson.startswith(FROM_FILE)


@dataclass(frozen=True)
class StoreGenre:
    """A genre of a store.

    Attributes:
        genre: as opinions and programs call it; it never changes.
        name: what it is called.
        is_own: whether a person made it; else it is the bundle's.
        is_hidden: whether no film has it, and nobody sees it.
        is_deleted: whether it is only kept for undo.
        description, parent: as of `OwnGenre`; the parent by its `genre`.
        added: seconds since 1970.
        version: grows with every act of a person; 0 where there was none.
        learnt: what a genre of one's own has learnt; None: nothing yet.
    """

    genre: str
    name: str
    is_own: bool = False
    is_hidden: bool = False
    is_deleted: bool = False
    description: str = ""
    parent: str = ""
    added: float = 0.0
    version: int = 0
    learnt: Learnt | None = None

    def to_json(self) -> dict[str, Any]:
        """What a person said of it, for an event."""
        return {name: getattr(self, name) for name in PERSONS}

    def as_own(self) -> OwnGenre:
        """It with what it has learnt, as opinions call it."""
        own = OwnGenre(self.genre) if self.learnt is None else self.learnt.own
        return replace(own, name=self.genre, description=self.description, parent=self.parent)


PERSONS = ("name", "is_own", "is_hidden", "is_deleted", "description", "parent")
"""Attributes of a genre that a person says, and undo takes back."""


@dataclass(frozen=True)
class Genres:
    """All genres of a store, as they are now.

    Attributes:
        defaults: genre of the bundle → its threshold, where a film's case is not known.
        rows: genre → what the store keeps of it, those that were deleted among them.
        bundle: what `bundle_id` says of the bundle.
        revision: another one after every change.
    """

    defaults: Mapping[str, float]
    rows: Mapping[str, StoreGenre] = field(default_factory=dict)
    bundle: str = ""
    revision: str = ""

    def __getitem__(self, genre: str) -> StoreGenre:
        """A genre that there is; raises UnknownGenre."""
        row = self.rows.get(genre)
        if row is not None and not row.is_deleted:
            return row
        if row is None and genre in self.defaults:
            return StoreGenre(genre, genre)
        raise UnknownGenre(genre)

    @cached_property
    def all(self) -> tuple[StoreGenre, ...]:
        """Those that were not deleted: the bundle's in its order, then one's own by age."""
        own = [row for row in self.rows.values() if row.is_own and not row.is_deleted]
        return (*map(self.__getitem__, self.defaults), *sorted(own, key=lambda row: row.added))

    @cached_property
    def own(self) -> tuple[StoreGenre, ...]:
        """Those of one's own that are neither deleted nor hidden."""
        return tuple(row for row in self.all if row.is_own and not row.is_hidden)

    @cached_property
    def thresholds(self) -> dict[str, float]:
        """Genre that films may have → the score from which it is given, NEVER where it is silent;
        in the order of `all`.
        """
        limits = {**self.defaults, **{row.genre: self.limit(row) for row in self.own}}
        return {row.genre: limits[row.genre] for row in self.all if not row.is_hidden}

    def limit(self, row: StoreGenre) -> float:
        """The score from which a genre of one's own is given; NEVER where it is silent."""
        is_able = row.learnt is not None and row.learnt.bundle == self.bundle
        threshold = row.learnt.own.threshold if row.learnt and is_able else None
        return NEVER if threshold is None else threshold

    @cached_property
    def silent(self) -> frozenset[str]:
        """Genres of one's own that are only suggested."""
        return frozenset(row.genre for row in self.own if self.limit(row) == NEVER)

    @cached_property
    def able(self) -> tuple[StoreGenre, ...]:
        """Genres of one's own that give films of this bundle a score."""
        return tuple(row for row in self.own if row.learnt and row.learnt.bundle == self.bundle)

    @cached_property
    def parents(self) -> dict[str, tuple[str, ...]]:
        """Genre of one's own → all that a film has which has it."""
        lines = {}
        for row in self.own:
            line: list[str] = []
            at = row.parent
            while at in self.thresholds and at not in line:
                line.append(at)
                at = self[at].parent
            lines[row.genre] = tuple(line)
        return lines

    @cached_property
    def hidden(self) -> frozenset[str]:
        """Genres that no film has: hidden, or deleted."""
        rows = self.rows.values()
        return frozenset(row.genre for row in rows if row.is_hidden or row.is_deleted)

    @cached_property
    def new_names(self) -> dict[str, str]:
        """Genre → what it is called, where that is another name."""
        return {row.genre: row.name for row in self.all if row.name != row.genre}

    @cached_property
    def names(self) -> Names | None:
        """What genres are called; None where no name was changed."""
        entries = {genre.casefold(): (name,) for genre, name in self.new_names.items()}
        return Names(entries) if entries else None

    @cached_property
    def vocabulary(self) -> OwnVocabulary:
        """Genres of one's own as opinions call them, for `own.predicting`."""
        genres = tuple(row.as_own() for row in self.able)
        parents = {genre.name for genre in genres} | {*self.defaults}
        genres = tuple(g if g.parent in parents else replace(g, parent="") for g in genres)
        hidden = tuple(genre for genre in self.defaults if genre in self.hidden)
        return OwnVocabulary(self.bundle, genres, {}, hidden)

    @cached_property
    def spellings(self) -> tuple[str, ...]:
        """What genres may be called in files: as programs and as people call them."""
        return tuple(dict.fromkeys([*self.thresholds, *(self[g].name for g in self.thresholds)]))

    def spell(self, names: Iterable[str]) -> list[str]:
        """The genres that are meant by what a file calls them, in the order of `all`."""
        keys = {key(name) for name in names}
        return [g for g in self.thresholds if keys & {key(g), key(self[g].name)}]


class GenresOfStore:
    """The genres of a store, which other servers may change, too.

    Args:
        database: the store's.
        defaults: genre of the bundle → its threshold.
        bundle: what `own.predicting.bundle_id` says of it.
    """

    def __init__(self, database: Database, defaults: Mapping[str, float], bundle: str) -> None:
        self._database = database
        self._now = Genres(dict(defaults), {}, bundle)
        self._looked = float("-inf")
        self._changes = 0  # that were made here

    def now(self, connection: sa.Connection | None = None) -> Genres:
        """All genres: as the transaction that is open sees them, or as they were a second ago; or,
        where the store is gone, as they were last.
        """
        if connection is not None:
            return self._read(connection)
        if time.monotonic() - self._looked < _SECONDS:
            return self._now
        changes = self._changes
        try:
            with self._database.reading() as reading:
                now = self._read(reading)
        except StoreGone:
            self._looked = time.monotonic() + _SECONDS_GONE
            return self._now
        if changes == self._changes:  # else this may be how they were before
            self._now, self._looked = now, time.monotonic()
        return now

    def has_own(self) -> bool:
        """Whether there are genres of one's own that are not hidden."""
        return bool(self.now().own)

    @contextlib.contextmanager
    def changing(self) -> Iterator[sa.Connection]:
        """A transaction that may change genres."""
        try:
            with self._database.writing() as connection:
                yield connection
        finally:
            self._changes += 1
            self._looked = float("-inf")

    def put(self, connection: sa.Connection, rows: Iterable[StoreGenre]) -> None:
        """Keeps rows in place of those with their names, inside such a transaction."""
        for row in rows:
            values = {
                column.key: getattr(row, column.key)
                for column in genres.c
                if column.key != "learnt"
            }
            learnt = None if row.learnt is None else row.learnt.to_json()
            connection.execute(genres.delete().where(genres.c.genre == row.genre))
            connection.execute(genres.insert().values(**values, learnt=learnt))
        set_setting(connection, _REVISION, uuid.uuid4().hex)

    def _read(self, connection: sa.Connection) -> Genres:
        now = self._now
        revision = get_setting(connection, _REVISION, "")
        if revision == now.revision:
            return now
        rows = connection.execute(sa.select(genres)).mappings()
        by_genre = {row["genre"]: _from_row(row) for row in rows}
        return Genres(now.defaults, by_genre, now.bundle, revision)


def _from_row(row: sa.RowMapping) -> StoreGenre:
    values = {column.key: row[column.key] for column in genres.c}
    try:
        values["learnt"] = values["learnt"] and Learnt.from_json(values["learnt"])
    except (ValueError, TypeError, KeyError, AttributeError, GenreelError):
        message = f"the store is damaged (genre {row['genre']!r}); put back a copy"
        raise StoreDamaged(message) from None
    return StoreGenre(**values)
