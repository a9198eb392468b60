"""Learns from reviews in the background, within seconds of the last one."""

from __future__ import annotations

import time

from genreel.app.service.background import Background
from genreel.app.store.correction import MIN_REVIEWS, decade, held_out, learn, lost
from genreel.app.store.store import Store

PAUSE = 1.0
"""Seconds without a review after which it is time to learn."""

MIN_NEW_REVIEWS = 5
"""New reviews after which it learns again; of more than 250 reviews, one in fifty."""


class Learner:
    """A thread that waits for reviews.

    Args:
        store: whose reviews they are, and whose scores follow.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._last_count = 0
        self._background = Background("reviews", PAUSE, self._learn_if_due)
        self._background.start()

    def wake(self) -> None:
        """Says that there was a review."""
        self._background.wake()

    def close(self) -> None:
        """Ends the thread."""
        self._background.close()

    def learn(self) -> str:
        """Learns from all reviews now.

        Returns:
            The version of the correction in use; "" where nothing was learnt: there are too few
            reviews, or it does worse on those held out.
        """
        tuning = self.store.tuning
        reviews = tuning.reviews()
        raw = tuning.raw_scores({decade(review.year) for review in reviews})
        decide = tuning.decision()
        figures = held_out(reviews, raw, tuning.overrides(), decide)
        self._last_count = len(reviews)
        is_better = len(reviews) >= MIN_REVIEWS and not lost(figures)
        version = tuning.save_correction(learn(reviews, raw), figures) if is_better else ""
        attempt = {"time": time.time(), **figures, "decide": decide, "version": version}
        tuning.note_attempt(attempt)
        return version

    def _learn_if_due(self) -> None:
        if self.store.tuning.is_learning() and self._has_enough():
            self.learn()

    def _has_enough(self) -> bool:
        count = self.store.tuning.count_reviews()
        return count >= MIN_REVIEWS and abs(count - self._last_count) >= max(
            MIN_NEW_REVIEWS, count // 50
        )
