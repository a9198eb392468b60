"""What an audit finds, in words a person can act on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from genreel.audit.judgement import Judgement
from genreel.catalogue import Movie

KINDS = {
    "wrong genre": "stands there, and should not",
    "missing genre": "should stand there, and does not",
    "no genres": "none stand there; those of the model are offered",
    "other film's poster": "its lettering is that of another film",
    "duplicate": "another entry is the same movie",
    "two names": "one genre goes by several names, or languages",
    "unknown name": "is no genre that genreel knows",
    "problem": "an input cannot be used",
}
"""Kind of finding → what it means."""

GENRE_KINDS = ("wrong genre", "missing genre")


@dataclass(frozen=True)
class Finding:
    """One finding.

    Attributes:
        id, title, year: of the movie; empty where the finding is about the whole library.
        kind: one of KINDS.
        genre: that it is about; "" where it is about none.
        genres: what stands there.
        sure: how probable it is that this is so, in [0, 1].
        model: the model's score of the genre; None: no opinion.
        lookup: whether the index has the genre; None: it does not say.
        why: a sentence.
        other: the movie, film or name that it is compared with.
    """

    id: str
    kind: str
    title: str = ""
    year: int | None = None
    genre: str = ""
    genres: tuple[str, ...] = ()
    sure: float = 1.0
    model: float | None = None
    lookup: bool | None = None
    why: str = ""
    other: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        fields = asdict(self)
        return fields | {
            "genres": list(self.genres),
            "sure": round(self.sure, 4),
            "model": None if self.model is None else round(self.model, 4),
        }


def about(movie: Movie, kind: str, **fields: Any) -> Finding:
    """A finding about a movie."""
    return Finding(
        movie.id, kind, movie.title, movie.year, genres=genres_of(movie.genres), **fields
    )


def genres_of(genres: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """All that stand there, whatever their source."""
    return tuple(dict.fromkeys(name for names in genres.values() for name in names))


def genre_findings(judgement: Judgement, least: float) -> Iterator[Finding]:
    """Genres that are wrong or missing with a probability of at least `least`, surest first."""
    rows, columns = np.nonzero(judgement.wrong >= least)
    order = np.argsort(-judgement.wrong[rows, columns], kind="stable")
    for i, g in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        genre = judgement.genres[g]
        prediction = judgement.predictions[i]
        stands = bool(judgement.labels[i, g] > 0)
        film = judgement.films[i]
        lookup = bool(judgement.lookup[i, g] > 0) if judgement.is_told[i, g] else None
        score, limit = prediction.scores[genre], prediction.thresholds.get(genre, 0.5)
        reasons = [f"the model gives it {score:.0%}, and asks for {limit:.0%}"]
        if film and lookup is not None:
            year = f" ({film.year})" if film.year else ""
            has = "has it" if lookup else "does not have it"
            reasons.append(f"{film.title}{year} in the index {has}")
        yield about(
            judgement.movies[i],
            GENRE_KINDS[not stands],
            genre=genre,
            sure=float(judgement.wrong[i, g]),
            model=score,
            lookup=lookup,
            why="; ".join(reasons),
            other=film.id if film else "",
        )


def empty_findings(judgement: Judgement) -> Iterator[Finding]:
    """Movies without genres, with those of the model; and inputs that cannot be used."""
    for movie, prediction in zip(judgement.movies, judgement.predictions, strict=True):
        problem = prediction.error or movie.problem or movie.label_problem
        if problem:
            yield about(movie, "problem", why=problem)
        if not movie.genres:
            offer = ", ".join(prediction.genres) or "nothing that is sure enough"
            yield about(movie, "no genres", why=f"the model offers {offer}")
