"""From a recipe, a catalogue and a split to a bundle."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from genreel.bundle import Bundle, check_replaceable
from genreel.catalogue import Catalogue, Movie
from genreel.errors import CatalogueError, RecipeError
from genreel.evidence import plot_languages
from genreel.features import KINDS as FEATURE_KINDS
from genreel.features import Feature
from genreel.lab.evaluation.measure import write_measured
from genreel.lab.evaluation.rules import Choice, Scored, cases_of, choose_rules
from genreel.lab.examples import Examples, presume_absent, read_examples
from genreel.lab.fitting import earlier_seconds, fitting_record
from genreel.lab.graphs.export import count_numbers, export
from genreel.lab.graphs.parity import check_parity
from genreel.lab.graphs.precision import drift, reduce_precision
from genreel.lab.model import Model, ModelSpec, Place
from genreel.lab.models import ENSEMBLES, SINGLE
from genreel.lab.recipe import Recipe
from genreel.lab.reuse import NOTHING, reusable
from genreel.lab.splits import (
    PARTS,
    Split,
    most_common,
    names_outside,
    stratified_split,
    with_genres,
)
from genreel.lab.weights import FITS
from genreel.paths import cache_folder
from genreel.progress import is_first_process, say
from genreel.seen import Seen

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
    reuse: str | Path | None = None,
) -> dict[str, Any]:
    """Trains a recipe and writes its bundle.

    Features and models learn from train; fusion weights and thresholds from valid; test is
    measured once, at the end, on the exported bundle.

    Args:
        recipe: what to build.
        catalogue: labelled movies.
        out: the bundle's folder.
        split: parts of the catalogue; None makes a stratified one from the recipe's seed.
        extra: more movies to train on, but those of the other parts, or whose column `split` is.
        command: what a person typed, for the card.
        checkpoints: a folder that keeps them; None: `out` + ".work", which is deleted at the end.
        reuse: a bundle whose networks are taken where the recipe asks for the same.

    Returns:
        What metrics.json holds; of several processes, only the first returns anything.

    Raises:
        GenreelError: the catalogue does not suit the recipe, or a part of the work failed.
    """
    start = time.monotonic()
    check_replaceable(out)  # now, not after hours
    split, parts = _split(recipe, catalogue.by_id(), split, extra)
    ready = reusable(recipe, reuse) if reuse else NOTHING
    features = fit_features(recipe, parts["train"], ready.features)
    train_part, valid_part = _read(recipe, parts, features)
    model = build_model(recipe.model, features, ready.models(recipe, features))
    work = out.with_name(out.name + ".work")
    model.fit(train_part, valid_part, Place(checkpoints or work, recipe.head.seed))
    if not is_first_process():
        return {}  # the first writes
    choice = _choose_rules(recipe, model, valid_part)
    graph = export(model, features)
    metrics = {
        "recipe": recipe.head.id,
        "command": command,
        "split": split.digest(),
        "movies": {name: len(part) for name, part in parts.items()},
        **_graph_figures(graph, model, valid_part),
        **_fitting_figures(model, start),
        "decisions": choice.others,
        "reused": sorted(ready.graphs),
    }
    small, precision = _reduce(recipe, graph, train_part, valid_part)
    bundle = _bundle(recipe, choice, features, small, parts)
    metrics = write_measured(out, bundle, recipe, metrics | precision, _held_out(parts))
    shutil.rmtree(work, ignore_errors=True)
    return metrics


def _graph_figures(graph: bytes, model: Model, valid: Examples) -> dict[str, Any]:
    """Whether the graph agrees with its model, and its size."""
    parity = check_parity(graph, model, _sample(valid))
    return {"parity": parity, "parameters": count_numbers(graph)}


def _fitting_figures(model: Model, start: float) -> dict[str, Any]:
    """How the model was fitted, and the seconds since `start`, and of runs that were stopped."""
    record = fitting_record(model)
    seconds = time.monotonic() - start + earlier_seconds(record)
    return {**record, "training_seconds": round(seconds, 1)}


def _bundle(
    recipe: Recipe,
    choice: Choice,
    features: Mapping[str, Feature],
    model: bytes,
    parts: Mapping[str, Sequence[Movie]],
) -> Bundle:
    """What was trained on the train and the valid part, ready to be written."""
    return Bundle(
        name=recipe.head.id,
        vocabulary=recipe.vocabulary,
        thresholds=choice.thresholds,
        cases=choice.cases,
        features=features,
        model=model,
        config={},
        languages=_languages(features, parts["train"]),
        seen=Seen.of(parts),
    )


def _languages(features: Mapping[str, Feature], movies: Sequence[Movie]) -> tuple[str, ...]:
    """Those of the training plots, and those that every feature of the plot reads like them."""
    languages = plot_languages(movies)
    readers = [set(f.languages) for f in features.values() if f.input == "plot"]
    alike = set.intersection(*readers) if readers else set()
    return tuple(dict.fromkeys([*languages, *sorted(alike if alike & set(languages) else ())]))


def _split(
    recipe: Recipe, movies: Mapping[str, Movie], split: Split | None, extra: Catalogue | None
) -> tuple[Split, dict[str, list[Movie]]]:
    """The split that is used, and the movies of its parts that the recipe selects."""
    labelled_movies = with_genres(movies.values())
    if recipe.head.genres and (rest := names_outside(labelled_movies, recipe.vocabulary.genres)):
        say(f"genres that are none of --genres: {most_common(rest)}; they are not learnt")
    if split is None:
        _, valid, test = recipe.head.data.shares
        seed = recipe.head.seed
        split = stratified_split(labelled_movies, recipe.vocabulary, seed, valid, test)
    parts = {name: _select(recipe, part) for name, part in parts_of(movies, split, extra).items()}
    for name, part in parts.items():
        say(f"{name}: {len(part)} movies")
    return split, parts


def _read(
    recipe: Recipe, parts: Mapping[str, Sequence[Movie]], features: Mapping[str, Feature]
) -> tuple[Examples, Examples]:
    """The examples of the train and the valid part.

    Raises:
        RecipeError: no training movie has a genre of the vocabulary.
    """
    train_part, valid_part = (
        read_examples(parts[name], features, recipe.vocabulary, cache_folder())
        for name in ("train", "valid")
    )
    if recipe.head.data.presumed:
        train_part = presume_absent(train_part, parts["train"], recipe.head.data.presumed)
    _check_genres(recipe, train_part.labels, train_part.known)
    return train_part, valid_part


def _sample(examples: Examples) -> Examples:
    """The first movies, for figures that need only a few."""
    return examples.take(np.arange(min(_PARITY_MOVIES, len(examples))))


def _reduce(
    recipe: Recipe, graph: bytes, train: Examples, valid: Examples
) -> tuple[bytes, dict[str, Any]]:
    """The graph in the recipe's precision, and its entry in metrics.json, if it has one."""
    small = reduce_precision(graph, recipe.head.precision, train)
    if recipe.head.precision == "float32":
        return small, {}
    figures = {
        "weights": recipe.head.precision,
        "bytes": len(small),
        "float32_bytes": len(graph),
        "drift": drift(graph, small, _sample(valid)),
    }
    return small, {"precision": figures}


def parts_of(
    movies: Mapping[str, Movie], split: Split, extra: Catalogue | None
) -> dict[str, list[Movie]]:
    """Train, valid and test, by name; what `extra` may add (see `train`) goes to train."""
    parts = {name: split.part(name, movies) for name in PARTS}
    return parts | {"train": parts["train"] + _extra(extra, parts["valid"] + parts["test"])}


def _held_out(parts: Mapping[str, Sequence[Movie]]) -> dict[str, Sequence[Movie]]:
    """The parts that nothing was trained on."""
    return {name: part for name, part in parts.items() if name != "train"}


def _choose_rules(recipe: Recipe, model: Model, valid: Examples) -> Choice:
    """Calibration and thresholds; if the recipe has a threshold, only that."""
    genres = recipe.vocabulary.genres
    if recipe.head.threshold:
        return Choice(dict.fromkeys(genres, recipe.head.threshold), {}, {})

    def score(examples: Examples) -> Scored:
        examples = examples.take(np.flatnonzero(examples.has_any()))
        return examples.labels, examples.known, model.scores(examples)

    cases = {case: score(part) for case, part in cases_of(valid, model.senses).items()}
    return choose_rules(genres, score(valid), cases)


def fit_features(
    recipe: Recipe, movies: Sequence[Movie], ready: Mapping[str, Feature] | None = None
) -> dict[str, Feature]:
    """The recipe's features, fitted on training movies; those that are `ready` stay as they are."""
    features = dict(ready or {})
    borrow_last = sorted(recipe.features.items(), key=lambda item: bool(_like(item[1][1])))
    for name, (kind, settings) in borrow_last:
        feature = features.get(name) or _fit_feature(kind, settings, movies, features)
        # A catalogue may lack titles and years: they only help.
        if feature.input in ("poster", "plot") and not any(m.has(feature.input) for m in movies):
            raise CatalogueError(
                f"recipe {recipe.head.id} reads the {feature.input}, and no training movie has "
                "one; choose another recipe"
            )
        features[name] = feature
    return {name: features[name] for name in recipe.features}


def _like(settings: Any) -> str:
    """The feature whose terms or pieces one has, if it has none of its own."""
    return str(getattr(settings, "like", ""))


def _fit_feature(
    kind: str, settings: Any, movies: Sequence[Movie], others: Mapping[str, Feature]
) -> Feature:
    """A feature of its own, or one with the terms of another."""
    if like := _like(settings):
        if like not in others or others[like].kind != kind:
            raise RecipeError(f"like = {like!r}: name a feature of kind {kind!r} with its own")
        own = {"input": settings.input, "like": like}
        return others[like].alike({**others[like].settings(), **own})
    return FITS.get(kind, FEATURE_KINDS[kind].fit)(settings, movies)


def build_model(
    spec: ModelSpec, features: Mapping[str, Feature], ready: Mapping[str, Model] | None = None
) -> Model:
    """An unfitted model; its parts that are `ready` are taken as they are."""
    if spec.kind in ENSEMBLES:
        parts = {
            name: (ready or {}).get(name) or build_model(part, features)
            for name, part in spec.parts.items()
        }
        return ENSEMBLES[spec.kind](spec.settings, spec.features, features, parts)
    return SINGLE[spec.kind](spec.settings, spec.features, features)


def _select(recipe: Recipe, movies: Sequence[Movie]) -> list[Movie]:
    """The movies that the recipe's `[data]` selects."""
    data = recipe.head.data
    if data.years != (0, 0):
        first, last = data.years
        movies = [m for m in movies if m.year is not None and first <= m.year <= last]
    if data.main_genre or data.first_genres:
        count = 1 if data.main_genre else data.first_genres
        movies = [replace(m, genres={k: v[:count] for k, v in m.genres.items()}) for m in movies]
    if (data.one_genre or data.main_genre) and movies:
        labels, _ = recipe.vocabulary.encode(movie.genres for movie in movies)
        movies = [m for m, row in zip(movies, labels, strict=True) if row.sum() == 1]
    if data.balanced and movies:
        movies = _balanced(recipe, movies)
    if not movies:
        raise CatalogueError(
            f"recipe {recipe.head.id} is about other movies than a part of the split holds; "
            "change its [data]"
        )
    return list(movies[: data.at_most] if data.at_most else movies)


def _balanced(recipe: Recipe, movies: Sequence[Movie]) -> list[Movie]:
    """Of movies with one genre, as many of each genre that they have, in their order."""
    labels, _ = recipe.vocabulary.encode(movie.genres for movie in movies)
    counts = labels.sum(axis=0)
    most = int(counts[counts > 0].min()) if counts.any() else 0
    if recipe.head.data.at_most:
        most = min(most, recipe.head.data.at_most // int((counts > 0).sum()))
    rank = (labels.cumsum(axis=0) * labels).max(axis=1)
    return [m for m, place in zip(movies, rank, strict=True) if 0 < place <= most]


def _extra(extra: Catalogue | None, held_out: Sequence[Movie]) -> list[Movie]:
    """The movies of `extra` to train on: labelled, and in no other part by id or title and year."""
    ids = {movie.id for movie in held_out}
    titles = {(movie.title.casefold(), movie.year) for movie in held_out if movie.title}
    return [
        movie
        for movie in extra or ()
        if movie.genres
        and movie.split in ("", "train")
        and movie.id not in ids
        and (movie.title.casefold(), movie.year) not in titles
    ]


def _check_genres(recipe: Recipe, labels: Any, known: Any) -> None:
    positive = ((labels > 0) & known).sum(axis=0)
    absent = [g for g, n in zip(recipe.vocabulary.genres, positive, strict=True) if n == 0]
    if len(absent) == len(recipe.vocabulary):
        raise RecipeError("no training movie has a genre of the vocabulary; check the catalogue")
    if absent:
        say(f"no training movie has {', '.join(absent)}: the model will hardly ever say so")
    negative = ((labels == 0) & known).sum(axis=0)
    one_sided = [g for g, n in zip(recipe.vocabulary.genres, negative, strict=True) if n == 0]
    if names := ", ".join(g for g in one_sided if g not in absent):
        say(f"no training movie is known to be without {names}; only --taxonomy genreel tells")
