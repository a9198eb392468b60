"""What model, library and lookup think of every genre of every movie."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from genreel.audit.doubts import load_doubts
from genreel.audit.folds import LEAST, Floats, fold_logits, logit
from genreel.catalogue import Movie
from genreel.films.film import Film, labels_of
from genreel.films.films import Films
from genreel.memo import predict_vectors
from genreel.prediction import Prediction
from genreel.predictor import Predictor
from genreel.vocabulary import Vocabulary

SHARE = 0.25
"""Weight of what the library says, beside the model: it knows the habits of this library, and has
not seen the movie's own labels, but it learnt from fewer movies."""


@dataclass(frozen=True, eq=False)
class Judgement:
    """A library, cell by cell. Arrays have the shape (movies, genres).

    Attributes:
        movies: whose poster is None where posters were not to be looked at.
        predictions: of the model; without scores where nothing can be predicted.
        films: those of the index that the movies are; None where it has none, or no one asked.
        genres: the model's.
        labels: what stands there, in {0, 1}.
        known: where something can be said of what stands there: the movie has genres, its source
            could name this one, and the model has an opinion.
        wrong: how probable it is that the cell is wrong; 0 where it is not known.
        lookup: what the index says, in {0, 1}.
        is_told: where the index says anything.
    """

    movies: Sequence[Movie]
    predictions: Sequence[Prediction]
    films: Sequence[Film | None]
    genres: tuple[str, ...]
    labels: Floats
    known: NDArray[np.bool_]
    wrong: Floats
    lookup: Floats
    is_told: NDArray[np.bool_]


def judge(
    predictor: Predictor,
    movies: Iterable[Movie],
    *,
    films: Films | None = None,
    language: str = "",
    has_posters: bool = True,
) -> Judgement:
    """Judges a library; it is held in memory, 3 kB a movie beside its texts.

    Args:
        predictor: the model.
        movies: with the genres that stand there.
        films: an index of known films, as a further witness.
        language: of all plots, as in `Predictor.predict_many`.
        has_posters: whether posters are looked at, which takes most of the time.
    """
    genres = predictor.genres
    some: list[Movie] = []
    predictions: list[Prediction] = []
    vectors: list[NDArray[np.float16]] = []
    stream = movies if has_posters else (replace(movie, poster=None) for movie in movies)
    for movie, prediction in predict_vectors(predictor, stream, language):
        some.append(movie)
        plot = prediction.vectors.get("plot")
        vectors.append(np.zeros(0, np.float16) if plot is None else plot.astype(np.float16))
        predictions.append(replace(prediction, vectors={}))
    vocabulary = Vocabulary(genres)
    labels, known = vocabulary.encode([movie.genres for movie in some])
    has_scores = np.array([bool(prediction.scores) for prediction in predictions], np.bool_)
    known &= has_scores[:, None]
    scores = np.full(labels.shape, 0.5, np.float32)
    for i, prediction in enumerate(predictions):
        if prediction.scores:
            scores[i] = [prediction.scores[genre] for genre in genres]
    entries = [find_film(films, movie) if films else None for movie in some]
    lookup, is_told = labels_of([film or Film("", "") for film in entries], genres)
    logits = combine(scores, vectors, labels, known)
    wrong = load_doubts().probabilities(genres, labels, logits, lookup, is_told)
    wrong *= known
    return Judgement(some, predictions, entries, genres, labels, known, wrong, lookup, is_told)


def combine(
    scores: Floats,
    vectors: Sequence[NDArray[np.floating]],
    labels: Floats,
    known: NDArray[np.bool_],
) -> Floats:
    """Logits of the model, and of the library itself where it is large enough.

    Args:
        scores: of the model, shape (n, genres).
        vectors: of the movies' plots, each of one width or, where there is none, of 0.
        labels, known: as in `Judgement`.
    """
    logits = logit(scores)
    is_judged = known.any(axis=1)
    if is_judged.sum() < LEAST:
        return logits
    width = max(map(len, vectors))
    plots = np.zeros((len(vectors), width), np.float32)
    for i, vector in enumerate(vectors):
        plots[i, : len(vector)] = vector
    inputs = np.concatenate([plots, logits], axis=1)[is_judged]
    own = fold_logits(inputs, labels[is_judged], known[is_judged])
    logits[is_judged] = (1 - SHARE) * logits[is_judged] + SHARE * own
    return logits


def find_film(films: Films, movie: Movie) -> Film | None:
    """The film of an index that a movie says it is: by an id, or by title and year."""
    for value in (movie.extra.get("imdb_id"), movie.id, movie.extra.get("tmdb_id")):
        text = str(value or "")
        is_tmdb = text.isdecimal() and value == movie.extra.get("tmdb_id")
        if text and (film := films.get(f"tmdb{text}" if is_tmdb else text)):
            return film
    return films.named(movie.title, movie.year) if movie.title and movie.year else None
