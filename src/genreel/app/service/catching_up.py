"""Films that are there already are told genres of one's own, in the background."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from genreel.app.store.browse import judged_otherwise
from genreel.app.store.store import Store
from genreel.errors import GenreelError

AT_ONCE = 16
"""Films that are predicted together; then those that wait for a prediction go first."""


class CatchingUp:
    """A thread that predicts films anew which the model has not judged for a genre, or not as it
    is told now.

    Args:
        store: the films'.
        genres: of one's own.
        by: the version of the model with these genres.
        predict: predicts films of these ids, and keeps what it says.
    """

    def __init__(
        self,
        store: Store,
        genres: Sequence[str],
        by: str,
        predict: Callable[[Sequence[str]], None],
    ) -> None:
        self._store = store
        self._by = by
        self._genres = genres
        self._predict = predict
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
                ids = judged_otherwise(self._store, genre, self._by)
                for start in range(0, len(ids), AT_ONCE):
                    if self._closing.is_set():
                        return
                    self._predict(ids[start : start + AT_ONCE])
        except GenreelError as error:
            logging.getLogger("genreel").warning("films lack genres of your own: %s", error)
