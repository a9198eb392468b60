"""The graph of decision trees, forests and boosted trees."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx.helper
from numpy.typing import NDArray
from onnx import ModelProto

from genreel.calibration import logit
from genreel.lab.graphs.text import parse_graph
from genreel.lab.models.estimators import PerGenre

Columns = dict[str, NDArray[Any]]
"""An attribute of TreeEnsembleRegressor → its values, one a node or one a leaf."""


def trees_graph(core: PerGenre, width: int) -> ModelProto:
    """All genres' trees in one node, each adding its leaf's share to its genre.

    A forest's score is the mean of its trees' shares of positives; a boosted one's the sigmoid of
    its prior's logit plus its trees' steps.
    """
    boosting = core.settings.estimator == "boosting"
    base = logit(core.priors) if boosting else core.priors.astype(np.float64)
    nodes: list[Columns] = []
    leaves: list[Columns] = []
    for g, estimator in enumerate(core.estimators):
        if estimator is None:
            continue
        base[g] = logit(estimator.init_.class_prior_[1]) if boosting else 0.0
        for tree, gains in _trees(estimator, boosting):
            leaves.append(_leaf_columns(tree, len(nodes), g, gains))
            nodes.append(_node_columns(tree, len(nodes)))
    attributes = {
        f"{prefix}_{key}": np.concatenate([row[key] for row in rows]).tolist()
        for prefix, rows in (("nodes", nodes), ("target", leaves))
        for key in rows[0]
    }
    ensemble = onnx.helper.make_node(
        "TreeEnsembleRegressor",
        ["x"],
        ["sums"],
        domain="ai.onnx.ml",
        n_targets=len(base),
        **attributes,
    )
    # Added here, as onnxruntime drops the base of a genre without a tree.
    lines = ["scores = Add (sums, base)"]
    if boosting:
        lines = ["logits = Add (sums, base)", "scores = Sigmoid (logits)"]
    graph = parse_graph(
        [f"float[n, {width}] x"],
        f"float[n, {len(base)}] scores",
        lines,
        constants={"base": base.astype(np.float32)},
    )
    graph.graph.node.insert(0, ensemble)
    graph.opset_import.append(onnx.helper.make_opsetid("ai.onnx.ml", 3))
    return graph


def _trees(estimator: Any, boosting: bool) -> Iterator[tuple[Any, NDArray[np.float64]]]:
    """The trees of an estimator, and what each of a tree's nodes would add to a score."""
    trees = np.ravel(getattr(estimator, "estimators_", [estimator]))
    for tree in (member.tree_ for member in trees):
        values = tree.value[:, 0, :]
        if boosting:
            yield tree, values[:, 0] * estimator.learning_rate
        else:
            yield tree, values[:, 1] / values.sum(axis=1) / len(trees)


def _node_columns(tree: Any, number: int) -> Columns:
    leaf = tree.children_left < 0
    return {
        "treeids": np.full(tree.node_count, number),
        "nodeids": np.arange(tree.node_count),
        "featureids": np.where(leaf, 0, tree.feature),
        "values": np.where(leaf, 0, tree.threshold).astype(np.float32),
        "truenodeids": np.where(leaf, 0, tree.children_left),
        "falsenodeids": np.where(leaf, 0, tree.children_right),
        "modes": np.where(leaf, "LEAF", "BRANCH_LEQ"),
    }


def _leaf_columns(tree: Any, number: int, genre: int, gains: NDArray[np.float64]) -> Columns:
    leaves = np.flatnonzero(tree.children_left < 0)
    return {
        "treeids": np.full(len(leaves), number),
        "nodeids": leaves,
        "ids": np.full(len(leaves), genre),
        "weights": gains[leaves].astype(np.float32),
    }
