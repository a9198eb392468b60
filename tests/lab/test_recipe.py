"""Recipes: what loads, what is refused and how, parts that name recipes, overrides."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from genreel.errors import RecipeError
from genreel.lab.models.linear import LinearSettings
from genreel.lab.recipe import Recipe, features_read, load_recipe, override, recipe_names

Write = Callable[..., Path]

PLOT = '[features.plot]\nkind = "terms"\n'
POSTER = '[features.poster]\nkind = "pixels"\n'
LINEAR = '[model]\nkind = "linear"\nfeatures = ["plot"]\n'
NETWORK = '[model]\nkind = "network"\nfeatures = ["poster"]\n'
NETWORK += '[model.towers.a]\nkind = "backbone"\nfeature = "poster"\n'
FUSION = '[model]\nkind = "late-fusion"\n'


def refusal(path: Any, *overrides: str) -> str:
    """The one line with which a recipe is refused."""
    with pytest.raises(RecipeError) as caught:
        load_recipe(path, overrides)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_that_comes_along(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(name)
    assert recipe.head.id == name
    assert set(features_read(recipe.model)) == set(recipe.features)
    written = tmp_path / f"{name}.toml"
    written.write_text(recipe.text, encoding="utf-8")
    assert load_recipe(written) == recipe


def test_a_recipe_of_one_model(toml: Write) -> None:
    recipe = load_recipe(toml('vocabulary = "tmdb"\nseed = 3\n' + PLOT + LINEAR + "C = 2\n"))
    assert (recipe.head.seed, recipe.head.title, len(recipe.vocabulary)) == (3, "title", 19)
    own = load_recipe(toml('genres = ["Heist", "science fiction"]\n' + PLOT + LINEAR + "C = 2\n"))
    assert own.vocabulary.genres == ("Heist", "Sci-Fi")
    assert own.builds() != recipe.builds()
    assert recipe.features["plot"][0] == "terms"
    assert recipe.model.settings == LinearSettings(C=2.0)
    assert (recipe.model.kind, recipe.model.features, recipe.model.parts) == (
        "linear",
        ("plot",),
        {},
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("sed = 1\n" + PLOT + LINEAR, "recipe toy: unknown key 'sed'; did you mean 'seed'?"),
        ('genres = ["Heist", "a|b"]\n' + PLOT + LINEAR, "recipe toy.genres: genre 'a|b': '|' sep"),
        ('genres = "Heist"\n' + PLOT + LINEAR, "recipe toy.genres: must be tuple"),
        ('vocabulary = "tmbd"\n' + PLOT + LINEAR, "recipe toy.vocabulary: unknown 'tmbd'; did you"),
        (PLOT, "recipe toy: no [model]; add one"),
        ("model = 3\n", "recipe toy.model: must be a table with a kind"),
        ("features = 3\n" + LINEAR, "recipe toy.features: must be a table, not 3"),
        (
            "[features.plot]\nngrams = [1, 2]\n" + LINEAR,
            "recipe toy.features.plot: must be a table with a kind",
        ),
        (
            '[features.plot]\nkind = "term"\n' + LINEAR,
            "recipe toy.features.plot: unknown 'term'; did you mean 'terms'?",
        ),
        (
            PLOT + "ngram = [1, 2]\n" + LINEAR,
            "recipe toy.features.plot: unknown key 'ngram'; did you mean 'ngrams'?",
        ),
        (
            PLOT + "ngrams = 2\n" + LINEAR,
            "recipe toy.features.plot.ngrams: must be tuple[int, int]",
        ),
        (PLOT + "norm = 1\n" + LINEAR, "recipe toy.features.plot.norm: must be bool, not 1"),
        (
            PLOT + 'weighting = "tf-idf"\n' + LINEAR,
            "recipe toy.features.plot: weighting must be one of tfidf, count, binary, "
            "not 'tf-idf'; mend it",
        ),
        (
            PLOT + "ngrams = [2, 1]\n" + LINEAR,
            "recipe toy.features.plot: ngrams must be [shortest, longest], not [2, 1]; mend it",
        ),
        (
            PLOT + 'input = "poster"\n' + LINEAR,
            "recipe toy.features.plot: input must be one of plot, title, lettering, headline, "
            "year, not 'poster'; mend it",
        ),
        (
            POSTER + "height = 0\n" + NETWORK,
            "recipe toy.features.poster: height must be a whole number from 1 to 4,096, not 0; "
            "mend it",
        ),
        (
            PLOT + '[model]\nkind = "liner"\nfeatures = ["plot"]\n',
            "recipe toy.model: unknown 'liner'; did you mean 'linear'?",
        ),
        (
            PLOT + '[model]\nkind = "linear"\nfeatures = ["plott"]\n',
            "recipe toy.model.features: unknown 'plott'; did you mean 'plot'?",
        ),
        (
            PLOT + '[model]\nkind = "linear"\nfeatures = "plot"\n',
            "recipe toy.model.features: must be tuple[str, ...], not 'plot'",
        ),
        (
            PLOT + '[model]\nkind = "linear"\n',
            "recipe toy.model: kind 'linear' reads features of kind 'terms'; name at least one",
        ),
        (
            POSTER + '[model]\nkind = "linear"\nfeatures = ["poster"]\n',
            "recipe toy.model: kind 'linear' reads features of kind 'terms'",
        ),
        (
            PLOT + '[model]\nkind = "network"\nfeatures = ["plot"]\n',
            "recipe toy.model: towers missing; add it",
        ),
        (
            PLOT + '[model]\nkind = "network"\nfeatures = ["plot"]\n'
            '[model.towers.a]\nkind = "backbone"\nfeature = "plot"\n',
            "recipe toy.model: tower 'a' reads a feature of kind 'pixels' that the model's "
            "features name, not 'plot'",
        ),
        (PLOT + POSTER + LINEAR, "recipe toy: feature 'poster' is read by no model; remove it"),
        (PLOT + LINEAR + "C = 0\n", "recipe toy.model: C must be above 0"),
        (
            PLOT + LINEAR + 'imbalance = "weight"\n',
            "recipe toy.model: imbalance must be none or weights or resampling, not 'weight'; did "
            "you mean 'weights'?",
        ),
        (
            POSTER + NETWORK + "[model.training]\nbatch_size = 0\n",
            "recipe toy.model: training.epochs and training.batch_size must be at least 1",
        ),
        (
            POSTER + NETWORK + "[model.training]\nwarmup = 1\n",
            "recipe toy.model: training.warmup must be at least 0 and below 1",
        ),
        (
            POSTER + NETWORK + 'weights = "imagnet"\n',
            "recipe toy.model: tower 'a': weights must be 'imagenet' or 'random'",
        ),
        (
            POSTER + NETWORK + 'name = "mobilenet2_100"\n',
            "recipe toy.model: tower 'a': unknown backbone 'mobilenet2_100'; did you mean "
            "'mobilenetv2_100'?",
        ),
        (
            PLOT + FUSION + '[model.parts.words]\nkind = "linear"\nfeatures = ["plot"]\n',
            "recipe toy.model: kind 'late-fusion' needs at least two parts",
        ),
        (PLOT + FUSION + "parts = 3\n", "recipe toy.model.parts: must be a table, not 3"),
        (
            PLOT + FUSION + "[model.parts]\nwords = 3\n",
            "recipe toy.model.parts.words: must be a table with a kind",
        ),
        (
            PLOT + LINEAR + '[model.parts.words]\nkind = "linear"\nfeatures = ["plot"]\n',
            "recipe toy.model: kind 'linear' has no parts; remove them",
        ),
        (
            FUSION + '[model.parts.words]\nrecipe = "wordz"\n',
            "no recipe 'wordz'; did you mean 'words'?",
        ),
        (
            FUSION + '[model.parts.words]\nrecipe = "words"\nC = 3\n',
            "recipe toy: part 'words' may name another recipe and nothing else",
        ),
        (
            FUSION + "[model.parts.words]\nrecipe = 3\n",
            "recipe toy: part 'words' may name another recipe and nothing else",
        ),
    ],
)
def test_what_is_wrong(toml: Write, body: str, message: str) -> None:
    assert refusal(toml(body)).startswith(message)


def test_a_missing_head_names_every_key(tmp_path: Path) -> None:
    path = tmp_path / "bare.toml"
    path.write_text('title = "x"\n' + PLOT + LINEAR)
    assert refusal(path) == "recipe bare: id, source, command, cost missing; add it"


def test_no_such_recipe(tmp_path: Path) -> None:
    assert refusal("postr") == "no recipe 'postr'; did you mean 'poster'?"
    missing = tmp_path / "none.toml"
    assert refusal(missing) == f"recipe {missing}: No such file or directory; check the path"


def test_toml_nested_without_end(tmp_path: Path) -> None:
    path = tmp_path / "toy.toml"
    path.write_text("a = " + "[" * 100_000)
    assert refusal(path) == f"recipe {path}: nested too deeply; mend it"
    table: dict[str, Any] = {"a": {"b": 1}}
    override(table, "a.b=" + "[" * 100_000)
    assert table["a"]["b"] == "[" * 100_000


@pytest.mark.parametrize("data", [b"id = ", b'title = "\xff"'])
def test_not_toml(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "toy.toml"
    path.write_bytes(data)
    assert refusal(path).startswith(f"recipe {path}: not valid TOML (")


def test_parts_that_name_recipes_are_spelled_out() -> None:
    recipe = load_recipe("fast")
    words, poster = load_recipe("words-kin"), load_recipe("poster")
    assert recipe.model.parts["words"] == words.model
    assert recipe.model.parts["poster"] == poster.model
    assert {**words.features, **poster.features}.items() <= recipe.features.items()
    assert "recipe =" not in recipe.text


def test_a_feature_whose_name_is_taken_gets_another(toml: Write) -> None:
    part = toml(PLOT + "min_count = 9\n" + LINEAR, "part")
    body = PLOT + FUSION
    body += '[model.parts.mine]\nkind = "linear"\nfeatures = ["plot"]\n'
    body += '[model.parts.same]\nrecipe = "words"\n'
    body += f"[model.parts.other]\nrecipe = '{part}'\n"
    recipe = load_recipe(toml(body))
    assert recipe.model.parts["mine"].features == ("plot",)
    assert recipe.model.parts["same"].features == ("same-plot", "title", "decade")
    assert recipe.model.parts["other"].features == ("other-plot",)
    counts = {name: settings.min_count for name, (_, settings) in recipe.features.items()}
    assert counts == {"plot": 2, "same-plot": 3, "title": 2, "decade": 2, "other-plot": 9}


def test_a_feature_that_is_the_same_is_shared(toml: Write) -> None:
    body = FUSION + '[model.parts.a]\nrecipe = "words"\n[model.parts.b]\nrecipe = "words"\n'
    recipe = load_recipe(toml(body))
    assert recipe.features == load_recipe("words").features
    assert recipe.model.parts["a"] == recipe.model.parts["b"] == load_recipe("words").model


def test_a_new_name_that_is_taken_too(toml: Write) -> None:
    body = PLOT + '[features.b-plot]\nkind = "terms"\nmin_count = 8\n' + FUSION
    body += '[model.parts.a]\nkind = "linear"\nfeatures = ["plot", "b-plot"]\n'
    body += '[model.parts.b]\nrecipe = "words"\n'
    recipe = load_recipe(toml(body))
    assert recipe.model.parts["b"].features[0] == "b-b-plot"
    assert recipe.features["b-plot"][1].min_count == 8
    assert recipe.features["b-b-plot"] == load_recipe("words").features["plot"]


def test_recipes_in_parts_of_parts(toml: Write) -> None:
    body = FUSION + '[model.parts.all]\nkind = "late-fusion"\n'
    body += '[model.parts.all.parts.words]\nrecipe = "words-kin"\n'
    body += '[model.parts.all.parts.poster]\nrecipe = "poster"\n'
    body += '[model.parts.again]\nrecipe = "fast"\n'
    recipe = load_recipe(toml(body))
    fast = load_recipe("fast").model
    assert recipe.model.parts["all"].parts == {n: fast.parts[n] for n in ("words", "poster")}
    assert recipe.model.parts["again"] == fast


def test_a_feature_like_another_follows_it_to_its_new_name(toml: Write) -> None:
    body = PLOT + FUSION + '[model.parts.all]\nrecipe = "fast"\n'
    body += '[model.parts.mine]\nkind = "linear"\nfeatures = ["plot"]\n'
    recipe = load_recipe(toml(body))
    words, printed = (recipe.model.parts["all"].parts[n] for n in ("words", "lettering-words"))
    assert recipe.features[printed.features[0]][1].like == words.features[0] == "all-plot"


@pytest.mark.parametrize("names", [["a"], ["a", "b"], ["a", "b", "c"]])
def test_recipes_that_name_each_other(toml: Write, tmp_path: Path, names: list[str]) -> None:
    for name, following in zip(names, [*names[1:], names[0]], strict=True):
        path = tmp_path / f"{following}.toml"
        toml(FUSION + f"[model.parts.x]\nrecipe = '{path}'\n", name)
    assert "which it is itself part of" in refusal(tmp_path / "a.toml")


def test_what_is_wrong_in_a_recipe_that_is_named(toml: Write) -> None:
    part = toml(PLOT + LINEAR + "C = 'big'\n", "part")
    body = FUSION + f"[model.parts.a]\nrecipe = '{part}'\n"
    body += '[model.parts.b]\nrecipe = "words"\n'
    assert refusal(toml(body)) == f"recipe {part}.model.C: must be float, not 'big'"


def tower(recipe: Recipe) -> Any:
    return recipe.model.parts["poster"].settings.towers["poster"]


def test_override_by_exact_path_and_by_its_end() -> None:
    exact = load_recipe("fast", ["model.parts.poster.training.epochs=2", "seed=5"])
    assert exact.model.parts["poster"].settings.training.epochs == 2
    assert exact.head.seed == 5
    end = load_recipe(
        "fast",
        ["training.epochs = 3", "towers.poster.dropout=0", 'towers.poster.weights="random"'],
    )
    assert end.model.parts["poster"].settings.training.epochs == 3
    assert (tower(end)["dropout"], tower(end)["weights"]) == (0.0, "random")
    assert "epochs = 3" in end.text


def test_an_exact_path_goes_before_the_end_of_others() -> None:
    table: dict[str, Any] = {"a": {"x": 1}, "b": {"a": {"x": 1}}, "c": {"a": {"x": 1}}}
    override(table, "a.x=2")
    assert table == {"a": {"x": 2}, "b": {"a": {"x": 1}}, "c": {"a": {"x": 1}}}
    del table["a"]
    override(table, "a.x=3")
    assert table == {"b": {"a": {"x": 3}}, "c": {"a": {"x": 3}}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("3", 3),
        ("2.5", 2.5),
        ("true", True),
        ("[1, 2]", [1, 2]),
        ('"random"', "random"),
        ("random", "random"),
        ("two words ", "two words"),
        ("a=b", "a=b"),
    ],
)
def test_values_of_overrides(value: str, expected: Any) -> None:
    table: dict[str, Any] = {}
    override(table, f"key={value}")
    assert table == {"key": expected}


@pytest.mark.parametrize("assignment", ["training.epochs", "=3", "training.=3", ""])
def test_an_override_that_is_none(assignment: str) -> None:
    expected = f"--set {assignment!r}: expected path.to.key=value"
    assert refusal("poster", assignment) == expected


def test_an_override_of_no_table() -> None:
    assert refusal("poster", "model.trainin.epochs=3") == (
        "--set 'model.trainin.epochs=3': no table 'model.trainin' in the recipe; "
        "did you mean 'model.training'?"
    )


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("training.epoch=3", "unknown key 'epoch'; did you mean 'epochs'?"),
        ("training.epochs=many", "must be int, not 'many'"),
        ("model=3", "recipe poster.model: must be a table with a kind"),
        ("features=3", "recipe poster.features: must be a table, not 3"),
        ("model.features=3", "recipe poster.model.features: must be tuple[str, ...], not 3"),
    ],
)
def test_what_an_override_brings_is_checked(assignment: str, message: str) -> None:
    assert message in refusal("poster", assignment)


def test_a_precision_that_there_is_not() -> None:
    with pytest.raises(RecipeError, match="unknown precision 'int9'; did you mean 'int8'"):
        load_recipe("words", ["precision=int9"])
    assert load_recipe("words", ["precision=int8"]).head.precision == "int8"
