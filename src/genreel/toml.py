"""Reads TOML that somebody else may have written."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from genreel.errors import InputError
from genreel.files import read_file

MAX_BYTES = 2**20
"""Of a file; recipes and lists of names have some thousand."""

MAX_DOTS = 100
"""In a line: the time for a key of dotted names grows with the square of their number."""


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        InputError: it is no TOML, or too large; in a few words, without its name.
        OSError: it cannot be read.
    """
    try:
        return parse_toml(read_file(path, MAX_BYTES).decode())
    except UnicodeDecodeError as error:
        raise InputError(f"not valid TOML ({error}); mend it") from None


def parse_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML text; raises InputError."""
    if any(line.count(".") > MAX_DOTS for line in text.splitlines()):
        raise InputError(f"a line of over {MAX_DOTS} dots; shorten it")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise InputError("nested too deeply; mend it") from None
    except ValueError as error:  # also a number of over 4,300 digits
        raise InputError(f"not valid TOML ({error}); mend it") from None
