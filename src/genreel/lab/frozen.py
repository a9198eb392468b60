"""Vectors of a frozen network in place of a feature's rows: computed once, kept in the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from genreel.catalogue import Movie
from genreel.features import Array
from genreel.lab.cache import rows_key, stored_rows
from genreel.lab.examples import Examples
from genreel.progress import progress


class Extractor(Protocol):
    """A frozen network, as the cache sees it; `net` is the network itself.

    Attributes:
        width: of its vectors.
        net: the network itself.
    """

    width: int
    net: Any

    @property
    def arrays(self) -> tuple[str, ...]:
        """The short name of the one array that it takes."""

    def identity(self) -> str:
        """Names the network and its weights."""

    def extract(self, rows: Array, /) -> Array:
        """The array of m collated rows → float32 (m, width)."""


@dataclass
class Vectors:
    """Stands in for a feature whose rows became vectors; the array keeps its name."""

    width: int
    input: str
    array: str
    kind: str = "vectors"
    slow: bool = False

    def read(self, movie: Movie) -> None:
        """Vectors come from the cache alone."""

    def collate(self, rows: Sequence[Array | None]) -> dict[str, Array]:
        """The array, float32 (m, width), and `rows` int64 (m,)."""
        there = [i for i, row in enumerate(rows) if row is not None]
        stacked = np.empty((len(there), self.width), np.float32)
        for k, i in enumerate(there):
            stacked[k] = rows[i]
        return {self.array: stacked, "rows": np.array(there, np.int64)}

    def settings(self) -> dict[str, Any]:
        """Its width."""
        return {"width": self.width}

    def state(self) -> dict[str, Array]:
        """None."""
        return {}


def extracted_rows(examples: Examples, name: str, extractor: Extractor, folder: Path) -> Examples:
    """The examples with one feature's rows replaced by a frozen network's vectors.

    The vectors are computed once and kept: a second recipe on the same network and the same
    rows finds them. The key holds the rows' content and the identity of the extractor.
    """
    rows, given = examples.rows[name], examples.features[name]
    if isinstance(given, Vectors):
        return examples
    [short] = extractor.arrays
    digest = hashlib.sha256(f"{rows_key(rows)} {extractor.identity()}".encode()).hexdigest()[:32]

    def fill() -> Iterator[tuple[int, Array | None]]:
        # The longest first: rows of like length share a batch, so that little of it is padding.
        order = sorted(range(len(rows)), key=lambda i: -_length(rows[i]))
        for start in progress(range(0, len(rows), 64), "vectors", -(-len(rows) // 64)):
            batch = [(i, rows[i]) for i in order[start : start + 64]]
            there = [(i, row) for i, row in batch if row is not None]
            if there:
                vectors = extractor.extract(given.collate([row for _, row in there])[short])
                yield from zip((i for i, _ in there), vectors, strict=True)
            yield from ((i, None) for i, row in batch if row is None)

    stored = stored_rows(
        folder / f"vectors-{digest}.npy", (len(rows), extractor.width), np.float32, fill
    )
    feature = Vectors(extractor.width, given.input, short)
    return replace(
        examples,
        features={**examples.features, name: feature},
        rows={**examples.rows, name: stored},
    )


def _length(row: Array | None) -> int:
    return 0 if row is None else len(row)
