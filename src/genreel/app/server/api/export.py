"""Films out, as files."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from genreel.app.server.dependencies import ServiceDep
from genreel.app.server.problems import RESPONSES
from genreel.app.store import browse
from genreel.app.store.export import EXPORTS, Options, export
from genreel.formats.names import OUT

router = APIRouter(prefix="/api", tags=["export"], responses=RESPONSES)

_FORMAT: Any = {
    "pattern": f"^({'|'.join(EXPORTS)})$",
    "description": "; ".join(f"{name}: {form.label}" for name, form in EXPORTS.items()),
    "json_schema_extra": {"enum": list(EXPORTS)},
}
_NAMES: Any = {
    "pattern": f"^({'|'.join(OUT)}|)$",
    "description": "what genres are called; without, as the server was told",
    "json_schema_extra": {"enum": [*OUT, ""]},
}
_FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file",
        "content": {
            form.media_type.partition(";")[0]: {"schema": {"type": "string"}}
            for form in EXPORTS.values()
        },
    }
}


@router.get("/export", response_class=StreamingResponse, responses=_FILES)
def export_films(
    service: ServiceDep,
    form: Annotated[str, Query(alias="format", **_FORMAT)] = "csv",
    genre: str = "",
    decade: int | None = None,
    state: str = "",
    q: str = "",
    safe_cells: Annotated[
        bool, Query(description="an apostrophe before CSV cells that look like formulas")
    ] = False,
    names: Annotated[str, Query(**_NAMES)] = "",
) -> StreamingResponse:
    """The films as a table, Shopify's product CSV, or an archive of NFO files or sidecars."""
    query = browse.Filter(genre, decade, state, q)
    headers = {"Content-Disposition": f'attachment; filename="{EXPORTS[form].name}"'}
    options = Options(safe_cells, OUT[names] if names else service.settings.names)
    parts = export(service.store, query, form, options)
    return StreamingResponse(parts, headers=headers, media_type=EXPORTS[form].media_type)
