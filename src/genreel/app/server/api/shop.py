"""The shop: films as pages that customers browse."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from genreel.app.server.dependencies import ServiceDep
from genreel.app.server.problems import RESPONSES
from genreel.app.shop.rendering import Look
from genreel.app.store import browse

router = APIRouter(prefix="/api", tags=["export"], responses=RESPONSES)

_ARCHIVE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The archive", "content": {"application/zip": {}}}
}
_HEADERS = {"Content-Disposition": 'attachment; filename="shop.zip"'}

Line = Annotated[str, Query(max_length=500)]


@router.get("/shop", response_class=StreamingResponse, responses=_ARCHIVE)
def shop(
    service: ServiceDep,
    title: Line = Look.title,
    tagline: Line = "",
    contact: Line = "",
    currency: Annotated[str, Query(max_length=20)] = "",
    url: Line = "",
    state: str = "",
) -> StreamingResponse:
    """The films as a shop to browse: an archive of pages, to be unpacked on a web space.

    `contact` is a mail address or a page; `url`, where the shop will be, gives it a site map;
    `state=reviewed` leaves out films that nobody reviewed.
    """
    look = Look(title or Look.title, tagline, contact, currency, url)
    parts = service.shop(browse.Filter(state=state), look)
    return StreamingResponse(parts, headers=_HEADERS, media_type="application/zip")
