"""Films of a store that are like one, found in the background by what networks make of them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from genreel.app.service.batches import Batches
from genreel.app.store.browse import EVERYTHING, find
from genreel.app.store.events import last_change
from genreel.app.store.film import Film
from genreel.app.store.store import Store
from genreel.catalogue import Movie
from genreel.errors import GenreelError
from genreel.features import Array
from genreel.memo import predict_vectors
from genreel.predictor import Predictor
from genreel.similar import Likeness, Shelf

MAX_FILMS = 10_000
"""Films that are compared, the newest of a store; they take about 200 MB together."""

_AT_ONCE = 16  # films that are read together; then those that wait for a prediction go first
_PAGE = 500
_PAUSE = 0.05  # seconds

_Key = tuple[str, str, int | None, str, str | None]
"""What vectors follow from: id, title, year, plot and the poster's digest."""


@dataclass(frozen=True)
class Answer:
    """What is like a film.

    Attributes:
        films: the most alike first.
        is_ready: whether all films of the store have been read; if not, ask again.
    """

    films: Sequence[Likeness]
    is_ready: bool


class Alike:
    """Compares films; nothing is read before somebody asks.

    Args:
        predictor: whose networks read them. What they made is kept in the cache, as by `similar`.
        store: the films'.
        batches: predictions that go first.
    """

    def __init__(self, predictor: Predictor, store: Store, batches: Batches) -> None:
        self._predictor = predictor
        self._store = store
        self._batches = batches
        self._vectors: dict[_Key, Mapping[str, Array]] = {}
        self._shelf, self._numbers = Shelf([]), dict[str, int]()
        self._state = -1  # of the store, when the shelf was filled
        self._woken, self._closing = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Ends the thread."""
        self._closing.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join()

    def like(self, film_id: str, count: int) -> Answer:
        """The films most like one of the store, at once: of those that have been read so far."""
        self._store.film(film_id)
        is_ready = self._state == self._now()
        if not is_ready:
            self._begin()
        with self._lock:
            shelf, number = self._shelf, self._numbers.get(film_id)
        return Answer([] if number is None else shelf.like_one(number, count), is_ready)

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None and not self._closing.is_set():
                self._thread = threading.Thread(target=self._wait, name="alike", daemon=True)
                self._thread.start()
        self._woken.set()

    def _wait(self) -> None:
        while True:
            self._woken.wait()
            self._woken.clear()
            if self._closing.is_set():
                return
            try:
                self.fill()
            except GenreelError as error:
                logging.getLogger("genreel").warning("films are not compared: %s", error)

    def fill(self) -> None:
        """Reads the films that are new or changed, and puts all of them on a shelf."""
        state = self._now()
        films = {_key(film): film for film in self._films()}
        vectors = {key: self._vectors[key] for key in films.keys() & self._vectors.keys()}
        new = [film for key, film in films.items() if key not in vectors]
        for start in range(0, len(new), _AT_ONCE):
            some = new[start : start + _AT_ONCE]
            while self._batches.waiting and not self._closing.is_set():
                time.sleep(_PAUSE)
            if self._closing.is_set():
                return
            pairs = predict_vectors(self._predictor, map(self._movie, some))
            for film, (_, one) in zip(some, pairs, strict=True):
                small = {name: row.astype(np.float16) for name, row in one.vectors.items()}
                vectors[_key(film)] = small
        movies = [Movie(film.id, title=film.title, year=film.year) for film in films.values()]
        rows = (vectors[key] for key in films)
        shelf = Shelf(
            (movie, {name: row.astype(np.float32) for name, row in one.items()})
            for movie, one in zip(movies, rows, strict=True)
        )
        with self._lock:
            self._vectors, self._shelf, self._state = vectors, shelf, state
            self._numbers = {movie.id: number for number, movie in enumerate(movies)}

    def _now(self) -> int:
        with self._store.database.reading() as connection:
            return last_change(connection)

    def _films(self) -> list[Film]:
        films: list[Film] = []
        while len(films) < MAX_FILMS:
            some = find(self._store, EVERYTHING, "newest", _PAGE, len(films))
            films += some
            if len(some) < _PAGE:
                break
        return films[:MAX_FILMS]

    def _movie(self, film: Film) -> Movie:
        poster = self._store.poster(film.poster) if film.poster else None
        language = film.language
        return Movie(film.id, film.title, film.year, film.plot, poster, language=language)


def _key(film: Film) -> _Key:
    return film.id, film.title, film.year, film.plot, film.poster
