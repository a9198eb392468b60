"""An index of films, opened to be asked."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from genreel.errors import FilmsError, InputError
from genreel.files import open_file
from genreel.films.building import rarity
from genreel.films.film import Film
from genreel.films.schema import APPLICATION, PART_BITS, VERSION
from genreel.films.titles import trigrams

REMEDY = "make it again: genreel films SOURCE --out"
_COMMON = 0.03  # share of titles; a trigram of more tells little, and costs most
_HEADER = 100  # bytes, https://www.sqlite.org/fileformat.html


class Title(NamedTuple):
    """A title of the index: its number, its film's number, what it is to it, and how it reads."""

    number: int
    film: int
    kind: int
    text: str
    squeezed: str


@dataclass(frozen=True, slots=True)
class Origin:
    """A source of an index."""

    name: str
    format: str
    films: int
    made: str


class Index:
    """An index of films, open for reading; several threads may ask it.

    Args:
        path: the file that `genreel films` made; it may lie where nothing can be written.

    Raises:
        FilmsError: it is missing, damaged, empty, of another version, or no index.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.films = 0
        _check_file(self.path)
        uri = f"{self.path.resolve().as_uri()}?mode=ro&immutable=1"
        with self._reading():
            self._database = sqlite3.connect(uri, uri=True, check_same_thread=False)
            self._database.execute("PRAGMA mmap_size = 1073741824")
            self._check_version()
            rows = self._database.execute("SELECT number, titles, norms FROM part")
            self._norms = {n: np.frombuffer(norms or b"", "<f2") for n, _, norms in rows}
            [(self.films,)] = self._database.execute("SELECT count(*) FROM film")
            self.titles = sum(map(len, self._norms.values()))
            rows = self._database.execute("SELECT name, format, films, made FROM source")
            self.origins = tuple(Origin(*row) for row in rows)
        if not self.films:
            raise FilmsError(f"{self.path} holds no films; {REMEDY} {self.path}")

    def close(self) -> None:
        """Closes the file."""
        self._database.close()

    def candidates(
        self, texts: Sequence[str], weights: Sequence[float], count: int
    ) -> NDArray[np.int64]:
        """Numbers of the titles that share most with some texts.

        A title's score is S² / (N + 3): N the rarity of all its trigrams, S of those that a text
        has, each times the text's weight. So it must both say much and be explained.

        Args:
            texts: squeezed.
            weights: of the texts, from 0 to 1.
            count: titles of each part of the index at most.

        Returns:
            int64, shape (n,), in no order.
        """
        keys, owners = trigrams(list(texts))
        if not len(keys):
            return np.empty(0, np.int64)
        distinct, places = np.unique(keys, return_inverse=True)
        shares = np.zeros(len(distinct))
        np.maximum.at(shares, places, np.asarray(weights)[owners])
        by_key = dict(zip(distinct.tolist(), shares.tolist(), strict=True))
        numbers = []
        with self._reading():
            for part, norms in self._norms.items():
                places = self._best(part, norms, by_key, count)
                numbers.append(places + (part << PART_BITS))
        return np.concatenate(numbers)

    def _best(
        self, part: int, norms: NDArray[np.float16], weights: dict[int, float], count: int
    ) -> NDArray[np.int64]:
        marks = ",".join("?" * len(weights))
        most = max(50, int(_COMMON * len(norms)))
        sql = f"SELECT key, count, titles FROM trigram WHERE part = ? AND key IN ({marks})"  # noqa: S608
        blobs, gains = [], []
        for key, titles, blob in self._database.execute(sql, (part, *weights)):
            if titles <= most:
                blobs.append(np.frombuffer(blob, "<u4"))
                gain = rarity(titles, len(norms))
                gains.append(np.full(titles, weights[key] * gain, np.float32))
        if not blobs:
            return np.empty(0, np.int64)
        scores = np.bincount(np.concatenate(blobs), np.concatenate(gains), len(norms))
        hits = np.flatnonzero(scores)
        gain_sums = scores[hits]
        values = gain_sums * gain_sums / (norms[hits] + np.float32(3))
        if len(hits) > count:
            best = np.argpartition(values, -count)[-count:]
            hits = hits[best]
        return hits

    def rarities(self, numbers: Sequence[int]) -> NDArray[np.float32]:
        """Rarity of all trigrams of each of some titles, in nats, shape (titles,)."""
        mask = (1 << PART_BITS) - 1
        values = [self._norms[number >> PART_BITS][number & mask] for number in numbers]
        return np.array(values, np.float32)

    def titles_named(self, texts: Iterable[str]) -> list[int]:
        """Numbers of the titles that read exactly like one of some squeezed texts."""
        texts = list(texts)
        marks = ",".join("?" * len(texts))
        sql = f"SELECT number FROM title WHERE squeezed IN ({marks}) LIMIT 2000"  # noqa: S608
        with self._reading():
            return [number for (number,) in self._database.execute(sql, texts)]

    def titles_that_begin(self, text: str, count: int) -> list[int]:
        """Numbers of `count` titles that begin with a squeezed text."""
        sql = "SELECT number FROM title WHERE squeezed >= ? AND squeezed < ? LIMIT ?"
        with self._reading():
            rows = self._database.execute(sql, (text, text + "\U0010ffff", count))
            return [number for (number,) in rows]

    def number_of(self, film_id: str) -> int | None:
        """A film's number by its id, IMDb id, or "tmdb" and TMDb number; None: it has none."""
        sql = "SELECT number FROM film WHERE id = ? OR imdb = ? OR tmdb = ? LIMIT 1"
        with self._reading():
            values = (film_id, film_id, film_id.removeprefix("tmdb"))
            row = self._database.execute(sql, values).fetchone()
            return None if row is None else int(row[0])

    def find(self, film_id: str) -> Film | None:
        """The film of such an id; None where there is none."""
        number = self.number_of(film_id)
        return None if number is None else self.read_films([number])[number]

    def read_titles(self, numbers: Iterable[int]) -> list[Title]:
        """Titles by their numbers."""
        numbers = list(map(int, numbers))
        marks = ",".join("?" * len(numbers))
        columns = "number, film, kind, text, squeezed"
        sql = f"SELECT {columns} FROM title WHERE number IN ({marks})"  # noqa: S608
        with self._reading():
            return [Title(*row) for row in self._database.execute(sql, numbers)]

    def read_films(self, numbers: Iterable[int]) -> dict[int, Film]:
        """Number → film."""
        numbers = list(map(int, numbers))
        marks = ",".join("?" * len(numbers))
        columns = "number, id, title, year, genres, plot, people, votes, imdb, tmdb"
        sql = f"SELECT {columns} FROM film WHERE number IN ({marks})"  # noqa: S608
        with self._reading():
            rows = self._database.execute(sql, numbers).fetchall()
            return {row[0]: _film(row[1:]) for row in rows}

    def _reading(self) -> _Reading:
        return _Reading(self.path)

    def _check_version(self) -> None:
        [(application,)] = self._database.execute("PRAGMA application_id")
        [(version,)] = self._database.execute("PRAGMA user_version")
        if application != APPLICATION:
            raise FilmsError(f"{self.path} is no index of films; {REMEDY} {self.path}")
        if version < VERSION:
            raise FilmsError(f"{self.path} is of an older genreel; {REMEDY} {self.path}")
        if version > VERSION:
            raise FilmsError(f"{self.path} is of a newer genreel; update genreel, or {REMEDY} …")


class _Reading:
    """Whatever SQLite says of a file that it cannot read, as one line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if isinstance(error, sqlite3.DatabaseError | json.JSONDecodeError | ValueError):
            raise FilmsError(f"{self._path} is damaged ({error}); {REMEDY} {self._path}") from None


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


def _film(row: Sequence[object]) -> Film:
    film_id, title, year, genres, plot, people, votes, imdb, tmdb = row
    names = json.loads(genres) if isinstance(genres, str) else {}
    return Film(
        id=str(film_id),
        title=str(title),
        year=year if isinstance(year, int) else None,
        genres={taxonomy: tuple(values) for taxonomy, values in names.items()},
        plot=str(plot or ""),
        people=tuple(str(people).split("|")) if people else (),
        votes=votes if isinstance(votes, int) else None,
        imdb=str(imdb or ""),
        tmdb=str(tmdb or ""),
    )
