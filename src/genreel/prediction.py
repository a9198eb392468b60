"""What a model says about a movie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from genreel.features import Array
from genreel.identification import Identification
from genreel.why import Why, why_from_dict, why_to_dict


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says about one movie: its opinion (`scores`) apart from its decision (`genres`).

    Attributes:
        id: the movie's.
        scores: genre → probability in [0, 1], independent of each other; empty if no input could
            be used. Where an index was asked, genres of likely films are mixed in.
        genres: those whose score reaches their threshold, the highest score first; may be empty.
        missing: inputs that the model could have used but did not get; a plot that only says that
            there is none, or is in a language that the model does not read, is missing.
        error: why the movie, or one of its inputs, could not be used; None where all is well.
            If there are scores as well, they come from the other inputs.
        why: on request, genre → the words and areas that spoke for it (see `genreel.why`).
        thresholds: genre → the score in [0, 1] from which it was assigned to this movie; empty if
            there are no scores, or if the prediction comes from a file.
        case: of `cases.BUNDLE_CASES`, which thresholds these are; empty where there are none.
        decide: how `genres` were decided: one of `calibration.DECISIONS`, or "threshold" where one
            was given for all genres.
        language: that the plot is in, a code of `language.NAMES`; None where it does not tell, or
            where there is no plot.
        identified: which known film it is, accepted or not; None where no index was asked.
        source: genre → who decided it: "file", "lookup" or "model" (see `films.lookup`); empty
            where no index was asked, as the model decided all.
        vectors: on request, "plot" and "poster" → what the bundle's networks make of it: float32
            of length 1, shape (width,), alike where movies are alike. An input that is missing, or
            that no network reads, has none. Those of two bundles do not compare.
    """

    id: str
    scores: Mapping[str, float] = field(default_factory=dict)
    genres: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    error: str | None = None
    why: Mapping[str, Why] | None = None
    thresholds: Mapping[str, float] = field(default_factory=dict, compare=False)
    language: str | None = None
    decide: str = "balanced"
    identified: Identification | None = None
    source: Mapping[str, str] = field(default_factory=dict)
    vectors: Mapping[str, Array] = field(default_factory=dict, compare=False, repr=False)
    case: str = field(default="", compare=False)

    @property
    def main(self) -> str | None:
        """The likeliest genre, whatever was decided; None where there are no scores."""
        return max(self.scores, key=self.scores.__getitem__, default=None)

    def with_main(self) -> Prediction:
        """The same, with the likeliest genre among its genres whatever was decided; a lookup's or a
        file's word stays.
        """
        main = self.main
        if main is None or main in self.genres or self.source.get(main, "model") != "model":
            return self
        return replace(self, genres=(main, *self.genres))

    def labels(self, top_k: int = 5) -> list[dict[str, Any]]:
        """The `top_k` highest scores as {"label", "score"}, highest first."""
        ranking = sorted(self.scores.items(), key=lambda item: -item[1])
        return [{"label": genre, "score": score} for genre, score in ranking[:top_k]]

    def to_dict(self) -> dict[str, Any]:
        """JSON values: id, genres, main, decide, scores, missing, language, error; identified and
        source where an index was asked; why if asked for.
        """
        fields: dict[str, Any] = {
            "id": self.id,
            "genres": list(self.genres),
            "main": self.main,
            "decide": self.decide,
            "scores": {genre: round(score, 6) for genre, score in self.scores.items()},
            "missing": list(self.missing),
            "language": self.language,
            "error": self.error,
        }
        if self.identified is not None:
            fields |= {"identified": self.identified.to_dict(), "source": dict(self.source)}
        if self.why is not None:
            fields["why"] = {genre: why_to_dict(why) for genre, why in self.why.items()}
        return fields

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Prediction:
        """The inverse of `to_dict`; `thresholds`, which it leaves out, may be added."""
        values = {name: value for name, value in fields.items() if name != "main"}
        for name in ("genres", "missing"):
            values[name] = tuple(values[name])
        if identified := values.get("identified"):
            values["identified"] = Identification.from_dict(identified)
        if "why" in values:
            values["why"] = {genre: why_from_dict(why) for genre, why in values["why"].items()}
        return cls(**values)
