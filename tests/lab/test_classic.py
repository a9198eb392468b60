"""scikit-learn's estimators: what it would say itself, from known cells alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from genreel.calibration import logit
from genreel.catalogue import Movie
from genreel.errors import RecipeError
from genreel.features import Feature
from genreel.features.text import Terms, TermSettings
from genreel.lab.examples import Examples, read_examples
from genreel.lab.metrics import roc_auc
from genreel.lab.model import Place
from genreel.lab.models.classic import Classic, ClassicSettings
from genreel.lab.models.estimators import ESTIMATORS, EstimatorSettings, PerGenre, estimator_problem
from genreel.lab.models.linear import Linear, LinearSettings, _kin
from genreel.lab.networks.backbone import Backbone
from genreel.vocabulary import Vocabulary

Make = Callable[..., Examples]
PLACE = Place(Path("unused"), seed=0)


def fitted(train: Examples, **settings: object) -> Linear:
    names = tuple(train.features)
    model = Linear(LinearSettings(**settings), names, train.features)  # type: ignore[arg-type]
    model.fit(train, train, PLACE)
    return model


@pytest.mark.parametrize("imbalance", ["none", "weights"])
def test_equal_to_a_pipeline_of_scikit_learn(
    toys: Callable[..., list[Movie]], toy_examples: Make, imbalance: str
) -> None:
    train = toy_examples(40, everything=True, names="plot")
    test = toy_examples(12, seed=9, everything=True, names="plot")
    model = fitted(train, C=3.0, imbalance=imbalance)
    texts = [movie.plot for movie in toys(40)]  # what the feature was fitted on
    words = TfidfVectorizer(sublinear_tf=True).fit([text for text in texts if text])
    x, unseen = (
        words.transform([movie.plot for movie in toys(n, seed, True)])
        for n, seed in ((40, 0), (12, 9))
    )
    for g in range(3):
        weight = None if imbalance == "none" else "balanced"
        regression = LogisticRegression(
            C=3.0, class_weight=weight, solver="liblinear", random_state=0
        ).fit(x, train.labels[:, g])
        expected = regression.predict_proba(unseen)[:, 1]
        np.testing.assert_allclose(model.scores(test)[:, g], expected, atol=1e-4)


def test_kin_is_a_linear_mix_of_the_genres(toy_examples: Make) -> None:
    train = toy_examples(60, everything=True, names="plot")
    alone, mixed = (logit(fitted(train, C=3.0, kin=kin).scores(train)) for kin in (0.0, 1.0))
    design = np.column_stack([alone, np.ones(len(alone))])
    mix, *_ = np.linalg.lstsq(design, mixed, rcond=None)
    np.testing.assert_allclose(design @ mix, mixed, atol=1e-3)
    assert np.abs(mix[:3] - np.eye(3)).max() > 0.05, "kin had no effect"
    bound = logit(fitted(train, C=3.0, kin=1e9).scores(train))
    np.testing.assert_allclose(bound - alone, (bound - alone)[:1].repeat(60, axis=0), atol=1e-3)


def test_a_rare_genre_learns_from_its_kin() -> None:
    rng = np.random.default_rng(0)
    kin, own = rng.normal(size=(2, 4000))
    labels = np.column_stack([kin > 1, kin + 0.3 * own > 2.5, np.zeros(4000)]).astype(np.float32)
    logits = np.column_stack([3 * kin, own, own])  # the second's own says little
    known = np.ones(labels.shape, np.bool_)
    known[:2000, 1] = False
    labels[:2000, 1] = 1 - labels[:2000, 1]  # wrong, and not to be looked at
    mix, bias = _kin(logits, labels, known, 1.0)
    better = logits @ mix + bias
    before, after = (roc_auc(labels[2000:], known[2000:], z[2000:])[1] for z in (logits, better))
    assert before < 0.8 and after > 0.98
    assert mix[:, 2].tolist() == [0, 0, 1] and bias[2] == 0, "nobody has it"


def test_learns_what_there_is_to_learn(toy_examples: Make) -> None:
    model = fitted(toy_examples(40, names="plot"), C=100.0)
    test = toy_examples(40, seed=3, everything=True, names="plot")
    right = (model.scores(test) > 0.5) == (test.labels > 0)
    assert right[:, 0].all() and right[:, 1].all()
    assert not right[:, 2].all()  # Drama is chance


def test_unknown_labels_change_nothing(toy_examples: Make) -> None:
    train = toy_examples(40, names="plot")
    known = np.random.default_rng(1).random(train.known.shape) < 0.6
    one = replace(train, known=known)
    other = replace(one, labels=np.where(known, one.labels, 1 - one.labels))
    a, b = fitted(one), fitted(other)
    np.testing.assert_array_equal(a.weights, b.weights)
    np.testing.assert_array_equal(a.bias, b.bias)
    assert not np.array_equal(a.weights, fitted(train).weights)


def test_movies_without_a_term_teach_nothing(toy_examples: Make) -> None:
    train = toy_examples(40, names="plot")
    there = fitted(train.take(np.flatnonzero(train.has(["plot"]))))
    np.testing.assert_array_equal(fitted(train).weights, there.weights)
    np.testing.assert_array_equal(fitted(train).bias, there.bias)


@pytest.mark.parametrize(("label", "expected"), [(0, 1 / 12), (1, 11 / 12)])
def test_a_genre_of_one_class_gets_laplace_s_prior(
    toy_examples: Make, label: int, expected: float
) -> None:
    train = toy_examples(20, everything=True, names="plot")
    labels, known = train.labels.copy(), train.known.copy()
    labels[:10, 1], labels[10:, 1], known[10:, 1] = label, 1 - label, False
    model = fitted(replace(train, labels=labels, known=known))
    assert not model.weights[:, 1].any()
    np.testing.assert_allclose(model.scores(train)[:, 1], expected, rtol=1e-6)
    assert model.bias[1] == pytest.approx(math.log(expected / (1 - expected)))
    assert model.weights[:, 0].any()


def test_a_genre_of_which_nothing_is_known_is_never_said(toy_examples: Make) -> None:
    train = toy_examples(20, names="plot")
    known = train.known.copy()
    known[:, 1] = False
    assert (fitted(replace(train, known=known)).scores(train)[:, 1] < 1e-5).all()


@pytest.mark.parametrize("imbalance", ["weights", "resampling"])
def test_a_correction_gives_a_rare_genre_more_say(toy_examples: Make, imbalance: str) -> None:
    train = toy_examples(40, everything=True, names="plot")
    labels = train.labels.copy()
    labels[np.flatnonzero(labels[:, 0])[3:], 0] = 0
    rare = replace(train, labels=labels)
    plain, balanced = fitted(rare), fitted(rare, imbalance=imbalance)
    assert balanced.scores(train)[:, 0].mean() > plain.scores(train)[:, 0].mean() + 0.01


def test_blocks_are_the_features_in_their_order(
    toys: Callable[..., list[Movie]], tmp_path: Path
) -> None:
    movies = toys(40)
    features: dict[str, Feature] = {
        name: Terms.fit(TermSettings(input=name, min_count=1), movies)
        for name in ("plot", "title", "year")
    }
    features["never"] = Terms.fit(TermSettings(min_count=10_000), movies)
    train = read_examples(movies, features, Vocabulary(), tmp_path)
    names = ("title", "never", "plot", "year")
    model = Linear(LinearSettings(), names, features)
    model.fit(train, train, PLACE)
    blocks = model.blocks(features)
    assert tuple(blocks) == names
    assert [len(block) for block in blocks.values()] == [
        max(1, len(features[name].terms))  # type: ignore[attr-defined]
        for name in names
    ]
    np.testing.assert_array_equal(np.concatenate(list(blocks.values())), model.weights)
    z = model.bias.astype(np.float64)
    for name in ("title", "plot", "year"):
        indices, values = features[name].read(movies[0])
        z += values @ blocks[name][indices]
    np.testing.assert_allclose(model.scores(train)[0], 1 / (1 + np.exp(-z)), atol=1e-6)
    assert model.senses == ("words", "title", "year")


# Any estimator

OPTIONS: dict[str, dict[str, Any]] = {
    "knn": {"n_neighbors": 3},
    "logistic": {"C": 100.0},
    "svm": {"C": 100.0},
    "tree": {"max_depth": 4},
    "forest": {"n_estimators": 20, "n_jobs": 1},
    "extra-trees": {"n_estimators": 20, "n_jobs": 1},
    "boosting": {"n_estimators": 10},
    "mlp": {"hidden_layer_sizes": [8], "solver": "lbfgs", "max_iter": 500},
}
TINY = {"backbone": "test_efficientnet", "weights": "random"}


def classic(train: Examples, estimator: str, **settings: Any) -> Classic:
    options = {**OPTIONS[estimator], **settings.pop("options", {})}
    chosen = ClassicSettings(estimator, options, **settings)
    model = Classic(chosen, tuple(train.features), train.features)
    model.fit(train, train, PLACE)
    return model


def test_every_estimator_is_tried() -> None:
    assert set(OPTIONS) == set(ESTIMATORS)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize(
    ("name", "genres"), [("plot", [0, 1]), ("poster", [1])], ids=["terms", "pixels"]
)
def test_every_estimator_learns_what_there_is_to_learn(
    toy_examples: Make, estimator: str, name: str, genres: list[int]
) -> None:
    model = classic(toy_examples(40, names=name), estimator)
    test = toy_examples(40, seed=3, names=name)
    there = test.has([model.senses[0]])
    scores = model.scores(test)
    assert scores.shape == (40, 3) and scores.dtype == np.float32
    assert (scores >= 0).all() and (scores <= 1).all()
    assert there.sum() == 30 and not scores[~there].any()
    right = (scores > 0.5) == (test.labels > 0)
    assert right[there][:, genres].mean() > 0.85


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_same_seed_says_the_same(toy_examples: Make, estimator: str) -> None:
    train = toy_examples(24, names="plot")
    one, other = (classic(train, estimator).scores(train) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_the_seed_is_the_estimators(toy_examples: Make) -> None:
    train = toy_examples(24, names="plot")
    settings = ClassicSettings("forest", OPTIONS["forest"])
    found = []
    for seed in (0, 1):
        model = Classic(settings, ("plot",), train.features)
        model.fit(train, train, Place(Path("unused"), seed))
        found.append(model.scores(train))
    assert not np.array_equal(*found)


@pytest.mark.parametrize("estimator", ["knn", "svm", "tree", "forest", "mlp"])
def test_an_estimator_is_scikit_learn_s_own(toy_examples: Make, estimator: str) -> None:
    rng = np.random.default_rng(0)
    x, unseen = (rng.normal(size=(n, 6)).astype(np.float32) for n in (60, 20))
    labels = (x[:, :3] + rng.normal(0, 0.5, (60, 3)) > 0).astype(np.float32)
    known = rng.random(labels.shape) < 0.7
    options = {**OPTIONS[estimator], **({"gamma": 0.3} if estimator == "svm" else {})}
    core = PerGenre(EstimatorSettings(estimator, dict(options)))
    core.fit(x, labels, known, seed=4)
    if estimator not in ("knn", "svm"):
        options["random_state"] = 4
    found = core.scores(unseen)
    for g in range(3):
        own = ESTIMATORS[estimator](**options).fit(x[known[:, g]], labels[known[:, g], g])
        expected = (
            1 / (1 + np.exp(-own.decision_function(unseen)))
            if isinstance(own, SVC)
            else own.predict_proba(unseen)[:, 1]
        )
        np.testing.assert_allclose(found[:, g], expected, atol=1e-5)


@pytest.mark.parametrize("estimator", ["logistic", "tree", "svm"])
def test_cells_that_are_unknown_teach_nothing(toy_examples: Make, estimator: str) -> None:
    train = toy_examples(40, names="plot")
    known = np.random.default_rng(1).random(train.known.shape) < 0.6
    one = replace(train, known=known)
    other = replace(one, labels=np.where(known, one.labels, 1 - one.labels))
    scores = [classic(part, estimator).scores(train) for part in (one, other, train)]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert not np.array_equal(scores[0], scores[2])


@pytest.mark.parametrize("estimator", ["logistic", "svm", "forest"])
def test_genres_of_one_class_and_of_none(toy_examples: Make, estimator: str) -> None:
    """Laplace's prior where all that is known is alike; nought where nothing is known."""
    train = toy_examples(20, everything=True, names="plot")
    labels, known = train.labels.copy(), train.known.copy()
    labels[:10, 1], labels[10:, 1], known[10:, 1] = 1, 0, False
    known[:, 2] = False
    model = classic(replace(train, labels=labels, known=known), estimator)
    scores = model.scores(train)
    np.testing.assert_allclose(scores[:, 1], 11 / 12, rtol=1e-6)
    assert not scores[:, 2].any()
    assert scores[:, 0].std() > 0.1
    assert [one is None for one in model.core.estimators] == [False, True, True]


def test_movies_without_the_input_teach_nothing(toy_examples: Make) -> None:
    train = toy_examples(40, names="poster")
    there = train.take(np.flatnonzero(train.has(["poster"])))
    np.testing.assert_array_equal(
        classic(train, "logistic").scores(train), classic(there, "logistic").scores(train)
    )


def test_no_movie_to_tell_of(toy_examples: Make) -> None:
    for name in ("plot", "poster"):
        train = toy_examples(20, names=name)
        model = classic(train, "forest", pca=3 if name == "poster" else 0)
        nobody = train.without(["poster", "plot"])
        assert not model.scores(nobody).any() and model.scores(nobody).shape == (20, 3)
        assert model.scores(train.take([])).shape == (0, 3)


def test_pixels_are_seen_in_0_to_1(toy_examples: Make) -> None:
    train = toy_examples(12, everything=True, names="poster")
    model = classic(train, "logistic")
    pixels = train.arrays()["poster.pixels"]
    expected = pixels.reshape(12, -1) / np.float32(255)
    np.testing.assert_allclose(model._matrix(train), expected, atol=1e-7)


def test_principal_components(toy_examples: Make) -> None:
    train = toy_examples(40, everything=True, names="poster")
    model = classic(train, "logistic", pca=4)
    assert model.pca is not None
    x = model._matrix(train)
    reduced = model._reduce(x)
    assert reduced.shape == (40, 4) and reduced.dtype == np.float32
    exact = PCA(4, svd_solver="full").fit_transform(x.astype(np.float64))
    for found, wanted in zip(reduced.T[:1], exact.T[:1], strict=True):  # one stands out
        assert abs(np.corrcoef(found, wanted)[0, 1]) > 0.999
    spread = reduced.astype(np.float64).var(axis=0, ddof=1)
    np.testing.assert_allclose(spread, model.pca.explained_variance_, rtol=1e-3)
    test = toy_examples(40, seed=3, everything=True, names="poster")
    assert ((model.scores(test)[:, 1] > 0.5) == (test.labels[:, 1] > 0)).all()
    few = classic(train.take(range(3)), "tree", pca=50)
    assert few.pca is not None and few.pca.n_components == 3  # no more than there are movies


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    """How many posters the backbone was asked about, each time; the cache is new."""
    monkeypatch.setenv("GENREEL_CACHE", str(tmp_path / "cache"))
    found: list[int] = []
    honest = Backbone.extract

    def noting(self: Backbone, pixels: Any) -> Any:
        found.append(len(pixels))
        return honest(self, pixels)

    monkeypatch.setattr(Backbone, "extract", noting)
    return found


def test_vectors_of_a_frozen_backbone_are_computed_once(
    toy_examples: Make, asked: list[int]
) -> None:
    train = toy_examples(40, names="poster")
    model = classic(train, "logistic", **TINY)
    assert asked == [30]
    there = train.take(np.flatnonzero(train.has(["poster"])))
    vectors = model._matrix(there)
    assert model.extractor is not None
    np.testing.assert_array_equal(vectors, model.extractor.extract(there.arrays()["poster.pixels"]))
    asked.clear()
    scores = model.scores(train)
    again = classic(train, "logistic", **TINY)  # another recipe on the same backbone
    classic(train, "svm", **TINY, pca=3)
    classic(train.take(range(20)), "tree", **TINY)
    np.testing.assert_array_equal(again.scores(train), scores)
    assert asked == []
    test = toy_examples(12, seed=3, names="poster")
    model.scores(test)
    assert asked == [9]


def test_another_backbone_is_asked_itself(toy_examples: Make, asked: list[int]) -> None:
    train = toy_examples(12, names="poster")
    classic(train, "logistic", **TINY)
    classic(train, "logistic", **{**TINY, "backbone": "test_resnet"})
    settings = ClassicSettings("logistic", **TINY)
    model = Classic(settings, ("poster",), train.features)
    model.fit(train, train, Place(Path("unused"), seed=1))  # other random weights
    assert asked == [9, 9, 9]


@pytest.mark.parametrize("kernel", ["rbf", "linear"])
def test_a_balanced_svm_finds_more_of_a_rare_genre(kernel: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 2)).astype(np.float32)
    labels = (x[:, :1] + rng.normal(0, 0.7, (400, 1)) > 1.7).astype(np.float32)
    known = np.ones(labels.shape, np.bool_)
    assert 10 < labels.sum() < 60
    recalls = []
    for weight in (None, "balanced"):
        options = {"class_weight": weight, "kernel": kernel}
        core = PerGenre(EstimatorSettings("svm", options))
        core.fit(x, labels, known, seed=0)
        recalls.append(((core.scores(x) > 0.5) & (labels > 0)).sum() / labels.sum())
    assert recalls[1] > recalls[0] + 0.2


def test_all_machines_share_one_width() -> None:
    """scikit-learn's "scale" over all movies, whatever is known, so that they share a kernel."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 4)).astype(np.float32)
    labels = (x[:, :3] > 0).astype(np.float32)
    core = PerGenre(EstimatorSettings("svm"))
    core.fit(x, labels, rng.random(labels.shape) < 0.5, seed=0)
    assert len({machine._gamma for machine in core.estimators}) == 1
    assert core.estimators[0]._gamma == pytest.approx(1 / (4 * x.var()), rel=1e-5)


def test_thresholds_of_trees_are_those_of_float32(toy_examples: Make) -> None:
    train = toy_examples(40, names="poster")
    for estimator in ("tree", "forest", "extra-trees", "boosting"):
        for one in classic(train, estimator).core.estimators:
            for tree in np.ravel(getattr(one, "estimators_", [one])):
                exact = tree.tree_.threshold
                np.testing.assert_array_equal(exact, exact.astype(np.float32))


def problem(estimator: str, kinds: dict[str, str], **settings: Any) -> str:
    spec = SimpleNamespace(settings=ClassicSettings(estimator, **settings), parts={})
    return Classic.problem(spec, kinds)


ONE_FEATURE = (
    "kind 'classic' reads one feature of kind 'terms', 'sentences', 'pixels' or 'colours', and "
    "has no parts"
)


@pytest.mark.parametrize(
    ("kinds", "estimator", "settings", "message"),
    [
        ({"p": "pixels"}, "svm", {**TINY, "pca": 3}, ""),
        ({"p": "terms"}, "svm", {"options": {"kernel": "linear"}}, ""),
        ({}, "svm", {}, ONE_FEATURE),
        ({"p": "tokens"}, "svm", {}, ONE_FEATURE),
        ({"p": "terms", "q": "terms"}, "svm", {}, ONE_FEATURE),
        ({"p": "terms"}, "svm", {"pca": 3}, "pca and backbone belong to pixels; remove them"),
        ({"p": "terms"}, "svm", TINY, "pca and backbone belong to pixels; remove them"),
        ({"p": "terms"}, "swm", {}, "unknown estimator 'swm'; did you mean 'svm'?"),
        (
            {"p": "terms"},
            "forest",
            {"options": {"n_estimator": 3}},
            "forest has no option 'n_estimator'; did you mean 'n_estimators'?",
        ),
        (
            {"p": "terms"},
            "svm",
            {"options": {"kernel": "poly"}},
            "svm: kernel must be 'rbf' or 'linear'",
        ),
        (
            {"p": "pixels"},
            "knn",
            {"options": {"weights": "distance"}},
            "knn: weights must be 'uniform'",
        ),
        ({"p": "pixels"}, "svm", {"backbone": "vgg61"}, "unknown backbone 'vgg61'; did you mean"),
        (
            {"p": "pixels"},
            "svm",
            {**TINY, "weights": "imagnet"},
            "weights must be 'imagenet' or 'random'",
        ),
        ({"p": "pixels"}, "svm", {"pca": -1}, "pca must be 0 or more"),
    ],
)
def test_combinations_that_cannot_work(
    kinds: dict[str, str], estimator: str, settings: dict[str, Any], message: str
) -> None:
    found = problem(estimator, kinds, **settings)
    assert found.startswith(message) and bool(found) == bool(message)


def test_an_estimator_s_own_complaint_is_one_line(toy_examples: Make) -> None:
    assert estimator_problem(EstimatorSettings("tree", {"max_depth": 3})) == ""
    train = toy_examples(20, names="plot")
    for estimator, options in (("forest", {"n_estimators": "many"}), ("svm", {"C": -1.0})):
        with pytest.raises(RecipeError) as caught:
            classic(train, estimator, options=options)
        assert str(caught.value).startswith(f"{estimator}: ")
        assert "\n" not in str(caught.value)


def test_of_equally_near_neighbours_the_first_count() -> None:
    """Copies of one poster tell what the first of them are, on any machine."""
    x = np.array([[0.0, 0.1]] * 30 + [[1.0, 1.0]] * 5, np.float32)
    labels = np.zeros((35, 1), np.float32)
    labels[[0, 2, 20, 21, 22]] = 1
    core = PerGenre(EstimatorSettings("knn", {"n_neighbors": 5}))
    core.fit(x, labels, labels > -1, seed=0)
    np.testing.assert_allclose(core.scores(x[:1]), [[0.4]])
    few = PerGenre(EstimatorSettings("knn", {"n_neighbors": 50}))
    few.fit(x, labels, labels > -1, seed=0)
    np.testing.assert_allclose(few.scores(x), 1 / 7)  # no more than there are
