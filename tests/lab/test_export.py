"""Every family becomes one graph that says what the model says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.numpy_helper
import pytest
import torch
from small_backbone import small_backbone
from torch import nn
from torch.export import Dim

from genreel.catalogue import INPUTS
from genreel.errors import BundleError
from genreel.graph import load_session, run_session
from genreel.lab.examples import Examples
from genreel.lab.graphs.export import EXPORTERS, export
from genreel.lab.graphs.network import trace
from genreel.lab.graphs.parity import PARITY, check_parity
from genreel.lab.graphs.text import OPSET, parse_graph
from genreel.lab.model import Model, Place
from genreel.lab.models.again import Again
from genreel.lab.models.classic import Classic, ClassicSettings
from genreel.lab.models.ensemble import (
    Average,
    AverageSettings,
    Stack,
    StackSettings,
)
from genreel.lab.models.estimators import ESTIMATORS
from genreel.lab.models.exported import Exported
from genreel.lab.models.late_fusion import LateFusion, LateFusionSettings
from genreel.lab.models.linear import Linear, LinearSettings
from genreel.lab.networks.fusion import FUSIONS
from genreel.lab.networks.network import FusionSettings, HeadSettings, Network, NetworkSettings
from genreel.lab.networks.towers import TOWERS
from genreel.lab.networks.training import TrainingSettings

Make = Callable[..., Examples]
Fitted = Callable[[str], tuple[Model, bytes]]
NAMES = "plot poster tokens pieces sentences"

OPTIONS: dict[str, dict[str, Any]] = {
    "knn": {"n_neighbors": 3},
    "mlp": {"hidden_layer_sizes": [8], "solver": "lbfgs"},
    "forest": {"n_estimators": 10},
    "extra-trees": {"n_estimators": 10},
    "boosting": {"n_estimators": 10},
}
WORDS = {"kind": "dense", "feature": "plot", "width": 8}
SHADES = {"kind": "cnn", "feature": "poster", "layers": ["conv 4 3", "pool 4", "mean", "dense 6"]}
ORDER = {"kind": "lstm", "feature": "tokens", "width": 6, "embedding": {"width": 5}}
TINY = {"name": "test_efficientnet", "weights": "random"}
SMALL = {
    **{"kind": "backbone", "feature": "poster", "dropout": 0.1},
    **{"name": small_backbone.__name__, "weights": "random"},
}
TOWER: dict[str, dict[str, Any]] = {
    "backbone": {"kind": "backbone", "feature": "poster", **TINY, "dropout": 0.1},
    "cnn": {**SHADES, "layers": ["conv 4 3", "norm", "pool 4", "flatten", "dense 6", "norm"]},
    "lstm": {**ORDER, "dropout": 0.1},
    "conv1d": {"kind": "conv1d", "feature": "tokens", "channels": [6, 5], "activation": "selu"},
    "dense": {**WORDS, "batch_norm": True, "dropout": 0.1},
    "sentence": {"kind": "sentence", "feature": "pieces", "tune": 1, "dropout": 0.1},
    "vectors": {"kind": "vectors", "feature": "sentences", "dropout": 0.1},
}


def linear(examples: Examples) -> Linear:
    return Linear(LinearSettings(C=10.0), ("plot",), examples.features)


def classic(examples: Examples, name: str, estimator: str, **settings: Any) -> Classic:
    options = {**OPTIONS.get(estimator, {}), **settings.pop("options", {})}
    return Classic(ClassicSettings(estimator, options, **settings), (name,), examples.features)


def network(examples: Examples, *towers: dict[str, Any], **settings: Any) -> Network:
    training = TrainingSettings(epochs=10, batch_size=8, learning_rate=0.03, average=0.5)
    names = tuple(table["feature"] for table in towers)
    chosen = NetworkSettings(
        {f"t{k}": table for k, table in enumerate(towers)}, training=training, **settings
    )
    return Network(chosen, names, examples.features)


def fusion(examples: Examples, **parts: Model) -> LateFusion:
    return LateFusion(LateFusionSettings(shrinkage=0.1, kin=1.0), (), examples.features, parts)


def parts(examples: Examples) -> dict[str, Model]:
    """Of every kind, on every input."""
    return {
        "words": linear(examples),
        "trees": classic(examples, "poster", "forest"),
        "shades": network(examples, SHADES),
    }


def average(examples: Examples, **parts: Model) -> Average:
    return Average(AverageSettings(), (), examples.features, parts)


def stack(examples: Examples, estimator: str, folds: int, **parts: Model) -> Stack:
    settings = StackSettings(estimator, OPTIONS.get(estimator, {}), folds=folds)
    return Stack(settings, (), examples.features, parts)


BUILD: dict[str, Callable[[Examples], Model]] = {
    "linear": linear,
    **{
        f"{estimator} over {what}": lambda e, estimator=estimator, name=name: classic(  # type: ignore[misc]
            e, name, estimator
        )
        for estimator in ESTIMATORS
        for what, name in (("terms", "plot"), ("pixels", "poster"))
    },
    "logistic over sentences": lambda e: classic(e, "sentences", "logistic"),
    "linear svm over terms": lambda e: classic(e, "plot", "svm", options={"kernel": "linear"}),
    "linear svm over pixels": lambda e: classic(e, "poster", "svm", options={"kernel": "linear"}),
    "balanced svm": lambda e: classic(e, "plot", "svm", options={"class_weight": "balanced"}),
    "pca, forest": lambda e: classic(e, "poster", "forest", pca=5),
    "pca, knn": lambda e: classic(e, "poster", "knn", pca=5),
    "vectors, svm": lambda e: classic(e, "poster", "svm", backbone=TINY["name"], weights="random"),
    **{
        f"tower {name}": lambda e, table=table: network(e, table)  # type: ignore[misc]
        for name, table in TOWER.items()
    },
    "mirrored tower": lambda e: network(e, {**SMALL, "mirror": True}),
    "frozen tower": lambda e: network(
        e, {**SMALL, "frozen": True}, head=HeadSettings((5,), "tanh", batch_norm=True)
    ),
    "frozen sentence": lambda e: network(
        e, {"kind": "sentence", "feature": "pieces", "frozen": True}, SHADES
    ),
    "onehot tower": lambda e: network(e, {**ORDER, "embedding": {"kind": "onehot"}}),
    **{
        f"fusion {name}": lambda e, name=name: network(  # type: ignore[misc]
            e, WORDS, SHADES, fusion=FusionSettings(name, 7), drop_input=0.2
        )
        for name in FUSIONS
    },
    "fusion of three": lambda e: network(
        e, ORDER, SHADES, WORDS, fusion=FusionSettings("gmu", 7), head=HeadSettings((5,))
    ),
    "average": lambda e: average(e, **parts(e)),
    "stack": lambda e: stack(e, "logistic", 2, **parts(e)),
    "stack by one network": lambda e: stack(
        e, "network", 0, words=linear(e), poster=classic(e, "poster", "tree")
    ),
    "stack of trees": lambda e: stack(e, "forest", 0, words=linear(e), more=linear(e)),
    "stack by svm": lambda e: stack(
        e, "svm", 0, words=linear(e), poster=classic(e, "poster", "tree")
    ),
    "average in stack": lambda e: stack(
        e, "mlp", 0, words=linear(e), both=average(e, a=linear(e), b=classic(e, "poster", "knn"))
    ),
    "late-fusion": lambda e: fusion(e, words=linear(e), poster=network(e, SHADES)),
    "late-fusion of networks": lambda e: fusion(
        e, words=network(e, WORDS), poster=network(e, SHADES)
    ),
    "late-fusion in late-fusion": lambda e: fusion(
        e, words=fusion(e, a=linear(e), b=linear(e)), more=linear(e)
    ),
}
FAMILIES = tuple(BUILD)


@pytest.fixture(scope="module")
def fitted(toy_examples: Make, tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """Family → a fitted model of it, and its graph; each is made once."""
    train, place = toy_examples(48, names=NAMES), Place(tmp_path_factory.mktemp("work"), seed=0)
    made: dict[str, tuple[Model, bytes]] = {}

    def make(family: str) -> tuple[Model, bytes]:
        if family not in made:
            model = BUILD[family](train)
            model.fit(train, train, place)  # a network goes on from its checkpoint
            made[family] = model, export(model, train.features)
        return made[family]

    return make


@pytest.fixture(scope="module")
def movies(toy_examples: Make) -> Examples:
    return toy_examples(24, seed=4, names=NAMES)


def test_no_family_is_left_out(toy_examples: Make) -> None:
    examples = toy_examples(1, names=NAMES)
    # Those two are a model's that is there already: tests/lab/test_again.py.
    borrowed = {Again, Exported}
    assert {type(build(examples)) for build in BUILD.values()} == set(EXPORTERS) - borrowed
    assert set(TOWER) == set(TOWERS)


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


@pytest.mark.parametrize("family", FAMILIES)
def test_the_graph_says_what_the_model_says(fitted: Fitted, movies: Examples, family: str) -> None:
    model, graph = fitted(family)
    session = load_session(graph)
    for case, choose in CASES.items():
        shown = choose(movies)
        scores = run_session(session, shown.arrays())
        assert scores.shape == (len(shown), 3) and scores.dtype == np.float32, case
        assert np.abs(scores - model.scores(shown)).max() <= PARITY, case


@pytest.mark.parametrize("family", FAMILIES)
def test_scores_tell_movies_apart(fitted: Fitted, movies: Examples, family: str) -> None:
    """Else parity would be no feat."""
    model, _ = fitted(family)
    both = movies.take(np.flatnonzero(movies.has(["poster", "plot"])))
    assert model.scores(both).std(axis=0)[1] > 0.02


@pytest.mark.parametrize("family", FAMILIES)
def test_parity_is_checked_and_small(fitted: Fitted, movies: Examples, family: str) -> None:
    model, graph = fitted(family)
    assert check_parity(graph, model, movies) <= PARITY
    assert check_parity(graph, model, movies.take([])) == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_a_graph_that_differs_is_refused(fitted: Fitted, movies: Examples, family: str) -> None:
    model, graph = fitted(family)
    with pytest.raises(BundleError) as caught:
        check_parity(tampered(graph), model, movies)
    assert str(caught.value).startswith("the exported graph differs from the model by ")
    assert str(caught.value).endswith("; not written")


def test_a_difference_in_one_input_case_alone_is_found(fitted: Fitted, toy_examples: Make) -> None:
    """All of these movies have both; it is the poster alone that goes wrong."""
    model, graph = fitted("late-fusion")
    assert isinstance(model, LateFusion)
    movies = toy_examples(8, everything=True, names=NAMES)
    other = LateFusion(model.settings, (), movies.features, model.parts)
    other.weights, other.bias, other.kin = model.weights, model.bias.copy(), model.kin
    assert check_parity(graph, other, movies) <= PARITY
    other.bias[2 ** INPUTS.index("poster")] += 0.5
    with pytest.raises(BundleError):
        check_parity(graph, other, movies)


def tampered(graph: bytes) -> bytes:
    """The same graph with its scores moved by a little."""
    model = onnx.load_from_string(graph)
    for node in model.graph.node:
        node.output[:] = ["honest" if name == "scores" else name for name in node.output]
    little = onnx.numpy_helper.from_array(np.float32(0.0005), "little")
    model.graph.initializer.append(little)
    model.graph.node.append(onnx.helper.make_node("Add", ["honest", "little"], ["scores"]))
    data: bytes = model.SerializeToString()
    return data


@pytest.mark.parametrize("family", FAMILIES)
def test_the_graph_is_plain_onnx_in_one_piece(fitted: Fitted, family: str) -> None:
    graph = onnx.load_from_string(fitted(family)[1])
    onnx.checker.check_model(graph, full_check=True)
    domains = {node.domain for node in graph.graph.node}
    assert "" in domains and domains <= {"", "ai.onnx.ml"}
    if family == "linear" or family.startswith(("tower", "fusion", "late-fusion")):
        assert domains == {""}
    declared = {o.domain: o.version for o in graph.opset_import}
    assert declared[""] == OPSET and declared.get("ai.onnx.ml", 1) <= 3
    assert domains <= set(declared) <= {"", "ai.onnx.ml"}
    assert not graph.functions
    for tensor in graph.graph.initializer:
        assert tensor.data_location != onnx.TensorProto.EXTERNAL and not tensor.external_data
    assert [output.name for output in graph.graph.output] == ["scores"]
    inputs = {value.name for value in graph.graph.input}
    assert inputs <= {
        *("plot.indices", "plot.values", "poster.pixels", "poster.rows", "present"),
        *("tokens.ids", "tokens.rows", "pieces.ids", "pieces.rows"),
        *("sentences.vectors", "sentences.rows"),
    }
    assert not graph.metadata_props and graph.producer_name == "genreel"


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_genres_of_one_class_and_of_none(
    toy_examples: Make, movies: Examples, estimator: str
) -> None:
    train = toy_examples(24, names=NAMES)
    labels, known = train.labels.copy(), train.known.copy()
    labels[:, 0], known[:, 2] = 1, False
    model = classic(train, "plot", estimator)
    model.fit(replace(train, labels=labels, known=known), train, Place(Path("unused"), seed=0))
    assert check_parity(export(model, train.features), model, movies) <= PARITY
    model.fit(replace(train, known=known & False), train, Place(Path("unused"), seed=0))
    assert check_parity(export(model, train.features), model, movies) <= PARITY


def test_a_graph_that_asks_for_too_much_memory_is_refused(toy_examples: Make) -> None:
    examples = toy_examples(30)
    model = linear(examples)
    model.fit(examples, examples, Place(None, 0))
    lines = ["big = Expand (present, size)", "scores = ReduceSum <keepdims=0> (big, axis)"]
    size = [2**25, 1, len(INPUTS)]  # 512 MiB a movie
    constants = {"size": np.array(size, np.int64), "axis": np.array([0], np.int64)}
    shape = f"float[n, {len(INPUTS)}]"
    graph = parse_graph([f"{shape} present"], f"{shape} scores", lines, constants=constants)
    with pytest.raises(BundleError, match=r"^the exported graph failed \(.+\); not written$"):
        check_parity(graph.SerializeToString(), model, examples)


class Heads(nn.Module):
    """Splits rows of numbers into heads and puts them together again, as attention does."""

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        shape = rows.shape[:2]
        return rows.view(*shape, -1, 4).transpose(2, 3).reshape(*shape, -1)


def test_no_size_is_left_to_guess_where_there_may_be_no_rows() -> None:
    axes: dict[int, Any] = {0: Dim("m"), 1: Dim("pieces", max=9)}
    model = trace(Heads(), ["rows"], [torch.zeros(2, 5, 24)], [axes], "heads")
    asked = {node.input[1] for node in model.graph.node if node.op_type == "Reshape"}
    concats = [node for node in model.graph.node if node.output[0] in asked]
    held = {t.name: onnx.numpy_helper.to_array(t).tolist() for t in model.graph.initializer}
    assert [[held[name] for name in node.input[2:]] for node in concats] == [[[6], [4]], [[24]]]
    session = load_session(model.SerializeToString())
    some = np.arange(72, dtype=np.float32).reshape(1, 3, 24)
    [found] = session.run(None, {"rows": some})
    np.testing.assert_array_equal(found, Heads()(torch.from_numpy(some)))
    [none] = session.run(None, {"rows": some[:0]})
    assert none.shape == (0, 3, 24)
