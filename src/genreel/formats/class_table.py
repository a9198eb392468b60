"""The table of the class competition that was made from MM-IMDb: a CSV file in a zip archive.

Columns: row name (unnamed), year, title, plot, genres (a Python list of 24 genres as text),
rating.
"""

from __future__ import annotations

import ast
import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from genreel.catalogue import Movie, movie_from_record
from genreel.errors import CatalogueError


def read_class_table(path: Path) -> Iterator[Movie]:
    """Movies in the order of the file; their ids are the names of the rows, which are not in order.

    A row without genres (the competition's test part) has none here; genres that are not a
    list are named in the movie's `problem`.

    Raises:
        CatalogueError: the file is not such an archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            [name] = archive.namelist()
            with archive.open(name) as file:
                rows = csv.DictReader(io.TextIOWrapper(file, encoding="utf-8", newline=""))
                if not {"year", "title", "plot"} <= set(rows.fieldnames or ()):
                    raise ValueError("its columns are not year, title, plot, genres, rating")
                for number, row in enumerate(rows):
                    record = {**row, "genres": _listed(row.get("genres") or "")}
                    yield movie_from_record(record, row.get("") or f"row {number}")
    except (OSError, ValueError, zipfile.BadZipFile, csv.Error) as error:
        raise CatalogueError(
            f"{path}: not the class table ({error}); give the zip archive that holds its CSV file"
        ) from None


def _listed(text: str) -> list[str] | str:
    """The genres of a cell such as "['Drama', 'Short']"; what cannot be read stays as it is."""
    if not text.startswith("["):
        return text
    try:
        listed = ast.literal_eval(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return text
    return listed if isinstance(listed, list) else text
