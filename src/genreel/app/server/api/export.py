"""Films out, as files."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from fastapi.responses import StreamingResponse

from genreel.app.server.dependencies import MAX_SELECTION, FilterDep, ServiceDep
from genreel.app.server.problems import RESPONSES
from genreel.app.service.service import Service
from genreel.app.store.browse import Filter
from genreel.app.store.export import EXPORTS, Options, export
from genreel.errors import InputError
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
    query: FilterDep,
    form: Annotated[str, Query(alias="format", **_FORMAT)] = "csv",
    safe_cells: Annotated[
        bool, Query(description="an apostrophe before CSV cells that look like formulas")
    ] = False,
    names: Annotated[str, Query(**_NAMES)] = "",
) -> StreamingResponse:
    """The films as a table, Shopify's product CSV, or an archive of NFO files or sidecars."""
    return _answer(service, query, form, safe_cells, names)


@router.post("/export", response_class=StreamingResponse, responses=_FILES)
def export_some(
    service: ServiceDep,
    films: Annotated[str, Form(description="their ids, a line each")],
    form: Annotated[str, Form(alias="format", **_FORMAT)] = "csv",
    safe_cells: Annotated[bool, Form()] = False,
    names: Annotated[str, Form(**_NAMES)] = "",
) -> StreamingResponse:
    """The films that are named, as `GET` has them."""
    ids = frozenset(films.splitlines())
    if len(ids) > MAX_SELECTION:
        raise InputError(f"{len(ids):,} films; name at most {MAX_SELECTION:,}, or use a filter")
    return _answer(service, Filter(ids=ids), form, safe_cells, names)


def _answer(
    service: Service, query: Filter, form: str, safe_cells: bool, names: str
) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{EXPORTS[form].name}"'}
    options = Options(safe_cells, OUT[names] if names else service.genres.names())
    parts = export(service.store, query, form, options)
    return StreamingResponse(parts, headers=headers, media_type=EXPORTS[form].media_type)
