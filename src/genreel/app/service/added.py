"""What became of a film that was to be added."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from genreel.app.service.images import Pictures
from genreel.app.service.known import Sight
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


@dataclass(frozen=True, slots=True)
class PosterFile:
    """A poster that is to be added.

    Attributes:
        name: of its file.
        sight: its movie, as the model is to see it.
        film: what the store has of that until now.
        pictures: as they will be kept.
    """

    name: str
    sight: Sight
    film: Film | None
    pictures: Pictures

    def is_like_any(self, others: Iterable[Added | PosterFile]) -> bool:
        """Whether one of others is of the same film, or has the same name."""
        new = (one for one in others if isinstance(one, PosterFile))
        keys = (self.name, self.sight.movie.id)
        return any(one.name == keys[0] or one.sight.movie.id == keys[1] for one in new)


def added_of(entry: Entry, film: Film, before: Film | None, poster_error: str = "") -> Added:
    """A film that was saved; `before` is what the store had of it, `poster_error` its poster's."""
    problems = (entry.prediction.error, entry.movie.label_problem)
    error = "; ".join(filter(None, problems))
    return Added(entry.path or film.id, film, error, poster_error, before is None)
