"""An index of films, opened to be asked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from genreel.catalogue import FIRST_YEAR, LAST_YEAR
from genreel.errors import FilmsError
from genreel.features.text import MAX_CHARACTERS
from genreel.films.building import rarity
from genreel.films.film import MAX_PEOPLE, MAX_TEXT, Film
from genreel.films.opening import REMEDY, IndexFile
from genreel.films.schema import MAX_PARTS, PART_BITS
from genreel.films.titles import MAX_LENGTH, trigrams

_COMMON = 0.03  # share of titles; a trigram of more tells little, and costs most
_MAX_GENRES = 10_000  # characters
_PLACE = (1 << PART_BITS) - 1  # a title's number in its part


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
        self._file = IndexFile(self.path)
        with self._file.reading():
            self._norms = dict(map(_part, self._rows("SELECT number, norms FROM part")))
            if len(self._norms) > MAX_PARTS:
                raise ValueError(f"over {MAX_PARTS} parts")
            self.titles = sum(map(len, self._norms.values()))
            # Numbers begin at 0. Counting would read the whole file.
            [(last,)] = self._rows("SELECT max(number) FROM film")
            self.films = 0 if last is None else int(last) + 1
            self.origins = tuple(map(_origin, self._rows("SELECT * FROM source LIMIT 1000")))
        if not self.films:
            raise FilmsError(f"{self.path} holds no films; {REMEDY} {self.path}")

    def close(self) -> None:
        """Closes the file."""
        self._file.database.close()

    def _rows(self, sql: str, values: Sequence[object] = ()) -> Iterator[Any]:
        return self._file.database.execute(sql, values)

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
        with self._file.reading():
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
        for key, titles, blob in self._rows(sql, (part, *weights)):
            if not isinstance(titles, int):
                raise ValueError("a trigram without a count")
            if titles <= most:
                blobs.append(_places(blob, titles, len(norms)))
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
        values = [self._part_of(number)[number & _PLACE] for number in numbers]
        return np.array(values, np.float32)

    def _part_of(self, number: int) -> NDArray[np.float16]:
        """Rarities of the part that a title is in; of no titles where there is none."""
        return self._norms.get(number >> PART_BITS, np.empty(0, np.float16))

    def titles_named(self, texts: Iterable[str]) -> list[int]:
        """Numbers of the titles that read exactly like one of some squeezed texts."""
        texts = list(texts)
        marks = ",".join("?" * len(texts))
        sql = f"SELECT number FROM title WHERE squeezed IN ({marks}) LIMIT 2000"  # noqa: S608
        with self._file.reading():
            return [number for (number,) in self._rows(sql, texts)]

    def titles_that_begin(self, text: str, count: int) -> list[int]:
        """Numbers of `count` titles that begin with a squeezed text."""
        sql = "SELECT number FROM title WHERE squeezed >= ? AND squeezed < ? LIMIT ?"
        with self._file.reading():
            rows = self._rows(sql, (text, text + "\U0010ffff", count))
            return [number for (number,) in rows]

    def number_of(self, film_id: str) -> int | None:
        """A film's number by its id, IMDb id, or "tmdb" and TMDb number; None: it has none."""
        sql = "SELECT number FROM film WHERE id = ? OR imdb = ? OR tmdb = ? LIMIT 1"
        with self._file.reading():
            values = (film_id, film_id, film_id.removeprefix("tmdb"))
            row = next(self._rows(sql, values), None)
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
        with self._file.reading():
            titles = [_title(row) for row in self._rows(sql, numbers)]
            if any(t.number & _PLACE >= len(self._part_of(t.number)) for t in titles):
                raise ValueError("a title is in no part")
            return titles

    def read_films(self, numbers: Iterable[int]) -> dict[int, Film]:
        """Number → film."""
        numbers = list(map(int, numbers))
        marks = ",".join("?" * len(numbers))
        columns = "number, id, title, year, genres, plot, people, votes, imdb, tmdb"
        sql = f"SELECT {columns} FROM film WHERE number IN ({marks})"  # noqa: S608
        with self._file.reading():
            films = {row[0]: _film(row[1:]) for row in self._rows(sql, numbers)}
            if len(films) < len(set(numbers)):
                raise ValueError("a title is of no film")
            return films


def _part(row: Sequence[Any]) -> tuple[int, NDArray[np.float16]]:
    """A part's number, and the rarities of its titles."""
    number, data = row
    norms = np.frombuffer(_bytes(data or b""), "<f2")
    if not (0 <= number <= MAX_PARTS and len(norms) <= 1 << PART_BITS):
        raise ValueError(f"part {number}")
    if not (np.isfinite(norms) & (norms >= 0)).all():
        raise ValueError("a rarity that is none")
    return number, norms


def _places(data: object, count: int, titles: int) -> NDArray[np.uint32]:
    """Places of the titles that have a trigram."""
    places = np.frombuffer(_bytes(data), "<u4")
    if len(places) != count or places.max(initial=0) >= titles:
        raise ValueError("a trigram of titles that it does not have")
    return places


def _title(row: Sequence[object]) -> Title:
    number, film, kind, text, squeezed = row
    if not (isinstance(number, int) and isinstance(film, int) and isinstance(kind, int)):
        raise ValueError("a title without numbers")
    return Title(number, film, kind, str(text)[:MAX_TEXT], str(squeezed)[:MAX_LENGTH])


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("a number where bytes are expected")
    return value


def _origin(row: Sequence[object]) -> Origin:
    name, format_name, films, made = row
    return Origin(str(name), str(format_name), films if isinstance(films, int) else 0, str(made))


def _film(row: Sequence[object]) -> Film:
    film_id, title, year, genres, plot, people, votes, imdb, tmdb = row
    return Film(
        id=str(film_id)[:MAX_TEXT],
        title=str(title)[:MAX_TEXT],
        year=year if isinstance(year, int) and FIRST_YEAR <= year <= LAST_YEAR else None,
        genres=_genres(genres),
        plot=str(plot or "")[:MAX_CHARACTERS],
        people=tuple(name[:MAX_TEXT] for name in str(people or "").split("|", MAX_PEOPLE) if name),
        votes=max(0, votes) if isinstance(votes, int) else None,
        imdb=str(imdb or "")[:MAX_TEXT],
        tmdb=str(tmdb or "")[:MAX_TEXT],
    )


def _genres(text: object) -> dict[str, tuple[str, ...]]:
    """Taxonomy → genres."""
    if text is None:
        return {}
    if not isinstance(text, str) or len(text) > _MAX_GENRES:
        raise ValueError("genres that are no list of some")
    table = json.loads(text)
    if not isinstance(table, dict) or not all(map(_is_names, table.values())):
        raise ValueError("genres that are no list of some")
    return {taxonomy: tuple(names) for taxonomy, names in table.items()}


def _is_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)
