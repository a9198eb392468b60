"""genreel films."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from genreel.app.commands import exit_code
from genreel.app.commands.flags import Command, UsageError, arguments, flag, switch

if TYPE_CHECKING:
    from genreel.films.fetching import Publisher
    from genreel.films.sources import FilmSource


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to index, and where to."""

    sources: tuple[str, ...] = arguments(
        "SOURCE",
        "a catalogue (.csv, .jsonl, .parquet, or a folder), or what genreel import reads; "
        "FORMAT:SOURCE where the format is not seen from its files; imdb or movielens with --fetch",
        "+",
    )
    out: Path = flag(
        Path("known-films.db"), "the index to write (default: %(default)s)", Path, metavar="INDEX"
    )
    overwrite: bool = switch("replace an older index; with --fetch, ask for newer files")
    fetch: bool = switch("fetch the publishers' own files, after their terms were agreed to")
    agree: bool = switch("agree to these terms, for scripts that nobody can ask")


def run(options: Options) -> int:
    """Makes an index of known films."""
    from genreel.errors import FilmsError
    from genreel.films.building import Builder
    from genreel.films.sources import add_source, find_source
    from genreel.progress import progress

    if options.out.exists() and not options.overwrite:
        raise FilmsError(f"{options.out} is there already; give --overwrite to replace it")
    if options.agree and not options.fetch:
        raise UsageError("--agree goes with --fetch")
    sources = [
        _fetch_source(text, options) if options.fetch else find_source(text)
        for text in options.sources
    ]
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


def _fetch_source(name: str, options: Options) -> FilmSource:
    """A publisher's files as a source, fetched once their terms are agreed to."""
    from genreel.films.fetching import PUBLISHERS, fetch
    from genreel.films.sources import FilmSource
    from genreel.paths import cache_folder

    if name not in PUBLISHERS:
        raise UsageError(f"{name!r} cannot be fetched; --fetch knows {', '.join(PUBLISHERS)}")
    publisher = PUBLISHERS[name]
    folder = cache_folder() / "films" / name
    is_there = all((folder / one.name).exists() for one in publisher.files)
    if options.overwrite or not is_there:
        _agree(publisher, options.agree)
    for one in publisher.files:
        fetch(one, folder, again=options.overwrite)
    return FilmSource(folder / publisher.source, name)


def _agree(publisher: Publisher, is_agreed: bool) -> None:
    """Shows a publisher's terms; raises FilmsError unless a person agrees to them."""
    from genreel.errors import FilmsError

    print(f"{publisher.terms}\nIn full: {publisher.page}", file=sys.stderr)
    if is_agreed:
        return
    if not sys.stdin.isatty():
        raise FilmsError("nobody is there to agree to these terms; whoever does gives --agree")
    print("Do you agree? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise FilmsError("not agreed to; nothing was fetched")


COMMAND = Command(
    Options,
    run,
    "A film that several sources have is one film: the first source decides, the others add what\n"
    "it does not say. Of IMDb, title.ratings.tsv.gz and title.akas.tsv.gz are read where they lie\n"
    "beside title.basics.tsv.gz. An index holds its sources' data: keep to their licences.\n\n"
    "examples:\n"
    "  genreel films imdb --fetch\n"
    "  genreel films movielens --fetch\n"
    "  genreel films ~/imdb ~/my-library --out films.db",
)
