"""The page of the published systems: made of the tables, a row for each, nothing cut short."""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path

import pytest
import reproduction

from genreel.lab.recipe import recipe_files

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "reproduction.md"
STAND_INS = ROOT / "docs" / "stand-ins.md"
PUBLISHED = [path for path in recipe_files().values() if path.parent.name == "published"]


def test_the_pages_are_made_of_the_tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(reproduction, "DOCS", tmp_path)
    reproduction.write_pages(RESULTS)
    for path in (PAGE, STAND_INS):
        assert (tmp_path / path.name).read_text(encoding="utf-8") == path.read_text(
            encoding="utf-8"
        )


def test_every_published_system_has_a_row_and_says_how_it_differs() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for path in PUBLISHED:
        head = tomllib.loads(path.read_text(encoding="utf-8"))
        assert f"\n| {path.stem} | " in text and head["differs"]


def test_no_figure_is_of_training_that_was_cut() -> None:
    for path in PUBLISHED:
        changed = tomllib.loads(path.read_text(encoding="utf-8")).get("ours", {}).get("changed", "")
        assert "epochs" not in changed
    for table in (*reproduction.TABLES, "stand-ins"):
        for row in reproduction.table_rows(RESULTS / f"{table}.csv"):
            assert "epochs" not in row["changed"]


def test_stand_ins_stand_in_their_own_table_one_a_network_and_backbone() -> None:
    rows = reproduction.table_rows(RESULTS / "stand-ins.csv")
    networks = [(row["network"], row["stand_in"]) for row in rows]
    assert len(networks) == len(set(networks))
    assert [network for network, _ in networks] == sorted(network for network, _ in networks)
    assert all(row["stand_in"] in row["changed"] for row in rows)
    for table in reproduction.TABLES:
        for row in reproduction.table_rows(RESULTS / f"{table}.csv"):
            assert not any(name in row["changed"] for name in reproduction.STAND_INS)


def test_training_that_has_not_ended_shows_its_curve_alone(tmp_path: Path) -> None:
    columns = ("recipe", "epoch", "valid_roc_auc")
    with (tmp_path / "curves.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([columns, ("zhang-add", 1, 0.61), ("zhang-add", 2, 0.7)])
    text = reproduction.page(tmp_path)
    [row] = [line for line in text.splitlines() if line.startswith("| zhang-add ")]
    assert "in training: epoch 2, valid ROC AUC 0.700, best 0.700 in 2" in row
    [row] = [line for line in text.splitlines() if line.startswith("| zhang-max ")]
    assert "| not trained |" in row


def test_training_again_gives_the_same_figure() -> None:
    rows = reproduction.table_rows(RESULTS / "again.csv")
    assert len(rows) >= 8
    for row in rows:
        assert abs(float(row["macro_roc_auc"]) - float(row["again"])) <= 0.005
