"""One ONNX graph for every family of models. The only file that imports onnx."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnx.compose
import onnx.numpy_helper
import onnx.parser
import torch
from torch import Tensor, nn

from genreel.catalogue import INPUTS
from genreel.errors import BundleError
from genreel.features import Feature
from genreel.features.image import Pixels
from genreel.lab.examples import Examples
from genreel.lab.models.base import EPSILON, Model
from genreel.lab.models.classic import Linear
from genreel.lab.models.ensemble import LateFusion
from genreel.lab.models.network import Network
from genreel.predictor import load_session, run_session

OPSET = 18
PARITY = 1e-4
"""Largest difference between a graph's scores and its model's that a bundle may have."""


def export(model: Model, features: Mapping[str, Feature]) -> bytes:
    """The model as one ONNX graph, from the features' arrays to `scores` (n, genres)."""
    graph = EXPORTERS[type(model)](model, features)
    del graph.metadata_props[:]
    graph.producer_name = "genreel"
    onnx.checker.check_model(graph, full_check=True)
    data: bytes = graph.SerializeToString()
    return data


def check_parity(graph: bytes, model: Model, examples: Examples) -> float:
    """Largest difference between the scores of graph and model, over every combination of
    inputs that single ones and all of them make.

    Raises:
        BundleError: it is over PARITY.
    """
    session = load_session(graph, threads=1)
    worst = 0.0
    for hidden in [(), *([other for other in INPUTS if other != name] for name in INPUTS)]:
        shown = examples.without(hidden)
        shown = shown.take(np.flatnonzero(shown.told()))
        for batch in shown.batches(32):
            scores = run_session(session, batch.arrays())
            worst = max(worst, float(np.abs(scores - model.scores(batch)).max(initial=0)))
    if not worst <= PARITY:
        raise BundleError(f"the exported graph differs from the model by {worst:.2g}; not written")
    return worst


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
    return _graph(inputs, len(model.bias), body, constants, names)


class _Scattered(nn.Module):
    """Scores of the posters that are there, at their rows; 0 elsewhere."""

    def __init__(self, network: nn.Module, genres: int) -> None:
        super().__init__()
        self.network = network
        self.genres = genres

    def forward(self, pixels: Tensor, rows: Tensor, present: Tensor) -> Tensor:
        scores = torch.sigmoid(self.network(pixels))
        empty = torch.zeros(present.shape[0], self.genres)
        return empty.index_put((rows,), scores)


def _network(model: Network, features: Mapping[str, Feature]) -> Any:
    assert model.module is not None, "fit first"
    [name] = model.features
    pixels = features[name]
    assert isinstance(pixels, Pixels)
    genres = model.module.head.out_features
    module = _Scattered(model.module, genres).eval()
    example = (
        torch.zeros(2, *pixels.shape, dtype=torch.uint8),
        torch.tensor([0, 2]),
        torch.zeros(3, len(INPUTS)),
    )
    posters, movies = torch.export.Dim("m"), torch.export.Dim("n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        program = torch.onnx.export(
            module,
            example,
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=["pixels", "rows", "present"],
            output_names=["scores"],
            dynamic_shapes=({0: posters}, {0: posters}, {0: movies}),
        )
    assert program is not None
    return _renamed(program.model_proto, {"pixels": f"{name}.pixels", "rows": f"{name}.rows"})


def _late_fusion(model: LateFusion, features: Mapping[str, Feature]) -> Any:
    genres = model.bias.shape[1]
    parts = [EXPORTERS[type(part)](part, features) for part in model.parts.values()]
    names = [f"part_{k}" for k in range(len(parts))]
    body = [
        "bits = MatMul (present, powers)",
        "pattern = Cast <to=7> (bits)",
        "weight = Gather (weights, pattern)",
        "shift = Gather (bias, pattern)",
    ]
    for name in names:
        body += [
            f"{name}_p = Clip ({name}, lowest, highest)",
            f"{name}_q = Sub (unit, {name}_p)",
            f"{name}_odds = Div ({name}_p, {name}_q)",
            f"{name}_log = Log ({name}_odds)",
            f"{name}_row = Unsqueeze ({name}_log, one)",
        ]
    rows = ", ".join(f"{name}_row" for name in names)
    body += [
        f"stacked = Concat <axis=1> ({rows})",
        "weighted = Mul (stacked, weight)",
        "total = ReduceSum <keepdims=0> (weighted, one)",
        "logits = Add (total, shift)",
        "scores = Sigmoid (logits)",
    ]
    constants = {
        "powers": model.powers.astype(np.float32),
        "weights": model.weights,
        "bias": model.bias,
        "lowest": np.array(EPSILON, np.float32),
        "highest": np.array(1 - EPSILON, np.float32),
        "unit": np.array(1, np.float32),
        "one": np.array([1], np.int64),
    }
    inputs = [f"float[n, {len(INPUTS)}] present"]
    inputs += [f"float[n, {genres}] {name}" for name in names]
    return _joined(parts, names, _graph(inputs, genres, body, constants, {}))


EXPORTERS: dict[type, Any] = {Linear: _linear, Network: _network, LateFusion: _late_fusion}


def _graph(
    inputs: Sequence[str],
    genres: int,
    body: Sequence[str],
    constants: Mapping[str, Any],
    names: Mapping[str, str],
) -> Any:
    """A model from lines of ONNX's own text form; `names` renames its inputs."""
    lines = "\n".join(body)
    model = onnx.parser.parse_model(
        f'<ir_version: 10, opset_import: ["" : {OPSET}]>\n'
        f"graph ({', '.join(inputs)}) => (float[n, {genres}] scores) {{\n{lines}\n}}"
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
    kept = [value for value in graph.input if value.name not in names]
    nodes: list[Any] = []
    for part, name in zip(parts, names, strict=True):
        part = onnx.compose.add_prefix(part, f"{name}/", rename_inputs=False, rename_outputs=False)
        part = _renamed(part, {"scores": name})
        nodes += part.graph.node
        graph.initializer.extend(part.graph.initializer)
        known = {value.name for value in kept}
        kept += [value for value in part.graph.input if value.name not in known]
    nodes += graph.node
    del graph.input[:], graph.node[:]
    graph.input.extend(kept)
    graph.node.extend(nodes)
    return top
