"""The reviewed catalogue: films, what everybody says about their genres, and all that happened.

The rules, which no method breaks: the first source of SOURCES that has an opinion about a genre
decides it, so a person always wins and what a person rejected stays rejected; a source that found
nothing changes nothing; every change is an event, and a person's can be undone.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from genreel.app.store.database import Database
from genreel.app.store.decide import settle
from genreel.app.store.events import log, standing
from genreel.app.store.film import Film, Opinion, film_from_row
from genreel.app.store.schema import decisions, events, films, opinions, posters
from genreel.app.store.tuning import Tuning
from genreel.catalogue import Movie
from genreel.errors import Conflict, StoreError, UnknownFilm
from genreel.predictor import Prediction

Source = Literal["file", "lookup"]


class Store:
    """A reviewed catalogue in a database.

    Several servers may use one PostgreSQL; several processes of one machine one SQLite file. A
    method that returns has its change safely on disk.

    Args:
        url: "sqlite:///films.db", "postgresql://user:password@host/name", or a path.
        thresholds: genre → the score from which the model assigns it, where none were applied.

    Raises:
        StoreError: it cannot be opened, or a newer genreel has been at it.
    """

    def __init__(self, url: str, thresholds: Mapping[str, float]) -> None:
        self.defaults = dict(thresholds)
        self.database = Database(url)
        self.tuning = Tuning(self.database, thresholds)
        self.tuning.rescore()

    def close(self) -> None:
        """Lets go of the database."""
        self.database.close()

    # Films

    def film(self, film_id: str) -> Film:
        """One film with all opinions; raises UnknownFilm."""
        with self.database.reading() as connection:
            return self._film(connection, film_id)

    def by_path(self, path: str) -> Film | None:
        """The film whose poster's file is called `path`, if there is one alone."""
        chosen = sa.select(films.c.id).where(films.c.path == path).limit(2)
        with self.database.reading() as connection:
            found = list(connection.execute(chosen).scalars()) if path else []
            return self._film(connection, found[0]) if len(found) == 1 else None

    def poster(self, digest: str) -> bytes | None:
        """The JPEG of a poster, if the store has it."""
        with self.database.reading() as connection:
            found = sa.select(posters.c.data).where(posters.c.digest == digest)
            return connection.execute(found).scalar_one_or_none()

    def save(
        self,
        movie: Movie,
        *,
        poster: bytes | None = None,
        path: str = "",
        source: Source = "file",
    ) -> Film:
        """Adds a film, or completes one that is there: what is not given stays as it was.

        Args:
            movie: its id, title, year, plot and genres; its `poster` is not looked at.
            poster: a JPEG that was re-encoded by us.
            path: the file the poster came from.
            source: where the genres come from. Text that a person wrote stays as it is.
        """
        given: dict[str, Any] = {
            "title": movie.title,
            "year": movie.year,
            "plot": movie.plot,
            "poster": None if poster is None else hashlib.sha256(poster).hexdigest(),
            "path": path,
        }
        given = {name: value for name, value in given.items() if value not in ("", None)}
        with self.database.writing() as connection:
            if poster is not None:
                self._save_poster(connection, given["poster"], poster)
            before = self._row(connection, movie.id, lock=True)
            if before is None:
                row = {"id": movie.id, "added": time.time(), "problem": movie.problem, **given}
                connection.execute(films.insert().values(row))
                log(connection, "add", movie.id, source, after=given)
            else:
                typed = self._typed(connection, movie.id)
                changed = {
                    name: value
                    for name, value in given.items()
                    if before[name] != value and name not in typed
                }
                if changed:
                    self._edit(connection, before, changed, source)
            names = [name for named in movie.genres.values() for name in named]
            self._save_genres(connection, movie.id, source, names)
            return self._film(connection, movie.id)

    def edit(self, film_id: str, changes: Mapping[str, Any], version: int | None = None) -> Film:
        """A person's edit of title, year or plot.

        Args:
            version: the film's, as the person saw it; None to not ask.

        Raises:
            UnknownFilm, Conflict: somebody else changed it since.
        """
        allowed = {name: changes[name] for name in ("title", "year", "plot") if name in changes}
        with self.database.writing() as connection:
            before = self._expect(connection, film_id, version)
            changed = {n: value for n, value in allowed.items() if before[n] != value}
            if changed:
                self._edit(connection, before, changed, "person")
            return self._film(connection, film_id)

    def delete(self, film_id: str, version: int | None = None) -> None:
        """Forgets a film; its events stay. Raises UnknownFilm, Conflict."""
        with self.database.writing() as connection:
            before = dict(self._expect(connection, film_id, version))
            connection.execute(films.delete().where(films.c.id == film_id))
            kept = {name: before[name] for name in ("title", "year", "plot", "path")}
            log(connection, "delete", film_id, "person", before=kept)
            used = sa.select(films.c.poster).where(films.c.poster == before["poster"])
            if before["poster"] and connection.execute(used).first() is None:
                connection.execute(posters.delete().where(posters.c.digest == before["poster"]))

    # Opinions

    def save_prediction(
        self,
        film_id: str,
        prediction: Prediction,
        version: str,
        thresholds: Mapping[str, float] | None = None,
    ) -> Film:
        """What the model says; a prediction without scores only notes its error.

        Args:
            prediction: with the model's own scores.
            version: of the bundle.
            thresholds: the model's, for what the film came with; None: the store's.
        """
        with self.database.writing() as connection:
            before = self._expect(connection, film_id, None)
            problem = prediction.error or ""
            if before["problem"] != problem:
                changed = films.update().where(films.c.id == film_id).values(problem=problem)
                connection.execute(changed)
            if prediction.scores:
                now = time.time()
                learnt, correction = self.tuning.correction(connection)
                own = {**self.defaults, **(thresholds or {})}
                scores = correction.scores(prediction.scores, before["year"])
                limits = correction.thresholds(own, before["year"])
                applied = self.tuning.applied(connection)
                rows = {
                    g: Opinion(
                        scores[g] >= applied.get(g, limits[g]),
                        *(scores[g], raw, limits[g], own[g]),
                        *(version, now),
                    )
                    for g, raw in prediction.scores.items()
                }
                self._replace(connection, film_id, "model", rows)
                after = {genre: round(raw, 4) for genre, raw in prediction.scores.items()}
                log(connection, "predict", film_id, "model", version, after=after)
                made = films.update().where(films.c.id == film_id).values(correction=learnt)
                connection.execute(made)
                settle(connection, applied, [film_id])
            return self._film(connection, film_id)

    def save_genres(self, film_id: str, source: Source, names: Sequence[str]) -> Film:
        """What a file or a lookup names; nothing found changes nothing. Raises UnknownFilm."""
        with self.database.writing() as connection:
            self._expect(connection, film_id, None)
            self._save_genres(connection, film_id, source, names)
            return self._film(connection, film_id)

    def review(
        self, film_id: str, genres: Iterable[str], version: int | None = None, who: str = ""
    ) -> Film:
        """A person's decision about all genres: those named are there, all others are not.

        Args:
            version: the film's, as the person saw it; None to not ask.
            who: the person, if known.

        Raises:
            UnknownFilm, Conflict: somebody else changed it since.
            StoreError: a genre that is not one of the store's.
        """
        chosen = set(genres)
        if chosen - set(self.defaults):
            unknown = ", ".join(sorted(chosen - set(self.defaults)))
            raise StoreError(f"unknown genre {unknown}; the model tells {', '.join(self.defaults)}")
        with self.database.writing() as connection:
            before = self._expect(connection, film_id, version)
            now = time.time()
            rows = {g: Opinion(g in chosen, version=who, time=now) for g in self.defaults}
            old = self._replace(connection, film_id, "person", rows)
            self._bump(connection, before, state="reviewed")
            was = {"state": before["state"], "genres": old}
            now_is = {"state": "reviewed", "genres": {g: g in chosen for g in self.defaults}}
            log(connection, "review", film_id, "person", who, before=was, after=now_is)
            settle(connection, self.tuning.applied(connection), [film_id])
            return self._film(connection, film_id)

    def skip(self, film_id: str, version: int | None = None) -> Film:
        """Leaves a film for later. Raises UnknownFilm, Conflict."""
        with self.database.writing() as connection:
            before = self._expect(connection, film_id, version)
            if before["state"] == "new":
                self._bump(connection, before, state="skipped")
                was, now_is = {"state": "new"}, {"state": "skipped"}
                log(connection, "skip", film_id, "person", before=was, after=now_is)
            return self._film(connection, film_id)

    # What happened

    def history(self, film_id: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
        """Events, the newest first: of one film, or of the whole store."""
        chosen = sa.select(events).order_by(events.c.id.desc()).limit(limit)
        if film_id is not None:
            chosen = chosen.where(events.c.film == film_id)
        with self.database.reading() as connection:
            return [dict(row) for row in connection.execute(chosen).mappings()]

    def undo(self, film_id: str | None = None) -> dict[str, Any] | None:
        """Takes back a person's last change that was not yet taken back.

        Args:
            film_id: of this film alone; None: of any.

        Returns:
            The event that was undone, or None where there is nothing to undo.
        """
        with self.database.writing() as connection:
            last = (
                sa.select(events)
                .where(
                    events.c.source == "person",
                    events.c.kind.in_(("review", "skip", "edit", "thresholds")),
                    standing(),
                )
                .order_by(events.c.id.desc())
                .limit(1)
            )
            if film_id is not None:
                last = last.where(events.c.film == film_id)
            event = connection.execute(last).mappings().first()
            if event is None:
                return None
            self._take_back(connection, event)
            was, now_is = event["after"], event["before"]
            log(
                connection,
                "undo",
                event["film"],
                "person",
                before=was,
                after=now_is,
                undoes=event["id"],
            )
            return dict(event)

    def _take_back(self, connection: sa.Connection, event: Mapping[Any, Any]) -> None:
        before = dict(event["before"] or {})
        if event["kind"] == "thresholds":
            self.tuning.use_thresholds(connection, before)
            return
        row = self._row(connection, event["film"], lock=True)
        if row is None:  # deleted since; there is nothing to give back
            return
        if event["kind"] == "review":
            now = time.time()
            old = {g: Opinion(verdict, time=now) for g, verdict in before.pop("genres").items()}
            self._replace(connection, row["id"], "person", old)
        self._bump(connection, row, **before)
        settle(connection, self.tuning.applied(connection), [row["id"]])

    # Inside a transaction

    def _row(
        self, connection: sa.Connection, film_id: str | None, lock: bool = False
    ) -> Mapping[Any, Any] | None:
        chosen = sa.select(films).where(films.c.id == film_id)
        if lock:  # SQLite needs none: its writers come one after the other
            chosen = chosen.with_for_update()
        return connection.execute(chosen).mappings().first()

    def _expect(
        self, connection: sa.Connection, film_id: str, version: int | None
    ) -> Mapping[Any, Any]:
        row = self._row(connection, film_id, lock=True)
        if row is None:
            raise UnknownFilm(film_id)
        if version is not None and row["version"] != version:
            raise Conflict(f"{film_id[:80]!r} was changed by somebody else; look at it again")
        return row

    def _film(self, connection: sa.Connection, film_id: str) -> Film:
        row = self._row(connection, film_id)
        if row is None:
            raise UnknownFilm(film_id)
        chosen = sa.select(opinions).where(opinions.c.film == film_id)
        said: dict[str, dict[str, Opinion]] = {}
        for opinion in connection.execute(chosen).mappings():
            said.setdefault(opinion["genre"], {})[opinion["source"]] = Opinion(
                *(opinion[own.name] for own in fields(Opinion))
            )
        decided = sa.select(decisions.c.genre).where(decisions.c.film == film_id)
        genres = set(connection.execute(decided).scalars())
        film = film_from_row(row, self._sorted(genres), said)
        surest = sorted(film.genres, key=lambda genre: -(film.score(genre) or 0))
        return replace(film, genres=tuple(surest))

    def _sorted(self, genres: set[str]) -> tuple[str, ...]:
        return tuple(genre for genre in self.defaults if genre in genres)

    def _save_poster(self, connection: sa.Connection, digest: str, data: bytes) -> None:
        row = {"digest": digest, "data": data}
        # The same poster may arrive twice, at two servers, at the same moment.
        if connection.dialect.name == "postgresql":
            connection.execute(postgresql.insert(posters).values(row).on_conflict_do_nothing())
        else:
            connection.execute(sqlite.insert(posters).values(row).on_conflict_do_nothing())

    def _edit(
        self,
        connection: sa.Connection,
        before: Mapping[Any, Any],
        changed: Mapping[str, Any],
        source: str,
    ) -> None:
        self._bump(connection, before, **changed)
        old = {name: before[name] for name in changed}
        log(connection, "edit", before["id"], source, before=old, after=dict(changed))

    def _typed(self, connection: sa.Connection, film_id: str) -> set[str]:
        """Which fields of a film a person wrote."""
        chosen = sa.select(events.c.after).where(
            events.c.film == film_id,
            events.c.kind == "edit",
            events.c.source == "person",
            standing(),
        )
        return {name for after in connection.execute(chosen).scalars() for name in after}

    def _save_genres(
        self, connection: sa.Connection, film_id: str, source: Source, names: Sequence[str]
    ) -> None:
        known = [genre for genre in self.defaults if genre in names]
        if not known:
            return
        now = time.time()
        rows = {genre: Opinion(True, time=now) for genre in known}
        old = self._replace(connection, film_id, source, rows)
        if set(old) != set(known):
            was, now_is = {"genres": list(old)}, {"genres": known}
            log(connection, "genres", film_id, source, before=was, after=now_is)
        settle(connection, self.tuning.applied(connection), [film_id])

    def _replace(
        self,
        connection: sa.Connection,
        film_id: str,
        source: str,
        rows: Mapping[str, Opinion],
    ) -> dict[str, bool]:
        """Puts a source's opinions in place of its older ones, whose verdicts are returned."""
        own = (opinions.c.film == film_id) & (opinions.c.source == source)
        old = connection.execute(sa.select(opinions.c.genre, opinions.c.verdict).where(own))
        before: dict[str, bool] = dict(old.all())
        connection.execute(opinions.delete().where(own))
        if rows:
            values = [
                {"film": film_id, "genre": genre, "source": source, **asdict(opinion)}
                for genre, opinion in rows.items()
            ]
            connection.execute(opinions.insert(), values)
        return before

    def _bump(self, connection: sa.Connection, row: Mapping[Any, Any], **values: Any) -> None:
        version = row["version"] + 1
        changed = films.update().where(films.c.id == row["id"])
        if "year" in values:  # what was learnt may be another for another decade
            values["correction"] = "stale"
        connection.execute(changed.values(version=version, **values))
        if "year" in values:
            self.tuning.rescore_some(connection)
