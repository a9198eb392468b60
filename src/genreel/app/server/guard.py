"""Who may ask, from where, and how much: looked at before anything else is."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from genreel.app.server.problems import HEADERS, PROGRAMS, problem
from genreel.app.service.settings import Settings

COOKIE = "genreel"
OPEN = ("/health/", "/enter", "/static/")
"""Paths that need no token."""

LOCAL = {"localhost", "127.0.0.1", "::1", "testserver"}


class Guard:
    """ASGI middleware: host, origin, token, size and time of a request; headers of the answer."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or refuses it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await with_headers(message)

        answer = with_headers
        if scope["method"] == "HEAD" and not scope["path"].startswith(PROGRAMS):
            scope, answer = {**scope, "method": "GET"}, without_body
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, answer)
        else:
            await self.app(scope, self._with_limits(receive), answer)

    def _refusal(self, scope: Scope) -> Any:
        headers = Headers(scope=scope)
        path: str = scope["path"]
        host = _host(headers.get("host", ""))
        if host is None:
            return problem(400, "the header Host is no host's name")
        if self.settings.loopback and host not in LOCAL:
            # Or a name that somebody else points at 127.0.0.1 would make us theirs.
            return problem(421, "this server answers to localhost and 127.0.0.1 alone")
        if scope["method"] not in ("GET", "HEAD", "OPTIONS") and _is_cross_site(headers):
            return problem(403, "a page of another site may not change anything here")
        if self.settings.token and not path.startswith(OPEN) and not self._has_token(headers):
            if "text/html" in headers.get("accept", ""):
                from starlette.responses import RedirectResponse

                return RedirectResponse("/enter", 303)
            return problem(
                401, "send the header Authorization: Bearer TOKEN", {"WWW-Authenticate": "Bearer"}
            )
        length = headers.get("content-length", "0")
        is_number = length.isdecimal() and len(length) < 20
        if not is_number or int(length) > self.settings.max_body:
            return problem(413, self._too_large())
        return None

    def _has_token(self, headers: Headers) -> bool:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            with contextlib.suppress(UnicodeError):  # a header's bytes are read as Latin-1
                token = token.encode("latin-1").decode()
            return is_token(token, self.settings)
        # Other programs of this host may have set cookies of any shape.
        cookie = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        return _is_same(cookie, cookie_of(self.settings))

    def _too_large(self) -> str:
        return f"a request may have {self.settings.max_body:,} bytes; send less at once"

    def _with_limits(self, receive: Receive) -> Receive:
        """Receives a body that is neither too large nor too slow."""
        size, is_over = 0, False
        deadline = asyncio.get_running_loop().time() + self.settings.body_seconds

        async def receive_some() -> Message:
            nonlocal size, is_over
            if is_over:
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, "the request took too long to arrive") from None
            size += len(message.get("body", b""))
            is_over = not message.get("more_body", False)
            if size > self.settings.max_body:
                raise HTTPException(413, self._too_large())
            return message

        return receive_some


def is_token(text: str, settings: Settings) -> bool:
    """Whether a text is the server's token."""
    return _is_same(text, settings.token)


def cookie_of(settings: Settings) -> str:
    """What a browser keeps instead of the token: cookies hold ASCII alone, and other servers of
    the same host see them.
    """
    return hashlib.sha256(b"genreel's cookie " + _bytes(settings.token)).hexdigest()


def _is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(_bytes(one), _bytes(other))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _host(header: str) -> str | None:
    """The name in the header Host, without its port; None where it cannot be read."""
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return None


def _is_cross_site(headers: Headers) -> bool:
    """Whether a browser says that a page of another origin asks.

    Every browser of the last years sends Sec-Fetch-Site; older ones send Origin with what
    changes something. A program that sends neither is no browser, and carries nobody's cookies.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    try:
        return origin is not None and urlsplit(origin).netloc != headers.get("host")
    except ValueError:
        return True
