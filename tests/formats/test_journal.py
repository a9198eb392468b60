"""Runs of changes: held while they are written, and gone back on as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from genreel.errors import GenreelError
from genreel.formats.journal import FOLDER, Journal, undo


def runs(root: Path) -> list[str]:
    return sorted(path.name for path in (root / FOLDER).iterdir())


def test_a_run_is_undone_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.nfo"
    file.write_bytes(b"mine")
    journal = Journal(tmp_path)
    for text in (b"one", b"two"):
        journal.write(file, text)
    journal.write(tmp_path / "b.nfo", b"new")
    journal.remove(tmp_path / "b.nfo")
    journal.close()
    assert undo(tmp_path).restored == ["b.nfo", "a.nfo"]
    assert file.read_bytes() == b"mine"
    assert not (tmp_path / "b.nfo").exists()


def test_a_file_that_was_removed_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "a.nfo"
    file.write_bytes(b"mine")
    journal = Journal(tmp_path)
    journal.remove(file)
    journal.close()
    assert not file.exists()
    assert undo(tmp_path).restored == ["a.nfo"]
    assert file.read_bytes() == b"mine"


def test_a_run_that_another_has_open_is_left_to_it(tmp_path: Path) -> None:
    long, short = Journal(tmp_path), Journal(tmp_path)
    long.write(tmp_path / "a.nfo", b"1")
    short.write(tmp_path / "b.nfo", b"2")
    short.close()
    long.write(tmp_path / "c.nfo", b"3")
    assert runs(tmp_path) == ["000001", "000002"]
    assert undo(tmp_path).restored == ["b.nfo"]
    with pytest.raises(GenreelError, match="is being written to; stop genreel watch"):
        undo(tmp_path)
    long.close()
    assert undo(tmp_path).restored == ["c.nfo", "a.nfo"]


def test_what_genreel_made_and_nobody_changed(tmp_path: Path) -> None:
    made, edited, found = (tmp_path / name for name in ("made.nfo", "edited.nfo", "found.nfo"))
    found.write_bytes(b"mine")
    journal = Journal(tmp_path)
    for file in (made, edited, found):
        journal.write(file, b"one")
    edited.write_bytes(b"by hand")
    for file in (made, edited, found):
        journal.write(file, b"two")
    assert [journal.has_made(file) for file in (made, edited, found)] == [True, False, False]
    made.write_bytes(b"by hand")
    assert not journal.has_made(made)
    assert not journal.has_made(tmp_path / "other.nfo")


def test_a_journal_that_leads_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / ".genreel").symlink_to(tmp_path / "out")
    with pytest.raises(GenreelError, match="leads out of"):
        Journal(tmp_path / "in")
    with pytest.raises(GenreelError, match="leads out of"):
        undo(tmp_path / "in")
    assert not list((tmp_path / "out").iterdir())
