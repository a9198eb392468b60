r"""IMDb's own files: title.basics.tsv.gz, in which \N is nothing and quotes mean themselves."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO

from genreel.catalogue import Movie
from genreel.errors import CatalogueError
from genreel.formats.film import Options, bad_row, film
from genreel.formats.source import Source
from genreel.tables import csv_rows

FILMS = ("movie", "tvMovie", "short", "video")
"""Types of titles that are movies; "video" went to no cinema, but straight to tape or disc."""


def read_imdb(path: Path, options: Options) -> Iterator[Movie]:
    """Movies by IMDb id; series, episodes, games and adult titles are passed over.

    What IMDb calls a movie (see FILMS) stands in the column title_type.

    Raises:
        CatalogueError: the file, or title.basics.tsv[.gz] in the folder, cannot be read.
    """
    source = Source(path)
    posters = Source(options.posters) if options.posters else source
    if path.is_file() and path.name in source:
        name = path.name
    else:
        name = source.find("title.basics.tsv.gz", "title.basics.tsv")
    with source.open(name) as raw:
        try:
            file: IO[bytes] = gzip.GzipFile(fileobj=raw) if name.endswith(".gz") else raw  # type: ignore[assignment]
            lines = io.TextIOWrapper(file, "utf-8", errors="surrogateescape", newline="")
            columns, rows = csv_rows(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            lacking = {"tconst", "titleType", "primaryTitle", "startYear", "genres"} - set(columns)
            if lacking:
                raise CatalogueError(f"{path}: no column {min(lacking)!r}; is it title.basics?")
            for number, row in rows:
                if isinstance(row, CatalogueError):
                    yield bad_row(number, row)
                elif row["titleType"] in FILMS and row.get("isAdult") != "1":
                    cells = {name: "" if cell == r"\N" else cell for name, cell in row.items()}
                    yield film(
                        {
                            "id": cells["tconst"],
                            "title": cells["primaryTitle"],
                            "year": cells["startYear"],
                        },
                        f"row {number}",
                        options,
                        genres=cells["genres"].split(",") if cells["genres"] else (),
                        taxonomy="imdb",
                        poster=partial(posters.poster_of, cells["tconst"]),
                        extra={"title_type": cells["titleType"]},
                    )
        except (EOFError, OSError, zlib.error) as error:
            raise CatalogueError(f"{path}: damaged ({error}); download it again") from None
