"""Cases: their names and order are those of bundles and metrics, and each shows what it says."""

from __future__ import annotations

import numpy as np

from genreel import cases
from genreel.cases import BUNDLE_CASES, REPORT_CASES, case_numbers
from genreel.catalogue import INPUTS, Movie


def test_names_and_order_are_those_of_the_files() -> None:
    assert list(BUNDLE_CASES) == ["title and year", "poster only", "plot only", "both"]
    assert list(REPORT_CASES) == ["as they are", "both", "plot only", "poster only"]
    for name, case in {**BUNDLE_CASES, **REPORT_CASES}.items():
        assert case.name == name and set(case.needs) <= set(case.shows)
        assert {*case.shows, *case.hides} == set(INPUTS)


def test_poster_and_plot_tell_the_case() -> None:
    present = np.array([[0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 0], [1, 1, 1, 1]], np.float32)
    assert case_numbers(present).tolist() == [0, 1, 2, 3]
    for name, row in zip(BUNDLE_CASES, present, strict=True):
        inputs = {name for name, has in zip(INPUTS, row, strict=True) if has}
        assert set(BUNDLE_CASES[name].needs) & {"poster", "plot"} == inputs & {"poster", "plot"}


def test_a_case_hides_what_it_does_not_show() -> None:
    movie = Movie("a", title="T", plot="A plot.", year=1999)
    assert cases.PLOT.is_met_by(movie) and not cases.BOTH.is_met_by(movie)
    assert cases.AS_GIVEN.view(movie) == cases.PLOT.view(movie) == movie
    assert cases.TITLE.view(movie) == Movie("a", title="T", year=1999)
    assert cases.POSTER.view(movie) == Movie("a")
    assert cases.PLOT.is_read_by(("plot",)) and not cases.BOTH.is_read_by(("plot", "title"))
