"""Vectors are found in a graph by how it scatters them, and leave its scores alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from genreel.catalogue import Movie
from genreel.graph import load_session, run_outputs
from genreel.graph_vectors import find_vectors, vectors_by_input, with_outputs
from genreel.predictor import Predictor

onnx = pytest.importorskip("onnx", reason="the extra 'test-light' is not installed")

GRAPH = """
<ir_version: 8, opset_import: ["": 18]>
towers (float[n, 4] present, float[m, 2] look_pixels, int64[m] look_rows) => (float[n, 2] scores)
<int64[1] one = {1}>
{
    count = Shape <start = 0, end = 1> (present)
    width = Constant <value_ints = [2]> ()
    shape = Concat <axis = 0> (count, width)
    empty = ConstantOfShape (shape)
    column = Unsqueeze (look_rows, one)
    vectors = ScatterND (empty, column, look_pixels)
    scores = Sigmoid (vectors)
}
"""


@pytest.fixture(scope="module")
def graph() -> bytes:
    model = onnx.parser.parse_model(GRAPH)
    # The notation knows no dots.
    data: bytes = model.SerializeToString().replace(b"look_", b"look.")
    return data


@pytest.fixture(scope="module")
def predictor() -> Iterator[Predictor]:
    yield Predictor("fast")


def test_a_tower_is_found_and_given_beside_the_scores(graph: bytes) -> None:
    assert find_vectors(graph) == {"look": ("vectors",)}
    pixels = np.array([[3, 4]], np.float32)
    arrays = {
        "present": np.ones((2, 4), np.float32),
        "look.pixels": pixels,
        "look.rows": np.array([1], np.int64),
    }
    session = load_session(with_outputs(graph, ["vectors"]))
    scores, vectors = run_outputs(session, arrays, ["scores", "vectors"])
    assert vectors.tolist() == [[0, 0], [3, 4]]
    [same] = run_outputs(load_session(graph), arrays, ["scores"])
    assert np.array_equal(scores, same)


def test_the_name_of_a_tensor_may_be_long(graph: bytes) -> None:
    long = "v" * 300
    model = onnx.load_model_from_string(with_outputs(graph, [long]))
    assert [output.name for output in model.graph.output] == ["scores", long]


def test_features_of_one_input_count_alike(predictor: Predictor) -> None:
    features = predictor.bundle.features
    rows = np.array([[3, 4], [0, 0]], np.float32)
    vectors = vectors_by_input(features, {"poster": [rows, 10 * rows]})
    assert list(vectors) == ["poster"]
    expected = np.array([0.6, 0.8, 0.6, 0.8]) / np.sqrt(2)
    assert vectors["poster"][0] == pytest.approx(expected)
    assert not vectors["poster"][1].any()


def test_vectors_of_movies_are_of_length_one_or_not_there(
    predictor: Predictor, movies: list[Movie]
) -> None:
    some = movies[:4]
    plain = list(predictor.predict_many(some))
    more = list(predictor.predict_many(some, vectors=True))
    assert more == plain  # vectors do not take part
    assert not any(prediction.vectors for prediction in plain)
    for movie, prediction in zip(some, more, strict=True):
        assert ("poster" in prediction.vectors) == bool(movie.poster)
        for vector in prediction.vectors.values():
            assert vector.ndim == 1
            assert vector.dtype == np.float32
            assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_a_bundle_without_networks_has_no_vectors(words: Predictor, movies: list[Movie]) -> None:
    assert list(words.vectors(movies[:2])) == [{}, {}]
