"""Whether the server lives, and whether it takes films."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from genreel.app.server import problems
from genreel.app.server.dependencies import ServiceDep

router = APIRouter(tags=["health"])


@router.get("/health/live")
async def live() -> dict[str, str]:
    """Whether the process answers."""
    return {"status": "live"}


@router.get("/health/ready")
def is_ready(request: Request, service: ServiceDep) -> Any:
    """Whether the store answers and films are taken."""
    if not request.app.state.is_ready:
        return problems.problem(503, "the server is starting or stopping")
    if service.store.database.damage:
        raise service.store.database.damage
    service.store.tuning.is_learning()  # raises where the database is gone
    return {"status": "ready"}
