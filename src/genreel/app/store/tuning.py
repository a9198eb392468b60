"""How scores become genres: a decision, thresholds that a person applied, what reviews taught."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
import sqlalchemy as sa

from genreel.app.store.correction import UNKNOWN, Correction, Raw, Review, decade
from genreel.app.store.database import Database, get_setting, set_setting
from genreel.app.store.decide import count_changes, model_decides, settle
from genreel.app.store.decide import verdict as verdict_of_model
from genreel.app.store.events import log
from genreel.app.store.genres import GenresOfStore
from genreel.app.store.opinions import Policy, opinions_of_model, raw_opinions
from genreel.app.store.schema import corrections, decisions, films, opinions
from genreel.calibration import BALANCED, DECISIONS, CaseThresholds
from genreel.decade import decade_years
from genreel.errors import StoreDamaged
from genreel.thresholds import promised_threshold

RESCORED_AT_ONCE = 500
"""Films whose scores change in one transaction: a fraction of a second."""

MAX_ATTEMPTS = 20
"""Attempts to learn that are kept."""

_RESCORE = (
    opinions.update()
    .where(
        opinions.c.film == sa.bindparam("of"),
        opinions.c.genre == sa.bindparam("about"),
        opinions.c.source == "model",
    )
    .values(
        score=sa.bindparam("new"),
        threshold=sa.bindparam("limit"),
        raw_threshold=sa.bindparam("own"),
        likeliest=sa.bindparam("main"),
        verdict=sa.bindparam("yes"),
    )
)


class Tuning:
    """Thresholds and corrections of a store.

    Args:
        database: the store's.
        genres: the store's.
        by_case: the bundle's thresholds of every decision.
    """

    def __init__(self, database: Database, genres: GenresOfStore, by_case: CaseThresholds) -> None:
        self.database = database
        self.genres = genres
        self.by_case = by_case

    @property
    def defaults(self) -> dict[str, float]:
        """Genre → its threshold, of a film whose case is not known; see `Genres.thresholds`."""
        return self.genres.now().thresholds

    def begin(self, decide: str) -> None:
        """Keeps how a new store decides; one that has films goes on as it did."""
        with self.database.writing() as connection:
            if not get_setting(connection, "decide", ""):
                is_new = connection.execute(sa.select(films.c.id).limit(1)).first() is None
                set_setting(connection, "decide", decide if is_new else BALANCED)

    def decision(self, connection: sa.Connection | None = None) -> str:
        """Which of `calibration.DECISIONS` is in use."""
        with self._reading(connection) as reading:
            decide: str = get_setting(reading, "decide", BALANCED)
        if decide not in DECISIONS:
            raise StoreDamaged("the store is damaged (setting 'decide'); put back a copy")
        return decide

    def policy(self, connection: sa.Connection) -> Policy:
        """How scores become genres, inside a transaction."""
        version, correction = self.correction(connection)
        overrides = self.overrides(connection)
        genres = self.genres.now(connection)
        return Policy(
            self.decision(connection),
            overrides,
            version,
            correction,
            genres.parents,
            genres.hidden,
        )

    def own_thresholds(self, case: str, decide: str) -> Mapping[str, float]:
        """Genre → the bundle's threshold for films of a case; empty where it has no such case."""
        return self.by_case.get(decide, {}).get(case, {})

    def decide(self, decide: str) -> None:
        """Takes a decision for all films, in place of the thresholds that a person applied to
        genres; a person's word about a film stays.

        Args:
            decide: one of `calibration.DECISIONS`.
        """
        with self.database.writing() as connection:
            before = {
                "decide": self.decision(connection),
                "thresholds": self.overrides(connection),
            }
            after = {"decide": decide, "thresholds": {}}
            if before == after:
                return
            self.use_decision(connection, decide, {})
            log(connection, "decide", None, "person", before=before, after=after)
        self.rescore()

    def use_decision(
        self, connection: sa.Connection, decide: str, overrides: Mapping[str, float]
    ) -> None:
        """Takes a decision inside a transaction; films follow with `rescore`."""
        set_setting(connection, "decide", decide)
        set_setting(connection, "thresholds", dict(overrides))
        connection.execute(films.update().values(correction="stale"))

    def overrides(self, connection: sa.Connection | None = None) -> dict[str, float]:
        """Genre → threshold, for the genres to which a person applied one."""
        with self._reading(connection) as reading:
            overrides = get_setting(reading, "thresholds", {})
        if not all(isinstance(value, int | float) for value in overrides.values()):
            raise StoreDamaged("the store is damaged (setting 'thresholds'); put back a copy")
        return dict(overrides)

    def thresholds(self) -> dict[str, float]:
        """Genre → the score from which the model assigns it to a film with poster and plot."""
        return {**self.defaults, **self.overrides()}

    def apply_thresholds(self, thresholds: Mapping[str, float]) -> int:
        """Applies thresholds to all films; returns how many changed. A person's word stays.

        Args:
            thresholds: genre → threshold in [0, 1]; other genres keep theirs.
        """
        with self.database.writing() as connection:
            before = self.overrides(connection)
            new = {g: float(t) for g, t in thresholds.items() if g in self.defaults}
            after = {**before, **new}
            query = count_changes(after, self.decision(connection))
            changes: int = connection.execute(query).scalar_one()
            self.use_thresholds(connection, after)
            log(connection, "thresholds", None, "person", before=before, after=after)
        self.rescore()
        return changes

    def preview_thresholds(self, thresholds: Mapping[str, float]) -> dict[str, Any]:
        """What applying thresholds would do, with nothing written.

        Returns:
            changed: films that would gain or lose a genre. genres: genre → films that would
            have it.
        """
        after, decide = {**self.overrides(), **thresholds}, self.decision()
        model = (
            sa.select(opinions.c.genre, sa.func.count())
            .where(model_decides(), verdict_of_model(after, decide))
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
            changes = connection.execute(count_changes(after, decide)).scalar_one()
        return {"changed": changes, "genres": counts}

    def promised_thresholds(self, precision: float) -> dict[str, float | None]:
        """The lowest threshold of each genre from which reviews show that it is this often right.
        Of one's own genres, which have learnt from these reviews, none.

        Args:
            precision: share of right assignments, in [0, 1].

        Returns:
            genre → threshold in [0, 1]; None where the reviews show none (see
            `genreel.thresholds.by_promise`).
        """
        person = opinions.alias("person")
        query = (
            sa.select(opinions.c.genre, opinions.c.score, person.c.verdict)
            .join(
                person,
                (person.c.film == opinions.c.film)
                & (person.c.genre == opinions.c.genre)
                & (person.c.source == "person"),
            )
            .join(films, films.c.id == opinions.c.film)
            .where(opinions.c.source == "model", films.c.state == "reviewed")
        )
        genres = self.genres.now()
        own = {row.genre for row in genres.own}
        cells: dict[str, list[tuple[float, bool]]] = {g: [] for g in genres.thresholds}
        with self.database.reading() as connection:
            for genre, score, verdict in connection.execute(query):
                cells.get(genre, []).append((score, verdict))
        thresholds = {}
        for genre, pairs in cells.items():
            if genre in own:
                pairs = []
            scores, right = np.array(pairs, np.float64).reshape(-1, 2).T
            thresholds[genre] = promised_threshold(right, scores, precision)
        return thresholds

    def use_thresholds(self, connection: sa.Connection, overrides: Mapping[str, float]) -> None:
        """Applies thresholds inside a transaction."""
        set_setting(connection, "thresholds", dict(overrides))
        verdict = verdict_of_model(overrides, self.decision(connection))
        changes = (opinions.c.source == "model") & (opinions.c.verdict != verdict)
        connection.execute(opinions.update().where(changes).values(verdict=verdict))
        settle(connection, overrides)
        if self.genres.now(connection).parents:  # films that have one have its parents, too
            connection.execute(films.update().values(correction="stale"))

    def correction(self, connection: sa.Connection | None = None) -> tuple[str, Correction]:
        """What was learnt and is in use: its version, and how it changes scores."""
        with self._reading(connection) as reading:
            version = get_setting(reading, "correction", "")
            query = sa.select(corrections.c.weights).where(corrections.c.version == version)
            try:
                weights = reading.execute(query).scalar_one_or_none()
                return version, Correction.from_json(weights or {})
            except (ValueError, TypeError, KeyError, AttributeError):
                message = f"the store is damaged (correction {version!r}); put back a copy"
                raise StoreDamaged(message) from None

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
            query = sa.select(corrections.c.previous).where(corrections.c.version == now)
            previous = connection.execute(query).scalar_one_or_none() or ""
            self._use(connection, previous)
            set_setting(connection, "learning", False)
        self.rescore()
        return previous

    def note_attempt(self, attempt: Mapping[str, Any]) -> None:
        """Keeps what became of an attempt to learn; the newest of them stay.

        Args:
            attempt: `time`, the figures of `correction.held_out`, `decide`, and `version`, that of
                the correction that was taken; empty: none was.
        """
        with self.database.writing() as connection:
            attempts = get_setting(connection, "attempts", [])
            set_setting(connection, "attempts", [dict(attempt), *attempts][:MAX_ATTEMPTS])

    def attempts(self) -> list[dict[str, Any]]:
        """What was tried to learn, the newest first; see `note_attempt`."""
        with self.database.reading() as connection:
            return list(get_setting(connection, "attempts", []))

    def list_corrections(self) -> list[dict[str, Any]]:
        """All corrections without their weights, the newest first."""
        columns = [column for column in corrections.c if column.name != "weights"]
        query = sa.select(*columns).order_by(corrections.c.time.desc())
        with self.database.reading() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

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
        policy = self.policy(connection)
        query = sa.select(films.c.id, films.c.year, films.c.case)
        query = query.where(films.c.correction != policy.version).limit(RESCORED_AT_ONCE)
        stale = {film: (year, case) for film, year, case in connection.execute(query)}
        if not stale:
            return False
        rows = []
        for film, (raw, thresholds) in raw_opinions(connection, stale).items():
            year, case = stale[film]
            thresholds |= self.own_thresholds(case, policy.decide)
            new = opinions_of_model(raw, thresholds, year, policy)
            rows += [
                {
                    "of": film,
                    "about": genre,
                    "new": opinion.score,
                    "limit": opinion.threshold,
                    "own": opinion.raw_threshold,
                    "main": opinion.likeliest,
                    "yes": opinion.verdict,
                }
                for genre, opinion in new.items()
            ]
        if rows:
            connection.execute(_RESCORE, rows)
        is_stale = films.c.id.in_(stale)
        connection.execute(films.update().where(is_stale).values(correction=policy.version))
        settle(connection, policy.overrides, list(stale))
        return True

    def reviews(self) -> list[Review]:
        """What people decided about films that the model has scored: what there is to learn of the
        bundle's genres. Those of one's own learn by themselves; see `lessons`.

        Those of films that somebody looked at one by one: what was accepted with others, or said
        of one genre only, would teach the model what it says already.
        """
        model = opinions.alias("model")
        query = (
            sa.select(
                films.c.id,
                films.c.year,
                opinions.c.genre,
                opinions.c.verdict,
                model.c.raw,
                model.c.raw_threshold,
            )
            .join(opinions, opinions.c.film == films.c.id)
            .join(model, (model.c.film == films.c.id) & (model.c.genre == opinions.c.genre))
            .where(
                films.c.state == "reviewed",
                opinions.c.source == "person",
                opinions.c.genre.in_(self.genres.now().defaults),
                model.c.source == "model",
            )
        )
        by_film: dict[str, Review] = {}
        with self.database.reading() as connection:
            for film, year, genre, verdict, raw, raw_threshold in connection.execute(query):
                review = by_film.setdefault(film, Review(year, {}, {}, {}))
                review.raw[genre], review.verdicts[genre] = raw, verdict
                review.thresholds[genre] = raw_threshold
        return list(by_film.values())

    def raw_scores(self, decades: Collection[str]) -> Raw:
        """The model's own scores of all films of some decades."""
        starts = [int(name) for name in decades if name != UNKNOWN]
        is_in = sa.or_(
            *(films.c.year.between(*decade_years(start)) for start in starts), sa.false()
        )
        if UNKNOWN in decades:
            is_in |= films.c.year.is_(None)
        query = (
            sa.select(films.c.year, opinions.c.genre, opinions.c.raw)
            .join(opinions, opinions.c.film == films.c.id)
            .where(opinions.c.source == "model", is_in)
        )
        scores: dict[str, dict[str, list[float]]] = {}
        with self.database.reading() as connection:
            for year, genre, raw in connection.execute(query):
                scores.setdefault(decade(year), {}).setdefault(genre, []).append(raw)
        return scores

    def count_reviews(self) -> int:
        """Films that a person decided."""
        query = sa.select(sa.func.count()).select_from(films).where(films.c.state == "reviewed")
        with self.database.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def is_learning(self) -> bool:
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
            with self.database.reading() as new:
                yield new

    def _use(self, connection: sa.Connection, version: str) -> None:
        before = {"correction": get_setting(connection, "correction", "")}
        set_setting(connection, "correction", version)
        log(connection, "learn", None, "model", before=before, after={"correction": version})
