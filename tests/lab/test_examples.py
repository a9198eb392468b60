from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from genreel.catalogue import Movie
from genreel.lab.examples import Examples, presume_absent
from genreel.lab.model import Place
from genreel.lab.models.linear import Linear, LinearSettings

Make = Callable[..., Examples]


@pytest.fixture
def examples(toy_examples: Make) -> Examples:
    return toy_examples(40, everything=True, names="plot")


def movies(sources: list[str]) -> list[Movie]:
    return [Movie(str(i), genres={source: ("Drama",)}) for i, source in enumerate(sources)]


def test_silence_speaks_only_where_sources_are_mixed(examples: Examples) -> None:
    three = replace(examples.take([0, 1, 2]), known=np.array([[True, False, False]] * 3))
    found = presume_absent(three, movies(["mixed", "tmdb", "mixed"]), 0.25)
    assert found.counts().tolist() == [[1, 0.25, 0.25], [1, 0, 0], [1, 0.25, 0.25]]
    assert found.take([1, 2]).counts().tolist() == [[1, 0, 0], [1, 0.25, 0.25]]
    np.testing.assert_array_equal(found.known, three.known)  # what is measured stays the same
    assert three.counts().tolist() == [[1, 0, 0]] * 3


def test_films_known_for_one_genre_alone_do_not_teach_their_source(
    examples: Examples, tmp_path: Path
) -> None:
    """A third of the films come from a mixed source with a word of its own, and are known for
    the first genre only where they have it."""
    place = Place(tmp_path, 0)
    known = examples.known.copy()
    mixed = np.arange(len(examples)) % 3 == 0
    known[:, 0] = ~mixed | (examples.labels[:, 0] > 0)
    silent = replace(examples, known=known)
    heard = presume_absent(silent, movies(["mixed" if m else "tmdb" for m in mixed]), 1.0)

    def of_the_source(train: Examples) -> float:
        model = Linear(LinearSettings(), ("plot",), train.features)
        model.fit(train, train, place)
        return float(model.scores(train)[mixed, 0].mean())

    assert of_the_source(heard) < of_the_source(silent) - 0.02
