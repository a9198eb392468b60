"""Puts a server together, and runs it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.staticfiles import StaticFiles
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client import Counter as Count

import genreel
from genreel.app.server import api, label_studio, pages, problems
from genreel.app.server.guard import Guard
from genreel.app.service.service import Service
from genreel.app.store import browse

STATIC = Path(__file__).parent / "static"


def create_app(service: Service) -> FastAPI:
    """The application over a service, which it closes when it ends."""
    ready = False

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        nonlocal ready
        ready = True
        yield
        ready = False
        await run_in_threadpool(service.close)

    app = FastAPI(
        title="genreel",
        version=genreel.__version__,
        summary="Tells a movie's genres from its poster, its plot, or both",
        lifespan=lifespan,
        docs_url=None,  # it would load its scripts from elsewhere
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    problems.install(app)
    _measure(app, service)
    app.add_middleware(Guard, settings=service.settings)
    app.include_router(api.routes(service))
    app.include_router(api.poster_routes(service))
    app.include_router(label_studio.routes(service))
    app.include_router(pages.routes(service))
    app.mount("/static", StaticFiles(directory=STATIC))

    @app.get("/health/live", tags=["health"])
    async def live() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "live"}

    @app.get("/health/ready", tags=["health"])
    def is_ready() -> Any:
        """Whether the store answers and films are taken."""
        if not ready:
            return problems.problem(503, "the server is starting or stopping")
        service.store.tuning.learning()  # raises where the database is gone
        return {"status": "ready"}

    return app


def _measure(app: FastAPI, service: Service) -> None:
    """Counts requests, and shows what Prometheus asks for."""
    registry = CollectorRegistry()
    requests = Count(
        "genreel_requests", "Requests answered", ["method", "route", "status"], registry=registry
    )
    seconds = Histogram(
        "genreel_request_seconds", "Time to an answer", ["method", "route"], registry=registry
    )
    waiting = Gauge("genreel_waiting", "Films that wait for a prediction", registry=registry)
    waiting.set_function(lambda: service.batches.waiting)
    predicted = Gauge("genreel_predicted", "Films predicted since the start", registry=registry)
    predicted.set_function(lambda: service.batches.predicted)
    films = Gauge("genreel_films", "Films in the store", ["state"], registry=registry)

    @contextlib.contextmanager
    def timed(request: Request, answer: list[Any]) -> Iterator[None]:
        started = time.perf_counter()
        yield
        route = getattr(request.scope.get("route"), "path", "other")
        seconds.labels(request.method, route).observe(time.perf_counter() - started)
        requests.labels(request.method, route, str(answer[0])).inc()

    app.add_middleware(_Counting, timed=timed)

    @app.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        for state, number in browse.facets(service.store, browse.Filter())["state"].items():
            films.labels(state).set(number)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class _Counting:
    """ASGI middleware that times requests and sees the status of answers."""

    def __init__(self, app: Any, timed: Any) -> None:
        self.app, self.timed = app, timed

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = [500]

        async def seen(message: Any) -> None:
            if message["type"] == "http.response.start":
                status[0] = message["status"]
            await send(message)

        with self.timed(Request(scope), status):
            await self.app(scope, receive, seen)


def run(service: Service) -> None:
    """Serves until it is told to stop; what was asked by then is still answered."""
    import uvicorn

    settings = service.settings
    uvicorn.run(
        create_app(service),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=30,
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=64 * 2**10,
    )
