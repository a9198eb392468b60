"""What a bundle made of movies is kept, and computed anew where anything changed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from genreel.catalogue import Movie
from genreel.memo import predict_vectors
from genreel.prediction import Prediction
from genreel.predictor import Predictor


class Counter(Predictor):
    """Counts the movies that it is asked for."""

    asked = 0

    def predict_many(self, movies: Sequence[Movie], **settings: object) -> Iterator[Prediction]:  # type: ignore[override]
        self.asked += len(movies)
        return super().predict_many(movies, **settings)  # type: ignore[arg-type]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENREEL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def fast() -> Counter:
    return Counter("fast")


@pytest.fixture
def predictor(fast: Counter, cache: Path) -> Counter:
    fast.asked = 0
    return fast


def ask(predictor: Predictor, movies: Sequence[Movie]) -> list[Prediction]:
    return [prediction for _, prediction in predict_vectors(predictor, movies)]


def test_the_second_answer_is_the_first(predictor: Counter, movies: list[Movie]) -> None:
    some = movies[:3]
    first = ask(predictor, some)
    second = ask(predictor, some)
    assert predictor.asked == 3
    assert [p.thresholds for p in second] == [p.thresholds for p in first]
    for one, other in zip(first, second, strict=True):
        assert replace(one, scores={}) == replace(other, scores={})
        assert list(other.scores.values()) == pytest.approx(list(one.scores.values()), abs=1e-6)
        assert set(one.vectors) == set(other.vectors)
        for name, vector in one.vectors.items():
            assert np.abs(vector - other.vectors[name]).max() < 1e-3
    assert predictor.thresholds((*first[0].missing, "lettering")) == second[0].thresholds


def test_what_changed_is_asked_again(
    predictor: Counter, movies: list[Movie], tmp_path: Path
) -> None:
    poster = tmp_path / "a.jpg"
    sources = [movie.poster for movie in movies if isinstance(movie.poster, Path)]
    shutil.copy(sources[0], poster)
    movie = Movie("a", title="Alba", poster=poster)
    [before] = ask(predictor, [movie])
    shutil.copy(sources[1], poster)
    [after] = ask(predictor, [movie])
    assert after.scores != before.scores
    ask(predictor, [replace(movie, title="Marsh")])
    assert predictor.asked == 3
    assert ask(predictor, [replace(movie, id="b")])[0].id == "b"  # the same movie elsewhere
    assert predictor.asked == 3


def test_a_failure_is_not_kept(predictor: Counter, tmp_path: Path) -> None:
    movie = Movie("a", title="Alba", poster=tmp_path / "no.jpg")
    for _ in range(2):
        [prediction] = ask(predictor, [movie])
        assert "no.jpg" in str(prediction.error)
    assert predictor.asked == 2


@pytest.mark.parametrize("content", [b"no database at all, " * 99, b""])
def test_a_damaged_file_is_begun_anew(
    predictor: Counter, movies: list[Movie], cache: Path, content: bytes
) -> None:
    ask(predictor, movies[:1])
    [file] = (cache / "vectors").glob("*.db")
    file.write_bytes(content)
    for _ in range(2):
        assert ask(predictor, movies[:1])[0].scores
    assert predictor.asked == 2


def test_without_a_cache_all_is_computed(
    predictor: Counter, movies: list[Movie], cache: Path
) -> None:
    cache.write_text("a file where the folder should be")
    assert ask(predictor, movies[:1])[0].scores
    assert predictor.asked == 1
