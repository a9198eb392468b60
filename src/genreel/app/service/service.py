"""What the pages, the API and the watched folder do: add films, predict them, keep reviews."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from genreel.app.service.added import Added, PosterFile, added_of
from genreel.app.service.alike import Alike
from genreel.app.service.batches import Batches, Closing
from genreel.app.service.gate import Busy, Gate
from genreel.app.service.genre_learner import GenreLearner
from genreel.app.service.genres import OwnGenres
from genreel.app.service.ids import check_id, file_name, id_of_poster, with_digest
from genreel.app.service.images import Pictures, Thumbnails, encode_both
from genreel.app.service.known import Known, Sight, decided
from genreel.app.service.learner import Learner
from genreel.app.service.rows import find_film, movies_of_table
from genreel.app.service.settings import Settings
from genreel.app.service.shop import shop_archive
from genreel.app.shop.rendering import Look
from genreel.app.store.batch import Act, Outcome, act_on_many
from genreel.app.store.browse import Filter
from genreel.app.store.film import Film
from genreel.app.store.store import Entry, Source, Store
from genreel.catalogue import TABLE_SUFFIXES, Catalogue, Movie
from genreel.errors import CatalogueError, PosterError, UnknownFilm
from genreel.films.lookup import soften
from genreel.lettering import parse_lettering
from genreel.posters import PosterSource
from genreel.prediction import Prediction
from genreel.predictor import Predictor
from genreel.why import why_to_dict

ROWS_AT_ONCE = 16
"""Rows of a table that are on disk together."""

OLD_SCORES = "saved, but the scores are those of the text before; save it again to predict it"
"""Problem of a film that could not be predicted after an edit, as too many were waiting."""


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
        self.batches = Batches(predictor, settings.batch, settings.waiting, store.genres.has_own)
        self.learner = Learner(store)
        self.known = Known(predictor, settings, self._predict)
        self.alike = Alike(predictor, store, self.batches)
        self.thumbnails = Thumbnails()
        # Besides the queue for the graph, all that is costly. A worker each has a poster open as
        # well, so three are decoded at once at most: of the largest, a gigabyte. Together fewer
        # callers wait than the server has threads.
        patience = settings.answer_seconds / 6
        self._encoding = Gate("posters are being opened", 1, 8, patience)
        self._shrinking = Gate("posters are being shown", 1, 12, patience)
        self._explaining = Gate("films are being explained", 1, 2, patience)
        self._tables = Gate("tables are being added", 8)
        self._shops = Gate("shops are being made", 1, 1, patience)
        self.fetching = Gate("posters are being fetched", 2, 4, patience)
        self._folder = tempfile.TemporaryDirectory(prefix="genreel-")
        self.version = f"{predictor.bundle.name} {predictor.bundle.digest[:8]}"
        learner = GenreLearner(predictor, store, self.batches, self._predict_again)
        self.genres = OwnGenres(predictor, store, learner, settings.names)

    def close(self) -> None:
        """Finishes what has begun."""
        self.genres.learner.close()
        self.batches.close()
        self.learner.close()
        self.alike.close()
        self.known.close()
        self.store.close()
        self._folder.cleanup()  # tables that a stop has interrupted

    def predict(self, movie: Movie) -> Prediction:
        """One prediction, of which nothing is kept; raises Busy, Closing."""
        sight = self.known.look(movie, None, movie.poster)
        [prediction] = self.genres.tell([self._predict_sight(sight)])
        return decided(prediction, movie, sight)

    def _predict(self, movie: Movie) -> Prediction:
        """The model's prediction; raises Busy, Closing."""
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
        sights = self.known.look_at_many(movies)
        predictions = self.genres.tell(self._predict_sights(sights))
        return list(map(decided, predictions, movies, sights))

    def _predict_sight(self, sight: Sight) -> Prediction:
        """The prediction of a movie as it was seen; raises Busy, Closing."""
        return soften(sight.prediction or self._predict(sight.movie), sight.likely)

    def _predict_sights(self, sights: Sequence[Sight], wait: bool = False) -> list[Prediction]:
        """The predictions of several movies together; raises Busy, Closing."""
        movies = [sight.movie for sight in sights if sight.prediction is None]
        with self.batches.patience(wait):
            others = iter(self.batches.predict_many(movies))
        return [soften(sight.prediction or next(others), sight.likely) for sight in sights]

    def add(
        self,
        movie: Movie,
        path: str = "",
        source: Source = "file",
        needs_poster: bool = False,
    ) -> Added:
        """Adds a film, or completes the one with its id, and predicts it.

        Args:
            movie: its poster is a path or bytes.
            path: what the poster's file is called.
            source: where its genres come from.
            needs_poster: whether it is added with a poster that can be used, or not at all.

        Raises:
            InputError: the id cannot be used.
            PosterError: the poster cannot be used, and there is nothing else, or needs to be.
            Busy, Closing: nothing was changed.
        """
        check_id(movie.id)
        pictures, problem = self._encode(movie)
        if problem and (needs_poster or not (movie.has("plot") or movie.has("title"))):
            raise PosterError(problem)
        film = find_film(self.store, movie.id)
        large = pictures and pictures.large
        sight = self.known.look(self._complete(movie, film, large is not None), film, large)
        prediction = self._predict_sight(sight)
        entry = self._entry(movie, prediction, sight, pictures, path, source, problem)
        return self._save(entry, film, problem)

    def add_poster(self, name: str, data: bytes) -> Added:
        """Adds a poster that is called `name`, to the film whose table names it, or as a new one.

        Raises:
            PosterError: it cannot be used. Busy, Closing: nothing was changed.
        """
        one = self._look_at_poster(name, data)
        if isinstance(one, Added):
            return one
        return self._save(self._poster_entry(one, self._predict_sight(one.sight)), one.film)

    def add_posters(self, files: Sequence[tuple[str, bytes]]) -> list[Added]:
        """Adds posters together, a few: as `add_poster`, but one that cannot be used is an error.

        Raises:
            Busy, Closing: nothing was changed.
        """
        results: list[Added | PosterFile] = []
        for number, (name, data) in enumerate(files):
            try:
                one = self._look_at_poster(name, data)
            except PosterError as error:
                one = Added(name, error=str(error))
            if isinstance(one, PosterFile) and one.is_like_any(results):
                before = self._add_together(results)  # the store must have these first
                return [*before, *self._add_rest(files[number:])]
            results.append(one)
        return self._add_together(results)

    def _add_rest(self, files: Sequence[tuple[str, bytes]]) -> list[Added]:
        try:
            return self.add_posters(files)
        except (Busy, Closing) as error:  # what is added already is told
            return [Added(name, error=str(error)) for name, _ in files]

    def _add_together(self, results: Sequence[Added | PosterFile]) -> list[Added]:
        """Predicts what is to be added in common runs, and saves it in one transaction."""
        new = [one for one in results if isinstance(one, PosterFile)]
        sights = [one.sight for one in new]
        if len(new) > 1:
            predictions = self._predict_sights(sights)
        else:
            predictions = list(map(self._predict_sight, sights))
        entries = list(map(self._poster_entry, new, predictions))
        saved_films = self.store.save_all(entries, self.version) if entries else []
        saved = zip(entries, saved_films, new, strict=True)
        added = iter([added_of(entry, film, one.film) for entry, film, one in saved])
        return [one if isinstance(one, Added) else next(added) for one in results]

    def _look_at_poster(self, name: str, data: bytes) -> PosterFile | Added:
        """A poster before it is predicted, or its film, if that has it already."""
        name = file_name(name)
        try:
            pictures = self._encode_poster(data)
        except PosterError as error:
            reason = str(error).removeprefix(f"poster of {len(data)} bytes: ")
            raise PosterError(f"{name or 'a poster'}: {reason}") from None
        digest = hashlib.sha256(pictures.large).hexdigest()
        namesake = self.store.film_by_path(name)
        if namesake and namesake.poster not in (None, digest):
            namesake = None  # it has its poster; this is another of the same name
        film_id = namesake.id if namesake else id_of_poster(name, digest)
        film = namesake or find_film(self.store, film_id)
        for letters in (6, 12):
            if film and film.poster and film.poster != digest:  # two posters, one name
                film_id = with_digest(film_id, digest[:letters])
                film = find_film(self.store, film_id)
        if film and film.poster == digest:
            return Added(name, film)
        movie = self._complete(Movie(film_id, poster=data), film, True)
        return PosterFile(name, self.known.look(movie, film, pictures.large), film, pictures)

    def _poster_entry(self, one: PosterFile, prediction: Prediction) -> Entry:
        movie = Movie(one.sight.movie.id)
        return self._entry(movie, prediction, one.sight, one.pictures, one.name)

    def add_table(self, name: str, data: bytes) -> Iterator[Added]:
        """Adds the films of a table, as they are predicted; a bad row is one with an error.

        A row without an id gets one that is the same whenever the table is sent again (see
        `id_of_row`); one whose id is another film's in the store is refused.

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
                batch: list[Movie] = []
                genres = self.store.genres.now().spellings
                table = Catalogue(path, extra=True, genres=genres)
                for result in movies_of_table(self.store, table, file_name(name)):
                    if isinstance(result, Added):
                        yield result
                        continue
                    batch.append(result)
                    if len(batch) == ROWS_AT_ONCE:
                        yield from self._add_batch(batch, wait)
                        batch, wait = [], True
                yield from self._add_batch(batch, wait)
            except CatalogueError as error:
                message = str(error).replace(str(path), file_name(name))
                raise CatalogueError(message) from None

    def _add_batch(self, movies: list[Movie], wait: bool) -> Iterator[Added]:
        # The posters of a table come as files of their own; the table says what they are called.
        paths = [file_name(str(movie.poster)) if movie.poster else "" for movie in movies]
        movies = [replace(movie, poster=None) for movie in movies]
        films = [find_film(self.store, movie.id) for movie in movies]
        sights = [
            self.known.look(self._complete(movie, film, False), film)
            for movie, film in zip(movies, films, strict=True)
        ]
        predictions = self._predict_sights(sights, wait)
        entries = [
            self._entry(movie, prediction, sight, None, path)
            for movie, prediction, sight, path in zip(
                movies, predictions, sights, paths, strict=True
            )
        ]
        saved_films = self.store.save_all(entries, self.version)
        for entry, before, film in zip(entries, films, saved_films, strict=True):
            yield added_of(entry, film, before)

    def edit(self, film_id: str, changes: Mapping[str, Any], version: int | None) -> Film:
        """A person's edit, and the prediction that follows from it.

        Where too much waits for a prediction, the edit is kept and the film's problem says that
        its scores are older.

        Raises:
            UnknownFilm, Conflict: nothing was changed.
        """
        self.store.edit(film_id, changes, version)
        return self._predict_if_possible(film_id)

    def answer(self, film_id: str, known_id: str | None, version: int | None) -> Film:
        """A person's answer to which known film it is, and the prediction that follows from it.

        Args:
            film_id: of the store.
            known_id: of the index; None: it is none of them.
            version: the film's, as the person saw it; None to not ask.

        Raises:
            UnknownFilm, Conflict, InputError: nothing was changed.
        """
        finding = self.known.answer(self.store.film(film_id), known_id)
        self.store.answer(film_id, finding, version)
        return self._predict_if_possible(film_id)

    def _predict_if_possible(self, film_id: str) -> Film:
        try:
            return self.predict_again(film_id)
        except (Busy, Closing):
            prediction = Prediction(film_id, error=OLD_SCORES)
            return self.store.save_prediction(film_id, prediction, self.version)

    def predict_again(self, film_id: str) -> Film:
        """Predicts a film anew, after a person's edit; raises UnknownFilm, Busy, Closing."""
        film = self.store.film(film_id)
        sight = self._look_again(film)
        prediction = self._predict_sight(sight)
        return self.store.save_prediction(film_id, prediction, self.version)

    def _look_again(self, film: Film) -> Sight:
        return self.known.look(self._complete(Movie(film.id), film, False), film)

    def _predict_again(self, film_ids: Sequence[str], wait: bool = False) -> None:
        """Predicts films anew; where too much waits, their problem says so, unless we `wait`."""
        for start in range(0, len(film_ids), ROWS_AT_ONCE):
            ids = film_ids[start : start + ROWS_AT_ONCE]
            some = [find_film(self.store, film_id) for film_id in ids]
            films = [film for film in some if film is not None]
            try:
                predictions = self._predict_sights(list(map(self._look_again, films)), wait)
            except (Busy, Closing):
                if wait:
                    raise
                predictions = [Prediction(film.id, error=OLD_SCORES) for film in films]
            with self.store.database.writing():
                for prediction in predictions:
                    with contextlib.suppress(UnknownFilm):  # deleted meanwhile
                        self.store.save_prediction(prediction.id, prediction, self.version)

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

    def thumbnail(self, digest: str, poster: bytes) -> bytes:
        """A kept poster, small; raises PosterError, Busy."""
        with self._shrinking.turn():
            return self.thumbnails.get(digest, poster)

    def shop(self, query: Filter, look: Look) -> Iterator[bytes]:
        """The films as a shop, in an archive; raises GenreelError, Busy."""
        with self._shops.turn():
            return shop_archive(self.store, query, look, self.settings.limits, self.genres.names())

    def review(self, film_id: str, genres: Iterable[str], version: int | None) -> Film:
        """A person's decision; what it teaches is learnt in the background."""
        film = self.store.save_review(film_id, genres, version)
        self.learner.wake()
        self.genres.learner.wake()
        return film

    def act_on_many(self, versions: Mapping[str, int | None], act: Act, batch: str = "") -> Outcome:
        """A person's act on many films (see `genreel.app.store.batch`); those whose year it
        changed are predicted anew.
        """
        outcome = act_on_many(self.store, versions, act, batch)
        if act.kind == "decade":
            self._predict_again(outcome.done)
        self.learner.wake()
        self.genres.learner.wake()
        return outcome

    def undo(self, film_id: str | None = None) -> dict[str, Any] | None:
        """Takes back a person's last change."""
        event = self.store.undo_last(film_id)
        if event and event["kind"] == "identify":  # the model was given the texts of that film
            self._predict_if_possible(event["film"])
        self.learner.wake()
        self.genres.learner.wake()
        return event

    def _encode(self, movie: Movie) -> tuple[Pictures | None, str]:
        """A movie's poster as it is kept, and what is wrong with it."""
        if movie.poster is None:
            return None, ""
        try:
            return self._encode_poster(movie.poster), ""
        except PosterError as error:
            return None, str(error)

    def _encode_poster(self, poster: PosterSource) -> Pictures:
        with self._encoding.turn():
            return encode_both(poster, self.settings.limits, self.settings.full_pixels)

    def _complete(self, movie: Movie, film: Film | None, has_poster: bool) -> Movie:
        """A movie with what the store has beyond it; without its poster unless `has_poster`."""
        movie = movie if has_poster else replace(movie, poster=None)
        if film is None:
            return movie
        poster, lettering = movie.poster, movie.lettering
        if poster is None and film.poster:
            poster = self.store.poster(film.poster)
            if lettering is None and film.lettering is not None:
                lettering = parse_lettering(film.lettering)
        return replace(
            movie,
            title=movie.title or film.title,
            year=movie.year if movie.year is not None else film.year,
            plot=movie.plot or film.plot,
            language=movie.language or ("" if movie.plot else film.language),
            poster=poster,
            lettering=lettering,
        )

    def _entry(
        self,
        movie: Movie,
        prediction: Prediction,
        sight: Sight,
        pictures: Pictures | None,
        path: str = "",
        source: Source = "file",
        problem: str = "",
    ) -> Entry:
        """What is to be saved of a movie; the poster's problem is the prediction's, too."""
        if problem:
            errors = "; ".join(filter(None, (prediction.error, problem)))
            prediction = replace(prediction, error=errors)
        movie = replace(movie, lettering=sight.movie.lettering)
        large, full = pictures or (None, None)
        return Entry(movie, prediction, large, path, source, sight.finding, full)

    def _save(self, entry: Entry, before: Film | None, problem: str = "") -> Added:
        """Saves one movie; `before` is its film in the store until now, `problem` its poster's."""
        [film] = self.store.save_all([entry], self.version)
        return added_of(entry, film, before, problem)
