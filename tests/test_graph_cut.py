"""A graph in pieces gives the scores of the whole, and loads no more than movies need."""

from __future__ import annotations

import numpy as np
import pytest

from genreel.bundle import bundle_folder
from genreel.cases import SENSES
from genreel.catalogue import Movie
from genreel.errors import BundleError
from genreel.features import Array, collate
from genreel.graph import Graph, load_session, run_session
from genreel.graph_cut import cut_graph
from genreel.predictor import Predictor
from genreel.reading import languages

onnx = pytest.importorskip("onnx", reason="the extra 'test-light' is not installed")

ENSEMBLE = """
<ir_version: 8, opset_import: ["": 18]>
ensemble (float[n, 2] present, float[n, 3] plot_values, float[n, 3] look_values)
    => (float[n, 3] scores)
<int64[1] one = {1}, int64[1] two = {2}, float[2, 2] weights = {1, 0, 0, 1}, float half = {0.5}>
{
    plot_half = Mul (plot_values, half)
    part_0 = Sigmoid (plot_half)
    look_half = Mul (look_values, half)
    part_1 = Sigmoid (look_half)
    part_0_row = Unsqueeze (part_0, one)
    part_1_row = Unsqueeze (part_1, one)
    stacked = Concat <axis = 1> (part_0_row, part_1_row)
    weight = MatMul (present, weights)
    column = Unsqueeze (weight, two)
    weighted = Mul (stacked, column)
    total = ReduceSum <keepdims = 0> (weighted, one)
    scores = Sigmoid (total)
}
"""


def parsed(text: str) -> bytes:
    data: bytes = onnx.parser.parse_model(text).SerializeToString()
    # The notation knows no dots.
    return data.replace(b"plot_values", b"plot.values").replace(b"look_values", b"look.values")


@pytest.fixture
def arrays() -> dict[str, Array]:
    rng = np.random.default_rng(0)
    plot, look = (rng.normal(size=(4, 3)).astype(np.float32) for _ in range(2))
    present = np.array([[1, 0]] * 4, np.float32)
    return {"present": present, "plot.values": plot, "look.values": look}


def test_an_ensemble_is_cut_into_its_parts() -> None:
    pieces = cut_graph(parsed(ENSEMBLE))
    assert list(pieces) == ["part_0", "part_1", "scores"]
    assert [sorted(piece.features) for piece in pieces.values()] == [["plot"], ["look"], []]
    models = {
        name: onnx.load_model_from_string(b"".join(piece.content)) for name, piece in pieces.items()
    }
    for name, model in models.items():
        assert [output.name for output in model.graph.output] == [name]
    assert [i.name for i in models["scores"].graph.input] == ["present", "part_0", "part_1"]
    # What both need is in both.
    for part in ("part_0", "part_1"):
        assert "half" in {tensor.name for tensor in models[part].graph.initializer}


def test_what_no_movie_has_is_not_loaded(arrays: dict[str, Array]) -> None:
    model = parsed(ENSEMBLE)
    graph = Graph(model)
    assert list(graph.sessions) == ["scores"]
    [scores] = graph.run(arrays, idle={"look"})
    assert set(graph.sessions) == {"scores", "part_0"}
    assert np.array_equal(scores, run_session(load_session(model), arrays))
    [same] = graph.run(arrays)
    assert set(graph.sessions) == {"scores", "part_0", "part_1"}
    assert np.array_equal(scores, same)


def test_further_outputs_come_from_the_part_that_makes_them(arrays: dict[str, Array]) -> None:
    model = onnx.load_model_from_string(parsed(ENSEMBLE))
    model.graph.output.append(onnx.helper.make_empty_tensor_value_info("look_half"))
    model.graph.output.append(onnx.helper.make_empty_tensor_value_info("total"))
    graph = Graph(model.SerializeToString())
    half, total, scores = graph.run(arrays, ["look_half", "total", "scores"], idle={"look"})
    assert np.allclose(half, arrays["look.values"] / 2)
    assert np.allclose(scores, 1 / (1 + np.exp(-total)))


def test_a_graph_inside_another_keeps_it_whole() -> None:
    choice = """
    is_any = Constant <value_int = 1> ()
    condition = Cast <to = 9> (is_any)
    part_1 = If (condition) <
        then_branch = yes () => (float[n, 3] a) { a = Sigmoid (look_half) },
        else_branch = no () => (float[n, 3] b) { b = Identity (look_half) }
    >"""
    model = parsed(ENSEMBLE.replace("\n    part_1 = Sigmoid (look_half)", choice))
    assert list(cut_graph(model)) == ["scores"]


def test_a_part_that_cannot_be_loaded_is_one_line(arrays: dict[str, Array]) -> None:
    graph = Graph(parsed(ENSEMBLE.replace("Mul (look_values, half)", "Mul (look_values, present)")))
    assert graph.run(arrays, idle={"look"})[0].shape == (4, 3)
    with pytest.raises(BundleError, match=r"model\.onnx cannot be loaded"):
        graph.run(arrays)


def test_the_pieces_of_a_bundle_that_comes_along_score_as_the_whole(
    movies: list[Movie], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(languages, "is_installed", lambda: False)
    predictor = Predictor("fast")
    features = predictor.bundle.features
    shown = [movies[0], movies[1].without(["poster"]), movies[2].without(["plot", "title"])]
    rows, _ = predictor.readers.read(shown)
    arrays = collate(features, rows)
    has = dict(zip(SENSES, arrays["present"].any(axis=0).tolist(), strict=True))
    idle = [name for name, feature in features.items() if not has[feature.sense]]
    graph = Graph(predictor.bundle.model)
    [scores] = graph.run(arrays, idle=idle)
    assert len(graph.pieces) - len(graph.sessions) == 3  # of lettering twice, and of meaning
    assert np.array_equal(scores, run_session(load_session(predictor.bundle.model), arrays))


def test_a_poster_alone_takes_a_sixth_of_the_default_graph() -> None:
    pieces = cut_graph((bundle_folder("default") / "model.onnx").read_bytes())
    looks = {name for name, piece in pieces.items() if any("poster" in f for f in piece.features)}
    sizes = {name: sum(map(len, piece.content)) for name, piece in pieces.items()}
    assert sum(sizes[name] for name in looks | {"scores"}) < sum(sizes.values()) / 6
