"""One film to decide, and the films that come after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from genreel.app.server.dependencies import ServiceDep
from genreel.app.server.rendering import PROMISE, page
from genreel.app.service.service import Service
from genreel.app.store import browse
from genreel.app.store.film import Film
from genreel.errors import Conflict, UnknownFilm
from genreel.folding import fold

router = APIRouter(include_in_schema=False)

FETCHED_AHEAD = 2
"""Films after the one that is shown, which the page fetches before they are asked for."""


UNLIKELY = 0.15
"""Probability below which a genre that stands is doubted, and one that is missing likewise."""


@dataclass(frozen=True)
class Choice:
    """Which films a person looks at, as the address of a page says.

    Attributes:
        query: what they are narrowed by.
        order: one of ORDERS; empty: the page's own.
    """

    query: browse.Filter
    order: str

    def values(self) -> dict[str, Any]:
        """What an address says, without what is not narrowed."""
        query = self.query
        values = {
            "genre": query.genre,
            "decade": query.decade,
            "state": query.state,
            "q": query.text,
            "identity": query.identity,
            "sure": query.sure,
            "since": query.since,
            "before": query.before,
            "order": self.order,
        }
        return {name: value for name, value in values.items() if value not in ("", None)}

    def link(self, path: str = "/", **changes: Any) -> str:
        """An address like this one, with changes; None leaves something out."""
        values = {n: v for n, v in {**self.values(), **changes}.items() if v not in ("", None)}
        return f"{path}?{urlencode(values, doseq=True, errors='replace')}"


def get_choice(
    genre: Annotated[Sequence[str], Query()] = (),
    decade: str = "",
    state: str = "",
    q: str = "",
    identity: str = "",
    sure: str = "",
    since: str = "",
    before: str = "",
    order: str = "",
) -> Choice:
    """What an address says; what is none is left out, as a person may have typed it."""
    share = float(sure) if sure.replace(".", "", 1).isdecimal() and float(sure) <= 1 else None
    query = browse.Filter(
        genre[0] if genre else "",
        browse.year_of(decade),
        state,
        q,
        identity,
        share,
        since=browse.year_of(since),
        before=browse.year_of(before),
    )
    return Choice(query, order if order in browse.ORDERS else "")


ChoiceDep = Annotated[Choice, Depends(get_choice)]


@router.get("/review")
def review(
    request: Request,
    service: ServiceDep,
    choice: ChoiceDep,
    film: str = "",
    message: Annotated[str, Query(alias="told")] = "",
    marked: Annotated[Sequence[str], Query()] = (),
) -> Response:
    """One film to decide: that asked for, or the next of the queue.

    `marked` are the genres that a person had chosen, where that could not be kept.
    """
    store = service.store
    order = choice.order or "unsure"
    is_fragment = request.headers.get("x-fragment") == "1"
    waiting = [] if film else browse.queue(store, order, 1, choice.query)
    film_id = film or (waiting[0] if waiting else "")
    current = store.film(film_id) if film_id else None
    keys = keys_of(service)
    overrides = store.tuning.overrides()
    return page(
        request,
        "card" if is_fragment else "review",
        film=current,
        following=browse.queue(store, order, FETCHED_AHEAD, choice.query, film_id),
        rows=score_rows(current, keys, overrides, marked) if current else [],
        history=store.history(film_id, 20) if film_id else [],
        doubts=doubts(current) if current else {},
        progress=browse.progress(store, order, PROMISE, choice.query),
        everything=browse.count(store, browse.EVERYTHING) if current is None else 0,
        choice=choice,
        order=order,
        keys=keys,
        has_index=service.known.films is not None,
        told=message,
    )


@router.post("/review")
def confirm(
    service: ServiceDep,
    choice: ChoiceDep,
    film: Annotated[str, Form()] = "",
    version: Annotated[int, Form()] = 0,
    action: Annotated[str, Form()] = "confirm",
    genre: Annotated[Sequence[str], Form()] = (),
) -> Response:
    """A person's decision, sent by a browser without JavaScript."""
    order = choice.order or "unsure"
    following = browse.queue(service.store, order, 1, choice.query, film)
    changes: dict[str, Any] = {"film": following[0] if following else ""}
    try:
        if action == "skip":
            service.store.skip(film, version)
        elif action == "undo":
            event = service.undo()
            changes = {"film": event["film"]} if event else {"told": "Nothing to undo."}
        else:
            service.review(film, genre, version)
    except UnknownFilm as error:
        changes = {"told": str(error)}
    except Conflict as error:
        marked = [name for name in genre if name in service.store.defaults]
        told = f"Not saved: {error}. What you chose is still marked."
        changes = {"told": told, "film": film, "marked": marked}
    return RedirectResponse(choice.link("/review", **changes), 303)


def doubts(film: Film) -> dict[str, list[str]]:
    """What the model is surely against of the genres that a file or a lookup names.

    Returns:
        wrong, missing: genres, the surest first; of a film that nobody reviewed.
    """
    named = [genre for genre, of in film.opinions.items() if {"file", "lookup"} & set(of)]
    if not named or film.state in ("reviewed", "accepted"):
        return {"wrong": [], "missing": []}
    scores = {genre: film.score(genre) for genre in film.opinions}
    by_score = sorted((score, genre) for genre, score in scores.items() if score is not None)
    return {
        "wrong": [g for score, g in by_score if g in film.genres and score < UNLIKELY],
        "missing": [
            g for score, g in by_score[::-1] if g not in film.genres and score > 1 - UNLIKELY
        ],
    }


def keys_of(service: Service) -> dict[str, str]:
    """Genre → the letter that toggles it, as genres are called on the pages."""
    names = service.genres.names()
    return genre_keys(list(service.store.defaults), names.label if names else str)


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
