"""The reviewed catalogue: films, what everybody says about their genres, and all that happened.

The rules, which no method breaks: the first source of SOURCES that has an opinion about a genre
decides it, so a person always wins and what a person rejected stays rejected; the genres that a
file names get no others from the model; a source that found nothing changes nothing; every change
is an event of a film's life, and a person's can be undone, deletions included.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import sqlalchemy as sa

from genreel.app.store.database import Database
from genreel.app.store.decide import settle
from genreel.app.store.events import (
    last_undoable,
    log,
    read_history,
    titles_of_life,
    undoable_of_batch,
)
from genreel.app.store.film import Film, Opinion
from genreel.app.store.films import (
    edit_film,
    expect_row,
    read_film,
    save_movie,
    save_poster,
    update_film,
)
from genreel.app.store.genres import Genres, GenresOfStore
from genreel.app.store.identity import Finding, save_finding
from genreel.app.store.lessons import learnt_by, own_scores, save_traits
from genreel.app.store.opinions import (
    Policy,
    opinions_of_model,
    person_verdicts,
    replace_opinions,
    replace_verdicts,
)
from genreel.app.store.schema import films, full_posters, posters
from genreel.app.store.trash import KEPT_SECONDS, empty_trash, throw_away
from genreel.app.store.tuning import Tuning
from genreel.app.store.undo import AT_ONCE, take_back
from genreel.calibration import BALANCED, CaseThresholds
from genreel.catalogue import Movie
from genreel.errors import StoreError
from genreel.prediction import Prediction

Source = Literal["file", "lookup"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A movie and its prediction, to be saved together.

    Attributes:
        movie, poster, full_poster, path, source: as `Store.save` takes them.
        prediction: as `Store.save_prediction` takes it.
        finding: which known film it is, as a lookup says; None where no index was asked.
    """

    movie: Movie
    prediction: Prediction
    poster: bytes | None = None
    path: str = ""
    source: Source = "file"
    finding: Finding | None = None
    full_poster: bytes | None = None


class Store:
    """A reviewed catalogue in a database.

    Several servers may use one PostgreSQL; several processes of one machine one SQLite file. A
    method that returns has its change safely on disk.

    Args:
        url: "sqlite:///films.db", "postgresql://user:password@host/name", or a path.
        thresholds: genre → the score from which the model assigns it, where none were applied.
        by_case: the model's thresholds of every decision and case; those of a film follow from it.
        decide: how a new store decides; one of `calibration.DECISIONS`.
        bundle: what `own.predicting.bundle_id` says of the model.

    Raises:
        StoreError: it cannot be opened, or it was last opened by a newer genreel.
    """

    def __init__(
        self,
        url: str,
        thresholds: Mapping[str, float],
        by_case: CaseThresholds | None = None,
        decide: str = BALANCED,
        bundle: str = "",
    ) -> None:
        self.database = Database(url)
        self.genres = GenresOfStore(self.database, thresholds, bundle)
        self.tuning = Tuning(self.database, self.genres, by_case or {})
        self.tuning.begin(decide)
        self.tuning.rescore()

    @property
    def defaults(self) -> dict[str, float]:
        """Genre that films may have → its threshold; see `Genres.thresholds`."""
        return self.genres.now().thresholds

    def close(self) -> None:
        """Lets go of the database."""
        self.database.close()

    # Films

    def film(self, film_id: str) -> Film:
        """One film with all opinions; raises UnknownFilm."""
        with self.database.reading() as connection:
            return read_film(connection, film_id, self.defaults)

    def film_by_path(self, path: str) -> Film | None:
        """The film whose poster's file is called `path`, if exactly one is."""
        query = sa.select(films.c.id).where(films.c.path == path).limit(2)
        with self.database.reading() as connection:
            ids = list(connection.execute(query).scalars()) if path else []
            return read_film(connection, ids[0], self.defaults) if len(ids) == 1 else None

    def titles(self, film_id: str) -> set[str]:
        """The titles that a film has had in its life."""
        with self.database.reading() as connection:
            return titles_of_life(connection, film_id)

    def poster(self, digest: str, full: bool = False) -> bytes | None:
        """The JPEG of a poster, if the store has it; with `full` the larger one, if there is."""
        larger = sa.select(full_posters.c.data).where(full_posters.c.digest == digest)
        query = sa.select(posters.c.data).where(posters.c.digest == digest)
        if full:
            query = sa.select(sa.func.coalesce(larger.scalar_subquery(), posters.c.data)).where(
                posters.c.digest == digest
            )
        with self.database.reading() as connection:
            return connection.execute(query).scalar_one_or_none()

    def save(
        self,
        movie: Movie,
        *,
        poster: bytes | None = None,
        path: str = "",
        source: Source = "file",
        full_poster: bytes | None = None,
    ) -> Film:
        """Adds a film, or completes the one with its id: what is missing here stays as it was.

        Args:
            movie: its id, title, year, plot, language, genres, lettering and `extra`; its poster is
                not looked at.
            poster: a JPEG that was re-encoded by us.
            full_poster: a larger one of the same picture.
            path: the file the poster came from.
            source: where the genres come from. Text that a person wrote stays as it is.
        """
        with self.database.writing() as connection:
            entry = Entry(movie, Prediction(movie.id), poster, path, source, None, full_poster)
            self._save(connection, entry)
            return read_film(connection, movie.id, self.defaults)

    def save_all(self, entries: Sequence[Entry], by: str) -> list[Film]:
        """Saves movies and their predictions in one transaction: all are on disk, or none.

        Args:
            entries: in the order in which they are saved.
            by: the version of the model that predicted them.
        """
        with self.database.writing() as connection:
            policy, genres = self.tuning.policy(connection), self.genres.now(connection)
            for entry in entries:
                self._save(connection, entry)
                if entry.finding:
                    self.save_finding(entry.movie.id, entry.finding)
                self._judge(connection, entry.movie.id, entry.prediction, by, policy, genres)
            judged = [entry.movie.id for entry in entries if entry.prediction.scores]
            settle(connection, policy.overrides, judged)
            return [read_film(connection, entry.movie.id, self.defaults) for entry in entries]

    def edit(self, film_id: str, changes: Mapping[str, Any], version: int | None = None) -> Film:
        """A person's edit of title, year, plot or the plot's language; another plot tells its own.

        Args:
            version: the film's, as the person saw it; None to not ask.

        Raises:
            UnknownFilm, Conflict: somebody else changed it since.
        """
        with self.database.writing() as connection:
            row = expect_row(connection, film_id, version)
            if "plot" in changes and changes["plot"] != row["plot"]:
                changes = {"language": "", **changes}
            names = [name for name in ("title", "year", "plot", "language") if name in changes]
            new = {name: changes[name] for name in names if changes[name] != row[name]}
            if new:
                edit_film(connection, self.tuning, row, new, "person")
            elif names:  # undo takes back this, not what was before it
                log(connection, "edit", film_id, "person", before={}, after={})
            return read_film(connection, film_id, self.defaults)

    def save_finding(self, film_id: str, finding: Finding) -> None:
        """What a lookup says about which known film it is; a person's answer stays."""
        with self.database.writing() as connection:
            save_finding(
                connection, self.tuning, expect_row(connection, film_id), finding, "lookup"
            )

    def answer(self, film_id: str, finding: Finding, version: int | None = None) -> Film:
        """A person's answer to which known film it is; none of them is one.

        Args:
            version: the film's, as the person saw it; None to not ask.

        Raises:
            UnknownFilm, Conflict: somebody else changed it since.
        """
        with self.database.writing() as connection:
            row = expect_row(connection, film_id, version)
            save_finding(connection, self.tuning, row, finding, "person")
            return read_film(connection, film_id, self.defaults)

    def delete(self, film_id: str, version: int | None = None) -> None:
        """Moves a film to the trash, from where `undo_last` brings it back; what has lain there
        for longer than KEPT_SECONDS is dropped. Its events stay. Raises UnknownFilm, Conflict.
        """
        with self.database.writing() as connection:
            row = expect_row(connection, film_id, version)
            before = {name: row[name] for name in ("title", "year", "plot", "path")}
            event = log(connection, "delete", film_id, "person", before=before)
            throw_away(connection, {event: row})
            empty_trash(connection, time.time() - KEPT_SECONDS)

    # Opinions

    def save_prediction(self, film_id: str, prediction: Prediction, by: str) -> Film:
        """What the model says; a prediction without scores only notes its error.

        Args:
            prediction: with the model's own scores, and thresholds where it has any. Its `vectors`,
                with `own.traits.SCORES` among them, tell the genres of one's own.
            by: the version of the model.

        Raises:
            UnknownFilm.
        """
        with self.database.writing() as connection:
            policy, genres = self.tuning.policy(connection), self.genres.now(connection)
            self._judge(connection, film_id, prediction, by, policy, genres)
            if prediction.scores:
                settle(connection, policy.overrides, [film_id])
            return read_film(connection, film_id, self.defaults)

    def save_genres(self, film_id: str, source: Source, names: Sequence[str]) -> Film:
        """What a file or a lookup names; no genre changes nothing. Raises UnknownFilm."""
        with self.database.writing() as connection:
            expect_row(connection, film_id)
            self._save_genres(connection, film_id, source, names)
            return read_film(connection, film_id, self.defaults)

    def save_review(
        self, film_id: str, genres: Iterable[str], version: int | None = None, by: str = ""
    ) -> Film:
        """A person's decision about all genres: the film has those named and no others.

        Args:
            version: the film's, as the person saw it; None to not ask.
            by: the name of the person, if known.

        Raises:
            UnknownFilm, Conflict: somebody else changed it since.
            StoreError: a genre that is not one of the store's.
        """
        names = set(genres)
        if names - set(self.defaults):
            unknown = ", ".join(sorted(names - set(self.defaults)))
            raise StoreError(f"unknown genre {unknown}; the model tells {', '.join(self.defaults)}")
        verdicts = {genre: genre in names for genre in self.defaults}
        with self.database.writing() as connection:
            row = expect_row(connection, film_id, version)
            old_verdicts = person_verdicts(connection, [film_id]).get(film_id, {})
            replace_verdicts(connection, {film_id: verdicts}, by)
            update_film(connection, self.tuning, row, state="reviewed")
            before = {"state": row["state"], "genres": old_verdicts}
            after = {"state": "reviewed", "genres": verdicts}
            log(connection, "review", film_id, "person", by, before=before, after=after)
            settle(connection, self.tuning.overrides(connection), [film_id])
            return read_film(connection, film_id, self.defaults)

    def skip(self, film_id: str, version: int | None = None) -> Film:
        """Leaves a film for later. Raises UnknownFilm, Conflict."""
        with self.database.writing() as connection:
            row = expect_row(connection, film_id, version)
            state = "skipped" if row["state"] == "new" else row["state"]
            if state != row["state"]:
                update_film(connection, self.tuning, row, state=state)
            # Also where it is for later already: undo takes back this, not what was before it.
            before, after = {"state": row["state"]}, {"state": state}
            log(connection, "skip", film_id, "person", before=before, after=after)
            return read_film(connection, film_id, self.defaults)

    # What happened

    def history(self, film_id: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
        """Events, the newest first: of one film, or of the whole store."""
        with self.database.reading() as connection:
            return read_history(connection, film_id, limit)

    def undo_last(self, film_id: str | None = None) -> dict[str, Any] | None:
        """Takes back a person's last act that was not yet taken back.

        Args:
            film_id: only of this film; None: of any, and what was done to many films at once is
                taken back of all of them.

        Returns:
            The event that was undone with `film`, as it is called now, and `films`, the number of
            those that were changed; None where there is nothing to undo. A film that was deleted
            comes back, with an id of its own where another film has its old one.
        """
        with self.genres.changing() as connection:
            event = last_undoable(connection, film_id)
            if event is None:
                return None
            batch = event["batch"] if film_id is None else None
            taken = undoable_of_batch(connection, batch, AT_ONCE) if batch else [event]
            ids = take_back(connection, self.tuning, taken)
        number = len(ids)
        while batch and len(ids) == AT_ONCE:  # the rest, while others can do something between
            with self.database.writing() as connection:
                taken = undoable_of_batch(connection, batch, AT_ONCE)
                ids = take_back(connection, self.tuning, taken)
                number += len(ids)
        if event["kind"] in ("decide", "thresholds"):
            self.tuning.rescore()
        first = ids[0] if number == 1 else None
        return {name: event[name] for name in event if name != "life"} | {
            "film": first,
            "films": number,
        }

    # Inside a transaction

    def _judge(
        self,
        connection: sa.Connection,
        film_id: str,
        prediction: Prediction,
        by: str,
        policy: Policy,
        genres: Genres,
    ) -> None:
        """Keeps what the model says; `settle` has the film's genres follow."""
        row = expect_row(connection, film_id)
        values: dict[str, Any] = {"problem": prediction.error or ""}
        if prediction.scores:
            own = own_scores(genres, prediction.vectors)
            opinions = opinions_of_model(
                {**prediction.scores, **own},
                {
                    **genres.defaults,
                    **genres.thresholds,
                    **prediction.thresholds,
                    **self.tuning.own_thresholds(prediction.case, policy.decide),
                },
                row["year"],
                policy,
                by,
                time.time(),
            )
            opinions |= {g: replace(opinions[g], by=learnt_by(genres, g)) for g in own}
            replace_opinions(connection, film_id, "model", opinions)
            save_traits(connection, film_id, genres.bundle, prediction.vectors)
            raw = {genre: round(score, 4) for genre, score in prediction.scores.items()}
            log(connection, "predict", film_id, "model", by, after=raw)
            values |= {"correction": policy.version, "case": prediction.case}
        connection.execute(films.update().where(films.c.id == film_id).values(values))

    def _save(self, connection: sa.Connection, entry: Entry) -> None:
        """A movie without its prediction."""
        movie = entry.movie
        digest = None
        if entry.poster is not None:
            digest = save_poster(connection, entry.poster, entry.full_poster)
        save_movie(connection, self.tuning, movie, digest, entry.path, entry.source)
        names = [name for names in movie.genres.values() for name in names]
        names = self.genres.now(connection).spell([*names, *movie.unknown_genres])
        self._save_genres(connection, movie.id, entry.source, names)

    def _save_genres(
        self, connection: sa.Connection, film_id: str, source: Source, names: Sequence[str]
    ) -> None:
        genres = [genre for genre in self.defaults if genre in names]
        if not genres:
            return
        now = time.time()
        opinions = {genre: Opinion(True, time=now) for genre in genres}
        old = replace_opinions(connection, film_id, source, opinions)
        if set(old) != set(genres):
            before, after = {"genres": list(old)}, {"genres": genres}
            log(connection, "genres", film_id, source, before=before, after=after)
        settle(connection, self.tuning.overrides(connection), [film_id])
