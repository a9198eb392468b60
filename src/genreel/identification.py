"""What is said about which film a poster is of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Candidate:
    """A film that a poster may be of: its id, title and year, and how probable it is."""

    film: str
    title: str
    year: int | None
    probability: float


@dataclass(frozen=True, slots=True)
class Identification:
    """Which film a poster is of; None where none is sure enough.

    Attributes:
        film: its id in the index.
        title, year: the film's.
        probability: of the likeliest film, accepted or not, from 0 to 1.
        candidates: the likeliest films, best first; what their probabilities lack to 1 is another
            film, or none of the index.
    """

    film: str | None = None
    title: str | None = None
    year: int | None = None
    probability: float = 0.0
    candidates: tuple[Candidate, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self) | {"candidates": [asdict(one) for one in self.candidates]}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Identification:
        """The inverse of `to_dict`."""
        candidates = tuple(Candidate(**one) for one in fields["candidates"])
        return cls(**{**fields, "candidates": candidates})
