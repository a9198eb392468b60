"""One ONNX graph for every family of models."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import onnx
import onnx.checker
from onnx import ModelProto

from genreel.features import Feature
from genreel.lab.graphs.classic import classic_graph
from genreel.lab.graphs.ensemble import average_graph, late_fusion_graph, stack_graph
from genreel.lab.graphs.extraction import feed, share_weights
from genreel.lab.graphs.linear import linear_graph
from genreel.lab.graphs.network import network_graph
from genreel.lab.model import Model
from genreel.lab.models.again import Again
from genreel.lab.models.classic import Classic
from genreel.lab.models.ensemble import Average, Ensemble, Stack
from genreel.lab.models.exported import Exported
from genreel.lab.models.late_fusion import LateFusion
from genreel.lab.models.linear import Linear
from genreel.lab.networks.network import Network


def export(model: Model, features: Mapping[str, Feature]) -> bytes:
    """The model as one ONNX graph, from the features' arrays to `scores` (n, genres)."""
    graph = _graph(model, features)
    share_weights(graph)
    _forget_origins(graph)
    graph.producer_name = "genreel"
    onnx.checker.check_model(graph, full_check=True)
    data: bytes = graph.SerializeToString()
    return data


def _graph(model: Model, features: Mapping[str, Feature]) -> ModelProto:
    make = EXPORTERS[type(model)]
    if isinstance(model, Ensemble):
        return make(model, [_graph(part, features) for part in model.parts.values()])
    if isinstance(model, Again):
        return make(model, _graph(model.part, features), features)
    return make(model, features)


def _exported_graph(model: Exported, features: Mapping[str, Feature]) -> ModelProto:
    return onnx.load_model_from_string(model.graph)


def _again_graph(model: Again, graph: ModelProto, features: Mapping[str, Feature]) -> ModelProto:
    """The graph of the other part, fed from other features."""
    pairs = model.pairs()
    feed(graph, pairs, {features[name].sense: features[mine].sense for name, mine in pairs})
    return graph


EXPORTERS: dict[type, Callable[..., ModelProto]] = {
    Linear: linear_graph,
    Classic: classic_graph,
    Network: network_graph,
    Average: average_graph,
    Stack: stack_graph,
    LateFusion: late_fusion_graph,
    Exported: _exported_graph,
    Again: _again_graph,
}
"""Class of a model → what makes its graph, from the features or from the graphs of its parts."""


def _forget_origins(model: ModelProto) -> None:
    """Removes the stack traces that torch adds, with paths of the machine that exported."""
    del model.metadata_props[:]
    for part in (model.graph, *model.functions):
        del part.metadata_props[:]
        for thing in (*part.node, *part.value_info):
            del thing.metadata_props[:]


def count_numbers(graph: bytes) -> int:
    """How many numbers with a fraction a graph holds: weights, biases, averages, support vectors;
    of trees, the thresholds and the leaves.
    """
    model = onnx.load_model_from_string(graph)
    floats = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE)
    count: int = sum(
        math.prod(tensor.dims) for tensor in model.graph.initializer if tensor.data_type in floats
    )
    names = {"nodes_values", "target_weights"}
    trees = (a for node in model.graph.node for a in node.attribute if a.name in names)
    return count + sum(len(attribute.floats) for attribute in trees)
