"""Saved views: films that somebody looks for again and again, under a name of its own.

A shop has them as collections.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import quote, urlencode

import sqlalchemy as sa

from genreel.app.store.browse import ORDERS, Filter, find
from genreel.app.store.database import get_setting, set_setting
from genreel.app.store.events import log
from genreel.app.store.store import Store
from genreel.errors import InputError, StoreDamaged

MAX_NAME, MAX_VIEWS = 80, 200
"""Characters of a name, and views of a store."""

_SETTING = "views"
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class View:
    """A saved view.

    Attributes:
        name: that a person gave it.
        query: which films.
        order: one of `browse.ORDERS`.
    """

    name: str
    query: Filter
    order: str = "newest"

    @property
    def address(self) -> str:
        """The address of the page that shows it."""
        values = {**_values(self.query), "order": self.order}
        if "text" in values:
            values["q"] = values.pop("text")
        return "/?" + urlencode(values)

    @property
    def link(self) -> str:
        """Its own address, which stays where the view is changed."""
        return f"/views/{quote(self.name, safe='')}"


def read_views(store: Store) -> dict[str, View]:
    """Name → view, by name."""
    with store.database.reading() as connection:
        return _views(connection)


def save_view(store: Store, view: View) -> View:
    """Keeps a view, in place of the one with its name; capitals do not set two apart.

    Raises:
        InputError: its name is empty, too long or no line, or there are too many.
    """
    name = " ".join(view.name.split())
    # Of an address, a part "." or ".." is none: such a view could not be opened.
    if name in ("", ".", "..") or len(name) > MAX_NAME or not name.isprintable():
        raise InputError(f"view {name[:40]!r}: give a name of 1 to {MAX_NAME} characters")
    if view.order not in ORDERS:
        raise InputError(f"order {view.order[:40]!r} is none of {', '.join(ORDERS)}")
    with store.database.writing() as connection:
        views = {n: v for n, v in _views(connection).items() if n.casefold() != name.casefold()}
        if len(views) >= MAX_VIEWS:
            raise InputError(f"there are {MAX_VIEWS} views already; delete one")
        views[name] = View(name, view.query, view.order)
        _keep(connection, views)
    return views[name]


def delete_view(store: Store, name: str) -> bool:
    """Forgets a view, not its films; False where there is none of that name."""
    with store.database.writing() as connection:
        views = _views(connection)
        is_there = views.pop(name, None) is not None
        _keep(connection, views)
    return is_there


def collections(store: Store) -> dict[str, list[str]]:
    """Name of every view → ids of its films, in its order."""
    ids: dict[str, list[str]] = {}
    for view in read_views(store).values():
        ids[view.name] = []
        while some := find(store, view.query, view.order, _AT_ONCE, len(ids[view.name])):
            ids[view.name] += [film.id for film in some]
    return ids


def _views(connection: sa.Connection) -> dict[str, View]:
    kept: Mapping[str, Mapping[str, object]] = get_setting(connection, _SETTING, {})
    try:
        views = [
            View(name, Filter(**values["query"]), str(values["order"]))  # type: ignore[arg-type]
            for name, values in kept.items()
        ]
    except (TypeError, KeyError, AttributeError):
        raise StoreDamaged("the store is damaged (views); put back a copy") from None
    return {view.name: view for view in sorted(views, key=lambda view: view.name.casefold())}


def _keep(connection: sa.Connection, views: Mapping[str, View]) -> None:
    """Keeps views in place of the older ones, as a person's act that can be undone."""
    rows = {
        view.name: {"query": _values(view.query), "order": view.order} for view in views.values()
    }
    before = get_setting(connection, _SETTING, {})
    if rows != before:
        set_setting(connection, _SETTING, rows)
        log(connection, "views", None, "person", before={"views": before}, after={"views": rows})


def _values(query: Filter) -> dict[str, Any]:
    """What a query asks for."""
    values = ((one.name, getattr(query, one.name)) for one in fields(query))
    return {name: value for name, value in values if value not in ("", None)}
