"""The REST API; its description is at /api/docs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from genreel.app.server import problems
from genreel.app.server.shapes import (
    EditIn,
    MovieIn,
    MoviesIn,
    ReviewIn,
    ThresholdsIn,
    VersionIn,
    film_out,
)
from genreel.app.service.images import thumbnail
from genreel.app.service.service import Added, Service
from genreel.app.store import browse
from genreel.app.store.export import EXPORTS, export
from genreel.catalogue import FIRST_YEAR, LAST_YEAR, Movie
from genreel.errors import GenreelError, InputError, UnknownFilm

MAX_FILES = 256
"""Posters of one request."""

_EXPORT: Any = {
    "pattern": f"^({'|'.join(EXPORTS)})$",
    "description": "; ".join(f"{name}: {form.label}" for name, form in EXPORTS.items()),
    "json_schema_extra": {"enum": list(EXPORTS)},
}


_TEXT = {"schema": {"type": "string"}}
_LINES: dict[int | str, dict[str, Any]] = {
    200: {"description": "A JSON line per row", "content": {"application/x-ndjson": _TEXT}}
}
_FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file",
        "content": {form.media_type.partition(";")[0]: _TEXT for form in EXPORTS.values()},
    }
}


def routes(service: Service) -> APIRouter:
    """The API over a service. Functions that are not async run in threads of their own."""
    api = APIRouter(prefix="/api", responses=problems.DESCRIBED)
    store = service.store

    def added_out(added: Added) -> dict[str, Any]:
        film = added.film and film_out(added.film, full=False)
        return {"name": added.name, "film": film, "error": added.error or None, "new": added.new}

    # Predicting, with nothing kept

    @api.post("/predict", tags=["predict"])
    def predict(body: MovieIn) -> dict[str, Any]:
        """Predicts one movie."""
        prediction = service.predict(body.movie("movie"))
        if not prediction.scores:
            raise InputError(prediction.error or "nothing to predict from")
        return prediction.to_dict()

    @api.post("/predict/many", tags=["predict"])
    def predict_many(body: MoviesIn) -> dict[str, Any]:
        """Predicts several movies; one that cannot be predicted carries its error."""
        movies = [one.movie(f"movie {number}") for number, one in enumerate(body.movies, 1)]
        return {"predictions": [one.to_dict() for one in service.predict_many(movies)]}

    @api.post("/predict/files", tags=["predict"])
    async def predict_files(
        request: Request,
        poster: Annotated[list[UploadFile], File()],
        title: Annotated[str, Form()] = "",
        plot: Annotated[str, Form()] = "",
        year: Annotated[int | None, Form()] = None,
    ) -> dict[str, Any]:
        """Predicts posters sent as files; title, plot and year describe a poster that is alone."""
        if len(poster) > 1 and (title or plot or year):
            raise InputError("title, plot and year describe one movie; send one poster")
        about = MovieIn(title=title, plot=plot, year=year).movie("movie")
        movies = [
            Movie(file.filename or "movie", about.title, about.year, about.plot, await file.read())
            for file in poster
        ]
        predictions = await run_in_threadpool(service.predict_many, movies)
        return {"predictions": [one.to_dict() for one in predictions]}

    # Films

    @api.get("/films", tags=["films"])
    def films(
        genre: str = "",
        decade: int | None = None,
        state: str = "",
        q: str = "",
        order: Annotated[str, Query(pattern="|".join(browse.ORDERS))] = "newest",
        limit: Annotated[int, Query(ge=1, le=500)] = browse.PAGE,
        offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
    ) -> dict[str, Any]:
        """Lists films: those of a genre, a decade, a state, with all words of `q`."""
        wanted = browse.Filter(genre, decade, state, q)
        found = browse.find(store, wanted, order, limit, offset)
        return {
            "films": [film_out(film, full=False) for film in found],
            "count": browse.count(store, wanted),
        }

    @api.post("/films", tags=["films"], status_code=201)
    def add_film(body: MovieIn) -> dict[str, Any]:
        """Adds a film, or completes the one with this id; what is not given stays as it was."""
        if not body.id:
            raise InputError("give the film an id")
        added = service.add(body.movie(body.id))
        return added_out(added)

    @api.post("/films/files", tags=["films"], status_code=201)
    async def add_files(file: Annotated[list[UploadFile], File()]) -> dict[str, Any]:
        """Adds posters sent as files; each is answered by a film or an error."""
        if len(file) > MAX_FILES:
            raise InputError(f"{len(file)} files in one request; send at most {MAX_FILES}")
        results = []
        for one in file:
            name = one.filename or ""
            try:
                data = await one.read()
                added = await run_in_threadpool(service.add_poster, name, data)
            except InputError as error:
                added = Added(name, error=str(error))
            results.append(added_out(added))
        return {"added": results}

    @api.post("/films/table", tags=["films"], response_class=StreamingResponse, responses=_LINES)
    async def add_table(file: UploadFile) -> StreamingResponse:
        """Adds the films of a .csv, .jsonl or .parquet table; answers a JSON line per row."""
        rows = service.add_table(file.filename or "", await file.read())
        first = await run_in_threadpool(next, rows, None)  # so that a bad table is a problem

        def lines() -> Iterator[str]:
            if first is not None:
                yield json.dumps(added_out(first)) + "\n"
            try:
                for added in rows:
                    yield json.dumps(added_out(added)) + "\n"
            except GenreelError as error:
                yield json.dumps(added_out(Added(file.filename or "", error=str(error)))) + "\n"

        return StreamingResponse(lines(), media_type="application/x-ndjson")

    # An id may hold slashes, so what is done to a film stands before it in the path.

    @api.get("/films/{film_id:path}", tags=["films"])
    def film(film_id: str) -> dict[str, Any]:
        """One film with its scores and everybody's opinions."""
        return film_out(store.film(film_id))

    @api.patch("/films/{film_id:path}", tags=["films"])
    def edit_film(film_id: str, body: EditIn) -> dict[str, Any]:
        """Corrects title, year or plot, and predicts the film anew."""
        changes = body.model_dump(exclude={"version"}, exclude_unset=True)
        year = changes.get("year")
        if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
            raise InputError(f"year {year} is not from {FIRST_YEAR} to {LAST_YEAR}")
        for name in ("title", "plot"):
            if name in changes:
                changes[name] = (changes[name] or "").replace("\0", "")
        store.edit(film_id, changes, body.version)
        return film_out(service.predict_again(film_id))

    @api.delete("/films/{film_id:path}", tags=["films"], status_code=204)
    def delete_film(film_id: str, version: int | None = None) -> Response:
        """Forgets a film; what happened to it stays in the history."""
        store.delete(film_id, version)
        return Response(status_code=204)

    @api.get("/history", tags=["reviews"])
    def history(
        film: str | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100
    ) -> dict[str, Any]:
        """What happened, the newest first: to one film, or to all."""
        return {"events": store.history(film, limit)}

    # Reviews

    @api.get("/queue", tags=["reviews"])
    def queue(
        order: Annotated[str, Query(pattern="|".join(browse.ORDERS))] = "unsure",
        limit: Annotated[int, Query(ge=1, le=500)] = 10,
        promise: Annotated[float, Query(ge=0, le=1)] = 0.9,
    ) -> dict[str, Any]:
        """Ids of the films to review next, and how much is left."""
        return {
            "films": browse.queue(store, order, limit),
            **browse.progress(store, order, promise),
        }

    @api.put("/reviews/{film_id:path}", tags=["reviews"])
    def review(film_id: str, body: ReviewIn) -> dict[str, Any]:
        """A person's decision about all genres of a film; on disk when this answers."""
        return film_out(service.review(film_id, body.genres, body.version))

    @api.post("/skips/{film_id:path}", tags=["reviews"])
    def skip(film_id: str, body: VersionIn) -> dict[str, Any]:
        """Leaves a film for later."""
        return film_out(store.skip(film_id, body.version))

    @api.post("/undo", tags=["reviews"])
    def undo(film: str | None = None) -> dict[str, Any]:
        """Takes back a person's last change, of one film or of any."""
        return {"undone": service.undo(film)}

    @api.get("/why/{film_id:path}", tags=["reviews"])
    def why(film_id: str) -> dict[str, Any]:
        """Words of the plot and areas of the poster that spoke for each genre."""
        return {"why": service.why(film_id)}

    # Thresholds, learning, export

    @api.get("/thresholds", tags=["tuning"])
    def thresholds() -> dict[str, Any]:
        """Genre → the score from which it is assigned; and those that a person applied."""
        return {"thresholds": store.tuning.thresholds(), "applied": store.tuning.applied()}

    @api.post("/thresholds/preview", tags=["tuning"])
    def preview(body: ThresholdsIn) -> dict[str, Any]:
        """What applying thresholds would change, with nothing written."""
        _check_genres(service, body.thresholds)
        return store.tuning.preview_thresholds(body.thresholds)

    @api.get("/thresholds/promise", tags=["tuning"])
    def promised(precision: Annotated[float, Query(ge=0.01, le=0.999)]) -> dict[str, Any]:
        """The lowest thresholds from which genres are right as often as promised."""
        return {"thresholds": store.tuning.promised(precision)}

    @api.put("/thresholds", tags=["tuning"])
    def apply(body: ThresholdsIn) -> dict[str, Any]:
        """Applies thresholds; a person's decisions stay."""
        _check_genres(service, body.thresholds)
        return {"changed": store.tuning.apply_thresholds(body.thresholds)}

    @api.get("/learning", tags=["tuning"])
    def learning() -> dict[str, Any]:
        """What was learnt from reviews, the newest first, and which of it is in use."""
        return {
            "on": store.tuning.learning(),
            "in_use": store.tuning.correction()[0],
            "learnt": store.tuning.learnt(),
            "reviews": store.tuning.count_reviews(),
        }

    @api.post("/learning", tags=["tuning"])
    def learn() -> dict[str, Any]:
        """Learns from all reviews now, and goes on learning."""
        store.tuning.set_learning(True)
        return {"in_use": service.learner.learn()}

    @api.post("/learning/back", tags=["tuning"])
    def back() -> dict[str, Any]:
        """Goes back to what was in use before, and stops learning."""
        return {"in_use": store.tuning.go_back()}

    @api.get("/export", tags=["export"], response_class=StreamingResponse, responses=_FILES)
    def export_films(
        form: Annotated[str, Query(alias="format", **_EXPORT)] = "csv",
        genre: str = "",
        decade: int | None = None,
        state: str = "",
        q: str = "",
        safe_cells: Annotated[
            bool, Query(description="an apostrophe before CSV cells that look like formulas")
        ] = False,
    ) -> StreamingResponse:
        """The films as a table, Shopify's product CSV, or an archive of NFO files or sidecars."""
        wanted = browse.Filter(genre, decade, state, q)
        headers = {"Content-Disposition": f'attachment; filename="{EXPORTS[form].name}"'}
        parts = export(store, wanted, form, safe_cells=safe_cells)
        return StreamingResponse(parts, headers=headers, media_type=EXPORTS[form].media_type)

    return api


def poster_routes(service: Service) -> APIRouter:
    """Posters as they are kept: their names are digests, so a browser may keep them forever."""
    pictures = APIRouter(include_in_schema=False)

    @pictures.get("/posters/{digest}/{size}.jpg")
    def poster(digest: str, size: str) -> Response:
        data = service.store.poster(digest)
        if data is None or size not in ("small", "large"):
            raise UnknownFilm(digest)
        if size == "small":
            data = thumbnail(data)
        headers = {"Cache-Control": "private, max-age=31536000, immutable"}
        return Response(data, headers=headers, media_type="image/jpeg")

    return pictures


def _check_genres(service: Service, thresholds: dict[str, float]) -> None:
    unknown = set(thresholds) - set(service.predictor.genres)
    if unknown:
        raise InputError(f"unknown genre {', '.join(sorted(unknown))}")
