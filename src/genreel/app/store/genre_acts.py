"""What a person does to the genres of a store; each act can be undone.

Films follow with `Tuning.rescore`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from genreel.app.store.genre_events import keep_genres
from genreel.app.store.genres import FROM_FILE, PERSONS, Genres, Learnt, StoreGenre
from genreel.app.store.schema import opinions
from genreel.app.store.store import Store
from genreel.errors import Conflict, VocabularyError
from genreel.naming import check_description, check_name, check_new
from genreel.own.file import digest_of
from genreel.own.genre import OwnGenre
from genreel.own.vocabulary import MOST, OwnVocabulary, parents_of
from genreel.vocabulary import key


def make_genre(store: Store, name: str, description: str = "", parent: str = "") -> StoreGenre:
    """Makes a genre of one's own.

    What people said of films under the name of one that was deleted counts again.

    Args:
        name: as a person reads it; see `genreel.naming`.
        description: what such a movie is about.
        parent: a genre that every such movie has, too; empty: none.

    Raises:
        VocabularyError: it cannot be called so, has no such parent, or there are MOST.
    """
    with store.genres.changing() as connection:
        genres = store.genres.now(connection)
        row = _new_row(genres, name, description, parent)
        _check(genres, [row])
        return keep_genres(connection, store.genres, [row])[0]


def change_genre(
    store: Store, genre: str, changes: Mapping[str, Any], version: int | None = None
) -> StoreGenre:
    """Renames, describes or hides a genre, or puts it under another.

    Args:
        genre: as opinions have it.
        changes: of `name`, `description`, `parent` and `is_hidden`; a genre of the bundle has
            neither description nor parent.
        version: the genre's, as the person saw it; None to not ask.

    Raises:
        UnknownGenre, Conflict: somebody else changed it since.
        VocabularyError: it cannot be so.
    """
    with store.genres.changing() as connection:
        genres = store.genres.now(connection)
        old = _expect(genres, genre, version)
        if not old.is_own and changes.keys() & {"description", "parent"}:
            raise VocabularyError(f"genre {genre!r} is the model's: rename it or hide it")
        new = replace(old, **changes)
        if "name" in changes:
            check = check_new if old.is_own else check_name
            others = _names(genres, genre)
            name = new.name.strip()
            new = replace(new, name=genre if name == genre else check(name, others))
        description, parent = check_description(new.description), _parent(genres, new.parent)
        new = replace(new, description=description, parent=parent)
        _check(genres, [new])
        is_other = any(getattr(new, name) != getattr(old, name) for name in PERSONS)
        return keep_genres(connection, store.genres, [new])[0] if is_other else old


def delete_genre(
    store: Store, genre: str, version: int | None = None, *, drop: bool = False
) -> None:
    """Deletes a genre of one's own; no film has it any more. What people said stays for undo.

    Args:
        genre: as opinions have it.
        version: the genre's, as the person saw it; None to not ask.
        drop: whether films lose it that have it by a person's word.

    Raises:
        UnknownGenre, Conflict: somebody else changed it since; or such films have it, and not
            `drop`; or it is another's parent.
        VocabularyError: it is the bundle's.
    """
    with store.genres.changing() as connection:
        genres = store.genres.now(connection)
        row = _expect(genres, genre, version)
        if not row.is_own:
            raise VocabularyError(f"genre {genre!r} is the model's: hide it instead")
        child = next((one.name for one in genres.all if one.parent == genre), None)
        if child is not None:
            raise Conflict(f"{row.name!r} is the parent of {child!r}; change that first")
        count = count_persons(connection, genre)
        if count and not drop:
            some = "1 film has" if count == 1 else f"{count:,} films have"
            raise Conflict(
                f"{some} {row.name!r} by a person's word; hide it, or delete it with films=drop: "
                "then they lose it, until that is undone"
            )
        keep_genres(connection, store.genres, [replace(row, is_deleted=True)])


def add_genres(store: Store, own: OwnVocabulary) -> tuple[list[str], list[str]]:
    """Adds the genres of a file that the store has not, and its new names and hidden genres.

    Args:
        own: that was checked against the bundle, if it has learnt anything.

    Returns:
        Names of genres that were added, and of those that were there already, which stay.

    Raises:
        VocabularyError: there are too many, or a name is taken.
    """
    added, present = [], []
    with store.genres.changing() as connection:
        genres = store.genres.now(connection)
        by_name = {key(row.name): row.genre for row in genres.all}
        rows: list[StoreGenre] = []
        for one in own.genres:
            if key(one.name) in by_name:
                present.append(one.name)
                continue
            row = _new_row(genres, one.name, one.description, "")
            by_name[key(row.name)] = row.genre
            learnt = None
            if one.linear is not None:
                lesson = FROM_FILE + digest_of(OwnVocabulary("", (one,)))[:8]
                learnt = Learnt(own.bundle, lesson, replace(one, name=row.genre, parent=""))
            rows.append(replace(row, learnt=learnt, parent=one.parent))
            added.append(row.name)
        rows = [replace(row, parent=by_name.get(key(row.parent), row.parent)) for row in rows]
        for genre in {**own.new_names, **dict.fromkeys(own.hidden_genres)}:
            if genre in genres.rows:  # a person has changed it already
                present.append(genre)
                continue
            name = own.new_names.get(genre, genre)
            if name != genre:
                name = check_name(name, _names(genres, genre))
            is_hidden = genre in own.hidden_genres
            rows.append(StoreGenre(genre, name, is_hidden=is_hidden))
            added.append(name)
        _check(genres, rows)
        if rows:
            keep_genres(connection, store.genres, rows)
    return added, present


def own_vocabulary(genres: Genres) -> OwnVocabulary:
    """All that a person said of genres and that they have learnt, as `own.file` keeps it."""
    rows = [row for row in genres.all if row.is_own]
    names = {row.genre: row.name for row in rows}
    own_genres = []
    for row in rows:
        one = row.as_own() if row in genres.able else OwnGenre(row.genre)
        parent = names.get(row.parent, row.parent)
        own_genres.append(replace(one, name=row.name, description=row.description, parent=parent))
    own = {row.genre for row in rows}
    new_names = {g: name for g, name in genres.new_names.items() if g not in own}
    hidden = tuple(row.genre for row in genres.all if row.is_hidden and not row.is_own)
    return OwnVocabulary(genres.bundle, tuple(own_genres), new_names, hidden)


def save_learnt(store: Store, genre: str, version: int, learnt: Learnt) -> None:
    """Keeps what a genre has learnt, unless a person has changed it since."""
    with store.genres.changing() as connection:
        row = store.genres.now(connection).rows.get(genre)
        if row is not None and row.version == version:
            store.genres.put(connection, [replace(row, learnt=learnt)])


def count_persons(connection: sa.Connection, genre: str) -> int:
    """How many films have a genre by a person's word."""
    query = sa.select(sa.func.count()).where(
        opinions.c.genre == genre, opinions.c.source == "person", opinions.c.verdict
    )
    return int(connection.execute(query).scalar_one())


def _new_row(genres: Genres, name: str, description: str, parent: str) -> StoreGenre:
    name = check_new(name, _names(genres))
    old = genres.rows.get(name)  # was deleted: else its name were taken
    version = old.version if old else 0
    added = time.time()
    row = StoreGenre(name, name, is_own=True, added=added, version=version)
    parent = _parent(genres, parent)
    return replace(row, description=check_description(description), parent=parent)


def _parent(genres: Genres, name: str) -> str:
    """The genre that is meant by a name; the name itself where there is none."""
    if any(row.genre == name for row in genres.all):
        return name
    return next((row.genre for row in genres.all if key(row.name) == key(name)), name)


def _names(genres: Genres, but: str = "") -> list[str]:
    """Names that another genre cannot have: those in use, and those that programs call them."""
    rows = [row for row in genres.all if row.genre != but]
    return [name for row in rows for name in (row.name, row.genre)]


def _expect(genres: Genres, genre: str, version: int | None) -> StoreGenre:
    row = genres[genre]
    if version is not None and row.version != version:
        raise Conflict(f"genre {row.name!r} was changed by somebody else; look at it again")
    return row


def _check(genres: Genres, rows: Iterable[StoreGenre]) -> None:
    """Whether genres may be so, together with the others."""
    own = {row.genre: row for row in genres.all if row.is_own}
    own |= {row.genre: row for row in rows if row.is_own}
    if len(own) > MOST:
        raise VocabularyError(f"there are {MOST} genres of your own already; delete one")
    parents_of([OwnGenre(row.genre, parent=row.parent) for row in own.values()], [*genres.defaults])
