"""Catalogues as other programs keep them, in and out: a file per format."""

from __future__ import annotations

from dataclasses import dataclass

from genreel.formats.class_table import read_class_table
from genreel.formats.columns import read_columns
from genreel.formats.film import Reader
from genreel.formats.folder import read_folder
from genreel.formats.imdb import read_imdb
from genreel.formats.kaggle_movies import read_kaggle_movies
from genreel.formats.kodi import read_kodi
from genreel.formats.mmimdb import read_mmimdb
from genreel.formats.movielens import read_movielens
from genreel.formats.tmdb import read_tmdb


@dataclass(frozen=True)
class Format:
    """How a source is read, and what it is."""

    read: Reader
    about: str


FORMATS = {
    "folder": Format(read_folder, "posters in a folder or zip archive, plots in .txt beside them"),
    "table": Format(read_columns, "CSV, JSON lines or Parquet with columns of any name (--map)"),
    "kodi": Format(read_kodi, "a library of Kodi, Jellyfin, Emby or Plex: NFO files and posters"),
    "mmimdb": Format(read_mmimdb, "MM-IMDb, the folder or the HDF5 file, with its split"),
    "kaggle_movies": Format(read_kaggle_movies, 'Kaggle\'s "The Movies Dataset"'),
    "movielens": Format(read_movielens, "movies.csv with links.csv, or movies.dat"),
    "imdb": Format(read_imdb, "title.basics.tsv.gz"),
    "class_table": Format(read_class_table, "the class competition's zip archive"),
    "tmdb": Format(read_tmdb, "TMDb's API by a query: 'year=1999 genre=Horror', 'search=Alba'"),
}
"""Name → format; what `genreel import` reads."""
