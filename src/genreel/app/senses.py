"""Predictions with posters read and looked up, and genres of one's own, where that is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

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
    vectors: bool = False,
) -> Iterator[Prediction]:
    """`Predictor.predict_many`, with posters read and looked up.

    Args:
        predictor: what predicts; as many posters are read side by side as it has threads.
        movies: a stream.
        senses: what is done with posters.
        limits: what a poster may cost to open.
        language, threshold, decide, explain, vectors: as in `predict_many`.

    Raises:
        MissingExtra: a library of the extra `read` is not installed.
        FilmsError: the index cannot be used.
        VocabularyError: the file of genres of one's own cannot be used.
    """
    if senses.own is not None:
        from genreel.own.predicting import add_own, read_for

        vocabulary = read_for(predictor, senses.own)
        predictions = predict_movies(
            predictor,
            movies,
            replace(senses, own=None),
            limits,
            language=language,
            threshold=threshold,
            decide=decide,
            explain=explain,
            vectors=True,
        )
        return add_own(predictions, vocabulary, predictor.genres)
    if senses.needs_reading:
        from genreel.reading.posters import with_lettering

        movies = with_lettering(movies, predictor.threads, limits)
    if senses.films is None:
        return predictor.predict_many(
            movies,
            language=language,
            threshold=threshold,
            decide=decide,
            explain=explain,
            vectors=vectors,
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
        vectors=vectors,
    )
