"""Films: listed, added, corrected, deleted.

An id may hold slashes, so it is the last part of a path: what is done to a film stands before it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, File, Query, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from genreel.app.server.dependencies import MAX_FILES, FilterDep, ServiceDep
from genreel.app.server.problems import RESPONSES
from genreel.app.server.shapes import EditIn, MovieIn, added_out, film_out
from genreel.app.service.added import Added
from genreel.app.service.gate import Busy
from genreel.app.store import browse
from genreel.catalogue import FIRST_YEAR, LAST_YEAR
from genreel.errors import GenreelError, InputError
from genreel.language import language_code

POSTERS_AT_ONCE = 4
"""Posters of a request that are opened, predicted and saved together."""

MAX_ALIKE = 50
"""Films like one that are asked for at most."""

router = APIRouter(prefix="/api", tags=["films"], responses=RESPONSES)

_LINES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A JSON line per row",
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
    }
}


@router.get("/films")
def films(
    service: ServiceDep,
    query: FilterDep,
    order: Annotated[str, Query(pattern=browse.ORDER_PATTERN)] = "newest",
    limit: Annotated[int, Query(ge=1, le=500)] = browse.PAGE,
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
) -> dict[str, Any]:
    """Lists films: those of a genre, a decade, a state, an identity, with all words of `q`."""
    page = browse.find(service.store, query, order, limit, offset)
    return {
        "films": [film_out(film, full=False) for film in page],
        "count": browse.count(service.store, query),
    }


@router.post("/films", status_code=201)
def add_film(service: ServiceDep, body: MovieIn) -> dict[str, Any]:
    """Adds a film, or completes the one with this id; what is not given stays as it was."""
    if not body.id:
        raise InputError("give the film an id")
    return added_out(service.add(body.movie(body.id, service.store.genres.now().spellings)))


@router.post("/films/files", status_code=201)
async def add_files(
    service: ServiceDep, file: Annotated[list[UploadFile], File()]
) -> dict[str, Any]:
    """Adds posters sent as files; each is answered by a film or an error."""
    if len(file) > MAX_FILES:
        raise InputError(f"{len(file)} files in one request; send at most {MAX_FILES}")
    results: list[dict[str, Any]] = []
    for start in range(0, len(file), POSTERS_AT_ONCE):
        some = [(one.filename or "", await one.read()) for one in file[start:][:POSTERS_AT_ONCE]]
        try:
            added = await run_in_threadpool(service.add_posters, some)
        except Busy as error:
            if not results:
                raise
            added = [Added(name, error=str(error)) for name, _ in some]  # the others are told
        results += map(added_out, added)
    return {"added": results}


@router.post("/films/table", response_class=StreamingResponse, responses=_LINES)
async def add_table(service: ServiceDep, file: UploadFile) -> StreamingResponse:
    """Adds the films of a .csv, .jsonl or .parquet table; answers a JSON line per row."""
    name = file.filename or ""
    results = service.add_table(name, await file.read())
    first = await run_in_threadpool(next, results, None)  # so that a bad table is a problem

    def lines() -> Iterator[str]:
        if first is not None:
            yield json.dumps(added_out(first)) + "\n"
        try:
            for result in results:
                yield json.dumps(added_out(result)) + "\n"
        except GenreelError as error:
            yield json.dumps(added_out(Added(name, error=str(error)))) + "\n"

    return StreamingResponse(lines(), media_type="application/x-ndjson")


@router.get("/similar/{film_id:path}")
def similar(
    service: ServiceDep, film_id: str, count: Annotated[int, Query(ge=1, le=MAX_ALIKE)] = 8
) -> dict[str, Any]:
    """Films of the store that are most like one, by what the model makes of plots and posters.

    They are read in the background, once; until `ready`, ask again.
    """
    answer = service.alike.like(film_id, count)
    ids = frozenset(one.movie.id for one in answer.films)
    by_id = {film.id: film for film in browse.find(service.store, browse.Filter(ids=ids))}
    films = [
        {**film_out(by_id[one.movie.id], full=False), "likeness": one.to_dict()["score"]}
        for one in answer.films
        if one.movie.id in by_id
    ]
    return {"films": films, "ready": answer.is_ready}


@router.get("/films/{film_id:path}")
def film(service: ServiceDep, film_id: str) -> dict[str, Any]:
    """One film with its scores and everybody's opinions."""
    return film_out(service.store.film(film_id))


@router.patch("/films/{film_id:path}")
def edit_film(service: ServiceDep, film_id: str, body: EditIn) -> dict[str, Any]:
    """Corrects title, year, plot or the plot's language, and predicts the film anew.

    Where too many films wait for that, the edit is kept and `problem` says so.
    """
    changes = body.model_dump(exclude={"version"}, exclude_unset=True)
    year = changes.get("year")
    if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
        raise InputError(f"year {year} is not from {FIRST_YEAR} to {LAST_YEAR}")
    for name in ("title", "plot"):
        if name in changes:
            changes[name] = (changes[name] or "").replace("\0", "")
    if "language" in changes:
        changes["language"] = language_code(changes["language"] or "")
    return film_out(service.edit(film_id, changes, body.version))


@router.delete("/films/{film_id:path}", status_code=204)
def delete_film(service: ServiceDep, film_id: str, version: int | None = None) -> Response:
    """Deletes a film; undo brings it back within 30 days. Its history stays."""
    service.store.delete(film_id, version)
    return Response(status_code=204)
