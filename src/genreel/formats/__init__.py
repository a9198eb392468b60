"""Catalogues as other programs keep them, in and out: a file per format."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genreel.formats.film import Reader


@dataclass(frozen=True)
class Format:
    """A format that genreel reads: the file that does, and what it is for."""

    name: str
    about: str

    @property
    def read(self) -> Reader:
        """Its reader, loaded when it is first asked for, so that help pages start in a blink."""
        module = importlib.import_module(f"genreel.formats.{self.name}")
        reader: Reader = getattr(module, f"read_{self.name}")
        return reader


FORMATS = {
    entry.name: entry
    for entry in (
        Format("folder", "posters in a folder or zip archive, plots in .txt beside them"),
        Format("columns", "CSV, JSON lines or Parquet with columns of any name (--map)"),
        Format("kodi", "a library of Kodi, Jellyfin, Emby or Plex: NFO files and posters"),
        Format("mmimdb", "MM-IMDb, the folder or the HDF5 file, with its split"),
        Format("kaggle_movies", 'Kaggle\'s "The Movies Dataset"'),
        Format("movielens", "movies.csv with links.csv, or movies.dat"),
        Format("imdb", "title.basics.tsv.gz"),
        Format("class_table", "the class competition's zip archive"),
        Format("tmdb", "TMDb's API by a query: 'year=1999 genre=Horror', 'search=Alba'"),
    )
}
"""Name → format; what `genreel import` reads."""
