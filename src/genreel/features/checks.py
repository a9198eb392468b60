"""What the settings of a fitted feature may be: a bundle's arrays are as large as they say."""

from __future__ import annotations

from typing import Any


def check_whole(name: str, value: Any, most: int) -> None:
    """ValueError where a setting is no whole number from 1 to `most`."""
    if type(value) is not int or not 1 <= value <= most:
        raise ValueError(f"{name} is no whole number from 1 to {most:,}")
