"""The table of the class competition that was made from MM-IMDb: a CSV file in a zip archive.

Columns: row number (unnamed), year, title, plot, genres (a Python list of 24 genres as text),
rating.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from genreel.catalogue import Movie
from genreel.errors import CatalogueError
from genreel.formats.film import Options, bad_row, film, literal
from genreel.formats.source import Source
from genreel.tables import csv_rows


def read_class_table(path: Path, options: Options | None = None) -> Iterator[Movie]:
    """Movies in the order of the file; their ids are the names of the rows, which are not in order.

    A row without genres (the competition's test part) has none here; genres that are not a
    list are named in the movie's `problem`. A poster is called like the row.

    Raises:
        CatalogueError: the file is not such an archive.
    """
    options = options or Options()
    source = Source(path)
    posters = Source(options.posters) if options.posters else None
    [name] = source.names if len(source.names) == 1 else [source.find("dataTraining.csv")]
    with source.text(name) as file:
        try:
            columns, rows = csv_rows(file)
        except CatalogueError as error:
            raise CatalogueError(f"{path}: not the class table ({error}); give its zip") from None
        if not {"year", "title", "plot"} <= set(columns):
            raise CatalogueError(
                f"{path}: not the class table (its columns are not year, title, plot, genres, "
                "rating); give the zip archive that holds its CSV file"
            )
        for number, row in rows:
            if isinstance(row, CatalogueError):
                yield bad_row(number, row)
                continue
            text = row.get("genres", "")
            genres = literal(text or "[]")
            name = row.get("") or f"row {number}"
            yield film(
                {column: row.get(column) for column in ("year", "title", "plot")},
                name,
                options,
                genres=genres if isinstance(genres, list) else text.split("|"),
                taxonomy="genreel",
                poster=partial(posters.poster_of, name) if posters else None,
            )
