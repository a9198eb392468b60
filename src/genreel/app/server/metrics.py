"""Counts and times of requests, as Prometheus reads them."""

from __future__ import annotations

import time

from fastapi import APIRouter, Request, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from genreel.app.server.dependencies import ServiceDep
from genreel.app.service.service import Service
from genreel.app.store import browse

router = APIRouter(include_in_schema=False)


class Metrics:
    """What is counted of one server."""

    def __init__(self, service: Service) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "genreel_requests",
            "Requests answered",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "genreel_request_seconds",
            "Time to an answer",
            ["method", "route"],
            registry=self.registry,
        )
        waiting = Gauge(
            "genreel_waiting", "Films that wait for a prediction", registry=self.registry
        )
        waiting.set_function(lambda: service.batches.waiting)
        count = Gauge(
            "genreel_predicted", "Films predicted since the start", registry=self.registry
        )
        count.set_function(lambda: service.batches.count)
        self.films = Gauge("genreel_films", "Films in the store", ["state"], registry=self.registry)


@router.get("/metrics")
def metrics(request: Request, service: ServiceDep) -> Response:
    """All counts, in the text format of Prometheus."""
    counts: Metrics = request.app.state.metrics
    for state, number in browse.facets(service.store, browse.Filter())["state"].items():
        counts.films.labels(state).set(number)
    return Response(generate_latest(counts.registry), media_type=CONTENT_TYPE_LATEST)


class CountRequests:
    """ASGI middleware that times requests and counts them by the status of the answer."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, and counts it once it is answered."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        start = time.perf_counter()
        try:
            await self.app(scope, receive, note_status)
        finally:  # what was not caught is answered 500 further out
            method, route = scope["method"], getattr(scope.get("route"), "path", "other")
            self.metrics.seconds.labels(method, route).observe(time.perf_counter() - start)
            self.metrics.requests.labels(method, route, str(status)).inc()
