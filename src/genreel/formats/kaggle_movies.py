"""Kaggle's "The Movies Dataset": movies_metadata.csv, links.csv, and a folder of posters."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from genreel.catalogue import Movie
from genreel.errors import CatalogueError
from genreel.formats.film import Options, bad_row, film, literal
from genreel.formats.source import Source
from genreel.placeholders import is_placeholder
from genreel.tables import csv_rows


def read_kaggle_movies(path: Path, options: Options) -> Iterator[Movie]:
    """Movies by TMDb number; a poster is called like it, like the IMDb id, or as the table says.

    Its known defects are findings: rows that broke in two (their number is a date, their genres
    are companies), movies that come twice. The plot "No overview found." is none.

    Raises:
        CatalogueError: the folder or archive lacks movies_metadata.csv.
    """
    source = Source(path)
    posters = Source(options.posters) if options.posters else source
    movielens = _links(source)
    with source.text(source.find("movies_metadata.csv")) as file:
        columns, rows = csv_rows(file)
        lacking = {"id", "title", "genres", "overview"} - set(columns)
        if lacking:
            raise CatalogueError(f"{path}: movies_metadata.csv has no column {min(lacking)!r}")
        for number, row in rows:
            if isinstance(row, CatalogueError):
                yield bad_row(number, row)
            elif not str(row["id"]).isdigit():
                wrong = f"id {str(row['id'])[:20]!r} is no number: a row that broke in two"
                yield bad_row(number, CatalogueError(f"{wrong}; mend it"))
            else:
                yield _film(number, dict(row), options, posters, movielens)


def _film(
    number: int, row: dict[str, Any], options: Options, posters: Source, movielens: dict[str, str]
) -> Movie:
    genres, problem = _names(row["genres"])
    collection = literal(row.get("belongs_to_collection") or "None")
    plot = row["overview"].strip()
    date = row.get("release_date") or ""
    imdb_id = row.get("imdb_id") or ""
    record = {"id": row["id"], "title": row["title"] or row.get("original_title")}
    record["year"] = date[:4]
    record["plot"] = "" if is_placeholder(plot) else plot
    extra = {name: row.get(name) for name in ("imdb_id", "release_date", "original_language")}
    extra |= {name: row.get(name) for name in ("popularity", "vote_average", "vote_count")}
    extra["movielens_id"] = movielens.get(row["id"])
    if isinstance(collection, dict) and collection.get("name"):
        extra["group"] = str(collection["name"])
    file = PurePosixPath(row.get("poster_path") or "").stem
    return film(
        record,
        f"row {number}",
        options,
        genres=genres,
        taxonomy="tmdb",
        poster=partial(posters.poster_of, row["id"], *filter(None, (imdb_id, file))),
        extra=extra,
        problem=problem,
    )


def _names(cell: str) -> tuple[list[str], str]:
    """Genres of a cell such as "[{'id': 18, 'name': 'Drama'}]", and what is wrong with it."""
    genres = literal(cell or "[]")
    if not isinstance(genres, list):
        return [], f"genres {cell[:40]!r} are no list; mend them"
    return [g["name"] for g in genres if isinstance(g, dict) and isinstance(g.get("name"), str)], ""


def _links(source: Source) -> dict[str, str]:
    """TMDb number → MovieLens number, where links.csv is there."""
    if not source.has("links.csv"):
        return {}
    with source.text(source.find("links.csv")) as file:
        _, rows = csv_rows(file)
        return {
            row["tmdbId"].removesuffix(".0"): row["movieId"]
            for _, row in rows
            if not isinstance(row, CatalogueError) and row.get("tmdbId") and row.get("movieId")
        }
