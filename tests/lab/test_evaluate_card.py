"""Input cases show what they say; the card holds what was measured."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from genreel.calibration import DECISIONS, CaseRules, Rules
from genreel.cases import SHOWABLE
from genreel.catalogue import INPUTS, Movie
from genreel.lab.evaluation.bootstrap import intervals
from genreel.lab.evaluation.card import model_card
from genreel.lab.evaluation.evaluate import evaluate
from genreel.lab.metrics import summary
from genreel.lab.recipe import load_recipe
from genreel.prediction import Prediction
from genreel.vocabulary import Vocabulary

GENRES = ("Comedy", "Drama", "Biography")
THRESHOLDS = {"Comedy": 0.5, "Drama": 0.4, "Biography": 0.5}
OTHERS = {"sure": dict.fromkeys(GENRES, 0.8), "everything": dict.fromkeys(GENRES, 0.0)}
RULES = Rules(GENRES, THRESHOLDS, {"plot only": CaseRules(THRESHOLDS, others=OTHERS)})


class Recorder:
    """Stands for a predictor; notes what it is shown, and fails on movies called "broken"."""

    def __init__(self, inputs: tuple[str, ...] = INPUTS) -> None:
        self.inputs = self.reads = inputs
        self.genres = GENRES
        self.bundle = SimpleNamespace(vocabulary=Vocabulary(GENRES), rules=lambda: RULES)
        self.seen: list[list[tuple[str, set[str]]]] = []

    def predict_many(self, movies: Iterable[Movie]) -> Iterator[Prediction]:
        self.seen.append([])
        for movie in movies:
            shown = {name for name in INPUTS if movie.has(name)}
            self.seen[-1].append((movie.id, shown))
            if movie.id == "broken" or not shown & set(self.inputs):
                yield Prediction(movie.id, error="nothing to go by")
            else:
                scores = dict(zip(GENRES, score(movie), strict=True))
                chosen = tuple(g for g in GENRES if scores[g] >= THRESHOLDS[g])
                yield Prediction(movie.id, scores, chosen, case="plot only")


def score(movie: Movie) -> list[float]:
    """The same for a film whatever is shown of it."""
    return np.random.default_rng(list(movie.id.encode())).random(3).tolist()


def film(name: str, *inputs: str) -> Movie:
    values: dict[str, Any] = {"poster": b"x", "plot": "A plot.", "title": "T", "year": 1999}
    speaks = "tmdb" if name.startswith("t") else "genreel"  # TMDb knows no Biography
    return Movie(
        name,
        **{key: values[key] for key in inputs},
        genres={speaks: ("Comedy",) if len(name) % 2 else ("Drama",)},
    )


MOVIES = [
    film("all", *INPUTS),
    film("tall", *INPUTS),
    film("broken", *INPUTS),
    film("poster", "poster", "title"),
    film("plot", "plot", "year"),
    film("title", "title"),
    film("bare"),
]


def test_each_case_shows_what_it_says() -> None:
    recorder = Recorder()
    results = evaluate(recorder, MOVIES)  # type: ignore[arg-type]
    assert list(results) == ["as they are", "both", "plot only", "poster only"]
    seen = dict(zip(results, recorder.seen, strict=True))
    assert seen["as they are"] == [
        (movie.id, {name for name in INPUTS if movie.has(name)}) for movie in MOVIES
    ]
    assert seen["both"] == [(name, set(INPUTS)) for name in ("all", "tall", "broken")]
    text = {"plot", "title", "year"}
    assert seen["plot only"] == [
        ("all", text),
        ("tall", text),
        ("broken", text),
        ("plot", {"plot", "year"}),
    ]
    assert seen["poster only"] == [
        (name, {"poster"}) for name in ("all", "tall", "broken", "poster")
    ]
    assert results["plot only"]["needs"] == ["plot"]
    assert results["plot only"]["shown"] == ["plot", "title", "year"]
    assert results["poster only"]["shown"] == ["poster"]


def test_the_keys_of_the_metrics_stay_as_they_are() -> None:
    """Others read metrics.json: its cases, in their order, each opening with what it holds."""
    results = evaluate(Recorder(), MOVIES)  # type: ignore[arg-type]
    about = {case: {k: r[k] for k in list(r)[:2]} for case, r in results.items()}
    assert json.dumps(about) == (
        '{"as they are": {"needs": [], "shown": ["poster", "plot", "title", "year", "lettering"]}, '
        '"both": {"needs": ["poster", "plot"], "shown": ["poster", "plot", "title", "year"]}, '
        '"plot only": {"needs": ["plot"], "shown": ["plot", "title", "year"]}, '
        '"poster only": {"needs": ["poster"], "shown": ["poster"]}}'
    )
    names = ("precision", "recall", "f1")
    averages = [f"{mean}_{name}" for name in names for mean in ("macro", "micro", "weighted")]
    for figures in results.values():
        keys = list(figures)
        assert keys[2:5] == ["movies", "macro_roc_auc", "macro_average_precision"]
        assert [key for key in keys if key in averages] == averages
        assert keys[-4:] == ["genres", "intervals", "unanswered", "by_decision"]


def test_who_is_not_answered_is_counted_and_left_out() -> None:
    results = evaluate(Recorder(), MOVIES)  # type: ignore[arg-type]
    counts = {case: (r["movies"], r["unanswered"]) for case, r in results.items()}
    assert counts == {
        "as they are": (5, 2),
        "both": (2, 1),
        "plot only": (3, 1),
        "poster only": (3, 1),
    }


def test_figures_are_those_of_the_answered_movies() -> None:
    results = evaluate(Recorder(), MOVIES)  # type: ignore[arg-type]
    answered = [m for m in MOVIES if m.id not in ("broken", "bare")]
    labels, known = Vocabulary(GENRES).encode(m.genres for m in answered)
    assert known.sum() == 3 * 5 - 2  # "tall" and "title" speak TMDb's language
    scores = np.array([score(m) for m in answered])
    decided = scores >= np.array([THRESHOLDS[genre] for genre in GENRES])
    expected = summary(GENRES, labels, known, scores, decided)
    overall, by_genre = intervals(labels, known, scores, decided)
    for genre, found in zip(GENRES, by_genre, strict=True):
        expected["genres"][genre]["intervals"] = found
    sure = known & (scores >= 0.8)
    right = (sure & (labels > 0)).sum()
    assert sure.any() and right
    by_decision = results["as they are"].pop("by_decision")
    shares = {"right": right / sure.sum(), "found": right / (known & (labels > 0)).sum()}
    shares |= {"tagged": sure.any(axis=1).mean()}
    assert by_decision["sure"] == pytest.approx(shares, abs=1e-6)
    assert by_decision["balanced"]["right"] == expected["micro_precision"]
    assert by_decision["everything"]["found"] == by_decision["everything"]["tagged"] == 1
    assert results["as they are"] == {
        "needs": [],
        "shown": list(SHOWABLE),
        "unanswered": 2,
        "intervals": overall,
        **expected,
    }


def test_cases_that_a_bundle_cannot_have_are_left_out() -> None:
    recorder = Recorder(("plot", "title"))
    assert list(evaluate(recorder, MOVIES)) == ["as they are", "plot only"]  # type: ignore[arg-type]
    recorder = Recorder(("poster",))
    assert list(evaluate(recorder, MOVIES)) == ["as they are", "poster only"]  # type: ignore[arg-type]


def test_cases_without_movies_are_left_out() -> None:
    assert list(evaluate(Recorder(), MOVIES[3:4])) == ["as they are", "poster only"]  # type: ignore[arg-type]
    assert evaluate(Recorder(), []) == {}  # type: ignore[arg-type]


def test_nobody_answered() -> None:
    result = evaluate(Recorder(), [film("bare")])["as they are"]  # type: ignore[arg-type]
    assert (result["movies"], result["unanswered"], result["macro_f1"]) == (0, 1, None)


@pytest.fixture(scope="module")
def metrics() -> dict[str, Any]:
    figures = {
        "macro_roc_auc": 0.91234,
        "macro_average_precision": 0.5,
        "macro_f1": 0.45678,
        "micro_f1": 0.6,
        "weighted_f1": 0.61,
        "samples_f1": 0.62,
        "label_accuracy": 0.9,
        "log_loss": None,
        "calibration_error": 0.0123,
        "coverage_at_3": 0.7,
        "intervals": {"macro_roc_auc": [0.9, 0.92]},
    }
    rows = {
        genre: {"positive": 7 + g, "roc_auc": 0.8, "average_precision": None}
        for g, genre in enumerate(Vocabulary().genres)
    }
    given = {"right": 0.8111, "found": 0.2, "tagged": 0.5}
    by_decision = dict.fromkeys(DECISIONS, given)
    case = {"needs": [], "movies": 1234, "unanswered": 5, **figures, "genres": rows}
    return {
        "command": "genreel train words films --out bundle",
        "movies": {"train": 30_000, "valid": 2_000, "test": 1_239},
        "parity": 3.2e-7,
        "training_seconds": 4321.6,
        "valid": {"as they are": {**case, "shown": ["plot"], "movies": 77}},
        "test": {
            "as they are": {**case, "shown": ["plot", "title"]},
            "plot only": {
                **case,
                "shown": ["plot"],
                "movies": 55,
                "by_decision": by_decision,
            },
        },
    }


@pytest.mark.parametrize(
    ("recipe", "changes", "origins"),
    [
        ("words", [], []),
        ("poster", ['towers.poster.weights="random"'], []),
        ("fast", [], ["MobileNetV2 (Sandler et al. 2018; ImageNet, timm), Apache-2.0"]),
        (
            "default",
            ['towers.poster.name="resnet18"'],
            [
                "all-MiniLM-L6-v2 (Wang et al. 2020; sentence-transformers), Apache-2.0",
                "resnet18, whose own licence holds",
            ],
        ),
        (
            "default",
            [],
            [
                "all-MiniLM-L6-v2 (Wang et al. 2020; sentence-transformers), Apache-2.0",
                "MobileNetV2 (Sandler et al. 2018; ImageNet, timm), Apache-2.0",
                "EfficientNet-Lite0 (Tan & Le 2019; ImageNet), Apache-2.0",
            ],
        ),
        ("dealer-resnet50-svm", [], ["resnet50.tv_in1k, whose own licence holds"]),
    ],
)
def test_the_card_says_whose_weights_training_began_with(
    metrics: dict[str, Any], recipe: str, changes: list[str], origins: list[str]
) -> None:
    unmeasured = {key: metrics[key] for key in metrics if key not in ("valid", "test")}
    card = model_card(load_recipe(recipe, changes), unmeasured)
    begun = "Training began with the weights of "
    assert [line for line in card.splitlines() if line.startswith(begun)] == [
        f"{begun}{origin}." for origin in origins
    ]


def test_the_card_says_how_and_from_what(metrics: dict[str, Any]) -> None:
    card = model_card(load_recipe("words"), metrics)
    lines = card.splitlines()
    assert lines[0] == "# Words of the plot and the title, linear"
    assert "Made by `genreel train words films --out bundle`" in lines
    assert "in 4,322 s, from 30,000 movies; thresholds and" in card
    assert "chosen on 2,000 others, figures measured on 1,239" in card
    assert "Largest difference between the graph and the trained model: 3.2e-07." in lines
    assert "posters belong to their studios, plots to their sources." in card
    assert "under Apache-2.0" in card


def test_the_card_holds_the_figures(metrics: dict[str, Any]) -> None:
    lines = model_card(load_recipe("words"), metrics).splitlines()
    head = next(line for line in lines if line.startswith("| inputs |"))
    row = next(line for line in lines if line.startswith("| as they are | plot + title |"))
    names, cells = ([cell.strip() for cell in line.split("|")[1:-1]] for line in (head, row))
    assert dict(zip(names, cells, strict=True)) == {
        "inputs": "as they are",
        "shown": "plot + title",
        "movies": "1234",
        "unanswered": "5",
        "macro ROC AUC": "0.912 (0.900–0.920)",
        "macro AP": "0.500",
        "macro F1": "0.457",
        "micro F1": "0.600",
        "weighted F1": "0.610",
        "samples F1": "0.620",
        "label accuracy": "0.900",
        "log loss": "—",
        "calibration error": "0.012",
        "in the 3 highest": "0.700",
    }
    given = "0.811 / 0.200 / 0.500"
    assert f"| plot only | {given} | {given} | {given} |" in lines
    assert lines.count("| inputs | balanced | sure | everything |") == 1, "where it was measured"
    assert "| Western | 28: 0.800 / — | 28: 0.800 / — |" in lines
    test, valid = (lines.index(f"## Figures on the {part} part") for part in ("test", "valid"))
    assert test < lines.index(row) < valid
    assert any("| 77 |" in line for line in lines[valid:])


def test_a_card_of_what_is_not_measured_yet(metrics: dict[str, Any]) -> None:
    early = {key: value for key, value in metrics.items() if key not in ("valid", "test")}
    card = model_card(load_recipe("words"), {**early, "command": ""})
    assert "Made from Python" in card and "##" not in card
