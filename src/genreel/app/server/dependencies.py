"""What the routes need besides a request."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from genreel.app.service.service import Service

MAX_FILES = 256
"""Posters of one request."""


async def get_service(request: Request) -> Service:
    """The service that `create_app` was given."""
    service: Service = request.app.state.service
    return service


ServiceDep = Annotated[Service, Depends(get_service)]
"""Annotation of a route's argument that is the service."""
