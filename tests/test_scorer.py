"""A batch that takes too much memory is scored in parts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from genreel.catalogue import Movie
from genreel.errors import BundleError
from genreel.features import Array
from genreel.graph import Graph
from genreel.predictor import Predictor


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Movies in each run of a graph that has memory for two."""
    sizes: list[int] = []
    run = Graph.run

    def run_two(
        graph: Graph, arrays: Mapping[str, Array], outputs: Sequence[str], idle: Collection[str]
    ) -> list[Any]:
        sizes.append(len(arrays["present"]))
        if sizes[-1] > 2:
            raise RuntimeError("Available memory is smaller than requested bytes")
        return run(graph, arrays, outputs, idle)

    monkeypatch.setattr(Graph, "run", run_two)
    return sizes


def test_halves_say_what_the_whole_batch_would(movies: list[Movie], sizes: list[int]) -> None:
    predictor = Predictor("fast", threads=1)
    expected = [predictor.predict_batch([movie])[0] for movie in movies[:5]]
    sizes.clear()
    predictions = list(predictor.predict_many(movies[:5], batch_size=5, vectors=True))
    assert sizes == [5, 2, 3, 1, 2]
    for prediction, alone in zip(predictions, expected, strict=True):
        assert prediction.id == alone.id and prediction.missing == alone.missing
        assert prediction.scores == pytest.approx(alone.scores, abs=1e-5)
        assert prediction.vectors and all(np.isfinite(v).all() for v in prediction.vectors.values())


def test_one_movie_that_takes_too_much_is_an_error(
    movies: list[Movie], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> list[Any]:
        raise RuntimeError("Available memory is smaller than requested bytes")

    predictor = Predictor("fast", threads=1)
    monkeypatch.setattr(Graph, "run", fail)
    with pytest.raises(BundleError, match=r"^bundle fast: the graph failed \(Available memory"):
        predictor.predict_batch(movies[:3])
