"""A store's shop, as an archive to be unpacked on a web space."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from genreel.app.shop.making import make_shop
from genreel.app.shop.rendering import Look
from genreel.app.store.browse import Filter
from genreel.app.store.export import with_posters
from genreel.app.store.store import Store
from genreel.app.store.views import collections
from genreel.formats.names import Names
from genreel.posters import Limits

_PART = 2**16  # bytes
# The earliest time that an archive can hold, so that equal shops give equal archives.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def shop_archive(
    store: Store, query: Filter, look: Look, limits: Limits, names: Names | None = None
) -> Iterator[bytes]:
    """A zip archive of a shop, in parts; arguments as of `make_shop` and `with_posters`.

    Raises:
        GenreelError: it cannot be made; no part was given yet.
    """
    folder = tempfile.TemporaryDirectory(prefix="genreel-shop-")
    try:
        pages = Path(folder.name) / "shop"
        movies = with_posters(store, query, names)
        make_shop(movies, pages, look, collections(store), limits=limits)
        path = Path(folder.name) / "shop.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for file in sorted(pages.rglob("*")):
                if file.is_file():
                    _add(archive, file, file.relative_to(pages.parent).as_posix())
    except BaseException:
        folder.cleanup()
        raise
    return _parts(folder, path)


def _add(archive: zipfile.ZipFile, file: Path, name: str) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.external_attr = 0o644 << 16
    kind = zipfile.ZIP_STORED if file.suffix == ".jpg" else zipfile.ZIP_DEFLATED
    archive.writestr(entry, file.read_bytes(), kind)


def _parts(folder: tempfile.TemporaryDirectory[str], path: Path) -> Iterator[bytes]:
    with folder, path.open("rb") as file:
        while part := file.read(_PART):
            yield part
