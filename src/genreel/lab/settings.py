"""Turns tables of a TOML file into frozen dataclasses; errors name the nearest right key."""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any

from genreel.errors import RecipeError

T = typing.TypeVar("T")


def nearest(name: str, names: Iterable[str]) -> str:
    """A hint that offers the name most like `name`, or lists a few."""
    names = list(names)
    matches = difflib.get_close_matches(name, names, n=1)
    if matches:
        return f"did you mean {matches[0]!r}?"
    return f"choose one of: {', '.join(sorted(names)[:12])}"


def pick(table: Mapping[str, T], name: str, where: str) -> T:
    """table[name]; RecipeError with the nearest name if it is not there."""
    if name not in table:
        raise RecipeError(f"{where}: unknown {name!r}; {nearest(str(name), table)}")
    return table[name]


def settings_from(cls: type[T], table: Mapping[str, Any], where: str) -> T:
    """An instance of the dataclass `cls` from a table; nested dataclasses from nested tables.

    Raises:
        RecipeError: an unknown key (the nearest is offered), a missing one, a wrong type, or
            what the dataclass refuses with a ValueError.
    """
    if not isinstance(table, Mapping):
        raise RecipeError(f"{where}: must be a table, not {table!r}")
    hints = typing.get_type_hints(cls)
    fields = {field.name: field for field in dataclasses.fields(typing.cast(Any, cls))}
    values = {}
    for key, value in table.items():
        if key not in fields:
            raise RecipeError(f"{where}: unknown key {key!r}; {nearest(key, fields)}")
        values[key] = _convert(hints[key], value, f"{where}.{key}")
    try:
        return cls(**values)
    except TypeError:
        missing = [
            name
            for name, field in fields.items()
            if field.default is dataclasses.MISSING
            and field.default_factory is dataclasses.MISSING
            and name not in values
        ]
        raise RecipeError(f"{where}: {', '.join(missing)} missing; add it") from None
    except ValueError as error:
        raise RecipeError(f"{where}: {error}; mend it") from None


def _convert(hint: Any, value: Any, where: str) -> Any:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(hint):
        return settings_from(typing.cast(type, hint), value, where)
    if origin is tuple:
        items = value if isinstance(value, list) else []
        inner = args[:1] * len(items) if args[-1] is Ellipsis else args
        if isinstance(value, list) and len(inner) == len(items):
            return tuple(_convert(h, v, where) for h, v in zip(inner, items, strict=True))
    elif origin in (types.UnionType, typing.Union):
        for option in args:
            try:
                return _convert(option, value, where)
            except RecipeError:
                continue
    elif origin is dict or hint is dict:
        if isinstance(value, Mapping):
            return dict(value)
    elif hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    elif isinstance(value, bool) == (hint is bool) and isinstance(value, hint):
        return value
    type_name = getattr(hint, "__name__", str(hint)) if origin is None else str(hint)
    raise RecipeError(f"{where}: must be {type_name}, not {value!r}")
