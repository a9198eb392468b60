"""What a bundle made of movies, kept on disk, so that a movie that did not change is read once."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from genreel.catalogue import INPUTS, Movie
from genreel.features import Array
from genreel.paths import cache_folder
from genreel.prediction import Prediction
from genreel.predictor import Predictor

_WINDOW = 512  # movies that are looked up, predicted and kept together


def predict_vectors(
    predictor: Predictor, movies: Iterable[Movie], language: str = ""
) -> Iterator[tuple[Movie, Prediction]]:
    """Movies with their predictions and `Prediction.vectors`, in order and in constant memory.

    Those of movies that were asked before come from a file of the cache, vectors in float16. It
    holds no text; without it, as on a disk that is full, everything is computed.

    Args:
        predictor: that predicts.
        movies: a stream; a poster in memory is read anew each time.
        language: of all plots, as in `predict_many`.
    """
    stream = iter(movies)
    with contextlib.closing(_Memo(predictor, language)) as memo:
        while window := list(itertools.islice(stream, _WINDOW)):
            predictions = memo.find(window)
            rest = [movie for movie, one in zip(window, predictions, strict=True) if one is None]
            new = predictor.predict_many(rest, language=language, vectors=True)
            for i, movie in enumerate(window):
                yield movie, predictions[i] or memo.add(movie, next(new))


class _Memo:
    """The predictions of one bundle in a file of SQLite."""

    def __init__(self, predictor: Predictor, language: str) -> None:
        self._predictor = predictor
        self._language = language
        identity = str(predictor.bundle.config.get("sha256"))
        self._database: sqlite3.Connection | None = None
        with contextlib.suppress(OSError, sqlite3.Error):
            path = cache_folder() / "vectors" / f"{identity[:16]}.db"
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = _open(path)

    def find(self, movies: Sequence[Movie]) -> list[Prediction | None]:
        """What is kept of each movie; None where nothing is."""
        return [self._find(movie) for movie in movies]

    def _find(self, movie: Movie) -> Prediction | None:
        key = self._key(movie)
        with contextlib.suppress(sqlite3.Error, ValueError, KeyError, TypeError):
            query = "SELECT facts, scores, plot, poster FROM movies WHERE key = ?"
            row = self._database and self._database.execute(query, [key]).fetchone()
            return self._parse(movie.id, row) if row else None
        return None

    def _parse(self, movie_id: str, row: tuple[str, bytes, bytes, bytes]) -> Prediction:
        facts = json.loads(row[0])
        scores = np.frombuffer(row[1], np.float32).tolist()
        vectors = {
            name: np.frombuffer(data, np.float16).astype(np.float32)
            for name, data in zip(("plot", "poster"), row[2:], strict=True)
            if data
        }
        return Prediction(
            movie_id,
            dict(zip(self._predictor.genres, scores, strict=True)),
            tuple(facts["genres"]),
            tuple(facts["missing"]),
            thresholds=facts["thresholds"],
            language=facts["language"],
            vectors=vectors,
        )

    def add(self, movie: Movie, prediction: Prediction) -> Prediction:
        """Keeps a prediction, unless it failed in part."""
        facts = {
            "genres": prediction.genres,
            "missing": prediction.missing,
            "language": prediction.language,
            "thresholds": dict(prediction.thresholds),
        }
        if prediction.scores and not prediction.error and self._database:
            row = (
                self._key(movie),
                json.dumps(facts),
                np.array([*prediction.scores.values()], np.float32).tobytes(),
                _bytes(prediction.vectors.get("plot")),
                _bytes(prediction.vectors.get("poster")),
            )
            with contextlib.suppress(sqlite3.Error):
                self._database.execute("INSERT OR REPLACE INTO movies VALUES (?, ?, ?, ?, ?)", row)
        return prediction

    def _key(self, movie: Movie) -> bytes:
        """A hash of all that a prediction depends on."""
        values: list[object] = [getattr(movie, name) for name in INPUTS[1:]]
        values += [self._language or movie.language, movie.lettering and movie.lettering.to_json()]
        if isinstance(movie.poster, Path):
            with contextlib.suppress(OSError):
                status = movie.poster.stat()
                values += [str(movie.poster.absolute()), status.st_size, status.st_mtime_ns]
        elif movie.poster is not None:
            data = movie.poster if isinstance(movie.poster, bytes) else movie.poster.tobytes()
            values.append(hashlib.sha256(data).hexdigest())
        text = json.dumps(values)
        return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()

    def close(self) -> None:
        """Writes what was added."""
        if self._database:
            with contextlib.suppress(sqlite3.Error):
                self._database.commit()
            self._database.close()


def _open(path: Path) -> sqlite3.Connection:
    """The file, made if need be; a damaged one is begun anew."""
    for attempt in ("first", "anew"):
        database = sqlite3.connect(path, timeout=5)
        try:
            database.execute(
                "CREATE TABLE IF NOT EXISTS movies "
                "(key BLOB PRIMARY KEY, facts TEXT, scores BLOB, plot BLOB, poster BLOB)"
            )
            return database
        except sqlite3.DatabaseError as error:
            database.close()
            if attempt == "anew" or isinstance(error, sqlite3.OperationalError):
                raise
            path.unlink()
    raise sqlite3.OperationalError(f"{path} cannot be opened")


def _bytes(vector: Array | None) -> bytes:
    return b"" if vector is None else vector.astype(np.float16).tobytes()
