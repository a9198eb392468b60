"""Prediction with a real Ray: as local, in order, and resumed after a kill."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from genreel.app import doctor
from genreel.app.cli import main
from genreel.app.commands.listing import load

needs_ray = pytest.mark.skipif(
    find_spec("ray") is None, reason="no Ray; pip install 'genreel[scale]'"
)
SAMPLES = Path(__file__).parent.parent.parent / "samples"
PART_ROWS = 5


def command(*argv: object) -> list[str]:
    return [sys.executable, "-m", "genreel.app.cli", "predict", *map(str, argv)]


def run(*argv: object) -> tuple[int, list[dict[str, Any]], str]:
    """Exit code, rows and stderr of a command in a process of its own."""
    ran = subprocess.run(command(*argv), capture_output=True, timeout=240, check=False)
    return ran.returncode, list(map(json.loads, ran.stdout.splitlines())), ran.stderr.decode()


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples, and rows that cannot be used."""
    folder = tmp_path_factory.mktemp("catalogue")
    shutil.copytree(SAMPLES / "posters", folder / "posters")
    table = (SAMPLES / "movies.csv").read_text()
    columns = table.splitlines()[0].split(",")
    (folder / "posters" / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    for row in (
        {"id": "broken", "poster": "posters/broken.jpg"},
        {"id": "absent", "poster": "posters/absent.jpg", "plot": "A sheriff holds a town."},
        {"id": "broken", "title": "Twice"},
        {"id": "outside", "poster": "../outside.jpg"},
    ):
        table += ",".join(row.get(column, "") for column in columns) + "\n"
    (folder / "movies.csv").write_text(table)
    return folder


@pytest.fixture(scope="module")
def killed(catalogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of a run that was killed after its first part."""
    out = tmp_path_factory.mktemp("scale") / "out"
    argv = (catalogue, "--engine", "ray", "--out", out, "--workers", 1, "--part-rows", PART_ROWS)
    with subprocess.Popen(
        command(*argv), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        until = time.monotonic() + 180
        first = out / "part-00000.jsonl"  # Ray may write another before it
        while not first.exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
    assert first.exists(), "no part was written"
    return out


@needs_ray
def test_a_killed_run_goes_on_and_gives_what_one_process_gives(
    catalogue: Path, killed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run_here(*argv: object) -> tuple[int, list[dict[str, Any]], str]:
        """As `run`, in this process, where Ray need not start."""
        code = main(["predict", *map(str, argv)])
        out, errors = capsys.readouterr()
        return code, list(map(json.loads, out.splitlines())), errors

    first = killed / "part-00000.jsonl"
    assert first.is_file()
    (killed / "part-00003.jsonl").unlink(missing_ok=True)  # if the kill came too late
    before = first.stat().st_mtime_ns

    argv = (catalogue, "--format", "jsonl")
    ray = ("--engine", "ray", "--out", killed, "--workers", 2, "--part-rows", PART_ROWS)
    code, rows, errors = run(*argv, *ray)
    local_code, expected, local_errors = run_here(*argv)

    assert (
        (code, errors)
        == (local_code, local_errors)
        == (3, "genreel: 4 inputs failed; see the error of each\n")
    )
    assert [row["id"] for row in rows] == [row["id"] for row in expected]
    for row, other in zip(rows, expected, strict=True):
        assert row["scores"] == pytest.approx(other["scores"], abs=1.1e-6)
        assert {**row, "scores": 0} == {**other, "scores": 0}
    assert [bool(row["scores"]) for row in rows[-4:]] == [False, True, False, False]
    assert first.stat().st_mtime_ns == before, "a finished part was predicted again"
    assert len(list(killed.glob("part-*"))) == -(-len(expected) // PART_ROWS)
    assert not list(killed.glob(".*")), "half-written files are left"

    # All parts are there now: Ray is not even started.
    started = time.monotonic()
    assert run_here(*argv, *ray)[:2] == (code, rows)
    assert time.monotonic() - started < 20

    # Another input or setting must not be mixed into these parts.
    code, rows, errors = run_here(*argv, *ray, "--threshold", "0.5")
    assert (code, rows) == (1, [])
    assert "its threshold differs" in errors
    table = catalogue / "movies.csv"
    table.write_text(table.read_text() + "\n")
    code, _, errors = run_here(*argv, *ray)
    assert code == 1
    assert "its input differs" in errors


@needs_ray
def test_help_names_the_default_of_the_code() -> None:
    from genreel.app.scale import PART_ROWS

    [text] = [f.metadata["help"] for f in fields(load("predict").options) if f.name == "part_rows"]
    assert f"({PART_ROWS})" in text


DYING = """
import os, sys
from genreel.app import cli, scale

class Dying(scale._Worker):
    def __call__(self, batch):
        return os._exit(1) if batch["part"][0] == 1 else super().__call__(batch)

scale._Worker, scale._RETRIES = Dying, 0
sys.exit(cli.main(sys.argv[1:]))
"""


@needs_ray
def test_a_part_that_kills_its_worker_is_not_tried_for_ever(tmp_path: Path) -> None:
    argv = ("--engine", "ray", "--out", tmp_path / "out", "--workers", 1, "--part-rows", PART_ROWS)
    predict = command(SAMPLES / "movies.csv", *argv)
    python, _, _, *rest = predict
    ran = subprocess.run(
        [python, "-c", DYING, *rest], capture_output=True, timeout=240, check=False
    )
    assert ran.returncode == 1 and not ran.stdout, "Ray's own words are among the predictions"
    [last] = ran.stderr.decode().splitlines()[-1:]
    assert last.startswith("genreel: Ray failed (")
    assert last.endswith("run the command again to go on")
    assert not (tmp_path / "out" / "part-00001.jsonl").exists()


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["x.csv", "--engine", "ray"], "needs --out"),
        (["x.csv", "--out", "y"], "--out goes with --engine ray"),
        (["x.csv", "--part-rows", "9"], "--part-rows goes with --engine ray"),
        (["-", "--engine", "ray", "--out", "y"], "needs files or folders"),
        (["--engine", "ray", "--out", "y", "--plot", "A"], "describe one movie"),
    ],
)
def test_wrong_usage(argv: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["predict", *argv])
    assert stopped.value.code == 2
    assert says in capsys.readouterr().err


@needs_ray
def test_an_input_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["predict", str(tmp_path / "no.csv"), "--engine", "ray", "--out", str(tmp_path / "out")]
    assert main(argv) == 1
    assert "no.csv does not exist" in capsys.readouterr().err


@needs_ray
def test_a_folder_of_something_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    assert main(["predict", str(SAMPLES), "--engine", "ray", "--out", str(tmp_path)]) == 1
    assert "holds files of something else" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_without_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "can_import", lambda name: name != "ray")
    out = tmp_path / "out"
    assert main(["predict", str(SAMPLES), "--engine", "ray", "--out", str(out)]) == 1
    assert capsys.readouterr().err == (
        "genreel: ray is not installed; run: python -m pip install 'genreel[scale]'\n"
    )
    assert not out.exists()
