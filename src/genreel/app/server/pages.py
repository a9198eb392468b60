"""The review pages: rendered here, working without JavaScript where that is possible."""

from __future__ import annotations

import hmac
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates

from genreel.app.server.guard import COOKIE
from genreel.app.service.service import Service
from genreel.app.store import browse
from genreel.app.store.export import EXPORTS
from genreel.app.store.film import Film
from genreel.errors import Conflict, UnknownFilm

TEMPLATES = Path(__file__).parent / "templates"
PROMISE = 0.9
"""Share of the labels that reviewing works towards."""

STATE_NAMES = {
    "new": "to review",
    "skipped": "skipped",
    "reviewed": "reviewed",
    "problem": "problem",
}


def routes(service: Service) -> APIRouter:
    """The pages over a service."""
    store = service.store
    keys = genre_keys(service.predictor.genres)
    templates = Jinja2Templates(directory=TEMPLATES)
    templates.env.filters["name"] = film_name
    templates.env.filters["ago"] = ago
    templates.env.globals.update(orders=browse.ORDERS, state_names=STATE_NAMES, promise=PROMISE)
    pages = APIRouter(include_in_schema=False)

    def page(request: Request, name: str, status: int = 200, **more: Any) -> Response:
        return templates.TemplateResponse(request, f"{name}.html", {"page": name, **more}, status)

    @pages.get("/")
    def films(
        request: Request,
        genre: str = "",
        decade: str = "",
        state: str = "",
        q: str = "",
        order: str = "newest",
        offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
    ) -> Response:
        order = order if order in browse.ORDERS else "newest"
        number = int(decade) if decade.isdecimal() and len(decade) == 4 else None
        wanted = browse.Filter(genre, number, state, q)
        chosen = {"genre": genre, "decade": decade, "state": state, "q": q, "order": order}

        def link(**changes: Any) -> str:
            parts = {k: v for k, v in {**chosen, **changes}.items() if v not in ("", None)}
            return "/?" + urlencode(parts)

        return page(
            request,
            "films",
            films=browse.find(store, wanted, order, browse.PAGE, offset),
            count=browse.count(store, wanted),
            everything=browse.count(store, browse.Filter()),
            facets=browse.facets(store, wanted),
            chosen=chosen,
            link=link,
            offset=offset,
            size=browse.PAGE,
        )

    @pages.get("/add")
    def add(request: Request) -> Response:
        return page(request, "add")

    @pages.get("/review")
    def review(request: Request, film: str = "", order: str = "unsure", told: str = "") -> Response:
        order = order if order in browse.ORDERS else "unsure"
        fragment = request.headers.get("x-fragment") == "1"
        waiting = browse.queue(store, order, 1)
        film_id = film or (waiting[0] if waiting else "")
        shown = store.film(film_id) if film_id else None
        return page(
            request,
            "card" if fragment else "review",
            film=shown,
            rows=score_rows(shown, keys, store.tuning.applied()) if shown else [],
            history=store.history(film_id, 20) if film_id else [],
            progress=browse.progress(store, order, PROMISE),
            order=order,
            keys=keys,
            told=told,
        )

    @pages.post("/review")
    def confirm(
        film: Annotated[str, Form()],
        version: Annotated[int, Form()],
        order: Annotated[str, Form()] = "unsure",
        action: Annotated[str, Form()] = "confirm",
        genre: Annotated[Sequence[str], Form()] = (),
    ) -> Response:
        told = ""
        try:
            if action == "skip":
                store.skip(film, version)
            elif action == "undo":
                service.undo()
            else:
                service.review(film, genre, version)
        except (Conflict, UnknownFilm) as error:
            told = str(error)
        return RedirectResponse("/review?" + urlencode({"order": order, "told": told}), 303)

    @pages.get("/thresholds")
    def thresholds(request: Request) -> Response:
        present = store.tuning.thresholds()
        return page(
            request,
            "thresholds",
            thresholds=present,
            applied=store.tuning.applied(),
            counts=store.tuning.preview_thresholds({})["genres"],
        )

    @pages.get("/learning")
    def learning(request: Request) -> Response:
        return page(
            request,
            "learning",
            on=store.tuning.learning(),
            in_use=store.tuning.correction()[0],
            learnt=store.tuning.learnt()[:20],
            reviews=store.tuning.count_reviews(),
        )

    @pages.get("/export")
    def export(request: Request) -> Response:
        return page(
            request,
            "export",
            formats=EXPORTS,
            facets=browse.facets(store, browse.Filter()),
            count=browse.count(store, browse.Filter()),
        )

    @pages.get("/api/docs")
    def docs(request: Request) -> Response:
        return page(request, "docs", paths=request.app.openapi()["paths"])

    @pages.get("/enter")
    def enter(request: Request) -> Response:
        return page(request, "enter", wrong=False)

    @pages.post("/enter")
    def entered(request: Request, token: Annotated[str, Form()] = "") -> Response:
        if not hmac.compare_digest(token.encode(), service.settings.token.encode()):
            time.sleep(1)  # nobody needs to guess fast
            return page(request, "enter", 401, wrong=True)
        response = RedirectResponse("/", 303)
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure)
        return response

    @pages.get("/favicon.ico")
    def icon() -> Response:
        return RedirectResponse("/static/icon.svg")

    return pages


def genre_keys(genres: Sequence[str]) -> dict[str, str]:
    """Genre → the letter that toggles it; "z" is left to undo.

    Of the genres with one initial the shortest name has it; the others get a letter of their own.
    """
    free = list("abcdefghijklmnopqrstuvwxy")
    keys: dict[str, str] = {}
    for genre in sorted(genres, key=len):
        if genre[:1].lower() in free:
            keys[genre] = genre[0].lower()
            free.remove(keys[genre])
    for genre in genres:
        letters = [c for c in genre.lower() if c in free] or free
        if genre not in keys and letters:
            keys[genre] = letters[0]
            free.remove(letters[0])
    return {genre: keys.get(genre, "") for genre in genres}


def score_rows(film: Film, keys: dict[str, str], applied: dict[str, float]) -> list[dict[str, Any]]:
    """What the card shows of each genre, the surest first; shares in percent."""
    rows = []
    for genre, key in keys.items():
        said = film.opinions.get(genre, {})
        model = said.get("model")
        threshold = applied.get(genre, model.threshold if model else None)
        rows.append(
            {
                "genre": genre,
                "key": key,
                "chosen": genre in film.genres,
                "score": None if model is None else model.score,
                "percent": None if model is None else round(100 * (model.score or 0)),
                "threshold": None if threshold is None else round(100 * threshold, 1),
                "by": next((s for s in ("person", "file", "lookup") if s in said), ""),
            }
        )
    return sorted(rows, key=lambda row: (-(row["score"] or 0), row["genre"]))


def film_name(film: Film) -> str:
    """A film's title, or what its id says."""
    said = film.id.rpartition("/")[2].replace("-", " ").replace("_", " ").strip()
    return film.title or said[:1].upper() + said[1:]


def ago(then: float) -> str:
    """How long ago a time was."""
    seconds = max(0.0, time.time() - then)
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {unit}{'' if number == 1 else 's'} ago"
    return "just now"
