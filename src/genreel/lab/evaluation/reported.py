"""What a source reports, and ours by the same measure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genreel.lab.recipe import Head

MEASURES = {
    "roc_auc": ("ROC AUC", "macro_roc_auc"),
    "label_accuracy": ("label accuracy", "label_accuracy"),
    "class_accuracy": ("class accuracy", "coverage_at_1"),
    "loss": ("loss", "log_loss"),
    "weighted_f1": ("weighted F1", "weighted_f1"),
    "precision": ("weighted precision", "weighted_precision"),
    "recall": ("weighted recall", "weighted_recall"),
    "variance": ("explained variance", "explained_variance"),
}
"""Key of a recipe's `[reported]` → what it is called, and the figure of ours that is the same.

A movie of one class is decided rightly where its class has the highest score, so the accuracy of k
classes is `coverage_at_1`.
"""


def decision_of(head: Head) -> str:
    """How a recipe, as its source does, comes from scores to genres."""
    if "class_accuracy" in head.reported:
        return "the highest score"
    if head.threshold:
        return f"{head.threshold:g} for every genre"
    return "by genre, for F1 on valid"


def theirs(head: Head) -> dict[str, float]:
    """Measure → the source's figure, of those that we measure too."""
    return {name: head.reported[name] for name in MEASURES if name in head.reported}


def ours(
    head: Head, metrics: Mapping[str, Any], figures: Mapping[str, Any]
) -> dict[str, float | None]:
    """Measure → our figure, of those that the source reports.

    Args:
        head: of the recipe.
        metrics: metrics.json.
        figures: those of the case that is compared, out of `metrics["test"]`.
    """
    shares = metrics.get("explained_variance", {})
    known = {**figures, "explained_variance": next(iter(shares.values()), None)}
    return {name: known.get(MEASURES[name][1]) for name in theirs(head)}


def as_text(values: Mapping[str, float | None]) -> str:
    """Measures and figures in one line."""
    return "; ".join(
        f"{MEASURES[name][0]} {'—' if value is None else f'{value:.4g}'}"
        for name, value in values.items()
    )
