"""Genres written into a media server by its API, where there are no NFO files, and the way back.

    $XDG_STATE_HOME/genreel/servers/HOST.jsonl    a line for each movie: genres before, after

The line is on the disk before the server is asked, so that the way back is known whenever a run is
stopped.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import urllib.parse
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from genreel.app.media.client import MediaError
from genreel.app.media.item import Item, MediaServer
from genreel.catalogue import Movie
from genreel.errors import GenreelError, one_line
from genreel.files import lock, open_journal
from genreel.formats.mark import key
from genreel.formats.names import Names
from genreel.prediction import Prediction
from genreel.tables import read_json_lines

Say = Callable[[str], object]
Predict = Callable[[Iterable[Movie]], Iterator[Prediction]]


@dataclass
class Edits:
    """How many movies changed, stayed as they are, are locked, and failed."""

    changed: int = 0
    unchanged: int = 0
    locked: int = 0
    failed: int = 0


class ServerJournal:
    """What was written to one server; a second process is refused.

    Args:
        name, address: of the server.

    Raises:
        GenreelError: it cannot be opened, or another process has it open.
    """

    def __init__(self, name: str, address: str) -> None:
        self.path = _state_folder() / f"{name}-{_slug(address)}.jsonl"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open_journal(self.path)
            is_free = lock(self._file)
        except OSError as error:
            raise MediaError(f"cannot write {self.path} ({error.strerror}); check it") from None
        if not is_free:
            self._file.close()
            raise MediaError(f"another genreel writes to {name} at {address}; wait until it ends")
        self.run = 1 + max((line["run"] for line in self.lines()), default=0)

    def lines(self) -> list[Mapping[str, Any]]:
        """What was noted so far; lines that are damaged are left out."""
        self._file.seek(0)
        return [row for _, row in read_json_lines(self._file) if _is_line(row)]

    def note(self, **line: object) -> None:
        """Adds a line, and waits until it is on the disk; MediaError where it does not get there.

        Nothing may change on the server then.
        """
        try:
            self._file.write(b"\n" + json.dumps(line).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise MediaError(f"cannot write {self.path} ({error.strerror}); make room") from None

    def close(self) -> None:
        """Lets others write."""
        self._file.close()


def _is_line(row: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether it is a line as `edit` or `undo_edits` notes it."""
    if not isinstance(row, dict) or type(row.get("run")) is not int:
        return False
    if "id" not in row:
        return type(row.get("undone")) is int
    lists = (row.get("before"), row.get("after"))
    return isinstance(row["id"], str) and all(
        isinstance(names, list) and all(isinstance(name, str) for name in names) for names in lists
    )


def edit(
    server: MediaServer,
    journal: ServerJournal | None,
    predict: Predict,
    names: Names,
    show: Say,
    warn: Say,
    *,
    add: bool = False,
) -> Edits:
    """Gives genres to the movies that have none.

    Args:
        server: that has the movies.
        journal: for the way back; None: nothing is written.
        predict: movies → predictions, in order.
        names: what genres are called there.
        show: takes a line for each change.
        warn: takes a line for each movie that failed.
        add: whether genres join those that stand there.
    """
    counts = Edits()
    items = [item for item in server.items() if add or not item.genres]
    predictions = predict(item.movie() for item in items)
    for item, prediction in zip(items, predictions, strict=True):
        title = item.title or item.id
        if prediction.error:
            warn(one_line(f"{title}: {prediction.error}"))
            counts.failed += not prediction.genres
        genres = names(prediction.genres)
        if not genres:
            counts.unchanged += not prediction.error
            continue
        try:
            _edit(server, journal, item, genres, counts, show, add)
        except GenreelError as error:
            counts.failed += 1
            warn(one_line(f"{title}: {error}"))
    return counts


def _edit(
    server: MediaServer,
    journal: ServerJournal | None,
    item: Item,
    genres: tuple[str, ...],
    counts: Edits,
    show: Say,
    add: bool,
) -> None:
    now = server.item(item)
    if now.is_locked:
        counts.locked += 1
        return
    there = set(map(key, now.genres))
    new = (*now.genres, *(name for name in genres if key(name) not in there))
    if (now.genres and not add) or new == now.genres:
        counts.unchanged += 1
        return
    if journal is not None:
        journal.note(run=journal.run, id=item.id, before=now.genres, after=new)
        server.write(now, new)
    genres_before = ", ".join(now.genres) or "–"
    show(one_line(f"{item.title or item.id}: {genres_before} → {', '.join(new)}") + "\n")
    counts.changed += 1


def undo_edits(server: MediaServer, journal: ServerJournal, warn: Say) -> Edits:
    """Puts back what the last run changed; genres that were edited since stay as they are.

    Raises:
        MediaError: there is nothing to undo.
    """
    counts = Edits()
    lines = journal.lines()
    undone = {line.get("undone") for line in lines}
    runs = {line["run"] for line in lines if "id" in line} - undone
    if not runs:
        raise MediaError(f"{server.name}: nothing to undo there")
    run = max(runs)
    for line in reversed([line for line in lines if line["run"] == run and "id" in line]):
        try:
            _undo_one(server, line, counts, warn)
        except GenreelError as error:
            counts.failed += 1
            warn(str(error))
    if not counts.failed:
        journal.note(run=journal.run, undone=run)
    return counts


def _undo_one(server: MediaServer, line: Mapping[str, Any], counts: Edits, warn: Say) -> None:
    now = server.item(_item_of(server, str(line["id"])))
    before, after = tuple(line["before"]), tuple(line["after"])
    if sorted(map(key, now.genres)) == sorted(map(key, after)):
        server.write(now, before, is_locked=False)
        counts.changed += 1
    elif sorted(now.genres) == sorted(before):
        counts.unchanged += 1
    else:
        counts.unchanged += 1
        warn(one_line(f"{now.title or now.id} was edited since; left as it is"))


def _item_of(server: MediaServer, item_id: str) -> Item:
    """An item as `MediaServer.item` asks for it; Kodi does not tell one by one."""
    if server.name == "kodi":
        return next((i for i in server.items() if i.id == item_id), Item(item_id))
    return Item(item_id)


def _state_folder() -> Path:
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "genreel" / "servers"


def _slug(address: str) -> str:
    """A name of a file for an address."""
    host = urllib.parse.urlsplit(address).netloc
    digest = hashlib.sha256(address.encode()).hexdigest()[:8]
    return re.sub(r"[^\w.-]", "-", host)[:80] + "-" + digest
