"""Acknowledged reviews outlive a killed server: `benchmarks/kill.py` on a small scale."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parent.parent.parent / "benchmarks" / "kill.py"


def kill(folder: Path, store: str, rounds: int, reviews: int, servers: int) -> dict[str, Any]:
    command = [sys.executable, str(SCRIPT), "--store", store, "--out", str(folder / "kill.csv")]
    for name, value in (("rounds", rounds), ("reviews", reviews), ("servers", servers)):
        command += [f"--{name}", str(value)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def check(found: dict[str, Any]) -> None:
    assert found["acknowledged_before"] > 0
    assert (found["lost"], found["wrong"], found["twice"]) == (0, 0, 0)
    assert found["reviewed_at_last"] == found["reviews"]


def test_a_killed_server_loses_nothing(tmp_path: Path) -> None:
    check(kill(tmp_path, str(tmp_path / "films.db"), rounds=1, reviews=60, servers=1))


@pytest.mark.slow
def test_twenty_kills(tmp_path: Path) -> None:
    check(kill(tmp_path, str(tmp_path / "films.db"), rounds=20, reviews=1000, servers=1))


@pytest.mark.slow
def test_two_killed_servers_on_one_postgresql(tmp_path: Path, postgresql: str) -> None:
    check(kill(tmp_path, postgresql, rounds=5, reviews=1000, servers=2))
