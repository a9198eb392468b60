"""Media servers that live in this process and behave as the real ones do, faults included."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEY = "k3y-that-nobody-may-see"


def movies() -> dict[str, dict[str, Any]]:
    """Four movies; the second has a genre, the third is locked, the fourth locks its genres."""
    plot = "A sheriff and his deputy ride into a dusty frontier town for a gunfight with outlaws."
    titles = ("Alba", "Brill", "Carrow", "Dorn")
    return {
        str(n): {
            "id": str(n),
            "title": title,
            "year": 1961,
            "plot": plot,
            "genres": ["Drama"] if title == "Brill" else [],
            "all_locked": title == "Carrow",
            "genres_locked": title == "Dorn",
            "path": f"/media/Movies/{title} (1961)/{title} (1961).mkv",
        }
        for n, title in enumerate(titles, 11)
    }


class Fake:
    """A server on a port of this machine; `faults` are statuses that it answers first."""

    def __init__(self, answer: Callable[[Fake, Asked], tuple[int, Any]]) -> None:
        self.movies = movies()
        self.faults: list[int] = []
        self.asked: list[str] = []
        self.refreshed: list[str] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                length = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(length)) if length else None
                query = dict(parse_qsl(parts.query, keep_blank_values=True))
                asked = Asked(self.command, parts.path, query, body, dict(self.headers))
                fake.asked.append(f"{self.command} {parts.path}")
                status, value = (fake.faults.pop(0), None) if fake.faults else answer(fake, asked)
                if status == 0:  # as a server that stops in the middle of it
                    self.connection.close()
                    return
                data = b"" if value is None else json.dumps(value).encode()
                self.send_response(status)
                if status == 429:
                    self.send_header("Retry-After", "0")
                if status == 302:
                    self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_PUT = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Asked:
    """A request."""

    def __init__(
        self, method: str, path: str, query: dict[str, str], body: Any, headers: dict[str, str]
    ) -> None:
        self.method, self.path, self.query, self.body = method, path, query, body
        self.headers = {name.lower(): value for name, value in headers.items()}


def _dto(movie: dict[str, Any]) -> dict[str, Any]:
    return {
        "Id": movie["id"],
        "Name": movie["title"],
        "ProductionYear": movie["year"],
        "Overview": movie["plot"],
        "Genres": list(movie["genres"]),
        "Path": movie["path"],
        "LockData": movie["all_locked"],
        "LockedFields": ["Genres"] if movie["genres_locked"] else [],
        "Tags": movie.get("tags", ["mine"]),
        "Type": "Movie",
    }


def jellyfin(fake: Fake, asked: Asked) -> tuple[int, Any]:
    """Jellyfin and Emby: what an update does not send is emptied."""
    token = asked.headers.get("x-emby-token") or asked.headers.get("authorization", "")
    if KEY not in token:
        return 401, None
    if asked.path == "/Users":
        return 200, [
            {"Id": "guest", "Policy": {}},
            {"Id": "u1", "Policy": {"IsAdministrator": True}},
        ]
    if asked.path == "/Items":
        rows = list(fake.movies.values())
        start = int(asked.query["StartIndex"])
        page = rows[start : start + min(3, int(asked.query["Limit"]))]
        return 200, {"Items": [_dto(m) for m in page], "TotalRecordCount": len(rows)}
    match = re.fullmatch(r"(?:/Users/u1)?/Items/(\d+)(/Refresh)?", asked.path)
    movie = fake.movies.get(match[1]) if match else None
    if match is None or movie is None:
        return 404, None
    if match[2]:
        fake.refreshed.append(movie["title"])
        return 204, None
    if asked.method == "POST":
        movie["genres"] = list(asked.body.get("Genres", []))
        tags = asked.body.get("Tags", [])
        movie["tags"] = list(tags) if isinstance(tags, list) else []
        return 204, None
    return 200, _dto(movie)


def plex(fake: Fake, asked: Asked) -> tuple[int, Any]:
    """Plex: a list has two genres of a movie and no locks."""
    if asked.headers.get("x-plex-token") != KEY:
        return 401, None
    if asked.path == "/library/sections":
        sections = [{"key": "1", "type": "movie"}, {"key": "2", "type": "show"}]
        return 200, {"MediaContainer": {"Directory": sections}}
    if asked.path == "/library/sections/1/all" and asked.method == "GET":
        rows = [_metadata(m, short=True) for m in fake.movies.values()]
        return 200, {"MediaContainer": {"Metadata": rows}}
    if asked.path == "/library/sections/1/all":
        movie = fake.movies.get(asked.query["id"])
        if movie is None:
            return 404, None
        gone = asked.query.get("genre[].tag.tag-", "").split(",")
        new = [v for k, v in asked.query.items() if re.fullmatch(r"genre\[\d+\]\.tag\.tag", k)]
        kept = [name for name in movie["genres"] if name not in gone]
        movie["genres"] = list(dict.fromkeys([*kept, *new]))
        movie["genres_locked"] = asked.query["genre.locked"] == "1"
        return 200, None
    match = re.fullmatch(r"/library/metadata/(\d+)(/refresh)?", asked.path)
    movie = fake.movies.get(match[1]) if match else None
    if match is None or movie is None:
        return 404, None
    if match[2]:
        fake.refreshed.append(movie["title"])
        return 200, None
    return 200, {"MediaContainer": {"Metadata": [_metadata(movie)]}}


def _metadata(movie: dict[str, Any], short: bool = False) -> dict[str, Any]:
    locked = movie["genres_locked"] or movie["all_locked"]
    row = {
        "ratingKey": movie["id"],
        "title": movie["title"],
        "year": movie["year"],
        "summary": movie["plot"],
        "librarySectionID": 1,
        "Genre": [{"tag": name} for name in movie["genres"][: 2 if short else None]],
        "Media": [{"Part": [{"file": movie["path"]}]}],
    }
    return row if short or not locked else row | {"Field": [{"name": "genre", "locked": True}]}


def kodi(fake: Fake, asked: Asked) -> tuple[int, Any]:
    """Kodi's JSON-RPC; it knows no locks."""
    expected = "Basic " + base64.b64encode(KEY.encode()).decode()
    if asked.headers.get("authorization") != expected:
        return 401, None
    method, parameters = asked.body["method"], asked.body["params"]
    if method == "VideoLibrary.GetMovies":
        rows = [
            {
                **{"movieid": int(m["id"]), "title": m["title"], "year": m["year"]},
                **{"plot": m["plot"], "genre": m["genres"], "file": m["path"]},
            }
            for m in fake.movies.values()
        ]
        return 200, {"id": 1, "jsonrpc": "2.0", "result": {"movies": rows}}
    movie = fake.movies.get(str(parameters["movieid"]))
    if movie is None:
        error = {"code": -32602, "message": "Invalid params."}
        return 200, {"id": 1, "jsonrpc": "2.0", "error": error}
    if method == "VideoLibrary.SetMovieDetails":
        movie["genres"] = list(parameters["genre"])
    else:
        fake.refreshed.append(movie["title"])
    return 200, {"id": 1, "jsonrpc": "2.0", "result": "OK"}


ANSWERS = {"jellyfin": jellyfin, "emby": jellyfin, "plex": plex, "kodi": kodi}
