"""Cases: their names and order are those of bundles and metrics, and each shows what it says."""

from __future__ import annotations

import numpy as np
import pytest

from genreel import cases
from genreel.calibration import CaseRules, Rules
from genreel.cases import BUNDLE_CASES, REPORT_CASES, SENSES, SHOWABLE, case_numbers, sense_cases
from genreel.catalogue import INPUTS, Movie
from genreel.lettering import Lettering


def test_names_and_order_are_those_of_the_files() -> None:
    assert list(BUNDLE_CASES)[:4] == ["title and year", "poster only", "plot only", "both"]
    assert len(BUNDLE_CASES) == 16 and list(REPORT_CASES)[:4] == [
        "as they are",
        "both",
        "plot only",
        "poster only",
    ]
    for name, case in REPORT_CASES.items():
        assert case.name == name and set(case.needs) <= set(case.shows)
        assert {*case.shows, *case.hides} == set(SHOWABLE)
    # Older graphs are told of INPUTS alone, in this order.
    assert [cases.SENSE_OF[name] for name in INPUTS] == list(SENSES[:4])


def test_what_is_there_tells_the_case() -> None:
    for number, (name, case) in enumerate(BUNDLE_CASES.items()):
        assert case.name == name
        present = np.array([[sense in case.senses for sense in SENSES]], np.float32)
        assert case_numbers(present).tolist() == [number]
        present[:, SENSES.index("title")] = 1
        assert case_numbers(present).tolist() == [number], "title and year decide nothing"


@pytest.mark.parametrize(
    ("name", "simple"),
    [
        ("poster read", "poster only"),
        ("lettering", "poster only"),
        ("foreign plot", "plot only"),
        ("plot in any language", "plot only"),
        ("poster read + plot in any language", "both"),
        ("both", "both"),
        ("title and year", "title and year"),
    ],
)
def test_a_bundle_without_rules_for_a_case_takes_those_of_the_same_inputs(
    name: str, simple: str
) -> None:
    common, other = CaseRules({"War": 0.5}), CaseRules({"War": 0.25})
    present = np.array([[sense in BUNDLE_CASES[name].senses for sense in SENSES]], np.float32)
    assert BUNDLE_CASES[name].simple == simple
    assert Rules(["War"], common.thresholds).thresholds(present).tolist() == [[0.5]]
    rules = Rules(["War"], common.thresholds, {simple: other})
    assert rules.thresholds(present).tolist() == [[0.25]]


def test_a_case_of_inputs_is_that_of_the_senses_that_read_them() -> None:
    assert sense_cases(cases.TITLE) == ("title and year",)
    assert sense_cases(cases.READ) == ("poster read",)
    assert sense_cases(cases.PLOT) == ("plot only", "plot in any language")
    assert sense_cases(cases.BOTH_READ) == (
        "poster read + plot",
        "poster read + plot in any language",
    )


def test_a_case_hides_what_it_does_not_show() -> None:
    movie = Movie("a", title="T", plot="A plot.", year=1999)
    assert cases.PLOT.is_met_by(movie) and not cases.BOTH.is_met_by(movie)
    assert cases.AS_GIVEN.view(movie) == cases.PLOT.view(movie) == movie
    assert cases.TITLE.view(movie) == Movie("a", title="T", year=1999)
    assert cases.POSTER.view(movie) == Movie("a")
    assert cases.PLOT.is_read_by(("plot",)) and not cases.BOTH.is_read_by(("plot", "title"))


def test_lettering_goes_with_its_poster() -> None:
    movie = Movie("a", poster=b"a", lettering=Lettering())
    assert cases.READ.is_met_by(movie) and cases.READ.view(movie) == movie
    assert cases.POSTER.view(movie) == Movie("a", poster=b"a")
    assert cases.PLOT.view(movie) == Movie("a")
