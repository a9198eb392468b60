"""A movie, and a catalogue: movies in one table on disk, posters in a folder beside it."""

from __future__ import annotations

import contextlib
import csv
import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from genreel.errors import CatalogueError, GenreelError, MissingExtra
from genreel.placeholders import is_placeholder
from genreel.vocabulary import find_taxonomy, spelling

if TYPE_CHECKING:
    from PIL import Image

INPUTS = ("poster", "plot", "title", "year")
"""What a movie may come with, in the order that bundles count on."""

TABLES = ("movies.csv", "movies.jsonl", "movies.parquet")
"""Names under which a catalogue folder keeps its table."""

TABLE_SUFFIXES = tuple(Path(name).suffix for name in TABLES)
"""How a table's name ends, in lower case."""

FIRST_YEAR, LAST_YEAR = 1870, 2100  # before the first film; far enough ahead for announced ones

# Columns that hold genres, and the taxonomy each one speaks. "genres" speaks whatever the
# reader is told.
GENRE_COLUMNS = {
    "genres": "",
    "genres_tmdb": "tmdb",
    "genres_imdb": "imdb",
    "genres_movielens": "movielens",
    "genres_ml": "movielens",
    "genres_mixed": "mixed",
}

COLUMNS = ("id", *INPUTS, "split", *GENRE_COLUMNS)
"""What a table is read for; other columns are left out, or kept in `Movie.extra`."""

MARK = "genreel"
"""The column in which `genreel apply` says what it wrote into `genres`: no label to learn from."""

_KNOWN = frozenset((*COLUMNS, MARK))

# One cell may hold this many bytes. A longer one is no plot, and the parser stops at it.
MAX_CELL = 16 * 2**20

MAX_COLUMNS = 10_000

_MAX_MARKS = 500_000  # of a JSON line: [, {, : and ,; as objects, 16 MiB of them take seconds

_ROWS_AT_ONCE = 16  # a Parquet file of a few bytes may name one long text in every row

MAX_UNPACKED, MAX_RATIO = 64 * 2**20, 200
"""A Parquet file may unpack to so many bytes, or to so many times its own size."""


Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Movie:
    """One film; everything but the id may be missing.

    Attributes:
        id: unique within a catalogue.
        title, plot: text, empty where unknown.
        year: of release, or None.
        poster: a path, the bytes of an image file, a PIL image, or None.
        genres: taxonomy name → genres that it names, in genreel's spelling.
        split: "train", "valid", "test" or empty, where the catalogue says.
        problem: why this movie, or an input of it, cannot be used; empty where all is well.
        extra: further columns of the table, where the reader was asked to keep them.
    """

    id: str
    title: str = ""
    year: int | None = None
    plot: str = ""
    poster: Path | bytes | Image.Image | None = None
    genres: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    split: str = ""
    problem: str = ""
    extra: Mapping[str, Scalar] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Whether the input called `name` (one of INPUTS) is there; white space is not, nor is a
        plot that says that there is none.
        """
        value = getattr(self, name)
        if name == "plot" and is_placeholder(value):
            return False
        return bool(value.strip()) if isinstance(value, str) else value is not None

    def without(self, names: Iterable[str]) -> Movie:
        """The same movie with the inputs called `names` taken away."""
        hidden: dict[str, Any] = {n: "" if n in ("plot", "title") else None for n in names}
        return replace(self, **hidden)


def movie_from_record(
    record: Mapping[str, Any],
    fallback_id: str,
    folder: Path | None = None,
    taxonomy: str = "genreel",
    extra: bool = False,
) -> Movie:
    """A movie from a table's row or a JSON object.

    Args:
        record: column → value; unknown columns are ignored, None and NaN count as empty.
        fallback_id: the id where the record has none.
        folder: poster paths are relative to it and may not leave it; None: any path will do.
        taxonomy: that of the column `genres`.
        extra: whether to keep unknown columns that hold text, a number or a truth value.

    Returns:
        A movie. A value that cannot be used is left out and named in `problem`.
    """
    problems: list[str] = []

    def given(column: str) -> Any:
        value = record.get(column)
        return None if isinstance(value, float) and math.isnan(value) else value

    def text(column: str) -> str:
        value = given(column)
        if value is None:
            return ""
        if not isinstance(value, str | int | float):
            problems.append(f"{column} is not text")
            return ""
        try:
            value = str(value).strip()
        except ValueError:  # Python writes no number of thousands of digits
            problems.append(f"{column} is a number of too many digits; shorten it")
            return ""
        try:
            value.encode()
        except UnicodeEncodeError:  # what could not be decoded came as surrogates (`_read_csv`)
            problems.append(f"{column} is not valid UTF-8; save the file as UTF-8")
            return ""
        if "\0" in value:
            problems.append(f"{column} holds a NUL character; remove it")
            return ""
        return value

    def attempt(what: Any, *args: Any) -> Any:
        try:
            return what(*args)
        except GenreelError as error:
            problems.append(str(error))
            return None

    genres: dict[str, tuple[str, ...]] = {}
    for column, speaks in GENRE_COLUMNS.items():
        if given(column):
            names = attempt(_parse_genres, record[column])
            if column == "genres" and names and given(MARK):
                names = tuple(name for name in names if name not in _own(record[MARK]))
            if names:
                genres[speaks or taxonomy] = names
    return Movie(
        id=text("id") or fallback_id,
        title=text("title"),
        year=attempt(_parse_year, text("year")),
        plot=text("plot"),
        poster=attempt(_parse_poster, text("poster"), folder),
        genres=genres,
        split=text("split"),
        problem="; ".join(problems),
        extra=_other_columns(record) if extra else {},
    )


def _other_columns(record: Mapping[str, Any]) -> dict[str, Scalar]:
    return {
        column: value
        for column, value in record.items()
        if column not in _KNOWN
        and isinstance(value, str | int | float)
        and value == value  # no NaN
        and value != ""
    }


def _parse_year(value: str) -> int | None:
    if not value:
        return None
    try:
        year = float(value)
    except ValueError:
        year = 0.0
    if not (year.is_integer() and FIRST_YEAR <= year <= LAST_YEAR):
        raise CatalogueError(
            f"year {value[:40]!r} is not a year from {FIRST_YEAR} to {LAST_YEAR}; "
            "correct it or leave it empty"
        )
    return int(year)


def _own(mark: Any) -> set[str]:
    """Genres that genreel itself wrote into a table, in its spelling."""
    try:
        return set(_parse_genres(list(json.loads(mark)["genres"])))
    except (GenreelError, ValueError, TypeError, KeyError, RecursionError):
        return set()


def _parse_genres(value: Any) -> tuple[str, ...]:
    names = value.split("|") if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(n, str) for n in names):
        raise CatalogueError("genres are neither a list nor text separated by '|'")
    return tuple(dict.fromkeys(spelling(name) for name in names if name.strip()))


def _parse_poster(value: str, folder: Path | None) -> Path | None:
    if not value:
        return None
    return Path(value) if folder is None else inside(value, folder)


def inside(value: str, folder: Path) -> Path:
    """A poster's path relative to a catalogue's folder; CatalogueError where it leaves it."""
    path = folder / value
    # Path.resolve fails on a loop of links, realpath does not; no path holds a NUL character.
    there = "\0" not in value and Path(os.path.realpath(path))
    if not there or not there.is_relative_to(os.path.realpath(folder)):
        raise CatalogueError(
            f"poster path {value[:80]!r} leaves the catalogue's folder; put the poster inside it"
        )
    return path


class Catalogue:
    """Movies on disk: a .csv, .jsonl or .parquet table, or a folder with one called movies.*.

    Columns: id, title, year, plot, poster (a path beside the table), genres and its kin (see
    GENRE_COLUMNS; several genres separated by "|"), split. At least one of poster, plot and
    title must be there. Iterating streams `Movie`s in the order of the file; a row that cannot
    be used is a movie whose `problem` says why.

    Args:
        path: the table or its folder.
        taxonomy: that of the column `genres`; "genreel" knows all its genres.
        extra: whether movies keep the table's other columns.

    Raises:
        CatalogueError: no table is there, or its columns are of no use.
        VocabularyError: the taxonomy is unknown.
        MissingExtra: a Parquet table without pyarrow.
    """

    def __init__(self, path: str | Path, taxonomy: str = "genreel", *, extra: bool = False) -> None:
        with _readable(Path(path)):
            self.path = _find_table(Path(path))
        self.folder = self.path.parent
        self.taxonomy = find_taxonomy(taxonomy).name
        self.extra = extra

    def __iter__(self) -> Iterator[Movie]:
        first_seen: dict[str, int] = {}
        for number, record in self._records():
            if isinstance(record, CatalogueError):
                yield Movie(f"row {number}", problem=f"row {number}: {record}")
                continue
            movie = movie_from_record(
                record, f"row {number}", self.folder, self.taxonomy, self.extra
            )
            if movie.id in first_seen:
                problem = f"duplicate id {movie.id!r}, first in row {first_seen[movie.id]}"
                movie = Movie(movie.id, problem=f"{problem}; give each film its own id")
            else:
                first_seen[movie.id] = number
            if movie.problem:
                movie = replace(movie, problem=f"row {number}: {movie.problem}")
            yield movie

    def by_id(self) -> dict[str, Movie]:
        """Id → movie, in the order of the file; of rows that share an id, the first."""
        movies: dict[str, Movie] = {}
        for movie in self:
            movies.setdefault(movie.id, movie)
        return movies

    def __len__(self) -> int:
        """Number of rows; reads the whole file."""
        return sum(1 for _ in self._records())

    def _records(self) -> Iterator[tuple[int, Mapping[str, Any] | CatalogueError]]:
        with _readable(self.path):
            yield from _READERS[self.path.suffix.lower()](self.path, self.extra)


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CatalogueError(
            f"{path} cannot be read ({error.strerror or error}); check it and its permissions"
        ) from None


def _find_table(path: Path) -> Path:
    if path.is_dir():
        found = [path / name for name in TABLES if (path / name).is_file()]
        if not found:
            raise CatalogueError(f"{path} has no table; expected one of {', '.join(TABLES)}")
        path = found[0]
    if path.suffix.lower() not in _READERS:
        raise CatalogueError(f"{path} is not a catalogue; use .csv, .jsonl or .parquet")
    if not path.is_file():
        raise CatalogueError(f"{path} does not exist; check the path")
    return path


Records = Iterator[tuple[int, Mapping[str, Any] | CatalogueError]]


def _check_columns(path: Path, columns: Iterable[str]) -> None:
    columns = list(columns)
    if not {"poster", "plot", "title"} & set(columns):
        shown = ", ".join(map(repr, columns[:8])) or "none"
        raise CatalogueError(
            f"{path}: no column poster, plot or title (found: {shown}); rename the columns"
        )
    doubled = [name for name in COLUMNS if columns.count(name) > 1]
    if doubled:
        raise CatalogueError(f"{path}: several columns {doubled[0]!r}; keep one of them")


def _column(name: str) -> str:
    """A column's name; those that genreel knows may be written in capitals."""
    name = name.strip()
    return name.lower() if name.lower() in _KNOWN else name


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
    # Lenient, the parser would run an open quote into the next rows without a word.
    # In pieces, as a line may be the whole file; a cell goes on in the next piece, too.
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
            record = CatalogueError(f"{error} (from line {line}); mend its quotes")
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
            yield number, CatalogueError("a line of too many values; write one film a line")
            continue
        try:
            record = json.loads(line.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            yield number, CatalogueError(f"not a line of UTF-8 JSON ({error}); mend it")
            continue
        if isinstance(record, dict):
            yield number, record
        else:
            yield number, CatalogueError("not a JSON object; write one {…} a line")


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Lines, of each no more than shows that it is too long: as JSON it takes 20 times as much."""
    while line := file.readline(MAX_CELL + 1):
        yield line
        while len(line) > MAX_CELL and not line.endswith(b"\n"):
            line = file.readline(MAX_CELL + 1)


def _read_parquet(path: Path, extra: bool) -> Records:
    def chosen(schema: Any) -> list[str]:
        _check_columns(path, schema.names)
        return [f.name for f in schema if f.name in _KNOWN or (extra and _holds_scalars(f.type))]

    yield from read_parquet_rows(path, chosen)


def read_parquet_rows(path: Path, chosen: Callable[[Any], list[str]]) -> Records:
    """Rows of a Parquet file, numbered from 1, a few in memory at once.

    Args:
        path: the file.
        chosen: its schema → names of the columns to read.

    Raises:
        CatalogueError: it cannot be read.
        MissingExtra: pyarrow is not there.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError:
        raise MissingExtra("pyarrow", "parquet") from None
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            number = 0
            wanted = chosen(file.schema_arrow)
            try:
                for batch in parquet_batches(file, path.stat().st_size, wanted):
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
        file: it.
        size: its bytes on disk.
        columns: names of those to read; None: all.

    Raises:
        CatalogueError: it unpacks to more than MAX_UNPACKED bytes and MAX_RATIO times its size.
    """
    unpacked, most = 0, max(MAX_UNPACKED, MAX_RATIO * size)
    for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=columns):
        unpacked += _unpacked_bytes(batch)
        if unpacked > most:
            raise CatalogueError(
                f"unpacks to more than {most:,} bytes; write it again without repeated texts, "
                "or as .csv"
            )
        yield batch


def _parquet_records(batch: Any) -> Iterator[dict[str, Any] | CatalogueError]:
    """Rows of a batch; where it is large one after the other, as Python holds them once more."""
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
    """Bytes of a batch where each row holds its own copy of a text that is kept once for all."""
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


_READERS = {".csv": _read_csv, ".jsonl": _read_jsonl, ".parquet": _read_parquet}


def movies_from_json_lines(file: IO[bytes] | None = None) -> Iterator[Movie]:
    """Movies of a stream of JSON lines (standard input by default); poster paths as given."""
    for number, record in read_json_lines(file or sys.stdin.buffer):
        if isinstance(record, CatalogueError):
            yield Movie(f"line {number}", problem=f"line {number}: {record}")
        else:
            yield movie_from_record(record, f"line {number}")
