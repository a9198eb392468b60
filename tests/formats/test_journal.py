"""Runs of changes: held while they are written, and gone back on as a whole."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
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


# Journals of strangers


def stranger(root: Path, *lines: object, **backups: bytes) -> Path:
    """A run that somebody wrote by hand."""
    run = root / FOLDER / "000001"
    run.mkdir(parents=True)
    text = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    (run / "journal.jsonl").write_text("\n".join(text))
    for name, data in backups.items():
        (run / f"{name[1:]}.bak").write_bytes(data)
    return run


def entry(
    path: str, before: bytes, after: bytes, backup: object = "000001.bak"
) -> dict[str, object]:
    hashes = [hashlib.sha256(data).hexdigest() for data in (before, after)]
    return {"path": path, "before": hashes[0], "after": hashes[1], "backup": backup}


@pytest.mark.parametrize("kind", ["link", "other bytes", "pipe", "gone", "the file is a link"])
def test_a_backup_that_is_not_what_it_was_is_left(tmp_path: Path, kind: str) -> None:
    root, private = tmp_path / "library", tmp_path / "private"
    private.write_bytes(b"mine")
    run = stranger(root, entry("a.nfo", b"before", b"after"))
    (root / "a.nfo").write_bytes(b"after")
    if kind == "link":
        (run / "000001.bak").symlink_to(private)
    elif kind == "other bytes":
        (run / "000001.bak").write_bytes(b"other")
    elif kind == "pipe":
        os.mkfifo(run / "000001.bak")
    elif kind == "the file is a link":
        private.write_bytes(b"before")
        (run / "000001.file").symlink_to(private)
    done = undo(root)
    assert (done.restored, done.damaged) == ([], ["a.nfo"])
    assert (root / "a.nfo").read_bytes() == b"after"
    assert not (root / "a.nfo").is_symlink()


@pytest.mark.parametrize(
    "line",
    [
        {**entry("a.nfo", b"before", b"after"), "path": 5},
        {**entry("a.nfo", b"before", b"after"), "before": ["x"]},
        {**entry("a.nfo", b"before", b"after"), "after": 7},
        {k: v for k, v in entry("a.nfo", b"before", b"after").items() if k != "backup"},
        entry("a.nfo", b"before", b"after", 7),
        entry("a.nfo", b"before", b"after", "../../../a.nfo"),
        entry("a\0.nfo", b"before", b"after"),
        entry(".", b"before", b"after"),
        entry("../outside.nfo", b"before", b"after"),
        "[" * 100_000,
        "{",
        "",
        '{"path": 1' + "0" * 5000 + "}",
    ],
)
def test_a_line_that_is_no_entry_is_passed_over(tmp_path: Path, line: object) -> None:
    root = tmp_path / "library"
    good = entry("b.nfo", b"before", b"after", "000002.bak")
    stranger(root, line, good, _000001=b"before", _000002=b"before")
    for name in ("a.nfo", "b.nfo", "../outside.nfo"):
        (root / name).write_bytes(b"after")
    assert undo(root).restored == ["b.nfo"]
    assert (root / "a.nfo").read_bytes() == b"after"
    assert (tmp_path / "outside.nfo").read_bytes() == b"after"


def test_a_file_that_became_a_pipe_is_left(tmp_path: Path) -> None:
    stranger(tmp_path, entry("a.nfo", b"before", b"after"), _000001=b"before")
    os.mkfifo(tmp_path / "a.nfo")
    assert undo(tmp_path).left == ["a.nfo"]


@pytest.mark.parametrize("name", ["journal.jsonl", "undone", "done"])
def test_a_runs_own_files_are_no_way_out(tmp_path: Path, name: str) -> None:
    root, target = tmp_path / "library", tmp_path / "target"
    run = stranger(root, entry("a.nfo", b"before", b"after"))
    (run / name).unlink(missing_ok=True)
    (run / name).symlink_to(target)
    for act in (lambda: undo(root), lambda: Journal(root).write(root / "b.nfo", b"b")):
        with contextlib.suppress(GenreelError):
            act()
    assert not target.exists()


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_folder_of_runs_holds_folders(tmp_path: Path, kind: str) -> None:
    root = tmp_path / "library"
    (root / FOLDER).mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    if kind == "link":
        (root / FOLDER / "000001").symlink_to(tmp_path / "elsewhere")
    else:
        os.mkfifo(root / FOLDER / "000001")
    (root / FOLDER / "²").mkdir()
    with pytest.raises(GenreelError, match="nothing to undo"):
        undo(root)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_backup_is_never_written_through_a_link(tmp_path: Path) -> None:
    root, target = tmp_path / "library", tmp_path / "target"
    run = stranger(root)
    (run / "000002.bak").symlink_to(target)
    (root / "a.nfo").write_bytes(b"before")
    Journal(root).write(root / "a.nfo", b"after")
    assert not target.exists()
    assert undo(root).restored == ["a.nfo"]
