"""Requests to one server that a person named, and to no other."""

from __future__ import annotations

import json
import os
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from http.client import HTTPException
from pathlib import Path
from typing import Any

from genreel.errors import GenreelError, one_line

TIMEOUT = 15.0
"""Seconds for an answer to begin, and between its pieces."""

LONGEST_ANSWER = 120.0
"""Seconds for the whole of an answer; a server may send its pieces as slowly as it likes."""

ATTEMPTS = 5
LONGEST_WAIT = 30.0
"""Seconds before an attempt, whatever the server asks for."""

MAX_ANSWER = 64 * 2**20
"""Bytes of an answer; a page of 500 movies has about a megabyte."""

MAX_MARKS = 5_000_000
"""Commas, colons and brackets of an answer; each may take a hundred bytes of memory."""

_LONGEST_ERROR = 400  # characters


class MediaError(GenreelError):
    """A media server does not do what it was asked; one line."""


class ItemGone(MediaError):
    """The server does not have such an item any more."""


class Client:
    """Asks one server; what is busy or restarting is asked again.

    Args:
        name: of the server's kind, for messages.
        address: such as http://nas:8096; nothing is sent elsewhere, and no redirect is followed.
        headers: with the key.
        secrets: what no message shows, though the server may send it back.
        first_wait: seconds before the second attempt; they double.

    Raises:
        MediaError: the address is none of a server.
    """

    def __init__(
        self,
        name: str,
        address: str,
        headers: Mapping[str, str],
        secrets: Sequence[str],
        first_wait: float = 1.0,
    ) -> None:
        self.name = name
        self.address = check_address(name, address)
        self._headers = {"Accept": "application/json", **headers}
        self._secrets = secrets
        self._first_wait = first_wait
        self._thread: threading.Thread | None = None
        self._opener = urllib.request.build_opener(_NoRedirect)

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: object | None = None,
    ) -> Any:
        """The answer's JSON; None where it is empty.

        Raises:
            ItemGone: 404. MediaError: the key is not accepted, the server does not answer or is
            busy in spite of several attempts, or its answer makes no sense.
        """
        encoded = urllib.parse.urlencode(query or {}, errors="replace")
        url = self.address + path + (f"?{encoded}" if encoded else "")
        data = None if body is None else json.dumps(body).encode()
        headers = {**self._headers, **({"Content-Type": "application/json"} if data else {})}
        request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310
        problem, wait = "", self._first_wait
        for attempt in range(ATTEMPTS):
            try:
                return self._send(request)
            except urllib.error.HTTPError as error:
                with error:
                    problem = self._refusal(error)
                    asked = error.headers.get("Retry-After", "")
                if asked.isdecimal():
                    wait = max(wait, float(asked[:6]))
            except (OSError, HTTPException) as error:  # such as a server that restarts
                reason = getattr(error, "reason", None) or error
                problem = f"does not answer ({reason})"
            if attempt + 1 < ATTEMPTS:
                time.sleep(min(wait, LONGEST_WAIT))
                wait *= 2
        raise self.error(problem)

    def _send(self, request: urllib.request.Request) -> Any:
        data = self._within(request)
        if len(data) > MAX_ANSWER:
            raise self.error(f"answers with more than {MAX_ANSWER:,} bytes; is it the right one?")
        if sum(map(data.count, (b"[", b"{", b":", b","))) > MAX_MARKS:
            raise self.error("answers with too many values; is it the right one?")
        try:
            return json.loads(data) if data.strip() else None
        except (ValueError, RecursionError):
            raise self.error("answers what is no JSON; is the address right?") from None

    def _within(self, request: urllib.request.Request) -> bytes:
        """The answer's bytes, within LONGEST_ANSWER. A thread of its own waits for them, as a
        timeout of a socket starts again with every byte; one that is left waiting is the last.
        """
        if self._thread is not None and self._thread.is_alive():
            raise self.error("still sends an earlier answer; restart the server")
        future: Future[bytes] = Future()

        def work() -> None:
            try:
                with self._opener.open(request, timeout=TIMEOUT) as answer:
                    future.set_result(answer.read(MAX_ANSWER + 1))
            except Exception as error:
                future.set_exception(error)

        self._thread = threading.Thread(target=work, daemon=True)
        self._thread.start()
        try:
            return future.result(LONGEST_ANSWER)
        except TimeoutError:
            if future.done():  # it is the socket's
                raise
            seconds = f"{LONGEST_ANSWER:g} s"
            raise self.error(f"takes more than {seconds} for an answer; restart it") from None

    def _refusal(self, error: urllib.error.HTTPError) -> str:
        """What to say of an answer that may be another the next time; raises for the others."""
        if error.code in (401, 403):
            raise self.error(f"does not accept the key; check ${key_variable(self.name)}")
        if error.code == 404:
            raise ItemGone(f"{self.name} at {self.address}: does not have that any more")
        if error.code in (429, 502, 503, 504):
            return f"is busy or starting ({error.code})"
        if 300 <= error.code < 400:
            raise self.error("sends elsewhere; give the address that it sends to")
        raise self.error(f"answers {error.code}")

    def error(self, problem: str) -> MediaError:
        """A problem with this server, in one line."""
        for secret in self._secrets:
            problem = problem.replace(secret, "***")
        return MediaError(one_line(f"{self.name} at {self.address}: {problem[:_LONGEST_ERROR]}"))


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A key that is meant for one server is not sent to another."""

    def redirect_request(self, *args: object, **settings: object) -> None:
        """Follows nothing."""


def path_part(text: str) -> str:
    """A text as one part of a path, whatever it holds."""
    return urllib.parse.quote(text, safe="", errors="replace")


def check_address(name: str, address: str) -> str:
    """The address without a slash at its end; MediaError where it is none."""
    try:
        parts = urllib.parse.urlsplit(address)
        is_usable = bool(parts.hostname) and parts.port != 0 and address.isascii()
    except ValueError:  # such as a port that is no number
        is_usable = False
    if not is_usable or parts.scheme not in ("http", "https") or parts.query or " " in address:
        raise MediaError(f"{name}: {address[:80]!r} is no address; give one like http://nas:8096")
    if "@" in parts.netloc:
        raise MediaError(f"{name}: no key in the address; give it in ${key_variable(name)}")
    return address.rstrip("/")


def key_variable(name: str) -> str:
    """The variable of the environment that holds a server's key."""
    return f"GENREEL_{name.upper()}_KEY"


def read_key(name: str) -> str:
    """The key of a server, from the environment, or from the file that …_KEY_FILE names.

    Raises:
        MediaError: there is none.
    """
    variable = key_variable(name)
    if path := os.environ.get(f"{variable}_FILE", ""):
        try:
            key = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise MediaError(f"${variable}_FILE cannot be read ({error}); check it") from None
    else:
        key = os.environ.get(variable, "").strip()
    if not key or not key.isprintable() or not key.isascii():
        raise MediaError(f"{name}: no key; put it into ${variable}, or a file's path into _FILE")
    return key
