"""Tiny bundles, movies of our own, and no network."""

from __future__ import annotations

import os

# Workers share the cores: a thread each, here and in every process that a test starts.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bundles import write_tiny, write_words

from genreel.catalogue import Catalogue, Movie
from genreel.predictor import Predictor

if TYPE_CHECKING:
    from genreel.lab.splits import Split

SAMPLES = Path(__file__).parent.parent / "samples"
NO_LAB = "the lab is not installed; pip install 'genreel[lab]'"

# The fast recipe, small enough to train in seconds on the samples.
TINY = (
    "features.plot.min_count=1",
    "features.title.min_count=1",
    "features.decade.min_count=1",
    "features.poster.height=48",
    "features.poster.width=32",
    'towers.poster.name="test_efficientnet"',
    'towers.poster.weights="random"',
    "training.epochs=1",
    "training.batch_size=4",
)


@pytest.fixture(autouse=True, scope="session")
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing of the user's is read or written."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENREEL_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("NO_COLOR", "1")
        yield


@pytest.fixture(scope="session")
def data() -> Path:
    """Real films, where they are beside the project."""
    folder = Path(os.environ.get("GENREEL_DATA", "../shared/data"))
    if not (folder / "movies" / "movies.csv").is_file():
        pytest.skip(f"no real films at {folder}; set GENREEL_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def movies() -> list[Movie]:
    """The sample films."""
    return list(Catalogue(SAMPLES))


@pytest.fixture(scope="session")
def split(movies: list[Movie]) -> Split:
    """The sample movies in three."""
    from genreel.lab.splits import Split

    ids = [movie.id for movie in movies]
    return Split(tuple(ids[:17]), tuple(ids[17:23]), tuple(ids[23:]))


@pytest.fixture(scope="session")
def trained_bundle(tmp_path_factory: pytest.TempPathFactory, split: Split) -> Path:
    """The fast recipe at tiny settings with random weights, trained by the lab on the samples."""
    pytest.importorskip("torch", reason=NO_LAB)
    from genreel.lab.recipe import load_recipe
    from genreel.lab.train import train

    out = tmp_path_factory.mktemp("trained") / "tiny"
    train(load_recipe("fast", TINY), Catalogue(SAMPLES), out, split=split)
    return out


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory, movies: list[Movie]) -> Path:
    """Reads poster, plot, title and year; made without the lab."""
    out = tmp_path_factory.mktemp("bundles") / "tiny"
    write_tiny(out, movies[:17])
    return out


@pytest.fixture(scope="session")
def words_bundle(tmp_path_factory: pytest.TempPathFactory, movies: list[Movie]) -> Path:
    """Reads plot, title and year; made without the lab."""
    out = tmp_path_factory.mktemp("bundles") / "words"
    write_words(out, movies[:17])
    return out


@pytest.fixture(scope="session")
def tiny(tiny_bundle: Path) -> Predictor:
    """A predictor with the tiny bundle."""
    return Predictor(tiny_bundle)


@pytest.fixture(scope="session")
def words(words_bundle: Path) -> Predictor:
    """A predictor with the words bundle."""
    return Predictor(words_bundle)
