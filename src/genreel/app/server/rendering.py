"""Templates, and what they share."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.templating import Jinja2Templates

from genreel.app.store import browse
from genreel.app.store.correction import lost
from genreel.app.store.film import Film
from genreel.app.store.writing import movie_of
from genreel.cases import BUNDLE_CASES
from genreel.formats.products import name_of
from genreel.language import language_of
from genreel.lettering import parse_lettering

TEMPLATES = Path(__file__).parent / "templates"
PROMISE = 0.9
"""Share of the labels that reviewing works towards."""

STATE_NAMES = {
    "new": "to review",
    "skipped": "skipped",
    "reviewed": "reviewed",
    "accepted": "accepted together",
    "problem": "problem",
}

CASE_NAMES = {name: name.replace(" + ", ", ") for name in BUNDLE_CASES}
CASE_NAMES |= {"both": "poster and plot", "title and year": "title and year only"}
"""What a case of films is called on the pages."""


def page(
    request: Request,
    name: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """A template rendered, with what it needs beside its name; `label` names a genre."""
    names = request.app.state.service.genres.names()
    context = {"page": name, "label": names.label if names else str, **more}
    return templates.TemplateResponse(request, f"{name}.html", context, status, headers)


def film_name(film: Film) -> str:
    """A film's title, or what is printed large on its poster, or what its id says."""
    return name_of(movie_of(film))


def is_called_by_poster(film: Film) -> bool:
    """Whether a film has no title, and its name was read from its poster."""
    return not film.title and bool(film.lettering and parse_lettering(film.lettering).title())


def language_of_film(film: Film) -> str:
    """Of its plot, for a browser: as somebody said, or as it tells; empty where it does not."""
    return film.language or language_of(film.plot) or ""


def ago(then: float) -> str:
    """How long ago a time was."""
    seconds = max(0.0, time.time() - then)
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {unit}{'' if number == 1 else 's'} ago"
    return "just now"


templates = Jinja2Templates(directory=TEMPLATES)
templates.env.filters["name"] = film_name
templates.env.tests["called_by_poster"] = is_called_by_poster
templates.env.filters["ago"] = ago
templates.env.filters["called"] = lambda genre, label: label(genre)
templates.env.filters["lang"] = language_of_film
templates.env.globals.update(
    orders=browse.ORDERS,
    state_names=STATE_NAMES,
    promise=PROMISE,
    everything_filter=browse.EVERYTHING,
    lost=lost,
    case_names=CASE_NAMES,
)
