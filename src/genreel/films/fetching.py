"""The publishers' own files, fetched: resumed where a connection was cut, and checked."""

from __future__ import annotations

import contextlib
import errno
import gzip
import hashlib
import http.client
import os
import re
import shutil
import ssl
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from genreel.errors import FilmsError
from genreel.files import lock, write_whole
from genreel.formats.tmdb import retry_after
from genreel.progress import progress

TRIES = 5
"""Attempts in a row that bring nothing, before one gives up."""

PATIENCE = 120.0
"""Seconds that a publisher may ask to wait; one who asks for more is left alone."""

TIMEOUT = 30.0
"""Seconds without a byte, after which a connection counts as cut."""

MAX_BYTES = 2**34
"""Bytes of a file: over thirty times the largest of PUBLISHERS."""

_CHUNK = 2**20  # bytes
_MAX_CHECKSUM = 2**12  # bytes of a file with a checksum
_CUTS = (urllib.error.URLError, http.client.HTTPException, ConnectionError, ssl.SSLError)
_MAGIC = {".gz": b"\x1f\x8b", ".zip": b"PK\x03\x04"}


@dataclass(frozen=True)
class Remote:
    """A file of a publisher.

    Attributes:
        url: where it is; its last part is the name here.
        md5: where a text with its MD5 sum is; empty: the publisher gives none.
    """

    url: str
    md5: str = ""

    @property
    def name(self) -> str:
        """Of the file."""
        return self.url.rpartition("/")[2]


@dataclass(frozen=True)
class Publisher:
    """Who lets everybody fetch a list of films, on terms.

    Attributes:
        name: of the format, too.
        terms: what a person has to agree to, in short.
        page: where the terms are in full.
        files: what there is to fetch.
        source: which of the files, or the folder of all (empty), is read.
    """

    name: str
    terms: str
    page: str
    files: tuple[Remote, ...]
    source: str = ""


_IMDB = "https://datasets.imdbws.com/"
_MOVIELENS = "https://files.grouplens.org/datasets/movielens/"

PUBLISHERS = {
    "imdb": Publisher(
        "imdb",
        "IMDb's data are for personal and non-commercial use. You may keep copies of your own;\n"
        "you may not publish, sell or pass them on, nor an index that is made of them.",
        "https://developer.imdb.com/non-commercial-datasets/",
        tuple(Remote(f"{_IMDB}title.{part}.tsv.gz") for part in ("basics", "ratings", "akas")),
    ),
    "movielens": Publisher(
        "movielens",
        "MovieLens's data are for research. You may not use them commercially or pass them on\n"
        "without asking GroupLens, nor say that they endorse you; who publishes cites them\n"
        "(Harper & Konstan 2015).",
        f"{_MOVIELENS}ml-25m-README.html",
        (Remote(f"{_MOVIELENS}ml-25m.zip", f"{_MOVIELENS}ml-25m.zip.md5"),),
        "ml-25m.zip",
    ),
}
"""Name → who can be asked."""


def fetch(
    remote: Remote, folder: Path, again: bool = False, sleep: Callable[[float], None] = time.sleep
) -> Path:
    """A publisher's file, in a folder of ours.

    What was fetched in part is gone on with, where the publisher's file is still the same. The file
    stands there once it is whole and checked: by its length, its own checksum (gzip) and the
    publisher's. Proxies are those of the environment.

    Args:
        remote: which file.
        folder: where it goes; it is made.
        again: ask whether there is a newer one where it is there already.
        sleep: waits so many seconds.

    Raises:
        FilmsError: it cannot be had, the disk is full, or another genreel is fetching it.
    """
    path = folder / remote.name
    if path.exists() and not again:
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{remote.name}.part").open("a+b") as part:
            if not lock(part):
                raise FilmsError(f"another genreel is fetching {path}; wait for it")
            download = _Download(remote, path, part, sleep)
            is_new = download.run()
            if is_new:
                download.check()
                os.fsync(part.fileno())
        if is_new:
            os.replace(part.name, path)
            os.replace(download.tag_file, f"{path}.tag")
        else:
            Path(part.name).unlink()
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise FilmsError(
                f"no space left in {folder} for {remote.name}; make some and run the same "
                "command again, it goes on where it stopped"
            ) from None
        raise FilmsError(f"{path} cannot be written ({error.strerror or error})") from None
    return path


class _Download:
    """One file on its way into `part`."""

    def __init__(
        self, remote: Remote, path: Path, part: IO[bytes], sleep: Callable[[float], None]
    ) -> None:
        self.remote = remote
        self.path = path
        self.part = part
        self.sleep = sleep
        self.tag_file = Path(f"{part.name}.tag")

    def run(self) -> bool:
        """Asks until it is whole; False where the one that is there is the newest already."""
        failures, reason, pause = 0, "", 0.0
        while failures < TRIES:
            if failures:
                self.sleep(pause)
            before = self._size()
            pause = min(30.0, 2.0**failures)
            try:
                if self._ask():
                    return True
                reason = "the connection was cut"
            except urllib.error.HTTPError as error:
                if error.code == 304:
                    return False
                reason = f"HTTP {error.code} ({error.reason})"
                pause = self._pause(error, reason) or pause
            except _CUTS as error:
                reason = f"{getattr(error, 'reason', error) or type(error).__name__}"
            except TimeoutError:
                reason = f"no answer for {TIMEOUT:.0f} s"
            failures = 1 if self._size() > before else failures + 1
        raise FilmsError(
            f"{self.remote.url}: {reason}; check the network or the proxy and run the same command "
            "again, it goes on where it stopped"
        )

    def check(self) -> None:
        """Raises FilmsError, and forgets what was fetched, where it is not what it should be."""
        try:
            if self.remote.md5:
                self._check_md5()
            elif self.path.suffix == ".gz":
                self.part.seek(0)
                with gzip.open(self.part) as file:
                    while file.read(_CHUNK):
                        pass
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            self._forget()
            raise self._bad(f"damaged ({error})") from None

    def _check_md5(self) -> None:
        try:
            with _open(self.remote.md5, {}) as answer:
                text = answer.read(_MAX_CHECKSUM).decode("ascii", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise FilmsError(
                f"{self.remote.md5}: {error}; run the same command again, only the checksum lacks"
            ) from None
        sums = re.findall(r"\b[0-9a-f]{32}\b", text.lower())
        self.part.seek(0)
        digest = hashlib.file_digest(self.part, "md5").hexdigest()  # type: ignore[arg-type]
        if digest not in sums:
            self._forget()
            raise self._bad("its checksum is not the publisher's")

    def _ask(self) -> bool:
        """Asks for what lacks; whether the file is whole now."""
        start, tag = self._size(), self._tag()
        if start and not tag:  # nobody knows which version it was
            start = self._forget()
        headers = {"Range": f"bytes={start}-", "If-Range": tag} if start else self._condition()
        try:
            with _open(self.remote.url, headers) as answer:
                return self._take(answer, start, tag)
        except urllib.error.HTTPError as error:
            if error.code != 416:
                raise
            is_whole = error.headers.get("Content-Range", "").rpartition("/")[2] == f"{start}"
            if not is_whole:
                self._forget()
            return is_whole

    def _take(self, answer: Any, start: int, tag: str) -> bool:
        headers = answer.headers
        if headers.get_content_type() == "text/html":
            raise self._bad("a page, and not the file")
        new_tag = _tag_of(headers)
        if answer.status == 206:
            span = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", headers.get("Content-Range", ""))
            if not span or int(span[1]) != start or new_tag not in ("", tag):
                self._forget()  # part of another version, or another part
                return False
            total = int(span[2]) if span[2] != "*" else None
        else:
            start = self._forget()
            write_whole(self.tag_file, new_tag.encode())
            length = headers.get("Content-Length", "")
            total = int(length) if length.isdecimal() else None
        if (total or 0) > MAX_BYTES:
            raise self._bad(f"over {MAX_BYTES:,} bytes")
        if total is not None and shutil.disk_usage(self.path.parent).free < total - start:
            raise OSError(errno.ENOSPC, "")
        size = None if total is None else -(-(total - start) // _CHUNK)
        for chunk in progress(_chunks(answer), f"fetching {self.remote.name} (MiB)", size):
            if not self._size() and not chunk.startswith(_MAGIC.get(self.path.suffix, b"")):
                raise self._bad("something else than the file")
            if self._size() + len(chunk) > MAX_BYTES:  # of a publisher who gives no length
                self._forget()
                raise self._bad(f"over {MAX_BYTES:,} bytes")
            self.part.write(chunk)
            self.part.flush()
        return total is None or self._size() == total

    def _condition(self) -> dict[str, str]:
        """Headers by which an older file is sent again only where there is a newer one."""
        tag = self.path.with_name(f"{self.path.name}.tag")
        if not (self.path.exists() and tag.is_file()):
            return {}
        text = tag.read_text()
        return {"If-None-Match" if text.startswith('"') else "If-Modified-Since": text}

    def _pause(self, error: urllib.error.HTTPError, reason: str) -> float:
        """Seconds that the publisher asks to wait; raises FilmsError where waiting is no help."""
        if error.code not in (429, 503) and error.code < 500:
            raise FilmsError(
                f"{self.remote.url}: {reason}; fetch it by hand, and give genreel films its path"
            ) from None
        pause = retry_after(error.headers.get("Retry-After", ""))
        if pause > PATIENCE:
            raise FilmsError(
                f"{self.remote.url}: {reason}, and asks to wait; run the same command again in "
                f"{pause / 60:.0f} minutes"
            ) from None
        return pause

    def _size(self) -> int:
        return os.fstat(self.part.fileno()).st_size

    def _tag(self) -> str:
        with contextlib.suppress(OSError):
            return self.tag_file.read_text()
        return ""

    def _forget(self) -> int:
        """Drops what was fetched; returns its size now."""
        self.part.truncate(0)
        return 0

    def _bad(self, what: str) -> FilmsError:
        return FilmsError(
            f"{self.remote.url}: {what}; run the same command again, or fetch it by hand and give "
            "genreel films its path"
        )


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but from https to https alone."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if req.type == "https" and not newurl.startswith("https:"):
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _open(url: str, headers: dict[str, str]) -> Any:
    common = {"User-Agent": "genreel", "Accept-Encoding": "identity"}
    request = urllib.request.Request(url, headers={**common, **headers})  # noqa: S310 - ours
    return urllib.request.build_opener(_Redirects).open(request, timeout=TIMEOUT)


def _tag_of(headers: Any) -> str:
    """What tells one version of a file from another (RFC 9110, 8.8); empty where nothing does."""
    tag = str(headers.get("ETag", ""))
    return tag if tag.startswith('"') else str(headers.get("Last-Modified", ""))


def _chunks(answer: Any) -> Iterator[bytes]:
    while chunk := answer.read(_CHUNK):
        yield chunk
