"""Puts a server together, and runs it."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from anyio import to_thread
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.staticfiles import StaticFiles

import genreel
from genreel.app.server import (
    genre_pages,
    health,
    label_studio,
    metrics,
    pages,
    posters,
    problems,
    review_page,
    view_pages,
)
from genreel.app.server.api import (
    batches,
    export,
    films,
    genres,
    known,
    predict,
    reviews,
    shop,
    tuning,
    views,
)
from genreel.app.server.guard import Guard
from genreel.app.service.service import Service
from genreel.errors import GenreelError

if TYPE_CHECKING:
    import uvicorn

STATIC = Path(__file__).parent / "static"
ROUTERS = (
    metrics.router,
    predict.router,
    films.router,
    genres.router,
    known.router,
    reviews.router,
    batches.router,
    tuning.router,
    export.router,
    shop.router,
    views.router,
    view_pages.router,
    genre_pages.router,
    posters.router,
    label_studio.router,
    pages.router,
    review_page.router,
    health.router,
)

THREADS = 64
"""For routes: more than all that may wait for a turn, so that one is always free."""

GIVE_BACK_SECONDS = 10.0

LARGE_BLOCK = 2**20
"""Bytes of memory from which a block is given back at once when it is free. Else glibc raises this
to the largest block that was ever freed, and keeps what posters were decoded in."""

_MMAP_THRESHOLD = -3  # of mallopt, in malloc.h


def create_app(service: Service) -> FastAPI:
    """The application over a service, which it closes when it ends."""
    app = FastAPI(
        title="genreel",
        version=genreel.__version__,
        summary="Tells a movie's genres from its poster, its plot, or both",
        lifespan=_lifespan,
        exception_handlers=problems.HANDLERS,
        docs_url=None,  # it would load its scripts from elsewhere
        redoc_url=None,
        openapi_url="/api/openapi.json",
        default_response_class=problems.Json,
    )
    app.state.service = service
    app.state.metrics = metrics.Metrics(service)
    app.state.is_ready = False
    # The guard is added last, so it sees a request first.
    app.add_middleware(metrics.CountRequests, metrics=app.state.metrics)
    app.add_middleware(Guard, settings=service.settings)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC))
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    to_thread.current_default_thread_limiter().total_tokens = THREADS
    app.state.is_ready = True
    giving_back = asyncio.create_task(_give_back())
    yield
    app.state.is_ready = False
    giving_back.cancel()
    await run_in_threadpool(app.state.service.close)


async def _give_back() -> None:
    """Gives memory back that posters took to be decoded: glibc keeps it, once per thread."""
    libc = _glibc()
    if libc is None:
        return
    libc.mallopt(_MMAP_THRESHOLD, LARGE_BLOCK)
    while True:
        await asyncio.sleep(GIVE_BACK_SECONDS)
        await run_in_threadpool(libc.malloc_trim, 0)


def _glibc() -> ctypes.CDLL | None:
    """The C library, where it is one that can be told what to keep."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        libc = ctypes.CDLL(None)
        if libc.malloc_trim and libc.mallopt:
            return libc
    return None


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; who connects waits until `run` answers.

    Raises:
        GenreelError: the port is taken, or the host is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise GenreelError(
            f"cannot listen on {host} port {port} ({reason}); stop what does, or choose another "
            "--port or --host"
        ) from None


def run(service: Service, listener: socket.socket, announce: Callable[[], None]) -> None:
    """Serves until it is told to stop; what was asked by then is still answered.

    Args:
        service: what is served.
        listener: as of `listen`.
        announce: is called once requests are answered.
    """
    with contextlib.suppress(KeyboardInterrupt):
        make_server(service, announce).run([listener])


def make_server(service: Service, announce: Callable[[], None]) -> uvicorn.Server:
    """The server that `run` runs."""
    import uvicorn

    from genreel.app.server.protocol import BoundedProtocol

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                announce()

    config = uvicorn.Config(
        create_app(service),
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=30,
        timeout_keep_alive=30,
        http=BoundedProtocol,
        ws="none",
    )
    logging.getLogger("uvicorn.error").addFilter(problems.shorten_cancellation)
    return Server(config)
