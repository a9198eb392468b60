"""A movie, and a catalogue: movies in one table on disk, posters in a folder beside it."""

from __future__ import annotations

import contextlib
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

from genreel.errors import CatalogueError, GenreelError
from genreel.language import contradicts, language_code
from genreel.lettering import Lettering, parse_lettering
from genreel.paths import inside
from genreel.placeholders import is_placeholder
from genreel.tables import (
    GENRE_COLUMNS,
    KNOWN_COLUMNS,
    MARK,
    Records,
    read_json_lines,
    read_table,
)
from genreel.vocabulary import find_taxonomy, known_spelling, spelling

if TYPE_CHECKING:
    from PIL import Image

INPUTS = ("poster", "plot", "title", "year")
"""The inputs a movie may have; bundles rely on this order."""

LETTERING = "lettering"
"""What stands on a poster: read from it, so a part of that input and none of INPUTS."""

TABLES = ("movies.csv", "movies.jsonl", "movies.parquet")
"""Names that the table of a catalogue's folder may have."""

TABLE_SUFFIXES = tuple(Path(name).suffix for name in TABLES)
"""Ends of a table's name, in lower case."""

MAX_GENRE = 40
"""Characters of an unknown genre's name that are kept, to find it by."""

FIRST_YEAR, LAST_YEAR = 1870, 2100
"""A movie's year is in between: from before the first one to well after those announced today."""

T = TypeVar("T")
Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Movie:
    """One movie; everything but the id may be missing.

    Attributes:
        id: unique within a catalogue.
        title, plot: text; empty where unknown.
        year: of release; None where unknown.
        poster: a path, the bytes of an image file or a PIL image; None where there is none.
        genres: taxonomy name → genres that it names, in genreel's spelling.
        split: "train", "valid" or "test"; empty where the catalogue does not say.
        problem: why this movie, or an input of it, cannot be used; empty where all is well.
        extra: other columns of the table, if its reader was asked to keep them.
        language: that the plot is in, a code of `language.NAMES`; empty where nobody says it, and
            then the text tells it.
        label_problem: why some of its genres cannot be used, which a prediction does not need.
        unknown_genres: names among its genres that are none of genreel's.
        lettering: what is printed on the poster; None where nobody has read it.
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
    language: str = ""
    label_problem: str = ""
    unknown_genres: tuple[str, ...] = ()
    lettering: Lettering | None = None

    def has(self, name: str) -> bool:
        """Whether it has the input called `name`, one of INPUTS or LETTERING; white space is no
        text, and a sentence that there is no plot is no plot.
        """
        value = getattr(self, name)
        if name == "plot" and is_placeholder(value):
            return False
        return bool(value.strip()) if isinstance(value, str) else value is not None

    def without(self, names: Iterable[str]) -> Movie:
        """The same movie with the inputs `names` taken away; lettering goes with its poster."""
        blanks: dict[str, Any] = {n: "" if n in ("plot", "title") else None for n in names}
        if "poster" in blanks:
            blanks[LETTERING] = None
        return replace(self, **blanks)

    def in_language(self, language: str) -> Movie:
        """The same movie with its plot's language, in half the time that `replace` takes."""
        movie = object.__new__(Movie)
        for name in self.__slots__:
            object.__setattr__(movie, name, getattr(self, name))
        object.__setattr__(movie, "language", language)
        return movie


def movie_from_record(
    record: Mapping[str, Any],
    fallback_id: str,
    folder: Path | None = None,
    taxonomy: str = "genreel",
    extra: bool = False,
    genres: tuple[str, ...] = (),
) -> Movie:
    """A movie from a table's row or a JSON object.

    Args:
        record: column → value; unknown columns are ignored, None and NaN count as empty.
        fallback_id: the id where the record has none.
        folder: poster paths are relative to it and may not leave it; None: any path is taken.
        taxonomy: that of the column `genres`.
        extra: whether to keep unknown columns that hold text, a number or a truth value.
        genres: that columns of genres may name besides those that genreel knows.

    Returns:
        A movie. A value that cannot be used is left out and named in `problem`, or, where it is a
        genre, in `label_problem`.
    """
    cells, labels = _Cells(record), _Cells(record)
    by_taxonomy, unknown_genres = _read_genres(labels, taxonomy, genres)
    return Movie(
        id=cells.text("id") or fallback_id,
        title=cells.text("title"),
        year=cells.parse(_parse_year, cells.text("year")),
        plot=cells.text("plot"),
        poster=cells.parse(_parse_poster, cells.text("poster"), folder),
        genres=by_taxonomy,
        split=cells.text("split"),
        language=cells.parse(language_code, cells.text("language")) or "",
        lettering=cells.parse(_parse_lettering, cells.text("lettering")),
        problem="; ".join(cells.problems),
        extra=_other_columns(record) if extra else {},
        label_problem="; ".join(labels.problems),
        unknown_genres=unknown_genres,
    )


class _Cells:
    """A record's cells, and the problems met in reading them."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self._record = record
        self.problems: list[str] = []

    def value(self, column: str) -> Any:
        """As the record has it; None where it is missing or NaN."""
        value = self._record.get(column)
        return None if isinstance(value, float) and math.isnan(value) else value

    def text(self, column: str) -> str:
        """Without white space around it; empty where it is missing or cannot be used."""
        return self.parse(_parse_text, column, self.value(column)) or ""

    def parse(self, parser: Callable[..., T], *args: Any) -> T | None:
        """What the parser returns; None and a problem more where it raises a GenreelError."""
        try:
            return parser(*args)
        except GenreelError as error:
            self.problems.append(str(error))
            return None


def _read_genres(
    cells: _Cells, taxonomy: str, own: tuple[str, ...]
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Taxonomy → its genres, without those that genreel itself wrote into the table; and names
    that genreel does not know.
    """
    genres: dict[str, tuple[str, ...]] = {}
    unknown: list[str] = []
    for column, column_taxonomy in GENRE_COLUMNS.items():
        if not cells.value(column):
            continue
        texts = cells.parse(_parse_names, cells.value(column)) or ()
        spellings = {text: known_spelling(text, own) for text in texts}
        names = tuple(dict.fromkeys(filter(None, spellings.values())))
        strange = [text for text, genre in spellings.items() if genre is None]
        if strange:
            cells.parse(spelling, strange[0], own)  # names the nearest genre
            unknown += [text.strip()[:MAX_GENRE] for text in strange]
        if column == "genres" and names and cells.value(MARK):
            marks = _parse_mark(cells.value(MARK), own)
            names = tuple(name for name in names if name not in marks)
        if names:
            genres[column_taxonomy or taxonomy] = names
    return genres, tuple(dict.fromkeys(unknown))


def _parse_text(column: str, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str | int | float):
        raise CatalogueError(f"{column} is not text")
    try:
        text = str(value).strip()
    except ValueError:  # Python writes no number of thousands of digits
        raise CatalogueError(f"{column} is a number of too many digits; shorten it") from None
    try:
        text.encode()
    except UnicodeEncodeError:  # bytes that are not UTF-8 came as surrogates (`tables.read_table`)
        raise CatalogueError(f"{column} is not valid UTF-8; save the file as UTF-8") from None
    if "\0" in text:
        raise CatalogueError(f"{column} holds a NUL character; remove it")
    return text


def _other_columns(record: Mapping[str, Any]) -> dict[str, Scalar]:
    return {
        column: value
        for column, value in record.items()
        if column not in KNOWN_COLUMNS
        and isinstance(value, str | int | float)
        and (isinstance(value, str) or math.isfinite(value))
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


def _parse_mark(mark: Any, own: tuple[str, ...]) -> set[str]:
    """Genres that genreel itself wrote into a table; none where the mark is damaged."""
    try:
        return {spelling(name, own) for name in _parse_names(list(json.loads(mark)["genres"]))}
    except (GenreelError, ValueError, TypeError, KeyError, RecursionError):
        return set()


def _parse_names(value: Any) -> list[str]:
    """The names in a cell of genres, those that are no genre's too."""
    names = value.split("|") if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(n, str) for n in names):
        raise CatalogueError("genres are neither a list nor text separated by '|'")
    return [name for name in names if name.strip()]


def _parse_lettering(value: str) -> Lettering | None:
    return parse_lettering(value) if value else None


def _parse_poster(value: str, folder: Path | None) -> Path | None:
    if not value:
        return None
    return Path(value) if folder is None else inside(value, folder)


class Catalogue:
    """Movies on disk: a .csv, .jsonl or .parquet table, or a folder with one called movies.*.

    Columns: id, title, year, plot, language (that the plot is in), poster (a path relative to the
    table), lettering (what is printed on it, as `Lettering.to_json` writes it), split, genres and
    other columns of genres (see GENRE_COLUMNS; several genres are separated by "|"). At least one
    of poster, plot and title is needed. Iterating streams `Movie`s in the order of the file; a row
    that cannot be used is a movie whose `problem` says why.

    Where a plot is surely in another language than the column `language` says, the column counts as
    the film's original language, and the plot tells its own.

    Args:
        path: the table or its folder.
        taxonomy: that of the column `genres`; "genreel" has all its genres.
        extra: whether movies keep the table's other columns.
        genres: that its columns of genres may name besides those that genreel knows, such as
            those of a bundle with a vocabulary of one's own.

    Raises:
        CatalogueError: there is no table, or it has none of the columns needed.
        VocabularyError: the taxonomy is unknown.
        MissingExtra: a Parquet table without pyarrow.
    """

    def __init__(
        self,
        path: str | Path,
        taxonomy: str = "genreel",
        *,
        extra: bool = False,
        genres: tuple[str, ...] = (),
    ) -> None:
        with _readable(Path(path)):
            self.path = _find_table(Path(path))
        self.folder = self.path.parent
        self.taxonomy = find_taxonomy(taxonomy).name
        self.extra = extra
        self.genres = genres

    def __iter__(self) -> Iterator[Movie]:
        first_seen: dict[str, int] = {}
        for number, record in self._records():
            if isinstance(record, CatalogueError):
                yield Movie(f"row {number}", problem=f"row {number}: {record}")
                continue
            movie = movie_from_record(
                record, f"row {number}", self.folder, self.taxonomy, self.extra, self.genres
            )
            # Such a column is often the film's original language, and not the plot's.
            if movie.language and contradicts(movie.plot, movie.language):
                movie = replace(movie, language="")
            if movie.id in first_seen:
                problem = f"duplicate id {movie.id!r}, first in row {first_seen[movie.id]}"
                movie = Movie(movie.id, problem=f"{problem}; give each movie its own id")
            else:
                first_seen[movie.id] = number
            if movie.problem:
                movie = replace(movie, problem=f"row {number}: {movie.problem}")
            if movie.label_problem:
                movie = replace(movie, label_problem=f"row {number}: {movie.label_problem}")
            yield movie

    def by_id(self) -> dict[str, Movie]:
        """Id → movie, in the order of the file; of rows with the same id, the first."""
        movies: dict[str, Movie] = {}
        for movie in self:
            movies.setdefault(movie.id, movie)
        return movies

    def __len__(self) -> int:
        """Number of rows; reads the whole file."""
        return sum(1 for _ in self._records())

    def _records(self) -> Records:
        with _readable(self.path):
            yield from read_table(self.path, self.extra)


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
        tables = [path / name for name in TABLES if (path / name).is_file()]
        if not tables:
            raise CatalogueError(f"{path} has no table; expected one of {', '.join(TABLES)}")
        path = tables[0]
    if path.suffix.lower() not in TABLE_SUFFIXES:
        raise CatalogueError(f"{path} is not a catalogue; use .csv, .jsonl or .parquet")
    if not path.is_file():
        raise CatalogueError(f"{path} does not exist; check the path")
    return path


def movies_from_json_lines(file: IO[bytes] | None = None) -> Iterator[Movie]:
    """Movies of a stream of JSON lines, standard input by default; any poster path is taken."""
    for number, record in read_json_lines(file or sys.stdin.buffer):
        if isinstance(record, CatalogueError):
            yield Movie(f"line {number}", problem=f"line {number}: {record}")
        else:
            yield movie_from_record(record, f"line {number}")
