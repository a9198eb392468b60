"""Where a graph may differ from its model: trees alone, and there in few scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from genreel.errors import BundleError
from genreel.lab.graphs import parity
from genreel.lab.graphs.parity import PARITY, STEPS, check_parity


def graph_of(operator: str) -> bytes:
    node = onnx.helper.make_node(operator, [], [])
    graph = onnx.helper.make_graph([node], "graph", [], [])
    data: bytes = onnx.helper.make_model(graph).SerializeToString()
    return data


def check(monkeypatch: pytest.MonkeyPatch, operator: str, jumps: int, height: float = 0.3) -> float:
    """Of 2,000 scores, some jump by `height`; the others differ by a millionth."""
    differences: list[NDArray[Any]] = [np.full(1000, 1e-6), np.full(1000, 1e-6)]
    differences[0][:jumps] = height
    monkeypatch.setattr(parity, "_differences", lambda *_: differences)
    unused: Any = None
    return check_parity(graph_of(operator), unused, unused)


def test_a_number_at_a_split_is_no_fault_of_the_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    few = int(2000 * STEPS["TreeEnsembleRegressor"])
    assert few == 2
    assert check(monkeypatch, "TreeEnsembleRegressor", few) == pytest.approx(1e-6)
    with pytest.raises(BundleError, match=r"^the exported graph differs from the model by 0\.3;"):
        check(monkeypatch, "TreeEnsembleRegressor", few + 1)


def test_no_split_explains_what_is_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BundleError, match="differs from the model by nan"):
        check(monkeypatch, "TreeEnsembleRegressor", 1, np.nan)


def test_without_trees_one_score_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check(monkeypatch, "Gemm", 0) <= PARITY
    with pytest.raises(BundleError, match="not written"):
        check(monkeypatch, "Gemm", 1)
