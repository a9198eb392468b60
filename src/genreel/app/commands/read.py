"""genreel read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from genreel.app.commands import exit_code, shared
from genreel.app.commands.flags import Command, UsageError, argument, flag, switch
from genreel.app.commands.values import positive

if TYPE_CHECKING:
    from genreel.catalogue import Movie
    from genreel.lettering import Lettering
    from genreel.reading.journal import Journal


@dataclass(frozen=True, kw_only=True)
class Options:
    """Whose posters to read, and where the lettering goes."""

    source: str = argument("CATALOGUE", "a table, its folder, or a folder of posters", str)
    out: Path | None = flag(
        None,
        "table to write: a copy in the catalogue's own folder (default: the catalogue itself); "
        "for a folder of posters a new catalogue, in a folder that holds it",
        Path,
        metavar="FILE",
    )
    overwrite: bool = switch("replace an older table of --out")
    workers: int | None = flag(
        None, "posters read side by side (default: all cores)", positive, metavar="N"
    )


@dataclass
class Counts:
    """Movies by what became of their posters."""

    read: int = 0
    before: int = 0
    without: int = 0
    failures: int = 0

    def __str__(self) -> str:
        parts = {"read": self.read, "read before": self.before}
        parts |= {"without a poster": self.without, "failed": self.failures}
        texts = [f"{count:,} {what}" for what, count in parts.items() if count]
        return ", ".join(texts) or "no movies there"


def run(options: Options) -> int:
    """Reads what is printed on posters, for the column lettering of a catalogue."""
    shared.need("read")
    from genreel.app.sources import movies_of
    from genreel.catalogue import Catalogue
    from genreel.progress import progress, say
    from genreel.reading.journal import Journal

    movies = movies_of([options.source])
    table = movies.path if isinstance(movies, Catalogue) else None
    out = _check_out(options, table)
    journal, counts, is_done = Journal(out), Counts(), False
    try:
        results = _results(movies, journal, options, counts)
        results = progress(results, "reading", shared.length(movies))
        if table:
            _write_into(table, out, results)
        else:
            _write_new(out, results)
        is_done = True
    finally:
        journal.close(is_done)
    say(f"{counts}: see {out}")
    return exit_code(counts.read + counts.before + counts.without, counts.failures)


def _check_out(options: Options, table: Path | None) -> Path:
    """Where the lettering goes, as an absolute path.

    Raises:
        UsageError: it is not said, and the source is no catalogue.
        GenreelError: there is a table, or its posters would be outside its folder.
    """
    from genreel.catalogue import TABLE_SUFFIXES
    from genreel.errors import GenreelError

    source = Path(options.source)
    if table is None and not source.is_dir():
        raise UsageError("give a catalogue, or a folder of posters")
    if table is None and options.out is None:
        raise UsageError("a folder of posters needs --out FILE.csv, the catalogue to write")
    out = (options.out or table or source).absolute()
    suffixes = (table.suffix.lower(),) if table else TABLE_SUFFIXES
    if out.suffix.lower() not in suffixes:
        raise UsageError(f"--out ends in {' or '.join(suffixes)}")
    folder = table.parent if table else source
    if table and folder.absolute() != out.parent:
        raise GenreelError(f"{out} is not beside {table}, whose posters it names; write it there")
    if not folder.absolute().is_relative_to(out.parent):
        raise GenreelError(f"{out} is not in a folder that holds {source}; write it beside it")
    is_own = table is not None and out == table.absolute()
    if out.exists() and not is_own and not options.overwrite:
        raise GenreelError(f"{out} is there already; give --overwrite to replace it")
    return out


def _results(
    movies: Iterable[Movie], journal: Journal, options: Options, counts: Counts
) -> Iterator[tuple[Movie, Lettering | None]]:
    """Movies with what is printed on their posters, which the journal keeps at once."""
    from genreel.cores import cores
    from genreel.lettering import Lettering
    from genreel.progress import say
    from genreel.reading.posters import read_posters

    def resume() -> Iterator[Movie]:
        for movie in movies:
            if movie.lettering is None and isinstance(movie.poster, Path):
                movie = replace(movie, lettering=journal.find(movie.id, movie.poster))
            yield movie

    for movie, lettering in read_posters(resume(), options.workers or cores()):
        if isinstance(lettering, Lettering):
            counts.before += movie.lettering is not None
            counts.read += movie.lettering is None
            if movie.lettering is None and isinstance(movie.poster, Path):
                journal.add(movie.id, movie.poster, lettering)
            yield movie, lettering
            continue
        counts.failures += lettering is not None
        counts.without += lettering is None
        if lettering:
            say(f"{movie.id}: {lettering}")
        yield movie, None


def _write_into(table: Path, out: Path, results: Iterable[tuple[Movie, Lettering | None]]) -> None:
    """Writes the lettering into a table as it is now, after reading: it may have been edited."""
    from genreel.files import write_whole
    from genreel.formats.lettering import with_letterings

    letterings = {movie.id: lettering for movie, lettering in results if lettering is not None}
    data = table.read_bytes()
    new = with_letterings(data, table.suffix.lower(), letterings)
    if new != data or out != table.absolute():
        write_whole(out, new)


def _write_new(out: Path, results: Iterable[tuple[Movie, Lettering | None]]) -> None:
    """Writes a catalogue of posters."""
    from genreel.formats.table import write_catalogue

    def movies() -> Iterator[Movie]:
        for movie, lettering in results:
            if isinstance(movie.poster, Path):
                yield replace(movie, poster=movie.poster.absolute(), lettering=lettering)

    write_catalogue(movies(), out)


COMMAND = Command(
    Options,
    run,
    "The column lettering holds a JSON list of [text, confidence, left, top, width, height], the\n"
    "last four in fractions of the poster; [] where nothing is printed. A movie that has it is\n"
    "not read again, every other cell stays as it is, and a run that was stopped goes on where\n"
    "it was.\n\n"
    "examples:\n"
    "  genreel read movies.csv\n"
    "  genreel read posters/ --out posters.csv",
)
