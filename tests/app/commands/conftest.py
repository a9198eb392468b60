"""Commands that run in this process, and what they are given."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from running import PLOT, Ran, Run

from genreel.app.cli import main


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process."""

    def run(*argv: object) -> Ran:
        try:
            code = main([str(argument) for argument in argv])
        except SystemExit as error:
            code = int(error.code or 0)
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture
def predict(run: Run, words_bundle: Path) -> Run:
    """Runs `genreel predict` with a bundle that reads words, giving JSON lines."""

    def predict(*argv: object, model: Path = words_bundle, form: str = "jsonl") -> Ran:
        return run("predict", *argv, "--model", model, "--format", form)

    return predict


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    def give(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return give


@pytest.fixture
def plots(tmp_path: Path) -> Path:
    """A catalogue of three plots."""
    table = tmp_path / "movies.csv"
    table.write_text(f"id,plot,year\na,{PLOT},1953\nb,A detective has a gun.,\nc,{PLOT},1953\n")
    return table
