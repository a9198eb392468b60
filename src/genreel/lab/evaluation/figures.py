"""What figures are called, and how they are written."""

from __future__ import annotations

HEADINGS = {
    "macro_roc_auc": "macro ROC AUC",
    "macro_average_precision": "macro AP",
    "macro_f1": "macro F1",
    "micro_f1": "micro F1",
    "weighted_f1": "weighted F1",
    "samples_f1": "samples F1",
    "label_accuracy": "label accuracy",
    "log_loss": "log loss",
    "calibration_error": "calibration error",
    "coverage_at_3": "in the 3 highest",
}
"""Figure → what the card and the leaderboard call it."""


def figure_text(value: float | None, places: int = 3) -> str:
    """A figure with so many decimal places; a dash where it is undefined."""
    return "—" if value is None else f"{value:.{places}f}"
