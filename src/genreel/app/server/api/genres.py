"""Genres of a store: renamed, hidden, and those of one's own, taught by yes and no."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response, UploadFile
from pydantic import ConfigDict, Field

from genreel.app.server.dependencies import ServiceDep
from genreel.app.server.problems import RESPONSES
from genreel.app.server.shapes import Body, film_out
from genreel.app.service.genres import GenreNow
from genreel.errors import VocabularyError
from genreel.naming import LONGEST, LONGEST_DESCRIPTION
from genreel.own.file import MAX_BYTES, from_json, to_json

router = APIRouter(prefix="/api", tags=["genres"], responses=RESPONSES)

MAX_SUGGESTED = 100
"""Films of each kind that are asked for at most."""

GenreName = Annotated[str, Field(max_length=4 * LONGEST)]
Description = Annotated[str, Field(max_length=2 * LONGEST_DESCRIPTION)]


class GenreIn(Body):
    """A new genre. `parent` is one that every such movie has, too; empty: none."""

    model_config = ConfigDict(extra="forbid")

    name: GenreName
    description: Description = ""
    parent: GenreName = ""


class GenreChangeIn(Body):
    """What is to be changed; `version` is the genre's as it was seen."""

    model_config = ConfigDict(extra="forbid")

    name: GenreName | None = None
    description: Description | None = None
    parent: GenreName | None = None
    hidden: bool | None = None
    version: int | None = None


class VerdictIn(Body):
    """Whether a film has a genre; `version` is the film's as it was seen."""

    model_config = ConfigDict(extra="forbid")

    film: Annotated[str, Field(max_length=200)]
    verdict: bool
    version: int | None = None


@router.get("/genres")
def genres(service: ServiceDep) -> dict[str, Any]:
    """All genres, those of one's own with what they have learnt; `names` is genre → what it is
    called on pages and in exports, as everywhere else the API says the genre. While `learning`, ask
    again.
    """
    names = service.genres.names()
    return {
        "names": {
            genre: names.label(genre) if names else genre for genre in service.store.defaults
        },
        "genres": [_genre_out(one) for one in service.genres.all()],
        "learning": service.genres.learner.is_busy,
    }


@router.post("/genres", status_code=201)
def make(service: ServiceDep, body: GenreIn) -> dict[str, Any]:
    """Makes a genre of one's own. Undo takes it back."""
    row = service.genres.make(body.name, body.description, body.parent)
    return _genre_out(service.genres.one(row.genre))


@router.get("/genres/file")
def file(service: ServiceDep) -> Response:
    """Genres of one's own with what they have learnt, new names and hidden genres: one file, for
    `genreel predict --own` and for other stores.
    """
    headers = {"Content-Disposition": 'attachment; filename="own-genres.json"'}
    return Response(to_json(service.genres.file()), headers=headers, media_type="application/json")


@router.post("/genres/file")
def add_file(service: ServiceDep, file: UploadFile) -> dict[str, Any]:
    """Adds the genres of such a file, but those that are there already. Undo takes that back."""
    data = file.file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise VocabularyError(f"a file of genres has at most {MAX_BYTES:,} bytes; check it")
    added, present = service.genres.add(from_json(data, (file.filename or "file")[:80]))
    return {"added": added, "present": present}


@router.patch("/genres/{genre}")
def change(service: ServiceDep, genre: str, body: GenreChangeIn) -> dict[str, Any]:
    """Renames or hides a genre; describes one of one's own, or puts it under another. Undo takes
    that back.
    """
    said = body.model_dump(exclude={"version"}, exclude_none=True)
    changes = {"is_hidden" if name == "hidden" else name: said[name] for name in said}
    service.genres.change(genre, changes, body.version)
    return _genre_out(service.genres.one(genre))


@router.delete("/genres/{genre}", status_code=204)
def remove(
    service: ServiceDep,
    genre: str,
    version: int | None = None,
    films: Annotated[
        Literal["drop"] | None, Query(description="drop: also where films have it by your word")
    ] = None,
) -> Response:
    """Deletes a genre of one's own; refused where films have it by a person's word, unless told to
    drop it from them. Undo brings back both.
    """
    service.genres.delete(genre, version, drop=films == "drop")
    return Response(status_code=204)


@router.get("/genres/{genre}/suggestions")
def suggestions(
    service: ServiceDep, genre: str, count: Annotated[int, Query(ge=1, le=MAX_SUGGESTED)] = 12
) -> dict[str, Any]:
    """Films of which nobody has said whether they have a genre: the surest first, and those of
    which it is least sure.
    """
    some = service.genres.suggest(genre, count)
    return {
        name: [
            {"film": film_out(film, full=False), "score": round(score, 4)} for film, score in one
        ]
        for name, one in (("surest", some.surest), ("unsure", some.unsure))
    } | {"learning": service.genres.learner.is_busy}


@router.put("/genres/{genre}/answers")
def answer(service: ServiceDep, genre: str, body: VerdictIn) -> dict[str, Any]:
    """A person's yes or no to whether a film has a genre; a yes holds for its parents, too. Genres
    learn from it in the background. Undo takes it back.
    """
    return film_out(service.genres.answer(genre, body.film, body.verdict, body.version))


def _genre_out(now: GenreNow) -> dict[str, Any]:
    row = now.row
    out: dict[str, Any] = {
        "genre": row.genre,
        "name": row.name,
        "own": row.is_own,
        "hidden": row.is_hidden,
        "version": row.version,
        "films": now.films,
    }
    if row.is_own:
        figure = row.learnt and row.learnt.own.figure
        out |= {
            "description": row.description,
            "parent": row.parent,
            "yes": now.yes,
            "no": now.no,
            "speaks": now.speaks,
            "worth": now.worth,
            "figure": figure
            and {
                "yes": figure.yes,
                "no": figure.no,
                "auc": figure.auc,
                "positives": figure.positives,
                "right": figure.right,
            },
        }
    return out
