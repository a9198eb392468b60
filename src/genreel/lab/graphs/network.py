"""The graph of `Network`, and of a frozen backbone: traced from their torch modules."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from onnx import ModelProto
from torch import Tensor, nn
from torch.export import Dim

from genreel.cases import SENSES
from genreel.features import Feature
from genreel.features.image import Pixels
from genreel.features.pieces import Pieces
from genreel.features.sentences import Sentences
from genreel.features.tokens import Tokens
from genreel.lab.graphs.rewriting import name_sizes
from genreel.lab.graphs.text import OPSET
from genreel.lab.networks.backbone import Backbone
from genreel.lab.networks.network import Network


class _Flat(nn.Module):
    """A network that takes its arrays one by one, and gives scores."""

    def __init__(self, network: nn.Module, names: Sequence[str]) -> None:
        super().__init__()
        self.network = network
        self.names = names

    def forward(self, *arrays: Tensor) -> Tensor:
        by_name = dict(zip(self.names, arrays, strict=True))
        return torch.sigmoid(self.network(by_name))


class _Extract(nn.Module):
    """A frozen backbone: uint8 pixels → vectors."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, pixels: Tensor) -> Tensor:
        return self.backbone.vectors(self.backbone.normalise(pixels))


def network_graph(model: Network, features: Mapping[str, Feature]) -> ModelProto:
    """The network's own operations, from `present` and its features' arrays to scores."""
    assert model.module is not None, "fit first"
    names, examples, shapes = ["present"], [torch.ones(3, len(SENSES))], [{0: Dim("n")}]
    for k, name in enumerate(model.features):
        for short, array, shape in _example_arrays(features[name], k):
            names.append(f"{name}.{short}")
            examples.append(array)
            shapes.append(shape)
    return trace(_Flat(model.module, names), names, examples, shapes, "scores")


def backbone_graph(backbone: Backbone, feature: Pixels, name: str, output: str) -> ModelProto:
    """From the array `name`.pixels to the vectors `output`, float32 (m, width)."""
    example = torch.zeros(2, *feature.shape, dtype=torch.uint8)
    return trace(_Extract(backbone), [f"{name}.pixels"], [example], [{0: Dim("m")}], output)


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
    elif isinstance(feature, Sentences):
        yield "vectors", torch.zeros(2, feature.width), {0: some}
        yield rows
    else:
        axes = {0: Dim("n"), 1: Dim(f"terms{k}")}
        yield "indices", torch.zeros(3, 2, dtype=torch.int64), axes
        yield "values", torch.ones(3, 2), axes


def trace(
    module: nn.Module,
    names: Sequence[str],
    examples: Sequence[Tensor],
    shapes: Sequence[dict[int, Any]],
    output: str,
) -> ModelProto:
    """The graph of a module, as torch exports it.

    Args:
        module: takes the examples in their order.
        names: of the graph's inputs.
        examples: one tensor an input.
        shapes: of each input, the axes that vary and their `Dim`.
        output: name of what the graph gives.
    """
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
