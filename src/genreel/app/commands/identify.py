"""genreel identify."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genreel.app.commands import exit_code
from genreel.app.commands.flags import Command, arguments, flag, mandatory
from genreel.app.commands.values import positive, share

if TYPE_CHECKING:
    from genreel.catalogue import Movie
    from genreel.errors import InputError
    from genreel.films.films import Films
    from genreel.lettering import Lettering

FORMATS = ("table", "json", "jsonl", "csv")
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Options:
    """Whose films, from what index, and how to say it."""

    paths: tuple[str, ...] = arguments(
        "PATH",
        "poster files, folders of posters, or catalogues; a column lettering is used where it is "
        "there; - reads JSON lines from standard input",
        "+",
    )
    films: Path = mandatory("the index of known films", Path, metavar="INDEX")
    format: str = flag(
        "table", "what to write to standard output (default: %(default)s)", choices=FORMATS
    )
    workers: int | None = flag(
        None, "posters read side by side (default: all cores)", positive, metavar="N"
    )
    accept: float | None = flag(
        None,
        "probability from which a film is accepted (default: 0.96)",
        share,
        metavar="P",
    )


def run(options: Options) -> int:
    """Tells which films posters are of."""
    from genreel.app.output import write_csv
    from genreel.app.sources import movies_of
    from genreel.cores import cores
    from genreel.films.films import Films
    from genreel.progress import progress
    from genreel.reading.posters import read_posters

    films = Films(options.films)
    failures = answers = 0

    def rows() -> Iterator[Row]:
        nonlocal failures, answers
        results = read_posters(movies_of(options.paths), options.workers or cores())
        # A bar and a table on one terminal would write over each other.
        pairs = results if sys.stdout.isatty() else progress(results, "identifying")
        for movie, lettering in pairs:
            row = _row(films, movie, lettering, options.accept)
            failures += row["error"] is not None
            answers += row["error"] is None
            yield row

    if options.format == "csv":
        write_csv(_csv_rows(rows()))
    else:
        sys.stdout.writelines(_TEXTS[options.format](rows()))
    if failures:
        inputs = "input" if failures == 1 else "inputs"
        print(f"genreel: {failures} {inputs} failed; see the error of each", file=sys.stderr)
    elif not answers:
        print("genreel: no posters there; nothing to identify", file=sys.stderr)
    return exit_code(answers, failures)


def _row(
    films: Films, movie: Movie, lettering: Lettering | InputError | None, accept: float | None
) -> Row:
    """What is said about one poster; an input that cannot be used is the row's error."""
    from genreel.identification import Identification
    from genreel.lettering import Lettering

    answer, problem = Identification(), movie.problem
    if isinstance(lettering, Lettering):
        answer = films.identify(lettering, accept=accept)
    elif not problem:
        problem = str(lettering or "no poster and no lettering; give one of them")
    return {"id": movie.id, **answer.to_dict(), "error": problem or None}


# Writers


def _json_lines(rows: Iterator[Row]) -> Iterator[str]:
    from genreel.app.output import json_text

    for row in rows:
        yield json_text(row) + "\n"


def _json_array(rows: Iterator[Row]) -> Iterator[str]:
    opening = "[\n"
    for line in _json_lines(rows):
        yield opening + line.rstrip("\n")
        opening = ",\n"
    yield "[]\n" if opening == "[\n" else "\n]\n"


def _csv_rows(rows: Iterator[Row]) -> Iterator[list[Any]]:
    names = ["id", "film", "title", "year", "probability", "error"]
    yield names
    for row in rows:
        yield [row[name] for name in names]


def _table(rows: Iterator[Row]) -> Iterator[str]:
    from genreel.characters import printable

    yield f"{'POSTER':<28}  {'SURE':>5}  FILM\n"
    for row in rows:
        name = printable(row["id"])
        name = name if len(name) <= 28 else name[:27] + "…"
        if row["error"]:
            yield f"{name:<28}  {'':>5}  {printable(row['error'])}\n"
            continue
        percent = f"{100 * row['probability']:.0f} %"
        films = [_film(one) for one in row["candidates"]]
        text = films[0] if row["film"] else "not sure: " + ", ".join(films[:3])
        yield f"{name:<28}  {percent:>5}  {printable(text if films else 'nothing like a title')}\n"


def _film(candidate: Row) -> str:
    year = f" ({candidate['year']})" if candidate["year"] else ""
    return f"{candidate['title']}{year}"


_TEXTS: dict[str, Callable[[Iterator[Row]], Iterator[str]]] = {
    "table": _table,
    "json": _json_array,
    "jsonl": _json_lines,
}

COMMAND = Command(
    Options,
    run,
    "INDEX is made by: genreel films SOURCE --out INDEX\n"
    "A line of JSON: id, film, title, year (null where none is sure enough), probability,\n"
    "candidates (five, each with film, title, year, probability), error.",
)
