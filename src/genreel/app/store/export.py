"""Films out of a store, as files that genreel and other programs read.

The writers are those of `genreel apply` and `genreel import`.
"""

from __future__ import annotations

import contextlib
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from genreel.app.store.browse import Filter, find
from genreel.app.store.film import Film
from genreel.app.store.store import Store
from genreel.app.store.writing import found_in, movie_of
from genreel.catalogue import Movie
from genreel.errors import UnknownFilm
from genreel.formats.applying import names_for
from genreel.formats.importing import file_name
from genreel.formats.kodi import nfo_names
from genreel.formats.names import Names
from genreel.formats.nfo import write_nfo
from genreel.formats.shopify import new_products
from genreel.formats.table import write_catalogue
from genreel.formats.woocommerce import woocommerce_products
from genreel.formats.xmp import write_xmp
from genreel.posters import SUFFIXES

_AT_ONCE = 500
_PART = 2**16  # bytes
# The earliest time that an archive can hold, so that equal films give equal archives.
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Options:
    """How to write it.

    Attributes:
        safe_cells: whether CSV cells that look like formulas get an apostrophe.
        names: what genres are called; None: as the format calls them.
    """

    safe_cells: bool = False
    names: Names | None = None


class Export(NamedTuple):
    """A format.

    Attributes:
        label: what a person reads.
        name: of the file.
        media_type: of the answer.
        write: films of a store → the file at a path.
    """

    label: str
    name: str
    media_type: str
    write: Callable[[Store, Filter, Path, Options], object]


def export(store: Store, query: Filter, form: str, options: Options) -> Iterator[bytes]:
    """A file, in parts; `form` is one of EXPORTS.

    Raises:
        GenreelError: it cannot be written; MissingExtra: Parquet without pyarrow.
    """
    # Written before the first part is given: what fails, fails before an answer has begun.
    folder = tempfile.TemporaryDirectory()
    try:
        path = Path(folder.name) / EXPORTS[form].name
        EXPORTS[form].write(store, query, path, options)
    except BaseException:
        folder.cleanup()
        raise
    return _parts(folder, path)


def _parts(folder: tempfile.TemporaryDirectory[str], path: Path) -> Iterator[bytes]:
    with folder, path.open("rb") as file:
        while part := file.read(_PART):
            yield part


def _films(store: Store, query: Filter, order: str = "title") -> Iterator[Film]:
    offset = 0
    while some := find(store, query, order, _AT_ONCE, offset):
        yield from some
        offset += len(some)


def _table(store: Store, query: Filter, path: Path, options: Options) -> None:
    def movies() -> Iterator[Movie]:
        for film in _films(store, query):
            movie = movie_of(film, options.names)
            extra = {"state": film.state, **movie.extra}  # a column of a person's stays
            yield replace(movie, poster=_poster(film, path.parent), extra=extra, lettering=None)

    write_catalogue(movies(), path, safe_cells=options.safe_cells)


def _poster(film: Film, folder: Path) -> Path | None:
    """What a film's poster is called, beside a table; None where that is not known."""
    name = PurePosixPath(film.path)
    return None if not name.parts or name.is_absolute() or ".." in name.parts else folder / name


def _shopify(store: Store, query: Filter, path: Path, options: Options) -> None:
    movies = products(store, query, options.names)
    path.write_bytes(new_products(movies, options.safe_cells))


def _woocommerce(store: Store, query: Filter, path: Path, options: Options) -> None:
    movies = products(store, query, options.names)
    path.write_bytes(woocommerce_products(movies, options.safe_cells))


def products(store: Store, query: Filter, names: Names | None = None) -> Iterator[Movie]:
    """Films as a shop sells them: the main genre first, the poster by its file's name.

    Args:
        names: what genres are called; None: genreel's own names.
    """
    for film in _films(store, query):
        poster = Path(_inside(film).name) if film.poster or film.path else None
        yield replace(movie_of(film, names), poster=poster)


def with_posters(store: Store, query: Filter, names: Names | None = None) -> Iterator[Movie]:
    """Films with their posters, the newest first; arguments as of `products`."""
    for film in _films(store, query, "newest"):
        poster = store.poster(film.poster) if film.poster else None
        yield replace(movie_of(film, names), poster=poster)


def _nfo(store: Store, query: Filter, path: Path, options: Options) -> None:
    names = options.names or names_for("nfo")

    def files() -> Iterator[tuple[PurePosixPath, bytes]]:
        for film in _with_opinions(store, query):
            data = write_nfo(None, found_in(film, names), movie=movie_of(film))
            poster = _inside(film)
            yield poster.with_name(nfo_names(poster.name)[0]), data

    _write_archive(path, files())


def _xmp(store: Store, query: Filter, path: Path, options: Options) -> None:
    names = options.names or names_for("xmp")

    def files() -> Iterator[tuple[PurePosixPath, bytes]]:
        for film in _with_opinions(store, query):
            if film.poster or film.path:
                poster = _inside(film)
                yield poster.with_name(f"{poster.name}.xmp"), write_xmp(None, found_in(film, names))

    _write_archive(path, files())


def _with_opinions(store: Store, query: Filter) -> Iterator[Film]:
    for film in _films(store, query):
        with contextlib.suppress(UnknownFilm):  # deleted meanwhile
            yield store.film(film.id)


def _inside(film: Film) -> PurePosixPath:
    """Where a film's poster would lie in an archive: as in its folder, and never outside of it."""
    path = PurePosixPath(film.path or f"{film.id}.jpg")
    folders = [file_name(part) for part in path.parent.parts if part not in ("/", "..")]
    is_image = path.suffix.lower() in SUFFIXES
    stem, suffix = (path.stem, path.suffix) if is_image else (path.name, ".jpg")
    return PurePosixPath(*folders, f"{file_name(stem)}{suffix}")


def _write_archive(path: Path, files: Iterator[tuple[PurePosixPath, bytes]]) -> None:
    """A zip archive of the files that have something in them, each under a name of its own."""
    names: set[str] = set()
    with zipfile.ZipFile(path, "w") as archive:
        for first_choice, data in files:
            name, number = first_choice, 1
            while str(name).casefold() in names:  # some systems know no capitals
                number += 1
                name = first_choice.with_name(f"{number}-{first_choice.name}")
            if data:
                names.add(str(name).casefold())
                entry = zipfile.ZipInfo(str(name), _EPOCH)
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, data, zipfile.ZIP_DEFLATED)


EXPORTS = {
    "csv": Export(
        "CSV, for spreadsheets and shops", "films.csv", "text/csv; charset=utf-8", _table
    ),
    "jsonl": Export("JSON lines, for programs", "films.jsonl", "application/x-ndjson", _table),
    "parquet": Export(
        "Parquet, for data frames", "films.parquet", "application/vnd.apache.parquet", _table
    ),
    "shopify": Export(
        "Shopify's product CSV, genres as tags", "shopify.csv", "text/csv; charset=utf-8", _shopify
    ),
    "woocommerce": Export(
        "WooCommerce's product CSV, genres as categories and tags",
        "woocommerce.csv",
        "text/csv; charset=utf-8",
        _woocommerce,
    ),
    "nfo": Export(
        "NFO files, for Kodi, Jellyfin, Emby and Plex", "films-nfo.zip", "application/zip", _nfo
    ),
    "xmp": Export("XMP sidecars, for photo programs", "films-xmp.zip", "application/zip", _xmp),
}
"""What a store can be exported as: a new format is a row here, and the page and the API have it."""
