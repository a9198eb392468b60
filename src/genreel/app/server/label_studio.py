"""The endpoints that Label Studio asks of a machine-learning backend, under /labelstudio.

GET /health, POST /setup and POST /predict are as label-studio-ml's server has them.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Body

from genreel.app.server.dependencies import ServiceDep
from genreel.app.server.fetch import fetch
from genreel.app.server.problems import RESPONSES
from genreel.app.service.service import Service
from genreel.catalogue import Movie, movie_from_record
from genreel.errors import GenreelError, VocabularyError
from genreel.vocabulary import spelling

MAX_TASKS = 256


router = APIRouter(prefix="/labelstudio", tags=["label studio"], responses=RESPONSES)


@router.get("/")
@router.get("/health")
async def health() -> dict[str, Any]:
    """Whether the backend is there."""
    return {"status": "UP", "model_class": "genreel"}


@router.post("/setup")
async def setup(
    service: ServiceDep,
    body: dict[str, Any] = Body(),  # noqa: B008
) -> dict[str, Any]:
    """Accepts a labelling configuration; says which model answers."""
    return {"model_version": service.version}


@router.post("/predict")
def predict(service: ServiceDep, body: dict[str, Any] = Body()) -> dict[str, Any]:  # noqa: B008
    """Predicts tasks: their `data` is read as a movie, posters as data: URIs."""
    tasks = body.get("tasks")
    if not isinstance(tasks, list) or len(tasks) > MAX_TASKS:
        raise GenreelError(f"tasks must be a list of at most {MAX_TASKS}")
    control = Control.find(str(body.get("label_config") or ""))
    movies = [_movie(service, task, control) for task in tasks]
    predictions = service.predict_many(movies)
    return {"results": [_result(service, control, p) for p in predictions]}


class Control:
    """The <Choices> of a labelling configuration: its names, and its spelling of the genres."""

    def __init__(self, name: str = "genres", to_name: str = "poster", config: str = "") -> None:
        self.name, self.to_name = name, to_name
        self.spellings: dict[str, str] = {}
        for value in re.findall(r"<Choice\b[^>]*\bvalue\s*=\s*[\"']([^\"']{1,80})[\"']", config):
            try:
                self.spellings.setdefault(spelling(value), value)
            except VocabularyError:
                continue
        self.variables = dict.fromkeys(re.findall(r"=\s*[\"']\$(\w{1,80})[\"']", config))

    @classmethod
    def find(cls, config: str) -> Control:
        """Reads attributes alone; the configuration is never parsed as XML from a stranger."""
        tag = re.search(r"<Choices\b[^>]{0,2000}>", config)
        attributes = dict(
            re.findall(r"(\w+)\s*=\s*[\"']([^\"']{0,200})[\"']", tag[0] if tag else "")
        )
        return cls(attributes.get("name", "genres"), attributes.get("toName", "poster"), config)

    def choice(self, genre: str) -> str | None:
        """How the configuration calls a genre; None where it lacks it."""
        return self.spellings.get(genre) if self.spellings else genre


def _movie(service: Service, task: Any, control: Control) -> Movie:
    data = task.get("data") if isinstance(task, dict) else None
    if not isinstance(data, dict):
        return Movie("task", problem="a task has no data")
    record = {name: data[name] for name in ("title", "year", "plot", "language") if name in data}
    if "plot" not in record:
        record["plot"] = data.get("text", "")
    movie = movie_from_record(record, str(task.get("id", "task")))
    values = [data.get(name) for name in ("poster", "image", *control.variables)]
    address = next((v for v in values if isinstance(v, str) and ":" in v[:8]), None)
    if address is None:
        return movie
    try:
        poster: bytes | None = _poster(service, address)
        problem = movie.problem
    except GenreelError as error:
        poster, problem = None, "; ".join(filter(None, (movie.problem, str(error))))
    return replace(movie, poster=poster, problem=problem)


def _poster(service: Service, address: str) -> bytes:
    if address.startswith("data:"):
        try:
            return base64.b64decode(address.partition("base64,")[2], validate=True)
        except (binascii.Error, ValueError):
            raise GenreelError("a poster's data: address is not base64") from None
    if not service.settings.fetch_urls:
        raise GenreelError("posters are not fetched; start genreel serve with --fetch-urls")
    return fetch(address, service.settings.limits.max_bytes)


def _result(service: Service, control: Control, prediction: Any) -> dict[str, Any]:
    names = [(genre, control.choice(genre)) for genre in prediction.genres]
    choices = [name for _, name in names if name is not None]
    scores = [prediction.scores[genre] for genre, name in names if name is not None]
    result = {
        "from_name": control.name,
        "to_name": control.to_name,
        "type": "choices",
        "value": {"choices": choices},
    }
    return {
        "model_version": service.version,
        "score": min(scores, default=0.0),
        "result": [result] if choices else [],
        **({"error": prediction.error} if prediction.error else {}),
    }
