"""What is released: the same when built twice, the package and nothing else, its version once."""

from __future__ import annotations

import email
import email.message
import os
import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hatchling import build

import genreel

ROOT = Path(__file__).parent.parent
BASE = ["numpy", "onnxruntime", "pillow", "rich"]
PLOT = "A sheriff and a priest hold a town against the army."


class Release:
    """What the build backend makes of a folder, by the hooks that pip calls."""

    def __init__(self, tree: Path, out: Path) -> None:
        out.mkdir(parents=True)
        before = Path.cwd()
        os.chdir(tree)  # where a hook looks for the project (PEP 517)
        try:
            self.sdist = out / build.build_sdist(str(out))
            self.wheel = out / build.build_wheel(str(out))
        finally:
            os.chdir(before)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SOURCE_DATE_EPOCH", raising=False)
        yield Release(ROOT, tmp_path_factory.mktemp("release") / "first")


@pytest.fixture(scope="module")
def metadata(release: Release) -> email.message.Message:
    with zipfile.ZipFile(release.wheel) as wheel:
        [name] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        return email.message_from_bytes(wheel.read(name))


def files(folder: Path) -> set[str]:
    """What lies in a folder, but for what Python leaves there."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in found if path.suffix != ".pyc"}


def test_built_again_it_is_the_same(release: Release, tmp_path: Path) -> None:
    again = Release(ROOT, tmp_path / "again")
    assert again.sdist.read_bytes() == release.sdist.read_bytes()
    assert again.wheel.read_bytes() == release.wheel.read_bytes()


def test_the_sdist_makes_the_same(release: Release, tmp_path: Path) -> None:
    with tarfile.open(release.sdist) as archive:
        # Python before 3.11.4 knows no filters.
        archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        archive.extractall(tmp_path)
    [tree] = tmp_path.iterdir()
    again = Release(tree, tmp_path / "out")
    assert again.wheel.read_bytes() == release.wheel.read_bytes()
    assert again.sdist.read_bytes() == release.sdist.read_bytes()


def test_the_wheel_holds_the_package_and_nothing_else(release: Release) -> None:
    with zipfile.ZipFile(release.wheel) as wheel:
        held = {name for name in wheel.namelist() if not name.endswith("/")}
        assert wheel.testzip() is None
    about = f"genreel-{genreel.__version__}.dist-info"
    facts = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
    package = {f"genreel/{name}" for name in files(ROOT / "src" / "genreel")}
    assert held == package | {f"{about}/{name}" for name in facts}
    needed = (
        *("py.typed", "lab/recipes/default.toml", "lab/recipes/published/zhang-add.toml"),
        *(f"bundles/default/{name}" for name in ("config.json", "features.npz", "model.onnx")),
        *("app/server/templates/review.html", "app/server/static/style.css"),
        *(f"lab/evaluation/pages/{name}" for name in ("base.html", "page.css", "figure.css")),
    )
    assert {f"genreel/{name}" for name in needed} <= held
    assert release.wheel.name == f"genreel-{genreel.__version__}-py3-none-any.whl"


def test_the_sdist_holds_what_its_tests_need(release: Release) -> None:
    with tarfile.open(release.sdist) as archive:
        held = {m.name.partition("/")[2] for m in archive.getmembers() if m.isfile()}
    for folder in ("src", "tests", "samples", "docs", "benchmarks", "deploy"):
        assert {f"{folder}/{name}" for name in files(ROOT / folder)} <= held
    strange = {name for name in held if "/" not in name} - {
        *("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "PKG-INFO", "README.md"),
        *(".gitignore", "pyproject.toml", ".dockerignore", "Dockerfile", "compose.yaml"),
    }
    assert not strange


def test_what_it_says_of_itself(metadata: email.message.Message) -> None:
    assert metadata["Name"] == "genreel"
    assert metadata["Version"] == genreel.__version__
    assert metadata["License-Expression"] == "Apache-2.0"
    asked = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert sorted(re.split(r"[^\w-]", line)[0] for line in asked) == BASE
    assert metadata.get_payload(decode=True) == (ROOT / "README.md").read_bytes()


def test_the_version_stands_in_one_place() -> None:
    spelt = re.compile(rf"(?<![\w.]){re.escape(genreel.__version__)}(?![\w.])")
    places = {
        path.relative_to(ROOT).as_posix()
        for pattern in ("*.md", "*.toml", "docs/*", "src/**/*.py", "tests/**/*.py")
        for path in ROOT.glob(pattern)
        if path.is_file() and spelt.search(path.read_text(errors="replace"))
    }
    assert places <= {"src/genreel/__init__.py", "CHANGELOG.md"}
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0].split()[0] in (genreel.__version__, "Unreleased")


@pytest.mark.slow
def test_installed_alone_it_predicts(release: Release, tmp_path: Path) -> None:
    """The wheel without extras in a new environment, where nothing else is."""
    home = tmp_path / "environment"
    venv.create(home, with_pip=True)
    programs = home / ("Scripts" if sys.platform == "win32" else "bin")
    quiet = {"GENREEL_CACHE": str(tmp_path), "NO_COLOR": "1", "PYTHONNOUSERSITE": "1"}
    around = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | quiet

    def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(programs / program), *arguments]
        return subprocess.run(
            command, env=around, cwd=tmp_path, capture_output=True, text=True, check=False
        )

    pip = ("-m", "pip", "--disable-pip-version-check")
    installed = run("python", *pip, "install", "--quiet", str(release.wheel))
    if re.search("No matching distribution|Failed to establish|connection", installed.stderr):
        pytest.skip("pip finds no index to install numpy and onnxruntime from")
    assert installed.returncode == 0, installed.stderr
    assert run("python", *pip, "check").returncode == 0
    assert run("genreel", "--version").stdout == f"genreel {genreel.__version__}\n"
    predicted = run("genreel", "predict", "--plot", PLOT, "--format", "jsonl")
    assert (predicted.returncode, predicted.stderr) == (0, "")
    assert '"Western"' in predicted.stdout
    doctor = run("genreel", "doctor")
    assert doctor.returncode == 0, doctor.stdout
    assert "default bundle: works" in doctor.stdout
    assert run("python", "-c", "import torch").returncode == 1
    train = run("genreel", "train", "words", str(ROOT / "samples"), "--out", "bundle")
    assert train.returncode == 1
    assert train.stderr.count("\n") == 1 and "genreel[lab]" in train.stderr
