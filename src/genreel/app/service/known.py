"""Reads the posters of movies, and asks an index of films which of them they are of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from genreel.app.service.gate import Busy, Gate
from genreel.app.service.settings import Settings
from genreel.app.store.film import Film
from genreel.app.store.identity import TEXTS, Finding
from genreel.catalogue import LETTERING, Movie
from genreel.cores import cores
from genreel.errors import GenreelError, InputError
from genreel.films.film import Film as KnownFilm
from genreel.films.films import Films
from genreel.films.lookup import (
    combine,
    film_of,
    identify,
    known_genres,
    likely_films,
    needs_more,
    with_film,
)
from genreel.identification import Identification
from genreel.prediction import Prediction
from genreel.predictor import Predictor
from genreel.reading.lettering import read_lettering

Poster = Path | bytes | Image.Image | None

MAX_KNOWN = 50
"""Known films that a search gives at most."""

MAX_READ = 32
"""Posters of one request that are read at most; each takes most of a second."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A movie as a model is to see it.

    Attributes:
        movie: with its lettering, and the texts of its film.
        known: the film that it is; None where none was accepted.
        finding: what is to be kept; None where nothing was asked.
        prediction: of the movie, where looking it up needed one.
        likely: films that it may be, with their probabilities, whose genres count as far.
    """

    movie: Movie
    known: KnownFilm | None = None
    finding: Finding | None = None
    prediction: Prediction | None = None
    likely: Sequence[tuple[float, KnownFilm]] = ()


class Known:
    """The senses of a server.

    Args:
        predictor: of the server.
        settings: its index, and whether posters are read.
        predict: gives the model's opinion, which helps to identify a film.

    Raises:
        FilmsError: the index cannot be used.
    """

    def __init__(
        self, predictor: Predictor, settings: Settings, predict: Callable[[Movie], Prediction]
    ) -> None:
        self.films = None if settings.films is None else Films(settings.films)
        self._genres = predictor.genres
        self._languages = predictor.languages
        self._settings = settings
        self._reads = settings.read and (LETTERING in predictor.reads or self.films is not None)
        self._predict = predict
        patience = settings.answer_seconds / 6
        self._reading = Gate("posters are being read", cores(), 8, patience)

    def close(self) -> None:
        """Closes the index."""
        if self.films is not None:
            self.films.close()

    def look(self, movie: Movie, film: Film | None = None, poster: Poster = None) -> Sight:
        """Reads a movie's poster where nobody has, and looks it up.

        Args:
            movie: with all that is known of it.
            film: of the store; a person's answer stays, and nothing is asked twice.
            poster: a new one, which may be read; None: there is none.

        Raises:
            Busy: too many posters are being read.
        """
        if movie.lettering is None and poster is not None and self._reads:
            movie = self._read(movie, poster)
        if self.films is None or movie.lettering is None:
            return Sight(movie)
        if film is not None and film.identity_by == "person":
            return Sight(movie)
        if film is not None and film.identified and film.lettering == movie.lettering.to_json():
            return Sight(movie, likely=likely_films(self.films, movie, film.identified))
        prediction = self._predict(movie)
        identified = identify(self.films, movie, prediction.scores, self._settings.accept)
        likely = likely_films(self.films, movie, identified)
        known = film_of(self.films, identified)
        if known is None:
            return Sight(movie, None, Finding(identified), prediction, likely)
        complete = with_film(movie, known, self._languages)
        texts = _texts_of(complete)
        texts = {name: text for name, text in texts.items() if text != getattr(movie, name)}
        finding = Finding(identified, texts, known_genres(known, self._genres))
        if texts and needs_more(prediction, known):
            return Sight(complete, known, finding, None, likely)
        return Sight(complete, known, finding, prediction, likely)

    def look_at_many(self, movies: Sequence[Movie]) -> list[Sight]:
        """`look` at movies of one request, of which nothing is kept.

        Raises:
            InputError: more than MAX_READ of them would have to be read.
            Busy: too many posters are being read.
        """
        count = sum(one.poster is not None and one.lettering is None for one in movies)
        if self._reads and count > MAX_READ:
            raise InputError(
                f"{count} posters in one request, and each is read; send at most {MAX_READ}"
            )
        return [self.look(movie, None, movie.poster) for movie in movies]

    def answer(self, film: Film, known_id: str | None) -> Finding:
        """What follows from a person's answer.

        Args:
            film: of the store.
            known_id: of the film that it is; None: it is none of the index.

        Raises:
            InputError: there is no index, or no such film in it.
        """
        before = film.identified or Identification()
        if known_id is None:
            return Finding(replace(before, film=None, title=None, year=None))
        known = self._index().get(known_id)
        if known is None:
            raise InputError(f"the index has no film {known_id[:80]!r}; search it for its id")
        texts = _texts_of(with_film(Movie(""), known, self._languages))
        texts = {name: text for name, text in texts.items() if text not in ("", None)}
        identified = replace(before, film=known.id, title=known.title, year=known.year)
        return Finding(identified, texts, known_genres(known, self._genres))

    def search(self, text: str, count: int) -> Sequence[dict[str, Any]]:
        """Known films whose titles are most like a text, as JSON; raises InputError."""
        films = self._index().search(text, count)
        return [
            {
                "film": one.id,
                "title": one.title,
                "year": one.year,
                "genres": [g for g, has in known_genres(one, self._genres).items() if has],
            }
            for one in films
        ]

    def _index(self) -> Films:
        if self.films is None:
            raise InputError("there is no index of films; start the server with --films INDEX")
        return self.films

    def _read(self, movie: Movie, poster: Path | bytes | Image.Image) -> Movie:
        try:
            with self._reading.turn():
                return replace(movie, lettering=read_lettering(poster, self._settings.limits))
        except Busy:
            raise
        except GenreelError as error:  # of the poster, or of a reader that cannot be loaded
            return replace(movie, problem="; ".join(filter(None, (movie.problem, str(error)))))


def decided(prediction: Prediction, movie: Movie, sight: Sight) -> Prediction:
    """A prediction with the genres that follow from all opinions, where an index was asked."""
    if sight.finding is None:
        return prediction
    decided = combine(prediction, movie, sight.known)
    return replace(decided, identified=sight.finding.identified)


def _texts_of(movie: Movie) -> dict[str, Any]:
    return {name: getattr(movie, name) for name in TEXTS}
