"""A larger encoder beside the default, and its answers for heads on the smaller one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from trials.default_parts import PLOT, read_valid_part
from trials.measure import Row, figures, fuse, head_logits
from trials.plots import LARGE, SMALL, meanings, read_plots, soft_answers


def teacher(out: Path) -> Iterator[Row]:
    """The larger encoder beside the default, and its answers for the smaller one."""
    plots = read_plots()
    labels, weights, cells = plots.labels, plots.weights, (plots.valid_labels, plots.valid_known)
    large, large_valid = meanings(LARGE, plots, out)
    small, small_valid = meanings(SMALL, plots, out)
    soft = soft_answers(plots, large)

    part = read_valid_part(out)
    three = part.stack(PLOT, part.having("plot"))
    answers = head_logits(large, labels, weights, large_valid, 0)
    yield figures(LARGE, "plot only", *cells, answers)
    yield figures("words, sentence, languages", "plot only", *cells, fuse(three, *cells))
    four = np.concatenate([three, answers[:, None]], axis=1)
    yield figures(f"the same and {LARGE}", "plot only", *cells, fuse(four, *cells))
    half = np.where(weights > 0, 0.5 * labels + 0.5 * soft, soft)
    for name, targets, counts in (
        ("labels as they are", labels, weights),
        ("teacher 0.5", half, np.maximum(weights, 0.5)),
        ("teacher alone", soft, np.ones_like(weights)),
    ):
        logits = head_logits(small, targets, counts, small_valid, 0)
        yield figures(f"{SMALL}, {name}", "plot only", *cells, logits)
