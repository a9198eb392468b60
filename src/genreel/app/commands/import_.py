"""genreel import."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from genreel.app.commands import exit_code, shared
from genreel.app.commands.flags import (
    Command,
    UsageError,
    argument,
    flag,
    repeatable,
    switch,
)
from genreel.formats import FORMATS

if TYPE_CHECKING:
    from genreel.formats import film


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to read, how, and where the catalogue goes; None: as `formats.film.Options` has it."""

    format: str = argument("FORMAT", "see below", str, choices=tuple(FORMATS))
    source: Path = argument("SOURCE", "folder, file, zip archive or query", Path)
    catalogue: Path = argument("CATALOGUE", "folder, or .csv, .jsonl, .parquet in one", Path)
    map: tuple[str, ...] = repeatable(
        "a column of a table by the name it has there, such as plot=Overview",
        metavar="OURS=THEIRS",
    )
    delimiter: str | None = flag(None, "of a CSV table (default: comma)")
    encoding: str | None = flag(None, "of a CSV table (default: UTF-8)")
    separator: str | None = flag(None, "between genres in a cell (default: |)")
    taxonomy: str = flag("", "what the genres speak", metavar="NAME")
    names: Path | None = flag(
        None, "TOML: rename, merge or drop their genres", Path, metavar="FILE"
    )
    genres: str | None = shared.more_genres_flag()
    posters: Path | None = flag(None, "posters apart from the source", Path, metavar="DIR")
    with_poster: bool = switch("leave out movies that have no poster")
    overwrite: bool = switch("replace an older table")


def run(options: Options) -> int:
    """Makes a catalogue of movies that are kept in another format."""
    from genreel.formats.importing import PROBLEMS, write_import
    from genreel.progress import progress

    movies = FORMATS[options.format].read(options.source, _reading(options))
    result = write_import(
        progress(movies, "importing"),
        options.catalogue,
        with_poster=options.with_poster,
        overwrite=options.overwrite,
    )
    message = f"{result.movies:,} movies: written to {result.table}"
    if result.problems:
        message += f"; {result.left_out:,} left out, {result.problems:,} problems"
        message += f": see {PROBLEMS} there"
    print(message, file=sys.stderr)
    return exit_code(result.movies, result.problems)


def _reading(options: Options) -> film.Options:
    """How to read the source."""
    from genreel.formats import film
    from genreel.formats.names import read_names
    from genreel.vocabulary import find_taxonomy

    columns = dict(pair.partition("=")[::2] for pair in options.map)
    if not all(columns.values()):
        raise UsageError("--map is written OURS=THEIRS, such as plot=Overview")
    if options.delimiter is not None and len(options.delimiter) != 1:
        raise UsageError("--delimiter is one character")
    table = {
        name: value
        for name in ("delimiter", "encoding", "separator")
        if (value := getattr(options, name)) is not None
    }
    return film.Options(
        columns=columns,
        names=read_names(options.names) if options.names else film.Options.names,
        taxonomy=find_taxonomy(options.taxonomy).name if options.taxonomy else "",
        posters=options.posters,
        genres=shared.genres_of(options.genres),
        **table,
    )


_WIDTH = max(map(len, FORMATS))
_LIST = "".join(f"  {name:<{_WIDTH}}  {FORMATS[name].about}\n" for name in FORMATS)

COMMAND = Command(
    Options,
    run,
    f"formats:\n{_LIST}\n"
    "TMDb wants a token in GENREEL_TMDB_TOKEN. A run that was stopped is begun again by the\n"
    "same command, without fetching or copying twice.",
)
