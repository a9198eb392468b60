"""Commands of the lab: recipes, split, train, evaluate."""

from __future__ import annotations

import csv
import json
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from running import PLOT, SAMPLES, Run, one_line

from genreel.catalogue import Catalogue, Movie

pytestmark = pytest.mark.usefixtures("lab")


def test_recipes(run: Run) -> None:
    from genreel.lab.recipe import recipe_names

    ran = run("recipes")
    assert (ran.code, ran.err) == (0, "")
    assert [line.split()[0] for line in ran.out.splitlines()] == recipe_names()
    assert "default" in recipe_names()


@pytest.mark.parametrize("name", ["default", "words"])
def test_a_recipe(run: Run, name: str) -> None:
    ran = run("recipes", name)
    assert ran.code == 0
    table = tomllib.loads(ran.out)
    assert table["id"] == name
    assert table["features"]["plot"]["kind"] == "terms"


def test_no_such_recipe(run: Run) -> None:
    assert run("recipes", "defalt") == (
        1, "", "genreel: no recipe 'defalt'; did you mean 'default'?\n",
    )  # fmt: skip


def test_split(run: Run, tmp_path: Path, movies: list[Movie]) -> None:
    out = tmp_path / "split.json"
    ran = run("split", SAMPLES, "--out", out, "--valid", "0.2", "--test", "0.2")
    assert (ran.code, ran.out) == (0, "")
    parts = json.loads(out.read_text())
    assert list(parts) == ["train", "valid", "test"]
    ids = [movie_id for part in parts.values() for movie_id in part]
    assert sorted(ids) == sorted(movie.id for movie in movies)
    sizes = ", ".join(f"{name} {len(part)}" for name, part in parts.items())
    assert ran.err == f"{sizes}: written to {out}\n"
    assert all(parts.values())

    run("split", SAMPLES, "--out", tmp_path / "again", "--valid", "0.2", "--test", "0.2")
    assert (tmp_path / "again").read_text() == out.read_text()
    run("split", SAMPLES, "--out", out, "--valid", "0.2", "--test", "0.2", "--seed", "1")
    assert (tmp_path / "again").read_text() != out.read_text()


def test_split_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    ran = run(
        "split", SAMPLES, "--out", tmp_path / "no" / "where", "--valid", "0.2", "--test", "0.2"
    )
    assert ran.code == 1
    assert "cannot write" in one_line(ran.err)


def test_train_and_evaluate(
    run: Run,
    trained_bundle: Path,
    tmp_path: Path,
    movies: list[Movie],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a bundle says it was made by makes it again."""
    # Most of a report's time goes into why of its mistakes, which test_report.py looks at.
    monkeypatch.setattr("genreel.lab.evaluation.report.MISTAKES", 1)
    split = tmp_path / "split.json"
    ids = [movie.id for movie in movies]
    split.write_text(json.dumps({"train": ids[:17], "valid": ids[17:23], "test": ids[23:]}))
    out = tmp_path / "bundle"
    recipe = trained_bundle / "recipe.toml"
    argv = ["train", recipe, SAMPLES, "--out", out, "--split", split, "--set", "training.epochs=1"]
    trained = run(*argv)
    assert trained.code == 0
    assert trained.err.splitlines()[:3] == ["train: 17 movies", "valid: 6 movies", "test: 6 movies"]
    assert trained.err.endswith(f"bundle written to {out}\n")
    assert not out.with_name("bundle.work").exists()
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["command"] == shlex.join(["genreel", *map(str, argv)])
    before = json.loads((trained_bundle / "metrics.json").read_text())["test"]["as they are"]
    assert metrics["test"]["as they are"]["log_loss"] == pytest.approx(before["log_loss"], abs=1e-3)
    assert f"Made by `{metrics['command']}`" in (out / "README.md").read_text()

    report = tmp_path / "report"
    measured = run("evaluate", out, SAMPLES, "--out", report, "--split", split)
    assert measured.code == 0
    undefined, said = measured.err.splitlines()  # six films do not have every genre
    assert "are not both there: no ROC AUC" in undefined
    assert said == f"report written to {report / 'report.html'}"
    assert measured.out == trained.out, "the test part, through the same bundle"
    figures = json.loads((report / "metrics.json").read_text())
    assert without_counts(figures, 0, 0) == metrics["test"]
    heading, *rows = measured.out.splitlines()
    assert heading.split("  ")[0].strip() == "inputs"
    assert [row[:12].strip() for row in rows] == list(figures)
    first = figures["as they are"]
    shown = rows[0].split()[-6:]
    assert shown[0] == "6"
    assert shown[3] == f"{first['macro_f1']:.3f}"

    valid = run("evaluate", out, SAMPLES, "--out", report, "--split", split, "--part", "valid")
    figures = json.loads((report / "metrics.json").read_text())
    assert without_counts(figures, 0, 6) == metrics["valid"]
    assert valid.out != measured.out

    # Without a split it knows by itself what it was trained on.
    alone = run("evaluate", out, SAMPLES, "--out", report)
    assert alone.out == measured.out
    assert "23 movies that it was trained or tuned on are left out" in alone.err
    figures = json.loads((report / "metrics.json").read_text())
    assert without_counts(figures, 23, 0) == metrics["test"]
    page = " ".join((report / "report.html").read_text().split())
    assert "neither trained nor tuned on; 23 that it was are left out." in page


def without_counts(figures: dict[str, Any], left_out: int, trained_on: int | None) -> Any:
    """Figures of a report as the bundle's own metrics have them; the counts must be these."""
    for case in figures.values():
        assert (case.pop("left_out"), case.pop("trained_on")) == (left_out, trained_on)
    return figures


def test_evaluate_never_calls_a_trained_movie_unseen(
    run: Run, trained_bundle: Path, tmp_path: Path, movies: list[Movie]
) -> None:
    table = tmp_path / "m.jsonl"  # movies of the train part under other ids
    rest = {"plot": PLOT, "genres": ["Western"]}
    rows = [{"id": f"x{m.id}", "title": m.title, "year": m.year, **rest} for m in movies[:17]]
    table.write_text("".join(json.dumps(row) + "\n" for row in rows))
    argv = ["evaluate", trained_bundle, table, "--out", tmp_path]
    ran = run(*argv)
    assert (ran.code, ran.out) == (1, "")
    assert "was trained or tuned on all 17 movies" in one_line(ran.err)
    assert "--include-trained" in ran.err

    ran = run(*argv, "--include-trained")
    assert ran.code == 0
    figures = json.loads((tmp_path / "metrics.json").read_text())["as they are"]
    assert (figures["movies"], figures["left_out"], figures["trained_on"]) == (17, 0, 17)
    page = " ".join((tmp_path / "report.html").read_text().split())
    assert "it was trained or tuned on 17 of all 17: this says little" in page

    new = {"id": "new", "title": "A Film of No Catalogue", **rest}
    table.write_text(table.read_text() + json.dumps(new))
    ran = run(*argv)
    assert ran.code == 0
    figures = json.loads((tmp_path / "metrics.json").read_text())["as they are"]
    assert (figures["movies"], figures["left_out"], figures["trained_on"]) == (1, 17, 0)


def test_evaluate_says_where_a_bundle_cannot_tell(
    run: Run, words_bundle: Path, trained_bundle: Path, tmp_path: Path
) -> None:
    ran = run("evaluate", words_bundle, SAMPLES, "--out", tmp_path)
    assert "cannot tell which movies it was trained on" in ran.err
    figures = json.loads((tmp_path / "metrics.json").read_text())["as they are"]
    assert (figures["movies"], figures["trained_on"]) == (29, None)
    page = " ".join((tmp_path / "report.html").read_text().split())
    assert "; the bundle cannot tell which movies it was trained on." in page
    assert "not trained" not in page and "nor tuned" not in page
    # One that is set beside it counts as well.
    run("evaluate", words_bundle, SAMPLES, "--out", tmp_path, "--against", trained_bundle)
    figures = json.loads((tmp_path / "metrics.json").read_text())["as they are"]
    assert (figures["movies"], figures["left_out"], figures["trained_on"]) == (6, 23, None)


def test_evaluate_without_a_split_takes_every_movie(
    run: Run, words_bundle: Path, tmp_path: Path
) -> None:
    assert run("evaluate", words_bundle, SAMPLES, "--out", tmp_path).code == 0
    figures = json.loads((tmp_path / "metrics.json").read_text())
    assert list(figures) == ["as they are", "plot only"]
    assert figures["as they are"]["movies"] == 29


def test_evaluate_keeps_the_first_of_two_rows_with_an_id(
    run: Run, words_bundle: Path, tmp_path: Path
) -> None:
    table = tmp_path / "m.csv"
    table.write_text(f"id,plot,genres\na,{PLOT},Western\na,{PLOT},War\nb,{PLOT},Drama\n")
    ran = run("evaluate", words_bundle, table, "--out", tmp_path)
    assert ran.code == 0
    by_genre = json.loads((tmp_path / "metrics.json").read_text())["as they are"]["genres"]
    assert (by_genre["Western"]["positive"], by_genre["War"]["positive"]) == (1, 0)
    assert by_genre["Western"]["known"] == 2


def test_evaluate_shows_a_dash_for_what_is_undefined(
    run: Run, words_bundle: Path, tmp_path: Path
) -> None:
    (tmp_path / "m.csv").write_text(f"id,plot,genres\na,{PLOT},Western\n")
    ran = run("evaluate", words_bundle, tmp_path / "m.csv", "--out", tmp_path)
    assert ran.code == 0
    assert "—" in ran.out
    assert "None" not in ran.out


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (f"id,plot\na,{PLOT}\n", "no movie has genres to compare with"),
        ("id,plot,genres\n", "no movie has genres to compare with"),
    ],
)
def test_evaluate_needs_labels(
    run: Run, words_bundle: Path, tmp_path: Path, content: str, expected: str
) -> None:
    (tmp_path / "m.csv").write_text(content)
    ran = run("evaluate", words_bundle, tmp_path / "m.csv", "--out", tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert expected in one_line(ran.err)


def test_evaluate_writes_into_a_folder(run: Run, words_bundle: Path, plots: Path) -> None:
    ran = run("evaluate", words_bundle, SAMPLES, "--out", plots)
    assert ran.code == 1
    assert one_line(ran.err) == f"genreel: cannot make {plots} (File exists)"


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["nothing"], "no recipe 'nothing'"),
        (["words", "--set", "nowhere.C=1"], "no table 'nowhere' in the recipe"),
        (["words", "--set", "model.C=high"], "recipe words.model.C: must be float, not 'high'"),
        (["words", "--taxonomy", "klingon"], "unknown taxonomy 'klingon'"),
        (["words", "--split", "none.json"], "split none.json: No such file or directory"),
    ],
)
def test_training_that_cannot_start(
    run: Run, tmp_path: Path, argv: list[str], expected: str
) -> None:
    recipe, *rest = argv
    ran = run("train", recipe, SAMPLES, "--out", tmp_path / "b", *rest)
    assert (ran.code, ran.out) == (1, "")
    assert expected in one_line(ran.err)
    assert list(tmp_path.iterdir()) == []


OWN = ("Dust Opera", "Drama", "Sci-Fi")


@pytest.fixture(scope="module")
def own_table(tmp_path_factory: pytest.TempPathFactory, movies: list[Movie]) -> Path:
    """The samples' plots, whose Westerns are called Dust Opera; every fifth is a Heist, too."""
    path = tmp_path_factory.mktemp("own") / "movies.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "title", "plot", "genres"])
        for number, movie in enumerate(movies):
            names = "|".join(movie.genres["genreel"]).replace("Western", "DUST OPERA")
            heist = "" if number % 5 else "|Heist"
            table.writerow([movie.id, movie.title, movie.plot, names + heist])
    return path


def test_a_vocabulary_of_ones_own_from_split_to_prediction(
    run: Run, own_table: Path, tmp_path: Path
) -> None:
    genres = tmp_path / "genres.txt"
    genres.write_text("# mine\nDust Opera\nDrama\nscience fiction\n", encoding="utf-8")
    split, out = tmp_path / "split.json", tmp_path / "bundle"
    shares = ["--valid", "0.3", "--test", "0.3"]
    ran = run("split", own_table, "--genres", genres, "--out", split, *shares)
    assert ran.code == 0
    unknown = "unknown genres 'Heist' (6 movies) are left out; 0 of 29 movies have no other"
    assert unknown in ran.err

    few = [f"features.{name}.min_count=1" for name in ("plot", "title", "decade")]
    settings = [word for one in few for word in ("--set", one)]
    argv = ["train", "words", own_table, "--genres", genres, "--split", split, "--out", out]
    ran = run(*argv, *settings)
    assert ran.code == 0, ran.err
    assert unknown in ran.err
    assert "genres that are none of --genres: " in ran.err and "'Crime' (5 movies)" in ran.err
    assert json.loads((out / "config.json").read_text())["genres"] == list(OWN)
    recipe = tomllib.loads((out / "recipe.toml").read_text())
    assert recipe["genres"] == list(OWN)
    figures = json.loads((out / "metrics.json").read_text())["test"]["as they are"]["genres"]
    assert figures["Dust Opera"]["known"] == figures["Drama"]["known"] > 5
    assert figures["Dust Opera"]["positive"] > 0, "the catalogue's column was read with --genres"

    ran = run("evaluate", out, own_table, "--split", split, "--out", tmp_path / "report")
    assert ran.code == 0
    report = json.loads((tmp_path / "report" / "metrics.json").read_text())["as they are"]
    assert report["genres"] == figures
    unknown, outside, *_ = ran.err.splitlines()
    assert unknown.startswith("unknown genres 'Heist' (")
    assert outside.startswith("the bundle does not know ") and "Dust Opera" not in outside

    copy = tmp_path / "copy"
    assert run("calibrate", out, own_table, "--split", split, "--out", copy).code == 0
    assert json.loads((copy / "config.json").read_text())["genres"] == list(OWN)

    [row] = run("predict", "--plot", PLOT, "--model", copy, "--format", "jsonl").rows
    assert list(row["scores"]) == list(OWN)
    ran = run("audit", own_table, "--model", copy, "--no-posters", "--format", "csv")
    assert ran.code == 0
    assert "unknown genre 'Heist'" in ran.out and "Dust Opera" in ran.out


def test_a_cleaned_copy_keeps_genres_of_ones_own(run: Run, own_table: Path, tmp_path: Path) -> None:
    ran = run("clean", own_table, "--genres", "Dust Opera,Heist", "--out", tmp_path)
    assert ran.code == 0
    assert "unknown genre" not in ran.out
    names = {name for m in Catalogue(tmp_path) for name in m.unknown_genres}
    assert names == {"Dust Opera", "Heist"}


def test_recipes_are_compared_in_a_vocabulary_of_ones_own(
    run: Run, own_table: Path, tmp_path: Path
) -> None:
    few = ["--set", "features.plot.min_count=1", "--set", "features.title.min_count=1"]
    few += ["--set", "features.decade.min_count=1"]
    argv = ["compare", own_table, "words", "--genres", "Dust opera,Drama", "--out", tmp_path]
    assert run(*argv, *few).code == 0
    config = json.loads((tmp_path / "bundles" / "words" / "config.json").read_text())
    assert config["genres"] == ["Dust opera", "Drama"]


@pytest.mark.parametrize(
    ("genres", "line"),
    [
        ("Heist|Caper", "genre 'Heist|Caper': '|' separates genres in files"),
        ("Sci-Fi,Science Fiction", "'Sci-Fi' and 'Science Fiction' are one genre"),
        (",", "a vocabulary needs at least one genre"),
        ("nowhere.txt", "nowhere.txt: No such file or directory"),
    ],
)
def test_a_vocabulary_that_cannot_be(run: Run, genres: str, line: str, tmp_path: Path) -> None:
    ran = run("train", "words", SAMPLES, "--genres", genres, "--out", tmp_path / "bundle")
    assert ran.code == 1
    assert line in one_line(ran.err)
