"""What genres are called elsewhere, and in a person's language: names mapped in and out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from genreel.errors import InputError, VocabularyError
from genreel.formats.xml import clean
from genreel.genre_names import NAMES
from genreel.toml import read_toml
from genreel.vocabulary import GENRES_MMIMDB, TAXONOMIES, TMDB_IDS, known_spelling

if TYPE_CHECKING:
    from genreel.prediction import Prediction

T = TypeVar("T")


@dataclass(frozen=True)
class Names:
    """Renames, merges and drops genre names; a name that it does not know stays as it is.

    Attributes:
        entries: lower-case name → what takes its place; nothing where it is dropped.
    """

    entries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __call__(self, names: Iterable[str]) -> tuple[str, ...]:
        """The names as the other side calls them, each once, in order."""
        new: list[str] = []
        for name in names:
            new += self.entries.get(name.strip().casefold(), (name.strip(),))
        return tuple(dict.fromkeys(name for name in new if name))

    def label(self, genre: str) -> str:
        """What a person reads for one genre; where it is dropped, its own name."""
        return ", ".join(self([genre])) or genre

    def then(self, other: Names) -> Names:
        """First these, then the other's."""
        entries = {name: other(values) for name, values in self.entries.items()}
        return Names({**other.entries, **entries})


def rename(prediction: Prediction, names: Names) -> Prediction:
    """A prediction in other names; of several genres for one name, the highest score counts."""

    def in_names(values: Mapping[str, T]) -> dict[str, T]:
        ranking = sorted(values, key=lambda genre: -prediction.scores.get(genre, 0.0))
        pairs = {name: values[genre] for genre in reversed(ranking) for name in names([genre])}
        return {name: pairs[name] for genre in values for name in names([genre])}

    return replace(
        prediction,
        genres=names(prediction.genres),
        scores=in_names(prediction.scores),
        thresholds=in_names(prediction.thresholds),
        source=in_names(prediction.source),
        why=None if prediction.why is None else in_names(prediction.why),
    )


def spell(
    names: Iterable[str], own: tuple[str, ...] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Those that genreel knows, or that are `own`, in its spelling; and those that it does not."""
    genres: dict[str, None] = {}
    unknown: dict[str, None] = {}
    for name in names:
        spelt = known_spelling(name, own)
        if spelt is None:
            unknown[name] = None
        else:
            genres[spelt] = None
    return tuple(genres), tuple(unknown)


def _table(**names: str | Sequence[str]) -> dict[str, tuple[str, ...]]:
    return {
        name.casefold(): (to,) if isinstance(to, str) else tuple(to) for name, to in names.items()
    }


def _without(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    return {name.casefold(): () for name in names}


# What a source says that is no genre of a movie, and what `spelling` cannot guess.
INTO = {
    "tmdb": Names(
        {str(number): (name,) for name, number in TMDB_IDS.items()}
        | {"foreign": (), "action & adventure": ("Action", "Adventure"), "kids": ("Family",)}
        | {"sci-fi & fantasy": ("Sci-Fi", "Fantasy"), "war & politics": ("War",)}
    ),
    "imdb": Names(_without(("Adult", "Game-Show", "Reality-TV", "Talk-Show"))),
    "movielens": Names(_without(("(no genres listed)", "IMAX", "unknown"))),
    "mixed": Names(),
    "genreel": Names(),
}
"""Taxonomy → its names, on their way in."""


def _outside(taxonomy: str) -> dict[str, tuple[str, ...]]:
    every = {*GENRES_MMIMDB, *TMDB_IDS}
    return _without(every - TAXONOMIES[taxonomy].expresses)


OUT = {
    "genreel": Names(),
    "imdb": Names(_outside("imdb")),
    "tmdb": Names(_outside("tmdb") | {"sci-fi": ("Science Fiction",), "musical": ("Music",)}),
    "movielens": Names(_outside("movielens") | {"family": ("Children",)}),
    # Kodi, Jellyfin and Plex take any name; their scrapers write TMDb's.
    "kodi": Names({"sci-fi": ("Science Fiction",)}),
}
"""Where names go → what genreel's genres are called there; what it cannot say is left out. And
the code of a language → what they are called in it.
"""

OUT |= {
    code: Names({genre.casefold(): (names[0],) for genre, names in table.items()})
    for code, table in NAMES.items()
}

OUT["tmdb-ids"] = OUT["tmdb"].then(
    Names(
        {name.casefold(): (str(number),) for name, number in TMDB_IDS.items()}
        | {"science fiction": (str(TMDB_IDS["Sci-Fi"]),)}
    )
)


def read_names(path: Path) -> Names:
    """A person's own list, from a TOML file with the tables rename, merge and drop.

        [rename]
        "Sci-Fi" = "Science Fiction"          # or several: ["Science", "Fiction"]
        [merge]
        "Dark" = ["Horror", "Film-Noir"]      # both become Dark
        [drop]
        names = ["Short"]

    Raises:
        VocabularyError: it cannot be read, or says two things of one name.
    """
    try:
        table = read_toml(path)
    except OSError as error:
        raise VocabularyError(f"names {path}: {error.strerror}; check the path") from None
    except InputError as error:
        raise VocabularyError(f"names {path}: {error}") from None
    unknown = set(table) - {"rename", "merge", "drop"}
    if unknown:
        raise VocabularyError(
            f"names {path}: unknown table {min(unknown)!r}; use rename, merge, drop"
        )
    entries: dict[str, tuple[str, ...]] = {}
    for name, to in _entries(path, table):
        if entries.setdefault(name.casefold(), to) != to:
            raise VocabularyError(f"names {path}: says two things of {name!r}; keep one")
    return Names(entries)


def _entries(path: Path, table: Mapping[str, Any]) -> Iterable[tuple[str, tuple[str, ...]]]:
    def names(value: Any) -> tuple[str, ...]:
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(n, str) and n for n in values):
            raise VocabularyError(f"names {path}: {str(value)[:40]!r} is no name or list of names")
        for name in values:
            if clean(name) != name:
                raise VocabularyError(f"names {path}: {name[:40]!r} holds a control character")
        return tuple(values)

    try:
        for name, to in table.get("rename", {}).items():
            yield name, names(to)
        for to, sources in table.get("merge", {}).items():
            for name in names(sources):
                yield name, (to,)
        for name in names(table.get("drop", {}).get("names", [])):
            yield name, ()
    except AttributeError:
        raise VocabularyError(
            f"names {path}: rename, merge and drop are tables; see the help"
        ) from None


def find_names(name: str) -> Names:
    """Names on their way out: a key of OUT, or a TOML file of a person's own.

    Raises:
        VocabularyError: it is neither.
    """
    if name in OUT:
        return OUT[name]
    if not name.endswith(".toml"):
        raise VocabularyError(f"unknown names {name!r}; use {', '.join(OUT)} or a .toml file")
    return read_names(Path(name))
