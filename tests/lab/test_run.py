"""From recipe and catalogue to bundle, and the one line where that cannot be."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from disks import full_disk

from genreel.app.cli import main
from genreel.bundle import read_bundle
from genreel.catalogue import Catalogue, Movie
from genreel.errors import CatalogueError, GenreelError, RecipeError
from genreel.lab import train as run
from genreel.lab.evaluation.evaluate import evaluate
from genreel.lab.recipe import Recipe, load_recipe
from genreel.lab.splits import Split, with_genres
from genreel.lab.train import train
from genreel.predictor import Predictor

Write = Callable[..., Catalogue]


@pytest.fixture
def words_recipe() -> Recipe:
    return load_recipe("words", [f"features.{n}.min_count=1" for n in ("plot", "title", "decade")])


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes movies, without their posters, as a catalogue."""

    def write(movies: Sequence[Movie], name: str = "films", taxonomy: str = "genreel") -> Catalogue:
        path = tmp_path / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(["id", "title", "year", "plot", "genres", "split"])
            for m in movies:
                genres = "|".join(next(iter(m.genres.values()), ()))
                table.writerow([m.id, m.title, m.year or "", m.plot, genres, m.split])
        return Catalogue(path, taxonomy)

    return write


@pytest.fixture
def parts(toys: Callable[..., list[Movie]]) -> tuple[list[Movie], Split]:
    movies = toys(40, seed=1, everything=True)
    ids = tuple(movie.id for movie in movies)
    return movies, Split(ids[:24], ids[24:32], ids[32:])


@pytest.mark.parametrize(("precision", "share"), [("float16", 0.6), ("int8", 0.6)])
def test_a_bundle_in_fewer_bits(precision: str, share: float, split: Split, tmp_path: Path) -> None:
    changes = [f"features.{n}.min_count=1" for n in ("plot", "title", "decade")]
    recipe = load_recipe("words", [*changes, f"precision={precision}"])
    sources, out = Catalogue(Path(__file__).parents[2] / "samples"), tmp_path / "bundle"
    metrics = train(recipe, sources, out, split=split)
    found = metrics["precision"]
    assert found["weights"] == precision
    assert found["bytes"] == (out / "model.onnx").stat().st_size < share * found["float32_bytes"]
    assert 0 < found["drift"]["mean"] <= found["drift"]["largest"] < 0.01
    assert metrics["parity"] <= 1e-5  # of the graph before
    assert all(one.scores for one in Predictor(out).predict_many(sources))


def test_the_bundle_holds_what_was_measured(
    words_recipe: Recipe, movies: list[Movie], split: Split, tmp_path: Path
) -> None:
    out = tmp_path / "deep" / "bundle"
    sources = Catalogue(Path(__file__).parents[2] / "samples")
    metrics = train(words_recipe, sources, out, split=split, command="genreel train words …")
    assert json.loads((out / "metrics.json").read_bytes()) == metrics
    assert metrics["movies"] == {"train": 17, "valid": 6, "test": len(split.test)}
    assert metrics["recipe"] == "words" and metrics["parity"] <= 1e-4
    test = split.part("test", {movie.id: movie for movie in movies})
    assert metrics["test"] == evaluate(Predictor(out), test)
    assert list(metrics["test"]) == ["as they are", "plot only"]
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "Made by `genreel train words …`" in card and "## Figures on the test part" in card
    written = tmp_path / "again.toml"
    written.write_bytes((out / "recipe.toml").read_bytes())
    assert load_recipe(written) == words_recipe
    assert [path.name for path in out.parent.iterdir()] == ["bundle"]  # no .work is left


def test_the_tiny_default_bundle(trained_bundle: Path, movies: list[Movie], split: Split) -> None:
    metrics = json.loads((trained_bundle / "metrics.json").read_bytes())
    cases = ["as they are", "both", "plot only", "poster only"]
    assert list(metrics["test"]) == list(metrics["valid"]) == cases
    test = split.part("test", {movie.id: movie for movie in movies})
    both = [movie for movie in test if movie.has("poster") and movie.has("plot")]
    assert metrics["test"]["both"]["movies"] == len(both)
    assert metrics["test"]["as they are"]["movies"] == len(test)
    assert read_bundle(trained_bundle).config["features"].keys() == {
        "plot",
        "title",
        "decade",
        "languages-plot",
        "lettering",
        "lettering-words",
        "headline",
        "poster",
    }
    assert [path.name for path in trained_bundle.parent.iterdir()] == ["tiny"]


def test_it_learns_from_the_train_part(
    words_recipe: Recipe, parts: tuple[list[Movie], Split], write: Write, tmp_path: Path
) -> None:
    movies, split = parts
    metrics = train(words_recipe, write(movies), tmp_path / "bundle", split=split)
    by_genre = metrics["test"]["as they are"]["genres"]
    assert by_genre["Horror"]["roc_auc"] == by_genre["Comedy"]["roc_auc"] == 1


def test_the_same_again(
    words_recipe: Recipe, parts: tuple[list[Movie], Split], write: Write, tmp_path: Path
) -> None:
    movies, split = parts
    catalogue = write(movies)
    for name in "ab":
        train(words_recipe, catalogue, tmp_path / name, split=split)
    for file in ("model.onnx", "features.npz"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_a_split_of_its_own(
    words_recipe: Recipe, toys: Callable[..., list[Movie]], write: Write, tmp_path: Path
) -> None:
    movies = [*toys(60, everything=True), Movie("unlabelled", plot="Nobody knows.")]
    metrics = train(words_recipe, write(movies), tmp_path / "bundle")
    assert sum(metrics["movies"].values()) == 60
    assert all(metrics["movies"].values())


def test_labels_that_no_training_movie_knows_are_never_said(
    words_recipe: Recipe,
    parts: tuple[list[Movie], Split],
    write: Write,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    movies, split = parts
    train(words_recipe, write(movies, taxonomy="tmdb"), tmp_path / "bundle", split=split)
    assert "Biography" in capsys.readouterr().err
    for prediction in Predictor(tmp_path / "bundle").predict_many(movies):
        assert prediction.scores["Biography"] < 1e-4
        assert "Biography" not in prediction.genres


def test_more_movies_to_train_on(
    words_recipe: Recipe,
    parts: tuple[list[Movie], Split],
    write: Write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Held-out films are left out by id and by title and year; so are those marked test."""
    movies, split = parts
    valid, test = movies[24], movies[32]

    def more(name: str, **values: Any) -> Movie:
        return replace(movies[0], **{"id": name, "title": name, "year": 2001, **values})

    extra = [
        more("new"),
        more("marked", split="train"),
        more(valid.id),
        more(test.id),
        more("same-valid", title=valid.title.upper(), year=valid.year),
        more("same-test", title=test.title, year=test.year),
        more("remake", title=test.title, year=2002),
        more("measured", split="test"),
        more("chosen", split="valid"),
        more("unlabelled", genres={}),
        more("train-again", title=movies[1].title, year=movies[1].year),
    ]
    seen: dict[int, list[str]] = {}
    honest = run.read_examples

    def noting(chosen: Sequence[Movie], *rest: Any) -> Any:
        seen[len(seen)] = [movie.id for movie in chosen]
        return honest(chosen, *rest)

    monkeypatch.setattr(run, "read_examples", noting)
    metrics = train(
        words_recipe,
        write(movies),
        tmp_path / "bundle",
        split=split,
        extra=write(extra, "extra"),
    )
    assert seen[0] == [*split.train, "new", "marked", "remake", "train-again"]
    assert seen[1] == list(split.valid)
    assert metrics["movies"] == {"train": 28, "valid": 8, "test": 8}


def test_a_row_that_repeats_an_id_does_not_replace_the_first(
    words_recipe: Recipe, parts: tuple[list[Movie], Split], write: Write, tmp_path: Path
) -> None:
    movies, split = parts
    once = train(words_recipe, write(movies), tmp_path / "once", split=split)
    twice = write([*movies, replace(movies[33], plot="Another film.")], "twice")
    assert train(words_recipe, twice, tmp_path / "twice", split=split)["test"] == once["test"]


def test_thresholds_come_from_movies_that_are_answered(
    parts: tuple[list[Movie], Split], write: Write, tmp_path: Path, toml: Callable[..., Path]
) -> None:
    """A movie without a plot says nothing of where to cut the scores of plots."""
    feature = '[features.plot]\nkind = "terms"\nmin_count = 1\n'
    recipe = load_recipe(toml(f'{feature}[model]\nkind = "linear"\nfeatures = ["plot"]\n'))
    movies, split = parts
    train(recipe, write(movies), tmp_path / "a", split=split)
    silent = [replace(movies[0], id=f"silent{i}", plot="") for i in range(30)]
    wider = replace(split, valid=(*split.valid, *(movie.id for movie in silent)))
    train(recipe, write([*movies, *silent], "wider"), tmp_path / "b", split=wider)
    a, b = (read_bundle(tmp_path / name).thresholds for name in "ab")
    assert a == b


def refused(
    error: type[GenreelError], recipe: Recipe, catalogue: Catalogue, out: Path, **options: Any
) -> str:
    """The one line; nothing is left behind."""
    with pytest.raises(error) as caught:
        train(recipe, catalogue, out, **options)
    assert not out.exists() and not out.with_name(out.name + ".work").exists()
    return str(caught.value)


def test_a_catalogue_without_posters(
    parts: tuple[list[Movie], Split], write: Write, tmp_path: Path
) -> None:
    movies, split = parts
    recipe = load_recipe("poster", ["towers.poster.weights=random"])
    line = refused(CatalogueError, recipe, write(movies), tmp_path / "bundle", split=split)
    assert line == (
        "recipe poster reads the poster, and no training movie has one; choose another recipe"
    )


def test_a_catalogue_without_plots(
    words_recipe: Recipe, parts: tuple[list[Movie], Split], write: Write, tmp_path: Path
) -> None:
    movies, split = parts
    bare = write([replace(movie, plot="") for movie in movies])
    line = refused(CatalogueError, words_recipe, bare, tmp_path / "bundle", split=split)
    assert line == (
        "recipe words reads the plot, and no training movie has one; choose another recipe"
    )


def test_a_split_of_another_catalogue(
    words_recipe: Recipe, parts: tuple[list[Movie], Split], write: Write, tmp_path: Path
) -> None:
    movies, split = parts
    wrong = replace(split, valid=("elsewhere",))
    line = refused(CatalogueError, words_recipe, write(movies), tmp_path / "bundle", split=wrong)
    assert line.startswith("split: 1 ids of 'valid' are not in the catalogue, such as 'elsewhere'")


def test_a_catalogue_without_labels(
    words_recipe: Recipe, parts: tuple[list[Movie], Split], write: Write, tmp_path: Path
) -> None:
    movies, split = parts
    bare = write([replace(movie, genres={}) for movie in movies])
    line = refused(RecipeError, words_recipe, bare, tmp_path / "bundle", split=split)
    assert line == "no training movie has a genre of the vocabulary; check the catalogue"
    line = refused(CatalogueError, words_recipe, bare, tmp_path / "bundle")
    assert line == "0 movies are too few to split; add movies or a split"


def test_genres_of_ones_own_are_named(
    words_recipe: Recipe,
    parts: tuple[list[Movie], Split],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    movies, split = parts

    def catalogue(genres: Sequence[str]) -> Catalogue:
        rows = [
            {"id": m.id, "title": m.title, "plot": m.plot, "genres": genres[i % len(genres)]}
            for i, m in enumerate(movies)
        ]
        (tmp_path / "m.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return Catalogue(tmp_path / "m.jsonl")

    own = catalogue(["Heist", "Spaghetti Western|Heist"])
    for given in (None, split):
        line = refused(CatalogueError, words_recipe, own, tmp_path / "bundle", split=given)
        assert line == (
            f"unknown genres 'Heist' ({len(movies)} movies), 'Spaghetti Western' "
            f"({len(movies) // 2} movies) are left out; {len(movies)} of {len(movies)} movies have "
            "no other: learn them with --genres, or rename them with genreel import --names FILE"
        )
    some = catalogue(["Western", "Heist|Drama", "Heist"])
    labelled = with_genres(some)
    assert len(labelled) == len(movies) - len(movies) // 3
    bare = len(movies) // 3
    assert (
        f"unknown genres 'Heist' ({len(movies) - len(labelled) + bare} movies) are left out; "
        f"{bare} of {len(movies)} movies have no other"
    ) in capsys.readouterr().err


def test_a_folder_that_is_no_bundle_is_left_alone(
    words_recipe: Recipe, parts: tuple[list[Movie], Split], write: Write, tmp_path: Path
) -> None:
    movies, split = parts
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("years of work")
    with pytest.raises(GenreelError, match="is there and is no bundle; give another --out"):
        train(words_recipe, write(movies), precious, split=split)
    assert [path.name for path in precious.iterdir()] == ["thesis.txt"]


def test_scores_of_a_bundle_are_those_of_its_model(
    parts: tuple[list[Movie], Split],
    words_recipe: Recipe,
    write: Write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    models = []
    honest = run.build_model

    def noting(*arguments: Any) -> Any:
        models.append(honest(*arguments))
        return models[-1]

    monkeypatch.setattr(run, "build_model", noting)
    movies, split = parts
    train(words_recipe, write(movies), tmp_path / "bundle", split=split)
    predictor = Predictor(tmp_path / "bundle")
    rows = run.read_examples(
        movies, predictor.bundle.features, words_recipe.vocabulary, tmp_path / "rows"
    )
    expected = models[0].scores(rows)
    for movie, scores in zip(predictor.predict_many(movies), expected, strict=True):
        np.testing.assert_allclose(list(movie.scores.values()), scores, atol=1e-4)


def test_a_genre_that_one_part_lacks(
    movies: list[Movie], split: Split, write: Write, words_recipe: Recipe, tmp_path: Path
) -> None:
    """No film of the valid part has it: it keeps the common threshold, and is still predicted."""
    valid = set(split.valid)
    without = [
        replace(
            movie, genres={"genreel": tuple(g for g in movie.genres["genreel"] if g != "Drama")}
        )
        if movie.id in valid
        else movie
        for movie in movies
    ]
    metrics = train(words_recipe, write(without), tmp_path / "bundle", split=split)
    assert metrics["valid"]["plot only"]["genres"]["Drama"]["roc_auc"] is None
    thresholds = read_bundle(tmp_path / "bundle").thresholds
    assert 0 < thresholds["Drama"] < 1


def test_a_full_disk_is_one_line_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENREEL_CACHE", str(tmp_path / "cache"))
    samples = Path(__file__).parents[2] / "samples"
    command = ["train", "words", str(samples), "--out", str(tmp_path / "bundle")]
    with full_disk(20_000):
        code = main([*command, "--set", "plot.min_count=1"])
    assert code == 1
    errors = capsys.readouterr().err
    assert errors.splitlines()[-1].startswith("genreel: cannot write")
    assert "Traceback" not in errors
    assert not (tmp_path / "bundle").exists()
