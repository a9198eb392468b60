"""A part of a bundle as it is, so that what took hours to train need not be trained again."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from genreel.features import Feature
from genreel.graph import load_session, run_session
from genreel.lab.examples import Examples
from genreel.lab.model import Place, Scores, senses_of

_AT_ONCE = 16  # movies; more, and much of a batch of texts is padding


class Exported:
    """Scores by the graph of a part that was trained before.

    Attributes:
        graph: from the arrays of its features to `scores`.
    """

    def __init__(
        self, graph: bytes, names: tuple[str, ...], features: Mapping[str, Feature]
    ) -> None:
        self.graph = graph
        self.features = names
        self.senses = senses_of(names, features)

    def fit(self, train: Examples, valid: Examples, place: Place) -> None:
        """Nothing: it has learnt before."""

    def scores(self, examples: Examples) -> Scores:
        """Those of the graph."""
        session = load_session(self.graph)
        rows = [examples.read(name) for name in self.features]
        order = sorted(range(len(examples)), key=lambda i: max(_size(row[i]) for row in rows))
        scores = np.empty((len(examples), examples.labels.shape[1]), np.float32)
        for start in range(0, len(order), _AT_ONCE):
            at = np.array(order[start : start + _AT_ONCE])
            scores[at] = run_session(session, examples.take(at).arrays(self.features))
        return scores


def _size(row: object) -> int:
    return 0 if row is None else len(row)  # type: ignore[arg-type]
