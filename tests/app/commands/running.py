"""Runs commands as a person or a script does, and keeps what they leave behind."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

SAMPLES = Path(__file__).parents[3] / "samples"
POSTER = SAMPLES / "posters" / "six-miles-to-redwater.jpg"
FIELDS = ["id", "genres", "main", "decide", "scores", "missing", "language", "error"]
PLOT = "A sheriff and a priest hold a town against the army."


class Ran(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Ran]


def spawn(argv: Sequence[object], **settings: Any) -> subprocess.CompletedProcess[bytes]:
    """Runs a command in a process of its own."""
    command = [sys.executable, "-m", "genreel.app.cli", *map(str, argv)]
    settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings}
    return subprocess.run(command, timeout=60, check=False, **settings)


def one_line(text: str) -> str:
    assert text.count("\n") == 1, text
    assert text.startswith("genreel")
    return text.rstrip("\n")
