"""The graph of `Linear`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from onnx import ModelProto

from genreel.features import Feature
from genreel.lab.graphs.text import parse_graph
from genreel.lab.models.linear import Linear


def linear_graph(model: Linear, features: Mapping[str, Feature]) -> ModelProto:
    """Gathers the weights of a movie's terms, and never makes a dense row of the vocabulary."""
    weights = {f"weights_{k}": w for k, w in enumerate(model.blocks(features).values())}
    inputs, lines, sums = [], [], []
    names: dict[str, str] = {}
    for k, name in enumerate(model.features):
        names |= {f"indices_{k}": f"{name}.indices", f"values_{k}": f"{name}.values"}
        inputs += [f"int64[n, terms_{k}] indices_{k}", f"float[n, terms_{k}] values_{k}"]
        lines += [
            f"rows_{k} = Gather (weights_{k}, indices_{k})",
            f"row_{k} = Unsqueeze (values_{k}, one)",
            f"product_{k} = MatMul (row_{k}, rows_{k})",
            f"sum_{k} = Squeeze (product_{k}, one)",
        ]
        sums.append(f"sum_{k}")
    lines += [f"total = Sum ({', '.join(sums)})", "logits = Add (total, bias)"]
    lines += ["scores = Sigmoid (logits)"]
    return parse_graph(
        inputs,
        f"float[n, {len(model.bias)}] scores",
        lines,
        constants={**weights, "bias": model.bias, "one": np.array([1], np.int64)},
        names=names,
    )
