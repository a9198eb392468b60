"""What the pages, the API and the watched folder do: add films, predict them, keep reviews."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from genreel.app.service.batches import Batches
from genreel.app.service.gate import Gate
from genreel.app.service.images import encode, thumbnail
from genreel.app.service.learner import Learner
from genreel.app.service.settings import Settings
from genreel.app.store.film import Film
from genreel.app.store.store import Entry, Source, Store
from genreel.catalogue import TABLE_SUFFIXES, Catalogue, Movie
from genreel.errors import CatalogueError, PosterError, UnknownFilm
from genreel.posters import PosterSource
from genreel.predictor import Prediction, Predictor
from genreel.why import why_to_dict

MAX_ID = 200
ROWS_AT_ONCE = 16
"""Rows of a table that are on disk together."""


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one film that was to be added: `film`, or the error.

    Attributes:
        name: of the poster's file, or the film's id.
        film: as the store has it now; None where it could not be added.
        error: what could not be used; empty where all could.
        new: whether the film was not in the store before.
    """

    name: str
    film: Film | None = None
    error: str = ""
    new: bool = False


class Service:
    """A Predictor, a Store and what runs between them.

    Args:
        predictor: what predicts.
        store: where films are kept.
        settings: the server's.
    """

    def __init__(self, predictor: Predictor, store: Store, settings: Settings) -> None:
        self.predictor = predictor
        self.store = store
        self.settings = settings
        self.batches = Batches(predictor, settings.batch, settings.waiting)
        self.learner = Learner(store)
        # Besides the queue for the graph, all that is costly. A worker each has a poster open as
        # well, so three are decoded at once at most: of the largest, a gigabyte. Together fewer
        # callers wait than the server has threads.
        patience = settings.answer_seconds / 6
        self._encoding = Gate("posters are being opened", 1, 8, patience)
        self._shrinking = Gate("posters are being shown", 1, 12, patience)
        self._explaining = Gate("films are being explained", 1, 2, patience)
        self._tables = Gate("tables are being added", 8)
        self.fetching = Gate("posters are being fetched", 2)
        self._folder = tempfile.TemporaryDirectory(prefix="genreel-")
        digest = predictor.bundle.config["files"]["model.onnx"]["sha256"]
        self.version = f"{predictor.bundle.name} {digest[:8]}"

    def close(self) -> None:
        """Finishes what has begun."""
        self.batches.close()
        self.learner.close()
        self.store.close()
        self._folder.cleanup()  # tables that a stop has interrupted

    def predict(self, movie: Movie) -> Prediction:
        """One prediction; raises Busy, Closing."""
        future = self.batches.submit(movie)
        try:
            return future.result(self.settings.answer_seconds)
        except TimeoutError:
            future.cancel()
            raise self.batches.busy() from None

    def predict_many(self, movies: list[Movie]) -> list[Prediction]:
        """Predictions of films of one request; raises Busy, Closing."""
        if len(movies) == 1:
            return [self.predict(movies[0])]
        with self.batches.patience():
            return self.batches.predict_many(movies)

    def add(self, movie: Movie, path: str = "", source: Source = "file") -> Added:
        """Adds a film, or completes the one with its id, and predicts it.

        Args:
            movie: its poster is a path or bytes.
            path: what the poster's file is called.
            source: where its genres come from.

        Raises:
            PosterError: the poster cannot be used, and there is nothing else.
            Busy, Closing: nothing was changed.
        """
        jpeg, problem = self._encode(movie)
        if problem and not (movie.has("plot") or movie.has("title")):
            raise PosterError(problem)
        film = self._find(movie.id)
        prediction = self.predict(self._complete(movie, film, jpeg is not None))
        entry = self._entry(movie, prediction, jpeg, path, source, problem)
        return self._save(entry, film, problem)

    def add_poster(self, name: str, data: bytes) -> Added:
        """Adds a poster that is called `name`, to the film whose table names it, or as a new one.

        Raises:
            PosterError: it cannot be used. Busy, Closing: nothing was changed.
        """
        name = file_name(name)
        try:
            jpeg = self._encode_poster(data)
        except PosterError as error:
            reason = str(error).removeprefix(f"poster of {len(data)} bytes: ")
            raise PosterError(f"{name or 'a poster'}: {reason}") from None
        digest = hashlib.sha256(jpeg).hexdigest()
        namesake = self.store.film_by_path(name)
        if namesake and namesake.poster not in (None, digest):
            namesake = None  # it has its poster; this is another of the same name
        film_id = namesake.id if namesake else film_id_of(name, digest)
        film = namesake or self._find(film_id)
        if film and film.poster and film.poster != digest:
            film_id = f"{film_id[: MAX_ID - 7]}-{digest[:6]}"  # two posters, one name
            film = self._find(film_id)
        if film and film.poster == digest:
            return Added(name, film)
        movie = Movie(film_id, poster=data)
        prediction = self.predict(self._complete(movie, film, True))
        return self._save(self._entry(movie, prediction, jpeg, name), film)

    def add_table(self, name: str, data: bytes) -> Iterator[Added]:
        """Adds the films of a table, as they are predicted; a bad row is one with an error.

        Raises:
            CatalogueError: it is no table. Busy: others are being added, or wait for predictions.
        """
        suffix = Path(file_name(name)).suffix.lower()
        if suffix not in TABLE_SUFFIXES:
            raise CatalogueError(f"{file_name(name)} is no table; give {', '.join(TABLE_SUFFIXES)}")
        with self._tables.turn(), tempfile.TemporaryDirectory(dir=self._folder.name) as folder:
            path = Path(folder) / f"movies{suffix}"
            path.write_bytes(data)
            del data
            # A place in the queue is held for a batch, not while somebody reads the answer.
            wait = False
            try:
                catalogue = Catalogue(path)
                batch: list[Movie] = []
                for movie in catalogue:
                    batch.append(movie)
                    if len(batch) == ROWS_AT_ONCE:
                        yield from self._add_batch(batch, wait)
                        batch, wait = [], True
                yield from self._add_batch(batch, wait)
            except CatalogueError as error:
                message = str(error).replace(str(path), file_name(name))
                raise CatalogueError(message) from None

    def _add_batch(self, movies: list[Movie], wait: bool) -> Iterator[Added]:
        usable = []
        for movie in movies:
            if movie.problem and not (movie.title or movie.plot or movie.poster):
                yield Added(movie.id, error=movie.problem)
            else:
                usable.append(movie)
        # The posters of a table come as files of their own; the table says what they are called.
        paths = [file_name(str(movie.poster)) if movie.poster else "" for movie in usable]
        usable = [replace(movie, id=clean_id(movie.id), poster=None) for movie in usable]
        films = [self._find(movie.id) for movie in usable]
        complete = [
            self._complete(movie, film, False) for movie, film in zip(usable, films, strict=True)
        ]
        with self.batches.patience(wait):
            predictions = self.batches.predict_many(complete)
        entries = [
            self._entry(movie, prediction, None, path)
            for movie, prediction, path in zip(usable, predictions, paths, strict=True)
        ]
        saved_films = self.store.save_all(entries, self.version)
        for entry, before, film in zip(entries, films, saved_films, strict=True):
            name, error = entry.path or film.id, entry.movie.problem
            yield Added(name, film, error, before is None)

    def predict_again(self, film_id: str) -> Film:
        """Predicts a film anew, after a person's edit; raises UnknownFilm, Busy, Closing."""
        film = self.store.film(film_id)
        prediction = self.predict(self._complete(Movie(film_id), film, False))
        thresholds = self.predictor.thresholds(prediction.missing)
        return self.store.save_prediction(film_id, prediction, self.version, thresholds)

    def why(self, film_id: str) -> dict[str, Any]:
        """Genre → the words and areas that spoke for it (see `genreel.why`).

        Raises:
            UnknownFilm.
            Busy: others are being explained; each takes about a second.
        """
        movie = self._complete(Movie(film_id), self.store.film(film_id), False)
        with self._explaining.turn():
            reasons = self.predictor.explain(movie)
        return {genre: why_to_dict(why) for genre, why in reasons.items()}

    def thumbnail(self, poster: bytes) -> bytes:
        """A kept poster, small; raises Busy."""
        with self._shrinking.turn():
            return thumbnail(poster)

    def review(self, film_id: str, genres: Iterable[str], version: int | None) -> Film:
        """A person's decision; what it teaches is learnt in the background."""
        film = self.store.save_review(film_id, genres, version)
        self.learner.wake()
        return film

    def undo(self, film_id: str | None = None) -> dict[str, Any] | None:
        """Takes back a person's last change."""
        event = self.store.undo_last(film_id)
        self.learner.wake()
        return event

    def _encode(self, movie: Movie) -> tuple[bytes | None, str]:
        """A movie's poster as it is kept, and what is wrong with it."""
        if movie.poster is None:
            return None, ""
        try:
            return self._encode_poster(movie.poster), ""
        except PosterError as error:
            return None, str(error)

    def _encode_poster(self, poster: PosterSource) -> bytes:
        with self._encoding.turn():
            return encode(poster, self.settings.limits)

    def _find(self, film_id: str) -> Film | None:
        try:
            return self.store.film(film_id)
        except UnknownFilm:
            return None

    def _complete(self, movie: Movie, film: Film | None, has_poster: bool) -> Movie:
        """A movie with what the store has beyond it; without its poster unless `has_poster`."""
        movie = movie if has_poster else replace(movie, poster=None)
        if film is None:
            return movie
        poster = movie.poster
        if poster is None and film.poster:
            poster = self.store.poster(film.poster)
        return replace(
            movie,
            title=movie.title or film.title,
            year=movie.year if movie.year is not None else film.year,
            plot=movie.plot or film.plot,
            poster=poster,
        )

    def _entry(
        self,
        movie: Movie,
        prediction: Prediction,
        jpeg: bytes | None,
        path: str = "",
        source: Source = "file",
        problem: str = "",
    ) -> Entry:
        """What is to be saved of a movie; its problem and the poster's are the prediction's."""
        thresholds = self.predictor.thresholds(prediction.missing)
        errors = "; ".join(filter(None, (movie.problem, problem)))
        if errors:
            prediction = replace(prediction, error=errors)
        return Entry(movie, prediction, thresholds, jpeg, path, source)

    def _save(self, entry: Entry, before: Film | None, error: str = "") -> Added:
        """Saves one movie; `before` is its film in the store until now."""
        [film] = self.store.save_all([entry], self.version)
        return Added(entry.path or film.id, film, error, before is None)


def open_service(model: str, store: str, settings: Settings) -> Service:
    """A service over a bundle and the URL of a store; raises BundleError, StoreError."""
    predictor = Predictor(model, limits=settings.limits)
    return Service(predictor, Store(store, predictor.thresholds()), settings)


def file_name(path: str) -> str:
    """The last part of a path from any system, printable."""
    last = PurePosixPath(path.replace("\\", "/")).name
    return "".join(c for c in last if c.isprintable()).strip()


def clean_id(film_id: str) -> str:
    """An id that fits into the store and on a line."""
    return "".join(c for c in film_id if c.isprintable()).strip()[:MAX_ID] or "film"


def film_id_of(name: str, digest: str) -> str:
    """The id of a film that is known by its poster's name alone."""
    stem = re.sub(r"\.(jpe?g|png|webp|gif)$", "", name, flags=re.IGNORECASE)
    return clean_id(stem.lstrip(".")) if stem.strip(". ") else digest[:12]
