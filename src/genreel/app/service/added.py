"""What became of a film that was to be added."""

from __future__ import annotations

from dataclasses import dataclass

from genreel.app.store.film import Film
from genreel.app.store.store import Entry


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one film that was to be added: `film`, or the error.

    Attributes:
        name: of the poster's file, or the film's id.
        film: as the store has it now; None where it could not be added.
        error: what could not be used; empty where all could.
        poster_error: the part of it that is about the poster.
        new: whether the film was not in the store before.
    """

    name: str
    film: Film | None = None
    error: str = ""
    poster_error: str = ""
    new: bool = False


def added_of(entry: Entry, film: Film, before: Film | None, poster_error: str = "") -> Added:
    """A film that was saved; `before` is what the store had of it, `poster_error` its poster's."""
    problems = (entry.prediction.error, entry.movie.label_problem)
    error = "; ".join(filter(None, problems))
    return Added(entry.path or film.id, film, error, poster_error, before is None)
