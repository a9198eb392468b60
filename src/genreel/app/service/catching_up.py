"""Films that are there already are told genres of one's own, in the background."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable

from genreel.app.service.batches import Batches, Closing
from genreel.app.service.gate import Busy
from genreel.app.store.browse import judged_otherwise
from genreel.app.store.store import Store
from genreel.errors import GenreelError, UnknownFilm
from genreel.own.file import digest_of
from genreel.own.vocabulary import OwnVocabulary
from genreel.predictor import Predictor


def version_of(predictor: Predictor, own: OwnVocabulary | None) -> str:
    """What is noted with opinions: the model's name and digits, and those of one's own genres."""
    version = f"{predictor.bundle.name} {predictor.bundle.digest[:8]}"
    if own is None:
        return version
    return f"{version} own {digest_of(own)[:8]}"


class CatchingUp:
    """A thread that predicts films anew which the model has not judged for a genre, or not as it
    is told now.

    Args:
        store: the films'.
        batches: predictions that go first.
        version: of the model with these genres.
        own: the genres; None: there are none.
        predict: predicts a film of the store anew, given its id.
    """

    def __init__(
        self,
        store: Store,
        batches: Batches,
        version: str,
        own: OwnVocabulary | None,
        predict: Callable[[str], object],
    ) -> None:
        self._store, self._batches, self._version = store, batches, version
        self._predict_again = predict
        genres = own.genres if own else ()
        self._genres = [genre.name for genre in genres if genre.linear is not None]
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="catching up", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread; what is left is done at the next start."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            for genre in self._genres:
                for film_id in judged_otherwise(self._store, genre, self._version):
                    self._predict(film_id)
        except Closing:
            return
        except GenreelError as error:
            logging.getLogger("genreel").warning("films lack genres of your own: %s", error)

    def _predict(self, film_id: str) -> None:
        """Predicts a film anew, after everybody who waits."""
        while not self._closing.is_set():
            with contextlib.suppress(Busy):
                if not self._batches.waiting:
                    with contextlib.suppress(UnknownFilm):
                        self._predict_again(film_id)
                    return
            self._closing.wait(_PAUSE)
        raise Closing


_PAUSE = 0.05  # seconds
