"""genreel films."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from genreel.app.commands import exit_code
from genreel.app.commands.flags import Command, arguments, mandatory, switch


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to index, and where to."""

    sources: tuple[str, ...] = arguments(
        "SOURCE",
        "a catalogue (.csv, .jsonl, .parquet, or a folder), or what genreel import reads; "
        "FORMAT:SOURCE where the format is not seen from its files",
        "+",
    )
    out: Path = mandatory("the index to write", Path, metavar="INDEX")
    overwrite: bool = switch("replace an older index")


def run(options: Options) -> int:
    """Makes an index of known films."""
    from genreel.errors import FilmsError
    from genreel.films.building import Builder
    from genreel.films.sources import add_source, find_source
    from genreel.progress import progress

    if options.out.exists() and not options.overwrite:
        raise FilmsError(f"{options.out} is there already; give --overwrite to replace it")
    sources = [find_source(text) for text in options.sources]
    problems: list[str] = []
    with Builder(options.out) as builder:
        for source in sources:
            movies = progress(source.movies(), f"reading {source.path.name}")
            problems += add_source(builder, source, iter(movies))
        if not builder.films:
            raise FilmsError("no films with a title there; nothing was written")
    for problem in problems[:20]:
        print(f"genreel: {problem}", file=sys.stderr)
    message = f"{builder.films:,} films with {builder.titles:,} titles: written to {options.out}"
    if problems:
        message += f"; {len(problems):,} rows left out"
    print(message, file=sys.stderr)
    return exit_code(builder.films, len(problems))


COMMAND = Command(
    Options,
    run,
    "A film that several sources have is one film: the first source decides, the others add what\n"
    "it does not say. Of IMDb, title.ratings.tsv.gz and title.akas.tsv.gz are read where they lie\n"
    "beside title.basics.tsv.gz. An index holds its sources' data: keep to their licences.",
)
