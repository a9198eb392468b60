"""A table of any columns: CSV, JSON lines or Parquet, its columns mapped to genreel's."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from genreel.catalogue import (
    COLUMNS,
    GENRE_COLUMNS,
    Movie,
    Records,
    csv_rows,
    inside,
    read_json_lines,
    read_parquet_rows,
)
from genreel.errors import CatalogueError
from genreel.formats.film import Options, bad_row, film, literal
from genreel.formats.source import Poster, Source


def read_columns(path: Path, options: Options) -> Iterator[Movie]:
    """Movies of a table, in its order; columns that genreel does not know become `extra`.

    Genres in a cell are separated by the options' separator, or are a printed list. A poster
    is a path beside the table, or the name of an image in the options' folder of posters.

    Raises:
        CatalogueError: it cannot be read, or lacks a column that was mapped.
    """
    source = Source(path)
    posters = Source(options.posters) if options.posters else None if path.is_file() else source
    unknown = set(options.columns) - set(COLUMNS)
    if unknown:
        raise CatalogueError(f"no column {min(unknown)!r} in a catalogue; use {', '.join(COLUMNS)}")
    for number, row in _rows(path, source, options):
        if isinstance(row, CatalogueError):
            yield bad_row(number, row)
            continue
        absent = [theirs for theirs in options.columns.values() if theirs not in row]
        if absent and path.suffix.lower() != ".jsonl":
            raise CatalogueError(f"{path}: no column {absent[0]!r}; check --map")
        yield _film(number, row, options, posters, path.parent)


def _film(number: int, row: Any, options: Options, posters: Source | None, folder: Path) -> Movie:
    theirs = {ours: options.columns.get(ours, ours) for ours in COLUMNS}
    record = {ours: row.get(theirs[ours]) for ours in ("id", "title", "year", "plot", "split")}
    named = row.get(theirs["poster"])
    there = isinstance(named, str) and named.strip()
    poster = partial(_poster, named.strip(), posters, folder) if there else None
    extra = {k: v for k, v in row.items() if k not in theirs.values() and _is_scalar(v)}
    movie = film(record, f"row {number}", options, poster=poster, extra=extra)
    # Each column speaks its own taxonomy; only that of "genres" is the person's to say.
    for column, speaks in GENRE_COLUMNS.items():
        names = _genres(row.get(theirs[column]), options.separator)
        if names:
            reading = options if not speaks else replace(options, taxonomy=speaks)
            named_so = film({}, "", reading, genres=names)
            movie = replace(
                movie,
                genres={**movie.genres, **named_so.genres},
                problem="; ".join(filter(None, (movie.problem, named_so.problem))),
            )
    return movie


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float) and value == value


def _genres(value: Any, separator: str) -> list[str]:
    if isinstance(value, str) and value.startswith("["):
        value = literal(value) or value
    listed = value.split(separator) if isinstance(value, str) else value
    found = []
    for one in listed if isinstance(listed, list | tuple) else []:
        name = one.get("name") if isinstance(one, dict) else one
        found += [name] if isinstance(name, str) and name.strip() else []
    return found


def _poster(named: str, posters: Source | None, folder: Path) -> Poster:
    if posters is None:
        path = inside(named, folder)
        with contextlib.suppress(OSError):  # such as a name that is too long
            if path.is_file():
                return path
    else:
        found = posters.poster(named) if named in posters else posters.poster_of(Path(named).stem)
        if found is not None:
            return found
    raise CatalogueError(f"no poster {named[:80]!r} there; give the folder with --posters")


def _rows(path: Path, source: Source, options: Options) -> Records:
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        yield from read_parquet_rows(path, lambda schema: list(schema.names))
        return
    name = path.name if path.name in source.names else source.find(path.stem + ".csv")
    if suffix in (".jsonl", ".ndjson"):
        with source.open(name) as lines:
            yield from read_json_lines(lines)
        return
    delimiter = "\t" if suffix == ".tsv" and options.delimiter == "," else options.delimiter
    try:
        with source.text(name, options.encoding) as file:
            columns, rows = csv_rows(file, delimiter=delimiter)
            doubled = [c for c in columns if columns.count(c) > 1]
            if doubled:
                raise CatalogueError(f"several columns {doubled[0]!r}; keep one of them")
            yield from rows
    except (CatalogueError, csv.Error, LookupError, UnicodeError) as error:
        raise CatalogueError(f"{path}: {error}; check --delimiter and --encoding") from None
