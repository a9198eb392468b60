"""The JSON of the API: what comes in, what goes out."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, FailFast, Field, model_validator
from pydantic_core import PydanticCustomError

from genreel.app.service.added import Added
from genreel.app.store.batch import Kind
from genreel.app.store.film import Film
from genreel.app.store.undo import AT_ONCE
from genreel.app.store.writing import movie_of
from genreel.catalogue import Movie, movie_from_record
from genreel.errors import InputError
from genreel.formats.products import name_of
from genreel.language import language_of

Text = Annotated[str, Field(max_length=100_000)]
Genre = Annotated[str, Field(max_length=200)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Cell = bool | int | Annotated[float, Field(allow_inf_nan=False)] | Text

MAX_GENRES = 200


def _check_length(value: Any) -> Any:
    """Refuses a long list or object before a mistake is looked for in each of its items."""
    if isinstance(value, list | dict) and len(value) > MAX_GENRES:
        # A ValueError would hold its frames, and with them the list, until circles are looked for.
        raise PydanticCustomError(
            "too_long", f"has {len(value):,} items; give at most {MAX_GENRES}"
        )
    return value


_Short = BeforeValidator(_check_length)
Genres = Annotated[list[Genre], Field(max_length=MAX_GENRES), _Short]


class Body(BaseModel):
    """An object of few keys."""

    @model_validator(mode="before")
    @classmethod
    def check_length(cls, value: Any) -> Any:
        """Refuses one of many, before each is told to be unknown."""
        return _check_length(value)


class MovieIn(Body):
    """A movie; everything may be missing. `poster` is the base64 of an image file.

    `language` is that of the plot, a code or an English name; without, the plot tells it. `extra`
    are columns of your own, such as price and sku, which exports and the shop give back.
    """

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(max_length=200)] = ""
    title: Text = ""
    year: int | None = None
    plot: Text = ""
    language: Annotated[str, Field(max_length=40)] = ""
    poster: str | None = None
    genres: Genres = []
    extra: Annotated[dict[Name, Cell], Field(max_length=MAX_GENRES), _Short] = {}

    def movie(self, fallback_id: str, genres: Iterable[str] = ()) -> Movie:
        """The movie, checked; raises InputError. Its genres are genreel's, or some of `genres`."""
        record = self.model_dump(exclude={"poster", "extra"})
        movie = movie_from_record(record, fallback_id, genres=tuple(genres))
        movie = replace(movie, extra=self.extra)
        if movie.problem or movie.label_problem:
            raise InputError(movie.problem or movie.label_problem)
        if self.poster is None:
            return movie
        try:
            data = base64.b64decode(
                self.poster.partition("base64,")[2] or self.poster, validate=True
            )
        except (binascii.Error, ValueError):
            raise InputError("poster is not base64; send an image file's bytes so") from None
        return replace(movie, poster=data)


class MoviesIn(Body):
    """Several movies at once."""

    movies: Annotated[list[MovieIn], Field(max_length=256), FailFast()]


class EditIn(Body):
    """What a person corrects; `version` is the film's as it was seen. `language` is that of the
    plot, a code or an English name; a new plot without it tells its own.
    """

    model_config = ConfigDict(extra="forbid")

    title: Text | None = None
    year: int | None = None
    plot: Text | None = None
    language: Annotated[str, Field(max_length=40)] | None = None
    version: int | None = None


class ReviewIn(Body):
    """The genres that a film has; all others it has not."""

    genres: Genres
    version: int | None = None


class AnswerIn(Body):
    """Which film of the index it is; null: none of them."""

    model_config = ConfigDict(extra="forbid")

    film: Annotated[str, Field(max_length=200)] | None
    version: int | None = None


class VersionIn(Body):
    """The film's version as it was seen."""

    version: int | None = None


class VersionedIn(Body):
    """A film, as it was seen."""

    id: Annotated[str, Field(max_length=200)]
    version: int | None = None


class BatchIn(Body):
    """What is done to many films. Further parts of it come with the same `batch`, so that all are
    undone at once; a part that is sent twice is done once.
    """

    model_config = ConfigDict(extra="forbid")

    act: Kind
    films: Annotated[list[VersionedIn], Field(max_length=AT_ONCE), FailFast()]
    genres: Genres = []
    decade: int | None = None
    batch: Annotated[str, Field(max_length=40)] = ""


class DecisionIn(Body):
    """Which of the bundle's thresholds decide."""

    decide: Literal["balanced", "sure", "everything"]


class ThresholdsIn(BaseModel):
    """Genre → the score from which it is assigned."""

    thresholds: Annotated[
        dict[str, Annotated[float, Field(ge=0, le=1)]], Field(max_length=MAX_GENRES), _Short
    ]


def film_out(film: Film, full: bool = True) -> dict[str, Any]:
    """A film as JSON; `full` with scores and opinions."""
    poster = film.poster and {
        "small": f"/posters/{film.poster}/small.jpg",
        "large": f"/posters/{film.poster}/large.jpg",
        "full": f"/posters/{film.poster}/full.jpg",
    }
    identified = film.identified and {
        **film.identified.to_dict(),
        "state": film.identity,
        "by": film.identity_by,
    }
    out: dict[str, Any] = {
        "id": film.id,
        "title": film.title,
        "name": name_of(movie_of(film)),
        "year": film.year,
        "plot": film.plot,
        "language": film.language or language_of(film.plot) or None,
        "poster": poster,
        "genres": list(film.genres),
        "state": film.state,
        "version": film.version,
        "problem": film.problem or None,
        "identified": identified,
        "extra": dict(film.extra),
    }
    if full:
        scores = {genre: film.score(genre) for genre in film.opinions}
        out["scores"] = {g: round(score, 6) for g, score in scores.items() if score is not None}
        out["opinions"] = {
            genre: {
                source: {
                    "verdict": opinion.verdict,
                    "score": opinion.score,
                    "version": opinion.by,
                    "time": opinion.time,
                }
                for source, opinion in by_source.items()
            }
            for genre, by_source in film.opinions.items()
        }
    return out


def added_out(result: Added) -> dict[str, Any]:
    """What became of a film that was to be added, as JSON."""
    film = result.film and film_out(result.film, full=False)
    return {"name": result.name, "film": film, "error": result.error or None, "new": result.new}
