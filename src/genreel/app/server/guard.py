"""Who may ask, from where, and how much: looked at before anything else is."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
from typing import Any
from urllib.parse import urlsplit

from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from genreel.app.server.body import Body, Shared, too_large
from genreel.app.server.problems import HEADERS, PROGRAMS, problem
from genreel.app.server.turns import ReadTurn, ReadTurns
from genreel.app.service.settings import Settings

COOKIE = "genreel"
OPEN = ("/health/", "/enter", "/static/")
"""Paths that need no token."""

READ = ("GET", "HEAD")
"""Methods that change nothing."""

_LATER = {"Retry-After": "2"}

LOCAL = {"localhost", "127.0.0.1", "::1"}


class Guard:
    """ASGI middleware: host, origin, token, size and time of a request; headers of the answer."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        self.shared = Shared()
        self.readers = ReadTurns()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or refuses it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        body = Body(receive, scope["path"], headers, self.settings, self.shared)

        is_read = scope["method"] in READ and not scope["path"].startswith(OPEN)
        turn = ReadTurn(self.readers if is_read else None)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                body.release()
                own = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    own.setdefault(name, value)
            await turn.send(send, message)

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await with_headers(message)

        answer = with_headers
        if scope["method"] == "HEAD" and not scope["path"].startswith(PROGRAMS):
            scope, answer = {**scope, "method": "GET"}, without_body
        try:
            refusal = self._refusal(scope, headers, body.max_size)
            if is_read and self.readers.is_full and not refusal:
                refusal = problem(429, "too much is being read; ask again in 2 s", _LATER)
            if not refusal:
                await turn.take()
            await (refusal or self.app)(scope, body.receive, answer)
        finally:
            turn.release()
            body.release()

    def _refusal(self, scope: Scope, headers: Headers, max_body: int) -> Any:
        path: str = scope["path"]
        host = _host(headers.get("host", ""))
        if host is None:
            return problem(400, "the header Host is no host's name")
        if self.settings.loopback and host not in LOCAL:
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
        if scheme.lower() == "bearer":
            with contextlib.suppress(UnicodeError):  # a header's bytes are read as Latin-1
                token = token.encode("latin-1").decode()
            return is_token(token, self.settings)
        # Other programs of this host may have set cookies of any shape.
        cookie = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        return _is_same(cookie, cookie_of(self.settings))


def _is_utf8(headers: Headers) -> bool:
    """Whether a form names no codec but UTF-8.

    Fields are decoded by the codec that is named, and of Python's some take a time that grows with
    the square of the input, while others give text that cannot be encoded again.
    """
    kind, options = parse_options_header(headers.get("content-type"))
    if not kind.lower().startswith(b"multipart/"):
        return True
    return options.get(b"charset", b"utf-8").lower() in (b"utf-8", b"utf8")


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


def _is_visit(scope: Scope, headers: Headers) -> bool:
    """Whether a browser follows a link to a page, rather than loads something into another site's.

    What is only read is costly, too, and a page elsewhere could ask for it a thousand times.
    """
    if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
        return False
    if "sec-fetch-site" not in headers:
        return True
    return headers.get("sec-fetch-dest") == "document"
