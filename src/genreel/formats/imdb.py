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

from genreel.catalogue import Movie, csv_rows
from genreel.errors import CatalogueError
from genreel.formats.film import Options, bad_row, film
from genreel.formats.source import Source

FILMS = ("movie", "tvMovie", "short")
"""Types of titles that are films."""


def read_imdb(path: Path, options: Options) -> Iterator[Movie]:
    """Films by IMDb id; series, episodes, games and adult titles are passed over.

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
            opened: IO[bytes] = gzip.GzipFile(fileobj=raw) if name.endswith(".gz") else raw  # type: ignore[assignment]
            lines = io.TextIOWrapper(opened, "utf-8", errors="surrogateescape", newline="")
            columns, rows = csv_rows(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            lacking = {"tconst", "titleType", "primaryTitle", "startYear", "genres"} - set(columns)
            if lacking:
                raise CatalogueError(f"{path}: no column {min(lacking)!r}; is it title.basics?")
            for number, row in rows:
                if isinstance(row, CatalogueError):
                    yield bad_row(number, row)
                elif row["titleType"] in FILMS and row.get("isAdult") != "1":
                    told = {name: "" if cell == r"\N" else cell for name, cell in row.items()}
                    yield film(
                        {
                            "id": told["tconst"],
                            "title": told["primaryTitle"],
                            "year": told["startYear"],
                        },
                        f"row {number}",
                        options,
                        genres=told["genres"].split(",") if told["genres"] else (),
                        taxonomy="imdb",
                        poster=partial(posters.poster_of, told["tconst"]),
                    )
        except (EOFError, OSError, zlib.error) as error:
            raise CatalogueError(f"{path}: damaged ({error}); download it again") from None
