"""Genres of identified films: a lookup decides what the index knows, the model the rest.

Who decides is the same everywhere, genre by genre: a person, then a file, then a lookup, then the
model. Genres that a file names are a person's: nobody adds others to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import PurePath

import numpy as np

from genreel.calibration import BALANCED
from genreel.catalogue import Movie
from genreel.films.film import Film, labels_of
from genreel.films.films import Films
from genreel.films.titles import likeness, squeeze
from genreel.identification import Identification
from genreel.language import language_of
from genreel.prediction import Prediction
from genreel.predictor import Predictor

AT_ONCE = 16
"""Movies that are identified and predicted together; what is read ahead of them stays small."""

_LEAST_LIKENESS = 0.5  # of a movie's title and its film's, so that they may be one
_YEARS = 1  # that sources may differ by


def predict_with_films(
    predictor: Predictor,
    films: Films,
    movies: Iterable[Movie],
    *,
    accept: float | None = None,
    language: str = "",
    threshold: float | None = None,
    decide: str = BALANCED,
    explain: bool = False,
    vectors: bool = False,
) -> Iterator[Prediction]:
    """Predicts a stream of movies that may be films of an index, in order and constant memory.

    What the model says of a movie helps to identify it. An accepted film decides the genres that it
    is known for (see `combine`); for others its title, year and plot are given to the model, where
    the movie has none. Genres of likely films are mixed into the scores (see `soften`).

    Args:
        predictor: what predicts.
        films: the index.
        movies: with their lettering; one without is predicted as ever.
        accept: as in `Films.identify`.
        language, threshold, decide, explain, vectors: as in `Predictor.predict_many`.

    Yields:
        One Prediction per movie, with `identified` and `source`.

    Raises:
        MissingExtra, FilmsError: rapidfuzz is not installed; the index is damaged.
    """
    stream = iter(movies)

    def predict(some: Sequence[Movie]) -> Iterator[Prediction]:
        return predictor.predict_many(
            some, language=language, threshold=threshold, decide=decide, vectors=vectors
        )

    while some := list(islice(stream, AT_ONCE)):
        yield from _predict_some(predictor, films, some, predict, accept, explain)


def _predict_some(
    predictor: Predictor,
    films: Films,
    movies: Sequence[Movie],
    predict: Callable[[Sequence[Movie]], Iterator[Prediction]],
    accept: float | None,
    explain: bool,
) -> Iterator[Prediction]:
    """`predict_with_films` of a few movies; `predict` is without the index."""
    predictions = list(predict(movies))
    identifications = [
        identify(films, movie, prediction.scores, accept)
        for movie, prediction in zip(movies, predictions, strict=True)
    ]
    entries = [film_of(films, one) for one in identifications]
    complete = [
        movie if film is None else with_film(movie, film, predictor.languages)
        for movie, film in zip(movies, entries, strict=True)
    ]
    changed = [
        n
        for n, film in enumerate(entries)
        if film and complete[n] != movies[n] and needs_more(predictions[n], film)
    ]
    for n, prediction in zip(changed, predict([complete[n] for n in changed]), strict=True):
        predictions[n] = prediction
    for n, movie in enumerate(movies):
        likely = likely_films(films, movie, identifications[n])
        one = combine(soften(predictions[n], likely), movie, entries[n])
        if explain and one.scores:
            highest = [max(one.scores, key=one.scores.__getitem__)]
            one = replace(one, why=predictor.explain(complete[n], one.genres or highest))
        yield replace(one, identified=identifications[n])


def identify(
    films: Films,
    movie: Movie,
    scores: Mapping[str, float] | None = None,
    accept: float | None = None,
) -> Identification:
    """Which film a movie's poster is of; `scores` and `accept` as in `Films.identify`.

    A film of another year or title than the movie says it has is not accepted.
    """
    if movie.lettering is None:
        return Identification()
    answer = films.identify(movie.lettering, scores, accept)
    film = film_of(films, answer)
    if film is not None and _contradict(movie, film):
        return replace(answer, film=None, title=None, year=None)
    return answer


def film_of(films: Films, identification: Identification) -> Film | None:
    """The film that was accepted, if one was."""
    return None if identification.film is None else films.get(identification.film)


def with_film(movie: Movie, film: Film, languages: Sequence[str]) -> Movie:
    """A movie with the title, year and plot of its film, where it has none of its own.

    Args:
        movie: what a person or a file says, which stays; a title that is its file's name does not.
        film: that it is.
        languages: of plots that the model reads; one in another language is no help.
    """
    has_title = movie.has("title") and not is_file_name(movie)
    is_readable = (language_of(film.plot) or languages[0]) in languages
    has_plot = movie.has("plot") or not is_readable
    return replace(
        movie,
        title=movie.title if has_title else film.title,
        year=film.year if movie.year is None else movie.year,
        plot=movie.plot if has_plot else film.plot,
    )


def likely_films(
    films: Films, movie: Movie, identification: Identification
) -> list[tuple[float, Film]]:
    """The candidates of an identification, each after its probability; not those that the movie
    says it is not.
    """
    entries = [(one.probability, films.get(one.film)) for one in identification.candidates]
    return [(share, film) for share, film in entries if film and not _contradict(movie, film)]


def soften(prediction: Prediction, likely: Sequence[tuple[float, Film]]) -> Prediction:
    """A prediction with the genres of likely films mixed into its scores.

    A film that the movie is with probability p has the weight p, and says 1 or 0; the model has the
    weight that is left. A genre that a film's taxonomies cannot tell leaves p to the model as well.
    Genres follow from the new scores, by the thresholds of the prediction.

    Args:
        prediction: of the model; one without scores stays as it is.
        likely: probability and film; of different films, so that they add up to 1 at most.
    """
    if not prediction.scores or not likely:
        return prediction
    genres = tuple(prediction.scores)
    shares = np.array([share for share, _ in likely])
    labels, known = labels_of([film for _, film in likely], genres)
    weights = shares[:, None] * known
    opinion = np.array([prediction.scores[genre] for genre in genres])
    mixed = (weights * labels).sum(0) + (1 - weights.sum(0)) * opinion
    scores = dict(zip(genres, mixed.tolist(), strict=True))
    given = (g for g in genres if scores[g] >= prediction.thresholds[g])
    highest_first = tuple(sorted(given, key=lambda genre: -scores[genre]))
    return replace(prediction, scores=scores, genres=highest_first)


def known_genres(film: Film, genres: Sequence[str]) -> dict[str, bool]:
    """Genre → whether the film has it, of those that the index can tell.

    Args:
        film: of an index; its taxonomies say which genres are known.
        genres: those that are asked for.
    """
    if not genres:
        return {}
    [labels], [known] = labels_of([film], genres)
    cells = zip(genres, labels.tolist(), known.tolist(), strict=True)
    return {genre: label > 0 for genre, label, is_known in cells if is_known}


def needs_more(prediction: Prediction, film: Film) -> bool:
    """Whether the texts of an accepted film are of use to the model: the index cannot tell some
    genres of the film, or the movie had nothing else to go by.
    """
    return len(known_genres(film, list(prediction.scores))) < max(1, len(prediction.scores))


def combine(prediction: Prediction, movie: Movie, film: Film | None) -> Prediction:
    """The prediction with the genres that follow from everybody's opinion, and whose it was.

    A prediction without scores stays as it is.

    Args:
        prediction: of the model, and of likely films (see `soften`).
        movie: whose genres, if it has any, are a file's.
        film: that it is; None where none was accepted.
    """
    if not prediction.scores:
        return prediction
    of_file = {name for names in movie.genres.values() for name in names} & set(prediction.scores)
    if of_file:
        verdicts = {genre: genre in of_file for genre in prediction.scores}
        source = dict.fromkeys(verdicts, "file")
    else:
        of_film = known_genres(film, list(prediction.scores)) if film else {}
        of_model = {genre: genre in prediction.genres for genre in prediction.scores}
        verdicts = {**of_model, **of_film}
        source = {genre: "lookup" if genre in of_film else "model" for genre in verdicts}
    highest_first = sorted(verdicts, key=lambda genre: -prediction.scores[genre])
    genres = tuple(genre for genre in highest_first if verdicts[genre])
    return replace(prediction, genres=genres, source=source)


def is_file_name(movie: Movie) -> bool:
    """Whether a title is only what the poster's file is called: IMG 0012."""
    names = [movie.id]
    if isinstance(movie.poster, PurePath):
        names.append(movie.poster.stem)
    return squeeze(movie.title) in [squeeze(PurePath(name).name) for name in names]


def _contradict(movie: Movie, film: Film) -> bool:
    """Whether the movie says of itself that it is another film."""
    if movie.year is not None and film.year is not None and abs(movie.year - film.year) > _YEARS:
        return True
    if not movie.has("title") or is_file_name(movie):
        return False
    names = [squeeze(movie.title), squeeze(film.title)]
    return not (names[0] in names[1] or names[1] in names[0]) and (
        likeness(*names) < _LEAST_LIKENESS
    )
