"""Many films at once: which they are, and what is done to them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from genreel.app.server.dependencies import MAX_SELECTION, FilterDep, ServiceDep
from genreel.app.server.problems import RESPONSES
from genreel.app.server.shapes import BatchIn
from genreel.app.store import browse
from genreel.app.store.batch import Act

router = APIRouter(prefix="/api", tags=["batches"], responses=RESPONSES)


@router.get("/selection")
def selection(service: ServiceDep, query: FilterDep) -> dict[str, Any]:
    """Ids and versions of all films that fit, the least sure first, at most 10,000; how many genres
    they have together, how many of these are right as far as the scores tell, and by genre how
    many films have it.
    """
    labels, right = browse.labels(service.store, query)
    return {
        "films": browse.versions(service.store, query, MAX_SELECTION),
        "count": browse.count(service.store, query),
        "labels": labels,
        "right": round(right, 3),
        "genres": browse.genres(service.store, query),
    }


@router.post("/batches")
def act_on_many(service: ServiceDep, body: BatchIn) -> dict[str, Any]:
    """Does the same to many films, at most 500: accepts their genres, reviews them, adds or removes
    genres, sets the decade, deletes them. A film that cannot be changed is `refused` with the
    reason, and the others are. One undo takes all back.
    """
    versions = {film.id: film.version for film in body.films}
    act = Act(body.act, tuple(body.genres), body.decade)
    outcome = service.act_on_many(versions, act, body.batch)
    return {
        "batch": outcome.batch,
        "done": outcome.done,
        "unchanged": outcome.unchanged,
        "refused": [{"id": film, "detail": why} for film, why in outcome.refused.items()],
    }
