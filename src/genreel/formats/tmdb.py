"""TMDb's API, version 3, with a person's own token: movies by a query, politely.

TMDb's terms ask for the notice below, allow a cache of at most six months, and treat machine
learning as a use that needs an agreement with TMDb; so `genreel train` asks about movies that carry
the mark SOURCE in their column `source`.
"""

from __future__ import annotations

import email.utils
import hashlib
import http.client
import json
import os
import random
import re
import shlex
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from genreel.catalogue import Movie
from genreel.errors import CatalogueError, VocabularyError
from genreel.files import write_whole
from genreel.formats.film import Options, film
from genreel.paths import cache_folder
from genreel.progress import say
from genreel.vocabulary import TMDB_IDS, spelling

NOTICE = "This product uses the TMDB API but is not endorsed or certified by TMDB."
SOURCE = "tmdb-api"
"""What the column `source` of its movies says."""

SIZES = ("w92", "w154", "w185", "w342", "w500", "w780", "original")
TOKEN = "GENREEL_TMDB_TOKEN"  # noqa: S105 - the variable's name
"""Environment variable with the person's v3 key or v4 token."""

API = "https://api.themoviedb.org/3/"
IMAGES = "https://image.tmdb.org/t/p/"
RATE = 20.0
"""Requests a second; TMDb bears about 40."""

TRIES = 6
_CACHE_SECONDS = 180 * 24 * 3600
_MAX_BYTES = 64 * 2**20
_TIMEOUT = 30.0


@dataclass
class Client:
    """Asks TMDb: no faster than `rate`, again after faults, from the cache where it can.

    Attributes:
        token: v3 key (32 hexadecimal digits) or v4 token.
        cache: a folder; what was fetched is asked again only after six months.
        api, images: where the two services are.
        rate: requests a second.
        sleep: waits so many seconds.
    """

    token: str
    cache: Path
    api: str = API
    images: str = IMAGES
    rate: float = RATE
    sleep: Callable[[float], None] = time.sleep
    _next: float = field(default=0.0, init=False)

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """The JSON object at a path of the API.

        Raises:
            CatalogueError: it cannot be had, after TRIES attempts.
        """
        if not re.fullmatch(r"[0-9a-f]{32}", self.token):
            return self._object(path, query, {"Authorization": f"Bearer {self.token}"}, {})
        return self._object(path, query, {}, {"api_key": self.token})

    def image(self, path: str, size: str) -> bytes:
        """A poster's file by its `poster_path`.

        Raises:
            CatalogueError: it cannot be had.
        """
        if not re.fullmatch(r"/[\w-]+\.(jpg|png|webp)", path):
            raise CatalogueError(f"poster path {path[:60]!r} is none of TMDb's")
        url = f"{self.images}{size}{path}"
        return self._through_cache(url, lambda: self._fetch(url, {}, _any))

    def _object(
        self, path: str, query: Mapping[str, Any], headers: dict[str, str], secret: dict[str, str]
    ) -> dict[str, Any]:
        public = f"{self.api}{path}?{urllib.parse.urlencode(query)}"
        private = f"{self.api}{path}?{urllib.parse.urlencode({**query, **secret})}"
        data = self._through_cache(public, lambda: self._fetch(private, headers, json.loads))
        answer: dict[str, Any] = json.loads(data)
        return answer

    def _through_cache(self, url: str, fetch: Callable[[], bytes]) -> bytes:
        file = self.cache / hashlib.sha256(url.encode()).hexdigest()
        try:
            if time.time() - file.stat().st_mtime < _CACHE_SECONDS:
                return file.read_bytes()
        except OSError:
            pass
        data = fetch()
        self.cache.mkdir(parents=True, exist_ok=True)
        write_whole(file, data, sync=False)
        return data

    def _fetch(self, url: str, headers: dict[str, str], check: Callable[[bytes], Any]) -> bytes:
        where = url.partition("?")[0]  # without the key
        reason = ""
        for attempt in range(TRIES):
            self._wait_for_turn()
            pause = min(60.0, 0.5 * 2**attempt) * random.uniform(0.5, 1.5)  # noqa: S311
            try:
                data = self._once(url, headers)
                check(data)
                return data
            except urllib.error.HTTPError as error:
                reason = f"HTTP {error.code}"
                if error.code in (401, 403):
                    raise CatalogueError(
                        f"TMDb refused the token; put yours into {TOKEN}"
                    ) from None
                if error.code != 429 and error.code < 500:
                    break
                pause = max(pause, retry_after(error.headers.get("Retry-After", "")))
            except (OSError, http.client.HTTPException, ValueError) as error:
                reason = str(error) or type(error).__name__
            if attempt + 1 < TRIES:
                self.sleep(pause)
        raise CatalogueError(f"{where}: {reason}; try again later, what was fetched is kept")

    def _once(self, url: str, headers: dict[str, str]) -> bytes:
        request = urllib.request.Request(url, headers={**headers, "User-Agent": "genreel"})  # noqa: S310
        with _OPENER.open(request, timeout=_TIMEOUT) as answer:
            data: bytes = answer.read(_MAX_BYTES + 1)
            length = answer.headers.get("Content-Length")
        if len(data) > _MAX_BYTES:
            raise ValueError(f"more than {_MAX_BYTES:,} bytes")
        if not data or (length and int(length) != len(data)):
            raise ValueError("the answer broke off")
        return data

    def _wait_for_turn(self) -> None:
        now = time.monotonic()
        if self._next > now:
            self.sleep(self._next - now)
        self._next = max(now, self._next) + 1 / self.rate


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is a fault: the token must not follow it to another host."""

    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def _any(data: bytes) -> None:
    """Any bytes will do; `posters` looks at them."""


def retry_after(value: str) -> float:
    """Seconds of the header Retry-After (RFC 9110, 10.2.3), at most ten minutes."""
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        except ValueError:
            seconds = 0.0
    return min(600.0, max(0.0, seconds))


def check_terms(movies: Iterable[Movie], terms: Collection[str]) -> None:
    """Refuses to learn from movies of TMDb's API until a person says that they may.

    Args:
        movies: with their column `source`, see `Catalogue(..., extra=True)`.
        terms: whose terms the person has accepted; "tmdb" is the one that is asked for.

    Raises:
        CatalogueError: a movie comes from there, and it was not accepted.
    """
    if "tmdb" in terms:
        return
    if any(movie.extra.get("source") == SOURCE for movie in movies):
        raise CatalogueError(
            "movies of TMDb's API: its terms ask for an agreement with TMDb where a model learns "
            "from them; if you have one, add --accept-terms tmdb"
        )


def read_tmdb(query: Path, options: Options, client: Client | None = None) -> Iterator[Movie]:
    """Movies by popularity, with poster, facts, and `source` = SOURCE.

    Args:
        query: such as "year=1999 genre=Horror", or "search=Alba"; further "pages=5" (20 movies
            each; default 1) and "size=w500" (default w342).
        options: for the genres' names.
        client: None makes one with the token of the environment.

    Raises:
        CatalogueError: the query or the token is wrong, or TMDb cannot be reached.
    """
    settings = _parse(str(query))
    client = client or _own_client()
    say(NOTICE)
    pages = int(settings.get("pages", "1"))
    for page in range(1, pages + 1):
        if "search" in settings:
            about = {"primary_release_year": settings["year"]} if "year" in settings else {}
            answer = client.get("search/movie", query=settings["search"], page=page, **about)
        else:
            answer = client.get("discover/movie", page=page, **_discovery(settings))
        for row in answer.get("results", []):
            yield _film(client, row, settings.get("size", "w342"), options)
        if page >= int(answer.get("total_pages", 1)):
            return


def _parse(query: str) -> dict[str, str]:
    help_line = "write it like 'year=1999 genre=Horror pages=2 size=w342' or 'search=Alba'"
    try:
        settings = dict(part.split("=", 1) for part in shlex.split(query))
    except ValueError:
        raise CatalogueError(f"query {query[:60]!r} cannot be read; {help_line}") from None
    unknown = set(settings) - {"year", "genre", "search", "pages", "size"}
    numbers = [settings[name] for name in ("year", "pages") if name in settings]
    if unknown or not settings or not all(n.isdecimal() and int(n) > 0 for n in numbers):
        raise CatalogueError(f"query {query[:60]!r} is none; {help_line}")
    if settings.get("size", "w342") not in SIZES:
        raise CatalogueError(f"size {settings['size'][:20]!r} is none; use {', '.join(SIZES)}")
    if "search" in settings and "genre" in settings:
        raise CatalogueError(f"query {query[:60]!r}: a search takes no genre; {help_line}")
    return settings


def _discovery(settings: Mapping[str, str]) -> dict[str, str | int]:
    query: dict[str, str | int] = {"sort_by": "popularity.desc", "include_adult": "false"}
    if "year" in settings:
        query["primary_release_year"] = settings["year"]
    if "genre" in settings:
        try:
            query["with_genres"] = TMDB_IDS[spelling(settings["genre"])]
        except (KeyError, VocabularyError):
            raise CatalogueError(
                f"genre {settings['genre'][:40]!r} is none of TMDb's; use {', '.join(TMDB_IDS)}"
            ) from None
    return query


def _own_client() -> Client:
    token = os.environ.get(TOKEN, "").strip()
    if not token:
        raise CatalogueError(f"no token; get one at themoviedb.org and put it into {TOKEN}")
    return Client(token, cache_folder() / "tmdb")


def _film(client: Client, row: Mapping[str, Any], size: str, options: Options) -> Movie:
    movie_id = str(row.get("id", ""))
    if not movie_id.isdecimal():
        return Movie(f"tmdb {movie_id[:20]}", problem="TMDb named a movie without a number")
    problem = ""
    facts: Mapping[str, Any] = row
    try:
        facts = client.get(f"movie/{movie_id}")
    except CatalogueError as error:
        problem = str(error)
    image = facts.get("poster_path")
    genres = facts.get("genres") or facts.get("genre_ids") or []
    genres = [str(g["name"] if isinstance(g, dict) else g) for g in genres]
    extra = {name: facts.get(name) for name in ("imdb_id", "release_date", "popularity")}
    extra |= {"vote_average": facts.get("vote_average"), "source": SOURCE}
    extra["main_genre"] = genres[0] if genres else None
    extra["group"] = (facts.get("belongs_to_collection") or {}).get("name")
    record = {"id": f"tmdb{movie_id}", "title": facts.get("title"), "plot": facts.get("overview")}
    record["year"] = str(facts.get("release_date") or "")[:4]
    return film(
        record,
        movie_id,
        options,
        genres=genres,
        taxonomy="tmdb",
        poster=partial(client.image, str(image), size) if image else None,
        extra=extra,
        problem=problem,
    )
