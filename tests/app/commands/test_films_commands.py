"""genreel films and genreel identify."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from running import Run, one_line

pytest.importorskip("rapidfuzz", reason="the extra 'read' is not installed")

ORCHARD = [
    ["THE QUINCE ORCHARD", 0.99, 0.1, 0.6, 0.8, 0.09],
    ["Color by TECHNICOLOR", 0.9, 0.3, 0.9, 0.4, 0.02],
    ["1951", 0.9, 0.4, 0.95, 0.1, 0.02],
]
NOTHING: list[object] = []


@pytest.fixture
def library(tmp_path: Path) -> Path:
    table = tmp_path / "library.csv"
    table.write_text(
        "id,title,year,genres\ntt9000001,The Quince Orchard,1951,Drama\n"
        "tt9000002,Lanterns over Brill,1974,Horror|Mystery\n"
    )
    return table


@pytest.fixture
def index(run: Run, library: Path, tmp_path: Path) -> Path:
    out = tmp_path / "films.db"
    assert run("films", library, "--out", out).code == 0
    return out


@pytest.fixture
def posters(tmp_path: Path) -> Path:
    """A catalogue whose posters were read before."""
    rows = [("a", ORCHARD), ("b", NOTHING), ("c", "nonsense")]
    text = "".join(
        json.dumps({"id": i, "title": "", "lettering": _cell(v)}) + "\n" for i, v in rows
    )
    table = tmp_path / "posters.jsonl"
    table.write_text(text)
    return table


def _cell(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def test_an_index_is_made_and_said(run: Run, library: Path, tmp_path: Path) -> None:
    ran = run("films", library, "--out", tmp_path / "films.db")
    assert (ran.code, ran.out) == (0, "")
    assert one_line(ran.err.replace("2 films", "genreel: 2 films")).endswith("films.db")
    assert ran.err.startswith("2 films with 2 titles: written to ")


def test_an_older_index_is_kept_unless_asked(run: Run, index: Path, library: Path) -> None:
    before = index.read_bytes()
    ran = run("films", library, "--out", index)
    assert ran.code == 1
    assert "--overwrite" in one_line(ran.err)
    assert index.read_bytes() == before
    assert run("films", library, "--out", index, "--overwrite").code == 0


def test_a_source_without_titles_makes_no_index(run: Run, tmp_path: Path) -> None:
    (tmp_path / "plots.csv").write_text("id,plot\na,Two sisters.\n")
    ran = run("films", tmp_path / "plots.csv", "--out", tmp_path / "films.db")
    assert ran.code == 1
    assert "no films with a title" in one_line(ran.err)
    assert not (tmp_path / "films.db").exists()


def test_a_line_for_each_poster(run: Run, index: Path, posters: Path) -> None:
    ran = run("identify", posters, "--films", index, "--format", "jsonl")
    first, second, third = ran.rows
    assert list(first) == ["id", "film", "title", "year", "probability", "candidates", "error"]
    assert (first["film"], first["title"], first["year"]) == (
        "tt9000001",
        "The Quince Orchard",
        1951,
    )
    assert first["candidates"][0]["film"] == "tt9000001"
    assert (second["film"], second["candidates"], second["error"]) == (None, [], None)
    assert "lettering cannot be read" in third["error"]
    assert ran.code == 3
    assert one_line(ran.err) == "genreel: 1 input failed; see the error of each"


def test_every_format(run: Run, index: Path, posters: Path) -> None:
    assert len(json.loads(run("identify", posters, "--films", index, "--format", "json").out)) == 3
    ran = run("identify", posters, "--films", index, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert [row["title"] for row in rows] == ["The Quince Orchard", "", ""]
    table = run("identify", posters, "--films", index).out
    assert "The Quince Orchard (1951)" in table
    assert "nothing like a title" in table


def test_standard_input(run: Run, index: Path, stdin: Callable[[bytes], None]) -> None:
    stdin(json.dumps({"id": "x", "lettering": json.dumps(ORCHARD)}).encode() + b"\nbroken\n")
    ran = run("identify", "-", "--films", index, "--format", "jsonl")
    assert ran.rows[0]["film"] == "tt9000001"
    assert "not a line of UTF-8 JSON" in ran.rows[1]["error"]


def test_an_index_that_is_not_there_names_the_remedy(run: Run, posters: Path) -> None:
    ran = run("identify", posters, "--films", "none.db")
    assert ran.code == 1
    line = one_line(ran.err)
    for source in ("imdb --fetch", "movielens --fetch", "SOURCE"):
        assert f"genreel films {source} --out none.db" in line


def test_a_movie_without_poster_and_lettering_is_its_own_error(
    run: Run, index: Path, library: Path
) -> None:
    ran = run("identify", library, "--films", index, "--format", "jsonl")
    assert ran.code == 1
    assert {row["error"] for row in ran.rows} == {
        "no poster and no lettering; give one of them",
    }
