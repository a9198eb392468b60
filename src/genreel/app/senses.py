"""Predictions with posters read and looked up, and genres of one's own, where that is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genreel.calibration import BALANCED
from genreel.catalogue import Movie
from genreel.posters import Limits
from genreel.prediction import Prediction
from genreel.predictor import Predictor


@dataclass(frozen=True)
class Senses:
    """What is done besides asking a bundle.

    Attributes:
        read: whether to read what is printed on them.
        films: the index that identifies them, which needs reading, too; None: none is asked.
        accept: probability from which a film is accepted; None: as `Films.identify` has it.
        own: a file of genres of one's own; None: there are none.
    """

    read: bool = False
    films: Path | None = None
    accept: float | None = None
    own: Path | None = None

    @property
    def needs_reading(self) -> bool:
        """Whether posters are to be read."""
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
        VocabularyError: the file of genres of one's own cannot be used.
    """
    settings: dict[str, Any] = {
        "language": language,
        "threshold": threshold,
        "decide": decide,
        "explain": explain,
    }
    if senses.own is None:
        return _predict(predictor, movies, senses, limits, settings)
    from genreel.own.predicting import add_own, read_for

    vocabulary = read_for(predictor, senses.own)
    settings["vectors"] = True
    predictions = _predict(predictor, movies, senses, limits, settings)
    return add_own(predictions, vocabulary, predictor.genres)


def _predict(
    predictor: Predictor,
    movies: Iterable[Movie],
    senses: Senses,
    limits: Limits | None,
    settings: Mapping[str, Any],
) -> Iterator[Prediction]:
    """Predictions with a bundle's genres; `settings` as in `predict_many`."""
    if senses.needs_reading:
        from genreel.reading.posters import with_lettering

        movies = with_lettering(movies, predictor.threads, limits)
    if senses.films is None:
        return predictor.predict_many(movies, **settings)
    from genreel.films.films import Films
    from genreel.films.lookup import predict_with_films

    return predict_with_films(
        predictor, Films(senses.films), movies, accept=senses.accept, **settings
    )
