"""Genres of identified films: a lookup decides what the index knows, the model the rest.

Who decides is the same everywhere, genre by genre: a person, then a file, then a lookup, then the
model. Genres that a file names are a person's: nobody adds others to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import PurePath

from genreel.calibration import BALANCED
from genreel.catalogue import Movie
from genreel.films.film import Film
from genreel.films.films import Films
from genreel.films.titles import likeness, squeeze
from genreel.identification import Identification
from genreel.language import language_of
from genreel.prediction import Prediction
from genreel.predictor import Predictor
from genreel.vocabulary import Vocabulary

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

    An accepted film gives its title, year and plot to the model, where the movie has none, and
    decides the genres that it is known for (see `combine`). The picture's own opinion helps to
    identify it.

    Args:
        predictor: what predicts.
        films: the index.
        movies: with their lettering; one without is predicted as ever.
        accept: as in `Films.identify`.
        language, threshold, decide, explain, vectors: as in `Predictor.predict_many`.

    Yields:
        One Prediction per movie, with `identified` and `source`.

    Raises:
        MissingExtra: rapidfuzz is not installed.
        FilmsError: the index is damaged.
    """
    stream = iter(movies)
    while some := list(islice(stream, AT_ONCE)):
        opinions = _opinions(predictor, some)
        identifications = [
            identify(films, movie, opinion, accept)
            for movie, opinion in zip(some, opinions, strict=True)
        ]
        entries = [film_of(films, one) for one in identifications]
        complete = [
            movie if film is None else with_film(movie, film, predictor.bundle.languages)
            for movie, film in zip(some, entries, strict=True)
        ]
        predictions = predictor.predict_many(
            complete,
            language=language,
            threshold=threshold,
            decide=decide,
            explain=explain,
            vectors=vectors,
        )
        for movie, identified, film, prediction in zip(
            some, identifications, entries, predictions, strict=True
        ):
            yield replace(combine(prediction, movie, film), identified=identified)


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


def known_genres(film: Film, genres: Sequence[str]) -> dict[str, bool]:
    """Genre → whether the film has it, of those that the index can tell.

    Args:
        film: of an index; its taxonomies say which genres are known.
        genres: those that are asked for.
    """
    if not genres:
        return {}
    [labels], [known] = Vocabulary(tuple(genres)).encode([film.genres])
    cells = zip(genres, labels.tolist(), known.tolist(), strict=True)
    return {genre: label > 0 for genre, label, is_known in cells if is_known}


def combine(prediction: Prediction, movie: Movie, film: Film | None) -> Prediction:
    """The prediction with the genres that follow from everybody's opinion, and whose it was.

    Scores stay the model's. A prediction without scores stays as it is.

    Args:
        prediction: of the model.
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
    why = prediction.why and {
        genre: reasons
        for genre, reasons in prediction.why.items()
        if verdicts[genre] or source[genre] == "model"
    }
    return replace(prediction, genres=genres, source=source, why=why)


def is_file_name(movie: Movie) -> bool:
    """Whether a title is only what the poster's file is called: IMG 0012."""
    names = [movie.id]
    if isinstance(movie.poster, PurePath):
        names.append(movie.poster.stem)
    return squeeze(movie.title) in [squeeze(PurePath(name).name) for name in names]


def _opinions(predictor: Predictor, movies: Sequence[Movie]) -> list[Mapping[str, float]]:
    """What the picture alone says of each movie; empty where nothing is asked of the index."""
    opinions: list[Mapping[str, float]] = [{}] * len(movies)
    if "poster" not in predictor.inputs:
        return opinions
    places = [
        n
        for n, movie in enumerate(movies)
        if movie.poster and movie.lettering and movie.lettering.lines
    ]
    pictures = [Movie(movies[n].id, poster=movies[n].poster) for n in places]
    for place, prediction in zip(places, predictor.predict_many(pictures), strict=True):
        opinions[place] = prediction.scores
    return opinions


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
