"""How scores become genres: thresholds that a person applied, and what was learnt from reviews."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
import sqlalchemy as sa

from genreel.app.correction import UNKNOWN, Correction, Raw, Review, decade
from genreel.app.database import Database, get_setting, set_setting
from genreel.app.decide import flipped, model_decides, settle, threshold
from genreel.app.journal import log
from genreel.app.schema import corrections, decisions, films, opinions
from genreel.decade import decade_years
from genreel.thresholds import promised_threshold

RESCORED_AT_ONCE = 500
"""Films whose scores change in one transaction: a fraction of a second."""


class Tuning:
    """Thresholds and corrections of a store.

    Args:
        database: the store's.
        defaults: genre → the bundle's threshold, where none was applied.
    """

    def __init__(self, database: Database, defaults: Mapping[str, float]) -> None:
        self.database = database
        self.defaults = dict(defaults)

    def applied(self, connection: sa.Connection | None = None) -> dict[str, float]:
        """Genre → threshold, for the genres to which a person applied one."""
        with self._reading(connection) as reading:
            return dict(get_setting(reading, "thresholds", {}))

    def thresholds(self) -> dict[str, float]:
        """Genre → the score from which the model assigns it to a film with poster and plot."""
        return {**self.defaults, **self.applied()}

    def apply_thresholds(self, thresholds: Mapping[str, float]) -> int:
        """Applies thresholds to all films; returns how many changed. A person's word stays.

        Args:
            thresholds: genre → threshold in [0, 1]; other genres keep theirs.
        """
        with self.database.writing() as connection:
            before = self.applied(connection)
            given = {g: float(t) for g, t in thresholds.items() if g in self.defaults}
            after = {**before, **given}
            changed: int = connection.execute(flipped(after)).scalar_one()
            self.use_thresholds(connection, after)
            log(connection, "thresholds", None, "person", before=before, after=after)
            return changed

    def preview_thresholds(self, thresholds: Mapping[str, float]) -> dict[str, Any]:
        """What applying thresholds would do, with nothing written.

        Returns:
            changed: films that would gain or lose a genre. genres: genre → films that would
            have it.
        """
        after = {**self.applied(), **thresholds}
        model = (
            sa.select(opinions.c.genre, sa.func.count())
            .where(model_decides(), opinions.c.score >= threshold(after))
            .group_by(opinions.c.genre)
        )
        others = (
            sa.select(decisions.c.genre, sa.func.count())
            .where(decisions.c.source != "model")
            .group_by(decisions.c.genre)
        )
        with self.database.reading() as connection:
            counts = dict.fromkeys(self.defaults, 0)
            for genre, count in [*connection.execute(model), *connection.execute(others)]:
                if genre in counts:
                    counts[genre] += count
            changed = connection.execute(flipped(after)).scalar_one()
        return {"changed": changed, "genres": counts}

    def promised(self, precision: float) -> dict[str, float | None]:
        """The lowest threshold of each genre from which reviews show that it is so often right.

        Args:
            precision: share of right assignments, in [0, 1].

        Returns:
            genre → threshold in [0, 1]; None where the reviews show none (see
            `genreel.thresholds.by_promise`).
        """
        person = opinions.alias("person")
        chosen = (
            sa.select(opinions.c.genre, opinions.c.score, person.c.verdict)
            .join(
                person,
                (person.c.film == opinions.c.film)
                & (person.c.genre == opinions.c.genre)
                & (person.c.source == "person"),
            )
            .where(opinions.c.source == "model")
        )
        cells: dict[str, list[tuple[float, bool]]] = {genre: [] for genre in self.defaults}
        with self.database.reading() as connection:
            for genre, score, verdict in connection.execute(chosen):
                cells.get(genre, []).append((score, verdict))
        found = {}
        for genre, pairs in cells.items():
            scores, right = np.array(pairs, np.float64).reshape(-1, 2).T
            found[genre] = promised_threshold(right, scores, precision)
        return found

    def use_thresholds(self, connection: sa.Connection, applied: Mapping[str, float]) -> None:
        """Applies thresholds inside a transaction."""
        set_setting(connection, "thresholds", dict(applied))
        verdict = opinions.c.score >= threshold(applied)
        changed = (opinions.c.source == "model") & (opinions.c.verdict != verdict)
        connection.execute(opinions.update().where(changed).values(verdict=verdict))
        settle(connection, applied)

    def correction(self, connection: sa.Connection | None = None) -> tuple[str, Correction]:
        """What was learnt and is in use: its version, and how it changes scores."""
        with self._reading(connection) as reading:
            version = get_setting(reading, "correction", "")
            chosen = sa.select(corrections.c.weights).where(corrections.c.version == version)
            weights = reading.execute(chosen).scalar_one_or_none()
        return version, Correction.from_json(weights or {})

    def save_correction(self, correction: Correction, figures: Mapping[str, Any]) -> str:
        """Takes a new correction into use; returns its version. All scores follow."""
        with self.database.writing() as connection:
            # The newest is the last one, even where the clock was put back.
            last = connection.execute(sa.select(sa.func.max(corrections.c.time))).scalar_one()
            now = max(time.time(), (last or 0.0) + 0.001)
            previous = get_setting(connection, "correction", "")
            weights = correction.to_json()
            version = hashlib.sha256(f"{now}{weights}".encode()).hexdigest()[:12]
            connection.execute(
                corrections.insert().values(
                    version=version,
                    time=now,
                    previous=previous,
                    weights=weights,
                    figures=dict(figures),
                )
            )
            self._use(connection, version)
        self.rescore()
        return version

    def go_back(self) -> str:
        """Takes the correction before the present one into use; returns its version ("" for
        none), and stops learning by itself, or it would learn the same again.
        """
        with self.database.writing() as connection:
            now = get_setting(connection, "correction", "")
            chosen = sa.select(corrections.c.previous).where(corrections.c.version == now)
            previous = connection.execute(chosen).scalar_one_or_none() or ""
            self._use(connection, previous)
            set_setting(connection, "learning", False)
        self.rescore()
        return previous

    def learnt(self) -> list[dict[str, Any]]:
        """All corrections without their weights, the newest first."""
        columns = [column for column in corrections.c if column.name != "weights"]
        chosen = sa.select(*columns).order_by(corrections.c.time.desc())
        with self.database.reading() as connection:
            return [dict(row) for row in connection.execute(chosen).mappings()]

    def rescore(self) -> None:
        """Brings scores that another correction made up to date, some films at a time, so that
        nobody's review waits long. One that was interrupted goes on when the store is opened.
        """
        while True:
            with self.database.writing() as connection:
                if not self.rescore_some(connection):
                    return

    def rescore_some(self, connection: sa.Connection) -> bool:
        """Brings some films up to date inside a transaction; False where all are."""
        learnt, correction = self.correction(connection)
        stale = sa.select(films.c.id, films.c.year).where(films.c.correction != learnt)
        found = connection.execute(stale.limit(RESCORED_AT_ONCE)).all()
        years: dict[str, int | None] = dict(found)
        if not years:
            return False
        applied = self.applied(connection)
        of_model = (opinions.c.source == "model") & opinions.c.film.in_(years)
        raw: dict[str, dict[str, float]] = {}
        own: dict[str, dict[str, float]] = {}
        for row in connection.execute(sa.select(opinions).where(of_model)).mappings():
            raw.setdefault(row["film"], {})[row["genre"]] = row["raw"]
            own.setdefault(row["film"], {})[row["genre"]] = row["raw_threshold"]
        rows = []
        for film, year in years.items():
            scores = correction.scores(raw.get(film, {}), year)
            limits = correction.thresholds(own.get(film, {}), year)
            rows += [
                {
                    **{"of": film, "about": genre, "new": score, "limit": limits[genre]},
                    "yes": score >= applied.get(genre, limits[genre]),
                }
                for genre, score in scores.items()
            ]
        if rows:
            update = (
                opinions.update()
                .where(
                    opinions.c.film == sa.bindparam("of"),
                    opinions.c.genre == sa.bindparam("about"),
                    opinions.c.source == "model",
                )
                .values(
                    score=sa.bindparam("new"),
                    threshold=sa.bindparam("limit"),
                    verdict=sa.bindparam("yes"),
                )
            )
            connection.execute(update, rows)
        changed = films.update().where(films.c.id.in_(years)).values(correction=learnt)
        connection.execute(changed)
        settle(connection, applied, list(years))
        return True

    def reviews(self) -> list[Review]:
        """What people decided about films that the model has scored: what there is to learn."""
        model = opinions.alias("model")
        chosen = (
            sa.select(
                *(films.c.id, films.c.year, opinions.c.genre, opinions.c.verdict),
                *(model.c.raw, model.c.raw_threshold),
            )
            .join(opinions, opinions.c.film == films.c.id)
            .join(model, (model.c.film == films.c.id) & (model.c.genre == opinions.c.genre))
            .where(opinions.c.source == "person", model.c.source == "model")
        )
        found: dict[str, Review] = {}
        with self.database.reading() as connection:
            for film, year, genre, verdict, raw, threshold_of_film in connection.execute(chosen):
                review = found.setdefault(film, Review(year, {}, {}, {}))
                review.raw[genre], review.verdicts[genre] = raw, verdict
                review.thresholds[genre] = threshold_of_film
        return list(found.values())

    def raw_scores(self, decades: Collection[str]) -> Raw:
        """The model's own scores of all films of some decades."""
        first = [int(name) for name in decades if name != UNKNOWN]
        there = sa.or_(*(films.c.year.between(*decade_years(start)) for start in first), sa.false())
        if UNKNOWN in decades:
            there |= films.c.year.is_(None)
        chosen = (
            sa.select(films.c.year, opinions.c.genre, opinions.c.raw)
            .join(opinions, opinions.c.film == films.c.id)
            .where(opinions.c.source == "model", there)
        )
        found: dict[str, dict[str, list[float]]] = {}
        with self.database.reading() as connection:
            for year, genre, raw in connection.execute(chosen):
                found.setdefault(decade(year), {}).setdefault(genre, []).append(raw)
        return found

    def count_reviews(self) -> int:
        """Films that a person decided."""
        chosen = sa.select(sa.func.count()).select_from(films).where(films.c.state == "reviewed")
        with self.database.reading() as connection:
            return int(connection.execute(chosen).scalar_one())

    def learning(self) -> bool:
        """Whether reviews are learnt from without being asked."""
        with self.database.reading() as connection:
            return bool(get_setting(connection, "learning", True))

    def set_learning(self, on: bool) -> None:
        """Switches learning by itself on or off."""
        with self.database.writing() as connection:
            set_setting(connection, "learning", on)

    @contextlib.contextmanager
    def _reading(self, connection: sa.Connection | None) -> Iterator[sa.Connection]:
        """The transaction that is open, or one of its own."""
        if connection is not None:
            yield connection
        else:
            with self.database.reading() as own:
                yield own

    def _use(self, connection: sa.Connection, version: str) -> None:
        before = {"correction": get_setting(connection, "correction", "")}
        set_setting(connection, "correction", version)
        log(connection, "learn", None, "model", before=before, after={"correction": version})
