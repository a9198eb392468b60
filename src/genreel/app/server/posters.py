"""Posters as they are kept: their names are digests, so a browser may keep them forever."""

from __future__ import annotations

from fastapi import APIRouter, Response

from genreel.app.server.dependencies import ServiceDep
from genreel.errors import UnknownFilm

router = APIRouter(include_in_schema=False)


@router.get("/posters/{digest}/{size}.jpg")
def poster(service: ServiceDep, digest: str, size: str) -> Response:
    """A poster's JPEG; `size` is small, large or full."""
    data = service.store.poster(digest, size == "full")
    if data is None or size not in ("small", "large", "full"):
        raise UnknownFilm(digest)
    if size == "small":
        data = service.thumbnail(digest, data)
    headers = {"Cache-Control": "private, max-age=31536000, immutable"}
    return Response(data, headers=headers, media_type="image/jpeg")
