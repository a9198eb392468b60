"""The endpoints that Label Studio asks of a machine-learning backend, under /labelstudio.

GET /health, POST /setup and POST /predict are as label-studio-ml's server has them.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Body

from genreel.app.server.dependencies import ServiceDep
from genreel.app.server.fetch import Allowance, Host
from genreel.app.server.labelling import Configuration, read_configuration
from genreel.app.server.problems import RESPONSES
from genreel.app.service.service import Service
from genreel.app.service.settings import Settings
from genreel.catalogue import Movie, movie_from_record
from genreel.errors import GenreelError, InputError
from genreel.prediction import Prediction

MAX_TASKS = 256

FETCH_SECONDS = 60.0
"""For all posters of a request; tasks whose turn does not come are told so."""

router = APIRouter(prefix="/labelstudio", tags=["label studio"], responses=RESPONSES)


@router.get("/")
@router.get("/health")
async def health() -> dict[str, Any]:
    """Whether the backend is there."""
    return {"status": "UP", "model_class": "genreel"}


@router.post("/setup")
def setup(
    service: ServiceDep,
    body: dict[str, Any] = Body(),  # noqa: B008
) -> dict[str, Any]:
    """Accepts a labelling configuration; says which model answers."""
    read_configuration(str(body.get("schema") or ""))
    return {"model_version": service.version}


@router.post("/predict")
def predict(service: ServiceDep, body: dict[str, Any] = Body()) -> dict[str, Any]:  # noqa: B008
    """Predicts tasks: their `data` is read as a movie, by the names of the labelling
    configuration.
    """
    tasks = body.get("tasks")
    if not isinstance(tasks, list) or len(tasks) > MAX_TASKS:
        raise GenreelError(f"tasks must be a list of at most {MAX_TASKS}")
    configuration = read_configuration(str(body.get("label_config") or ""))
    with service.fetching.turn():
        allowance = Allowance(FETCH_SECONDS, service.settings.max_body)
        movies = [_movie(service.settings, task, configuration, allowance) for task in tasks]
    predictions = service.predict_many(movies)
    results = [
        _result(service, configuration, task, prediction)
        for task, prediction in zip(tasks, predictions, strict=True)
    ]
    return {"results": results}


def _data(task: Any) -> Mapping[str, Any]:
    data = task.get("data") if isinstance(task, dict) else None
    return data if isinstance(data, dict) else {}


def _movie(
    settings: Settings, task: Any, configuration: Configuration, allowance: Allowance
) -> Movie:
    data = _data(task)
    if not data:
        return Movie("task", problem="a task has no data")
    record = {name: data[name] for name in ("title", "year", "language") if name in data}
    plots = [name for name in configuration.plots if name not in record]
    record["plot"] = next((data[n] for n in ("plot", "text", *plots) if data.get(n)), "")
    movie = movie_from_record(record, str(task.get("id", "task")))
    values = [data.get(name) for name in (*configuration.posters, "poster", "image")]
    address = next(filter(None, values), None)
    if address is None:
        return movie
    try:
        return replace(movie, poster=_poster(settings, address, allowance))
    except GenreelError as error:
        return replace(movie, problem="; ".join(filter(None, (movie.problem, str(error)))))


def _poster(settings: Settings, address: object, allowance: Allowance) -> bytes:
    """The bytes of a poster that a task names.

    Raises:
        InputError: it cannot be had, and what to do.
    """
    if isinstance(address, list) and address:  # of an image of several pages, the first
        address = address[0]
    if not isinstance(address, str):
        raise InputError(
            "a poster's address is no text; give http(s)://, data: or an uploaded file"
        )
    if address.startswith("data:"):
        try:
            return base64.b64decode(address.partition("base64,")[2], validate=True)
        except (binascii.Error, ValueError):
            raise InputError("a poster's data: address is not base64; encode it so") from None
    host = Host(settings.label_studio, settings.label_studio_token)
    if address.startswith("/") and not address.startswith("//"):
        if not host.url:
            raise InputError(
                f"poster {address[:80]} lies in Label Studio; say where that is with "
                "genreel serve --label-studio URL"
            )
        return allowance.fetch(host.address(address), settings.limits.max_bytes, host)
    scheme, _, rest = address.partition("://")
    if scheme.lower() in ("http", "https") and rest:
        if settings.fetch_urls or host.holds(address):
            return allowance.fetch(address, settings.limits.max_bytes, host)
        raise InputError("posters are not fetched; start genreel serve with --fetch-urls")
    if rest and scheme.isascii() and scheme.replace("-", "").isalnum():
        raise InputError(
            f"poster {address[:80]} is in a storage that genreel cannot read; turn on pre-signed "
            "URLs for it in Label Studio"
        )
    raise InputError(
        f"poster {address[:80]!r} is no address; give http(s)://, data: or an uploaded file"
    )


def _result(
    service: Service, configuration: Configuration, task: Any, prediction: Prediction
) -> dict[str, Any]:
    control = configuration.control(_data(task))
    error = prediction.error or ""
    if control is None:
        lacking = "the labelling configuration has no <Choices> with genres; add one"
        error = "; ".join(filter(None, (error, lacking)))
    genres, choices = control.value(prediction.genres) if control else ([], [])
    result = []
    if control and choices:
        names = {"from_name": control.name, "to_name": control.to_name, "type": control.kind}
        result.append({**names, "value": {control.kind: choices}})
    return {
        "model_version": service.version,
        "score": min((prediction.scores[genre] for genre in genres), default=0.0),
        "result": result,
        **({"error": error} if error else {}),
    }
