"""Rows of features as matrices for scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from genreel.lab.examples import Examples


def dense(matrix: Any) -> NDArray[Any]:
    """A matrix that may be sparse, as an array."""
    return np.asarray(matrix.toarray() if scipy.sparse.issparse(matrix) else matrix)


def term_columns(feature: Any) -> int:
    """Columns of a matrix over terms: at least one, as a vocabulary may be empty."""
    return max(1, len(feature))


def term_matrix(examples: Examples, name: str) -> Any:
    """The rows of a feature of kind "terms" as a CSR matrix, shape (n, columns)."""
    return sparse_rows(examples.read(name), term_columns(examples.features[name]))


def sparse_rows(rows: list[Any], width: int) -> Any:
    """Rows of `Terms` (None: all zero) as a CSR matrix, shape (n, width)."""
    empty = (np.empty(0, np.int64), np.empty(0, np.float32))
    pairs = [row if row is not None else empty for row in rows]
    starts = np.cumsum([0, *(len(indices) for indices, _ in pairs)])
    indices = np.concatenate([p[0] for p in pairs]) if pairs else empty[0]
    values = np.concatenate([p[1] for p in pairs]) if pairs else empty[1]
    return scipy.sparse.csr_matrix((values, indices, starts), shape=(len(rows), width))
