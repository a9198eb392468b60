"""The shipped model on real films, where they are: its card tells the truth."""

from __future__ import annotations

import json
from pathlib import Path

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


def test_every_film_is_answered_and_the_card_is_right(test_part: list[Movie]) -> None:
    from genreel.lab.metrics import macro_roc_auc

    card = json.loads((bundle_folder("default") / "metrics.json").read_bytes())["test"]
    predictor = Predictor()
    predictions = list(predictor.predict_many(test_part))
    assert all(prediction.scores for prediction in predictions)
    both = [i for i, p in enumerate(predictions) if not {"poster", "plot"} & set(p.missing)]
    labels, known = predictor.bundle.vocabulary.encode(test_part[i].genres for i in both)
    scores = np.array([list(predictions[i].scores.values()) for i in both])
    measured = macro_roc_auc(labels, known, scores)
    assert measured == pytest.approx(card["both"]["macro_roc_auc"], abs=2e-3)
    assert measured >= 0.92
    assert card["plot only"]["macro_roc_auc"] >= 0.915
    assert card["poster only"]["macro_roc_auc"] >= 0.78
    assert card["as they are"]["unanswered"] == 0
