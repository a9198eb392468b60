"""The model that comes with the package, on the films that come with it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from genreel.bundle import FILES, bundle_folder
from genreel.catalogue import Movie
from genreel.lettering import parse_lettering
from genreel.prediction import Prediction
from genreel.predictor import Predictor
from genreel.vocabulary import GENRES

MAX_BYTES = 40_000_000


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor()


@pytest.fixture(scope="module")
def predictions(predictor: Predictor, movies: list[Movie]) -> dict[str, Prediction]:
    return {prediction.id: prediction for prediction in predictor.predict_many(movies)}


@pytest.mark.parametrize(("name", "most"), [("default", MAX_BYTES), ("fast", MAX_BYTES // 5)])
def test_it_is_small_and_whole(name: str, most: int) -> None:
    folder = bundle_folder(name)
    assert {path.name for path in folder.iterdir()} == {"config.json", *FILES}
    assert sum(path.stat().st_size for path in folder.iterdir()) <= most


def test_the_fast_one_does_without_the_encoder_and_agrees_mostly(
    predictions: dict[str, Prediction], movies: list[Movie]
) -> None:
    fast = Predictor("fast")
    assert {feature.kind for feature in fast.bundle.features.values()} == {
        "terms",
        "sentences",
        "pixels",
    }
    apart = [
        abs(prediction.scores[genre] - predictions[prediction.id].scores[genre])
        for prediction in fast.predict_many(movies)
        for genre in GENRES
    ]
    assert 0 < np.mean(apart) < 0.1


def test_it_knows_every_genre_and_input(predictor: Predictor) -> None:
    assert predictor.genres == GENRES
    assert predictor.inputs == ("poster", "plot", "title", "year")
    assert predictor.bundle.name == "default"


def test_its_graph_equals_the_model_that_was_trained() -> None:
    metrics = json.loads((bundle_folder("default") / "metrics.json").read_bytes())
    assert 0 <= metrics["parity"] <= 1e-4


def test_its_card_names_data_licence_and_command() -> None:
    folder = bundle_folder("default")
    card = (folder / "README.md").read_text(encoding="utf-8")
    metrics = json.loads((folder / "metrics.json").read_bytes())
    assert f"Made by `{metrics['command']}`" in card
    assert metrics["command"].startswith("genreel train ")
    assert "Apache-2.0" in card
    assert f"{metrics['movies']['train']:,} movies" in card
    assert "posters belong to their studios" in card
    for case in ("both", "plot only", "poster only"):
        assert f"| {case} | " in card
        assert f"{metrics['test'][case]['macro_roc_auc']:.3f}" in card


def test_every_sample_gets_an_answer(
    predictions: dict[str, Prediction], movies: list[Movie]
) -> None:
    assert list(predictions) == [movie.id for movie in movies]
    for prediction in predictions.values():
        assert prediction.error is None
        assert all(0 <= score <= 1 for score in prediction.scores.values())


@pytest.mark.parametrize(
    ("plot", "genre"),
    [
        (
            "A retired gunslinger returns to a frontier town where outlaws have shot the sheriff "
            "and cattle ranchers wait for the railroad.",
            "Western",
        ),
        (
            "The crew of a spaceship on a mission to a distant planet wakes from cryosleep to find "
            "that an alien and a rogue robot are aboard.",
            "Sci-Fi",
        ),
        (
            "Teenagers spend the night in a haunted house where a demon possesses them one by one "
            "and a masked killer waits in the basement.",
            "Horror",
        ),
        (
            "During World War II a platoon of soldiers is trapped behind German lines and must "
            "hold a bridge until their battalion arrives.",
            "War",
        ),
        (
            "This documentary follows three filmmakers who interview the survivors and uses "
            "archive footage to tell their story.",
            "Documentary",
        ),
    ],
)
def test_a_plot_that_leaves_no_doubt(predictor: Predictor, plot: str, genre: str) -> None:
    prediction = predictor.predict(plot=plot)
    assert genre in prediction.genres
    assert genre in [label["label"] for label in prediction.labels(3)]
    assert prediction.missing == ("poster", "title", "year")


@pytest.mark.parametrize(
    ("movie_id", "genre"),
    [
        ("dust-over-carrow", "Western"),
        ("wings-over-verrelay", "War"),
        ("perihelion-six", "Sci-Fi"),
        ("where-the-bees-went", "Documentary"),
    ],
)
def test_a_sample_that_leaves_no_doubt(
    predictions: dict[str, Prediction], movie_id: str, genre: str
) -> None:
    assert genre in predictions[movie_id].genres


def test_the_samples_are_told_better_than_by_chance(
    predictor: Predictor, predictions: dict[str, Prediction], movies: list[Movie]
) -> None:
    """Their own genres score well above those of other samples, by median rank of the 22."""
    ranks = []
    for movie in movies:
        ranked = [label["label"] for label in predictions[movie.id].labels(len(GENRES))]
        ranks += [ranked.index(genre) for genre in movie.genres["genreel"] if genre in ranked]
    assert len(ranks) > 50
    assert np.median(ranks) <= 3


def test_a_poster_alone_is_answered(predictor: Predictor, movies: list[Movie]) -> None:
    scores = []
    for movie in movies:
        if movie.poster is not None:
            prediction = predictor.predict(movie.poster)
            assert prediction.missing == ("plot", "title", "year")
            scores.append(list(prediction.scores.values()))
    assert np.std(scores, axis=0).max() > 0.05, "posters differ, and so do the answers"


def test_stories_alike_have_vectors_alike(predictor: Predictor) -> None:
    plots = [
        "A sheriff and his deputy hunt a gang of outlaws across the desert.",
        "Outlaws rob the bank of a frontier town, and the sheriff rides after them.",
        "Two astronauts lose contact with their ship and drift towards a dead planet.",
    ]
    vectors = [v["plot"] for v in predictor.vectors(Movie(p[:9], plot=p) for p in plots)]
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.1


def test_names_on_its_poster_make_a_western_no_less_one(
    predictor: Predictor, movies: list[Movie]
) -> None:
    """Hardly any movie that taught the fusion is a Western whose poster was read."""
    western = next(movie for movie in movies if movie.id == "dust-over-carrow")
    names = ("DUST OVER CARROW", "Orrin Vale", "Tess Hallam", "Wade Merritt")
    lines = [[name, 0.99, 0.1, 0.2 * n, 0.8, 0.1] for n, name in enumerate(names)]
    printed = replace(western, lettering=parse_lettering(json.dumps(lines)))
    [alone, read] = (
        prediction.scores["Western"] for prediction in predictor.predict_many([western, printed])
    )
    assert alone > 0.95 and read > 0.9
