"""A part once more over what is printed, and parts that are taken from a bundle as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from genreel.bundle import read_bundle
from genreel.catalogue import Movie
from genreel.errors import RecipeError
from genreel.graph import load_session, run_session
from genreel.lab.examples import read_examples
from genreel.lab.graphs.export import export
from genreel.lab.graphs.parity import PARITY, check_parity
from genreel.lab.model import Place
from genreel.lab.models.late_fusion import LateFusion
from genreel.lab.recipe import load_recipe
from genreel.lab.reuse import reusable
from genreel.lab.train import build_model, fit_features
from genreel.lettering import Lettering, Line
from genreel.vocabulary import Vocabulary

RECIPE = """
id = "toy"
title = "t"
source = "s"
command = "c"
cost = "none"
[features.plot]
kind = "terms"
min_count = 1
[features.title]
kind = "terms"
input = "title"
min_count = 1
[features.printed]
kind = "terms"
input = "lettering"
like = "plot"
[model]
kind = "late-fusion"
[model.parts.words]
kind = "linear"
features = ["plot", "title"]
[model.parts.printed]
kind = "again"
of = "words"
features = ["printed"]
"""


def printed(text: str) -> Lettering:
    return Lettering((Line(text, 1.0, 0.1, 0.1, 0.5, 0.1),))


@pytest.fixture
def movies() -> list[Movie]:
    words = {"Western": "saddle sheriff", "Horror": "ghost scream", "War": "trench bomb"}
    rng = np.random.default_rng(0)
    return [
        Movie(
            str(i),
            title=text.split()[0],
            plot=" ".join([text] * int(rng.integers(1, 4)) + ["the night"]),
            lettering=printed(f"{text.upper()} at night") if i % 2 else None,
            genres={"genreel": (genre,)},
        )
        for i, (genre, text) in enumerate(list(words.items()) * 8)
    ]


@pytest.fixture
def toy(tmp_path: Path, movies: list[Movie]) -> tuple[LateFusion, dict, object]:  # type: ignore[type-arg]
    path = tmp_path / "toy.toml"
    path.write_text(RECIPE, encoding="utf-8")
    recipe = load_recipe(path)
    features = fit_features(recipe, movies)
    model = build_model(recipe.model, features)
    examples = read_examples(movies, features, Vocabulary(), tmp_path)
    model.fit(examples, examples, Place(tmp_path, 0))
    assert isinstance(model, LateFusion)
    return model, features, examples


def test_lettering_is_scored_as_a_plot_of_these_words(toy, movies, tmp_path) -> None:  # type: ignore[no-untyped-def]
    model, features, examples = toy
    again = model.parts["printed"]
    assert again.senses == ("lettering",) and model.senses == ("words", "title", "lettering")
    as_plots = [Movie(m.id, plot=m.lettering.text() if m.lettering else "") for m in movies]
    of_plots = read_examples(as_plots, features, Vocabulary(), tmp_path)
    np.testing.assert_array_equal(again.scores(examples), model.parts["words"].scores(of_plots))


def test_the_graph_agrees_and_holds_the_weights_once(toy) -> None:  # type: ignore[no-untyped-def]
    model, features, examples = toy
    graph = export(model, features)
    assert check_parity(graph, model, examples) <= PARITY
    tables = [
        t for t in onnx.load_model_from_string(graph).graph.initializer if t.dims[-1:] == [22]
    ]
    shapes = [tuple(t.dims) for t in tables]
    assert shapes.count((len(features["plot"]), 22)) == 1
    inputs = [value.name for value in onnx.load_model_from_string(graph).graph.input]
    assert {name.partition(".")[0] for name in inputs} == {"present", "plot", "title", "printed"}


def test_networks_of_a_bundle_are_taken_as_they_are() -> None:
    """The bundle that comes along was made by its recipe; `fast` asks for one of its networks."""
    reused = reusable(load_recipe("fast"), "default")
    assert "poster" in reused.graphs and "words" not in reused.graphs
    features = {**read_bundle("default").features, **reused.features}
    [name] = load_recipe("fast").model.parts["poster"].features
    pixels = np.random.default_rng(0).integers(0, 256, (2, *features[name].shape), np.uint8)
    arrays = {f"{name}.pixels": pixels, f"{name}.rows": np.array([0, 2])}
    arrays["present"] = np.ones((3, 6), np.float32)
    scores = run_session(load_session(reused.graphs["poster"]), arrays)
    assert scores.shape == (3, 22) and np.ptp(scores[0] - scores[2]) > 0
    with pytest.raises(RecipeError, match="bundle default holds no network that recipe words asks"):
        reusable(load_recipe("words"), "default")
    with pytest.raises(RecipeError, match="holds no network that recipe fast asks for"):
        reusable(load_recipe("fast", ['genres=["Heist", "Drama"]']), "default")
