"""Hostile inputs, a kind a file, and what genreel does with one.

Each file has `case(random, number)`, which makes a case, and `attempt(case)`, which gives it to
genreel: True for a result, False for a typed refusal; anything that it raises is a failure. The
first numbers of a kind are attacks written by hand, all others are drawn.
"""

from __future__ import annotations

import importlib
from random import Random
from typing import Any

from attacks.case import Case

KINDS = {
    "images": 0.45,
    "texts": 0.10,
    "catalogues": 0.15,
    "nfos": 0.15,
    "bundles": 0.10,
    "archives": 0.05,
}
"""Kind → what part of all cases it has."""


def make(kind: str, seed: int, number: int) -> Case:
    """A case; the same arguments always give the same one."""
    made: Case = _file(kind).case(Random(f"{seed} {kind} {number}"), number)
    return made


def attempt(kind: str, case: Case) -> bool:
    """Whether genreel gives a result; False: it refused, with a typed error."""
    good: bool = _file(kind).attempt(case)
    return good


def _file(kind: str) -> Any:
    """A kind's file, loaded when it is asked for: the memory of others is not its own."""
    return importlib.import_module(f"attacks.{kind}")
