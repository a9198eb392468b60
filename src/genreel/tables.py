"""Tables of movies: their columns, and readers that hold a few rows of any file in memory."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from genreel.errors import CatalogueError, MissingExtra

GENRE_COLUMNS = {
    "genres": "",
    "genres_tmdb": "tmdb",
    "genres_imdb": "imdb",
    "genres_movielens": "movielens",
    "genres_ml": "movielens",
    "genres_mixed": "mixed",
}
"""Column that holds genres → the taxonomy of its genres; for "genres", the reader is told it."""

COLUMNS = (
    *("id", "poster", "lettering", "plot", "language", "title", "year", "split"),
    *GENRE_COLUMNS,
)
"""The columns that a table is read for; others are left out, or kept in `Movie.extra`."""

MARK = "genreel"
"""The column in which `genreel apply` notes what it wrote into `genres`, as those are no labels."""

KNOWN_COLUMNS = frozenset((*COLUMNS, MARK))
"""Columns with a meaning of their own, which are never `Movie.extra`."""

MAX_CELL = 16 * 2**20
"""Bytes of a cell or a line at most; a longer text is no plot, and reading stops there."""

MAX_COLUMNS = 10_000

MAX_UNPACKED, MAX_RATIO = 64 * 2**20, 200
"""A Parquet file may unpack to so many bytes, or to so many times its own size."""

_MAX_MARKS = 500_000  # of a JSON line: [, {, : and ,; as objects, 16 MiB of them take seconds

_ROWS_AT_ONCE = 16  # a Parquet file of a few bytes may hold one long text in every row

Records = Iterator[tuple[int, Mapping[str, Any] | CatalogueError]]
"""Number of a row, from 1, and its cells by column; or why it cannot be used."""


def read_table(path: Path, extra: bool) -> Records:
    """Rows of a .csv, .jsonl or .parquet file, which is read as they are taken.

    Args:
        path: the file; its name ends in one of READERS.
        extra: whether further columns are wanted; without, a Parquet file's are not read.

    Raises:
        CatalogueError: the file is damaged, or has none of the columns poster, plot and title.
        MissingExtra: a Parquet file without pyarrow.
        OSError: it cannot be read.
    """
    return READERS[path.suffix.lower()](path, extra)


def _check_columns(path: Path, columns: Iterable[str]) -> None:
    columns = list(columns)
    if not {"poster", "plot", "title"} & set(columns):
        names = ", ".join(map(repr, columns[:8])) or "none"
        raise CatalogueError(
            f"{path}: no column poster, plot or title (found: {names}); rename the columns"
        )
    duplicates = [name for name in COLUMNS if columns.count(name) > 1]
    if duplicates:
        raise CatalogueError(f"{path}: several columns {duplicates[0]!r}; keep one of them")


def _column(name: str) -> str:
    """A column's name; those that genreel knows may be written in capitals."""
    name = name.strip()
    return name.lower() if name.lower() in KNOWN_COLUMNS else name


def _read_csv(path: Path, extra: bool) -> Records:
    # A byte that is not UTF-8 becomes a lone surrogate, so that only its row is lost.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        try:
            columns, rows = csv_rows(file)
        except CatalogueError as error:
            raise CatalogueError(f"{path}: {error}") from None
        _check_columns(path, columns)
        yield from rows


def _columns(names: list[str]) -> list[str]:
    return [_column(name) for name in names]


def csv_rows(
    file: IO[str], names: Callable[[list[str]], list[str]] = _columns, **dialect: Any
) -> tuple[list[str], Records]:
    """Columns and rows of a CSV file; a row that cannot be used is a CatalogueError.

    Args:
        file: opened so that line ends stay as they are.
        names: the header → the columns' names.
        dialect: as of `csv.reader`.

    Raises:
        CatalogueError: the first row cannot be read.
    """
    csv.field_size_limit(MAX_CELL)
    # A parser that is not strict takes all rows after an open quote for one cell. It is fed pieces,
    # not lines, as a line may be the whole file; a cell may go on in the next piece.
    pieces = iter(lambda: file.readline(2 * MAX_CELL), "")
    reader = csv.reader(pieces, strict=True, **dialect)
    try:
        header = next(reader, [])
    except csv.Error as error:
        raise CatalogueError(f"{error}; is it really a CSV file?") from None
    if len(header) > MAX_COLUMNS:
        raise CatalogueError(f"more than {MAX_COLUMNS:,} columns; is it really a CSV file?")
    columns = names(header)
    return columns, _csv_rows(reader, columns)


def _csv_rows(reader: Any, columns: list[str]) -> Records:
    number = 1
    while True:
        line = reader.line_num + 1
        record: Mapping[str, Any] | CatalogueError
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            record = CatalogueError(f"{error} (from line {line}); fix its quotes")
        else:
            if not cells:  # a blank line
                continue
            record = dict(zip(columns, cells, strict=False))
            if len(cells) != len(columns):
                record = CatalogueError(
                    f"line {line} has {len(cells)} cells, the header {len(columns)}; "
                    "quote cells that hold commas"
                )
        yield number, record
        number += 1


def _read_jsonl(path: Path, extra: bool) -> Records:
    with path.open("rb") as file:
        yield from read_json_lines(file)


def read_json_lines(file: IO[bytes]) -> Records:
    """Objects of a stream of JSON lines, numbered from 1; a bad line is a CatalogueError."""
    for number, line in enumerate(_lines(file), 1):
        if len(line) > MAX_CELL:
            yield number, CatalogueError(f"a line of more than {MAX_CELL:,} bytes; shorten it")
            continue
        if not line.strip():
            continue
        if len(line) > _MAX_MARKS and sum(map(line.count, (b"[", b"{", b":", b","))) > _MAX_MARKS:
            yield number, CatalogueError("a line of too many values; write one movie a line")
            continue
        try:
            record = json.loads(line.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            yield number, CatalogueError(f"not a line of UTF-8 JSON ({error}); fix it")
            continue
        if isinstance(record, dict):
            yield number, record
        else:
            yield number, CatalogueError("not a JSON object; write one {…} a line")


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Lines; of one longer than MAX_CELL only the first MAX_CELL + 1 bytes, as JSON takes 20 times
    its size in memory.
    """
    while line := file.readline(MAX_CELL + 1):
        yield line
        while len(line) > MAX_CELL and not line.endswith(b"\n"):
            line = file.readline(MAX_CELL + 1)


def _read_parquet(path: Path, extra: bool) -> Records:
    def columns(schema: Any) -> list[str]:
        _check_columns(path, schema.names)
        return [
            field.name
            for field in schema
            if field.name in KNOWN_COLUMNS or (extra and _holds_scalars(field.type))
        ]

    yield from read_parquet_rows(path, columns)


def read_parquet_rows(path: Path, columns: Callable[[Any], list[str]]) -> Records:
    """Rows of a Parquet file, of which a few are in memory at once.

    Args:
        path: the file.
        columns: its schema → names of the columns to read.

    Raises:
        CatalogueError: it cannot be read.
        MissingExtra: pyarrow is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError:
        raise MissingExtra("pyarrow", "parquet") from None
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            number = 0
            names = columns(file.schema_arrow)
            try:
                for batch in parquet_batches(file, path.stat().st_size, names):
                    for record in _parquet_records(batch):
                        number += 1
                        yield number, record
            except CatalogueError as error:
                raise CatalogueError(f"{path}: {error}") from None
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise CatalogueError(
            f"{path}: not a readable Parquet file ({error}); write it again"
        ) from None


def parquet_batches(file: Any, size: int, columns: Sequence[str] | None = None) -> Iterator[Any]:
    """Record batches of a `pyarrow.parquet.ParquetFile`, a few rows each.

    Args:
        file: the opened file.
        size: its bytes on disk.
        columns: names of the columns to read; None: all.

    Raises:
        CatalogueError: it unpacks to more than MAX_UNPACKED bytes and MAX_RATIO times its size.
    """
    total, most = 0, max(MAX_UNPACKED, MAX_RATIO * size)
    for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=columns):
        total += _unpacked_bytes(batch)
        if total > most:
            raise CatalogueError(
                f"unpacks to more than {most:,} bytes; write it again without repeated texts, "
                "or as .csv"
            )
        yield batch


def _parquet_records(batch: Any) -> Iterator[dict[str, Any] | CatalogueError]:
    """Rows of a batch; those of a large one are converted singly, as Python's copy takes memory."""
    if _unpacked_bytes(batch) <= MAX_CELL:
        yield from batch.to_pylist()
        return
    for at in range(batch.num_rows):
        row = batch.slice(at, 1)
        if _unpacked_bytes(row) > MAX_CELL:
            yield CatalogueError(f"more than {MAX_CELL:,} bytes; shorten its texts")
        else:
            yield from row.to_pylist()


def _unpacked_bytes(batch: Any) -> int:
    """Bytes of a batch once each row has its own copy of a text that Parquet stores only once."""
    import pyarrow
    import pyarrow.compute

    total = 0
    for column in batch.columns:
        total += column.nbytes
        if isinstance(column, pyarrow.DictionaryArray) and _is_text(column.dictionary.type):
            lengths = pyarrow.compute.binary_length(column.dictionary)
            total += pyarrow.compute.sum(lengths.take(column.indices)).as_py() or 0
    return total


def _is_text(kind: Any) -> bool:
    import pyarrow.types as types

    tests = (types.is_string, types.is_large_string, types.is_binary, types.is_large_binary)
    return any(test(kind) for test in tests)


def _holds_scalars(kind: Any) -> bool:
    """Whether a Parquet column can stand in `Movie.extra`; one of images must not be read."""
    import pyarrow.types as types

    tests = (types.is_string, types.is_large_string, types.is_integer, types.is_floating)
    return types.is_boolean(kind) or any(test(kind) for test in tests)


READERS = {".csv": _read_csv, ".jsonl": _read_jsonl, ".parquet": _read_parquet}
"""End of a table's name, in lower case → its reader."""
