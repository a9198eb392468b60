"""Films wait in a short queue and are predicted together; where it is full, they are refused."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future

from genreel.catalogue import Movie
from genreel.errors import GenreelError
from genreel.predictor import Prediction, Predictor


class Busy(GenreelError):
    """More films wait than are taken; `retry_after` says in how many seconds to ask again."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many films are waiting; ask again in {retry_after} s")
        self.retry_after = retry_after


class Closing(GenreelError):
    """The server is stopping."""

    def __init__(self) -> None:
        super().__init__("the server is stopping; ask again when it is back")


class Batches:
    """Predicts films of many callers in common runs of the graph.

    Args:
        predictor: what predicts.
        size: films per run, at most.
        waiting: films that may wait.
    """

    def __init__(self, predictor: Predictor, size: int = 8, waiting: int = 32) -> None:
        self.predictor = predictor
        self.size = size
        self.seconds = 0.05  # that a film takes, as measured lately
        self.predicted = 0
        self._queue: queue.Queue[tuple[Movie, Future[Prediction]] | None] = queue.Queue(waiting)
        self._closing = False
        self._worker = threading.Thread(target=self._work, name="batches", daemon=True)
        self._worker.start()

    @property
    def waiting(self) -> int:
        """Films that wait now."""
        return self._queue.qsize()

    def submit(self, movie: Movie) -> Future[Prediction]:
        """A prediction to come.

        Raises:
            Busy: the queue is full. Closing: the server is stopping.
        """
        return self._put(movie, block=False)

    def predict_many(self, movies: list[Movie]) -> Iterator[Prediction]:
        """Predictions of films that can wait, in order; they take places as these become free."""
        futures = [self._put(movie, block=True) for movie in movies]
        for future in futures:
            yield future.result()

    def close(self) -> None:
        """Finishes what waits and takes no more."""
        self._closing = True
        self._queue.put(None)
        self._worker.join()

    def _put(self, movie: Movie, block: bool) -> Future[Prediction]:
        if self._closing:
            raise Closing
        future: Future[Prediction] = Future()
        try:
            self._queue.put((movie, future), block=block)
        except queue.Full:
            raise Busy(max(1, math.ceil(self.waiting * self.seconds))) from None
        return future

    def _work(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                return
            batch = [first]
            stop = False
            while len(batch) < self.size:
                try:
                    one = self._queue.get_nowait()
                except queue.Empty:
                    break
                if one is None:
                    stop = True
                    break
                batch.append(one)
            self._run(batch)
            if stop:
                return

    def _run(self, batch: list[tuple[Movie, Future[Prediction]]]) -> None:
        # Who gave up waiting costs nothing.
        batch = [
            (movie, future) for movie, future in batch if future.set_running_or_notify_cancel()
        ]
        started = time.perf_counter()
        try:
            movies = [movie for movie, _ in batch]
            predictions = list(self.predictor.predict_many(movies, batch_size=self.size))
        except Exception as error:
            for _, future in batch:
                future.set_exception(error)
            return
        for (_, future), prediction in zip(batch, predictions, strict=True):
            future.set_result(prediction)
        if batch:
            took = (time.perf_counter() - started) / len(batch)
            self.seconds += 0.1 * (took - self.seconds)
            self.predicted += len(batch)
