"""Who wrote a movie's genres: what genreel found, what it wrote before, and what a person decided.

A mark is left beside genres that genreel writes. A later run compares it with what is there: any
difference is a person's doing, and a person's doing wins.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from genreel.vocabulary import known_spelling

_LONGEST = 2**16  # characters of a mark; genreel's own have some hundreds


@dataclass(frozen=True)
class Found:
    """Genres of one movie, as the other side calls them.

    Attributes:
        genres: name → score in [0, 1], surest first; empty where nothing was found.
        model, version: the bundle's name, and genreel's version.
        said: those of the genres that a person or a file said, in a store: written, never marked.
        lookup: those of the genres that an index of films said, not the model.
        error: which of the movie's inputs could not be used; genres, if any, come from the others.
        answers: name → whether it applies: what a person said of what stands there. Where there
            are any, nothing else is changed.
    """

    genres: Mapping[str, float] = field(default_factory=dict)
    model: str = ""
    version: str = ""
    said: tuple[str, ...] = ()
    error: str = ""
    lookup: tuple[str, ...] = ()
    answers: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Mark:
    """What genreel wrote: its genres with their scores, and those a person took away again; those
    in `lookup` came from an index of films, the others from the model.
    """

    genres: Mapping[str, float] = field(default_factory=dict)
    rejected: tuple[str, ...] = ()
    model: str = ""
    version: str = ""
    lookup: tuple[str, ...] = ()

    def text(self) -> str:
        """One line of JSON, as `read_mark` reads it."""
        table = {"model": self.model, "version": self.version, "genres": dict(self.genres)}
        lists = {"lookup": self.lookup, "rejected": self.rejected}
        return json.dumps(table | {name: some for name, some in lists.items() if some})


def read_mark(text: str | None) -> Mark:
    """The mark of a text; an empty one where it is none, so that all genres are a person's."""
    if text and len(text) > _LONGEST:
        return Mark()
    try:
        table = json.loads(text or "{}")
        return Mark(
            {str(name): float(score) for name, score in table.get("genres", {}).items()},
            tuple(map(str, table.get("rejected", ()))),
            str(table.get("model", "")),
            str(table.get("version", "")),
            tuple(map(str, table.get("lookup", ()))),
        )
    except (ValueError, TypeError, AttributeError, RecursionError):
        return Mark()


def merge(
    present: Sequence[str], mark: Mark, found: Found, *, locked: bool = False, add: bool = False
) -> tuple[tuple[str, ...], Mark] | None:
    """The genres that should stand there, and their mark; None: leave everything as it is.

    - Nothing found, or locked: nothing changes.
    - Genres that are not in the mark are a person's, or another program's: they stay, and unless
      `add` nothing joins them.
    - A genre of the mark that is gone was rejected: it never comes back by itself.
    - What a person answers goes before all but a lock.

    Args:
        present: genres that are there, in order.
        mark: what genreel left there earlier.
        found: what it finds now.
        locked: whether a person locked the genres.
        add: whether genreel's genres join those of a person.
    """
    if found.answers and not locked:
        return _answer(present, mark, found.answers)
    if locked or not found.genres:
        return None
    ours = {key(name) for name in mark.genres}
    present_keys = {key(name) for name in present}
    theirs = [name for name in present if key(name) not in ours]
    missing = [name for name in mark.genres if key(name) not in present_keys]
    if (theirs or missing) and not add:
        return None
    rejected = tuple(
        dict.fromkeys((*(r for r in mark.rejected if key(r) not in present_keys), *missing))
    )
    barred = {key(name) for name in (*theirs, *rejected)}
    new = {name: round(s, 4) for name, s in _plain(found.genres) if key(name) not in barred}
    if not new and not mark.genres:
        return None
    genres = (*theirs, *new)
    said = {key(name) for name in found.said}
    fresh_genres = {name: score for name, score in new.items() if key(name) not in said}
    of_lookup = {key(name) for name in found.lookup}
    lookup = tuple(name for name in fresh_genres if key(name) in of_lookup)
    fresh = Mark(fresh_genres, rejected, found.model, found.version, lookup)
    return None if genres == tuple(present) and fresh == mark else (genres, fresh)


def _answer(
    present: Sequence[str], mark: Mark, answers: Mapping[str, bool]
) -> tuple[tuple[str, ...], Mark] | None:
    """As `merge`, for a person's answers: their genres come and go, the others stay."""
    verdicts = {key(name): applies for name, applies in answers.items()}
    present_keys = set(map(key, present))
    new = [name for name, applies in answers.items() if applies and key(name) not in present_keys]
    genres = (*(name for name in present if verdicts.get(key(name), True)), *new)
    if genres == tuple(present):
        return None
    refused = [name for name in present if not verdicts.get(key(name), True)]
    rejected = [name for name in (*mark.rejected, *refused) if not verdicts.get(key(name), False)]
    ours = {name: score for name, score in mark.genres.items() if verdicts.get(key(name), True)}
    return genres, Mark(ours, tuple(dict.fromkeys(rejected)), mark.model, mark.version)


def _plain(genres: Mapping[str, float]) -> Iterable[tuple[str, float]]:
    """Each genre once and without a slash: media libraries split there."""
    keys: set[str] = set()
    for name, score in genres.items():
        for part in filter(None, (p.strip() for p in name.split("/"))):
            if key(part) not in keys:
                keys.add(key(part))
                yield part, score


def key(name: str) -> str:
    """The same for all spellings of one genre."""
    return known_spelling(name) or name.strip().casefold()
