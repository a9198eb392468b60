"""Genres of one's own on a page: made, taught by yes and no, changed; works without JavaScript."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse

from genreel.app.server.api.genres import add_file
from genreel.app.server.dependencies import ServiceDep
from genreel.app.server.rendering import page
from genreel.app.store.events import last_act
from genreel.errors import GenreelError

router = APIRouter(include_in_schema=False)

SUGGESTED = 12
"""Films of each kind that are suggested at once."""

Word = Annotated[str, Form(max_length=5000)]
Number = Annotated[int | None, Form()]


@router.get("/genres")
def genres(
    request: Request, service: ServiceDep, teach: str = "", told: str = "", note: str = ""
) -> Response:
    """All genres, and films to ask a person about for one of them.

    Args:
        teach: the genre that is taught; empty: none is.
        told: why something could not be done.
        note: what was done.
    """
    rows = service.genres.all()
    taught = next((one for one in rows if one.row.genre == teach and one.row.is_own), None)
    some = service.genres.suggest(teach, SUGGESTED) if taught else None
    surest = some.surest if some else []
    ids = {film.id for film, _ in surest}
    return page(
        request,
        "genres",
        own=[one for one in rows if one.row.is_own],
        models=[one for one in rows if not one.row.is_own],
        taught=taught,
        surest=surest,
        unsure=[
            (film, score) for film, score in (some.unsure if some else []) if film.id not in ids
        ],
        is_busy=service.genres.learner.is_busy,
        can_undo=last_act(service.store.database) in ("genre", "verdicts"),
        told=told,
        note=note,
    )


@router.post("/genres")
def change_genres(
    service: ServiceDep,
    action: Word = "",
    genre: Word = "",
    name: Word = "",
    description: Word = "",
    parent: Word = "",
    film: Word = "",
    version: Number = None,
    drop: Word = "",
) -> Response:
    """Does what a form of the page asks for."""
    teach = genre if action in ("yes", "no") else ""
    try:
        if action == "make":
            teach = service.genres.make(name, description, parent).genre
        elif action == "save":
            changes = {"name": name, "description": description, "parent": parent}
            is_own = service.genres.one(genre).row.is_own
            service.genres.change(genre, changes if is_own else {"name": name}, version)
        elif action in ("hide", "show"):
            service.genres.change(genre, {"is_hidden": action == "hide"}, version)
        elif action == "delete":
            service.genres.delete(genre, version, drop=bool(drop))
        elif action in ("yes", "no"):
            service.genres.answer(genre, film, action == "yes", version)
        elif action == "undo" and last_act(service.store.database) in ("genre", "verdicts"):
            service.undo()
    except GenreelError as error:
        return _back(teach, told=f"Not done: {error}")
    return _back(teach)


@router.post("/genres/file")
def add_genres(service: ServiceDep, file: UploadFile) -> Response:
    """Adds the genres of a file."""
    try:
        done = add_file(service, file)
    except GenreelError as error:
        return _back("", told=f"Not added: {error}")
    parts = [("Added", done["added"]), ("There already", done["present"])]
    return _back(
        "", note="; ".join(f"{what}: {', '.join(names)}" for what, names in parts if names)
    )


def _back(teach: str, **words: str) -> Response:
    values = {name: value for name, value in {"teach": teach, **words}.items() if value}
    return RedirectResponse(f"/genres?{urlencode(values)}" if values else "/genres", 303)
