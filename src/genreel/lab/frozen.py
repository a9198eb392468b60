"""Vectors of a frozen network in place of a feature's rows: computed once, kept in the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from genreel.catalogue import Movie
from genreel.features import Array, Feature, present_rows
from genreel.lab.cache import rows_key, stored_rows
from genreel.lab.examples import Examples
from genreel.progress import progress


class Extractor(Protocol):
    """A frozen network that turns rows into vectors.

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
class Vectors(Feature):
    """A feature whose rows were replaced by vectors; its array keeps the name."""

    width: int
    input: str
    array: str
    own_sense: str
    kind: str = "vectors"

    def read(self, movie: Movie) -> None:
        """Vectors are never read from a movie, only from the cache."""

    def collate(self, rows: Sequence[Array | None]) -> dict[str, Array]:
        """The array, float32 (m, width), and `rows` int64 (m,)."""
        present = present_rows(rows)
        vectors = np.empty((len(present), self.width), np.float32)
        for k, i in enumerate(present):
            vectors[k] = rows[i]
        return {self.array: vectors, "rows": present}

    def settings(self) -> dict[str, Any]:
        """Its width."""
        return {"width": self.width}

    def state(self) -> dict[str, Array]:
        """None."""
        return {}


def extracted_rows(examples: Examples, name: str, extractor: Extractor, folder: Path) -> Examples:
    """The examples with one feature's rows replaced by a frozen network's vectors.

    The vectors are computed once and cached, for every recipe with the same network and rows. The
    key holds the content of the rows and the identity of the network.
    """
    rows, feature = examples.rows[name], examples.features[name]
    if isinstance(feature, Vectors):
        return examples
    [short] = extractor.arrays
    digest = hashlib.sha256(f"{rows_key(rows)} {extractor.identity()}".encode()).hexdigest()[:32]

    def fill() -> Iterator[tuple[int, Array | None]]:
        # Longest first, so that rows of a batch are similar in length and little of it is padding.
        order = sorted(range(len(rows)), key=lambda i: -_length(rows[i]))
        for start in progress(range(0, len(rows), 64), "vectors", -(-len(rows) // 64)):
            batch = [(i, rows[i]) for i in order[start : start + 64]]
            present = [(i, row) for i, row in batch if row is not None]
            if present:
                arrays = feature.collate([row for _, row in present])
                yield from zip(
                    (i for i, _ in present), extractor.extract(arrays[short]), strict=True
                )
            yield from ((i, None) for i, row in batch if row is None)

    vectors = stored_rows(
        folder / f"vectors-{digest}.npy", (len(rows), extractor.width), np.float32, fill
    )
    return replace(
        examples,
        features={
            **examples.features,
            name: Vectors(extractor.width, feature.input, short, feature.sense),
        },
        rows={**examples.rows, name: vectors},
    )


def _length(row: Array | None) -> int:
    return 0 if row is None else len(row)
