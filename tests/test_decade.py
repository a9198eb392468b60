"""Decades: which one a year is in, and how it is written."""

from __future__ import annotations

import pytest

from genreel.decade import decade_name, decade_of, decade_years


@pytest.mark.parametrize(
    ("year", "decade"), [(1950, 1950), (1959, 1950), (1960, 1960), (2003, 2000), (None, None)]
)
def test_a_decade_begins_with_a_round_year(year: int | None, decade: int | None) -> None:
    assert decade_of(year) == decade


def test_how_a_decade_is_written() -> None:
    assert decade_name(1950) == "1950s"
    first, last = decade_years(1950)
    assert (first, last) == (1950, 1959)
    assert decade_of(first) == decade_of(last) == 1950
    assert decade_of(first - 1) == 1940 and decade_of(last + 1) == 1960
