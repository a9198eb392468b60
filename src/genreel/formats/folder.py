"""A folder, or a zip archive, of posters; a text beside a poster is its plot.

Alba (1999).jpg     title and year, where the name is written so
Alba (1999).txt     the plot, in UTF-8, UTF-16 or Windows-1252
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from genreel.catalogue import Movie
from genreel.errors import CatalogueError
from genreel.formats.film import Options, film
from genreel.formats.source import Source, decode, posters_in
from genreel.posters import SUFFIXES

_LONGEST = 300  # characters of a name in which title and year are looked for


def read_folder(path: Path, options: Options) -> Iterator[Movie]:
    """A movie for each poster, with its path in the folder as its id.

    Raises:
        CatalogueError: the folder cannot be read, or holds no poster.
    """
    source = Source(path)
    posters = posters_in(source.names)
    if not posters:
        raise CatalogueError(f"{path} holds no posters ({', '.join(SUFFIXES)}); check the path")
    for name in posters:
        stem = PurePosixPath(name).with_suffix("").as_posix()
        title, year = title_and_year(PurePosixPath(stem).name)
        record = {"id": stem, "title": title if year else "", "year": year}
        problem = ""
        if f"{stem}.txt" in source:
            try:
                record["plot"] = decode(source.read(f"{stem}.txt"))
            except CatalogueError as error:
                problem = str(error)
        poster = partial(source.poster, name)
        yield film(record, stem, options, poster=poster, extra={"file": name}, problem=problem)


def title_and_year(name: str) -> tuple[str, str]:
    """("Alba", "1999") of "Alba (1999)" and of "Alba [1999] 1080p"; no year is an empty one."""
    # Of a longer name, the search would take a time that grows with its square.
    match = re.search(r"^(.*?)[ ._]*[(\[]((?:18|19|20)\d\d)[)\]]", name[:_LONGEST])
    if not match or not match[1].strip():
        return name, ""
    return match[1].strip(), match[2]
