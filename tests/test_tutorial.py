"""docs/tutorial.ipynb runs from its first cell to its last, and is kept without outputs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture(scope="module")
def cells() -> list[dict[str, Any]]:
    notebook = json.loads((DOCS / "tutorial.ipynb").read_text(encoding="utf-8"))
    assert notebook["nbformat"] == 4
    return list(notebook["cells"])


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def test_it_is_kept_without_outputs(cells: list[dict[str, Any]]) -> None:
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell["outputs"] for cell in code] == [[]] * len(code)
    assert {cell["execution_count"] for cell in code} == {None}
    assert len({cell["id"] for cell in cells}) == len(cells)


@pytest.mark.usefixtures("lab")
def test_it_runs(
    cells: list[dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(DOCS)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    names: dict[str, Any] = {"__name__": "tutorial"}
    said: list[str] = []
    for number, cell in enumerate(cells):
        if cell["cell_type"] == "code":
            # As a kernel does: one namespace for all cells, in their order.
            exec(compile(source(cell), f"cell {number}", "exec"), names)
            said.append(capsys.readouterr().out)
    text = "\n".join(said)
    assert "Fantasy" in names["from_both"].genres
    assert names["from_poster"].missing == ("plot", "title", "year")
    assert (
        "no such poster |  | poster " in text
        and "does not exist; check the path" in text
        and "'nineteen' is not a year" in text
    )
    assert "dragon" in text
    assert "f3,placeholder plot" in text
    assert [movie.id for movie in names["cleaned"]] == ["f1", "f2"]
    assert names["mine"].inputs == ("plot", "title", "year")
    assert "report.html" in text
    assert "+  <genre>Western</genre>" in text
    assert "exit code 1" not in text and "exit code 2" not in text
    assert not names["work"].exists()


def test_every_page_that_it_names_is_there(cells: list[dict[str, Any]]) -> None:
    text = "\n".join(source(cell) for cell in cells if cell["cell_type"] == "markdown")
    named = re.findall(r"\]\(([^)#]+)\)", text)
    assert len(named) >= 6
    for name in named:
        assert (DOCS / name).is_file(), name
