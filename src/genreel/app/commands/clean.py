"""genreel clean."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from genreel.app.commands import DONE, shared
from genreel.app.commands.flags import Command, flag, switch


@dataclass(frozen=True, kw_only=True)
class Options:
    """Which catalogue to look at, and where a cleaned copy goes."""

    catalogue: str = shared.catalogue_argument()
    taxonomy: str = shared.taxonomy_flag()
    genres: str | None = shared.more_genres_flag()
    out: Path | None = flag(
        None, "write a cleaned copy with its posters there", Path, metavar="CATALOGUE"
    )
    overwrite: bool = switch("replace an older table there")


def run(options: Options) -> int:
    """Finds what is wrong with a catalogue's posters, plots and genres."""
    from collections import Counter

    from genreel.app.output import write_csv
    from genreel.catalogue import Catalogue
    from genreel.formats.importing import write_import
    from genreel.lab.cleaning import cleaned, find, findings_table
    from genreel.progress import progress

    genres = shared.genres_of(options.genres)
    catalogue = Catalogue(options.catalogue, options.taxonomy, extra=True, genres=genres)
    findings = find(progress(catalogue, "looking", shared.length(catalogue)))
    write_csv(findings_table(findings))
    for kind, count in Counter(finding.kind for finding in findings).most_common():
        print(f"{count:>7,}  {kind}", file=sys.stderr)
    if not findings:
        print("nothing found", file=sys.stderr)
    if options.out:
        movies = cleaned(catalogue, findings)
        result = write_import(movies, options.out, overwrite=options.overwrite)
        print(f"{result.movies:,} movies: written to {result.table}", file=sys.stderr)
    return DONE


COMMAND = Command(
    Options,
    run,
    "The findings are a CSV table on standard output: id, kind, detail, other (the movie that\n"
    "it resembles).",
)
