"""Fetches a poster from a public address; switched off unless a person asks for it."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import socket
import ssl
import string
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import quote, urljoin, urlsplit

from genreel.errors import InputError

REDIRECTS = 3
SECONDS = 15.0
"""For one poster, all of its redirects and its host's name included."""

AT_ONCE = 4
"""Posters that are fetched at once, of all requests together."""

# What is not public by IANA's registries of special-purpose addresses. Python's own `is_global`
# depends on its release, and lets some of these through.
_PRIVATE = [
    ipaddress.ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
]
_UNICAST = ipaddress.ip_network("2000::/3")
"""Of IPv6, all else is local, multicast or not given to anybody."""

_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""An IPv4 address as a network without IPv4 writes it (NAT64, RFC 6052)."""

_threads = ThreadPoolExecutor(AT_ONCE, "fetch")


@dataclass(frozen=True)
class Host:
    """A Label Studio that a person named: it may be on a private address, and gets its token.

    Attributes:
        url: "http://localhost:8080"; empty: there is none.
        token: of an account there, a legacy token or a personal access token; may be empty.
    """

    url: str = ""
    token: str = field(default="", repr=False)

    def address(self, path: str) -> str:
        """Of a file that it holds."""
        return urljoin(self.url, quote(path, safe=string.punctuation))

    def holds(self, address: str) -> bool:
        """Whether an address is one of its own."""
        try:
            return bool(self.url) and urlsplit(address)[:2] == urlsplit(self.url)[:2]
        except ValueError:
            return False

    def headers(self, deadline: float) -> dict[str, str]:
        """What a request to it carries. A personal access token, three parts with dots between
        them, is exchanged for one that holds for minutes.
        """
        if not self.token:
            return {}
        if self.token.count(".") != 2:
            return {"Authorization": f"Token {self.token}"}
        body = json.dumps({"refresh": self.token}).encode()
        address = urljoin(self.url, "/api/token/refresh")
        status, _, answer = _get(address, 2**16, deadline, {"Content-Type": _JSON}, True, body)
        try:
            return {"Authorization": f"Bearer {json.loads(answer)['access']}"}
        except (ValueError, KeyError, TypeError, RecursionError):
            raise InputError(f"{self.url} refuses its token ({status}); {_REMEDY}") from None


_JSON = "application/json"
_REMEDY = "set LABEL_STUDIO_API_KEY to a token of an account there"


def fetch(address: str, max_bytes: int, host: Host = Host()) -> bytes:
    """The bytes at an http(s) address.

    Each host, that of every redirect too, is resolved once, checked, and connected to at the very
    address that was checked, so that a name that is resolved differently a moment later changes
    nothing.

    Args:
        address: of a file.
        max_bytes: that it may have.
        host: need not be public, and gets its token; no other host does.

    Raises:
        InputError: no http(s), a host that is not public, too many bytes or seconds, an error.
    """
    # In a thread of its own, as a host's name is looked up for as long as its servers wish.
    deadline = time.monotonic() + SECONDS
    future = _threads.submit(_follow, address, max_bytes, host, deadline)
    try:
        return future.result(SECONDS)
    except TimeoutError:
        future.cancel()
        raise InputError(_too_slow()) from None


class Allowance:
    """What the posters of one request may cost together: as much as if they had been sent.

    Args:
        seconds, size: in which they are fetched, and bytes.
    """

    def __init__(self, seconds: float, size: int) -> None:
        self._deadline = time.monotonic() + seconds
        self._left = size

    def fetch(self, address: str, max_bytes: int, host: Host = Host()) -> bytes:
        """As `fetch`; an InputError, too, where nothing is left."""
        if self._left <= 0 or time.monotonic() > self._deadline:
            raise InputError("the posters of this request took too much; send fewer tasks at once")
        data = fetch(address, min(max_bytes, self._left), host)
        self._left -= len(data)
        return data


def _follow(address: str, max_bytes: int, host: Host, deadline: float) -> bytes:
    for _ in range(REDIRECTS + 1):
        is_own = host.holds(address)
        extra = host.headers(deadline) if is_own else {}
        status, headers, body = _get(address, max_bytes, deadline, extra, is_own)
        if status in (301, 302, 303, 307, 308):
            try:
                address = urljoin(address, headers.get("location", ""))
            except ValueError:
                raise InputError(f"{address[:80]} leads to no address") from None
            if not (is_own and "/login" in address):
                continue
            status = 401
        if is_own and status in (401, 403):
            raise InputError(f"{host.url} answered {status}; {_REMEDY}")
        if status != 200:
            raise InputError(f"{address[:80]} answered {status}")
        return body
    raise InputError(f"{address[:80]}: more than {REDIRECTS} redirects")


def public_address(host: str, port: int) -> str:
    """An IP address of a host, all of whose addresses are public.

    Raises:
        InputError: it has none, or one that is private, local or reserved.
    """
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise InputError(f"no host {host[:80]}") from None
    addresses = [str(entry[4][0]) for entry in entries]
    for one in addresses:
        if not is_public(one):
            raise InputError(f"{host[:80]} is not a public address; posters there are not fetched")
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an IP address is one of the Internet's; an IPv4 address inside it counts."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip in _TRANSLATED:
            ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        elif ip not in _UNICAST:
            return False
    return not any(ip in network for network in _PRIVATE)


def _get(
    address: str,
    max_bytes: int,
    deadline: float,
    extra: Mapping[str, str],
    is_trusted: bool,
    data: bytes | None = None,
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an answer; with `data`, to a POST."""
    try:
        parts = urlsplit(address)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise InputError(f"{address[:80]} is no address") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise InputError(f"{address[:80]} is not http or https")
    ip = parts.hostname if is_trusted else public_address(parts.hostname, port)
    connection = http.client.HTTPConnection(parts.hostname, port)
    clock = None
    try:
        raw = socket.create_connection((ip, port), timeout=_seconds_until(deadline))
        # A timeout of a socket starts again with every byte; this ends it whatever comes.
        shut_socket = raw.dup()
        clock = threading.Timer(_seconds_until(deadline), _shut, (shut_socket,))
        clock.daemon = True
        clock.start()
        if parts.scheme == "https":
            raw = ssl.create_default_context().wrap_socket(raw, server_hostname=parts.hostname)
        connection.sock = raw
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        fields = {"User-Agent": "genreel", "Accept": "image/*" if data is None else _JSON, **extra}
        connection.request("GET" if data is None else "POST", path, data, fields)
        answer = connection.getresponse()
        body = bytearray()
        while chunk := answer.read1(64 * 2**10):
            body += chunk
            if len(body) > max_bytes:
                raise InputError(f"{address[:80]} has more than {max_bytes:,} bytes")
        _seconds_until(deadline)
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, headers, bytes(body)
    except (OSError, http.client.HTTPException, ValueError) as error:
        _seconds_until(deadline)
        raise InputError(f"{address[:80]} cannot be fetched ({error})") from None
    finally:
        connection.close()
        if clock is not None:
            clock.cancel()
            shut_socket.close()


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _seconds_until(deadline: float) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise InputError(_too_slow())
    return seconds


def _too_slow() -> str:
    return f"a poster took more than {SECONDS:.0f} s"
