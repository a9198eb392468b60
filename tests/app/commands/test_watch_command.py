"""What `genreel watch` prints, and how it ends."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from running import Ran, Run

from genreel.formats.names import find_names, spell

SAMPLES = Path(__file__).parents[3] / "samples" / "posters"


@pytest.fixture
def watch(run: Run, tiny_bundle: Path, tmp_path: Path) -> Run:
    """Runs `genreel watch --once`."""

    def watch(*argv: object) -> Ran:
        store = tmp_path / "films.db"
        return run("watch", *argv, "--once", "--model", tiny_bundle, "--store", store)

    return watch


def test_names_are_printed_on_one_line_and_faults_told(watch: Run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(SAMPLES / "emberfell.jpg", folder / "a\n\x1b[31m.jpg")
    (folder / "a\n\x1b[31m.nfo").write_text("<movie><title>cut")
    done = watch(folder, "--apply", "nfo")
    assert done.code == 3
    assert done.out.startswith("new\ta\\n\\x1b[31m.jpg\t")
    assert done.out.count("\n") == 1
    assert "not well-formed XML" in done.err
    assert "\x1b" not in done.err
    assert watch(folder).out == ""


def test_what_lacks_an_nfo_file_is_told_once(watch: Run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("emberfell", "neon-cascade"):
        shutil.copy(SAMPLES / f"{name}.jpg", folder)
    done = watch(folder, "--apply", "nfo")
    assert done.code == 0
    assert done.err.count("--create makes one") == 1
    assert not list(folder.glob("*.nfo"))


def test_create_without_nfo(watch: Run, tmp_path: Path) -> None:
    done = watch(tmp_path, "--apply", "xmp", "--create")
    assert done.code == 2
    assert "--create goes with --apply nfo" in done.err


def test_genres_are_written_in_a_persons_words(watch: Run, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(SAMPLES / "emberfell.jpg", folder / "a.jpg")
    (folder / "a.nfo").write_text("<movie><title>Ember</title><genre>Krimi</genre></movie>")
    shutil.copy(SAMPLES / "lantern-street.jpg", folder / "b.jpg")
    done = watch(folder, "--apply", "nfo", "--create", "--names", "de")
    said = dict(line.split("\t")[1:] for line in done.out.splitlines())
    written = re.findall("<genre>(.*?)</genre>", (folder / "b.nfo").read_text(encoding="utf-8"))
    assert written == said["b.jpg"].split(", ")
    assert spell(written)[1] == () and tuple(written) == find_names("de")(spell(written)[0])
    assert said["a.jpg"] == "Krimi"  # a person's, understood and said again
    assert "<genre>Krimi</genre>" in (folder / "a.nfo").read_text()
