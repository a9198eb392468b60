"""What every reader of a format shares: its options, and a movie from a row of any kind."""

from __future__ import annotations

import ast
import datetime
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from genreel.catalogue import Movie, Scalar, movie_from_record
from genreel.errors import CatalogueError
from genreel.formats.names import INTO, Names, spell
from genreel.formats.source import Poster


@dataclass(frozen=True)
class Options:
    """How to read a source.

    Attributes:
        columns: genreel's column → the source's, for tables.
        delimiter, encoding: of a CSV table.
        separator: between several genres in one cell.
        names: a person's own list of genre names, asked before the source's.
        taxonomy: what the genres speak; empty: what the format speaks.
        posters: a folder or archive of posters apart from the source.
        genres: of one's own, which are kept like those that genreel knows.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    separator: str = "|"
    names: Names = Names()  # noqa: RUF009 - frozen
    taxonomy: str = ""
    posters: Path | None = None
    genres: tuple[str, ...] = ()


# Of a date that is a number, or of any text with one year in it.
_DAY = re.compile(r"\s*(\d{4})(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\.0)?\s*")
_YEAR = re.compile(r"(?<!\d)(?:18|19|20)\d\d(?!\d)")

_MAX_LITERAL = 2**14  # characters; of f-strings, the parser's time grows with the square

Reader = Callable[[Path, Options], Iterator[Movie]]


def film(
    record: Mapping[str, Any],
    fallback_id: str,
    options: Options,
    *,
    genres: Iterable[str] = (),
    taxonomy: str = "genreel",
    poster: Callable[[], Poster | None] | None = None,
    extra: Mapping[str, Scalar | None] | None = None,
    problem: str = "",
) -> Movie:
    """A movie from what a source says; a genre that genreel does not know is left out and named.

    Args:
        record: id, title, year, plot and split, as far as there are any.
        fallback_id: the id where the record has none.
        options: for the genres' names.
        genres: as the source calls them.
        taxonomy: of the genres, unless the options name one.
        poster: gives a path or bytes; a CatalogueError of its becomes the problem.
        extra: further columns; empty ones are left out.
        problem: what is wrong besides.
    """
    speech, unknown = genres_of(genres, options, taxonomy)
    movie = movie_from_record({**record, "genres": None, "poster": None}, fallback_id)
    problems = [problem, movie.problem]
    image = None
    try:
        image = poster() if poster else None
    except CatalogueError as error:
        problems.append(str(error))
    return replace(
        movie,
        genres=speech,
        poster=image,
        extra={column: value for column, value in (extra or {}).items() if value not in (None, "")},
        problem="; ".join(filter(None, (*problems, unknown))),
    )


def genres_of(
    names: Iterable[object], options: Options, taxonomy: str
) -> tuple[dict[str, tuple[str, ...]], str]:
    """Taxonomy → genres that genreel knows, in its spelling; and what is wrong with the others.

    Args:
        names: as the source calls them.
        options: they may name another taxonomy.
        taxonomy: of the names.
    """
    taxonomy = options.taxonomy or taxonomy
    texts = [name if isinstance(name, str) else f"{name}" for name in names]
    genres, unknown = spell(INTO[taxonomy](options.names(texts)), options.genres)
    problem = ""
    if unknown:
        examples = ", ".join(repr(name[:40]) for name in unknown[:5])
        problem = (
            f"unknown genre {examples}; rename or drop it with --names, or keep it with --genres"
        )
    return {taxonomy: genres} if genres else {}, problem


def year_of(value: object) -> object:
    """The year of a date such as 1994-06-23, 23/06/1994 or 19940623; another value as it is."""
    if isinstance(value, datetime.date):
        return value.year
    if not isinstance(value, str | int):
        return value
    text = str(value) if isinstance(value, str) or abs(value) < 10**9 else ""
    day = _DAY.fullmatch(text)
    if day:
        return day[1]
    try:
        float(text)
    except ValueError:
        years = set(_YEAR.findall(text))
        return years.pop() if len(years) == 1 else value
    return value


def bad_row(number: int, error: CatalogueError) -> Movie:
    """A row that could not be read at all."""
    return Movie(f"row {number}", problem=f"row {number}: {error}")


def literal(text: str) -> Any:
    """A Python literal that a program printed into a cell; None where it is none, or longer than
    any list of genres.
    """
    if len(text) > _MAX_LITERAL:
        return None
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return None
