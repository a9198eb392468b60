"""What each decision gives, and how much of it is right: decisions.csv."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from genreel.lab.evaluation.evaluate import Outcome
from genreel.lab.metrics import tag_figures

RESULTS = Path(__file__).parent / "results" / "decisions.csv"

CASES = ("poster only", "poster read", "plot only", "both", "both, read")


def write_decisions(answers: Mapping[str, Outcome]) -> None:
    """Writes the table, a row for each case and decision."""
    rows = []
    for case in CASES:
        outcome = answers[case]
        for decide, tags in outcome.tags.items():
            figures = tag_figures(outcome.labels, outcome.known, tags)
            row = {"case": case, "decision": decide, "films": len(outcome.movies)}
            row |= {"tags": int((tags & outcome.known).sum())}
            row |= {name: f"{figures[name]:.3f}" for name in ("right", "found")}
            rows.append(row | {"films_with_a_tag": f"{figures['tagged']:.3f}"})
    with RESULTS.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
