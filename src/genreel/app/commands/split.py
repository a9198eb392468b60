"""genreel split."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from genreel.app.commands import DONE, shared, values
from genreel.app.commands.flags import Command, UsageError, flag, mandatory

if TYPE_CHECKING:
    from genreel.catalogue import Movie
    from genreel.lab.splits import Split
    from genreel.vocabulary import Vocabulary


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to split, and how."""

    catalogue: str = shared.catalogue_argument()
    taxonomy: str = shared.taxonomy_flag()
    genres: str | None = shared.genres_flag("genreel's 22")
    out: Path = mandatory("JSON file", Path, metavar="FILE")
    valid: float = flag(0.1, "share (default: %(default)s)", values.share)
    test: float = flag(0.1, "share (default: %(default)s)", values.share)
    seed: int = flag(0, "(default: %(default)s)", values.seed)
    by: str = flag(
        "genre",
        "genre: at random, every genre with its share; group: so, but movies of one title and "
        "year, one franchise (column group) or one picture (--findings) stay together; decade: "
        "test on --test-decades; column: as the column split says (default: %(default)s)",
        choices=("genre", "group", "decade", "column"),
    )
    test_decades: tuple[int, ...] = flag((), "for --by decade", values.decades, metavar="1970,1980")
    train_decades: tuple[int, ...] = flag((), "default: all others", values.decades, metavar="2010")
    findings: Path | None = flag(None, "CSV of genreel clean, for --by group", Path, metavar="FILE")


def run(options: Options) -> int:
    """Splits a catalogue so that every genre keeps its share."""
    shared.need("lab")
    from genreel.catalogue import Catalogue
    from genreel.lab.splits import PARTS, with_genres, write_split
    from genreel.vocabulary import Vocabulary

    _check(options)
    genres = shared.genres_of(options.genres)
    catalogue = Catalogue(options.catalogue, options.taxonomy, extra=True, genres=genres)
    vocabulary = Vocabulary(genres) if genres else Vocabulary()
    split = _split(options, with_genres(catalogue.by_id().values()), vocabulary)
    write_split(split, options.out)
    sizes = ", ".join(f"{name} {len(getattr(split, name)):,}" for name in PARTS)
    print(f"{sizes}: written to {options.out}", file=sys.stderr)
    return DONE


def _check(options: Options) -> None:
    valid, test = options.valid, options.test
    if not (valid > 0 and test > 0 and valid + test < 1):
        raise UsageError("--valid and --test must be over 0, and leave movies to train on")
    if (options.by == "decade") != bool(options.test_decades):
        raise UsageError("--by decade and --test-decades go together")


def _split(options: Options, movies: list[Movie], vocabulary: Vocabulary) -> Split:
    from genreel.lab import splits
    from genreel.lab.cleaning import read_alike

    seed, valid, test = options.seed, options.valid, options.test
    if options.by == "column":
        return splits.column_split(movies)
    if options.by == "decade":
        test_decades, train_decades = options.test_decades, options.train_decades
        return splits.decade_split(movies, vocabulary, seed, test_decades, valid, train_decades)
    if options.by == "group":
        pairs = read_alike(options.findings) if options.findings else []
        groups = splits.groups_of(movies, pairs)
        return splits.group_split(movies, vocabulary, seed, valid, test, groups=groups)
    return splits.stratified_split(movies, vocabulary, seed, valid, test)


COMMAND = Command(Options, run)
