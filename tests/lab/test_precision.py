"""Graphs in fewer bits: smaller, nearly the same, and the same whoever shares the batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnx.numpy_helper
import pytest

from genreel.graph import load_session, run_session
from genreel.lab.examples import Examples
from genreel.lab.graphs import integers, precision
from genreel.lab.graphs.export import export
from genreel.lab.graphs.precision import drift, reduce_precision
from genreel.lab.model import Model, Place
from genreel.lab.models.late_fusion import LateFusion, LateFusionSettings
from genreel.lab.models.linear import Linear, LinearSettings
from genreel.lab.networks.network import Network, NetworkSettings
from genreel.lab.networks.training import TrainingSettings
from genreel.lab.recipe import PRECISIONS

Make = Callable[..., Examples]
NAMES = "plot poster pieces"


@pytest.fixture(scope="module", autouse=True)
def _small_ones_too() -> Any:
    """These graphs are tiny, so what counts as large is, too."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (precision, integers):
            patch.setattr(module, "_SMALLEST", 30)
        yield


@pytest.fixture(scope="module")
def examples(toy_examples: Make) -> Examples:
    return toy_examples(40, names=NAMES)


@pytest.fixture(scope="module")
def graph(examples: Examples, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Words, an encoder of sentences and a poster network, fused late."""
    training = TrainingSettings(epochs=6, batch_size=8, learning_rate=0.01)

    def network(name: str, **tower: Any) -> Network:
        settings = NetworkSettings({"t": {"feature": name, **tower}}, training=training)
        return Network(settings, (name,), examples.features)

    parts: dict[str, Model] = {
        "words": Linear(LinearSettings(C=10.0), ("plot",), examples.features),
        "sentence": network("pieces", kind="sentence"),
        "poster": network("poster", kind="cnn", layers=["conv 4 3", "pool 4", "mean", "dense 6"]),
    }
    model = LateFusion(LateFusionSettings(), (), examples.features, parts)
    model.fit(examples, examples, Place(tmp_path_factory.mktemp("work"), 0))
    return export(model, examples.features)


def scores(graph: bytes, examples: Examples) -> Any:
    return run_session(load_session(graph), examples.arrays())


def weights(graph: bytes) -> dict[str, Any]:
    model = onnx.load_model_from_string(graph)
    return {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}


def test_float32_changes_nothing(graph: bytes, examples: Examples) -> None:
    assert reduce_precision(graph, "float32", examples) is graph


@pytest.mark.parametrize(("kind", "near"), [("float16", 1e-3), ("int8", 0.05)])
def test_scores_hardly_move(graph: bytes, examples: Examples, kind: str, near: float) -> None:
    reduced = reduce_precision(graph, kind, examples)
    found = drift(graph, reduced, examples)
    assert 0 < found["mean"] <= found["largest"] < near
    expected = np.abs(scores(graph, examples) - scores(reduced, examples)).max()
    assert found["largest"] >= expected - 1e-9
    for hidden in (["plot"], ["poster"], ["plot", "poster"]):  # no rows at all
        shown = examples.take([0, 3]).without(hidden)
        np.testing.assert_allclose(scores(reduced, shown), scores(graph, shown), atol=near)


def test_what_becomes_of_the_weights(graph: bytes, examples: Examples) -> None:
    before = weights(graph)
    large = {name: array for name, array in before.items() if array.size >= 30}
    floats = {name for name, array in large.items() if array.dtype == np.float32}
    half, eight = (
        weights(reduce_precision(graph, "float16", examples)),
        weights(reduce_precision(graph, "int8", examples)),
    )
    for name in floats:
        assert name not in half and half[f"{name}/half"].dtype == np.float16
        np.testing.assert_allclose(half[f"{name}/half"], before[name], rtol=1e-3, atol=1e-6)
    tables = {name for name in floats if f"{name}/integers" in eight}
    for name in tables:
        array, scale = eight[f"{name}/integers"], eight[f"{name}/scales"]
        assert array.dtype == np.int8 and scale.shape == (len(array), 1)
        np.testing.assert_allclose(array * scale, before[name], atol=scale.max() * 0.501)
    assert len(tables) >= 2  # words, pieces
    kept = {name for name in eight if name.endswith("/weights/integers")}
    shapes = [eight[name].shape for name in kept]
    assert sorted(map(len, shapes)) == [2] * 12 + [4]  # two layers' products, a convolution
    for name in kept:
        assert eight[name].dtype == np.int8 and np.abs(eight[name]).max() <= 63
    rest = {name for name in floats - tables if f"{name}/half" in eight}
    assert rest and len(rest) + len(tables) + len(kept) == len(floats)


def test_int8_is_a_movie_s_own(graph: bytes, examples: Examples) -> None:
    """The score does not depend on who shares the batch, nor on their lengths."""
    reduced = reduce_precision(graph, "int8", examples)
    together = scores(reduced, examples)
    for i in (0, 1, 2, 3):
        np.testing.assert_allclose(scores(reduced, examples.take([i]))[0], together[i], atol=2e-6)


def test_numbers_that_sixteen_bits_cannot_hold_stay(graph: bytes, examples: Examples) -> None:
    model = onnx.load_model_from_string(graph)
    tensor = next(t for t in model.graph.initializer if "conv" in t.name or len(t.dims) == 4)
    array = onnx.numpy_helper.to_array(tensor) * 1e7
    tensor.CopyFrom(onnx.numpy_helper.from_array(array, tensor.name))
    large = model.SerializeToString()
    np.testing.assert_array_equal(
        weights(reduce_precision(large, "float16", examples))[tensor.name], array
    )


def test_no_domain_but_onnx_s_own(graph: bytes, examples: Examples) -> None:
    for kind in PRECISIONS:
        model = onnx.load_model_from_string(reduce_precision(graph, kind, examples))
        assert {entry.domain for entry in model.opset_import} <= {"", "ai.onnx.ml"}
        assert {node.domain for node in model.graph.node} <= {"", "ai.onnx.ml"}


def test_nothing_to_compare(graph: bytes, examples: Examples) -> None:
    assert drift(graph, graph, examples.take([])) == {"mean": 0.0, "largest": 0.0}
