"""Chooses new calibration and thresholds for a finished bundle, without training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from genreel.bundle import bundle_folder, check_replaceable, read_bundle
from genreel.cases import AS_GIVEN, INPUT_CASES, Case, sense_cases
from genreel.catalogue import Movie
from genreel.errors import CatalogueError
from genreel.lab.evaluation.measure import write_measured
from genreel.lab.evaluation.rules import Scored, choose_rules
from genreel.lab.recipe import load_recipe
from genreel.predictor import Predictor
from genreel.progress import progress, say
from genreel.seen import Seen


def recalibrate(
    path_or_name: str | Path,
    out: Path,
    valid: Sequence[Movie],
    test: Sequence[Movie],
    command: str = "",
) -> dict[str, Any]:
    """Writes a bundle with the graph of another, and rules chosen on `valid`.

    Args:
        path_or_name: the bundle to start from; its graph is not touched.
        out: the new bundle's folder; may be the same.
        valid: labelled movies to choose on; those that it was trained on are left out.
        test: labelled movies to measure on; those that it was trained or tuned on are left out.
        command: what a person typed, for the card.

    Returns:
        What metrics.json holds.

    Raises:
        GenreelError: the bundle cannot be read or written, or no valid movie has genres.
    """
    folder = bundle_folder(path_or_name)
    bundle = replace(read_bundle(folder), cases={})
    check_replaceable(out)
    recipe = load_recipe(folder / "recipe.toml")
    metrics: dict[str, Any] = dict(bundle.metrics)
    raw = Predictor(bundle)
    valid = [movie for movie in valid if movie.genres]
    if bundle.seen:
        valid = _leave_out(bundle.seen, valid, ("train",), "valid")
        seen = bundle.seen.calibrated(valid, test)
        test = _leave_out(seen, test, ("train", "valid"), "test")
        bundle = replace(bundle, seen=seen)
    if not valid:
        raise CatalogueError(
            "no valid movie has genres to calibrate on and is none that the bundle was trained "
            "on; check the split"
        )
    cases: dict[str, Scored] = {}
    for case in INPUT_CASES:
        members = [movie for movie in valid if case.is_met_by(movie)]
        if members and case.is_read_by(raw.reads):
            cases |= dict.fromkeys(sense_cases(case), _score(raw, members, case))
    choice = choose_rules(raw.genres, _score(raw, valid, AS_GIVEN), cases)
    movies = metrics["movies"] | {"valid": len(valid), "test": len(test)}
    metrics |= {"movies": movies, "decisions": choice.others, "calibrated_by": command}
    bundle = replace(bundle, thresholds=choice.thresholds, cases=choice.cases)
    return write_measured(out, bundle, recipe, metrics, {"valid": valid, "test": test})


def _leave_out(seen: Seen, movies: Sequence[Movie], parts: Sequence[str], name: str) -> list[Movie]:
    """The movies that are in none of the bundle's `parts`; says how many were."""
    rest = [movie for movie in movies if seen.part_of(movie) not in parts]
    if len(rest) < len(movies):
        count = len(movies) - len(rest)
        say(f"{name}: {count:,} movies that the bundle was trained or tuned on are left out")
    return rest


def _score(predictor: Predictor, movies: Sequence[Movie], case: Case) -> Scored:
    """Labels, known cells and scores of those movies that get scores in this case."""
    predictions = progress(
        predictor.predict_many(case.view(movie) for movie in movies), case.name, len(movies)
    )
    pairs = [
        (movie, prediction)
        for movie, prediction in zip(movies, predictions, strict=True)
        if prediction.scores
    ]
    labels, known = predictor.bundle.vocabulary.encode(movie.genres for movie, _ in pairs)
    scores = np.array([list(prediction.scores.values()) for _, prediction in pairs], np.float64)
    return labels, known, scores.reshape(labels.shape)
