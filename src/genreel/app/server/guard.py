"""Who may ask, from where, and how much: looked at before anything else is."""

from __future__ import annotations

import asyncio
import hmac
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from genreel.app.server.problems import problem
from genreel.app.service.settings import Settings

COOKIE = "genreel"
OPEN = ("/health/", "/enter", "/static/")
"""Paths that need no token."""

LOCAL = {"localhost", "127.0.0.1", "::1", "testserver"}

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

        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, with_headers)
        else:
            await self.app(scope, self._with_limits(receive), with_headers)

    def _refusal(self, scope: Scope) -> Any:
        headers = Headers(scope=scope)
        path: str = scope["path"]
        if self.settings.loopback and _host(headers.get("host", "")) not in LOCAL:
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
        if not length.isdecimal() or int(length) > self.settings.max_body:
            return problem(413, self._too_large())
        return None

    def _has_token(self, headers: Headers) -> bool:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
            token = cookie.value if cookie else ""
        return hmac.compare_digest(token.encode(), self.settings.token.encode())

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


def _host(header: str) -> str:
    return urlsplit(f"//{header}").hostname or ""


def _is_cross_site(headers: Headers) -> bool:
    """Whether a browser says that a page of another origin asks.

    Every browser of the last years sends Sec-Fetch-Site; older ones send Origin with what
    changes something. A program that sends neither is no browser, and carries nobody's cookies.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")
