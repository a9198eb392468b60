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
from genreel.lab.metrics import average_precision
from genreel.lab.model import Place
from genreel.lab.models.late_fusion import LateFusionSettings, fit_sum
from genreel.lab.recipe import load_recipe
from genreel.lab.train import build_model, fit_features
from genreel.vocabulary import GENRES, Vocabulary
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
    "both, of the kinds in fast": (("words", "languages", "poster"), ("plot", "poster")),
}
"""Inputs → the parts of the default that read them, and what a movie must have."""

BY_GENRE = (("words", 0.0), ("words", 1000.0), ("words-kin", 1000.0))
"""Recipe of the words and precision in late fusion."""

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


def kin_by_genre(out: Path) -> Iterator[Row]:
    """Average precision of each genre, and how many movies of the valid part have it."""
    part = read_valid_part(out)
    words = _words(out)
    for inputs in ("plot only", "both"):
        columns = {}
        for name, precision in BY_GENRE:
            changed = replace(part, logits={**part.logits, "words": words[name]})
            labels, known, *sums = _by_folds(changed, *CASES[inputs], precision)
            columns[f"{name}, kin = {precision:g}"] = np.mean(
                [average_precision(labels, known, z) for z in sums], axis=0
            )
        for g, genre in enumerate(GENRES):
            row = {"inputs": inputs, "genre": genre, "films": int((labels * known)[:, g].sum())}
            yield row | {name: f"{column[g]:.3f}" for name, column in columns.items()}


def _words(out: Path) -> Mapping[str, NDArray[Any]]:
    """Recipe → what it says of the plots of the valid part, shape (n, genres); kept in `out`."""
    names = ("words", "words-kin")
    if not all((out / f"{name}.npy").is_file() for name in names):
        movies = movies_by_part()
        for name in names:
            recipe = load_recipe(name)
            features = fit_features(recipe, movies["train"])
            train, valid = (
                read_examples(movies[part], features, Vocabulary(), out)
                for part in ("train", "valid")
            )
            train = presume_absent(train, movies["train"], recipe.head.data.presumed)
            model = build_model(recipe.model, features)
            model.fit(train, valid, Place(out, 0))
            np.save(out / f"{name}.npy", logit(model.scores(valid)))
    return {name: np.load(out / f"{name}.npy") for name in names}


def _fused(
    part: Part,
    parts: tuple[str, ...],
    needs: tuple[str, ...],
    words: str,
    inputs: str,
    precision: float,
) -> Row:
    name = f"{words}kin = {precision:g} in late fusion"
    labels, known, *sums = _by_folds(part, parts, needs, precision)
    return mean_figures([figures(name, inputs, labels, known, z) for z in sums])


def _by_folds(
    part: Part, parts: tuple[str, ...], needs: tuple[str, ...], precision: float
) -> list[NDArray[Any]]:
    """Labels and known cells, and for each division the logits, shape (n, genres) each."""
    rows = part.having(*needs)
    x, labels, known = part.stack(parts, rows), part.labels[rows], part.known[rows]
    settings, is_active = LateFusionSettings(kin=precision), np.ones(len(parts), np.bool_)
    arrays = [labels, known]
    for seed in range(DIVISIONS):
        folds, z = folds_of(len(part.movies), seed)[rows], np.zeros(labels.shape)
        for fold in range(FOLDS):
            rest = folds != fold
            total = fit_sum(x[rest], labels[rest], known[rest], is_active, settings)
            z[~rest] = total(x[~rest])
        arrays.append(z)
    return arrays
