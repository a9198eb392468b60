"""Checks of a feature's settings, which may come from a recipe or from a stranger's bundle: the
sizes of arrays depend on them.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from typing import Any


def check_types(settings: Any, inputs: Sequence[str] = ()) -> None:
    """ValueError where a setting has another type than its default, or is not finite.

    Args:
        settings: a dataclass whose every field has a default.
        inputs: what its field `input` may be, if it has one.
    """
    for field in dataclasses.fields(settings):
        value, kind = getattr(settings, field.name), type(field.default)
        is_kind = type(value) is kind or (kind is float and type(value) is int)
        # Also false of NaN; of whole numbers too large for a float, math.isfinite would raise.
        if not is_kind or (kind is float and not abs(value) <= sys.float_info.max):
            raise ValueError(f"{field.name} must be {_TYPES[kind]}, not {_short(value)}")
    if inputs:
        check_choice("input", settings.input, inputs)


def check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """ValueError where a setting is not one of `choices`."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {_short(value)}")


def check_whole(name: str, value: Any, most: int) -> None:
    """ValueError where a setting is not a whole number from 1 to `most`."""
    if type(value) is not int or not 1 <= value <= most:
        raise ValueError(f"{name} must be a whole number from 1 to {most:,}, not {_short(value)}")


TEXTS = ("plot", "title", "lettering", "headline")
"""Texts of a movie; the headline is the large lines of its lettering."""

MAX_WORDS = 1_000_000
"""Words, or pieces of words, of a feature; each takes some 200 bytes."""


def read_words(lines: Any) -> list[str]:
    """Words that a bundle keeps as an array of UTF-8 bytes, one a line; ValueError where there are
    more than MAX_WORDS, which are counted before they are made.
    """
    data = bytes(lines)
    if data.count(b"\n") >= MAX_WORDS:
        raise ValueError(f"over {MAX_WORDS:,} words")
    return data.decode().split("\n") if data else []


_TYPES: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a finite number",
    str: "text",
    tuple: "a list",
}


def _short(value: Any) -> str:
    return repr(value)[:40]
