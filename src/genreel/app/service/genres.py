"""What a person sees of the genres of a store, and does to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from genreel.app.service.genre_learner import GenreLearner
from genreel.app.store.batch import Act, act_on_many
from genreel.app.store.browse import EVERYTHING, Filter, find
from genreel.app.store.browse import genres as count_films
from genreel.app.store.film import Film
from genreel.app.store.genre_acts import (
    add_genres,
    change_genre,
    delete_genre,
    make_genre,
    own_vocabulary,
)
from genreel.app.store.genres import Genres, StoreGenre
from genreel.app.store.lessons import count_words, suggest_films
from genreel.app.store.store import Store
from genreel.errors import Conflict
from genreel.formats.names import Names
from genreel.own.predicting import add_own, bundle_id
from genreel.own.vocabulary import OwnVocabulary
from genreel.prediction import Prediction
from genreel.predictor import Predictor


@dataclass(frozen=True)
class Suggestions:
    """Films to ask a person about.

    Attributes:
        surest, unsure: films with scores in [0, 1]; some may be in both.
    """

    surest: list[tuple[Film, float]]
    unsure: list[tuple[Film, float]]


@dataclass(frozen=True)
class GenreNow:
    """A genre as a person is shown it.

    Attributes:
        row: what the store keeps of it.
        films: how many have it.
        yes, no: how often people said so of it.
        speaks: whether films are given it; one of one's own may only be suggested.
        worth: how well it is told, in words, and what would change that; of one's own.
    """

    row: StoreGenre
    films: int
    yes: int = 0
    no: int = 0
    speaks: bool = True
    worth: str = ""


class OwnGenres:
    """What a person sees of genres, and does to them.

    Args:
        predictor: of the bundle.
        store: the films'.
        learner: is woken where there is something to learn.
        names: what genres are called that a person has not renamed; None: as each format has it.
    """

    def __init__(
        self, predictor: Predictor, store: Store, learner: GenreLearner, names: Names | None = None
    ) -> None:
        self._predictor = predictor
        self._store = store
        self.learner = learner
        self._names = names

    def names(self) -> Names | None:
        """What genres are called, on pages and in what is exported; None: as each format has it."""
        called = self._store.genres.now().names
        return called.then(self._names or Names()) if called else self._names

    def all(self) -> list[GenreNow]:
        """All genres: the bundle's, then those of one's own by age."""
        genres = self._store.genres.now()
        own = [row.genre for row in genres.all if row.is_own]
        counts = count_films(self._store, EVERYTHING)
        with self._store.database.reading() as connection:
            words = count_words(connection, own)
        return [
            GenreNow(
                row,
                counts.get(row.genre, 0),
                *words.get(row.genre, (0, 0)),
                row.genre not in genres.silent,
                _worth(genres, row) if row.is_own else "",
            )
            for row in genres.all
        ]

    def one(self, genre: str) -> GenreNow:
        """One of them; raises UnknownGenre."""
        self._store.genres.now()[genre]
        return next(one for one in self.all() if one.row.genre == genre)

    def make(self, name: str, description: str, parent: str) -> StoreGenre:
        """Makes a genre; see `store.genre_acts`, as for all of these."""
        row = make_genre(self._store, name, description, parent)
        self.learner.wake()
        return row

    def change(self, genre: str, changes: Mapping[str, Any], version: int | None) -> StoreGenre:
        """Renames, describes or hides a genre, or puts it under another."""
        row = change_genre(self._store, genre, changes, version)
        self.learner.wake()
        return row

    def delete(self, genre: str, version: int | None, *, drop: bool) -> None:
        """Deletes a genre."""
        delete_genre(self._store, genre, version, drop=drop)

    def add(self, own: OwnVocabulary) -> tuple[list[str], list[str]]:
        """Adds the genres of a file; raises VocabularyError where it does not go with the model."""
        own.check(bundle_id(self._predictor), self._predictor.genres)
        names = add_genres(self._store, own)
        self.learner.wake()
        return names

    def file(self) -> OwnVocabulary:
        """All genres, as a file has them."""
        return own_vocabulary(self._store.genres.now())

    def suggest(self, genre: str, count: int) -> Suggestions:
        """Films to ask a person about, `count` of each kind at most; raises UnknownGenre."""
        genre = self._store.genres.now()[genre].genre
        with self._store.database.reading() as connection:
            surest = suggest_films(connection, genre, "surest", count)
            unsure = suggest_films(connection, genre, "unsure", count)
        ids = frozenset(film for film, _ in (*surest, *unsure))
        films = find(self._store, Filter(ids=ids), limit=max(1, len(ids)))
        by_id = {film.id: film for film in films}
        return Suggestions(
            *(
                [(by_id[film], score) for film, score in some if film in by_id]
                for some in (surest, unsure)
            )
        )

    def answer(self, genre: str, film_id: str, verdict: bool, version: int | None) -> Film:
        """A person's yes or no to whether a film has a genre; a yes holds for its parents, too.

        Args:
            version: the film's, as the person saw it; None to not ask.

        Raises:
            UnknownGenre, UnknownFilm, Conflict: somebody else changed the film since.
        """
        genres = self._store.genres.now()
        parents = genres.parents.get(genres[genre].genre, ()) if verdict else ()
        act = Act("add" if verdict else "remove", (genre, *parents))
        self._store.film(film_id)
        outcome = act_on_many(self._store, {film_id: version}, act)
        if film_id in outcome.refused:
            raise Conflict(f"{film_id[:80]!r} {outcome.refused[film_id]}")
        self.learner.wake()
        return self._store.film(film_id)

    def tell(self, predictions: Iterable[Prediction]) -> list[Prediction]:
        """Predictions of movies that are not kept, with genres of one's own."""
        genres = self._store.genres.now()
        return list(add_own(predictions, genres.vocabulary, self._predictor.genres))


def _worth(genres: Genres, row: StoreGenre) -> str:
    if row in genres.able:
        return row.as_own().what_it_is_worth()
    return "it has learnt nothing yet"
