"""Lettering in a catalogue's cell."""

from __future__ import annotations

import pytest

from genreel.errors import InputError
from genreel.lettering import MAX_LINES, Lettering, Line, parse_lettering

LETTERING = Lettering((Line("QUINCE Å", 0.9, 0.1, 0.2, 0.5, 0.1), Line("", 0, 0, 0, 0, 0)))


def test_it_is_written_and_read() -> None:
    text = LETTERING.to_json()
    assert text.startswith('[["QUINCE Å", 0.9, 0.1')
    assert parse_lettering(text) == LETTERING
    assert LETTERING.lines[0].right == pytest.approx(0.6)
    assert LETTERING.lines[0].bottom == pytest.approx(0.3)


def test_an_empty_cell_has_no_lines() -> None:
    assert parse_lettering("") == parse_lettering(" [] ") == Lettering()


@pytest.mark.parametrize(
    "text",
    [
        *("nonsense", "{}", "3", "[3]", "[[]]", '[["A", 1, 1, 1, 1]]', '[["A", 1, 1, 1, 1, NaN]]'),
        *('[["A", 1, 1, 1, 1, 1.01]]', '[["A", 1, -0.1, 1, 1, 1]]', '[["A", 1, 1, 1, 1, 1e999]]'),
        *(f'[["A", 1, 1, 1, 1, {"9" * digits}]]' for digits in (400, 5000)),
        *('[["A", 1, 1, 1, 1, null]]', "[[1, 1, 1, 1, 1, 1]]", "[" * 100_000),
    ],
)
def test_anything_else_is_one_line(text: str) -> None:
    with pytest.raises(InputError, match="read the poster again") as error:
        parse_lettering(text)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 200


def test_noise_is_cut() -> None:
    assert len(parse_lettering(str([["A", 1, 1, 1, 1, 1]] * 2000).replace("'", '"')).lines) == (
        MAX_LINES
    )
