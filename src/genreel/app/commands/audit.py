"""genreel audit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from genreel.app.commands import DONE, shared
from genreel.app.commands.flags import Command, argument, flag, switch
from genreel.app.commands.values import positive, share

if TYPE_CHECKING:
    from genreel.audit.findings import Finding
    from genreel.catalogue import Movie

FORMATS = ("table", "json", "jsonl", "csv")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to audit, with what, and how to say it."""

    library: Path = argument(
        "LIBRARY", "a media library, a table or its folder, or a folder of posters", Path
    )
    model: str = shared.model_flag()
    language: str = shared.language_flag("all plots")
    taxonomy: str = shared.taxonomy_flag()
    films: Path | None = flag(
        None, "an index of known films, as a further witness", Path, metavar="INDEX"
    )
    read: bool = switch("read what is printed on posters, too: are they of these films?")
    no_posters: bool = switch("look at no poster: plots, titles and years alone, many times faster")
    least: float = flag(
        0.5, "name genres from this probability on (default: %(default)s)", share, metavar="P"
    )
    count: int = flag(
        40, "findings of a kind that the table shows (default: %(default)s)", positive, metavar="N"
    )
    format: str = flag(
        "table", "what to write to standard output (default: %(default)s)", choices=FORMATS
    )
    page: Path | None = flag(None, "write an HTML page, too", Path, metavar="FILE")


def run(options: Options) -> int:
    """Finds genres that look wrong or are missing."""
    from genreel.app.sources import library_at, say_series
    from genreel.audit.names import read_names
    from genreel.audit.page import page_of
    from genreel.audit.report import audit
    from genreel.catalogue import Catalogue
    from genreel.files import write_whole
    from genreel.films.films import Films
    from genreel.predictor import Predictor
    from genreel.progress import progress, say

    films = Films(options.films) if options.films else None
    predictor = Predictor(options.model)
    movies = library_at(options.library, options.taxonomy, predictor.genres)
    is_table = isinstance(movies, Catalogue)
    if not is_table:
        movies = list(movies)
    names = read_names(options.library, movies)
    report = audit(
        predictor,
        progress(_with_lettering(movies) if options.read else movies, "auditing", len(names)),
        films=films,
        names=names,
        taxonomy=options.taxonomy if is_table else "mixed",
        language=options.language,
        has_posters=not options.no_posters,
        least=options.least,
    )
    if options.page:
        text = page_of(report, options.library.resolve().name)
        write_whole(options.page, text.encode("utf-8", "replace"))
    _WRITERS[options.format](report.findings, options.count)
    counts = ", ".join(f"{count:,} {kind}" for kind, count in report.counts().items())
    say_series(options.library)
    say(f"{len(report.judgement.movies):,} movies: {counts or 'nothing looks wrong'}")
    return DONE


def _with_lettering(movies: Iterable[Movie]) -> Iterable[Movie]:
    """Movies with what is printed on their posters."""
    from dataclasses import replace

    from genreel.cores import cores
    from genreel.lettering import Lettering
    from genreel.reading.posters import read_posters

    for movie, lettering in read_posters(movies, cores()):
        if isinstance(lettering, Lettering):
            movie = replace(movie, lettering=lettering)
        yield movie


def _json_lines(findings: Sequence[Finding], _: int) -> None:
    from genreel.app.output import json_text

    for finding in findings:
        print(json_text(finding.to_dict()))


def _json(findings: Sequence[Finding], _: int) -> None:
    from genreel.app.output import json_text

    print(json_text([finding.to_dict() for finding in findings], indent=1))


def _csv(findings: Sequence[Finding], _: int) -> None:
    from genreel.app.output import write_csv
    from genreel.audit.table import table_rows

    write_csv(table_rows(findings))


def _table(findings: Sequence[Finding], most: int) -> None:
    from genreel.characters import printable

    kind, number = "", 0
    for finding in findings:
        if finding.kind != kind:
            kind, number = finding.kind, 0
            print(f"\n{kind.upper()}" if kind != findings[0].kind else kind.upper())
        number += 1
        if number > most:
            continue
        year = f" ({finding.year})" if finding.year else ""
        title = f"{finding.title}{year}" if finding.title else finding.id or finding.genre
        genres = ", ".join(finding.genres)
        sign = {"wrong genre": "not ", "missing genre": "+ "}.get(kind, "")
        claim = f"{sign}{finding.genre}" if finding.genre and finding.genre != title else ""
        cells = [f"{finding.sure:>5.0%}", f"{title:<36.36}", f"{claim:<16.16}", f"{genres:<30.30}"]
        line = "  ".join([*cells, finding.why])
        print(printable(line).rstrip())


_WRITERS = {"table": _table, "json": _json, "jsonl": _json_lines, "csv": _csv}

COMMAND = Command(
    Options,
    run,
    "Nothing is written but the page. To repair, write yes into the column accept of the CSV:\n"
    "genreel apply LIBRARY --to nfo --only FILE writes that, and nothing else.\n\n"
    "examples:\n"
    "  genreel audit ~/Movies --page audit.html --format csv > audit.csv\n"
    "  genreel audit movies.csv --no-posters --films films.db",
)
