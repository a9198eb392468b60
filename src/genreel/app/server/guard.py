"""Who may ask, from where, and how much: looked at before anything else is."""

from __future__ import annotations

import hmac
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from genreel.app.server.body import Body, Held, too_large
from genreel.app.server.problems import problem
from genreel.app.service.settings import Settings

COOKIE = "genreel"
OPEN = ("/health/", "/enter", "/static/")
"""Paths that need no token."""

LOCAL = {"localhost", "127.0.0.1", "::1"}

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
        self.held = Held()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or refuses it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        body = Body(receive, scope["path"], headers, self.settings, self.held)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                body.release()
                own = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    own.setdefault(name, value)
            await send(message)

        try:
            refusal = self._refusal(scope, headers, body.max_size)
            await (refusal or self.app)(scope, body.receive, with_headers)
        finally:
            body.release()

    def _refusal(self, scope: Scope, headers: Headers, max_body: int) -> Any:
        path: str = scope["path"]
        if self.settings.loopback and _host(headers.get("host", "")) not in LOCAL:
            # Or a name that somebody else points at 127.0.0.1 would make us theirs.
            return problem(421, "this server answers to localhost and 127.0.0.1 alone")
        if _is_cross_site(headers) and not _is_visit(scope, headers):
            return problem(403, "a page of another site may not ask for anything here")
        if self.settings.token and not path.startswith(OPEN) and not self._has_token(headers):
            if "text/html" in headers.get("accept", ""):
                from starlette.responses import RedirectResponse

                return RedirectResponse("/enter", 303)
            return problem(
                401, "send the header Authorization: Bearer TOKEN", {"WWW-Authenticate": "Bearer"}
            )
        length = headers.get("content-length", "0")
        if not length.isdecimal() or len(length) > 18 or int(length) > max_body:
            return problem(413, too_large(max_body))
        if not _is_utf8(headers):
            return problem(415, "send forms in UTF-8, with no other charset")
        return None

    def _has_token(self, headers: Headers) -> bool:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
            token = cookie.value if cookie else ""
        return hmac.compare_digest(token.encode(), self.settings.token.encode())


def _is_utf8(headers: Headers) -> bool:
    """Whether a form names no codec but UTF-8.

    Fields are decoded by the codec that is named, and of Python's some take a time that grows with
    the square of the input, while others give text that cannot be encoded again.
    """
    kind, options = parse_options_header(headers.get("content-type"))
    if not kind.lower().startswith(b"multipart/"):
        return True
    return options.get(b"charset", b"utf-8").lower() in (b"utf-8", b"utf8")


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


def _is_visit(scope: Scope, headers: Headers) -> bool:
    """Whether a browser follows a link to a page, rather than loads something into another site's.

    What is only read is costly, too, and a page elsewhere could ask for it a thousand times.
    """
    if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
        return False
    if "sec-fetch-site" not in headers:
        return True
    return headers.get("sec-fetch-dest") == "document"
