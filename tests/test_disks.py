"""Disks that are full or broken, programs that are killed: one line, and what was there stays."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from disks import full_disk

from genreel.app.cli import main

SAMPLES = Path(__file__).parent.parent / "samples"
PLOT = "A sheriff and a priest hold a town against the army."
NFO = f"<movie><title>Alba</title><plot>{PLOT}</plot></movie>\n"


def run(capsys: pytest.CaptureFixture[str], *argv: object) -> tuple[int, str, list[str]]:
    """A command's code, its standard output and the lines of its standard error."""
    capsys.readouterr()
    code = main([str(argument) for argument in argv])
    out, err = capsys.readouterr()
    return code, out, err.splitlines()


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


# Full


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """A folder with films in several forms, and older results of what is going to be written."""
    (tmp_path / "library" / "Alba (1999)").mkdir(parents=True)
    (tmp_path / "library" / "Alba (1999)" / "movie.nfo").write_text(NFO)
    (tmp_path / "movies.csv").write_text(f"id,title,plot,genres\na,Alba,{PLOT},\nb,Brume,Rain.,\n")
    (tmp_path / "split.json").write_text("{}")
    return tmp_path


COMMANDS = {
    "apply to nfo": "apply library --to nfo --model WORDS",
    "apply to csv": "apply movies.csv --to csv --model WORDS --threshold 0",
    "apply to shopify": "apply movies.csv --to shopify --model WORDS --threshold 0",
    "import": "import columns movies.csv new",
    "clean": "clean movies.csv --out new",
    "split": "split SAMPLES --out split.json",
    "evaluate": "evaluate WORDS SAMPLES --out new",
    "train": "train words SAMPLES --out new --set features.plot.min_count=1",
}
LAB = ("split", "evaluate", "train")


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_full_disk_is_one_line_and_room_mends_it(
    command: str,
    films: Path,
    words_bundle: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    if command.split()[0] in LAB:
        request.getfixturevalue("lab")
    monkeypatch.chdir(films)
    monkeypatch.setenv("GENREEL_CACHE", str(films / "cache"))
    places = {"WORDS": str(words_bundle), "SAMPLES": str(SAMPLES)}
    argv = [places.get(word, word) for word in command.split()]
    before = contents(films)
    with full_disk():
        code, _, said = run(capsys, *argv)
    assert code == 1, said
    assert any("File too large" in line for line in said), said
    after = contents(films)
    assert {name: after[name] for name in before} == before
    assert not [name for name in after if ".part" in name and "cache" not in name]
    assert run(capsys, *argv)[0] == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv", "parquet"])
def test_predictions_on_a_full_disk(
    form: str,
    words_bundle: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        code = main(["predict", str(SAMPLES), "--model", str(words_bundle), "--format", form])
        with contextlib.suppress(OSError):
            full.close()
    assert code == 1
    assert capsys.readouterr().err == "genreel: No space left on device\n"


# Killed


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere two folders cannot be swapped")
@pytest.mark.parametrize("what", ["file", "folder", "catalogue"])
def test_a_killed_writer_leaves_all_of_the_old_or_all_of_the_new(tmp_path: Path, what: str) -> None:
    script = Path(__file__).parent / "killed.py"
    command = [sys.executable, str(script), what, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    texts = [" ".join(one) for one in told["found"]]
    assert len(texts) > 10
    assert len(set(texts)) == 2, set(texts)
    assert not [text for text in texts if "old" in text and "new" in text]
    if what == "folder":  # whose next writer tidied up
        assert [name for name in told["left"] if name.endswith(".part")] == []


# Unreadable


def break_it(path: Path, fault: str) -> None:
    """Puts something that cannot be read in the place of a file."""
    path.unlink(missing_ok=True)
    if fault == "input/output error":
        path.symlink_to("/proc/self/mem")  # whose first page nobody has
    elif fault == "a loop":
        path.symlink_to(path.name)
    elif fault == "a folder":
        path.mkdir()


faults = pytest.mark.parametrize("fault", ["input/output error", "a loop", "a folder"])
linux = pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="faults as Linux has them")


@linux
@faults
@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("movies.csv", "predict movies.csv --model WORDS --format jsonl"),
        ("movies.csv", "apply movies.csv --to csv --model WORDS"),
        ("movies.csv", "import columns movies.csv new"),
        ("movies.csv", "clean movies.csv"),
        ("movies.csv", "evaluate WORDS movies.csv --out new"),
        ("told.jsonl", "apply library --to nfo --predictions told.jsonl"),
        ("split.json", "train words movies.csv --out new --split split.json"),
        ("my.toml", "train my.toml movies.csv --out new"),
        ("bundle/model.onnx", "predict movies.csv --model bundle"),
        ("bundle/config.json", "predict movies.csv --model bundle"),
        ("names.toml", "import columns movies.csv new --names names.toml"),
    ],
)
def test_what_cannot_be_read_is_named_in_one_line(
    fault: str,
    name: str,
    command: str,
    films: Path,
    words_bundle: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    if command.split()[0] in LAB:
        request.getfixturevalue("lab")
    monkeypatch.chdir(films)
    shutil.copytree(words_bundle, films / "bundle")
    break_it(films / name, fault)
    code, out, said = run(capsys, *command.replace("WORDS", str(words_bundle)).split())
    assert (code, out) == (1, ""), said
    assert len(said) == 1 and said[0].startswith("genreel: "), said
    assert Path(name).name in said[0] or name.partition("/")[0] in said[0]


@linux
@faults
def test_one_poster_that_cannot_be_read_stops_nothing(
    fault: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    posters = sorted((SAMPLES / "posters").glob("*.jpg"))[:2]
    for poster in posters:
        shutil.copy(poster, tmp_path)
    bad = tmp_path / posters[0].name
    break_it(bad, fault)
    (tmp_path / "movies.csv").write_text(
        "id,title,plot,poster\n" + "".join(f"{p.stem},,,{p.name}\n" for p in posters)
    )
    code, out, said = run(capsys, "predict", tmp_path, "--format", "jsonl")
    first, second = map(json.loads, out.splitlines())
    assert code == 3
    assert bad.name in first["error"] and not first["scores"]
    assert second["error"] is None and second["scores"]
    assert said == ["genreel: 1 input failed; see the error of each"]


@linux
@faults
def test_one_nfo_file_that_cannot_be_read_stops_nothing(
    fault: str, films: Path, words_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = films / "library" / "Brume (2001)" / "movie.nfo"
    good.parent.mkdir()
    good.write_text(NFO)
    break_it(films / "library" / "Alba (1999)" / "movie.nfo", fault)
    argv = ("apply", films / "library", "--to", "nfo", "--model", words_bundle)
    code, _, said = run(capsys, *argv)
    assert code in (0, 3), said
    assert "1 changed" in said[-1]
    assert b"<genre>" in good.read_bytes()
