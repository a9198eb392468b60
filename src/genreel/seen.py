"""Which movies a bundle has seen: as hashes, from which no title can be read back."""

from __future__ import annotations

import functools
import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel.catalogue import Movie
from genreel.errors import BundleError

PARTS = ("train", "valid", "test")
"""What a movie served for: to learn from, to choose settings on, to measure on."""

_ROW = np.dtype([("part", "u1"), ("id", "<u8"), ("film", "<u8")])
_NO_ID = re.compile(r"(?:row|line) \d+")  # what a row of a table without ids is called


@dataclass(frozen=True, eq=False)
class Seen:
    """Movies of the parts of a split.

    Attributes:
        rows: of dtype part (uint8, number in PARTS), id and film (uint64, hashes), shape (n,).
    """

    rows: NDArray[Any]

    @classmethod
    def of(cls, parts: Mapping[str, Iterable[Movie]]) -> Seen:
        """From the movies of each part; the name of each is one of PARTS."""
        rows = [
            (PARTS.index(name), *fingerprint(movie))
            for name, movies in parts.items()
            for movie in movies
        ]
        return cls(np.array(rows, _ROW))

    @classmethod
    def load(cls, data: bytes) -> Seen:
        """From the bytes of a .npy file, as `dump` gives them; else a BundleError."""
        file = io.BytesIO(data)
        try:
            np.lib.format.read_magic(file)
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
            rows = np.frombuffer(data[file.tell() :], _ROW)
        except Exception as error:  # numpy fails in more ways than it documents
            raise BundleError(f"movies.npy is damaged ({error}); get the bundle again") from None
        if dtype != _ROW or shape != rows.shape or (rows["part"] >= len(PARTS)).any():
            raise BundleError("movies.npy is damaged (other rows); get the bundle again")
        return cls(rows)

    def dump(self) -> bytes:
        """The bytes of a .npy file."""
        file = io.BytesIO()
        np.lib.format.write_array(file, self.rows, version=(1, 0), allow_pickle=False)
        return file.getvalue()

    def counts(self) -> dict[str, int]:
        """Part → number of its movies."""
        numbers = np.bincount(self.rows["part"], minlength=len(PARTS)).tolist()
        return dict(zip(PARTS, numbers, strict=True))

    def part_of(self, movie: Movie) -> str | None:
        """The part that a movie was in, by its id, or by its title and year; None: in none.

        Of several parts it is the first.
        """
        numbers = [self._parts[h] for h in fingerprint(movie) if h in self._parts]
        return PARTS[min(numbers)] if numbers else None

    def calibrated(self, valid: Sequence[Movie], test: Sequence[Movie]) -> Seen:
        """The same after settings were chosen on `valid` and measured on `test`."""
        stays = self.rows[self.rows["part"] < PARTS.index("test")]
        new = [movie for movie in valid if self.part_of(movie) not in PARTS[:2]]
        added = Seen.of({"valid": new, "test": test}).rows
        return Seen(np.concatenate([stays, added]))

    @functools.cached_property
    def _parts(self) -> dict[int, int]:
        """Hash → the first part that it is in."""
        parts: dict[int, int] = {}
        for part, *hashes in self.rows.tolist():
            for one in hashes:
                parts[one] = min(part, parts.get(one, part))
        return parts


def fingerprint(movie: Movie) -> tuple[int, int]:
    """Hashes, below 2⁶⁴, of a movie's id, and of what it is whatever its id.

    The latter is its title and year; without a title its plot, without that the name of its poster.
    A row of a table without ids is known by the latter alone.
    """
    by_id, by_content = _hash(f"id {movie.id}"), _hash(_content(movie))
    return (by_content if _NO_ID.fullmatch(movie.id) else by_id), by_content


def _content(movie: Movie) -> str:
    if title := _words(movie.title):
        return f"title {title} {movie.year or ''}"
    if plot := _words(movie.plot):
        return f"plot {plot}"
    return f"poster {movie.poster.name}" if isinstance(movie.poster, Path) else f"id {movie.id}"


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _hash(text: str) -> int:
    data = text.encode("utf-8", "replace")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")
