"""What the routes need besides a request."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request

from genreel.app.service.service import Service
from genreel.app.store.browse import Filter

MAX_FILES = 256
"""Posters of one request."""


MAX_SELECTION = 10_000
"""Films that are selected at once."""


async def get_service(request: Request) -> Service:
    """The service that `create_app` was given."""
    service: Service = request.app.state.service
    return service


ServiceDep = Annotated[Service, Depends(get_service)]
"""Annotation of a route's argument that is the service."""


def get_filter(
    genre: str = "",
    decade: int | None = None,
    state: str = "",
    q: str = "",
    identity: str = "",
    sure: Annotated[
        float | None, Query(ge=0, le=1, description="share of their genres that is right")
    ] = None,
) -> Filter:
    """Which films are meant: of a genre, a decade, a state, an identity, with all words of `q`."""
    return Filter(genre, decade, state, q, identity, sure)


FilterDep = Annotated[Filter, Depends(get_filter)]
"""Annotation of a route's argument that says which films are meant."""
