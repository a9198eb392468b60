"""Decades: which one a year is in, and how it is written."""

from __future__ import annotations

YEARS = 10


def decade_of(year: int | None) -> int | None:
    """The first year of a year's decade: 1950 for 1957; None without a year."""
    return None if year is None else year // YEARS * YEARS


def decade_name(decade: int) -> str:
    """A decade as it is written: "1950s" for 1950."""
    return f"{decade}s"


def decade_years(decade: int) -> tuple[int, int]:
    """The first and the last year of a decade: (1950, 1959) for 1950."""
    return decade, decade + YEARS - 1
