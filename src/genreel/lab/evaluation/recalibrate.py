"""Chooses calibration and thresholds of a finished bundle anew, without training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from genreel.bundle import bundle_folder, check_replaceable, read_bundle, write_bundle
from genreel.catalogue import INPUTS, Movie
from genreel.errors import CatalogueError
from genreel.lab.evaluation.card import model_card
from genreel.lab.evaluation.evaluate import evaluate
from genreel.lab.evaluation.rules import SHOWN, Scored, choose_rules
from genreel.lab.recipe import load_recipe
from genreel.predictor import Predictor
from genreel.progress import progress


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
        valid: labelled movies to choose on, none of which it was trained on.
        test: labelled movies to measure on, none of them in `valid`.
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
    if not valid:
        raise CatalogueError("no valid movie has genres to calibrate on; check the split")
    cases = {
        case: _scored(raw, [m for m in valid if all(map(m.has, needed))], shown, case)
        for case, (needed, shown) in SHOWN.items()
        if set(needed) <= set(raw.inputs)
    }
    choice = choose_rules(raw.genres, _scored(raw, valid, INPUTS, "as they are"), cases)
    metrics |= {"decisions": choice.others, "calibrated_by": command}

    def write() -> None:
        write_bundle(
            out,
            name=bundle.name,
            vocabulary=bundle.vocabulary,
            thresholds=choice.thresholds,
            cases=choice.cases,
            languages=bundle.languages,
            features=bundle.features,
            model=bundle.model,
            recipe=recipe.text,
            metrics=metrics,
            card=model_card(recipe, metrics),
        )

    write()
    predictor = Predictor(out)
    for name, movies in (("valid", valid), ("test", test)):
        metrics[name] = evaluate(predictor, movies)
        metrics["movies"][name] = len(movies)
    write()
    return metrics


def _scored(
    predictor: Predictor, movies: Sequence[Movie], shown: Sequence[str], what: str
) -> Scored:
    hidden = set(INPUTS) - set(shown)
    predictions = predictor.predict_many(movie.without(hidden) for movie in movies)
    told = [
        (movie, prediction)
        for movie, prediction in zip(movies, progress(predictions, what, len(movies)), strict=True)
        if prediction.scores
    ]
    labels, known = predictor.bundle.vocabulary.encode(movie.genres for movie, _ in told)
    scores = np.array([list(prediction.scores.values()) for _, prediction in told], np.float64)
    return labels, known, scores.reshape(labels.shape)
