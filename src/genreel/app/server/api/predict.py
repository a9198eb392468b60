"""Predicting, with nothing kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, UploadFile
from fastapi.concurrency import run_in_threadpool

from genreel.app.server.dependencies import MAX_FILES, ServiceDep
from genreel.app.server.problems import RESPONSES
from genreel.app.server.shapes import MovieIn, MoviesIn
from genreel.errors import InputError

router = APIRouter(prefix="/api", tags=["predict"], responses=RESPONSES)


@router.post("/predict")
def predict(service: ServiceDep, body: MovieIn) -> dict[str, Any]:
    """Predicts one movie."""
    prediction = service.predict(body.movie("movie", service.store.genres.now().spellings))
    if not prediction.scores:
        raise InputError(prediction.error or "")
    return prediction.to_dict()


@router.post("/predict/many")
def predict_many(service: ServiceDep, body: MoviesIn) -> dict[str, Any]:
    """Predicts several movies; one that cannot be predicted carries its error."""
    movies = [
        one.movie(f"movie {number}", service.store.genres.now().spellings)
        for number, one in enumerate(body.movies, 1)
    ]
    return {"predictions": [one.to_dict() for one in service.predict_many(movies)]}


@router.post("/predict/files")
async def predict_files(
    service: ServiceDep,
    poster: Annotated[list[UploadFile], File()],
    title: Annotated[str, Form()] = "",
    plot: Annotated[str, Form()] = "",
    language: Annotated[str, Form()] = "",
    year: Annotated[int | None, Form()] = None,
) -> dict[str, Any]:
    """Predicts posters sent as files; title, plot and year describe a poster that is alone."""
    if len(poster) > MAX_FILES:
        raise InputError(f"{len(poster)} files in one request; send at most {MAX_FILES}")
    if len(poster) > 1 and (title or plot or year):
        raise InputError("title, plot and year describe one movie; send one poster")
    about = MovieIn(title=title, plot=plot, language=language, year=year).movie("movie")
    movies = [
        replace(about, id=file.filename or "movie", poster=await file.read()) for file in poster
    ]
    predictions = await run_in_threadpool(service.predict_many, movies)
    return {"predictions": [one.to_dict() for one in predictions]}
