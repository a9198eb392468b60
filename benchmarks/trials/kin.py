"""Genres that heed each other: in the words' model, in late fusion, in both or in neither."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel.calibration import logit
from genreel.lab.examples import presume_absent, read_examples
from genreel.lab.model import Place
from genreel.lab.models.late_fusion import LateFusionSettings, fit_sum
from genreel.lab.recipe import load_recipe
from genreel.lab.train import build_model, fit_features
from genreel.vocabulary import Vocabulary
from trials.default_parts import PLOT, POSTER, Part, read_valid_part
from trials.measure import (
    DIVISIONS,
    FOLDS,
    Row,
    figures,
    folds_of,
    mean_figures,
    movies_by_part,
)

CASES = {
    "plot only": (PLOT, ("plot",)),
    "both": ((*PLOT, *POSTER), ("plot", "poster")),
}
"""Inputs → the parts of the default that read them, and what a movie must have."""

PRECISIONS = (0.0, 300.0, 1000.0, 2000.0, 4000.0)


def kin(out: Path) -> Iterator[Row]:
    """Each movie is scored by a fusion that the other four fifths of the valid part taught."""
    part = read_valid_part(out)
    for precision in PRECISIONS:
        yield _fused(part, POSTER, ("poster",), "", "poster only", precision)
    for words, logits in _words(out).items():
        changed = replace(part, logits={**part.logits, "words": logits})
        for inputs, (parts, needs) in CASES.items():
            for precision in PRECISIONS:
                yield _fused(changed, parts, needs, f"{words}, ", inputs, precision)


def _words(cache: Path) -> Mapping[str, NDArray[Any]]:
    """Recipe → what it says of the plots of the valid part, shape (n, genres)."""
    movies, logits = movies_by_part(), {}
    for name in ("words", "words-kin"):
        recipe = load_recipe(name)
        features = fit_features(recipe, movies["train"])
        train, valid = (
            read_examples(movies[part], features, Vocabulary(), cache)
            for part in ("train", "valid")
        )
        train = presume_absent(train, movies["train"], recipe.head.data.presumed)
        model = build_model(recipe.model, features)
        model.fit(train, valid, Place(Path(), 0))
        logits[name] = logit(model.scores(valid))
    return logits


def _fused(
    part: Part,
    parts: tuple[str, ...],
    needs: tuple[str, ...],
    words: str,
    inputs: str,
    precision: float,
) -> Row:
    name = f"{words}kin = {precision:g} in late fusion"
    rows = part.having(*needs)
    x, labels, known = part.stack(parts, rows), part.labels[rows], part.known[rows]
    settings, everyone = LateFusionSettings(kin=precision), np.ones(len(parts), np.bool_)
    table = []
    for seed in range(DIVISIONS):
        folds, z = folds_of(len(part.movies), seed)[rows], np.zeros(labels.shape)
        for fold in range(FOLDS):
            rest = folds != fold
            total = fit_sum(x[rest], labels[rest], known[rest], everyone, settings)
            z[~rest] = total(x[~rest])
        table.append(figures(name, inputs, labels, known, z))
    return mean_figures(table)
