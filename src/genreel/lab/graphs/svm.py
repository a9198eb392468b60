"""The graph of support vector machines."""

from __future__ import annotations

import numpy as np
from onnx import ModelProto

from genreel.calibration import logit
from genreel.lab.graphs.text import Constants, parse_graph
from genreel.lab.models.estimators import PerGenre
from genreel.lab.models.matrix import dense


def svm_graph(core: PerGenre, width: int) -> ModelProto:
    """All genres' machines over one kernel matrix with every support vector v of any of them:
    K = exp(−γ (|x|² − 2 x·v + |v|²)). A linear kernel, x·v, needs but one vector a genre.
    """
    numbers: dict[bytes, int] = {}
    for machine in core.estimators:
        for vector in dense(machine.support_vectors_) if machine else ():
            numbers.setdefault(vector.tobytes(), len(numbers))
    first = next(machine for machine in core.estimators if machine)
    weights = np.zeros((len(numbers), len(core.estimators)), np.float32)
    bias = logit(core.priors)
    vectors = np.zeros((len(numbers), width), np.float64)
    for g, machine in enumerate(core.estimators):
        if machine:
            support = dense(machine.support_vectors_)
            at = [numbers[vector.tobytes()] for vector in support]
            vectors[at] = support
            np.add.at(weights[:, g], at, dense(machine.dual_coef_)[0])
            bias[g] = machine.intercept_[0]
    inputs, output = [f"float[n, {width}] x"], f"float[n, {len(bias)}] scores"
    if first.kernel == "linear":
        normals = {"weights": vectors.T @ weights, "bias": bias}
        return parse_graph(inputs, output, _LINEAR, constants=normals)
    constants: Constants = {
        "one": np.array([1], np.int64),
        "two": np.array(2, np.float64),
        "vectors": vectors.T,
        "lengths": (vectors**2).sum(axis=1),
        "width": np.array(-first._gamma, np.float64),
        "weights": weights,
        "bias": bias.astype(np.float32),
    }
    return parse_graph(inputs, output, _RADIAL, constants=constants)


_LINEAR = (
    "exact = Cast <to=11> (x)",
    "sums = MatMul (exact, weights)",
    "decision = Add (sums, bias)",
    "exactly = Sigmoid (decision)",
    "scores = Cast <to=1> (exactly)",
)

_RADIAL = (
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
)
