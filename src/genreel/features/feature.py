"""What every feature is: one input of a movie as a row, and rows as the arrays of a graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from genreel.cases import SENSE_OF
from genreel.catalogue import Movie
from genreel.errors import InputError, RecipeError
from genreel.posters import Limits

Array = np.ndarray[Any, np.dtype[Any]]


class Feature(Protocol):
    """How one input of a movie becomes the arrays of a graph.

    Attributes:
        kind: its key in KINDS, if it is one.
        input: which of INPUTS it reads, or LETTERING.
        own_sense: which of SENSES it is, where that is not the first that reads its input.
        slow: whether `read` spends its time outside Python's lock, so that threads help.
        limits: what a poster may cost; features of text do without.
        poster_size: width and height in pixels that a poster is opened for; None: reads no poster.
        shape: channels, height and width of its rows of pixels; empty for rows of another kind.
        array: short name of the array that holds its rows; empty where they are sparse.
        text_length: characters of a text that a network reads at most, where a longer text costs
            more; 0 where it does not.
        languages: codes of languages whose texts get like rows, so that a model that is trained
            on one reads them all; empty: a model reads those that it is trained on.
    """

    kind: str
    input: str
    own_sense: str = ""
    slow: bool = False
    limits: Limits = Limits()
    poster_size: tuple[int, int] | None = None
    shape: tuple[int, ...] = ()
    array: str = ""
    text_length: int = 0
    languages: tuple[str, ...] = ()

    @property
    def sense(self) -> str:
        """Which of SENSES it is; any feature of a sense makes it present."""
        return self.own_sense or SENSE_OF[self.input]

    def lacks(self) -> str:
        """How to install what it needs to read, to end a line with; empty where it can read."""
        return ""

    def settings(self) -> dict[str, Any]:
        """The settings as JSON values."""

    def state(self) -> dict[str, Array]:
        """What was learnt, as arrays."""

    def read(self, movie: Movie) -> Any:
        """One movie's row, or None where the input is missing; InputError where unusable."""

    def read_many(self, movies: Sequence[Movie]) -> list[Any]:
        """The rows of a batch; an InputError takes the place of a row that cannot be read."""
        rows: list[Any] = []
        for movie in movies:
            try:
                rows.append(self.read(movie))
            except InputError as error:
                rows.append(error)
        return rows

    def collate(self, rows: Sequence[Any]) -> dict[str, Array]:
        """Arrays of the graph for the rows of a batch (None: missing), by their short names."""

    def alike(self, settings: Mapping[str, Any]) -> Self:
        """A feature with other settings and what this one has learnt, which both share; TypeError,
        KeyError or ValueError where they do not fit each other.
        """
        raise TypeError("none is like another")


class FeatureKind(Feature, Protocol):
    """A feature that recipes and bundles name: an entry of KINDS.

    Attributes:
        Settings: the dataclass of its settings.
    """

    Settings: ClassVar[type[Any]]

    @classmethod
    def fit(cls, settings: Any, movies: Iterable[Movie]) -> Self:
        """A feature that has learnt what it needs from training movies.

        Args:
            settings: an instance of `Settings`.
            movies: one whose input cannot be used is left out.

        Raises:
            RecipeError: it comes with the weights of a network, which the lab finds.
        """
        raise RecipeError(f"features of kind {cls.kind!r} come with the weights of a network")

    @classmethod
    def load(cls, settings: Mapping[str, Any], state: Mapping[str, Array]) -> Self:
        """From `settings()` and `state()`; TypeError, KeyError or ValueError where they do not fit
        each other.
        """


def present_rows(rows: Sequence[Any]) -> NDArray[np.int64]:
    """Numbers of the rows that are not None, ascending, int64, shape (m,)."""
    return np.array([i for i, row in enumerate(rows) if row is not None], np.int64)
