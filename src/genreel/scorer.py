"""What a bundle's graph says of a batch: calibrated scores, and vectors on request."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from genreel.bundle import Bundle
from genreel.cases import SENSES
from genreel.errors import BundleError
from genreel.features import Array, collate
from genreel.graph import Graph, probabilities
from genreel.graph_vectors import find_vectors, vectors_by_input, with_outputs


class Outputs(NamedTuple):
    """What the graph says of n movies.

    Attributes:
        present: float32 in {0, 1}, shape (n, 6): which of SENSES they have.
        scores: calibrated, in [0, 1], shape (n, genres).
        vectors: input → float32, shape (n, width); empty unless they were asked for.
    """

    present: Array
    scores: Array
    vectors: Mapping[str, Array]


class Scorer:
    """A bundle's graph, and the calibration of its scores.

    Args:
        bundle: whose scores they are.
        graph: of that bundle.
    """

    def __init__(self, bundle: Bundle, graph: Graph) -> None:
        self.bundle, self.graph = bundle, graph
        self.rules = bundle.rules()

    def score(self, rows: Mapping[str, Sequence[Any]], vectors: bool = False) -> Outputs:
        """What the graph says of a batch; if that takes too much memory, of one half and the other.

        Args:
            rows: name of a feature → one row a movie, None where missing.
            vectors: give them, too; loads the graph a second time, once.

        Raises:
            BundleError: as `run`, for a movie by itself.
        """
        arrays = collate(self.bundle.features, rows)
        middle = len(arrays["present"]) // 2
        try:
            return self.run(arrays, vectors)
        except BundleError:
            if not middle:
                raise
        halves = (slice(middle), slice(middle, None))
        parts = ({name: row[half] for name, row in rows.items()} for half in halves)
        return _join([self.score(part, vectors) for part in parts])

    def run(self, arrays: Mapping[str, Array], vectors: bool = False) -> Outputs:
        """What the graph says of arrays of `features.collate`.

        Raises:
            BundleError: the graph does not fit features and genres, takes too much memory, or
                gives what is no probability.
        """
        graph, tensors = self._vector_graph if vectors else (self.graph, {})
        names = [name for group in tensors.values() for name in group]
        present = arrays["present"]
        senses = {sense for sense, has in zip(SENSES, present.T, strict=True) if has.any()}
        features = self.bundle.features.items()
        idle = {name for name, feature in features if feature.sense not in senses}
        try:
            scores, *values = graph.run(arrays, ["scores", *names], idle)
            scores = probabilities(scores).reshape(len(present), len(self.bundle.vocabulary.genres))
        except Exception as error:  # onnxruntime's exceptions have no common base
            raise BundleError(f"bundle {self.bundle.name}: the graph failed ({error})") from None
        by_tensor = dict(zip(names, values, strict=True))
        by_feature = {name: [by_tensor[t] for t in group] for name, group in tensors.items()}
        return Outputs(
            present,
            self.rules.calibrate(scores, present),
            vectors_by_input(self.bundle.features, by_feature),
        )

    @functools.cached_property
    def _vector_graph(self) -> tuple[Graph, dict[str, tuple[str, ...]]]:
        """The graph that gives vectors as well, and the tensors of each feature."""
        tensors = find_vectors(self.bundle.model)
        names = [name for group in tensors.values() for name in group]
        return Graph(with_outputs(self.bundle.model, names)), tensors


def _join(parts: Sequence[Outputs]) -> Outputs:
    present, scores, vectors = zip(*parts, strict=True)
    by_input = {name: np.concatenate([part[name] for part in vectors]) for name in vectors[0]}
    return Outputs(np.concatenate(present), np.concatenate(scores), by_input)
