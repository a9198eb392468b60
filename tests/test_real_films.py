"""The shipped model on real films, where they are: its card tells the truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genreel.bundle import bundle_folder
from genreel.catalogue import Catalogue, Movie
from genreel.predictor import Predictor


@pytest.fixture(scope="module")
def test_part(data: Path, lab: None) -> list[Movie]:
    from genreel.lab.splits import read_split

    movies = {movie.id: movie for movie in Catalogue(data / "movies")}
    return read_split(data / "movies" / "split.json").part("test", movies)


@pytest.fixture(scope="module")
def card() -> dict[str, Any]:
    """What the card says of the test part."""
    metrics = json.loads((bundle_folder("default") / "metrics.json").read_bytes())
    return dict(metrics["test"])


def roc_auc(movies: list[Movie]) -> float:
    """Of those with a poster and a plot, all of which must be answered, as all others."""
    from genreel.lab.metrics import macro_roc_auc

    predictor = Predictor()
    predictions = list(predictor.predict_many(movies))
    assert all(prediction.scores for prediction in predictions)
    both = [i for i, p in enumerate(predictions) if not {"poster", "plot"} & set(p.missing)]
    labels, known = predictor.bundle.vocabulary.encode(movies[i].genres for i in both)
    return macro_roc_auc(
        labels, known, np.array([list(predictions[i].scores.values()) for i in both])
    )


def test_the_card_tells_of_all_inputs(card: dict[str, Any]) -> None:
    assert card["both"]["macro_roc_auc"] >= 0.92
    assert card["plot only"]["macro_roc_auc"] >= 0.915
    assert card["poster only"]["macro_roc_auc"] >= 0.78
    assert card["as they are"]["unanswered"] == 0


def test_some_films_are_answered_and_the_card_is_right(
    test_part: list[Movie], card: dict[str, Any]
) -> None:
    """One film in eight, of which chance takes or gives a little."""
    assert roc_auc(test_part[::8]) == pytest.approx(card["both"]["macro_roc_auc"], abs=0.015)


@pytest.mark.slow
def test_every_film_is_answered_and_the_card_is_right(
    test_part: list[Movie], card: dict[str, Any]
) -> None:
    measured = roc_auc(test_part)
    assert measured == pytest.approx(card["both"]["macro_roc_auc"], abs=2e-3)
    assert measured >= 0.92
