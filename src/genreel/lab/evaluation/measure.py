"""Writes a bundle together with its own figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from genreel.bundle import Bundle, write_bundle
from genreel.catalogue import Movie
from genreel.lab.evaluation.card import model_card
from genreel.lab.evaluation.evaluate import evaluate
from genreel.lab.recipe import Recipe
from genreel.predictor import Predictor


def write_measured(
    out: Path,
    bundle: Bundle,
    recipe: Recipe,
    metrics: Mapping[str, Any],
    parts: Mapping[str, Sequence[Movie]],
) -> dict[str, Any]:
    """Writes a bundle, measures it, and writes it again with its figures.

    So what is measured is the bundle itself, as a user will load it.

    Args:
        out: the bundle's folder.
        bundle: what is written; its own `metrics` and `config` are not.
        recipe: what it was built from, for recipe.toml and the card.
        metrics: content of metrics.json but for the figures of the parts.
        parts: name, such as "test" → labelled movies to measure on.

    Returns:
        The whole content of metrics.json.

    Raises:
        GenreelError: it cannot be written.
    """
    metrics = dict(metrics)

    def write() -> None:
        write_bundle(
            out,
            name=bundle.name,
            vocabulary=bundle.vocabulary,
            thresholds=bundle.thresholds,
            cases=bundle.cases,
            languages=bundle.languages,
            seen=bundle.seen,
            features=bundle.features,
            model=bundle.model,
            recipe=recipe.text,
            metrics=metrics,
            card=model_card(recipe, metrics),
        )

    write()
    predictor = Predictor(out)
    for part, movies in parts.items():
        metrics[part] = evaluate(predictor, movies)
    write()
    return metrics
