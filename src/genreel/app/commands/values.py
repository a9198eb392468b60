"""Values of flags: each function makes one of a text, or says what it should be."""

from __future__ import annotations

from argparse import ArgumentTypeError
from urllib.parse import urlsplit

from genreel.decade import decade_of
from genreel.errors import InputError


def positive(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def natural(text: str) -> int:
    """A whole number from 0 on."""
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not a whole number from 0 on")
    return int(text)


def port(text: str) -> int:
    """A port of TCP; 0: any that is free."""
    if not text.isdecimal() or int(text) >= 2**16:
        raise ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def seed(text: str) -> int:
    """A seed of numpy's generators."""
    if not text.isdecimal() or int(text) >= 2**32:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 0 to 2³² - 1")
    return int(text)


def decades(text: str) -> tuple[int, ...]:
    """First years of decades, such as 1970,1980 or 1970s,1980s."""
    years = text.replace("s", "").split(",")
    if not all(year.isdecimal() and decade_of(int(year)) == int(year) for year in years):
        raise ArgumentTypeError(f"{text!r} are no decades; write 1970,1980")
    return tuple(map(int, years))


def share(text: str) -> float:
    """A number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return value


def web_address(text: str) -> str:
    """Of a server: http or https, and no name or password in it."""
    try:
        parts = urlsplit(text)
        is_server = parts.port != 0 and bool(parts.hostname) and not parts.username
    except ValueError:
        is_server = False
    if not is_server or parts.scheme not in ("http", "https"):
        raise ArgumentTypeError(f"{text!r} is not an address such as http://localhost:8080")
    return text


def language(text: str) -> str:
    """The code of a language, given a code or an English name."""
    from genreel.language import language_code

    try:
        code = language_code(text)
    except InputError as error:
        raise ArgumentTypeError(str(error)) from None
    if text.strip() and not code:
        raise ArgumentTypeError(f"{text!r} are several languages; give one, or none")
    return code


DECISIONS = {
    "balanced": "thresholds of best F1",
    "sure": "only genres of which three in four are right, or more",
    "everything": "whatever nine in ten of a genre's movies reach",
}
"""How a bundle decides, as `calibration.DECISIONS` has it; for help."""


def decisions_help() -> str:
    """What each decision means."""
    return "; ".join(f"{name}: {text}" for name, text in DECISIONS.items())
