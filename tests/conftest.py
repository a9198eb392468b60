"""Tiny bundles made by the lab itself, films of our own, and no network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from genreel.catalogue import Catalogue, Movie
from genreel.lab.recipe import load_recipe
from genreel.lab.splits import Split
from genreel.lab.train import train
from genreel.predictor import Predictor

SAMPLES = Path(__file__).parent.parent / "samples"

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
    """The sample films in three."""
    ids = [movie.id for movie in movies]
    return Split(tuple(ids[:17]), tuple(ids[17:23]), tuple(ids[23:]))


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory, split: Split) -> Path:
    """The fast recipe at tiny settings with random weights, trained on the samples."""
    out = tmp_path_factory.mktemp("bundles") / "tiny"
    train(load_recipe("fast", TINY), Catalogue(SAMPLES), out, split=split)
    return out


@pytest.fixture(scope="session")
def words_bundle(tmp_path_factory: pytest.TempPathFactory, split: Split) -> Path:
    """The words recipe trained on the samples: no poster wanted."""
    out = tmp_path_factory.mktemp("bundles") / "words"
    overrides = [setting for setting in TINY if "min_count" in setting]
    train(load_recipe("words", overrides), Catalogue(SAMPLES), out, split=split)
    return out


@pytest.fixture(scope="session")
def tiny(tiny_bundle: Path) -> Predictor:
    """A predictor with the tiny bundle."""
    return Predictor(tiny_bundle)


@pytest.fixture(scope="session")
def words(words_bundle: Path) -> Predictor:
    """A predictor with the words bundle."""
    return Predictor(words_bundle)
