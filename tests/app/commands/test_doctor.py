"""genreel doctor, and commands whose extra is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from running import PLOT, Run

import genreel
import genreel.bundle
from genreel.app import doctor


@pytest.mark.parametrize(
    "argv",
    [
        ["recipes"],
        ["train", "words", "nowhere", "--out", "b"],
        ["evaluate", "b", "nowhere", "--out", "d"],
        ["split", "nowhere", "--out", "f"],
    ],
)
def test_without_the_lab(run: Run, monkeypatch: pytest.MonkeyPatch, argv: list[str]) -> None:
    monkeypatch.setattr(doctor, "can_import", lambda name: name != "torch")
    assert run(*argv) == (
        1, "", "genreel: torch is not installed; run: python -m pip install 'genreel[lab]'\n",
    )  # fmt: skip


def test_prediction_needs_no_lab(predict: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "can_import", lambda name: False)
    assert predict("--plot", PLOT).code == 0


@pytest.fixture
def shipped(tmp_path: Path, words_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of bundles that came along, with one called default."""
    shutil.copytree(words_bundle, tmp_path / "bundles" / "default")
    monkeypatch.setattr(genreel.bundle, "SHIPPED", tmp_path / "bundles")
    return tmp_path / "bundles"


@pytest.mark.usefixtures("shipped", "lab")
def test_doctor(run: Run) -> None:
    ran = run("doctor")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"genreel {genreel.__version__}, Python ")
    assert "  default bundle: works, 22 genres\n" in ran.out
    for name in ("numpy", "onnxruntime", "pillow", "rich"):
        assert f"\n  {name} " in ran.out
    assert "  [lab] training and measuring models: installed\n" in ran.out


@pytest.mark.usefixtures("shipped")
@pytest.mark.parametrize(
    ("program", "said"),
    [("/usr/bin/exiftool", "/usr/bin/exiftool"), (None, "apt install libimage-exif")],
)
def test_doctor_names_the_program_that_is_no_library(
    run: Run, monkeypatch: pytest.MonkeyPatch, program: str | None, said: str
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: program)
    ran = run("doctor")
    assert ran.code == 0, "only --iptc needs it"
    [line] = [line for line in ran.out.splitlines() if "exiftool" in line]
    assert said in line


@pytest.mark.usefixtures("shipped")
def test_doctor_without_the_lab(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "can_import", lambda name: name not in ("torch", "timm"))
    ran = run("doctor")
    assert ran.code == 0, "prediction works all the same"
    line = next(line for line in ran.out.splitlines() if "[lab]" in line)
    assert line.endswith(
        "not installed (lacks timm, torch); run: python -m pip install 'genreel[lab]'"
    )


def test_doctor_with_a_damaged_bundle(run: Run, shipped: Path) -> None:
    (shipped / "default" / "model.onnx").unlink()
    ran = run("doctor")
    assert ran.code == 1
    assert "default bundle: bundle " in ran.out
    assert "model.onnx is missing; get the bundle again\n" in ran.out


def test_doctor_without_onnxruntime(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "can_import", lambda name: name != "onnxruntime")
    ran = run("doctor")
    assert ran.code == 1
    assert "  missing: onnxruntime; run: python -m pip install genreel\n" in ran.out


def test_what_the_extras_ask_for() -> None:
    assert doctor.requirements() == ["numpy", "onnxruntime", "pillow", "rich"]
    assert {"torch", "scikit-learn", "onnx"} <= set(doctor.requirements("lab"))
    assert doctor.requirements("nothing") == []
    assert doctor.missing("test-light") == [], "every module is looked for under its own name"


def test_what_the_extra_of_all_tests_asks_for(lab: None) -> None:
    assert doctor.missing("test") == [], "every module is looked for under its own name"
