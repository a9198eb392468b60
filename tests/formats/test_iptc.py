"""IPTC keywords in posters, written by exiftool and read by Pillow."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from PIL import Image, IptcImagePlugin
from test_readers import picture

from genreel.errors import GenreelError
from genreel.formats.applying import Choices, apply_to_files
from genreel.formats.film import Options
from genreel.formats.folder import read_folder
from genreel.formats.iptc import write_iptc
from genreel.formats.journal import undo
from genreel.formats.mark import Found

needs_exiftool = pytest.mark.skipif(not shutil.which("exiftool"), reason="exiftool is not there")
FOUND = Found({"Drama": 0.9, "Crime": 0.5}, "default", "1")


def keywords(data: bytes) -> list[str]:
    with Image.open(io.BytesIO(data)) as image:
        told = (IptcImagePlugin.getiptcinfo(image) or {}).get((2, 25), [])
    return [word.decode() for word in (told if isinstance(told, list) else [told])]


def apply(folder: Path, found: Found, said: list[str], dry_run: bool = False) -> int:
    pairs = ((movie, found) for movie in read_folder(folder, Options()))
    choices = Choices(folder, iptc=True, dry_run=dry_run)
    return apply_to_files(pairs, "xmp", choices, said.append, said.append).changed


@needs_exiftool
def test_keywords_of_a_person_stay(tmp_path: Path) -> None:
    poster = tmp_path / "a.jpg"
    poster.write_bytes(write_iptc(picture(), (), ["holiday", "O'Neil; $x"]))
    before = poster.read_bytes()
    said: list[str] = []
    assert apply(tmp_path, FOUND, said, dry_run=True) == 1
    assert said[-1] == f"{poster}: the same IPTC keywords\n" and poster.read_bytes() == before
    assert apply(tmp_path, FOUND, said) == 1
    assert keywords(poster.read_bytes()) == ["holiday", "O'Neil; $x", "Drama", "Crime"]
    assert apply(tmp_path, FOUND, said) == 0
    assert apply(tmp_path, Found({"Crime": 0.9, "War": 0.5}), said) == 1
    assert keywords(poster.read_bytes()) == ["holiday", "O'Neil; $x", "Crime", "War"]
    with Image.open(poster) as now, Image.open(io.BytesIO(picture())) as then:
        assert now.tobytes() == then.tobytes()
    undo(tmp_path)
    undo(tmp_path)
    assert poster.read_bytes() == before and not (tmp_path / "a.jpg.xmp").exists()


@needs_exiftool
def test_a_poster_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    said: list[str] = []
    assert apply(tmp_path, FOUND, said) == 0
    assert "exiftool cannot write its keywords" in said[0] and "\n" not in said[0]
    assert not (tmp_path / "a.jpg.xmp").exists()


def test_without_exiftool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(GenreelError, match="exiftool is not installed; install"):
        write_iptc(picture(), (), ["Drama"])
