"""Known films: which of them a film is, and a search over their index."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from genreel.app.server.dependencies import ServiceDep
from genreel.app.server.problems import RESPONSES
from genreel.app.server.shapes import AnswerIn, film_out
from genreel.app.service.known import MAX_KNOWN

router = APIRouter(prefix="/api", tags=["known films"], responses=RESPONSES)


@router.get("/known")
def known(
    service: ServiceDep,
    q: Annotated[str, Query(max_length=200)],
    limit: Annotated[int, Query(ge=1, le=MAX_KNOWN)] = 10,
) -> dict[str, Any]:
    """Films of the index whose titles are most like `q`, or begin with it, the likeliest first."""
    return {"films": service.known.search(q, limit)}


@router.put("/identity/{film_id:path}")
def answer(service: ServiceDep, film_id: str, body: AnswerIn) -> dict[str, Any]:
    """A person's answer to which known film it is; the film then has its title, year and genres.

    null says that it is none of the index, and takes back what a lookup filled in. Undo takes the
    answer back.
    """
    return film_out(service.answer(film_id, body.film, body.version))
