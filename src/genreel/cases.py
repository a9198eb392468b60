"""Cases: which senses a model has of a movie. Their names stand in bundles, metrics and reports.

A sense is how a model sees an input: a plot by its words, or by its meaning in any language; a
poster as a picture, or by what is printed on it. Two of them need an extra, and any may be missing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel.catalogue import INPUTS, LETTERING, Movie

SENSES = ("picture", "words", "title", "year", "lettering", "languages")
"""What a graph is told to be there, in the order of its `present`. The first four are those of
INPUTS, which is all that the graphs of older bundles are told.
"""

SENSE_OF = {"poster": "picture", "plot": "words", "title": "title", "year": "year"}
SENSE_OF |= {LETTERING: "lettering", "headline": "lettering"}
"""An input, LETTERING or its large lines → the sense that reads it, where a feature names no other.
"""

SHOWABLE = (*INPUTS, LETTERING)
"""What may be hidden of a movie."""


@dataclass(frozen=True)
class Case:
    """Movies of which a model has the same.

    Attributes:
        name: what it is called everywhere.
        needs: inputs, LETTERING or senses that a movie must have to be in this case.
        shows: those that the model sees of such a movie; the others are hidden from it.
    """

    name: str
    needs: tuple[str, ...]
    shows: tuple[str, ...]

    @property
    def hides(self) -> tuple[str, ...]:
        """Inputs that the model does not see, in the order of SHOWABLE."""
        return tuple(name for name in SHOWABLE if name not in self.shows)

    def is_met_by(self, movie: Movie) -> bool:
        """Whether the movie has the inputs that this case needs."""
        return all(movie.has(name) for name in self.needs)

    def is_read_by(self, inputs: Collection[str]) -> bool:
        """Whether a model of these inputs reads those that this case needs."""
        return set(self.needs) <= set(inputs)

    def view(self, movie: Movie) -> Movie:
        """The movie as the model sees it."""
        return movie.without(self.hides)


TITLE = Case("title and year", ("title",), ("title", "year"))
AS_GIVEN = Case("as they are", (), SHOWABLE)
POSTER = Case("poster only", ("poster",), ("poster",))
READ = Case("poster read", ("poster", LETTERING), ("poster", LETTERING))
PLOT = Case("plot only", ("plot",), ("plot", "title", "year"))
BOTH = Case("both", ("poster", "plot"), INPUTS)
BOTH_READ = Case("both, read", ("poster", LETTERING, "plot"), SHOWABLE)

INPUT_CASES = (TITLE, POSTER, PLOT, BOTH, READ, BOTH_READ)
"""Those for which a bundle is calibrated anew."""

REPORT_CASES = {case.name: case for case in (AS_GIVEN, BOTH, PLOT, POSTER, BOTH_READ, READ)}
"""Those in which a bundle is measured, in the order of metrics.json."""


@dataclass(frozen=True)
class SenseCase:
    """Movies of which a bundle's graph is told the same, but for title and year.

    Attributes:
        name: what it is called in config.json.
        senses: those that are there; of SENSES, all that decide a case.
    """

    name: str
    senses: frozenset[str]

    @property
    def hides(self) -> tuple[str, ...]:
        """The deciding senses that are not there."""
        return tuple(sense for sense in _DECIDING if sense not in self.senses)

    @property
    def simple(self) -> str:
        """The case whose rules hold where a bundle has none for this one: of the same inputs."""
        poster = "poster" if self.senses & {"picture", "lettering"} else ""
        return _name(poster, "plot" if self.senses & {"words", "languages"} else "")


_DECIDING = ("picture", "words", "lettering", "languages")
"""Senses that decide a case; the place of each is a bit of the case's number."""

_POSTERS = {"": (), "poster": ("picture",), "poster read": ("picture", "lettering")}
_POSTERS["lettering"] = ("lettering",)
_PLOTS = {"": (), "plot": ("words",), "plot in any language": ("words", "languages")}
_PLOTS["foreign plot"] = ("languages",)


def _name(poster: str, plot: str) -> str:
    """What a case is called; those of older bundles keep their names."""
    older = {("", ""): "title and year", ("poster", "plot"): "both"}
    older |= {("poster", ""): "poster only", ("", "plot"): "plot only"}
    return older.get((poster, plot)) or " + ".join(filter(None, (poster, plot)))


_CASES = [
    SenseCase(_name(poster, plot), frozenset((*poster_senses, *plot_senses)))
    for plot, plot_senses in _PLOTS.items()
    for poster, poster_senses in _POSTERS.items()
]


def _number(senses: Collection[str]) -> int:
    return sum(2**bit for bit, sense in enumerate(_DECIDING) if sense in senses)


BUNDLE_CASES = {case.name: case for case in sorted(_CASES, key=lambda case: _number(case.senses))}
"""Those for which a bundle may have rules, in the order of their numbers."""


def sense_cases(case: Case) -> tuple[str, ...]:
    """Those of BUNDLE_CASES that a movie of an input case may be in, if its plot is not foreign."""
    needs = {SENSE_OF[name] for name in case.needs if name != "title"}
    return tuple(n for n, c in BUNDLE_CASES.items() if c.senses - {"languages"} == needs)[
        : 2 if "words" in needs else 1
    ]


def case_numbers(present: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """The position in BUNDLE_CASES of each movie's case, shape (n,).

    Args:
        present: which of SENSES each movie has, as the graph takes it; shape (n, 6).
    """
    has = present[:, [SENSES.index(sense) for sense in _DECIDING]] > 0
    return np.asarray(has @ (2 ** np.arange(len(_DECIDING))), np.int64)


def case_name(present: Collection[bool]) -> str:
    """Which of BUNDLE_CASES a movie is in that has these of SENSES, in their order."""
    number = int(case_numbers(np.array([present]))[0])
    return list(BUNDLE_CASES)[number]
