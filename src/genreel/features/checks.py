"""What the settings of a feature may be, whether a recipe or a bundle names them: arrays are as
large as they say.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any


def check_types(settings: Any, inputs: Sequence[str] = ()) -> None:
    """ValueError where a setting is of another type than its default, or not finite.

    Args:
        settings: a dataclass whose every field has a default.
        inputs: what its field `input` may be, if it has one.
    """
    for field in dataclasses.fields(settings):
        value, kind = getattr(settings, field.name), type(field.default)
        fits = type(value) is kind or (kind is float and type(value) is int)
        if not fits or (kind is float and not math.isfinite(value)):
            raise ValueError(f"{field.name} is no finite {kind.__name__}")
    if inputs and settings.input not in inputs:
        raise ValueError(f"input is none of {', '.join(inputs)}")


def check_whole(name: str, value: Any, most: int) -> None:
    """ValueError where a setting is no whole number from 1 to `most`."""
    if type(value) is not int or not 1 <= value <= most:
        raise ValueError(f"{name} is no whole number from 1 to {most:,}")
