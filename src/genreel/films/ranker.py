"""From evidence to the probability of each film, with boosted trees learnt on real posters.

benchmarks/ranker.py learns them and writes ranker.npz; here they are only evaluated.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genreel.films.dating import year_of
from genreel.lettering import Lettering

FILE = Path(__file__).parent / "ranker.npz"

Floats = NDArray[np.float32]
Integers = NDArray[np.int16]


@dataclass(frozen=True)
class Ranker:
    """Boosted regression trees, and how their sums become probabilities.

    Attributes:
        roots: node at which each tree begins, shape (trees,).
        feature: of evidence.FEATURES that a node asks for; -1 at a leaf, shape (nodes,).
        threshold: up to which a node goes left; NaN never comes, shape (nodes,).
        left, right: next nodes, shape (nodes,).
        value: of a leaf, shape (nodes,).
        base: what the sum over trees begins with, shape ().
        slope, none: a film's logit is slope × sum; that of none of them is `none`, shape ().
        opinion: weight of a model's opinion of the genres, shape ().
        rates: how often each of vocabulary.GENRES applies to a film, shape (genres,).
        accept: probability from which an identification is accepted, shape ().
        year_weights, year_base: of `dating.year_of`, shapes (dating.BUCKETS,) and ().
    """

    roots: Integers
    feature: Integers
    threshold: Floats
    left: Integers
    right: Integers
    value: Floats
    base: Floats
    slope: Floats
    none: Floats
    opinion: Floats
    rates: Floats
    accept: Floats
    year_weights: NDArray[np.float16]
    year_base: Floats

    def year(self, lettering: Lettering) -> float | None:
        """The year that a poster looks to be from; None where nothing is printed."""
        return year_of(lettering, self.year_weights, float(self.year_base))

    def scores(self, evidence: Floats) -> NDArray[np.float64]:
        """Log-odds that each film is the one, by its evidence alone.

        Args:
            evidence: float32, shape (films, features).

        Returns:
            float64, shape (films,).
        """
        rows = np.arange(len(evidence))[:, None]
        nodes = np.broadcast_to(self.roots, (len(evidence), len(self.roots)))
        while True:
            feature = self.feature[nodes]
            if (feature < 0).all():
                sums: NDArray[np.float64] = self.value[nodes].sum(1, dtype=np.float64)
                return sums + float(self.base)
            goes_left = evidence[rows, np.maximum(feature, 0)] <= self.threshold[nodes]
            following = np.where(goes_left, self.left[nodes], self.right[nodes])
            nodes = np.where(feature < 0, nodes, following)

    def probabilities(
        self, evidence: Floats, bonus: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Probability that each film is the one; what lacks to 1 is none of them.

        Args:
            evidence: float32, shape (films, features).
            bonus: log-odds of other evidence, shape (films,).

        Returns:
            float64, shape (films,).
        """
        logits = float(self.slope) * self.scores(evidence)
        if bonus is not None:
            logits = logits + bonus
        return softmax_with_none(logits, float(self.none))


def softmax_with_none(logits: NDArray[np.float64], none: float) -> NDArray[np.float64]:
    """Probabilities of several films, of which at most one is the one.

    Args:
        logits: shape (films,).
        none: the logit of none of them.

    Returns:
        float64, shape (films,); they add up to 1 less the probability of none.
    """
    most = max(none, float(logits.max(initial=none)))
    weights = np.exp(logits - most)
    shares: NDArray[np.float64] = weights / (weights.sum() + np.exp(none - most))
    return shares


@functools.cache
def load_ranker() -> Ranker:
    """The ranker that comes along."""
    with np.load(FILE, allow_pickle=False) as arrays:
        return Ranker(**{one.name: arrays[one.name] for one in fields(Ranker)})
