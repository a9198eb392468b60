"""The review pages: rendered here, working without JavaScript where that is possible."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from genreel.app.server.dependencies import ServiceDep
from genreel.app.server.guard import COOKIE, cookie_of, is_token
from genreel.app.server.rendering import PROMISE, page
from genreel.app.service.gate import Gate
from genreel.app.store import browse
from genreel.app.store.export import EXPORTS
from genreel.app.store.film import Film
from genreel.app.store.views import View, delete_view, read_views, save_view
from genreel.errors import Conflict, UnknownFilm
from genreel.folding import fold

WRONG_TOKENS = Gate("wrong tokens", 32)
"""Those that are answered late, at once. Beyond, they are refused: in time, but without a hint."""

router = APIRouter(include_in_schema=False)


@router.get("/")
def films(
    request: Request,
    service: ServiceDep,
    genre: str = "",
    decade: str = "",
    state: str = "",
    q: str = "",
    since: str = "",
    before: str = "",
    order: str = "newest",
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
) -> Response:
    """Films in a grid, narrowed by genre, decade, state, words and years."""
    store = service.store
    order = order if order in browse.ORDERS else "newest"
    years = {"since": _year(since), "before": _year(before)}
    query = browse.Filter(genre, _year(decade), state, q, **years)
    choices = {"genre": genre, "decade": decade, "state": state, "q": q, "order": order, **years}

    def link(**changes: Any) -> str:
        parts = {k: v for k, v in {**choices, **changes}.items() if v not in ("", None)}
        return "/?" + urlencode(parts)

    return page(
        request,
        "films",
        films=browse.find(store, query, order, browse.PAGE, offset),
        count=browse.count(store, query),
        everything=browse.count(store, browse.Filter()),
        facets=browse.facets(store, query),
        chosen=choices,
        link=link,
        offset=offset,
        size=browse.PAGE,
    )


def _year(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) == 4 else None


@router.get("/views/{name:path}")
def view(service: ServiceDep, name: str) -> Response:
    """The films of a saved view; its address stays where the view is changed."""
    views = read_views(service.store)
    return RedirectResponse(views[name].address if name in views else "/export#views", 303)


@router.post("/views")
def change_view(
    service: ServiceDep,
    name: Annotated[str, Form(max_length=200)],
    action: Annotated[str, Form()] = "save",
    genre: Annotated[str, Form()] = "",
    state: Annotated[str, Form()] = "",
    q: Annotated[str, Form()] = "",
    since: Annotated[str, Form()] = "",
    before: Annotated[str, Form()] = "",
    order: Annotated[str, Form()] = "newest",
) -> Response:
    """Saves a view, or forgets one, without JavaScript."""
    if action == "delete":
        delete_view(service.store, name)
    else:
        query = browse.Filter(genre, None, state, q, since=_year(since), before=_year(before))
        save_view(service.store, View(name, query, order))
    return RedirectResponse("/export#views", 303)


@router.get("/add")
def add(request: Request) -> Response:
    """Posters and tables are dropped here."""
    return page(request, "add")


@router.get("/review")
def review(
    request: Request,
    service: ServiceDep,
    film: str = "",
    order: str = "unsure",
    message: Annotated[str, Query(alias="told")] = "",
    genre: Annotated[Sequence[str], Query()] = (),
) -> Response:
    """One film to decide: that asked for, or the next of the queue.

    `genre` are those that a person had chosen, where that could not be kept.
    """
    store = service.store
    order = order if order in browse.ORDERS else "unsure"
    is_fragment = request.headers.get("x-fragment") == "1"
    waiting = browse.queue(store, order, 1)
    film_id = film or (waiting[0] if waiting else "")
    found_film = store.film(film_id) if film_id else None
    names = service.settings.names
    keys = genre_keys(service.predictor.genres, names.label if names else str)
    overrides = store.tuning.overrides()
    return page(
        request,
        "card" if is_fragment else "review",
        film=found_film,
        rows=score_rows(found_film, keys, overrides, genre) if found_film else [],
        history=store.history(film_id, 20) if film_id else [],
        progress=browse.progress(store, order, PROMISE),
        order=order,
        keys=keys,
        told=message,
    )


@router.post("/review")
def confirm(
    service: ServiceDep,
    film: Annotated[str, Form()] = "",
    version: Annotated[int, Form()] = 0,
    order: Annotated[str, Form()] = "unsure",
    action: Annotated[str, Form()] = "confirm",
    genre: Annotated[Sequence[str], Form()] = (),
) -> Response:
    """A person's decision, sent by a browser without JavaScript."""
    query = {"order": order if order in browse.ORDERS else "unsure"}
    try:
        if action == "skip":
            service.store.skip(film, version)
        elif action == "undo":
            event = service.undo()
            query |= {"film": event["film"] or ""} if event else {"told": "Nothing to undo."}
        else:
            service.review(film, genre, version)
    except UnknownFilm as error:
        query |= {"told": str(error)}
    except Conflict as error:
        chosen = [name for name in genre if name in service.predictor.genres]
        query |= {"told": f"Not saved: {error}. What you chose is still marked.", "film": film}
        return _see_review([*query.items(), *(("genre", name) for name in chosen)])
    return _see_review(list(query.items()))


def _see_review(query: list[tuple[str, str]]) -> Response:
    return RedirectResponse("/review?" + urlencode(query, errors="replace"), 303)


@router.get("/thresholds")
def thresholds(request: Request, service: ServiceDep) -> Response:
    """The threshold of each genre, with a preview of a change."""
    tuning = service.store.tuning
    return page(
        request,
        "thresholds",
        thresholds=tuning.thresholds(),
        applied=tuning.overrides(),
        counts=tuning.preview_thresholds({})["genres"],
    )


@router.get("/learning")
def learning(request: Request, service: ServiceDep) -> Response:
    """What was learnt from reviews, and the way back."""
    tuning = service.store.tuning
    return page(
        request,
        "learning",
        on=tuning.is_learning(),
        in_use=tuning.correction()[0],
        learnt=tuning.list_corrections()[:20],
        reviews=tuning.count_reviews(),
    )


@router.get("/export")
def export(request: Request, service: ServiceDep) -> Response:
    """Formats to download."""
    store = service.store
    return page(
        request,
        "export",
        formats=EXPORTS,
        views=read_views(store),
        facets=browse.facets(store, browse.Filter()),
        count=browse.count(store, browse.Filter()),
    )


@router.get("/api/docs")
def docs(request: Request) -> Response:
    """The API, described."""
    return page(request, "docs", paths=request.app.openapi()["paths"])


@router.get("/enter")
def enter(request: Request) -> Response:
    """Asks for the token."""
    return page(request, "enter", wrong=False)


@router.post("/enter")
async def check_token(
    request: Request, service: ServiceDep, token: Annotated[str, Form()] = ""
) -> Response:
    """Keeps the right token in a cookie; a wrong one is answered a second later."""
    if not is_token(token, service.settings):
        with WRONG_TOKENS.turn():
            await asyncio.sleep(1)  # no thread waits, so that nobody else does
        return page(request, "enter", 401, wrong=True)
    response = RedirectResponse("/", 303)
    secure = request.url.scheme == "https"
    value = cookie_of(service.settings)
    response.set_cookie(COOKIE, value, httponly=True, samesite="strict", secure=secure)
    return response


@router.get("/favicon.ico")
def icon() -> Response:
    """The icon, where browsers look for it."""
    return RedirectResponse("/static/icon.svg")


def genre_keys(genres: Sequence[str], label: Callable[[str], str] = str) -> dict[str, str]:
    """Genre → the letter that toggles it; "z" is left to undo.

    Of the genres with one initial the shortest name has it; the others get a letter of their own.

    Args:
        label: what a genre is called.
    """
    names = {genre: fold(label(genre)) for genre in genres}
    free = list("abcdefghijklmnopqrstuvwxy")
    keys: dict[str, str] = {}
    for genre in sorted(genres, key=lambda genre: len(names[genre])):
        if names[genre][:1] in free:
            keys[genre] = names[genre][0]
            free.remove(keys[genre])
    for genre in genres:
        letters = [c for c in names[genre] if c in free] or free
        if genre not in keys and letters:
            keys[genre] = letters[0]
            free.remove(letters[0])
    return {genre: keys.get(genre, "") for genre in genres}


def score_rows(
    film: Film, keys: dict[str, str], overrides: dict[str, float], chosen: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """What the card shows of each genre, the surest first; shares in percent.

    Args:
        film: with its opinions.
        keys: genre → the letter that toggles it.
        overrides: genre → threshold that a person applied.
        chosen: genres that a person had marked; none: the film's are.
    """
    rows = []
    for genre, key in keys.items():
        by_source = film.opinions.get(genre, {})
        model = by_source.get("model")
        threshold = overrides.get(genre, model.threshold if model else None)
        rows.append(
            {
                "genre": genre,
                "key": key,
                "chosen": genre in (chosen or film.genres),
                "score": None if model is None else model.score,
                "percent": None if model is None else round(100 * (model.score or 0)),
                "threshold": None if threshold is None else round(100 * threshold, 1),
                "by": next((s for s in ("person", "file", "lookup") if s in by_source), ""),
            }
        )
    return sorted(rows, key=lambda row: (-(row["score"] or 0), row["genre"]))
