"""A table of any columns: CSV, JSON lines or Parquet, its columns mapped to genreel's."""

from __future__ import annotations

import contextlib
import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from genreel.catalogue import Movie
from genreel.characters import normalize
from genreel.errors import CatalogueError
from genreel.formats.film import Options, bad_row, film, genres_of, literal, year_of
from genreel.formats.source import Poster, Source
from genreel.paths import inside
from genreel.tables import (
    COLUMNS,
    GENRE_COLUMNS,
    Records,
    csv_rows,
    read_json_lines,
    read_parquet_rows,
)


def read_columns(path: Path, options: Options) -> Iterator[Movie]:
    """Movies of a table, in its order; columns that genreel does not know become `extra`.

    Genres in a cell are separated by the options' separator, or are a printed list. A poster
    is a path beside the table, or the name of an image in the options' folder of posters. The
    year may be a date.

    Raises:
        CatalogueError: it cannot be read, or lacks a column that was mapped.
    """
    source = Source(path)
    posters = source if path.is_dir() else None
    if options.posters:
        posters = Source(options.posters)
    mapping = {ours.strip().lower(): theirs for ours, theirs in options.columns.items()}
    options = replace(options, columns=mapping)
    unknown = set(mapping) - set(COLUMNS)
    if unknown:
        raise CatalogueError(f"no column {min(unknown)!r} in a catalogue; use {', '.join(COLUMNS)}")
    last: tuple[str, ...] = ()
    columns: dict[str, str] = {}
    for number, row in _rows(path, source, options):
        if isinstance(row, CatalogueError):
            yield bad_row(number, row)
            continue
        names = tuple(row)
        try:
            if names != last:  # in JSON lines every line may have other keys
                columns = find_columns(names, mapping, _is_lines(path))
                last = names
        except CatalogueError as error:
            if not _is_lines(path):
                raise CatalogueError(f"{path}: {error}") from None
            yield bad_row(number, error)
            continue
        yield _film(number, row, options, columns, posters, path.parent)


def find_columns(
    names: Sequence[str], mapping: Mapping[str, str], is_lenient: bool = False
) -> dict[str, str]:
    """Genreel's column → the table's, of those that are there.

    Args:
        names: of the table's columns.
        mapping: genreel's column → the table's, as a person sees it: capitals, gaps, quotes and
            the way in which an accent is stored may differ.
        is_lenient: whether a column may be absent.

    Raises:
        CatalogueError: a column is absent, or there are several.
    """
    columns = {}
    plain = [_plain(name) for name in names]
    for ours in COLUMNS:
        # A column of this name speaks of the movie's language in most tables, not of the plot's.
        if ours == "language" and ours not in mapping:
            continue
        name = mapping.get(ours, ours)
        places = [i for i, theirs in enumerate(names) if theirs == name and ours in mapping]
        places = places or [i for i, theirs in enumerate(plain) if theirs == _plain(name)]
        if len(places) > 1:
            raise CatalogueError(f"several columns {name!r}; keep one of them, or map the other")
        if places:
            columns[ours] = names[places[0]]
        elif ours in mapping and not is_lenient:
            examples = ", ".join(repr(theirs[:40]) for theirs in names[:20])
            raise CatalogueError(f"no column {name[:40]!r} (found: {examples}); check --map")
    return columns


def _plain(name: str) -> str:
    name = normalize("NFKC", name).casefold().replace("\ufeff", "")
    return " ".join(re.sub("[\"'\u2018-\u201f\u00ab\u00bb]", " ", name).split())


def _distinct(names: Sequence[str]) -> list[str]:
    """Columns' names, each once: one without a name and the second of a name get a number."""
    columns: list[str] = []
    for number, name in enumerate(names, 1):
        new, count = name.strip() or f"column {number}", 1
        while new in columns:
            count += 1
            new = f"{name.strip() or f'column {number}'} {count}"
        columns.append(new)
    return columns


def _film(
    number: int,
    row: Mapping[str, Any],
    options: Options,
    columns: Mapping[str, str],
    posters: Source | None,
    folder: Path,
) -> Movie:
    values = {ours: row.get(theirs) for ours, theirs in columns.items()}
    record = {
        ours: values.get(ours) for ours in ("id", "title", "plot", "language", "lettering", "split")
    }
    record["year"] = year_of(values.get("year"))
    file = values.get("poster")
    poster = None
    if isinstance(file, str) and file.strip():
        poster = partial(_poster, file.strip(), posters, folder)
    theirs = set(columns.values())
    extra = {_extra(k): v for k, v in row.items() if k not in theirs and _is_scalar(v)}
    movie = film(record, f"row {number}", options, poster=poster, extra=extra)
    # Each column speaks its own taxonomy; only that of "genres" is the person's to say.
    for column, speaks in GENRE_COLUMNS.items():
        names = _genres(values.get(column), options.separator)
        if names:
            reading = replace(options, taxonomy=speaks) if speaks else options
            genres, problem = genres_of(names, reading, speaks or "genreel")
            movie = replace(
                movie,
                genres={**movie.genres, **genres},
                problem="; ".join(filter(None, (movie.problem, problem))),
            )
    return movie


def _extra(name: str) -> str:
    """A further column's name, which must not be one that a catalogue reads."""
    return f"source_{name.strip().lower()}" if name.strip().lower() in COLUMNS else name


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float) and value == value


def _genres(value: Any, separator: str) -> list[str]:
    if isinstance(value, str) and value.startswith("["):
        value = literal(value) or value
    values = value.split(separator) if isinstance(value, str) else value
    names = []
    for one in values if isinstance(values, list | tuple) else []:
        name = one.get("name") if isinstance(one, dict) else one
        names += [name] if isinstance(name, str) and name.strip() else []
    return names


def _poster(name: str, posters: Source | None, folder: Path) -> Poster:
    if posters is None:
        path = inside(name, folder)
        with contextlib.suppress(OSError):  # such as a name that is too long
            if path.is_file():
                return path
    else:
        poster = posters.poster(name) if name in posters else posters.poster_of(Path(name).stem)
        if poster is not None:
            return poster
    raise CatalogueError(f"no poster {name[:80]!r} there; give the folder with --posters")


def _is_lines(path: Path) -> bool:
    return path.suffix.lower() in (".jsonl", ".ndjson")


def _rows(path: Path, source: Source, options: Options) -> Records:
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        yield from read_parquet_rows(path, lambda schema: list(schema.names))
        return
    name = path.name if path.name in source.names else source.find(path.stem + ".csv")
    if _is_lines(path):
        with source.open(name) as lines:
            yield from read_json_lines(lines)
        return
    delimiter = "\t" if suffix == ".tsv" and options.delimiter == "," else options.delimiter

    def names(header: list[str]) -> list[str]:
        find_columns(header, options.columns)
        return _distinct(header)

    try:
        with source.text(name, options.encoding) as file:
            _, rows = csv_rows(file, names, delimiter=delimiter)
            yield from rows
    except (CatalogueError, csv.Error, LookupError, UnicodeError) as error:
        raise CatalogueError(f"{path}: {error}; check --delimiter and --encoding") from None
