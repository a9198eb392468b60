"""Networks of other makes in the place of the default's smaller poster network, tuned alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from genreel.lab.examples import presume_absent, read_examples
from genreel.lab.model import Place
from genreel.lab.recipe import load_recipe
from genreel.lab.train import build_model, fit_features
from genreel.vocabulary import Vocabulary
from trials.measure import Row, figures, movies_by_part

BACKBONES = ("mobilenetv2_100", "tf_efficientnet_lite0")
TEACHERS = 4000
"""Of the posters of the training part, which has 14,000; a network takes minutes from them."""

SETTINGS = ("training.epochs=4", "training.patience=0", "training.average=0.98")


def backbones(out: Path) -> Iterator[Row]:
    """Each is tuned for four epochs, and ranks the valid part's posters."""
    movies = movies_by_part(has_extra=False)
    teachers = [movie for movie in movies["train"] if movie.has("poster")][:TEACHERS]
    for name in BACKBONES:
        recipe = load_recipe("poster-small", [*SETTINGS, f"towers.poster.name={name}"])
        features = fit_features(recipe, teachers)
        train = read_examples(teachers, features, Vocabulary(), out)
        train = presume_absent(train, teachers, recipe.head.data.presumed)
        valid = read_examples(movies["valid"], features, Vocabulary(), out)
        model = build_model(recipe.model, features)
        model.fit(train, valid, Place(out / name, 0))
        scores = np.concatenate([model.scores(batch) for batch in valid.batches(64)])
        tried = f"{name} tuned on {TEACHERS:,} posters"
        yield figures(tried, "poster only", valid.labels, valid.known, scores)
