"""genreel teach, and predictions with what it wrote."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from running import PLOT, SAMPLES, Run, one_line


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """The samples, of which every other one is of a genre of our own."""
    with (SAMPLES / "movies.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        row["genres"] = "Dusty" if number % 2 else "Drama"
        row["poster"] = ""
    path = tmp_path / "movies.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_genre_is_taught_and_others_of_the_file_stay(
    run: Run, table: Path, tmp_path: Path, words_bundle: Path
) -> None:
    out = tmp_path / "own.json"
    model = ("--model", words_bundle)
    ran = run("teach", "Dusty", table, "--out", out, "--parent", "Western", *model)
    assert ran.code == 0
    assert "Dusty: 14 yes, 15 no; " in ran.err
    ran = run("teach", "Heist", table, "--out", out, "--description", "A robbery.", *model)
    assert "Heist: 0 yes, 29 no; only suggested so far: it needs 5 more yes" in ran.err
    dusty, heist = json.loads(out.read_text())["genres"]
    assert (dusty["name"], dusty["parent"], dusty["figure"]["yes"]) == ("Dusty", "Western", 14)
    assert (heist["description"], heist["threshold"]) == ("A robbery.", None)


def own(tmp_path: Path, bundle: Path, threshold: float | None = 0.0) -> Path:
    """A file with a genre that every movie has, another name for Sci-Fi, and no Sport."""
    config = json.loads((bundle / "config.json").read_text())
    genre = {"name": "Dusty", "description": "", "parent": "Western", "threshold": threshold}
    genre["figure"] = {"yes": 5, "no": 5, "positives": 5, "right": 5, "auc": 1.0}
    genre["linear"] = {"weights": {}, "biases": {}, "bias": 3.0}
    path = tmp_path / "own.json"
    value = {
        "format": 1,
        "bundle": config["files"]["model.onnx"]["sha256"][:12],
        "genres": [genre],
        "new_names": {"Sci-Fi": "Space"},
        "hidden_genres": ["Sport"],
    }
    path.write_text(json.dumps(value))
    return path


def test_predictions_have_it_with_its_parent_and_the_others_as_they_are_called(
    run: Run, tmp_path: Path, words_bundle: Path
) -> None:
    argv = ("predict", "--plot", PLOT, "--model", words_bundle, "--format", "jsonl")
    [plain] = run(*argv).rows
    ran = run(*argv, "--own", own(tmp_path, words_bundle))
    [row] = ran.rows
    assert ran.code == 0
    assert {"Dusty", "Western"} <= set(row["genres"])
    assert row["scores"]["Dusty"] == pytest.approx(0.952574)
    assert row["scores"]["Space"] == plain["scores"]["Sci-Fi"]
    assert not {"Sport", "Sci-Fi"} & set(row["scores"])
    ran = run(*argv[:-1], "csv", "--own", own(tmp_path, words_bundle))
    [columns] = csv.DictReader(io.StringIO(ran.out))
    assert columns["Dusty"] == "0.952574"
    assert "Sport" not in columns


def test_one_that_is_silent_is_in_no_prediction(
    run: Run, tmp_path: Path, words_bundle: Path
) -> None:
    silent = own(tmp_path, words_bundle, None)
    argv = ("predict", "--plot", PLOT, "--model", words_bundle, "--format", "jsonl")
    [row] = run(*argv, "--own", silent).rows
    assert "Dusty" not in row["scores"]


def test_apply_writes_it(run: Run, table: Path, tmp_path: Path, words_bundle: Path) -> None:
    ran = run(
        *("apply", table, "--to", "csv", "--add"),
        *("--model", words_bundle, "--own", own(tmp_path, words_bundle)),
    )
    assert ran.code == 0
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert all("Dusty" in row["genres"].split("|") for row in rows)


def test_what_cannot_be_is_one_line(
    run: Run, table: Path, tmp_path: Path, words_bundle: Path, tiny_bundle: Path
) -> None:
    out = tmp_path / "new.json"
    model = ("--model", words_bundle)
    teach = ("teach", "Dusty", table, "--out", out, *model)
    assert "no genre 'Nothing' to be its parent" in one_line(run(*teach, "--parent", "Nothing").err)
    ran = run("teach", "sci fi", table, "--out", out, *model)
    assert "rename Sci-Fi instead" in one_line(ran.err)
    assert not out.exists()
    path = own(tmp_path, words_bundle)
    ran = run("predict", "--plot", PLOT, "--model", tiny_bundle, "--own", path)
    assert (ran.code, ran.out) == (1, "")
    assert "were learnt with bundle" in one_line(ran.err)
    path.write_text("{}")
    ran = run("predict", "--plot", PLOT, "--own", path, *model)
    assert "export it again" in one_line(ran.err)
    path.write_text("mine")
    assert "export it again" in one_line(run(*teach[:4], path, *model).err)
    assert path.read_text() == "mine"
