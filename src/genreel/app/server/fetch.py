"""Fetches a poster from a public address; switched off unless a person asks for it."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from urllib.parse import urljoin, urlsplit

from genreel.errors import InputError

REDIRECTS = 3
SECONDS = 15.0


def fetch(address: str, max_bytes: int) -> bytes:
    """The bytes at an http(s) address.

    Each host, that of every redirect too, is resolved once, checked, and connected to at the very
    address that was checked, so that a name that is resolved differently a moment later changes
    nothing.

    Raises:
        InputError: no http(s), a host that is not public, too many bytes or seconds, an error.
    """
    deadline = time.monotonic() + SECONDS
    for _ in range(REDIRECTS + 1):
        status, headers, body = _get(address, max_bytes, deadline)
        if status in (301, 302, 303, 307, 308):
            address = urljoin(address, headers.get("location", ""))
            continue
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
        ip = ipaddress.ip_address(one.partition("%")[0])
        ip = getattr(ip, "ipv4_mapped", None) or ip
        if not ip.is_global or ip.is_multicast:
            raise InputError(f"{host[:80]} is not a public address; posters there are not fetched")
    return addresses[0]


def _get(address: str, max_bytes: int, deadline: float) -> tuple[int, dict[str, str], bytes]:
    try:
        parts = urlsplit(address)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise InputError(f"{address[:80]} is no address") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise InputError(f"{address[:80]} is not http or https")
    ip = public_address(parts.hostname, port)
    connection = http.client.HTTPConnection(parts.hostname, port)
    try:
        raw = socket.create_connection((ip, port), timeout=_seconds_until(deadline))
        if parts.scheme == "https":
            raw = ssl.create_default_context().wrap_socket(raw, server_hostname=parts.hostname)
        connection.sock = raw
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path, headers={"User-Agent": "genreel", "Accept": "image/*"})
        answer = connection.getresponse()
        body = bytearray()
        while chunk := answer.read1(64 * 2**10):
            raw.settimeout(_seconds_until(deadline))
            body += chunk
            if len(body) > max_bytes:
                raise InputError(f"{address[:80]} has more than {max_bytes:,} bytes")
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, headers, bytes(body)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise InputError(f"{address[:80]} cannot be fetched ({error})") from None
    finally:
        connection.close()


def _seconds_until(deadline: float) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise InputError(f"a poster took more than {SECONDS:.0f} s")
    return seconds
