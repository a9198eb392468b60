"""Errors as problem details (RFC 9457), one line each."""

from __future__ import annotations

import asyncio
import errno
import http
import json
import logging
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from genreel.app.server.rendering import page
from genreel.app.service.batches import Closing
from genreel.app.service.gate import Busy
from genreel.errors import (
    Conflict,
    GenreelError,
    InputError,
    StoreDamaged,
    StoreError,
    StoreGone,
    UnknownFilm,
    UnknownGenre,
    WriteError,
)

PROGRAMS = ("/api/", "/labelstudio/", "/metrics", "/health/")
"""Paths that programs ask for; the others are pages, for people."""

# The pages load nothing from elsewhere, run no inline script and can be framed by nobody, so a
# script in a title or a plot stays text even if it were ever written unescaped.
POLICY = (
    "default-src 'none'; img-src 'self' blob:; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

STATUS: dict[type[Exception], int] = {
    UnknownFilm: 404,
    UnknownGenre: 404,
    Conflict: 409,
    StoreGone: 503,
    StoreDamaged: 503,
    StoreError: 400,
    InputError: 422,
    Busy: 429,
    Closing: 503,
    WriteError: 507,
    GenreelError: 422,
}
"""Kind of error → HTTP status; of an error's kinds, the nearest counts."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What a disk says that takes nothing more."""

RETRY_SECONDS = 5
"""When to ask again a server that is stopping, or whose store is gone."""

MAX_ERRORS, MAX_WORDS = 20, 300
"""Errors of an answer, and the characters of each: there are as many as somebody wants."""

_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "one line: what is wrong, and the remedy"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}
_PROBLEM = {
    "description": "A problem (RFC 9457)",
    "content": {"application/problem+json": {"schema": _SCHEMA}},
}
RESPONSES: dict[int | str, dict[str, Any]] = {"4XX": _PROBLEM, 422: _PROBLEM, 503: _PROBLEM}
"""Problems in the API's description; 503 is for a server that starts or stops."""


class Json(JSONResponse):
    """JSON that says whatever was sent: half a surrogate pair, which is no UTF-8, becomes "?"."""

    def render(self, content: Any) -> bytes:
        """The bytes of an answer."""
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode("utf-8", "replace")


def problem(status: int, detail: str, headers: dict[str, str] | None = None, **more: Any) -> Any:
    """A response in application/problem+json."""
    title = http.HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return Json(body, status, headers, media_type="application/problem+json")


def answer(
    request: Request, status: int, detail: str, headers: dict[str, str] | None = None, **more: Any
) -> Any:
    """A problem: as a page for a browser that asked for one, as problem details for a program."""
    is_page = "text/html" in request.headers.get("accept", "")
    if not is_page or request.url.path.startswith(PROGRAMS):
        return problem(status, detail, headers, **more)
    title = "There is no such page" if status == 404 else http.HTTPStatus(status).phrase
    return page(request, "problem", status, headers, title=title, detail=detail)


def status_of(error: Exception) -> int:
    """The HTTP status of an error."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


async def own_error(request: Request, error: GenreelError) -> Any:
    """Any error of genreel."""
    later = isinstance(error, Closing | StoreGone)
    retry = getattr(error, "retry_after", RETRY_SECONDS if later else None)
    headers = {"Retry-After": str(retry)} if retry else None
    return answer(request, status_of(error), str(error), headers)


async def disk_error(request: Request, error: OSError) -> Any:
    """A full disk; other errors of the system are raised again."""
    if error.errno not in FULL:
        raise error
    return answer(request, 507, f"{error.strerror}; free some space on the server's disks")


async def http_error(request: Request, error: HTTPException) -> Any:
    """What the framework refuses."""
    detail = str(error.detail)
    if error.status_code == 404:
        detail = f"nothing is at {request.url.path[:200]}; see /api/docs for what there is"
    return answer(request, error.status_code, detail, dict(error.headers or {}))


async def input_error(request: Request, error: RequestValidationError | ValidationError) -> Any:
    """A request that is not as the API's description says."""
    errors = [
        {"where": ".".join(map(str, one["loc"]))[:MAX_WORDS], "what": one["msg"][:MAX_WORDS]}
        for one in error.errors()[:MAX_ERRORS]
    ]
    first = errors[0]
    # The framework's frame holds the error, which holds the frame, and both the body: what is in
    # such a circle stays in memory until Python looks for circles.
    error.__traceback__ = error.__cause__ = error.__context__ = None
    return answer(request, 422, f"{first['where']}: {first['what']}", errors=errors)


async def unknown_error(request: Request, error: Exception) -> Any:
    """A mistake of genreel's."""
    logging.getLogger("genreel").error("%s %s", request.method, request.url.path, exc_info=error)
    # This answer passes by the guard, which adds these to all others.
    return answer(request, 500, "genreel made a mistake; its log says which", dict(HEADERS))


def shorten_cancellation(record: logging.LogRecord) -> bool:
    """A filter for uvicorn's log: an answer that a stop has cut off is one line, no traceback."""
    if record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError):
        record.msg, record.args = "the server stopped before a request was answered", ()
        record.exc_info = record.exc_text = None
    return True


HANDLERS: dict[int | type[Exception], Any] = {
    GenreelError: own_error,
    OSError: disk_error,
    HTTPException: http_error,
    RequestValidationError: input_error,
    ValidationError: input_error,
    Exception: unknown_error,
}
"""Kind of error → what answers it; of an error's kinds, the nearest counts."""
