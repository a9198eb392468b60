"""Genres of one's own learn in the background, within seconds of what a person says."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from genreel.app.service.background import Background
from genreel.app.service.batches import Batches, Closing
from genreel.app.service.gate import Busy
from genreel.app.store.genre_acts import save_learnt
from genreel.app.store.genres import Genres, Learnt, StoreGenre
from genreel.app.store.lessons import (
    Example,
    judge_some,
    lesson_of,
    read_examples,
    read_pool,
    read_traits,
    without_traits,
)
from genreel.app.store.store import Store
from genreel.own.genre import OwnGenre
from genreel.own.predicting import read_words
from genreel.own.teaching import teach
from genreel.predictor import Predictor

PAUSE = 0.5
"""Seconds without a word after which it is time to learn."""

_READ_AT_ONCE = 32  # films that are read before genres learn again
_PREDICTED_AT_ONCE = 8  # films, which take turns with those of people
_WAIT = 0.05  # seconds


class GenreLearner:
    """A thread that has genres learn, and tells films their scores.

    Args:
        predictor: whose networks read films and names of genres.
        store: the films'.
        batches: predictions that go first.
        predict: predicts films of the store anew, given their ids and whether to wait.
    """

    def __init__(
        self,
        predictor: Predictor,
        store: Store,
        batches: Batches,
        predict: Callable[[Sequence[str], bool], object],
    ) -> None:
        self._predictor = predictor
        self._store = store
        self._batches = batches
        self._predict_again = predict
        self._unreadable: set[str] = set()
        self._background = Background("own genres", PAUSE, self._learn_all)
        self._background.start()
        self.wake()

    @property
    def is_busy(self) -> bool:
        """Whether genres are learning, or films are being told of them."""
        return self._background.is_busy

    def wake(self) -> None:
        """Says that there may be something to learn."""
        self._background.wake()

    def close(self) -> None:
        """Ends the thread; what is left is done at the next start."""
        self._background.close()

    def _learn_all(self) -> None:
        # `Closing` also says that predictions have ended.
        with contextlib.suppress(Closing):
            while not self._background.is_closing and self.learn():
                pass

    def learn(self) -> bool:
        """Has genres learn and tells films; True where films are left that nobody has read."""
        self._store.tuning.rescore()  # after a genre was hidden, or deleted
        genres = self._store.genres.now()
        if not genres.own:
            return False
        with self._store.database.reading() as connection:
            number, pool = read_pool(connection, genres.bundle)
        for row in genres.own if pool else ():
            self._learn(genres, row, number, pool)
        genres = self._store.genres.now()
        for row in genres.able:
            self._judge(genres, row)
        return self._read_some(genres)

    def _learn(self, genres: Genres, row: StoreGenre, number: int, pool: Sequence[str]) -> None:
        """Has a genre learn, where people have said something new.

        Args:
            number: of films that can teach.
            pool: some of them.
        """
        with self._store.database.reading() as connection:
            examples = read_examples(connection, row.genre, genres.bundle)
            lesson = lesson_of(row, genres.bundle, examples, number)
            if not _is_due(genres, row, lesson, examples):
                return
            verdicts: dict[str, bool | None] = {**dict.fromkeys(pool), **dict(examples)}
            rows = read_traits(connection, list(verdicts))
        name = OwnGenre(row.name, row.description, _parent(genres, row))
        own = teach(name, read_words(self._predictor, name), rows, list(verdicts.values()))
        learnt = Learnt(genres.bundle, lesson, replace(own, name=row.genre, parent=""))
        save_learnt(self._store, row.genre, row.version, learnt)

    def _judge(self, genres: Genres, row: StoreGenre) -> None:
        """Tells films how much they are of a genre."""
        while not self._background.is_closing:
            with self._store.database.writing() as connection:
                if not judge_some(connection, genres, row):
                    break
        self._store.tuning.rescore()

    def _read_some(self, genres: Genres) -> bool:
        """Predicts films anew that nothing is kept of; False where there are none."""
        limit = _READ_AT_ONCE + len(self._unreadable)
        with self._store.database.reading() as connection:
            ids = without_traits(connection, genres.bundle, limit)
        ids = [film for film in ids if film not in self._unreadable]
        for start in range(0, len(ids), _PREDICTED_AT_ONCE):
            self._predict(ids[start : start + _PREDICTED_AT_ONCE])
        return bool(ids)

    def _note_unreadable(self, film_ids: Sequence[str]) -> None:
        """Notes films of which nothing can be kept, so that they are not read again and again."""
        limit = len(self._unreadable) + len(film_ids)
        with self._store.database.reading() as connection:
            left = without_traits(connection, self._store.genres.now().bundle, limit)
        self._unreadable.update(film for film in film_ids if film in left)

    def _predict(self, film_ids: Sequence[str]) -> None:
        """Predicts films anew, after everybody who waits."""
        while not self._background.is_closing:
            with contextlib.suppress(Busy):
                if not self._batches.waiting:
                    self._predict_again(film_ids, True)
                    self._note_unreadable(film_ids)
                    return
            self._background.wait(_WAIT)
        raise Closing


def _is_due(genres: Genres, row: StoreGenre, lesson: str, examples: list[Example]) -> bool:
    """Whether a genre has something new to learn. One that came in a file keeps what it learnt
    there until the store has as many times yes, and as many times no.
    """
    learnt = row.learnt
    if learnt is None or learnt.bundle != genres.bundle:
        return True
    if learnt.is_from_file:
        yes = sum(has_it for _, has_it in examples)
        figure = learnt.own.figure
        return yes >= max(1, figure.yes) and len(examples) - yes >= figure.no
    return learnt.lesson != lesson


def _parent(genres: Genres, row: StoreGenre) -> str:
    """The nearest genre of the bundle that a genre is under; empty: there is none."""
    return next((one for one in genres.parents[row.genre] if one in genres.defaults), "")
