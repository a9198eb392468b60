"""Which movies train, which choose settings, which measure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from iterstrat.ml_stratifiers import MultilabelStratifiedShuffleSplit

from genreel.catalogue import Movie
from genreel.errors import CatalogueError
from genreel.files import write_whole
from genreel.progress import say
from genreel.vocabulary import Vocabulary

PARTS = ("train", "valid", "test")


@dataclass(frozen=True)
class Split:
    """Ids of the movies of each part; no id is in two."""

    train: tuple[str, ...]
    valid: tuple[str, ...]
    test: tuple[str, ...]

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for name in PARTS:
            ids = getattr(self, name)
            for movie_id in ids:
                if movie_id in seen:
                    raise CatalogueError(f"split: id {movie_id!r} is there twice; keep it once")
                seen.add(movie_id)

    def digest(self) -> str:
        """Names the split, whatever the order of its ids."""
        ids = [sorted(getattr(self, name)) for name in PARTS]
        return hashlib.sha256(json.dumps(ids).encode()).hexdigest()[:16]

    def part(self, name: str, movies: Mapping[str, Movie]) -> list[Movie]:
        """The movies of a part, in its order; CatalogueError if the catalogue lacks some."""
        ids = getattr(self, name)
        absent = [i for i in ids if i not in movies]
        if absent:
            raise CatalogueError(
                f"split: {len(absent)} ids of {name!r} are not in the catalogue, such as "
                f"{absent[0]!r}; give the split that belongs to it"
            )
        return [movies[i] for i in ids]

    def present(self, name: str, movies: Mapping[str, Movie]) -> list[Movie]:
        """The movies of a part that the catalogue has; says on stderr how many it lacks.

        Raises:
            CatalogueError: the catalogue has none of them.
        """
        ids = getattr(self, name)
        found = [movies[i] for i in ids if i in movies]
        if not found:
            raise CatalogueError(
                f"split: none of the {len(ids)} ids of {name!r} is in the catalogue; give the "
                "split that belongs to it"
            )
        if len(found) < len(ids):
            absent = next(i for i in ids if i not in movies)
            say(
                f"split: {len(ids) - len(found)} of {len(ids)} ids of {name!r} are not in the "
                f"catalogue, such as {absent!r}; the rest is measured"
            )
        return found


def read_split(path: Path) -> Split:
    """A split from a JSON file {"train": [ids], "valid": [ids], "test": [ids]}."""
    try:
        table = json.loads(path.read_bytes())
        if not all(isinstance(table[name], list) for name in PARTS):
            raise TypeError
        return Split(**{name: tuple(map(str, table[name])) for name in PARTS})
    except OSError as error:
        raise CatalogueError(f"split {path}: {error.strerror}; check the path") from None
    except (ValueError, KeyError, TypeError):
        raise CatalogueError(
            f'split {path}: expected JSON {{"train": [ids], "valid": [ids], "test": [ids]}}'
        ) from None


def write_split(split: Split, path: Path) -> None:
    """Writes a split as `read_split` reads it."""
    write_whole(path, json.dumps({n: list(getattr(split, n)) for n in PARTS}, indent=0).encode())


def stratified_split(
    movies: Sequence[Movie],
    vocabulary: Vocabulary,
    seed: int,
    valid: float = 0.1,
    test: float = 0.1,
) -> Split:
    """A random split in which every genre keeps its share (Sechidis et al. 2011).

    Args:
        valid, test: shares of the movies, above 0 and together below 1.

    Raises:
        CatalogueError: the shares are wrong, or there are too few movies for them.
    """
    if not (valid > 0 and test > 0 and valid + test < 1):
        raise CatalogueError(
            f"shares valid {valid:g} and test {test:g} leave a part of the split empty; "
            "both must be above 0, their sum below 1"
        )
    if len(movies) < 10:
        raise CatalogueError(f"{len(movies)} movies are too few to split; add movies or a split")
    labels, _ = vocabulary.encode(movie.genres for movie in movies)
    ids = np.array([movie.id for movie in movies])

    def halve(index: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
        splitter = MultilabelStratifiedShuffleSplit(1, test_size=share, random_state=seed)
        rest, taken = next(splitter.split(index, labels[index]))
        if not (len(rest) and len(taken)):  # so few movies that every genre wants them elsewhere
            shuffled = np.random.default_rng(seed).permutation(len(index))
            taken, rest = np.split(shuffled, [max(1, round(share * len(index)))])
        return index[rest], index[taken]

    rest, tested = halve(np.arange(len(movies)), test)
    trained, validated = halve(rest, valid / (1 - test))
    if not (len(trained) and len(validated) and len(tested)):
        raise CatalogueError(
            f"{len(movies)} movies leave a part of the split empty; add movies or give a split"
        )
    return Split(*(tuple(map(str, ids[part])) for part in (trained, validated, tested)))
