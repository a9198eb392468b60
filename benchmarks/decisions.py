"""What each decision gives, and how much of it is right: decisions.csv."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from genreel.calibration import DECISIONS
from genreel.cases import REPORT_CASES
from genreel.catalogue import LETTERING, Movie
from genreel.prediction import Prediction
from genreel.predictor import Predictor
from genreel.progress import say

RESULTS = Path(__file__).parent / "results" / "decisions.csv"


def write_decisions(predictor: Predictor, movies: Sequence[Movie]) -> None:
    """Writes the table, a row for each case and decision, of movies with labels."""
    rows = []
    for case in ("poster only", "poster read", "plot only", "both", "both, read"):
        shown = REPORT_CASES[case]
        members = [shown.view(movie) for movie in movies if shown.is_met_by(movie)]
        labels, known = predictor.bundle.vocabulary.encode(movie.genres for movie in members)
        answers = list(predictor.predict_many(members))
        for decide in DECISIONS:
            tags = [_given(predictor, *pair, decide) for pair in zip(members, answers, strict=True)]
            given = known & np.array(tags)
            right, true = (given & (labels > 0)).sum(), (known & (labels > 0)).sum()
            row = {
                "case": case,
                "decision": decide,
                "films": len(members),
                "tags": int(given.sum()),
            }
            row |= {"right": f"{right / given.sum():.3f}", "found": f"{right / true:.3f}"}
            row |= {"films_with_a_tag": f"{given.any(axis=1).mean():.3f}"}
            rows.append(row)
            say(str(row))
    with RESULTS.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _given(predictor: Predictor, movie: Movie, answer: Prediction, decide: str) -> list[bool]:
    """Which genres a decision gives, from the scores of a prediction, in the bundle's order."""
    lacks = (*answer.missing, *(() if movie.lettering else (LETTERING,)))
    # Those that decided must be found the same way; a foreign plot is the rare other case.
    if not answer.scores or predictor.thresholds(lacks) != answer.thresholds:
        [answer] = predictor.predict_batch([movie], decide)
        return [genre in answer.genres for genre in predictor.genres]
    limits = predictor.thresholds(lacks, decide)
    return [answer.scores[genre] >= limits[genre] for genre in predictor.genres]
