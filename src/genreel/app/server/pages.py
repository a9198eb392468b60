"""The pages but for the one film to review: rendered here, and working without JavaScript where
that is possible.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from genreel import genre_names
from genreel.app.server.dependencies import ServiceDep
from genreel.app.server.guard import COOKIE, cookie_of, is_token
from genreel.app.server.rendering import PROMISE, page
from genreel.app.server.review_page import ChoiceDep, keys_of
from genreel.app.service.gate import Gate
from genreel.app.store import browse, preview
from genreel.app.store.correction import MIN_REVIEWS
from genreel.app.store.events import last_act
from genreel.app.store.export import EXPORTS
from genreel.app.store.views import read_views
from genreel.calibration import DECISIONS
from genreel.catalogue import FIRST_YEAR
from genreel.decade import YEARS
from genreel.language import NAMES

WRONG_TOKENS = Gate("wrong tokens", 32)
"""Those that are answered late, at once. Beyond, they are refused: in time, but without a hint."""

NAME_SETS = {
    **{code: f"in {NAMES[code]}" for code in genre_names.NAMES},
    **{"genreel": "in English", "imdb": "as IMDb does", "tmdb": "as TMDb does"},
    **{"kodi": "as Kodi does", "movielens": "as MovieLens does"},
}
"""What genres may be called in an export, and how a person reads that."""

router = APIRouter(include_in_schema=False)


@router.get("/")
def films(
    request: Request,
    service: ServiceDep,
    choice: ChoiceDep,
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
) -> Response:
    """Films in a grid, narrowed by genre, decade, state and words."""
    store, query = service.store, choice.query
    order = choice.order or "newest"
    sure = replace(query, sure=PROMISE) if query.sure is None else query
    return page(
        request,
        "films",
        films=browse.find(store, query, order, browse.PAGE, offset),
        count=browse.count(store, query),
        everything=browse.count(store, browse.Filter()),
        sure=browse.count(store, sure),
        facets=browse.facets(store, query),
        choice=choice,
        order=order,
        keys=keys_of(service),
        decades=range(FIRST_YEAR // YEARS * YEARS, date.today().year + 1, YEARS),
        formats=EXPORTS,
        offset=offset,
        size=browse.PAGE,
    )


@router.get("/add")
def add(request: Request) -> Response:
    """Posters and tables are dropped here."""
    return page(request, "add")


@router.get("/thresholds")
def thresholds(request: Request, service: ServiceDep) -> Response:
    """The decision in use, and the threshold of each genre, with a preview of a change."""
    store, tuning = service.store, service.store.tuning
    decide, applied, cases = tuning.decision(), tuning.overrides(), preview.cases(store)
    by_case = {case: {**tuning.own_thresholds(case, decide), **applied} for case in cases}
    return page(
        request,
        "thresholds",
        decide=decide,
        decisions=preview.preview_decisions(store),
        cases=cases,
        by_case=by_case,
        thresholds=next(iter(by_case.values()), tuning.thresholds()),
        applied=applied,
        counts=tuning.preview_thresholds({})["genres"],
    )


@router.post("/thresholds")
def decide(service: ServiceDep, decide: Annotated[str, Form()]) -> Response:
    """Takes a decision for all films, without JavaScript."""
    if decide in DECISIONS:
        service.store.tuning.decide(decide)
    return RedirectResponse("/thresholds", 303)


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
        attempts=tuning.attempts(),
        reviews=tuning.count_reviews(),
        least=MIN_REVIEWS,
    )


@router.get("/export")
def export(request: Request, service: ServiceDep) -> Response:
    """Formats to download."""
    store = service.store
    return page(
        request,
        "export",
        formats=EXPORTS,
        names=NAME_SETS,
        views=read_views(store),
        can_undo_views=last_act(store.database) == "views",
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
