"""From a recipe, a catalogue and a split to a bundle."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from genreel.bundle import check_replaceable, write_bundle
from genreel.catalogue import Catalogue, Movie
from genreel.errors import CatalogueError, RecipeError
from genreel.evidence import plot_languages
from genreel.features import KINDS as FEATURE_KINDS
from genreel.features import Feature
from genreel.lab.evaluation.card import model_card
from genreel.lab.evaluation.evaluate import evaluate
from genreel.lab.evaluation.rules import Choice, Scored, cases_of, choose_rules
from genreel.lab.examples import Examples, presume_absent, read_examples
from genreel.lab.graphs.export import check_parity, count_numbers, export
from genreel.lab.graphs.precision import drift, reduce_precision
from genreel.lab.model import Model, Place
from genreel.lab.models import KINDS as MODEL_KINDS
from genreel.lab.recipe import ModelSpec, Recipe
from genreel.lab.splits import PARTS, Split, stratified_split
from genreel.lab.weights import FITS
from genreel.paths import cache_folder
from genreel.predictor import Predictor
from genreel.progress import say

_PARITY_MOVIES = 256


def train(
    recipe: Recipe,
    catalogue: Catalogue,
    out: Path,
    *,
    split: Split | None = None,
    extra: Catalogue | None = None,
    command: str = "",
    checkpoints: Path | None = None,
) -> dict[str, Any]:
    """Trains a recipe and writes its bundle.

    Features and models learn from the train part; fusion weights and thresholds from the valid
    part; the test part is measured once, at the end, through the exported bundle.

    Args:
        recipe: what to build.
        catalogue: labelled movies.
        out: the bundle's folder.
        split: parts of the catalogue; None makes a stratified one from the recipe's seed.
        extra: more movies to train on; those of the valid and test parts, and those that its
            column `split` does not call "train", are left out.
        command: what a person typed, for the card.
        checkpoints: a folder for them that is kept, so that recipes with a network in common
            train it once; None keeps them in `out` + ".work" until the bundle is written.

    Returns:
        What metrics.json holds; nothing in all but the first of several processes (see
        `train_network`).

    Raises:
        GenreelError: the catalogue does not suit the recipe, or a part of the work failed.
    """
    started = time.monotonic()
    check_replaceable(out)  # now, not after hours
    movies = catalogue.by_id()
    labelled = [movie for movie in movies.values() if movie.genres]
    split = split or stratified_split(labelled, recipe.vocabulary, recipe.head.seed)
    parts = parts_of(movies, split, extra)
    parts = {name: _chosen(recipe, chosen) for name, chosen in parts.items()}
    for name, chosen in parts.items():
        say(f"{name}: {len(chosen)} movies")
    features = fit_features(recipe, parts["train"])
    cache = cache_folder()
    train_part = read_examples(parts["train"], features, recipe.vocabulary, cache)
    if recipe.head.data.presumed:
        train_part = presume_absent(train_part, parts["train"], recipe.head.data.presumed)
    valid_part = read_examples(parts["valid"], features, recipe.vocabulary, cache)
    _check_genres(recipe, train_part.labels, train_part.known)

    model = build_model(recipe.model, features)
    work = out.with_name(out.name + ".work")
    model.fit(train_part, valid_part, Place(checkpoints or work, recipe.head.seed))
    if int(os.environ.get("RANK", "0")):
        return {}  # the first of several processes writes
    choice = _choose_rules(recipe, model, valid_part)
    graph = export(model, features)
    sample = valid_part.take(np.arange(min(_PARITY_MOVIES, len(valid_part))))
    metrics: dict[str, Any] = {
        "recipe": recipe.head.id,
        "command": command,
        "split": split.digest(),
        "movies": {name: len(chosen) for name, chosen in parts.items()},
        "parity": check_parity(graph, model, sample),
        "parameters": count_numbers(graph),
        "training_seconds": round(time.monotonic() - started, 1),
        "decisions": choice.others,
    }

    small = reduce_precision(graph, recipe.head.precision, train_part)
    if recipe.head.precision != "float32":
        metrics["precision"] = {
            "weights": recipe.head.precision,
            "bytes": len(small),
            "float32_bytes": len(graph),
            "drift": drift(graph, small, sample),
        }

    def write(metrics: Mapping[str, Any]) -> None:
        write_bundle(
            out,
            name=recipe.head.id,
            vocabulary=recipe.vocabulary,
            thresholds=choice.thresholds,
            cases=choice.cases,
            languages=plot_languages(parts["train"]),
            features=features,
            model=small,
            recipe=recipe.text,
            metrics=metrics,
            card=model_card(recipe, metrics),
        )

    write(metrics)  # so that what is measured is the bundle itself, as a user will load it
    predictor = Predictor(out)
    for name in ("valid", "test"):
        metrics[name] = evaluate(predictor, parts[name])
    write(metrics)
    shutil.rmtree(work, ignore_errors=True)
    return metrics


def parts_of(
    movies: Mapping[str, Movie], split: Split, extra: Catalogue | None
) -> dict[str, list[Movie]]:
    """Train, valid and test, by name; what `extra` may add (see `train`) goes to train."""
    parts = {name: split.part(name, movies) for name in PARTS}
    return parts | {"train": parts["train"] + _extra(extra, parts["valid"] + parts["test"])}


def _choose_rules(recipe: Recipe, model: Model, valid: Examples) -> Choice:
    """Calibration and thresholds; none but the recipe's own threshold where it has one."""
    genres = recipe.vocabulary.genres
    if recipe.head.threshold:
        return Choice(dict.fromkeys(genres, recipe.head.threshold), {}, {})

    def scored(shown: Examples) -> Scored:
        told = shown.take(np.flatnonzero(shown.told()))
        return told.labels, told.known, model.scores(told)

    cases = {case: scored(shown) for case, shown in cases_of(valid, model.inputs).items()}
    return choose_rules(genres, scored(valid), cases)


def fit_features(recipe: Recipe, movies: Sequence[Movie]) -> dict[str, Feature]:
    """The recipe's features, fitted on training movies."""
    features: dict[str, Feature] = {}
    for name, (kind, settings) in recipe.features.items():
        feature: Feature = FITS.get(kind, FEATURE_KINDS[kind].fit)(settings, movies)
        # Title and year only help; a catalogue may do without them.
        if feature.input in ("poster", "plot") and not any(m.has(feature.input) for m in movies):
            raise CatalogueError(
                f"recipe {recipe.head.id} reads the {feature.input}, and no training movie has "
                "one; choose another recipe"
            )
        features[name] = feature
    return features


def build_model(spec: ModelSpec, features: Mapping[str, Feature]) -> Model:
    """An unfitted model."""
    kind = MODEL_KINDS[spec.kind]
    if spec.parts:
        parts = {name: build_model(part, features) for name, part in spec.parts.items()}
        composed: Model = kind(spec.settings, spec.features, features, parts)
        return composed
    single: Model = kind(spec.settings, spec.features, features)
    return single


def _chosen(recipe: Recipe, movies: Sequence[Movie]) -> list[Movie]:
    """The movies that the recipe is about."""
    data = recipe.head.data
    if data.years != (0, 0):
        first, last = data.years
        movies = [m for m in movies if m.year is not None and first <= m.year <= last]
    if data.one_genre and movies:
        labels, _ = recipe.vocabulary.encode(movie.genres for movie in movies)
        movies = [m for m, row in zip(movies, labels, strict=True) if row.sum() == 1]
    if not movies:
        raise CatalogueError(
            f"recipe {recipe.head.id} is about other movies than a part of the split holds; "
            "change its [data]"
        )
    return list(movies[: data.at_most] if data.at_most else movies)


def _extra(extra: Catalogue | None, held_out: Sequence[Movie]) -> list[Movie]:
    ids = {movie.id for movie in held_out}
    films = {(movie.title.casefold(), movie.year) for movie in held_out if movie.title}
    return [
        movie
        for movie in extra or ()
        if movie.genres
        and movie.split in ("", "train")
        and movie.id not in ids
        and (movie.title.casefold(), movie.year) not in films
    ]


def _check_genres(recipe: Recipe, labels: Any, known: Any) -> None:
    positive = ((labels > 0) & known).sum(axis=0)
    absent = [g for g, n in zip(recipe.vocabulary.genres, positive, strict=True) if n == 0]
    if len(absent) == len(recipe.vocabulary):
        raise RecipeError("no training movie has a genre of the vocabulary; check the catalogue")
    if absent:
        say(f"no training movie has {', '.join(absent)}: the model will hardly ever say so")
