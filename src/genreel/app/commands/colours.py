"""genreel colours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from genreel.app.commands import DONE, shared
from genreel.app.commands.flags import Command, mandatory


@dataclass(frozen=True, kw_only=True)
class Options:
    """Whose posters to look at, and where the figures go."""

    catalogue: str = shared.catalogue_argument()
    taxonomy: str = shared.taxonomy_flag()
    genres: str | None = shared.more_genres_flag()
    out: Path = mandatory("where they go", Path, metavar="DIR")


def run(options: Options) -> int:
    """Finds the dominant colours of posters by genre and period."""
    from genreel.catalogue import Catalogue
    from genreel.lab.colours import write_colours

    genres = shared.genres_of(options.genres)
    movies = list(Catalogue(options.catalogue, options.taxonomy, genres=genres))
    shared.make_folder(options.out)
    write_colours(movies, options.out)
    return DONE


COMMAND = Command(
    Options, run, "Writes colours.csv, genres.svg, genres-with-greys.svg and periods.svg."
)
