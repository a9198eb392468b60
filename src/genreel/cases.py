"""Cases: which inputs a movie comes with. Their names stand in bundles, metrics and reports."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel.catalogue import INPUTS, Movie


@dataclass(frozen=True)
class Case:
    """Movies that come with the same inputs.

    Attributes:
        name: what it is called everywhere.
        needs: inputs that a movie must have to be in this case.
        shows: inputs that the model sees of such a movie; the others are hidden from it.
    """

    name: str
    needs: tuple[str, ...]
    shows: tuple[str, ...]

    @property
    def hides(self) -> tuple[str, ...]:
        """Inputs that the model does not see, in the order of INPUTS."""
        return tuple(name for name in INPUTS if name not in self.shows)

    def is_met_by(self, movie: Movie) -> bool:
        """Whether the movie has the inputs that this case needs."""
        return all(movie.has(name) for name in self.needs)

    def is_read_by(self, inputs: Collection[str]) -> bool:
        """Whether a model of these inputs reads those that this case needs."""
        return set(self.needs) <= set(inputs)

    def view(self, movie: Movie) -> Movie:
        """The movie as the model sees it."""
        return movie.without(self.hides)


AS_GIVEN = Case("as they are", (), INPUTS)
TITLE = Case("title and year", ("title",), ("title", "year"))
POSTER = Case("poster only", ("poster",), ("poster",))
PLOT = Case("plot only", ("plot",), ("plot", "title", "year"))
BOTH = Case("both", ("poster", "plot"), INPUTS)

BUNDLE_CASES = {case.name: case for case in (TITLE, POSTER, PLOT, BOTH)}
"""Those for which a bundle may have rules; the position is 1 for a poster + 2 for a plot."""

REPORT_CASES = {case.name: case for case in (AS_GIVEN, BOTH, PLOT, POSTER)}
"""Those in which a bundle is measured, in the order of metrics.json."""


def case_numbers(present: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """The position in BUNDLE_CASES of each movie's case, shape (n,).

    Args:
        present: which of INPUTS each movie has, as the graph takes it; shape (n, 4).
    """
    has = present > 0
    return has[:, INPUTS.index("poster")] + 2 * has[:, INPUTS.index("plot")].astype(np.int64)
