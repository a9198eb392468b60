"""Whether a graph gives the scores of its model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from genreel.cases import SENSES
from genreel.errors import BundleError
from genreel.graph import load_session, run_session
from genreel.lab.examples import Examples
from genreel.lab.model import Model
from genreel.predictor import BATCH_SIZE

PARITY = 1e-4
"""Largest difference between a graph's scores and its model's that a bundle may have."""


def check_parity(graph: bytes, model: Model, examples: Examples) -> float:
    """Largest difference between the scores of graph and model, over `input_cases`.

    Raises:
        BundleError: it is over PARITY, or the graph failed, as when it takes more memory than
            `graph.MAX_GRAPH_BYTES`.
    """
    session = load_session(graph)
    worst = 0.0
    for case in input_cases(examples):
        expected = model.scores(case)
        # As large as in use, so that a graph which would take too much memory fails here.
        for k, batch in enumerate(case.batches(BATCH_SIZE)):
            try:
                scores = run_session(session, batch.arrays())
            except Exception as error:  # onnxruntime's exceptions have no common base
                why = " ".join(str(error).split())
                raise BundleError(f"the exported graph failed ({why}); not written") from None
            rows = expected[k * BATCH_SIZE : (k + 1) * BATCH_SIZE]
            worst = max(worst, float(np.abs(scores - rows).max(initial=0)))
    if not worst <= PARITY:
        raise BundleError(f"the exported graph differs from the model by {worst:.2g}; not written")
    return worst


def input_cases(examples: Examples) -> Iterator[Examples]:
    """The movies with all their senses, then with one sense at a time."""
    for absent in [(), *([other for other in SENSES if other != name] for name in SENSES)]:
        case = examples.without(absent)
        case = case.take(np.flatnonzero(case.has_any()))
        if len(case):
            yield case
