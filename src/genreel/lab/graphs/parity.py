"""Whether a graph gives the scores of its model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from numpy.typing import NDArray

from genreel.cases import SENSES
from genreel.errors import BundleError
from genreel.graph import load_session, run_session
from genreel.lab.examples import Examples
from genreel.lab.model import Model
from genreel.predictor import BATCH_SIZE

PARITY = 1e-4
"""Largest difference between a graph's scores and its model's that a bundle may have."""

STEPS = {"TreeEnsembleRegressor": 1e-3}
"""Operator → the share of scores that may differ by more. A number that lies within rounding of a
tree's split goes to either side, and the score jumps.
"""


def check_parity(graph: bytes, model: Model, examples: Examples) -> float:
    """Largest difference between the scores of graph and model, over `input_cases`.

    Returns:
        That of all scores but the share that STEPS grants to the graph's operators.

    Raises:
        BundleError: it is over PARITY, or the graph failed, as when it takes more memory than
            `graph.MAX_GRAPH_BYTES`.
    """
    differences = np.sort(np.concatenate([np.zeros(1), *_differences(graph, model, examples)]))
    operators = {node.op_type for node in onnx.load_from_string(graph).graph.node}
    granted = int(len(differences) * max(STEPS.get(name, 0) for name in operators))
    if np.isnan(differences[-1]):
        granted = 0  # no split explains what is no number
    worst = float(differences[len(differences) - 1 - granted])
    if not worst <= PARITY:
        raise BundleError(f"the exported graph differs from the model by {worst:.2g}; not written")
    return worst


def _differences(graph: bytes, model: Model, examples: Examples) -> Iterator[NDArray[np.float64]]:
    """How far the scores of each batch of each case lie apart."""
    session = load_session(graph)
    for case in input_cases(examples):
        expected = model.scores(case)
        # As many as posters share a run in use, so that a graph which takes too much memory for
        # them fails here; larger batches, of plots, are halved where memory does not suffice.
        for k, batch in enumerate(case.batches(BATCH_SIZE)):
            try:
                scores = run_session(session, batch.arrays())
            except Exception as error:  # onnxruntime's exceptions have no common base
                why = " ".join(str(error).split())
                raise BundleError(f"the exported graph failed ({why}); not written") from None
            rows = expected[k * BATCH_SIZE : (k + 1) * BATCH_SIZE]
            yield np.abs(np.asarray(scores, np.float64) - rows).ravel()


def input_cases(examples: Examples) -> Iterator[Examples]:
    """The movies with all their senses, then with one sense at a time."""
    for absent in [(), *([other for other in SENSES if other != name] for name in SENSES)]:
        case = examples.without(absent)
        case = case.take(np.flatnonzero(case.has_any()))
        if len(case):
            yield case
