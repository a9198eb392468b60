"""Every family becomes one graph that says what the model says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import onnx.numpy_helper
import pytest

from genreel.catalogue import INPUTS
from genreel.errors import BundleError
from genreel.lab.examples import Examples
from genreel.lab.models.base import Model, Place
from genreel.lab.models.classic import Linear, LinearSettings
from genreel.lab.models.ensemble import LateFusion, LateFusionSettings
from genreel.lab.models.export import EXPORTERS, OPSET, PARITY, check_parity, export
from genreel.lab.models.network import Network, NetworkSettings
from genreel.lab.models.towers import BackboneSettings
from genreel.lab.training.loop import TrainingSettings
from genreel.predictor import load_session, run_session

Make = Callable[..., Examples]
FAMILIES = ("linear", "network", "late-fusion", "late-fusion in late-fusion")


@pytest.fixture(scope="module")
def fitted(
    toy_examples: Make, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Model, bytes]]:
    """Family → a fitted model of it, and its graph."""
    train, place = toy_examples(32), Place(tmp_path_factory.mktemp("work"), seed=0)
    tower = BackboneSettings(name="test_efficientnet", weights="random")
    training = TrainingSettings(epochs=2, batch_size=4, learning_rate=0.01, average=0.5)
    features = train.features

    def linear() -> Linear:
        return Linear(LinearSettings(C=10.0), ("plot",), features)

    def fusion(**parts: Model) -> LateFusion:
        return LateFusion(LateFusionSettings(shrinkage=0.1), (), features, parts)

    network = Network(NetworkSettings(tower, training), ("poster",), features)
    models: list[Model] = [
        linear(),
        network,
        fusion(words=linear(), poster=network),
        fusion(words=fusion(a=linear(), b=linear()), more=linear()),
    ]
    for model in models:
        model.fit(train, train, place)  # the network goes on from its checkpoint
    graphs = [export(model, features) for model in models]
    return {name: pair for name, *pair in zip(FAMILIES, models, graphs, strict=True)}  # type: ignore[misc]


@pytest.fixture(scope="module")
def movies(toy_examples: Make) -> Examples:
    return toy_examples(24, seed=4)


def test_no_family_is_left_out(fitted: dict[str, tuple[Model, bytes]]) -> None:
    assert {type(model) for model, _ in fitted.values()} == set(EXPORTERS)


CASES: dict[str, Callable[[Examples], Examples]] = {
    "mixed": lambda movies: movies,
    "all have posters": lambda movies: movies.take(np.flatnonzero(movies.has(["poster"]))),
    "none has a poster": lambda movies: movies.take(np.flatnonzero(~movies.has(["poster"]))),
    "posters taken away": lambda movies: movies.take(np.flatnonzero(movies.has(["plot"]))).without(
        ["poster"]
    ),
    "plots taken away": lambda movies: movies.take(np.flatnonzero(movies.has(["poster"]))).without(
        ["plot"]
    ),
    "one movie": lambda movies: movies.take([0]),
    "one without a poster": lambda movies: movies.take([1]),
    "one without a plot": lambda movies: movies.take([2]),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("family", FAMILIES)
def test_the_graph_says_what_the_model_says(
    fitted: dict[str, tuple[Model, bytes]], movies: Examples, family: str, case: str
) -> None:
    model, graph = fitted[family]
    shown = CASES[case](movies)
    scores = run_session(load_session(graph, threads=1), shown.arrays())
    assert scores.shape == (len(shown), 3) and scores.dtype == np.float32
    assert np.abs(scores - model.scores(shown)).max() <= PARITY


@pytest.mark.parametrize("family", FAMILIES)
def test_scores_tell_movies_apart(
    fitted: dict[str, tuple[Model, bytes]], movies: Examples, family: str
) -> None:
    """Else parity would be no feat."""
    model, _ = fitted[family]
    both = movies.take(np.flatnonzero(movies.has(["poster", "plot"])))
    assert model.scores(both).std(axis=0)[1] > 0.02


@pytest.mark.parametrize("family", FAMILIES)
def test_parity_is_checked_and_small(
    fitted: dict[str, tuple[Model, bytes]], movies: Examples, family: str
) -> None:
    model, graph = fitted[family]
    assert check_parity(graph, model, movies) <= PARITY
    assert check_parity(graph, model, movies.take([])) == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_a_graph_that_differs_is_refused(
    fitted: dict[str, tuple[Model, bytes]], movies: Examples, family: str
) -> None:
    model, graph = fitted[family]
    with pytest.raises(BundleError) as caught:
        check_parity(tampered(graph), model, movies)
    assert str(caught.value).startswith("the exported graph differs from the model by ")
    assert str(caught.value).endswith("; not written")


def test_a_difference_in_one_input_case_alone_is_found(
    fitted: dict[str, tuple[Model, bytes]], toy_examples: Make
) -> None:
    """All of these movies have both; it is the poster alone that goes wrong."""
    model, graph = fitted["late-fusion"]
    assert isinstance(model, LateFusion)
    other = LateFusion(model.settings, (), toy_examples(1).features, model.parts)
    other.weights, other.bias = model.weights.copy(), model.bias.copy()
    movies = toy_examples(8, everything=True)
    assert check_parity(graph, other, movies) <= PARITY
    other.bias[2 ** INPUTS.index("poster")] += 0.5
    with pytest.raises(BundleError):
        check_parity(graph, other, movies)


def tampered(graph: bytes) -> bytes:
    """The same graph with its last bias moved by a little."""
    model = onnx.load_from_string(graph)
    for tensor in model.graph.initializer:
        array = onnx.numpy_helper.to_array(tensor)
        if array.dtype == np.float32 and array.shape[-1:] == (3,) and array.ndim <= 2:
            tensor.CopyFrom(onnx.numpy_helper.from_array(array + np.float32(0.01), tensor.name))
    data: bytes = model.SerializeToString()
    assert data != graph
    return data


@pytest.mark.parametrize("family", FAMILIES)
def test_the_graph_is_plain_onnx_in_one_piece(
    fitted: dict[str, tuple[Model, bytes]], family: str
) -> None:
    graph = onnx.load_from_string(fitted[family][1])
    onnx.checker.check_model(graph, full_check=True)
    assert [(o.domain, o.version) for o in graph.opset_import] == [("", OPSET)]
    assert {node.domain for node in graph.graph.node} == {""}
    assert not graph.functions
    for tensor in graph.graph.initializer:
        assert tensor.data_location != onnx.TensorProto.EXTERNAL and not tensor.external_data
    assert [output.name for output in graph.graph.output] == ["scores"]
    inputs = {value.name for value in graph.graph.input}
    assert inputs <= {"plot.indices", "plot.values", "poster.pixels", "poster.rows", "present"}
    assert not graph.metadata_props and graph.producer_name == "genreel"
