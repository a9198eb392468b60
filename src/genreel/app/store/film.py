"""A film as the store knows it, with everybody's opinion about its genres."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from genreel.catalogue import Scalar
from genreel.identification import Identification


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one source says about one genre of a film.

    Attributes:
        verdict: whether the film has the genre.
        score: the model's probability in [0, 1], with what was learnt; None for other sources.
        raw: the model's own probability, before what was learnt.
        threshold: the score from which the model assigns it, with what was learnt.
        raw_threshold: the model's own, for a film that came with what this one did.
        likeliest: whether the model finds no genre of the film likelier.
        by: the version of the model, or the name of the person; perhaps empty.
        time: seconds since 1970.
    """

    verdict: bool
    score: float | None = None
    raw: float | None = None
    threshold: float | None = None
    raw_threshold: float | None = None
    by: str = ""
    time: float = 0.0
    likeliest: bool = False


@dataclass(frozen=True, slots=True)
class Film:
    """A film as the store knows it.

    Attributes:
        opinions: genre → source → Opinion.
        extra: columns of its table that are the person's own, such as price and sku.
        lettering: what is printed on the poster, as `Lettering.to_json` has it; None: not read.
        identified: which known film it is; None where no index was asked.
        identity: "identified", "unsure" or "unknown"; empty where no index was asked.
        identity_by: who says so, "lookup" or "person".
    """

    id: str
    title: str
    year: int | None
    plot: str
    language: str
    poster: str | None
    path: str
    problem: str
    state: str
    version: int
    added: float
    margin: float | None
    doubt: float
    genres: tuple[str, ...]
    opinions: Mapping[str, Mapping[str, Opinion]] = field(default_factory=dict)
    extra: Mapping[str, Scalar] = field(default_factory=dict)
    lettering: str | None = None
    identified: Identification | None = None
    identity: str = ""
    identity_by: str = ""

    def score(self, genre: str) -> float | None:
        """The model's probability of a genre, where it spoke."""
        opinion = self.opinions.get(genre, {}).get("model")
        return opinion.score if opinion else None


def film_from_row(
    row: Mapping[Any, Any],
    genres: tuple[str, ...],
    opinions: Mapping[str, Mapping[str, Opinion]] | None = None,
) -> Film:
    """A Film of a row of the table."""
    values = {f.name: row[f.name] for f in fields(Film) if f.name not in ("genres", "opinions")}
    values["extra"] = values["extra"] or {}  # of a store that an older genreel made
    if values["identified"]:
        values["identified"] = Identification.from_dict(values["identified"])
    return Film(**values, genres=genres, opinions=opinions or {})
