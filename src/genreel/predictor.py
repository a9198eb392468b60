"""Predicts genres with a bundle."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from genreel.bundle import Bundle, open_bundle
from genreel.catalogue import INPUTS, Movie, movie_from_record
from genreel.errors import BundleError, InputError, VocabularyError
from genreel.features import Array, collate, read_together
from genreel.features.pieces import Pieces
from genreel.graph import load_session, run_session
from genreel.posters import Limits, PosterSource
from genreel.why import Why, explain, why_to_dict

BATCH_SIZE = 3
"""So few that what lies between a network's layers stays near its core, and little is padding."""

LIGHT = 20
"""So many times as many movies make a batch where none has an input that takes a network long."""

_CHARACTERS = 20
"""Of a plot that an encoder reads, so many take it as long as all else of a movie together."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says about one movie: its opinion (`scores`) apart from its decision.

    Attributes:
        id: the movie's.
        scores: genre → probability in [0, 1], each on its own; empty if nothing could be used.
        genres: those whose score reaches their threshold, surest first. None is an answer.
        missing: inputs that the model could have used and did not get.
        error: why the movie, or one of its inputs, could not be used; None where all is well.
            With scores beside it, the other inputs gave the answer.
        why: on request, genre → the words and areas that spoke for it (see `genreel.why`).
    """

    id: str
    scores: Mapping[str, float] = field(default_factory=dict)
    genres: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    error: str | None = None
    why: Mapping[str, Why] | None = None

    def labels(self, top_k: int = 5) -> list[dict[str, Any]]:
        """The `top_k` highest scores as {"label", "score"}, highest first."""
        ranked = sorted(self.scores.items(), key=lambda item: -item[1])
        return [{"label": genre, "score": score} for genre, score in ranked[:top_k]]

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape: id, genres, scores, missing, error; and why, where it was asked for."""
        shape: dict[str, Any] = {
            "id": self.id,
            "genres": list(self.genres),
            "scores": {genre: round(score, 6) for genre, score in self.scores.items()},
            "missing": list(self.missing),
            "error": self.error,
        }
        if self.why is not None:
            shape["why"] = {genre: why_to_dict(why) for genre, why in self.why.items()}
        return shape


class Predictor:
    """A bundle, ready to predict.

    Args:
        bundle: a bundle's folder, the name of one that came with the package, or one that was
            read already.
        threads: that decode posters and run the graph; None: as many as there are cores.
        limits: what a poster may cost.

    Raises:
        BundleError: the bundle cannot be used.
    """

    def __init__(
        self,
        bundle: str | Path | Bundle = "default",
        *,
        threads: int | None = None,
        limits: Limits | None = None,
    ) -> None:
        if isinstance(bundle, Bundle):
            self.bundle, self._session = bundle, load_session(bundle.model)
        else:
            self.bundle, self._session = open_bundle(bundle, load_session)
        self.threads = threads or cores()
        for feature in self.bundle.features.values():
            if limits and hasattr(feature, "limits"):
                feature.limits = limits
        self.inputs = tuple(
            name for name in INPUTS if any(f.input == name for f in self.bundle.features.values())
        )
        self._rules = self.bundle.rules()
        features = self.bundle.features.values()
        self._slow = {name: f for name, f in self.bundle.features.items() if f.slow}
        self._slow_inputs = {feature.input for feature in self._slow.values()}
        # English has about five characters a piece; the encoder reads no more than its length.
        self._read_of_plot = max(
            (5 * f.length for f in features if isinstance(f, Pieces)), default=0
        )
        self._window = _WINDOW if self._read_of_plot else 1

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres it tells apart, in the order of `scores`."""
        return self.bundle.vocabulary.genres

    def thresholds(self, missing: Collection[str] = ()) -> dict[str, float]:
        """Genre → the score from which it is assigned to a movie that lacks `missing`."""
        # An input that the bundle does not use is missing from every movie, as it sees them.
        there = np.array([[name in self.inputs and name not in missing for name in INPUTS]])
        return dict(zip(self.genres, self._rules.thresholds(there)[0].tolist(), strict=True))

    def predict(
        self,
        poster: PosterSource | None = None,
        plot: str = "",
        title: str = "",
        year: int | None = None,
        *,
        threshold: float | None = None,
        explain: bool = False,
    ) -> Prediction:
        """Predicts one movie from whatever is given.

        Args:
            poster: a path, the bytes of an image file, or a PIL image.
            plot, title: English text.
            year: of release.
            threshold: one threshold in [0, 1] for all genres instead of the bundle's.
            explain: say `why`, for the genres that are assigned, or the likeliest if none is.

        Raises:
            InputError: nothing that was given can be used.
        """
        record = {"id": _default_id(poster, title), "plot": plot, "title": title, "year": year}
        movie = movie_from_record(record, "movie")
        source = Path(poster) if isinstance(poster, str) else poster
        movie = Movie(movie.id, movie.title, movie.year, movie.plot, source, problem=movie.problem)
        [prediction] = self._at_once([movie], threshold)
        if not prediction.scores:
            raise InputError(prediction.error or "")
        return replace(prediction, why=self._why(movie, prediction)) if explain else prediction

    def predict_many(
        self,
        movies: Iterable[Movie | Mapping[str, Any]],
        *,
        batch_size: int = BATCH_SIZE,
        threshold: float | None = None,
        explain: bool = False,
    ) -> Iterator[Prediction]:
        """Predicts a stream of movies, in order and in constant memory.

        Args:
            movies: Movies, or mappings with the keys of a catalogue's columns.
            batch_size: movies with a poster per run of the graph, at least 1; of those without,
                LIGHT times as many, or as have so many times 400 characters of plot where a
                sentence encoder reads it.
            threshold: one threshold in [0, 1] for all genres instead of the bundle's.
            explain: as in `predict`; it takes a second a movie rather than a hundredth.

        Yields:
            One Prediction per movie; one that cannot be predicted carries `error`.
        """
        stream = (
            movie if isinstance(movie, Movie) else movie_from_record(movie, f"row {number}")
            for number, movie in enumerate(movies, 1)
        )
        # Threads decode posters ahead of the batch that comes next, and run the graph over batches
        # that are read; no more than these wait, so memory stays flat however slow the consumer is.
        reading: deque[tuple[_Numbered, _Started]] = deque()
        running: deque[tuple[_Numbered, _Read, Future[Array]]] = deque()
        ready: dict[int, Prediction] = {}
        due = 0

        def run_next() -> None:
            batch, started = reading.popleft()
            read = self._read([movie for _, movie in batch], started)
            running.append((batch, read, pool.submit(self.scores, read.arrays)))

        def finish_next() -> None:
            batch, read, scores = running.popleft()
            movies = [movie for _, movie in batch]
            found = self._predictions(movies, read, scores.result(), threshold, explain)
            ready.update((number, one) for (number, _), one in zip(batch, found, strict=True))

        with ThreadPoolExecutor(self.threads) as pool:
            for batch in self._batches(stream, max(1, batch_size)):
                reading.append((batch, self._start([movie for _, movie in batch], pool)))
                if len(reading) > _AHEAD:
                    run_next()
                if len(running) > self.threads:
                    finish_next()
                while due in ready:
                    yield ready.pop(due)
                    due += 1
            while reading:
                run_next()
            while running:
                finish_next()
            yield from (ready[number] for number in sorted(ready))

    def predict_batch(self, movies: Sequence[Movie]) -> list[Prediction]:
        """Predicts movies that are at hand in one run of the graph, in the caller's own thread.

        For callers that are threads themselves, as a server's are; a stream is faster with
        `predict_many`, whose posters are read ahead.

        Args:
            movies: few enough to be held together.

        Returns:
            One Prediction per movie, in order; one that cannot be predicted carries `error`.
        """
        return self._at_once(movies, None) if movies else []

    def explain(self, movie: Movie, genres: Sequence[str] | None = None) -> dict[str, Why]:
        """Which words and areas spoke for each of `genres` (None: all), by taking them away.

        Returns:
            Genre → {"words": [(word, start, end, weight)], "areas": [(left, top, right, bottom,
            weight)]}, the strongest first; see `genreel.why`.

        Raises:
            VocabularyError: the bundle does not know one of `genres`.
        """
        unknown = sorted(set(genres or ()) - set(self.genres))
        if unknown:
            raise VocabularyError(
                f"bundle {self.bundle.name} does not know {unknown[0]!r}; choose one of "
                f"{', '.join(self.genres)}"
            )
        found = explain(self.scores, self.bundle.features, self.genres, movie, self.threads)
        return {genre: found[genre] for genre in (self.genres if genres is None else genres)}

    def scores(self, arrays: Mapping[str, Array]) -> Array:
        """Calibrated scores, shape (n, genres), for arrays that `features.collate` made."""
        try:
            scores = run_session(self._session, arrays)
            scores = scores.reshape(len(arrays["present"]), len(self.genres))
        except Exception as error:  # onnxruntime's exceptions have no common base
            raise BundleError(f"bundle {self.bundle.name}: the graph failed ({error})") from None
        return self._rules.calibrate(scores, arrays["present"])

    def _batches(self, movies: Iterable[Movie], size: int) -> Iterator[_Numbered]:
        """Numbered movies in batches that cost about the same; within `_window` batches those with
        long plots last.
        """
        numbered = enumerate(movies)
        batch: _Numbered = []
        room = size * LIGHT
        while near := list(itertools.islice(numbered, size * self._window)):
            if self._window > 1:
                near.sort(key=lambda pair: len(pair[1].plot))
            for number, movie in near:
                takes = self._cost(movie)
                if batch and room < takes:
                    yield batch
                    batch, room = [], size * LIGHT
                batch.append((number, movie))
                room -= takes
        if batch:
            yield batch

    def _cost(self, movie: Movie) -> int:
        """How long the graph takes over a movie, in the time of one that no network reads."""
        of_plot = min(len(movie.plot), self._read_of_plot) // _CHARACTERS
        return max(1, of_plot, LIGHT if any(map(movie.has, self._slow_inputs)) else 1)

    def _start(self, movies: Sequence[Movie], pool: ThreadPoolExecutor) -> _Started:
        """Has the pool read what is slow to read."""
        slow = self._slow_inputs
        return [
            pool.submit(read_together, self._slow, m) if any(map(m.has, slow)) else None
            for m in movies
        ]

    def read_batch(
        self, movies: Sequence[Movie], started: _Started | None = None
    ) -> tuple[dict[str, list[Any]], list[list[str]]]:
        """Rows per feature (None where missing), and per movie the problems met.

        Args:
            movies: a batch.
            started: what is being read already, by movie.
        """
        if started is None:
            slow = [read_together(self._slow, movie) for movie in movies]
        else:
            slow = [future.result() if future else {} for future in started]
        rows: dict[str, list[Any]] = {}
        problems = [[movie.problem] if movie.problem else [] for movie in movies]
        for name, feature in self.bundle.features.items():
            if name in self._slow:
                rows[name] = [read.get(name) for read in slow]
            else:
                rows[name] = feature.read_many(movies)
            for i, row in enumerate(rows[name]):
                if isinstance(row, InputError):
                    rows[name][i] = None
                    if str(row) not in problems[i]:
                        problems[i].append(str(row))
        return rows, problems

    def _read(self, movies: Sequence[Movie], started: _Started | None) -> _Read:
        rows, problems = self.read_batch(movies, started)
        return _Read(collate(self.bundle.features, rows), problems)

    def _at_once(self, movies: Sequence[Movie], threshold: float | None) -> list[Prediction]:
        read = self._read(movies, None)
        return list(self._predictions(movies, read, self.scores(read.arrays), threshold))

    def _predictions(
        self,
        movies: Sequence[Movie],
        read: _Read,
        scores: Array,
        threshold: float | None,
        explain: bool = False,
    ) -> Iterator[Prediction]:
        names, present = self.genres, read.arrays["present"]
        # Whole-batch arithmetic first: a plot costs so little that a row's share must be small.
        thresholds = self._rules.thresholds(present) if threshold is None else threshold
        chosen = (scores >= thresholds).tolist()
        ranking = np.argsort(-scores, axis=1, kind="stable").tolist()
        there = present.astype(bool).tolist()
        lacking = {name: INPUTS.index(name) for name in self.inputs}
        for i, (movie, values) in enumerate(zip(movies, scores.tolist(), strict=True)):
            missing = tuple(name for name, column in lacking.items() if not there[i][column])
            error = "; ".join(read.problems[i]) or None
            if len(missing) == len(self.inputs):
                nothing = f"nothing to predict from; give a {' or '.join(self.inputs)}"
                yield Prediction(movie.id, missing=missing, error=error or nothing)
                continue
            genres = tuple(names[g] for g in ranking[i] if chosen[i][g])
            by_genre = dict(zip(names, values, strict=True))
            prediction = Prediction(movie.id, by_genre, genres, missing, error)
            if explain:
                prediction = replace(prediction, why=self._why(movie, prediction))
            yield prediction

    def _why(self, movie: Movie, prediction: Prediction) -> dict[str, Why]:
        likeliest = [label["label"] for label in prediction.labels(top_k=1)]
        return self.explain(movie, prediction.genres or likeliest)


@dataclass(frozen=True)
class _Read:
    """A batch that was read: arrays of the graph, and per movie the problems met."""

    arrays: Mapping[str, Array]
    problems: Sequence[Sequence[str]]


_Started = Sequence[Future[dict[str, Any]] | None]
_Numbered = list[tuple[int, Movie]]
_AHEAD = 2  # batches that are decoded while one is predicted
_WINDOW = 85
"""Batches whose movies are sorted by their plots where a sentence encoder reads them: every text of
a batch costs as much as the longest, which in a batch of any movies is some three times the mean.
"""


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _default_id(poster: PosterSource | None, title: str) -> str:
    if isinstance(poster, str | Path):
        return Path(poster).stem
    return title or "movie"
