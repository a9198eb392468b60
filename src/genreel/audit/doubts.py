"""How probable it is that a genre stands wrongly, or is missing.

A cell is a genre of a movie. Its margin is the logit against what stands there: self-confidence of
confident learning (Northcutt, Jiang & Chuang, 2021), for each label by itself. Some genres are a
matter of taste, others are not: how often TMDb and IMDb disagree about each, in either direction,
turns the margin into a probability. What a lookup says counts as a further witness. The figures of
doubts.toml were learnt by `benchmarks/audit.py --fit` from the validation movies.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genreel.audit.folds import Floats, sigmoid

TABLE = Path(__file__).with_name("doubts.toml")


@dataclass(frozen=True)
class Doubts:
    """Weights of a logistic regression over cells.

    Attributes:
        slope: of the margin.
        wrong, missing: genre → log-odds that it stands wrongly, or is missing, at margin 0.
        lookup_against, lookup_for: log-odds more where a lookup says otherwise, or the same.
    """

    slope: float
    wrong: dict[str, float]
    missing: dict[str, float]
    lookup_against: float
    lookup_for: float

    def probabilities(
        self,
        genres: Sequence[str],
        labels: Floats,
        logits: Floats,
        lookup: Floats | None = None,
        is_told: NDArray[np.bool_] | None = None,
    ) -> Floats:
        """How probable it is that each cell is wrong, float32 in [0, 1], shape (n, genres).

        Args:
            genres: of the columns; one that the table does not have counts as any.
            labels: what stands there, in {0, 1}.
            logits: what is thought of it.
            lookup: what an index says, in {0, 1}; None: nothing.
            is_told: where the index says anything.
        """
        stands = labels > 0
        margin = np.where(stands, -logits, logits)
        wrong = np.array([self.wrong.get(genre, 0.0) for genre in genres], np.float32)
        missing = np.array([self.missing.get(genre, 0.0) for genre in genres], np.float32)
        total = self.slope * margin + np.where(stands, wrong, missing)
        if lookup is not None and is_told is not None:
            against = (lookup > 0) != stands
            total += is_told * np.where(against, self.lookup_against, self.lookup_for)
        return sigmoid(total)


@functools.cache
def load_doubts() -> Doubts:
    """Those of doubts.toml."""
    return Doubts(**tomllib.loads(TABLE.read_text(encoding="utf-8")))
