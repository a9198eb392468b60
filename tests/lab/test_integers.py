"""Products and convolutions in integers: nearly the same scores, no sum that overflows, no bias."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.numpy_helper
import onnxruntime
import pytest
from numpy.typing import NDArray

from genreel.graph import load_session, run_session
from genreel.lab.examples import Examples
from genreel.lab.graphs import integers
from genreel.lab.graphs.integers import count_in_integers
from genreel.lab.graphs.precision import reduce_precision
from genreel.lab.graphs.text import parse_graph
from genreel.lab.recipe import PRECISIONS

Make = Callable[..., Examples]

# A residual block such as MobileNetV2 (Sandler et al. 2018) consists of, behind a first layer.
BODY = [
    "floats = Cast <to = 1> (pixels)",
    "x = Div (floats, whole)",
    "stem = Conv <strides = [2, 2]> (x, stem_w, stem_b)",
    "a = Clip (stem, nothing, six)",
    "wide = Conv (a, wide_w)",
    "b = Clip (wide, nothing, six)",
    "deep = Conv <group = 8, pads = [1, 1, 1, 1]> (b, deep_w, deep_b)",
    "c = Relu (deep)",
    "narrow = Conv (c, narrow_w, narrow_b)",
    "sum = Add (a, narrow)",
    "last = Conv <group = 2> (sum, last_w, last_b)",
    "scores = ReduceMean <keepdims = 0> (last, area)",
]


def constants(seed: int = 0) -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> NDArray[np.float32]:
        scale = 1 / np.sqrt(np.prod(shape[1:]))
        return np.asarray(rng.normal(scale=scale, size=shape), np.float32)

    return {
        **{"stem_w": draw(4, 3, 3, 3), "stem_b": draw(4), "wide_w": draw(8, 4, 1, 1)},
        **{"deep_w": draw(8, 1, 3, 3), "deep_b": draw(8)},
        **{"narrow_w": draw(4, 8, 1, 1), "narrow_b": draw(4)},
        **{"last_w": draw(6, 2, 1, 1), "last_b": draw(6)},
        **{"whole": np.float32(255), "nothing": np.float32(0), "six": np.float32(6)},
        "area": np.array([2, 3], np.int64),
    }


def network(body: list[str] = BODY, **other: NDArray[Any]) -> Any:
    output = "float[m, g] scores"
    names = {"pixels": "poster.pixels"}
    inputs = ["uint8[m, 3, h, w] pixels"]
    return parse_graph(inputs, output, body, constants=constants() | other, names=names)


def in_integers(model: Any, examples: Examples) -> Any:
    copy = onnx.ModelProto.FromString(model.SerializeToString())
    count_in_integers(copy, examples)
    onnx.checker.check_model(copy, full_check=True)
    return copy


def scores(model: Any, examples: Examples) -> NDArray[Any]:
    return run_session(load_session(model.SerializeToString()), examples.arrays(["poster"]))


def arrays(model: Any) -> dict[str, NDArray[Any]]:
    return {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}


@pytest.fixture(scope="module")
def examples(toy_examples: Make) -> Examples:
    return toy_examples(120, names="plot poster")  # a quarter has no poster


def test_scores_hardly_move_and_are_right_on_average(examples: Examples) -> None:
    model = network()
    exact, near = scores(model, examples), scores(in_integers(model, examples), examples)
    apart = near - exact
    spread = exact.std()
    assert 0 < np.abs(apart).max() < 0.1 * spread
    assert np.abs(apart.mean(axis=0)).max() < 0.01 * spread


def test_what_rounding_adds_on_average_is_taken_off(examples: Examples) -> None:
    """All weights of one channel are rounded down, save the one that sets its scale."""
    kernel = np.full((2, 3, 1, 1), 0.4 / 63, np.float32)
    kernel[:, 0] = 1
    body = [*BODY[:2], "y = Conv (x, wide_w, bias)", "scores = ReduceMean <keepdims = 0> (y, area)"]
    model = network(body, wide_w=kernel, bias=np.zeros(2, np.float32))
    near = in_integers(model, examples)
    lost = 2 * 0.4 / 63 * examples.arrays(["poster"])["poster.pixels"][:, 1:].mean() / 255
    assert lost > 0.005
    assert abs((scores(near, examples) - scores(model, examples)).mean()) < 0.1 * lost


def test_sums_of_two_products_fit_sixteen_bits(examples: Examples) -> None:
    found = arrays(in_integers(network(), examples))
    most = {
        name.partition("/")[0]: int(np.abs(a).max())
        for name, a in found.items()
        if name.endswith("/weights/integers")
    }
    assert most.pop("deep") == 127
    assert most == dict.fromkeys(["stem", "wide", "narrow", "last"], 63)
    assert all(2 * 255 * levels < 2**15 for levels in most.values())


def test_a_grey_picture_s_first_layer_is_not_depthwise(examples: Examples) -> None:
    kernel = constants()["deep_w"]
    body = [
        *BODY[:2],
        "grey = ReduceMean (x, channel)",
        "y = Conv (grey, deep_w)",
        "scores = ReduceMean <keepdims = 0> (y, area)",
    ]
    near = in_integers(network(body, deep_w=kernel, channel=np.array([1])), examples)
    assert np.abs(arrays(near)["y/weights/integers"]).max() == 63


def optimised(model: Any, folder: Path) -> Counter[str]:
    """The nodes that onnxruntime makes of a graph."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(folder / "optimised.onnx")
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.log_severity_level = 4
    onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return Counter(node.op_type for node in onnx.load(folder / "optimised.onnx").graph.node)


def test_onnxruntime_makes_integer_nodes_of_all(examples: Examples, tmp_path: Path) -> None:
    made = optimised(in_integers(network(), examples), tmp_path)
    assert made["QLinearConv"] == 5 and made["QLinearAdd"] == 1
    assert not {"Conv", "Relu", "Add"} & set(made)
    assert made["QuantizeLinear"] == 1, "the pixels"


def test_a_movie_s_score_is_its_own(examples: Examples) -> None:
    near = in_integers(network(), examples)
    posters = examples.take(np.flatnonzero(examples.has(["poster"])))
    together = scores(near, posters)
    for i in (0, 1, 5):
        np.testing.assert_allclose(scores(near, posters.take([i]))[0], together[i], atol=1e-6)


def test_a_channel_without_weights_keeps_its_bias(examples: Examples) -> None:
    kernel = constants()["last_w"]
    kernel[1] = 0
    bias = np.array([0.1, 2.5, -0.3, 0, 0, 0], np.float32)
    model = network(last_w=kernel, last_b=bias)
    near = scores(in_integers(model, examples), examples)
    np.testing.assert_allclose(near[:, 1], 2.5, rtol=0.01)


def test_an_activation_that_another_reads_around_stays(examples: Examples) -> None:
    body = [
        *BODY[:7],
        "both = Sum (deep, b)",  # `deep` is read by two
        "c = Relu (deep)",
        "all = Sum (both, c)",
        "scores = ReduceMean <keepdims = 0> (all, area)",
    ]
    model = network(body)
    near = in_integers(model, examples)
    assert [node.op_type for node in near.graph.node].count("Relu") == 1
    exact = scores(model, examples)
    assert np.abs(scores(near, examples) - exact).max() < 0.1 * exact.std()


def test_graphs_without_images_stay(examples: Examples) -> None:
    model = network(["floats = Cast <to = 1> (pixels)", "scores = ReduceMean (floats, area)"])
    before = model.SerializeToString()
    count_in_integers(model, examples.without(["poster"]))
    assert [n.op_type for n in model.graph.node] == ["Cast", "ReduceMean"]
    assert len(model.SerializeToString()) <= len(before)


def test_int8_includes_them_and_float16_does_not(examples: Examples) -> None:
    data = network().SerializeToString()
    for kind, expected in (("float16", False), ("int8", True)):
        model = onnx.load_model_from_string(reduce_precision(data, kind, examples))
        found = {node.op_type for node in model.graph.node}
        assert ("QuantizeLinear" in found) == expected


# Products of rows with a matrix

ROWS = [
    *BODY[:2],
    "y = MatMul (x, matrix)",  # of four dimensions: every row of pixels is a row
    "z = Add (y, offset)",
    "g = Gelu (z)",
    "h = MatMul (g, second)",
    "sum = Add (h, z)",
    "scores = ReduceMean <keepdims = 0> (sum, planes)",
]


def rows_network(examples: Examples, **other: NDArray[Any]) -> Any:
    rng = np.random.default_rng(3)
    width = examples.arrays(["poster"])["poster.pixels"].shape[-1]
    held = {
        "matrix": rng.normal(scale=0.2, size=(width, 40)).astype(np.float32),
        "offset": rng.normal(size=40).astype(np.float32),
        "second": rng.normal(scale=0.1, size=(40, 40)).astype(np.float32),
        "planes": np.array([1, 2], np.int64),
    }
    return network(ROWS, **(held | other))


@pytest.fixture(autouse=True)
def _small_ones_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integers, "_SMALLEST", 100)


def test_products_hardly_move_and_are_right_on_average(examples: Examples) -> None:
    model = rows_network(examples)
    near = in_integers(model, examples)
    assert "MatMul" not in {node.op_type for node in near.graph.node}
    exact = scores(model, examples)
    apart = scores(near, examples) - exact
    assert 0 < np.abs(apart).max() < 0.05 * exact.std()
    assert np.abs(apart.mean(axis=0)).max() < 0.01 * exact.std()


def test_onnxruntime_adds_the_bias_within_the_product(examples: Examples, tmp_path: Path) -> None:
    made = optimised(in_integers(rows_network(examples), examples), tmp_path)
    assert made["QGemm"] == 2 and made["QuantizeLinear"] == 2
    assert made["Add"] == 1, "what is no bias"


def test_a_product_that_more_read_than_its_bias(examples: Examples) -> None:
    body = [*ROWS[:6], "sum = Sum (h, z, y)", ROWS[-1]]
    held = {t.name: onnx.numpy_helper.to_array(t) for t in rows_network(examples).graph.initializer}
    model = network(body, **held)
    near = in_integers(model, examples)
    assert [node.op_type for node in near.graph.node].count("Add") == 1
    exact = scores(model, examples)
    assert np.abs(scores(near, examples) - exact).max() < 0.05 * exact.std()


def test_no_rows_and_small_matrices(examples: Examples, monkeypatch: pytest.MonkeyPatch) -> None:
    model = rows_network(examples)
    assert scores(in_integers(model, examples), examples.without(["poster"])).shape == (0, 40)
    monkeypatch.setattr(integers, "_SMALLEST", 10_000)
    assert "QuantizeLinear" not in {n.op_type for n in in_integers(model, examples).graph.node}


def test_the_file_is_smaller(examples: Examples) -> None:
    rng = np.random.default_rng(0)
    width = examples.arrays(["poster"])["poster.pixels"].shape[-1]
    shapes = {"matrix": (width, 400), "offset": (400,), "second": (400, 900)}
    held = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    lines = [*ROWS[:6], "scores = ReduceMean <keepdims = 0> (h, planes)"]
    data = network(lines, planes=np.array([1, 2]), **held).SerializeToString()
    sizes = [len(reduce_precision(data, kind, examples)) / len(data) for kind in PRECISIONS]
    assert sizes[0] == 1 and 0.5 < sizes[1] < 0.52 and 0.25 < sizes[2] < 0.3
