"""When a poster is from, as its words tell: names, credits, spelling, "coming soon" and ".com"."""

from __future__ import annotations

import zlib
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from genreel.lettering import Lettering

BUCKETS = 8192
"""Numbers that runs of characters are hashed to; several runs share one."""

_RUNS = (2, 3, 4)  # characters, with the gaps around a word


def run_counts(lettering: Lettering) -> NDArray[np.float32]:
    """How often runs of characters are printed, as a vector of length 1.

    Returns:
        float32, shape (BUCKETS,); zeros where nothing is printed.
    """
    counts: Counter[str] = Counter()
    for word in lettering.text().lower().split():
        text = f" {word} "
        for length in _RUNS:
            counts.update(text[n : n + length] for n in range(len(text) - length + 1))
    vector = np.zeros(BUCKETS, np.float32)
    for run, count in counts.items():
        vector[zlib.crc32(run.encode(errors="ignore")) % BUCKETS] += count
    return vector / max(float(np.linalg.norm(vector)), 1e-9)


def year_of(lettering: Lettering, weights: NDArray[np.floating], base: float) -> float | None:
    """The year that a poster looks to be from, some seven years off on average.

    Args:
        lettering: of the poster.
        weights: years that each bucket adds, shape (BUCKETS,).
        base: the year of a poster of which nothing is known.

    Returns:
        A year and its fraction; None where nothing is printed.
    """
    if not lettering.lines:
        return None
    return base + float(run_counts(lettering) @ weights.astype(np.float32))
