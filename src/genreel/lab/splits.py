"""Splits: which movies train, which choose settings (valid), which measure (test)."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from iterstrat.ml_stratifiers import MultilabelStratifiedShuffleSplit

from genreel.catalogue import Movie
from genreel.decade import decade_of
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
        ids: set[str] = set()
        for name in PARTS:
            for movie_id in getattr(self, name):
                if movie_id in ids:
                    raise CatalogueError(f"split: id {movie_id!r} is there twice; keep it once")
                ids.add(movie_id)

    def digest(self) -> str:
        """A digest of the split that does not depend on the order of its ids."""
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
        present = [movies[i] for i in ids if i in movies]
        if not present:
            raise CatalogueError(
                f"split: none of the {len(ids)} ids of {name!r} is in the catalogue; give the "
                "split that belongs to it"
            )
        if len(present) < len(ids):
            absent = next(i for i in ids if i not in movies)
            say(
                f"split: {len(ids) - len(present)} of {len(ids)} ids of {name!r} are not in the "
                f"catalogue, such as {absent!r}; the rest is measured"
            )
        return present


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


def with_genres(movies: Iterable[Movie]) -> list[Movie]:
    """The movies that have genres; says on stderr which genres are not known.

    Raises:
        CatalogueError: no movie is left, as genreel knows none of the genres.
    """
    movies = list(movies)
    rest = [movie for movie in movies if movie.genres]
    if counts := unknown_names(movies):
        bare = sum(not movie.genres for movie in movies if movie.unknown_genres)
        line = (
            f"unknown genres {most_common(counts)} are left out; {bare:,} of {len(movies):,} "
            "movies have no other: learn them with --genres, or rename them with genreel import "
            "--names FILE"
        )
        if not rest:
            raise CatalogueError(line)
        say(line)
    return rest


def unknown_names(movies: Iterable[Movie]) -> Counter[str]:
    """Names that are no genre's, and how many movies have each."""
    return Counter(name for movie in movies for name in movie.unknown_genres)


def names_outside(movies: Iterable[Movie], genres: Collection[str]) -> Counter[str]:
    """Genres that are none of `genres`, and how many movies have each."""
    counts: Counter[str] = Counter()
    for movie in movies:
        names = dict.fromkeys(name for names in movie.genres.values() for name in names)
        counts.update(name for name in names if name not in genres)
    return counts


def most_common(counts: Counter[str]) -> str:
    """The most common names, with the numbers of their movies, and how many names are left."""
    names = ", ".join(
        f"{name!r} ({count:,} movie{'s' * (count > 1)})" for name, count in counts.most_common(5)
    )
    return names + (f" and {len(counts) - 5} more" if len(counts) > 5 else "")


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
    _check_shares(valid, test)
    if len(movies) < 10:
        raise CatalogueError(f"{len(movies)} movies are too few to split; add movies or a split")
    labels, _ = vocabulary.encode(movie.genres for movie in movies)
    return _split_of(movies, *_three_parts(labels, valid, test, seed))


def decade_split(
    movies: Sequence[Movie],
    vocabulary: Vocabulary,
    seed: int,
    decades: Collection[int],
    valid: float = 0.1,
    trained_on: Collection[int] = (),
) -> Split:
    """Tests on movies of some decades and trains on the others, stratified by genre.

    Args:
        decades: those that are tested, as their first years: 1970, 1980, …
        valid: share of the movies that are not tested, above 0 and below 1.
        trained_on: decades of the other parts; empty: all others. Movies without a year, and
            those of further decades, are in no part.

    Raises:
        CatalogueError: the share is wrong, or a part stays empty.
    """
    if not 0 < valid < 1:
        raise CatalogueError(f"share valid {valid:g} is not between 0 and 1; choose another")
    starts = [decade_of(movie.year) for movie in movies]
    test_part = np.array([i for i, start in enumerate(starts) if start in decades], int)
    others = [
        i
        for i, start in enumerate(starts)
        if start is not None and start not in decades and (not trained_on or start in trained_on)
    ]
    if len(others) < 10 or not len(test_part):
        raise CatalogueError(
            f"{len(test_part)} movies of the tested decades and {len(others)} others are too few "
            "to split; choose other decades"
        )
    labels, _ = vocabulary.encode(movie.genres for movie in movies)
    train_part, valid_part = _halve(labels, np.array(others), valid, seed)
    return _split_of(movies, train_part, valid_part, test_part)


def group_split(
    movies: Sequence[Movie],
    vocabulary: Vocabulary,
    seed: int,
    valid: float = 0.1,
    test: float = 0.1,
    *,
    groups: Sequence[Iterable[Hashable]],
) -> Split:
    """A stratified split in which no group is in two parts; the shares hold only roughly.

    Args:
        valid, test: as of `stratified_split`.
        groups: for each movie, its keys (see `groups_of`).

    Raises:
        CatalogueError: as `stratified_split`.
    """
    _check_shares(valid, test)
    numbers = _group_numbers(groups)
    _, first, group = np.unique(numbers, return_index=True, return_inverse=True)
    if len(first) < 10:
        raise CatalogueError(f"{len(first)} groups are too few to split; add movies or a split")
    labels, _ = vocabulary.encode(movie.genres for movie in movies)
    together = np.zeros((len(first), labels.shape[1]), labels.dtype)
    np.maximum.at(together, group, labels)
    parts = _three_parts(together, valid, test, seed)
    return _split_of(movies, *(np.flatnonzero(np.isin(group, part)) for part in parts))


def groups_of(
    movies: Sequence[Movie], alike: Iterable[tuple[str, str]] = ()
) -> list[list[Hashable]]:
    """What puts movies into one group: title and year, the column `group`, the same picture.

    Args:
        movies: their column `group` in `extra`, where they have one, names a franchise.
        alike: ids of two movies with nearly the same poster, as `genreel clean` finds them.
    """
    pictures: dict[str, list[Hashable]] = {}
    for one, other in alike:
        for movie_id in (one, other):
            pictures.setdefault(movie_id, []).append(("picture", other))
    return [
        [
            *([("film", movie.title.casefold(), movie.year)] if movie.title else []),
            *([("group", movie.extra["group"])] if movie.extra.get("group") else []),
            *pictures.get(movie.id, ()),
            ("id", movie.id),
        ]
        for movie in movies
    ]


def column_split(movies: Iterable[Movie]) -> Split:
    """The split of the catalogue's column `split`; CatalogueError where a part is empty."""
    parts: dict[str, list[str]] = {name: [] for name in PARTS}
    for movie in movies:
        if movie.split in parts:
            parts[movie.split].append(movie.id)
    if not all(parts.values()):
        empty = next(name for name in PARTS if not parts[name])
        raise CatalogueError(f"no movie's column split says {empty!r}; fill it in or give shares")
    return Split(**{name: tuple(ids) for name, ids in parts.items()})


def _check_shares(valid: float, test: float) -> None:
    if not (valid > 0 and test > 0 and valid + test < 1):
        raise CatalogueError(
            f"shares valid {valid:g} and test {test:g} leave a part of the split empty; "
            "both must be above 0, their sum below 1"
        )


def _halve(
    labels: np.ndarray, index: np.ndarray, share: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Splits positions in two so that each label keeps its share (see `stratified_split`).

    Args:
        labels: shape (n, genres).
        index: positions to split, shape (m,).
        share: of the second part, in (0, 1).
        seed: of the draws.

    Returns:
        The positions that stay, and the others.
    """
    splitter = MultilabelStratifiedShuffleSplit(1, test_size=share, random_state=seed)
    rest, part = next(splitter.split(index, labels[index]))
    if not (len(rest) and len(part)):  # with so few movies, all may fall into one part
        order = np.random.default_rng(seed).permutation(len(index))
        part, rest = np.split(order, [max(1, round(share * len(index)))])
    return index[rest], index[part]


def _three_parts(
    labels: np.ndarray, valid: float, test: float, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions of train, valid and test; the arguments are those of `stratified_split`."""
    rest, test_part = _halve(labels, np.arange(len(labels)), test, seed)
    train_part, valid_part = _halve(labels, rest, valid / (1 - test), seed)
    return train_part, valid_part, test_part


def _split_of(movies: Sequence[Movie], *parts: np.ndarray) -> Split:
    if not all(len(part) for part in parts):
        raise CatalogueError(
            f"{len(movies)} movies leave a part of the split empty; add movies or give a split"
        )
    return Split(*(tuple(movies[i].id for i in part) for part in parts))


def _group_numbers(groups: Sequence[Iterable[Hashable]]) -> np.ndarray:
    """Number of each movie's group, shape (n,): movies that share something, or each share
    something with a third, are in one group (union-find).
    """
    parent: dict[Hashable, Hashable] = {}

    def root(of: Hashable) -> Hashable:
        while parent.setdefault(of, of) != of:
            parent[of] = of = parent[parent[of]]
        return of

    keys = [list(group) for group in groups]
    for first, *others in keys:
        for other in others:
            parent[root(other)] = root(first)
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(root(first), len(numbers)) for first, *_ in keys])
