"""Tables of TOML become dataclasses, or a line that says what is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from genreel.errors import RecipeError
from genreel.lab.settings import nearest, pick, settings_from


@dataclass(frozen=True)
class Inner:
    depth: int = 1


@dataclass(frozen=True)
class Outer:
    name: str
    count: int = 1
    rate: float = 0.5
    on: bool = False
    pair: tuple[int, int] = (1, 1)
    many: tuple[str, ...] = ()
    limit: int | None = None
    notes: dict[str, Any] = field(default_factory=dict)
    inner: Inner = field(default_factory=Inner)


def test_every_kind_of_value() -> None:
    table = {
        "name": "a",
        "count": 3,
        "rate": 2,
        "on": True,
        "pair": [1, 2],
        "many": ["x", "y", "z"],
        "limit": 7,
        "notes": {"macro_f1": 0.5},
        "inner": {"depth": 9},
    }
    made = settings_from(Outer, table, "toy")
    notes = {"macro_f1": 0.5}
    assert made == Outer("a", 3, 2.0, True, (1, 2), ("x", "y", "z"), 7, notes, Inner(9))
    assert type(made.rate) is float


def test_defaults() -> None:
    assert settings_from(Outer, {"name": "a"}, "toy") == Outer("a")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"name": "a", "coutn": 3}, "toy: unknown key 'coutn'; did you mean 'count'?"),
        ({"count": 3}, "toy: name missing; add it"),
        ({"name": 3}, "toy.name: must be str, not 3"),
        ({"name": "a", "count": 2.5}, "toy.count: must be int, not 2.5"),
        ({"name": "a", "count": True}, "toy.count: must be int, not True"),
        ({"name": "a", "on": 1}, "toy.on: must be bool, not 1"),
        ({"name": "a", "rate": True}, "toy.rate: must be float, not True"),
        ({"name": "a", "rate": "fast"}, "toy.rate: must be float, not 'fast'"),
        ({"name": "a", "pair": [1, 2, 3]}, "toy.pair: must be tuple[int, int], not [1, 2, 3]"),
        ({"name": "a", "pair": 2}, "toy.pair: must be tuple[int, int], not 2"),
        ({"name": "a", "pair": [1, "2"]}, "toy.pair: must be int, not '2'"),
        ({"name": "a", "many": "xyz"}, "toy.many: must be tuple[str, ...], not 'xyz'"),
        ({"name": "a", "limit": "x"}, "toy.limit: must be int | None, not 'x'"),
        ({"name": "a", "notes": 1}, "toy.notes: must be dict[str, typing.Any], not 1"),
        ({"name": "a", "inner": 4}, "toy.inner: must be a table, not 4"),
        ({"name": "a", "inner": {"deep": 4}}, "toy.inner: unknown key 'deep'; did you mean"),
    ],
)
def test_what_is_wrong(table: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        settings_from(Outer, table, "toy")
    assert str(caught.value).startswith(message)


def test_nearest_name_or_a_list() -> None:
    assert nearest("epoch", ["batch_size", "epochs"]) == "did you mean 'epochs'?"
    assert nearest("zzz", ["b", "a"]) == "choose one of: a, b"


def test_pick() -> None:
    assert pick({"linear": 1}, "linear", "toy") == 1
    with pytest.raises(RecipeError, match=r"^toy: unknown 'liner'; did you mean 'linear'\?$"):
        pick({"linear": 1}, "liner", "toy")
