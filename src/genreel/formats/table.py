"""Writes movies as a table that `Catalogue` reads: .csv, .jsonl or .parquet."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from genreel.catalogue import Movie
from genreel.errors import CatalogueError, MissingExtra
from genreel.files import whole_file
from genreel.tables import GENRE_COLUMNS

GENRES_OF = {
    speaks or "genreel": column for column, speaks in GENRE_COLUMNS.items() if column != "genres_ml"
}
"""Taxonomy → the column that holds its genres."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run, or hide one behind

_Kinds = dict[str, set[type]]


def record_of(movie: Movie, folder: Path) -> dict[str, Any]:
    """A movie as a row: column → value, what is empty left out.

    Args:
        movie: its poster is a path or None.
        folder: where the table is; the poster is written relative to it.

    Raises:
        CatalogueError: the poster is no file inside the folder.
    """
    record: dict[str, Any] = {"id": movie.id, "title": movie.title, "year": movie.year}
    record |= {"plot": movie.plot, "language": movie.language}
    record |= {"poster": None, "split": movie.split}
    if movie.poster is not None:
        poster = Path(movie.poster) if isinstance(movie.poster, Path) else None
        if poster is None or not poster.is_relative_to(folder):
            raise CatalogueError(f"{movie.id}: its poster is not in {folder}; put it there first")
        record["poster"] = poster.relative_to(folder).as_posix()
    if movie.lettering is not None:
        record["lettering"] = movie.lettering.to_json()
    record |= {GENRES_OF[taxonomy]: list(names) for taxonomy, names in movie.genres.items()}
    record = {**movie.extra, **record}
    return {column: value for column, value in record.items() if value or value == 0}


def write_catalogue(movies: Iterable[Movie], path: Path, *, safe_cells: bool = False) -> int:
    """Writes movies to `path`, whole or not at all, in constant memory; returns how many.

    Reading them again with `Catalogue(path, extra=True)` gives the same movies.

    Args:
        movies: their posters are paths inside the table's folder, or None.
        path: .csv, .jsonl or .parquet.
        safe_cells: put an apostrophe before a CSV cell that a spreadsheet would take for a
            formula.

    Raises:
        CatalogueError: another suffix, or a poster that is elsewhere.
        GenreelError: the file cannot be written.
        MissingExtra: .parquet without pyarrow.
    """
    if path.suffix.lower() not in _WRITERS:
        raise CatalogueError(f"{path} is not a catalogue; use .csv, .jsonl or .parquet")
    kinds: _Kinds = {}
    count = 0
    # A CSV file begins with its columns, which only the last movie may complete.
    with tempfile.TemporaryFile() as waiting, whole_file(path) as file:
        for movie in movies:
            record = record_of(movie, path.parent)
            for column, value in record.items():
                kinds.setdefault(column, set()).add(type(value))
            waiting.write(json.dumps(record).encode() + b"\n")
            count += 1
        waiting.seek(0)
        _WRITERS[path.suffix.lower()](
            (json.loads(line) for line in waiting), kinds, file, safe_cells
        )
    return count


def csv_text(cells: Iterable[Any], safe_cells: bool = False) -> str:
    """One line of a CSV file; None is an empty cell."""
    text = io.StringIO()
    texts = [safe_cell(cell) if safe_cells else cell for cell in cells]
    # Up to Python 3.12 the writer quotes a carriage return only where one ends its lines.
    csv.writer(text, lineterminator="\r\n").writerow(texts)
    return text.getvalue().removesuffix("\r\n") + "\n"


def csv_line(cells: Iterable[Any], safe_cells: bool = False) -> bytes:
    """`csv_text` in UTF-8."""
    return csv_text(cells, safe_cells).encode("utf-8", "replace")


def safe_cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula (OWASP, "CSV injection")."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value


def _columns(kinds: _Kinds) -> list[str]:
    first = ["id", "title", "year", "plot", "language", "poster", "lettering", "split"]
    first += GENRES_OF.values()
    # Without one of poster, plot and title it would be no catalogue.
    columns = [name for name in first if name in kinds or name in ("id", "title")]
    return columns + sorted(set(kinds) - set(columns))


def _write_csv(
    records: Iterator[Mapping[str, Any]], kinds: _Kinds, file: IO[bytes], safe_cells: bool
) -> None:
    columns = _columns(kinds)
    file.write(csv_line(columns))
    for record in records:
        cells = [record.get(column) for column in columns]
        texts = ["|".join(cell) if isinstance(cell, list) else cell for cell in cells]
        file.write(csv_line(texts, safe_cells))


def _write_jsonl(
    records: Iterator[Mapping[str, Any]], kinds: _Kinds, file: IO[bytes], safe_cells: bool
) -> None:
    for record in records:
        line = json.dumps(record, ensure_ascii=False)
        file.write(line.encode("utf-8", "replace") + b"\n")


def _write_parquet(
    records: Iterator[Mapping[str, Any]], kinds: _Kinds, file: IO[bytes], safe_cells: bool
) -> None:
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError:
        raise MissingExtra("pyarrow", "parquet") from None
    types: dict[type, Any] = {bool: pyarrow.bool_(), int: pyarrow.int64()}
    types |= {float: pyarrow.float64(), list: pyarrow.list_(pyarrow.string())}
    fields = {}
    for column in _columns(kinds):
        classes = kinds.get(column, set())
        fields[column] = (
            types.get(next(iter(classes)), pyarrow.string()) if len(classes) == 1 else None
        )
        fields[column] = fields[column] or pyarrow.string()
    schema = pyarrow.schema(list(fields.items()))
    texts = [column for column, kind in fields.items() if kind == pyarrow.string()]
    with pyarrow.parquet.ParquetWriter(file, schema) as writer:
        for batch in _batches(records, 4096):
            for record in batch:
                record |= {c: _text(record[c]) for c in texts if c in record}
            writer.write_table(pyarrow.Table.from_pylist(batch, schema))


def _text(value: Any) -> str:
    return str(value).encode("utf-8", "replace").decode()


def _batches(records: Iterator[Mapping[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for record in records:
        batch.append(dict(record))
        if len(batch) == size:
            yield batch
            batch = []
    yield batch


_WRITERS = {".csv": _write_csv, ".jsonl": _write_jsonl, ".parquet": _write_parquet}
