"""Saved views on the pages: an address each, and a form that works without JavaScript."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Response
from fastapi.responses import RedirectResponse

from genreel.app.server.dependencies import ServiceDep
from genreel.app.store import browse
from genreel.app.store.events import last_act
from genreel.app.store.views import View, delete_view, read_views, save_view

router = APIRouter(include_in_schema=False)

Word = Annotated[str, Form(max_length=1000)]


@router.get("/views/{name:path}")
def view(service: ServiceDep, name: str) -> Response:
    """The films of a saved view; its address stays where the view is changed."""
    views = read_views(service.store)
    return RedirectResponse(views[name].address if name in views else "/export#views", 303)


@router.post("/views")
def change_view(
    service: ServiceDep,
    name: Word = "",
    action: Word = "save",
    genre: Word = "",
    state: Word = "",
    q: Word = "",
    since: Word = "",
    before: Word = "",
    order: Word = "newest",
) -> Response:
    """Saves a view, forgets one, or takes that back."""
    if action == "undo":
        if last_act(service.store.database) == "views":
            service.undo()
    elif action == "delete":
        delete_view(service.store, name)
    else:
        query = browse.Filter(
            genre, None, state, q, since=browse.year_of(since), before=browse.year_of(before)
        )
        save_view(service.store, View(name, query, order))
    return RedirectResponse("/export#views", 303)
