"""MovieLens: movies.csv with links.csv (from 2015 on), or movies.dat (1M and 10M)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from genreel.catalogue import Movie
from genreel.errors import CatalogueError
from genreel.formats.film import Options, bad_row, film
from genreel.formats.source import Source, decode
from genreel.tables import Records, csv_rows

# "Matrix, The (1999)": the article stands last, and another title may stand in brackets.
_ARTICLE = re.compile(
    r"^(.*), (The|A|An|Le|La|Les|L'|Il|Lo|I|Gli|El|Los|Las|Der|Die|Das|De|Het|O|Os)( \(.*\))?$"
)

_YEAR = re.compile(r"\(((?:18|19|20)\d\d)(?:[-–]\d{0,4})?\)$")
_LONGEST_YEAR = 11  # characters, as in "(1999-2003)"
_LONGEST_TITLE = 1000


def read_movielens(path: Path, options: Options) -> Iterator[Movie]:
    """Movies by MovieLens number, with the article of their title in front again.

    A poster is called like the MovieLens, IMDb or TMDb number.

    Raises:
        CatalogueError: the folder or archive lacks movies.csv and movies.dat.
    """
    source = Source(path)
    posters = Source(options.posters) if options.posters else source
    links = _links(source)
    name = source.find("movies.csv", "movies.dat")
    for number, row in _rows(source, name):
        if isinstance(row, CatalogueError):
            yield bad_row(number, row)
            continue
        movie_id = row["movieId"]
        imdb_id, tmdb_id = links.get(movie_id, ("", ""))
        title, year = split_title(row["title"])
        yield film(
            {"id": movie_id, "title": title, "year": year},
            f"row {number}",
            options,
            genres=row["genres"].split("|"),
            taxonomy="movielens",
            poster=partial(posters.poster_of, movie_id, *filter(None, (imdb_id, tmdb_id))),
            extra={"imdb_id": imdb_id, "tmdb_id": tmdb_id},
        )


def split_title(text: str) -> tuple[str, str]:
    """("The Matrix", "1999") of "Matrix, The (1999)"; no year is an empty one."""
    title, year = text.strip(), ""
    # Looked for at the end alone: in all of a long title, it would take the square of its length.
    if match := _YEAR.search(title[-_LONGEST_YEAR:]):
        title, year = title[: -len(match[0])].rstrip(" "), match[1]
    parts = _ARTICLE.match(title) if len(title) <= _LONGEST_TITLE else None
    if parts:
        gap = "" if parts[2].endswith("'") else " "
        title = f"{parts[2]}{gap}{parts[1]}{parts[3] or ''}"
    return title, year


def _rows(source: Source, name: str) -> Records:
    if name.endswith(".dat"):
        with source.open(name) as file:
            for number, line in enumerate(file, 1):
                # 1M is in Windows-1252, 10M in UTF-8, and so are copies of 1M.
                cells = decode(line).rstrip("\r\n").split("::")
                if len(cells) == 3:
                    yield number, dict(zip(("movieId", "title", "genres"), cells, strict=True))
                else:
                    yield number, CatalogueError("not three cells between '::'; mend it")
        return
    with source.text(name) as file:
        columns, rows = csv_rows(file)
        lacking = {"movieId", "title", "genres"} - set(columns)
        if lacking:
            raise CatalogueError(
                f"{source.path / name}: no column {min(lacking)!r}; is it MovieLens?"
            )
        yield from rows


def _links(source: Source) -> dict[str, tuple[str, str]]:
    """MovieLens number → IMDb id and TMDb number, where links.csv is there."""
    if not source.has("links.csv"):
        return {}
    with source.text(source.find("links.csv")) as file:
        _, rows = csv_rows(file)
        return {
            row["movieId"]: (f"tt{row['imdbId']:0>7}" if row.get("imdbId") else "", row["tmdbId"])
            for _, row in rows
            if not isinstance(row, CatalogueError) and {"movieId", "tmdbId"} <= set(row)
        }
