"""One ONNX graph for every family of models."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnx.compose
import onnx.helper
import onnx.numpy_helper
import onnx.parser
import skl2onnx
import torch
from skl2onnx.common.data_types import FloatTensorType
from torch import Tensor, nn
from torch.export import Dim

from genreel.calibration import EPSILON, logit
from genreel.catalogue import INPUTS
from genreel.errors import BundleError
from genreel.features import Feature
from genreel.features.colours import Colours
from genreel.features.image import Pixels
from genreel.features.pieces import Pieces
from genreel.features.text import Terms
from genreel.features.tokens import Tokens
from genreel.lab.examples import Examples
from genreel.lab.graphs.rewriting import name_sizes
from genreel.lab.model import Model
from genreel.lab.models.classic import Classic, Linear, PerGenre, dense
from genreel.lab.models.ensemble import SUREST, Average, LateFusion, Stack
from genreel.lab.networks.network import Network
from genreel.lab.networks.towers import scaled
from genreel.predictor import BATCH_SIZE, load_session, run_session

OPSET = 21
PARITY = 1e-4
"""Largest difference between a graph's scores and its model's that a bundle may have."""


def export(model: Model, features: Mapping[str, Feature]) -> bytes:
    """The model as one ONNX graph, from the features' arrays to `scores` (n, genres)."""
    graph = EXPORTERS[type(model)](model, features)
    _forget_origins(graph)
    graph.producer_name = "genreel"
    onnx.checker.check_model(graph, full_check=True)
    data: bytes = graph.SerializeToString()
    return data


def _forget_origins(model: Any) -> None:
    """Takes out the stack traces that torch leaves, with the paths of whoever exported."""
    del model.metadata_props[:]
    for part in (model.graph, *model.functions):
        del part.metadata_props[:]
        for thing in (*part.node, *part.value_info):
            del thing.metadata_props[:]


def check_parity(graph: bytes, model: Model, examples: Examples) -> float:
    """Largest difference between the scores of graph and model, over `shown_in_turn`.

    Raises:
        BundleError: it is over PARITY, or the graph failed, as when it takes more memory than
            `predictor.MAX_GRAPH_BYTES`.
    """
    session = load_session(graph)
    worst = 0.0
    for batch in shown_in_turn(examples):
        try:
            scores = run_session(session, batch.arrays())
        except Exception as error:  # onnxruntime's exceptions have no common base
            why = " ".join(str(error).split())
            raise BundleError(f"the exported graph failed ({why}); not written") from None
        worst = max(worst, float(np.abs(scores - model.scores(batch)).max(initial=0)))
    if not worst <= PARITY:
        raise BundleError(f"the exported graph differs from the model by {worst:.2g}; not written")
    return worst


def shown_in_turn(examples: Examples) -> Iterator[Examples]:
    """Batches of the movies with all their inputs, then with each input alone; as large as in use,
    so that a graph which would take more memory than it may is found here.
    """
    for hidden in [(), *([other for other in INPUTS if other != name] for name in INPUTS)]:
        shown = examples.without(hidden)
        yield from shown.take(np.flatnonzero(shown.told())).batches(BATCH_SIZE)


def count_numbers(graph: bytes) -> int:
    """How many numbers with a fraction a graph holds: weights, biases, averages, support vectors;
    of trees, the thresholds and the leaves.
    """
    model = onnx.load_model_from_string(graph)
    floats = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE)
    count: int = sum(
        math.prod(tensor.dims) for tensor in model.graph.initializer if tensor.data_type in floats
    )
    held = {"nodes_values", "target_weights"}
    trees = (a for node in model.graph.node for a in node.attribute if a.name in held)
    return count + sum(len(attribute.floats) for attribute in trees)


def _linear(model: Linear, features: Mapping[str, Feature]) -> Any:
    """Gathers the weights of the terms that are there: never a dense row of the vocabulary."""
    weights = {f"weights_{k}": w for k, w in enumerate(model.blocks(features).values())}
    inputs, body, sums = [], [], []
    names: dict[str, str] = {}
    for k, name in enumerate(model.features):
        names |= {f"indices_{k}": f"{name}.indices", f"values_{k}": f"{name}.values"}
        inputs += [f"int64[n, terms_{k}] indices_{k}", f"float[n, terms_{k}] values_{k}"]
        body += [
            f"rows_{k} = Gather (weights_{k}, indices_{k})",
            f"row_{k} = Unsqueeze (values_{k}, one)",
            f"product_{k} = MatMul (row_{k}, rows_{k})",
            f"sum_{k} = Squeeze (product_{k}, one)",
        ]
        sums.append(f"sum_{k}")
    body += [f"total = Sum ({', '.join(sums)})", "logits = Add (total, bias)"]
    body += ["scores = Sigmoid (logits)"]
    constants = {**weights, "bias": model.bias, "one": np.array([1], np.int64)}
    output = f"float[n, {len(model.bias)}] scores"
    return _graph(inputs, output, body, constants, names)


class _Flat(nn.Module):
    """A network that takes its arrays one by one, and gives scores."""

    def __init__(self, network: nn.Module, names: Sequence[str]) -> None:
        super().__init__()
        self.network = network
        self.names = names

    def forward(self, *arrays: Tensor) -> Tensor:
        named = dict(zip(self.names, arrays, strict=True))
        return torch.sigmoid(self.network(named))


def _network(model: Network, features: Mapping[str, Feature]) -> Any:
    assert model.module is not None, "fit first"
    names, examples, shapes = ["present"], [torch.ones(3, len(INPUTS))], [{0: Dim("n")}]
    for k, name in enumerate(model.features):
        for short, array, shape in _example_arrays(features[name], k):
            names.append(f"{name}.{short}")
            examples.append(array)
            shapes.append(shape)
    return _traced(_Flat(model.module, names), names, examples, shapes, "scores")


def _example_arrays(feature: Feature, k: int) -> Iterator[tuple[str, Tensor, dict[int, Any]]]:
    """Short name, an example for a batch of three movies, and the axes that vary."""
    some = Dim(f"m{k}")
    rows = ("rows", torch.tensor([0, 2]), {0: some})
    if isinstance(feature, Pixels):
        yield "pixels", torch.zeros(2, *feature.shape, dtype=torch.uint8), {0: some}
        yield rows
    elif isinstance(feature, Tokens):
        yield "ids", torch.ones(2, feature.length, dtype=torch.int64), {0: some}
        yield rows
    elif isinstance(feature, Pieces):
        axes = {0: some, 1: Dim(f"pieces{k}", max=feature.length)}
        yield "ids", torch.ones(2, min(5, feature.length), dtype=torch.int64), axes
        yield rows
    else:
        axes = {0: Dim("n"), 1: Dim(f"terms{k}")}
        yield "indices", torch.zeros(3, 2, dtype=torch.int64), axes
        yield "values", torch.ones(3, 2), axes


def _traced(
    module: nn.Module,
    names: Sequence[str],
    examples: Sequence[Tensor],
    shapes: Sequence[dict[int, Any]],
    output: str,
) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        program = torch.onnx.export(
            module.eval(),
            tuple(examples),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=list(names),
            output_names=[output],
            dynamic_shapes=(tuple(shapes),) if isinstance(module, _Flat) else tuple(shapes),
        )
    assert program is not None
    model = program.model_proto
    name_sizes(model.graph)
    return model


class _Extract(nn.Module):
    """A frozen backbone: uint8 pixels → vectors."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, pixels: Tensor) -> Tensor:
        return torch.as_tensor(self.net(scaled(pixels)))


def _classic(model: Classic, features: Mapping[str, Feature]) -> Any:
    """Features to a matrix, the matrix to scores, and the scores to the movies' rows."""
    [name] = model.features
    feature = features[name]
    genres = len(model.core.priors)
    if isinstance(feature, Terms):
        width = max(1, len(feature))
        body = [
            "shape = Shape <start=0, end=1> (indices)",
            "whole = Concat <axis=0> (shape, width)",
            "zeros = ConstantOfShape (whole)",
            'x = ScatterElements <axis=1, reduction="add"> (zeros, indices, values)',
        ]
        names = {"indices": f"{name}.indices", "values": f"{name}.values"}
        front = _graph(
            ["int64[n, terms] indices", "float[n, terms] values"],
            f"float[n, {width}] x",
            body,
            {"width": np.array([width], np.int64)},
            names,
        )
        top = _joined([front], ["x"], _per_genre(model.core, width))
        mask = _graph(
            [f"float[n, {len(INPUTS)}] present", f"float[n, {genres}] there"],
            f"float[n, {genres}] scores",
            ["shown = Gather <axis=1> (present, column)", "scores = Mul (there, shown)"],
            {"column": np.array([INPUTS.index(feature.input)], np.int64)},
            {},
        )
        return _joined([top], ["there"], mask)
    if isinstance(feature, Colours):
        width = feature.width
        arrays = [f"float[m, {width}] colours"], f"float[m, {width}] x"
        front = _graph(*arrays, ["x = Identity (colours)"], {}, {"colours": f"{name}.colours"})
    else:
        assert isinstance(feature, Pixels)
        front, width = _pixel_matrix(model, feature, name)
    # Some of onnxruntime's nodes refuse no rows at all, so a row of zeros always goes along.
    pad = _graph(
        [f"float[m, {width}] some"],
        f"float[k, {width}] x",
        ["x = Concat <axis=0> (some, row)"],
        {"row": np.zeros((1, width), np.float32)},
        {},
    )
    padded = _joined([front], ["some"], pad)
    top = _joined([padded], ["x"], _per_genre(model.core, width))
    place = _graph(
        [f"float[n, {len(INPUTS)}] present", "int64[m] rows", f"float[k, {genres}] padded"],
        f"float[n, {genres}] scores",
        [
            "count = Shape <start=0, end=1> (present)",
            "whole = Concat <axis=0> (count, width)",
            "zeros = ConstantOfShape (whole)",
            "at = Unsqueeze (rows, one)",
            "there = Slice (padded, first, last, first)",
            "scores = ScatterND (zeros, at, there)",
        ],
        {
            "width": np.array([genres], np.int64),
            "one": np.array([1], np.int64),
            "first": np.array([0], np.int64),
            "last": np.array([-1], np.int64),
        },
        {"rows": f"{name}.rows"},
    )
    return _joined([top], ["padded"], place)


def _pixel_matrix(model: Classic, feature: Pixels, name: str) -> tuple[Any, int]:
    """The graph from pixels to the matrix that the estimators take, and its width."""
    channels, height, width = feature.shape
    if model.extractor is not None:
        size = model.extractor.width
        example = torch.zeros(2, *feature.shape, dtype=torch.uint8)
        net = _Extract(model.extractor.net)
        front = _traced(net, [f"{name}.pixels"], [example], [{0: Dim("m")}], "raw")
    else:
        size = channels * height * width
        front = _graph(
            [f"uint8[m, {channels}, {height}, {width}] pixels"],
            f"float[m, {size}] raw",
            ["flat = Flatten (pixels)", "values = Cast <to=1> (flat)", "raw = Div (values, white)"],
            {"white": np.array(255, np.float32)},
            {"pixels": f"{name}.pixels"},
        )
    if model.pca is None:
        return _renamed(front, {"raw": "x"}), size
    components = len(model.pca.components_)
    reduce = _graph(
        [f"float[m, {size}] raw"],
        f"float[m, {components}] x",
        [
            "exact = Cast <to=11> (raw)",
            "centred = Sub (exact, mean)",
            "reduced = MatMul (centred, components)",
            "x = Cast <to=1> (reduced)",
        ],
        {
            "mean": model.pca.mean_.astype(np.float64),
            "components": model.pca.components_.T.astype(np.float64),
        },
        {},
    )
    return _joined([front], ["raw"], reduce), components


def _per_genre(core: PerGenre, width: int) -> Any:
    """X (n, width) → scores (n, genres)."""
    if core.settings.estimator == "svm" and any(core.estimators):
        return _svms(core, width)
    if core.settings.estimator == "knn" and any(core.estimators):
        return _neighbours(core, width)
    if core.settings.estimator in _TREES and any(core.estimators):
        return _trees(core, width)
    parts, names, columns, body = [], [], [], []
    for g, estimator in enumerate(core.estimators):
        if estimator is None:
            continue
        part = skl2onnx.to_onnx(
            estimator,
            initial_types=[("x", FloatTensorType([None, width]))],
            options={"zipmap": False},
            target_opset={"": OPSET, "ai.onnx.ml": 3},
        )
        del part.graph.output[0]  # the decision; ours is taken by thresholds
        parts.append(part)
        names.append(f"both_{g}")
        body.append(f"column_{g} = Slice (both_{g}, one, two, one)")
    constants = {"one": np.array([1], np.int64), "two": np.array([2], np.int64)}
    body += ["rows = Shape <start=0, end=1> (x)", "whole = Concat <axis=0> (rows, one)"]
    for g, estimator in enumerate(core.estimators):
        if estimator is None:
            constants[f"prior_{g}"] = core.priors[[g]].astype(np.float32)
            body.append(f"column_{g} = Expand (prior_{g}, whole)")
        columns.append(f"column_{g}")
    body.append(f"scores = Concat <axis=1> ({', '.join(columns)})")
    inputs = [f"float[n, {width}] x", *(f"float[n, 2] {name}" for name in names)]
    top = _graph(inputs, f"float[n, {len(columns)}] scores", body, constants, {})
    return _joined(parts, names, top)


_TREES = ("tree", "forest", "extra-trees", "boosting")


def _trees(core: PerGenre, width: int) -> Any:
    """All genres' trees in one node, each adding its leaf's share to its genre.

    A forest's score is the mean of its trees' shares of positives; a boosted one's the sigmoid of
    its prior's logit plus its trees' steps.
    """
    boosted = core.settings.estimator == "boosting"
    base = logit(core.priors) if boosted else core.priors.astype(np.float64)
    nodes: list[dict[str, Any]] = []
    leaves: list[dict[str, Any]] = []
    for g, estimator in enumerate(core.estimators):
        if estimator is None:
            continue
        base[g] = logit(estimator.init_.class_prior_[1]) if boosted else 0.0
        trees = np.ravel(getattr(estimator, "estimators_", [estimator]))
        for tree in (member.tree_ for member in trees):
            values = tree.value[:, 0, :]
            if boosted:
                gain = values[:, 0] * estimator.learning_rate
            else:
                gain = values[:, 1] / values.sum(axis=1) / len(trees)
            at, leaf = np.arange(tree.node_count), tree.children_left < 0
            number = np.full(tree.node_count, len(nodes))
            nodes.append(
                {
                    "treeids": number,
                    "nodeids": at,
                    "featureids": np.where(leaf, 0, tree.feature),
                    "values": np.where(leaf, 0, tree.threshold).astype(np.float32),
                    "truenodeids": np.where(leaf, 0, tree.children_left),
                    "falsenodeids": np.where(leaf, 0, tree.children_right),
                    "modes": np.where(leaf, "LEAF", "BRANCH_LEQ"),
                }
            )
            leaves.append(
                {
                    "treeids": number[leaf],
                    "nodeids": at[leaf],
                    "ids": np.full(leaf.sum(), g),
                    "weights": gain[leaf].astype(np.float32),
                }
            )
    attributes = {
        f"{prefix}_{key}": np.concatenate([row[key] for row in rows]).tolist()
        for prefix, rows in (("nodes", nodes), ("target", leaves))
        for key in rows[0]
    }
    node = onnx.helper.make_node(
        "TreeEnsembleRegressor",
        ["x"],
        ["sums"],
        domain="ai.onnx.ml",
        n_targets=len(base),
        **attributes,
    )
    body = ["scores = Add (sums, base)"]  # onnxruntime drops the base of a genre without a tree
    if boosted:
        body = ["logits = Add (sums, base)", "scores = Sigmoid (logits)"]
    output = f"float[n, {len(base)}] scores"
    constants = {"base": base.astype(np.float32)}
    graph = _graph([f"float[n, {width}] x"], output, body, constants, {})
    graph.graph.node.insert(0, node)
    graph.opset_import.append(onnx.helper.make_opsetid("ai.onnx.ml", 3))
    return graph


def _neighbours(core: PerGenre, width: int) -> Any:
    """The share of positives among the nearest training rows, |x|² − 2 x·v + |v|² away.

    Genres that are known for the same movies share their distances.
    """
    genres = range(len(core.estimators))
    columns = ", ".join(f"column_{g}" for g in genres)
    body = [
        "exact = Cast <to=11> (x)",
        "square = ReduceSumSquare (exact, one)",
        "rows = Shape <start=0, end=1> (x)",
        "whole = Concat <axis=0> (rows, one)",
    ]
    constants: dict[str, Any] = {"one": np.array([1], np.int64), "two": np.array(2, np.float64)}
    known: dict[bytes, int] = {}
    for g, estimator in enumerate(core.estimators):
        if estimator is None:
            constants[f"prior_{g}"] = core.priors[[g]]
            body.append(f"column_{g} = Expand (prior_{g}, whole)")
            continue
        given = dense(estimator._fit_X).astype(np.float32)
        k = known.setdefault(given.tobytes(), len(known))
        if f"given_{k}" not in constants:
            constants[f"given_{k}"] = given.T
            constants[f"lengths_{k}"] = (given.astype(np.float64) ** 2).sum(axis=1)
            constants[f"count_{k}"] = np.array([min(estimator.n_neighbors, len(given))], np.int64)
            body += [
                f"vectors_{k} = Cast <to=11> (given_{k})",
                f"product_{k} = MatMul (exact, vectors_{k})",
                f"twice_{k} = Mul (product_{k}, two)",
                f"near_{k} = Sub (square, twice_{k})",
                f"distance_{k} = Add (near_{k}, lengths_{k})",
                f"single_{k} = Cast <to=1> (distance_{k})",
                f"nearest_{k}, at_{k} = TopK <largest=0> (single_{k}, count_{k})",
            ]
        constants[f"labels_{g}"] = estimator._y.astype(np.float32)
        body.append(f"said_{g} = Gather (labels_{g}, at_{k})")
        body.append(f"column_{g} = ReduceMean (said_{g}, one)")
    body.append(f"scores = Concat <axis=1> ({columns})")
    outputs = f"float[n, {len(genres)}] scores"
    return _graph([f"float[n, {width}] x"], outputs, body, constants, {})


def _svms(core: PerGenre, width: int) -> Any:
    """All genres' machines over one kernel matrix with the vectors v that any of them keeps:
    K = exp(−γ (|x|² − 2 x·v + |v|²)). A linear kernel, x·v, needs but one vector a genre.
    """
    kept: dict[bytes, int] = {}
    vectors: list[Any] = []
    for machine in core.estimators:
        for vector in dense(machine.support_vectors_) if machine else ():
            if vector.tobytes() not in kept:
                kept[vector.tobytes()] = len(vectors)
                vectors.append(vector)
    weights = np.zeros((len(vectors), len(core.estimators)), np.float32)
    bias = logit(core.priors)
    first = next(machine for machine in core.estimators if machine)
    for g, machine in enumerate(core.estimators):
        if machine:
            at = [kept[vector.tobytes()] for vector in dense(machine.support_vectors_)]
            np.add.at(weights[:, g], at, dense(machine.dual_coef_)[0])
            bias[g] = machine.intercept_[0]
    matrix = np.array(vectors, np.float64)
    inputs, outputs = [f"float[n, {width}] x"], f"float[n, {len(bias)}] scores"
    if first.kernel == "linear":
        body = [
            "exact = Cast <to=11> (x)",
            "sums = MatMul (exact, weights)",
            "decision = Add (sums, bias)",
            "exactly = Sigmoid (decision)",
            "scores = Cast <to=1> (exactly)",
        ]
        return _graph(inputs, outputs, body, {"weights": matrix.T @ weights, "bias": bias}, {})
    body = [
        "exact = Cast <to=11> (x)",
        "square = ReduceSumSquare (exact, one)",
        "product = MatMul (exact, vectors)",
        "twice = Mul (product, two)",
        "near = Sub (square, twice)",
        "distance = Add (near, lengths)",
        "scaled = Mul (distance, width)",
        "kernel = Exp (scaled)",
        "single = Cast <to=1> (kernel)",
        "sums = MatMul (single, weights)",
        "decision = Add (sums, bias)",
        "scores = Sigmoid (decision)",
    ]
    constants = {
        "one": np.array([1], np.int64),
        "two": np.array(2, np.float64),
        "vectors": matrix.T,
        "lengths": (matrix**2).sum(axis=1),
        "width": np.array(-first._gamma, np.float64),
        "weights": weights,
        "bias": bias.astype(np.float32),
    }
    return _graph(inputs, outputs, body, constants, {})


def _shown(model: Average | Stack) -> tuple[list[str], dict[str, Any]]:
    """Lines that give `shown` (n, parts, 1): 1 where a movie has any of a part's inputs."""
    table = np.array(
        [[float(name in part.inputs) for part in model.parts.values()] for name in INPUTS],
        np.float32,
    )
    lines = [
        "counts = MatMul (present, table)",
        "flags = Clip (counts, nothing, unit)",
        "shown = Unsqueeze (flags, last)",
    ]
    constants = {
        "table": table,
        "nothing": np.array(0, np.float32),
        "unit": np.array(1, np.float32),
        "last": np.array([2], np.int64),
        "one": np.array([1], np.int64),
    }
    return lines, constants


def _of_parts(
    model: Any,
    features: Mapping[str, Feature],
    genres: int,
    output: str,
    lines: Sequence[str],
    constants: Mapping[str, Any],
) -> Any:
    """The parts' graphs under lines that start from `stacked` (n, parts, genres) and `present`."""
    parts = [EXPORTERS[type(part)](part, features) for part in model.parts.values()]
    names = [f"part_{k}" for k in range(len(parts))]
    body = [f"{name}_row = Unsqueeze ({name}, one)" for name in names]
    body.append(f"stacked = Concat <axis=1> ({', '.join(f'{name}_row' for name in names)})")
    inputs = [f"float[n, {len(INPUTS)}] present"]
    inputs += [f"float[n, {genres}] {name}" for name in names]
    one = {"one": np.array([1], np.int64)}
    return _joined(parts, names, _graph(inputs, output, [*body, *lines], {**one, **constants}, {}))


def _average(model: Average, features: Mapping[str, Feature]) -> Any:
    lines, constants = _shown(model)
    genres = _genres(model)
    lines += [
        "weighted = Mul (stacked, shown)",
        "sum = ReduceSum <keepdims=0> (weighted, one)",
        "total = ReduceSum <keepdims=0> (shown, one)",
        "least = Max (total, unit)",
        "scores = Div (sum, least)",
    ]
    return _of_parts(model, features, genres, f"float[n, {genres}] scores", lines, constants)


_LOGS = (
    "p = Clip (stacked, lowest, highest)",
    "q = Sub (unit, p)",
    "odds = Div (p, q)",
    "logs = Log (odds)",
)
"""Lines that give `logs`, the logits of `stacked`."""


def _bounds(least: float) -> dict[str, Any]:
    """The constants of `_LOGS`, for scores that are kept `least` away from 0 and 1."""
    bounds = {"lowest": least, "highest": 1 - least, "unit": 1}
    return {name: np.array(value, np.float32) for name, value in bounds.items()}


def _stack(model: Stack, features: Mapping[str, Feature]) -> Any:
    parts, genres = model.means.shape
    lines, constants = _shown(model)
    lines += [
        *_LOGS,
        "there = Cast <to=9> (shown)",
        "filled = Where (there, logs, means)",
        "x = Flatten (filled)",
    ]
    constants |= _bounds(SUREST) | {"means": model.means}
    width = parts * genres
    front = _of_parts(model, features, genres, f"float[n, {width}] x", lines, constants)
    return _joined([front], ["x"], _per_genre(model.core, width))


def _late_fusion(model: LateFusion, features: Mapping[str, Feature]) -> Any:
    genres = model.bias.shape[1]
    lines = [
        "bits = MatMul (present, powers)",
        "pattern = Cast <to=7> (bits)",
        "weight = Gather (weights, pattern)",
        "shift = Gather (bias, pattern)",
        *_LOGS,
        "weighted = Mul (logs, weight)",
        "total = ReduceSum <keepdims=0> (weighted, one)",
        "logits = Add (total, shift)",
        "scores = Sigmoid (logits)",
    ]
    constants = _bounds(EPSILON) | {
        "powers": model.powers.astype(np.float32),
        "weights": model.weights,
        "bias": model.bias,
    }
    return _of_parts(model, features, genres, f"float[n, {genres}] scores", lines, constants)


def _genres(model: Any) -> int:
    """How many genres a fitted model tells apart."""
    if isinstance(model, Linear):
        return len(model.bias)
    if isinstance(model, Classic | Stack):
        return len(model.core.priors)
    if isinstance(model, Network):
        assert model.module is not None
        return int(model.module.head[-1].out_features)  # type: ignore[index]
    if isinstance(model, LateFusion):
        return int(model.bias.shape[1])
    return _genres(next(iter(model.parts.values())))


EXPORTERS: dict[type, Any] = {
    Linear: _linear,
    Classic: _classic,
    Network: _network,
    Average: _average,
    Stack: _stack,
    LateFusion: _late_fusion,
}


def _graph(
    inputs: Sequence[str],
    output: str,
    body: Sequence[str],
    constants: Mapping[str, Any],
    names: Mapping[str, str],
) -> Any:
    """A model from lines of ONNX's own text form; `names` renames its inputs."""
    lines = "\n".join(body)
    model = onnx.parser.parse_model(
        f'<ir_version: 10, opset_import: ["" : {OPSET}]>\n'
        f"graph ({', '.join(inputs)}) => ({output}) {{\n{lines}\n}}"
    )
    model.graph.initializer.extend(
        onnx.numpy_helper.from_array(np.ascontiguousarray(array), name)
        for name, array in constants.items()
    )
    return _renamed(model, names)


def _renamed(model: Any, names: Mapping[str, str]) -> Any:
    """The model with its inputs and outputs renamed."""
    for value in [*model.graph.input, *model.graph.output]:
        value.name = names.get(value.name, value.name)
    for node in model.graph.node:
        for side in (node.input, node.output):
            for i, name in enumerate(side):
                side[i] = names.get(name, name)
    return model


def _joined(parts: Sequence[Any], names: Sequence[str], top: Any) -> Any:
    """The parts' graphs under `top`, whose inputs called `names` become the parts' scores."""
    graph = top.graph
    versions = {entry.domain: entry.version for entry in top.opset_import}
    kept = [value for value in graph.input if value.name not in names]
    nodes: list[Any] = []
    for part, name in zip(parts, names, strict=True):
        part = onnx.compose.add_prefix(part, f"{name}/", rename_inputs=False, rename_outputs=False)
        part = _renamed(part, {part.graph.output[0].name: name})
        for entry in part.opset_import:
            versions[entry.domain] = max(entry.version, versions.get(entry.domain, 0))
        nodes += part.graph.node
        graph.initializer.extend(part.graph.initializer)
        known = {value.name for value in kept}
        kept += [value for value in part.graph.input if value.name not in known]
    nodes += graph.node
    del graph.input[:], graph.node[:]
    graph.input.extend(kept)
    graph.node.extend(nodes)
    del top.opset_import[:]
    top.opset_import.extend(onnx.helper.make_opsetid(d, v) for d, v in sorted(versions.items()))
    return top
