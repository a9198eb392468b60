"""Makes an index of films: sources in, one SQLite file out, whole or not at all."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from genreel.errors import FilmsError
from genreel.files import remove_parts
from genreel.films.film import Film
from genreel.films.schema import APPLICATION, INDEXES, PART_BITS, TABLES, VERSION
from genreel.films.titles import MAIN, OTHER, forms, squeeze, trigrams

_BATCH = 10_000

T = TypeVar("T")


class Builder:
    """Takes films, source by source, and writes their index when it is left without an error.

    A film that an earlier source has as well (the same id, or the same title and year) is one
    film: it gains titles, and what the earlier source did not know.

        with Builder(Path("films.db")) as builder:
            builder.add(films, "my library", "kodi")
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.films = 0
        self.titles = 0
        self._sources = 0

    def __enter__(self) -> Builder:
        try:
            remove_parts(self.path.parent, self.path.name)
            descriptor, name = tempfile.mkstemp(".part", f".{self.path.name}.", self.path.parent)
        except OSError as error:
            raise FilmsError(
                f"cannot write {self.path} ({error.strerror}); check the folder"
            ) from None
        os.close(descriptor)
        self._part = Path(name)
        self._database = sqlite3.connect(name)
        # The file counts only once it is whole, so nothing of it need survive a crash.
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("PRAGMA cache_size = -65536")
        self._database.execute(f"PRAGMA application_id = {APPLICATION}")
        self._database.execute(f"PRAGMA user_version = {VERSION}")
        self._database.executescript(TABLES)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                with _writing(self.path):
                    self._finish()
        finally:
            self._database.close()
            self._part.unlink(missing_ok=True)

    def add(self, films: Iterable[Film], name: str, format_name: str = "") -> int:
        """Adds the films of one source; returns how many it has.

        Args:
            films: one without a title is passed over, and one whose id came before.
            name, format_name: what the index says about where they are from.

        Raises:
            FilmsError: the disk is full.
        """
        with _writing(self.path):
            if self._sources:  # this one's films may be there already
                self._database.executescript(INDEXES)
            count = 0
            for batch in _batches(_distinct(films)):
                count += self._add_batch(batch)
            self._sources += 1
            today = datetime.datetime.now(datetime.UTC).date().isoformat()
            self._database.execute(
                "INSERT INTO source VALUES (?, ?, ?, ?)", (name, format_name, count, today)
            )
            self._database.commit()
        return count

    def add_titles(self, titles: Iterable[tuple[str, str]]) -> None:
        """Adds other titles as (IMDb id, title); those of films that are not there are left out."""
        with _writing(self.path):
            self._database.executescript(INDEXES)
            numbers = self._numbers_by_imdb()
            rows = ((numbers[i], title) for i, title in titles if i in numbers)
            for batch in _batches(rows):
                self._insert_titles((number, OTHER, title) for number, title in batch)
            self._database.execute(
                "DELETE FROM title WHERE kind = ? AND number NOT IN "
                "(SELECT min(number) FROM title GROUP BY film, squeezed)",
                (OTHER,),
            )
            self._database.commit()

    def add_votes(self, votes: Iterable[tuple[str, int]]) -> None:
        """Sets votes as (IMDb id, votes); those of films that are not there are left out."""
        with _writing(self.path):
            numbers = self._numbers_by_imdb()
            rows = ((count, numbers[i]) for i, count in votes if i in numbers)
            self._database.executemany("UPDATE film SET votes = ? WHERE number = ?", rows)
            self._database.commit()

    def _numbers_by_imdb(self) -> dict[str, int]:
        rows = self._database.execute("SELECT imdb, number FROM film WHERE imdb IS NOT NULL")
        return dict(rows.fetchall())

    def _add_batch(self, films: list[Film]) -> int:
        rows, titles, count = [], [], 0
        for film in films:
            count += 1
            number = self._same(film) if self._sources else None
            if number is not None:
                self._merge(number, film)
                continue
            number = self.films
            self.films += 1
            rows.append(_row(number, film))
            titles += [(number, kind, text) for text, kind in _forms(film)]
        self._database.executemany("INSERT INTO film VALUES (?,?,?,?,?,?,?,?,?,?)", rows)
        self._insert_titles(titles)
        return count

    def _insert_titles(self, titles: Iterable[tuple[int, int, str]]) -> None:
        rows = []
        for film, kind, text in titles:
            plain = squeeze(text)
            if plain:
                rows.append((self.titles, film, kind, text, plain))
                self.titles += 1
        self._database.executemany("INSERT INTO title VALUES (?,?,?,?,?)", rows)

    def _same(self, film: Film) -> int | None:
        """The number of a film that an earlier source has as well."""
        for column, value in (("imdb", film.imdb), ("tmdb", film.tmdb)):
            if value:
                sql = f"SELECT number FROM film WHERE {column} = ?"  # noqa: S608 - two names
                row = self._database.execute(sql, (value,)).fetchone()
                if row:
                    return int(row[0])
        row = self._database.execute(
            "SELECT film.number FROM title JOIN film ON film.number = title.film "
            "WHERE squeezed = ? AND kind = ? AND year = ? "
            "AND (imdb IS NULL OR ? = '') AND (tmdb IS NULL OR ? = '')",
            (squeeze(film.title), MAIN, film.year, film.imdb, film.tmdb),
        ).fetchone()
        return int(row[0]) if row else None

    def _merge(self, number: int, film: Film) -> None:
        genres, votes = self._database.execute(
            "SELECT genres, votes FROM film WHERE number = ?", (number,)
        ).fetchone()
        genres = {**film.genres, **json.loads(genres or "{}")}
        counts = [count for count in (votes, film.votes) if count is not None]
        self._database.execute(
            "UPDATE film SET year = coalesce(year, ?), genres = ?, plot = coalesce(plot, ?), "
            "people = coalesce(people, ?), votes = ?, imdb = coalesce(imdb, ?), "
            "tmdb = coalesce(tmdb, ?) WHERE number = ?",
            (
                *(film.year, _json(genres), film.plot or None, "|".join(film.people) or None),
                *(max(counts, default=None), film.imdb or None, film.tmdb or None, number),
            ),
        )
        rows = self._database.execute("SELECT squeezed FROM title WHERE film = ?", (number,))
        older = {plain for (plain,) in rows}
        self._insert_titles(
            (number, max(kind, OTHER), text)
            for text, kind in _forms(film)
            if squeeze(text) not in older
        )

    def _finish(self) -> None:
        """Writes the postings, then puts the file in its place."""
        self._database.executescript(INDEXES)
        for part in range((self.titles >> PART_BITS) + 1):
            self._write_postings(part)
        self._write_norms()
        self._database.commit()
        self._database.execute("PRAGMA optimize")
        self._database.close()
        descriptor = os.open(self._part, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._part.chmod(0o644)
        os.replace(self._part, self.path)

    def _write_postings(self, part: int) -> None:
        """Trigram → the titles of a part that have it."""
        first = part << PART_BITS
        rows = self._database.execute(
            "SELECT number - ?, squeezed FROM title WHERE number >= ? AND number < ? "
            "ORDER BY number",
            (first, first, first + (1 << PART_BITS)),
        ).fetchall()
        self._database.execute("INSERT INTO part VALUES (?, ?, NULL)", (part, 1 << PART_BITS))
        if not rows:
            return
        places = np.array([place for place, _ in rows], np.uint64)
        keys, owners = trigrams([plain for _, plain in rows])
        del rows
        pairs = keys.astype(np.uint64) << np.uint64(32) | places[owners]
        pairs = np.unique(pairs)
        keys = (pairs >> np.uint64(32)).astype(np.int64)
        titles = (pairs & np.uint64(0xFFFFFFFF)).astype("<u4")
        starts = np.flatnonzero(np.diff(keys, prepend=-1))
        stops = np.append(starts[1:], len(keys))
        self._database.executemany(
            "INSERT INTO trigram VALUES (?, ?, ?, ?)",
            (
                (int(keys[start]), part, int(stop - start), titles[start:stop].tobytes())
                for start, stop in zip(starts, stops, strict=True)
            ),
        )

    def _write_norms(self) -> None:
        """The whole weight of each title's trigrams, as float16."""
        norms: dict[int, NDArray[np.float32]] = {}
        counts = dict(self._database.execute("SELECT key, sum(count) FROM trigram GROUP BY key"))
        for key, part, blob in self._database.execute("SELECT key, part, titles FROM trigram"):
            if part not in norms:
                norms[part] = np.zeros(1 << PART_BITS, np.float32)
            norms[part][np.frombuffer(blob, "<u4")] += rarity(counts[key], self.titles)
        for part, values in norms.items():
            last = min(self.titles - (part << PART_BITS), 1 << PART_BITS)
            self._database.execute(
                "UPDATE part SET titles = ?, norms = ? WHERE number = ?",
                (last, values[:last].astype("<f2").tobytes(), part),
            )


def rarity(count: int, titles: int) -> float:
    """Weight of a trigram that `count` of all `titles` have: its surprise, in nats."""
    return float(np.log((titles + 1) / count))


def _distinct(films: Iterable[Film]) -> Iterator[Film]:
    """Films with a title, each id once."""
    ids: set[str] = set()
    for film in films:
        if film.id not in ids and squeeze(film.title):
            ids.add(film.id)
            yield film


def _forms(film: Film) -> Iterator[tuple[str, int]]:
    """A film's titles, each form once."""
    earlier = set()
    for nth, title in enumerate((film.title, *film.other_titles)):
        for text, kind in forms(title):
            plain = squeeze(text)
            if plain and plain not in earlier:
                earlier.add(plain)
                yield text, kind if not nth else max(kind, OTHER)


def _row(number: int, film: Film) -> tuple[object, ...]:
    return (
        *(number, film.id, film.title, film.year, _json(film.genres), film.plot or None),
        *("|".join(film.people) or None, film.votes, film.imdb or None, film.tmdb or None),
    )


def _json(genres: object) -> str | None:
    return json.dumps(genres, ensure_ascii=False) if genres else None


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    # The latter two: half a character, a number of over 64 bits.
    except (sqlite3.Error, OSError, UnicodeEncodeError, OverflowError) as error:
        raise FilmsError(f"cannot write {path} ({error}); check the folder and its space") from None
