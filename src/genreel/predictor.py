"""Predicts genres with a bundle."""

from __future__ import annotations

import functools
import itertools
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from genreel.bundle import Bundle, open_bundle
from genreel.calibration import BALANCED, decision
from genreel.cases import SENSES, SHOWABLE, case_name
from genreel.catalogue import INPUTS, LETTERING, Movie, movie_from_record
from genreel.cores import cores
from genreel.errors import InputError, VocabularyError
from genreel.evidence import has_evidence, nothing_to_go_by
from genreel.features import Array
from genreel.graph import Graph
from genreel.language import language_code
from genreel.posters import Limits, PosterSource
from genreel.prediction import Prediction
from genreel.readers import Decodes, Readers
from genreel.scorer import Outputs, Scorer
from genreel.why import Why, explain

BATCH_SIZE = 3
"""Small enough that activations stay in the core's cache and little of a batch is padding."""

LIGHT = 60
"""A batch holds this many times more movies when none of them needs a network."""

_CHARACTERS = 400
"""Characters of plot that cost a sentence encoder as much as a poster costs."""


_LONG = 1000
"""Characters of plot that count as one more movie, so that batches of books stay small."""


class Predictor:
    """A bundle, ready to predict.

    Args:
        bundle: a bundle's folder, the name of one that came with the package, or a `Bundle`.
        threads: how many decode posters and run the graph; None: one for each core.
        limits: what a poster may cost; None: the default of `Limits`.

    Attributes:
        inputs: those of INPUTS that the bundle reads.
        reads: the same, and LETTERING where it reads that.

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
            self.bundle, graph = bundle, Graph(bundle.model)
        else:
            self.bundle, graph = open_bundle(bundle, Graph)
        self.threads = threads or cores()
        features = self.bundle.features
        for feature in features.values():
            feature.limits = limits or feature.limits
        self.inputs = tuple(i for i in INPUTS if any(f.input == i for f in features.values()))
        self.reads = tuple(n for n in SHOWABLE if any(f.input == n for f in features.values()))
        self._scorer = Scorer(self.bundle, graph)
        self.readers = Readers(features, self.bundle.languages)
        self._text_length = max((feature.text_length for feature in features.values()), default=0)
        self._window = _WINDOW if self._text_length else 2 * LIGHT if "plot" in self.inputs else 1

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of those that it reads plots in: its own, and with an extra those of that sense."""
        return self.readers.languages

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres that it can tell, in the order of `scores`."""
        return self.bundle.vocabulary.genres

    def thresholds(
        self, missing: Collection[str] = (LETTERING,), decide: str = BALANCED
    ) -> dict[str, float]:
        """Genre → the score from which it is assigned to a movie that lacks `missing`, some of
        INPUTS and LETTERING.
        """
        # To a bundle that does not use an input, no movie has it; headlines are lettering, too.
        readers = self.readers.awake.values()
        senses = {f.sense for f in readers if not {f.input, f.sense} & {*missing}}
        present = np.array([[name in senses for name in SENSES]])
        limits = self._scorer.rules.thresholds(present, decision(decide))
        return dict(zip(self.genres, limits[0].tolist(), strict=True))

    def predict(
        self,
        poster: PosterSource | None = None,
        plot: str = "",
        title: str = "",
        year: int | None = None,
        *,
        language: str = "",
        threshold: float | None = None,
        decide: str = BALANCED,
        explain: bool = False,
    ) -> Prediction:
        """Predicts one movie from any of its inputs.

        Args:
            poster: a path, the bytes of an image file, or a PIL image.
            plot, title: text. A plot that is surely in a language that the bundle does not read
                (see `Bundle.languages`) counts as missing, and the prediction's `error` says so.
            year: of release.
            language: of the plot, a code or a name; empty: as the plot tells.
            threshold: one threshold in [0, 1] for all genres instead of the bundle's.
            decide: one of DECISIONS: which of the bundle's thresholds.
            explain: say `why`, for the genres that are assigned, or for the one with the highest
                score if none is.

        Raises:
            InputError: none of the inputs can be used, or tells anything: a year, unknown words.
        """
        record = {"id": _default_id(poster, title), "plot": plot, "title": title, "year": year}
        movie = movie_from_record(record, "movie")
        source = Path(poster) if isinstance(poster, str) else poster
        [movie] = self.readers.readable([replace(movie, poster=source)], language_code(language))
        [prediction] = self._predict_together([movie], threshold, decision(decide))
        if not prediction.scores:
            raise InputError(prediction.error or "")
        return replace(prediction, why=self._why(movie, prediction)) if explain else prediction

    def predict_many(
        self,
        movies: Iterable[Movie | Mapping[str, Any]],
        *,
        batch_size: int = BATCH_SIZE,
        language: str = "",
        threshold: float | None = None,
        decide: str = BALANCED,
        explain: bool = False,
        vectors: bool = False,
    ) -> Iterator[Prediction]:
        """Predicts a stream of movies, in order and in constant memory.

        Args:
            movies: Movies, or mappings with the keys of a catalogue's columns.
            batch_size: movies with a poster in a run of the graph; LIGHT times as many without.
            language, threshold, decide: as in `predict`; a movie's own language counts without.
            explain: as in `predict`; takes about a second a movie instead of a hundredth.
            vectors: give `Prediction.vectors`, too; loads the graph a second time, once.

        Yields:
            One Prediction per movie; where nothing can be predicted, it has an `error`.

        Raises:
            InputError: there is no such language, or decision.
        """
        language, decide = language_code(language), decision(decide)
        # Threads decode posters while the graph runs; short queues keep memory flat.
        decode_queue: deque[tuple[_Numbered, Decodes]] = deque()
        graph_queue: deque[tuple[_Numbered, Callable[[], _Run]]] = deque()
        predictions: dict[int, Prediction] = {}  # by number of movie, until their turn comes
        turn = 0

        def advance(decoding: int = 0, running: int = 0) -> None:
            """Goes on until no more batches than these are left on the way."""
            while len(decode_queue) > decoding:
                batch, decodes = decode_queue.popleft()
                # In the pool this never waits for a poster that is not begun: those came before.
                work = functools.partial(self._run, [m for _, m in batch], decodes, vectors)
                result = work if self._is_light(decodes) else pool.submit(work).result
                graph_queue.append((batch, result))
            while len(graph_queue) > running:
                batch, run = graph_queue.popleft()
                numbers, some = zip(*batch, strict=True)
                results = self._predictions(some, run(), threshold, decide, explain)
                predictions.update(zip(numbers, results, strict=True))

        with ThreadPoolExecutor(self.threads) as pool:
            for batch in self._batches(_stream(movies), max(1, batch_size), language):
                decodes = self.readers.start([movie for _, movie in batch], pool)
                decode_queue.append((batch, decodes))
                advance(*((0, 0) if self._is_light(decodes) else (_AHEAD, self.threads)))
                while turn in predictions:
                    yield predictions.pop(turn)
                    turn += 1
            advance()
            yield from (predictions[number] for number in sorted(predictions))

    def _is_light(self, decodes: Decodes) -> bool:
        """Whether a batch has nothing slow: threads would only take turns with Python's lock."""
        return not self._text_length and not any(decodes)

    def vectors(
        self, movies: Iterable[Movie | Mapping[str, Any]], *, language: str = ""
    ) -> Iterator[Mapping[str, Array]]:
        """`Prediction.vectors` of a stream of movies, in order; see `predict_many`."""
        stream = self.predict_many(movies, language=language, vectors=True)
        return (prediction.vectors for prediction in stream)

    def predict_batch(self, movies: Sequence[Movie], decide: str = BALANCED) -> list[Prediction]:
        """Predicts a few movies in one run of the graph, in the caller's own thread.

        For callers that are threads themselves, such as a server's. A stream of movies is faster
        with `predict_many`, which decodes posters ahead.

        Args:
            movies: held in memory together.
            decide: one of DECISIONS.

        Returns:
            One Prediction per movie, in order; where nothing can be predicted, it has an `error`.
        """
        movies = self.readers.readable(movies)
        return self._predict_together(movies, None, decision(decide)) if movies else []

    def explain(self, movie: Movie, genres: Sequence[str] | None = None) -> dict[str, Why]:
        """Which words and areas spoke for a genre, measured by taking them away.

        Args:
            movie: what to explain.
            genres: some of the bundle's; None: all.

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
        [movie] = self.readers.readable([movie])
        names = self.readers.names(movie)
        features, threads = self.bundle.features, self.threads
        reasons = explain(self.scores, features, self.genres, movie, threads, names)
        return {genre: reasons[genre] for genre in (self.genres if genres is None else genres)}

    def scores(self, arrays: Mapping[str, Array]) -> Array:
        """Calibrated scores in [0, 1], shape (n, genres), for arrays of `features.collate`.

        Raises:
            BundleError: the graph does not fit features and genres, takes too much memory, or
                gives what is no probability.
        """
        return self._scorer.run(arrays).scores

    def load(self) -> None:
        """Loads all of the graph now; otherwise its parts are loaded when a movie first needs them.

        Raises:
            BundleError: it cannot be loaded.
        """
        self._scorer.graph.load()

    def _batches(
        self, movies: Iterable[Movie], size: int, language: str = ""
    ) -> Iterator[_Numbered]:
        """Movies with their numbers and the plots that the bundle can read, in batches that cost
        about the same; within a window, movies are sorted by the length of their plots.
        """
        stream, start = iter(movies), 0
        batch: _Numbered = []
        room = size * LIGHT
        while window := list(itertools.islice(stream, size * self._window)):
            pairs = list(enumerate(self.readers.readable(window, language), start))
            start += len(window)
            if self._window > 1:
                pairs.sort(key=lambda pair: len(pair[1].plot))
            for number, movie in pairs:
                cost = self._cost(movie)
                if batch and room < cost:
                    yield batch
                    batch, room = [], size * LIGHT
                batch.append((number, movie))
                room -= cost
        if batch:
            yield batch

    def _cost(self, movie: Movie) -> int:
        """Time that the graph takes for a movie, where one that needs no network takes 1."""
        plot_cost = min(len(movie.plot), self._text_length) * LIGHT // _CHARACTERS
        length = len(movie.plot) // _LONG
        return max(1, plot_cost, length, LIGHT if self.readers.is_slow(movie) else 1)

    def _run(
        self, movies: Sequence[Movie], decodes: Decodes | None = None, vectors: bool = False
    ) -> _Run:
        rows, problems = self.readers.read(movies, decodes)
        return _Run(problems, self._scorer.score(rows, vectors))

    def _predict_together(
        self, movies: Sequence[Movie], threshold: float | None, decide: str
    ) -> list[Prediction]:
        return list(self._predictions(movies, self._run(movies), threshold, decide))

    def _predictions(
        self,
        movies: Sequence[Movie],
        run: _Run,
        threshold: float | None,
        decide: str,
        explain: bool = False,
    ) -> Iterator[Prediction]:
        names, present, scores = self.genres, run.outputs.present, run.outputs.scores
        # Arithmetic over the whole batch: for one movie at a time it would cost more than a plot.
        own = self._scorer.rules.thresholds(present, decide)
        limits = own if threshold is None else np.full(scores.shape, threshold)
        decisions = scores >= limits
        # The likeliest first, and behind all of them those that are not assigned.
        ranking = np.argsort(np.where(decisions, -scores, 1), axis=1, kind="stable").tolist()
        counts = decisions.sum(axis=1).tolist()
        has_sense = map(tuple, present.astype(bool).tolist())
        by_senses: dict[tuple[bool, ...], _Had] = {}
        rows = zip(movies, scores.tolist(), has_sense, strict=True)
        for i, (movie, values, key) in enumerate(rows):
            if key not in by_senses:
                by_senses[key] = self._had(key, dict(zip(names, limits[i].tolist(), strict=True)))
            had = by_senses[key]
            error = "; ".join(run.problems[i]) or None
            language = movie.language or None
            if not has_evidence(movie, had.senses, self.bundle.features.values()):
                error = error or nothing_to_go_by(movie, self.inputs, had.missing)
                yield Prediction(movie.id, missing=had.missing, error=error, language=language)
                continue
            genres = tuple([names[g] for g in ranking[i][: counts[i]]])
            by_genre = dict(zip(names, values, strict=True))
            prediction = Prediction(
                movie.id,
                by_genre,
                genres,
                had.missing,
                error,
                thresholds=had.thresholds,
                case=had.case,
                language=language,
                decide=decide if threshold is None else "threshold",
                vectors={k: rows[i] for k, rows in run.outputs.vectors.items() if rows[i].any()},
            )
            if explain:
                prediction = replace(prediction, why=self._why(movie, prediction))
            yield prediction

    def _had(self, key: tuple[bool, ...], thresholds: Mapping[str, float]) -> _Had:
        """What movies with these senses have in common."""
        senses = frozenset(name for name, has in zip(SENSES, key, strict=True) if has)
        usable = {f.input for f in self.bundle.features.values() if f.sense in senses}
        missing = tuple(n for n in self.inputs if n not in usable)
        return _Had(senses, missing, thresholds, case_name(key))

    def _why(self, movie: Movie, prediction: Prediction) -> dict[str, Why]:
        highest = [label["label"] for label in prediction.labels(top_k=1)]
        return self.explain(movie, prediction.genres or highest)


class _Run(NamedTuple):
    """Each movie's problems, and what the graph says of all."""

    problems: Sequence[Sequence[str]]
    outputs: Outputs


@dataclass(frozen=True)
class _Had:
    """The senses of a movie, the inputs that it lacks, the thresholds of its case and its name."""

    senses: frozenset[str]
    missing: tuple[str, ...]
    thresholds: Mapping[str, float]
    case: str


_Numbered = list[tuple[int, Movie]]  # movies with their place in the stream

_AHEAD = 2  # batches that are decoded while one is predicted

_WINDOW = 85
"""Batches whose movies are sorted together by the length of their plots, where the bundle reads
them. In a batch every text costs as much as the longest, which is about three times the mean where
movies come in any order.
"""


def _stream(movies: Iterable[Movie | Mapping[str, Any]]) -> Iterator[Movie]:
    for number, movie in enumerate(movies, 1):
        yield movie if isinstance(movie, Movie) else movie_from_record(movie, f"row {number}")


def _default_id(poster: PosterSource | None, title: str) -> str:
    if isinstance(poster, str | Path):
        return Path(poster).stem
    return title or "movie"
