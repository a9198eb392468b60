"""Tiny bundles, movies of our own, and no network."""

from __future__ import annotations

import os

# Workers share the cores: a thread each, here and in every process that a test starts.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bundles import write_tiny, write_words

from genreel.catalogue import Catalogue, Movie
from genreel.predictor import Predictor

if TYPE_CHECKING:
    from genreel.lab.splits import Split

SAMPLES = Path(__file__).parent.parent / "samples"

# Folders of tests that need an extra: the library that shows whether it is installed.
EXTRAS = {"lab": "torch", "app": "fastapi"}

# The fast recipe, small enough to train in seconds on the samples.
TINY = (
    "features.plot.min_count=1",
    "features.title.min_count=1",
    "features.decade.min_count=1",
    "features.poster.height=48",
    "features.poster.width=32",
    'towers.poster.name="small_backbone"',
    'towers.poster.weights="random"',
    "training.epochs=1",
    "training.batch_size=4",
)


def reason(extra: str) -> str:
    return f"the extra {extra!r} is not installed; pip install 'genreel[{extra}]'"


class SkippedFolder(pytest.Dir):
    """A folder of tests whose extra is not installed."""

    def collect(self) -> Iterator[pytest.Item]:
        pytest.skip(reason(self.path.name))


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Skips a whole folder, with one line, before its files import what is not there."""
    library = EXTRAS.get(path.name) if path.parent == Path(__file__).parent else None
    if library is None or find_spec(library):
        return None
    return SkippedFolder.from_parent(parent, path=path)


@pytest.fixture(scope="session")
def lab() -> None:
    """Skips a test outside `tests/lab` that needs the lab."""
    pytest.importorskip("torch", reason=reason("lab"))


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
def split(lab: None, movies: list[Movie]) -> Split:
    """The sample movies in three."""
    from genreel.lab.splits import Split

    ids = [movie.id for movie in movies]
    return Split(tuple(ids[:17]), tuple(ids[17:23]), tuple(ids[23:]))


@pytest.fixture(scope="session")
def trained_bundle(tmp_path_factory: pytest.TempPathFactory, split: Split) -> Path:
    """The fast recipe at tiny settings with random weights, trained by the lab on the samples."""
    import small_backbone  # noqa: F401 — timm learns of it

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
