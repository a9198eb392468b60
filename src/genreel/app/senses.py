"""Predictions of movies whose posters are read and looked up, where that is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from genreel.calibration import BALANCED
from genreel.catalogue import Movie
from genreel.posters import Limits
from genreel.prediction import Prediction
from genreel.predictor import Predictor


@dataclass(frozen=True)
class Senses:
    """What is done with posters besides looking at their picture.

    Attributes:
        read: whether to read what is printed on them.
        films: the index that identifies them, which needs reading, too; None: none is asked.
        accept: probability from which a film is accepted; None: as `Films.identify` has it.
    """

    read: bool = False
    films: Path | None = None
    accept: float | None = None

    @property
    def is_needed(self) -> bool:
        """Whether anything is to be done."""
        return self.read or self.films is not None


def predict_movies(
    predictor: Predictor,
    movies: Iterable[Movie],
    senses: Senses,
    limits: Limits | None = None,
    *,
    language: str = "",
    threshold: float | None = None,
    decide: str = BALANCED,
    explain: bool = False,
) -> Iterator[Prediction]:
    """`Predictor.predict_many`, with posters read and looked up.

    Args:
        predictor: what predicts; as many posters are read side by side as it has threads.
        movies: a stream.
        senses: what is done with posters.
        limits: what a poster may cost to open.
        language, threshold, decide, explain: as in `predict_many`.

    Raises:
        MissingExtra: a library of the extra `read` is not installed.
        FilmsError: the index cannot be used.
    """
    if senses.is_needed:
        from genreel.reading.posters import with_lettering

        movies = with_lettering(movies, predictor.threads, limits)
    if senses.films is None:
        return predictor.predict_many(
            movies, language=language, threshold=threshold, decide=decide, explain=explain
        )
    from genreel.films.films import Films
    from genreel.films.lookup import predict_with_films

    return predict_with_films(
        predictor,
        Films(senses.films),
        movies,
        accept=senses.accept,
        language=language,
        threshold=threshold,
        decide=decide,
        explain=explain,
    )
