"""Films wait in a short queue and are predicted together; where it is full, they are refused."""

from __future__ import annotations

import contextlib
import itertools
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future

from genreel.app.service.gate import Busy
from genreel.catalogue import Movie
from genreel.errors import GenreelError
from genreel.own.traits import with_traits
from genreel.prediction import Prediction
from genreel.predictor import Predictor

PATIENT = 4
"""Callers that may wait with more films than there are places; they share these."""


_Request = tuple[Movie, Future[Prediction]]


class Closing(GenreelError):
    """The server is stopping."""

    def __init__(self) -> None:
        super().__init__("the server is stopping; ask again when it is back")


class Batches:
    """Predicts films of many callers in common runs of the graph.

    Args:
        predictor: what predicts.
        size: films per run, at most.
        waiting: films that may wait, alone with a poster, alone without, and of requests with
            several films: so many of each.
        workers: runs at once; while the graph works for one, another reads its posters.
        needs_traits: whether predictions say what genres of one's own are told by; see
            `own.traits.with_traits`.
    """

    def __init__(
        self,
        predictor: Predictor,
        size: int,
        waiting: int,
        needs_traits: Callable[[], bool] = lambda: False,
        workers: int = 2,
    ) -> None:
        self.predictor = predictor
        self._needs_traits = needs_traits
        self.size = size
        self.places = waiting
        self.seconds = 0.05  # that a film takes, as measured lately
        self.count = 0  # films predicted since the start
        # A line for films that come alone with a poster, whose opening may take a second, one for
        # those without, and one for films of requests with many: where several wait, a run takes
        # from each in turn.
        self._posters: deque[_Request] = deque()
        self._texts: deque[_Request] = deque()
        self._bulk: deque[_Request] = deque()
        self._lines = itertools.cycle((self._posters, self._texts, self._bulk))
        self._condition = threading.Condition()
        self._patient = 0
        self._closing = False
        self._workers = [
            threading.Thread(target=self._work, name=f"batches-{k}", daemon=True)
            for k in range(workers)
        ]
        for worker in self._workers:
            worker.start()

    @property
    def waiting(self) -> int:
        """Films that wait now."""
        return len(self._posters) + len(self._texts) + len(self._bulk)

    def submit(self, movie: Movie) -> Future[Prediction]:
        """A prediction to come.

        Raises:
            Busy: the queue is full. Closing: the server is stopping.
        """
        line = self._texts if movie.poster is None else self._posters
        with self._condition:
            if len(line) >= self.places and not self._closing:
                raise self.busy()
            return self._enqueue(movie, line)

    @contextlib.contextmanager
    def patience(self, wait: bool = False) -> Iterator[None]:
        """Whoever has more films than there are places asks for this first.

        Args:
            wait: until one of the PATIENT callers is done.

        Raises:
            Busy: PATIENT callers wait already.
        """
        with self._condition:
            if wait:
                self._condition.wait_for(lambda: self._closing or self._patient < PATIENT)
            if self._patient >= PATIENT:
                raise self.busy()
            self._patient += 1
        try:
            yield
        finally:
            with self._condition:
                self._patient -= 1
                self._condition.notify_all()

    def predict_many(self, movies: list[Movie]) -> list[Prediction]:
        """Predictions of films that can wait, in order; they take places as these become free.

        Raises:
            Closing: the server is stopping.
        """
        futures: list[Future[Prediction]] = []
        for movie in movies:
            with self._condition:
                self._condition.wait_for(lambda: self._closing or len(self._bulk) < self.places)
                futures.append(self._enqueue(movie, self._bulk))
        return [future.result() for future in futures]

    def busy(self) -> Busy:
        """A refusal that says when a place is likely to be free."""
        return Busy(max(1, math.ceil(self.waiting * self.seconds)))

    def close(self) -> None:
        """Finishes what waits and takes no more."""
        with self._condition:
            self._closing = True
            self._condition.notify_all()
        for worker in self._workers:
            worker.join()

    def _enqueue(self, movie: Movie, line: deque[_Request]) -> Future[Prediction]:
        if self._closing:
            raise Closing
        future: Future[Prediction] = Future()
        line.append((movie, future))
        self._condition.notify_all()
        return future

    def _work(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self.waiting or self._closing)
                if not self.waiting:
                    return
                batch: list[_Request] = []
                while self.waiting and len(batch) < self.size:
                    if line := next(self._lines):
                        batch.append(line.popleft())
                self._condition.notify_all()
            self._run(batch)

    def _predict(self, movies: list[Movie]) -> list[Prediction]:
        if not movies or not self._needs_traits():
            return self.predictor.predict_batch(movies)
        stream = self.predictor.predict_many(movies, vectors=True)
        return [with_traits(one, self.predictor.genres) for one in stream]

    def _run(self, batch: list[_Request]) -> None:
        # Who gave up waiting costs nothing.
        batch = [
            (movie, future) for movie, future in batch if future.set_running_or_notify_cancel()
        ]
        start = time.perf_counter()
        try:
            movies = [movie for movie, _ in batch]
            predictions = self._predict(movies)
        except Exception as error:
            for _, future in batch:
                future.set_exception(error)
            return
        for (_, future), prediction in zip(batch, predictions, strict=True):
            future.set_result(prediction)
        if batch:
            took = (time.perf_counter() - start) / len(batch) / len(self._workers)
            with self._condition:
                self.seconds += 0.1 * (took - self.seconds)
                self.count += len(batch)
