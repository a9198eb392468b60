"""Saved views: a name for films that are looked for again and again."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field

from genreel.app.server.dependencies import ServiceDep
from genreel.app.server.problems import RESPONSES
from genreel.app.server.shapes import Body
from genreel.app.store import browse
from genreel.app.store.views import View, delete_view, read_views, save_view

router = APIRouter(prefix="/api", tags=["views"], responses=RESPONSES)

Year = Annotated[int, Field(ge=0, le=9999)]


class ViewIn(Body):
    """Which films a view shows, as `/api/films` takes them."""

    genre: Annotated[str, Field(max_length=200)] = ""
    decade: Year | None = None
    state: Annotated[str, Field(max_length=40)] = ""
    q: Annotated[str, Field(max_length=1000)] = ""
    since: Year | None = None
    before: Year | None = None
    order: Annotated[str, Field(pattern=browse.ORDER_PATTERN)] = "newest"

    def view(self, name: str) -> View:
        """The view, under a name."""
        query = browse.Filter(
            self.genre, self.decade, self.state, self.q, since=self.since, before=self.before
        )
        return View(name, query, self.order)


@router.get("/views")
def views(service: ServiceDep) -> dict[str, Any]:
    """Lists the views, with the number of their films."""
    return {"views": [_view_out(service, view) for view in read_views(service.store).values()]}


@router.put("/views/{name:path}")
def put_view(service: ServiceDep, name: str, body: ViewIn) -> dict[str, Any]:
    """Saves a view under a name, in place of an older one."""
    return _view_out(service, save_view(service.store, body.view(name)))


@router.delete("/views/{name:path}", status_code=204)
def remove_view(service: ServiceDep, name: str) -> Response:
    """Forgets a view, if there is one of that name; its films stay."""
    delete_view(service.store, name)
    return Response(status_code=204)


def _view_out(service: ServiceDep, view: View) -> dict[str, Any]:
    return {
        "name": view.name,
        "link": view.link,
        "address": view.address,
        "films": browse.count(service.store, view.query),
    }
