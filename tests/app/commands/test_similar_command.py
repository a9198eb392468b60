"""genreel similar."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from running import SAMPLES, Run, one_line

WESTERN = "six-miles-to-redwater"


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "table"])
def test_every_format_says_the_same(run: Run, form: str) -> None:
    ran = run("similar", WESTERN, SAMPLES, "--count", 2, "--model", "fast", "--format", form)
    assert ran.code == 0
    if form == "table":
        header, *rows = ran.out.splitlines()
        assert header.split() == ["ALIKE", "PLOT", "POSTER", "FILM"]
        assert len(rows) == 2
        return
    if form == "csv":
        ids = [row["id"] for row in csv.DictReader(io.StringIO(ran.out))]
    else:
        rows = json.loads(ran.out) if form == "json" else ran.rows
        assert all(set(r) == {"id", "title", "year", "score", "plot", "poster"} for r in rows)
        ids = [row["id"] for row in rows]
    assert len(ids) == 2
    assert WESTERN not in ids


def test_a_poster_file_finds_itself(run: Run) -> None:
    poster = SAMPLES / "posters" / f"{WESTERN}.jpg"
    ran = run("similar", poster, SAMPLES, "--count", 1, "--model", "fast", "--format", "jsonl")
    [row] = ran.rows
    assert row["id"] == WESTERN
    assert row["score"] > 0.99


def test_a_media_library_is_read_as_it_is(run: Run, tmp_path: Path) -> None:
    posters = sorted((SAMPLES / "posters").glob("*.jpg"))
    names = ("Alba (1999)", "Brill (2001)", "Carrow (1953)")
    for name, number in zip(names, (0, 0, 5), strict=True):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.mkv").touch()
        (tmp_path / name / "poster.jpg").write_bytes(posters[number].read_bytes())
    ran = run("similar", "alba", tmp_path, "--model", "fast", "--format", "jsonl")
    same, other = ran.rows
    assert (same["title"], same["score"]) == ("Brill", pytest.approx(1, abs=0.01))
    assert (other["title"], other["score"] < 0) == ("Carrow", True)


def test_what_is_not_there_is_one_line(run: Run, tmp_path: Path) -> None:
    ran = run("similar", "Nobody's Title", SAMPLES, "--model", "fast")
    assert ran.code == 1
    assert "no movie has the id or the title" in one_line(ran.err)
    assert "does not exist" in one_line(run("similar", "a", tmp_path / "none").err)
