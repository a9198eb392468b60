"""Reviews: the queue, a person's decisions, undo and history."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from genreel.app.server.dependencies import FilterDep, ServiceDep
from genreel.app.server.problems import RESPONSES
from genreel.app.server.shapes import ReviewIn, VersionIn, film_out
from genreel.app.store import browse

router = APIRouter(prefix="/api", tags=["reviews"], responses=RESPONSES)


@router.get("/history")
def history(
    service: ServiceDep,
    film: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """What happened, the newest first: to one film, or to all."""
    return {"events": service.store.history(film, limit)}


@router.get("/queue")
def queue(
    service: ServiceDep,
    query: FilterDep,
    order: Annotated[str, Query(pattern=browse.ORDER_PATTERN)] = "unsure",
    limit: Annotated[int, Query(ge=1, le=500)] = 10,
    promise: Annotated[float, Query(ge=0, le=1)] = 0.9,
    after: Annotated[str, Query(description="id of a film: those behind it")] = "",
) -> dict[str, Any]:
    """Ids of the films to review next, and how much is left."""
    return {
        "films": browse.queue(service.store, order, limit, query, after),
        **browse.progress(service.store, order, promise, query),
    }


@router.put("/reviews/{film_id:path}")
def review(service: ServiceDep, film_id: str, body: ReviewIn) -> dict[str, Any]:
    """A person's decision about all genres of a film; on disk when this answers."""
    return film_out(service.review(film_id, body.genres, body.version))


@router.post("/skips/{film_id:path}")
def skip(service: ServiceDep, film_id: str, body: VersionIn) -> dict[str, Any]:
    """Leaves a film for later."""
    return film_out(service.store.skip(film_id, body.version))


@router.post("/undo")
def undo(service: ServiceDep, film: str | None = None) -> dict[str, Any]:
    """Takes back a person's last act, on one film or on any; on many films, if it was."""
    return {"undone": service.undo(film)}


@router.get("/why/{film_id:path}")
def why(service: ServiceDep, film_id: str) -> dict[str, Any]:
    """Words of the plot, areas of the poster and words printed on it that spoke for each genre."""
    return {"why": service.why(film_id)}
