"""Expensive feature rows cached on disk, keyed by their source and the code that read them."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, overload

import numpy as np
import PIL

from genreel import posters
from genreel.catalogue import Movie
from genreel.errors import GenreelError, InputError
from genreel.features import Array, Feature, image, readable_rows
from genreel.features.sentences import Sentences
from genreel.files import open_file
from genreel.progress import progress


class ArrayRows(Sequence[Array | None]):
    """Rows of one shape in a memory-mapped file; None where a movie had none."""

    def __init__(self, array: Array, present: Sequence[bool], key: str) -> None:
        self._array = array
        self._present = present
        self.key = key

    def __len__(self) -> int:
        return len(self._present)

    @overload
    def __getitem__(self, i: int) -> Array | None: ...
    @overload
    def __getitem__(self, i: slice) -> Sequence[Array | None]: ...
    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [self[k] for k in range(*i.indices(len(self)))]
        return self._array[i] if self._present[i] else None


def cached_rows(feature: Feature, movies: Sequence[Movie], folder: Path) -> ArrayRows | None:
    """Rows of pixels or sentences, from the cache or added to it; None for other features.

    The key holds the feature's kind and settings, the code that reads, and the content of every
    poster or text: a changed one or changed code never gets old rows.

    Raises:
        GenreelError: the cache cannot be written.
    """
    is_text = isinstance(feature, Sentences)
    if not (is_text or feature.shape):
        return None
    version = [Sentences.version()] if is_text else _version()
    digest = hashlib.sha256(json.dumps([feature.kind, feature.settings(), version]).encode())
    for movie in movies:
        digest.update(_text_content(movie, feature.input) if is_text else _content(movie))
    read, shape, dtype = (
        (_read_texts, (feature.width,), np.float32)
        if isinstance(feature, Sentences)
        else (_read_all, feature.shape, np.uint8)
    )
    return stored_rows(
        folder / f"{feature.kind}-{digest.hexdigest()[:32]}.npy",
        (len(movies), *shape),
        dtype,
        lambda: enumerate(progress(read(feature, movies), f"{feature.input}s", len(movies))),
    )


def rows_key(rows: Sequence[Any]) -> str:
    """A key for the content of rows: that of their cache file, or a digest of them."""
    if isinstance(rows, ArrayRows):
        return rows.key
    digest = hashlib.sha256()
    for row in rows:
        for array in row if isinstance(row, tuple) else (row,):
            content = b"" if array is None else array.tobytes()
            digest.update(f"{'-' if array is None else len(content)} ".encode() + content)
    return digest.hexdigest()


def stored_rows(
    path: Path,
    shape: tuple[int, ...],
    dtype: Any,
    fill: Callable[[], Iterable[tuple[int, Array | None]]],
) -> ArrayRows:
    """Rows of the file `path`. If there is none, it is made of `fill`: numbers and rows."""
    flags = path.with_suffix(".json")
    if not (flags.is_file() and path.is_file()):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=path.parent) as temporary:
                array = np.lib.format.open_memmap(
                    Path(temporary) / "rows.npy", mode="w+", dtype=dtype, shape=shape
                )
                present = [False] * shape[0]
                for i, row in fill():
                    if row is not None:
                        array[i] = row
                        present[i] = True
                array.flush()
                (Path(temporary) / "flags.json").write_text(json.dumps(present))
                os.replace(Path(temporary) / "rows.npy", path)
                os.replace(Path(temporary) / "flags.json", flags)
        except OSError as error:
            raise GenreelError(
                f"cannot write the cache {path.parent} ({error.strerror}); "
                "free some space or set GENREEL_CACHE"
            ) from None
    return ArrayRows(np.load(path, mmap_mode="r"), json.loads(flags.read_text()), path.stem)


def _read_all(feature: Feature, movies: Sequence[Movie]) -> Iterator[Array | None]:
    def read(movie: Movie) -> Any:
        try:
            return feature.read(movie)
        except InputError:
            return None

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for start in range(0, len(movies), 256):  # so that few rows are in memory at a time
            yield from pool.map(read, movies[start : start + 256])


def _read_texts(feature: Feature, movies: Sequence[Movie]) -> Iterator[Array | None]:
    """Texts that are read together take half the time."""
    for start in range(0, len(movies), 256):
        yield from readable_rows(feature, movies[start : start + 256])


@functools.cache
def _version() -> list[str]:
    """Version of the code that reads posters: digests of its source, and Pillow's version."""
    texts = [Path(str(module.__file__)).read_bytes() for module in (posters, image)]
    return [PIL.__version__, *(hashlib.sha256(text).hexdigest() for text in texts)]


def _text_content(movie: Movie, name: str) -> bytes:
    """A digest of the text called `name`."""
    return hashlib.sha256(str(getattr(movie, name)).encode(errors="replace")).digest()


def _content(movie: Movie) -> bytes:
    """A digest of the poster; unreadable ones count as missing."""
    poster = movie.poster
    try:
        if poster is None:
            return b"\0"
        if isinstance(poster, Path):
            with open_file(poster) as file:
                return hashlib.file_digest(file, "sha256").digest()  # type: ignore[arg-type]
        if not isinstance(poster, bytes):
            poster = f"{poster.mode} {poster.size} ".encode() + poster.tobytes()
        return hashlib.sha256(poster).digest()
    except (OSError, InputError):
        return b"\0"
