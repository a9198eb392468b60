"""A file or a folder is written whole, or what was there stays as it was."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from genreel import files
from genreel.errors import GenreelError, InputError, one_line
from genreel.files import (
    lock,
    open_file,
    read_file,
    remove_parts,
    whole_file,
    write_folder_whole,
    write_whole,
)

posix = pytest.mark.skipif(os.name != "posix", reason="modes and links of POSIX")
FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture(params=[0o022, 0o027, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    assert os.umask(before) == request.param  # it was left as it was


def contents(folder: Path) -> dict[str, bytes]:
    """Everything under a folder, hidden or not."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_file_takes_its_place_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_bytes(b"old")
    with whole_file(path) as file:
        file.write(b"new ")
        assert path.read_bytes() == b"old"
        file.write(b"text")
    assert contents(tmp_path) == {"scores.csv": b"new text"}
    write_whole(path, b"newer")
    assert contents(tmp_path) == {"scores.csv": b"newer"}


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), GenreelError("no")])
@pytest.mark.parametrize("old", [{}, {"scores.csv": b"old"}])
def test_a_writer_that_fails_leaves_no_trace(
    tmp_path: Path, error: BaseException, old: dict[str, bytes]
) -> None:
    path = tmp_path / "scores.csv"
    for name, data in old.items():
        (tmp_path / name).write_bytes(data)
    with pytest.raises(type(error)) as caught, whole_file(path) as file:
        file.write(b"half of")
        raise error
    assert caught.value is error
    assert contents(tmp_path) == old


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_full_disk(tmp_path: Path, function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "scores.csv"
    path.write_bytes(b"old")

    def fail(*_: Any) -> None:
        raise FULL

    monkeypatch.setattr(os, function, fail)
    with pytest.raises(GenreelError) as caught:
        write_whole(path, b"new")
    assert str(caught.value) == (
        f"cannot write {path} (No space left on device); check the folder and its free space"
    )
    assert contents(tmp_path) == {"scores.csv": b"old"}


def test_an_error_without_a_number_keeps_its_words(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    torn = r"scores.csv \(the tape is torn\); check"
    with pytest.raises(GenreelError, match=torn), whole_file(path):
        raise OSError("the tape is torn")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "scores.csv"
    with pytest.raises(GenreelError) as caught:
        write_whole(path, b"new")
    assert str(caught.value) == (
        f"cannot write {path} (No such file or directory); check the folder and its free space"
    )


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "scores.csv").mkdir()
    with pytest.raises(GenreelError, match=r"cannot write .*scores.csv \("):
        write_whole(tmp_path / "scores.csv", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["scores.csv"]


@posix
def test_modes_follow_the_umask(tmp_path: Path, umask: int) -> None:
    write_whole(tmp_path / "scores.csv", b"new")
    write_folder_whole(tmp_path / "bundle", {"config.json": b"{}"})
    modes = {
        name: (tmp_path / name).stat().st_mode & 0o777
        for name in ("scores.csv", "bundle", "bundle/config.json")
    }
    assert modes == {
        "scores.csv": 0o666 & ~umask,
        "bundle": 0o777 & ~umask,
        "bundle/config.json": 0o666 & ~umask,
    }


# Folders

NEW = {"config.json": b"{}", "model.onnx": bytes(range(256))}


def placed(names: dict[str, bytes], folder: str = "bundle") -> dict[str, bytes]:
    return {str(Path(folder, name)): data for name, data in names.items()}


def test_a_folder_appears_with_all_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "down" / "bundle"
    write_folder_whole(folder, NEW)
    assert contents(folder.parent) == placed(NEW)
    assert contents(tmp_path) == placed(NEW, "deep/down/bundle")


@pytest.mark.parametrize("swapping", [True, False])
def test_a_folder_replaces_the_older_one_whole(
    tmp_path: Path, swapping: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not swapping:
        monkeypatch.setattr(files, "_swap", lambda one, other: False)
    folder = tmp_path / "bundle"
    write_folder_whole(folder, {"config.json": b"old", "left-over": b"old"})
    write_folder_whole(folder, NEW)
    assert contents(tmp_path) == placed(NEW)
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


class Torn(dict[str, bytes]):
    """Files of which the last cannot be had."""

    def items(self) -> Any:
        yield "config.json", b"{}"
        raise KeyboardInterrupt


@pytest.mark.parametrize("old", [{}, {"config.json": b"old"}])
def test_a_folder_that_fails_leaves_no_trace(tmp_path: Path, old: dict[str, bytes]) -> None:
    folder = tmp_path / "bundle"
    if old:
        write_folder_whole(folder, old)
    with pytest.raises(KeyboardInterrupt):
        write_folder_whole(folder, Torn())
    assert contents(tmp_path) == placed(old)
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"] * bool(old)


@pytest.mark.parametrize("failing", [1, 2])
def test_a_folder_that_cannot_take_its_place(
    tmp_path: Path, failing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bundle"
    write_folder_whole(folder, {"config.json": b"old"})
    monkeypatch.setattr(files, "_swap", lambda one, other: False)  # as on some disks
    rename, calls = Path.rename, []

    def fail_once(path: Path, target: Path) -> Path:
        calls.append(path)
        if len(calls) == failing:
            raise FULL
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail_once)
    with pytest.raises(GenreelError) as caught:
        write_folder_whole(folder, NEW)
    assert str(caught.value) == (
        f"cannot write {folder} (No space left on device); check the folder and its free space"
    )
    assert contents(tmp_path) == placed({"config.json": b"old"})
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "bundle"
    path.write_bytes(b"mine")
    with pytest.raises(GenreelError) as caught:
        write_folder_whole(path, NEW)
    assert str(caught.value) == f"cannot write {path}: a file is there; give another path"
    with pytest.raises(GenreelError, match=r"check the folder"):
        write_folder_whole(path / "inside", NEW)
    assert contents(tmp_path) == {"bundle": b"mine"}


@posix
def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    write_folder_whole(tmp_path / "v1", {"config.json": b"old"})
    (tmp_path / "latest").symlink_to("v1")
    write_folder_whole(tmp_path / "latest", NEW)
    assert (tmp_path / "latest").is_symlink()
    assert contents(tmp_path / "v1") == NEW
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest", "v1"]


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="extended attributes of Linux")
def test_attributes_and_links_stay(tmp_path: Path) -> None:
    path, link = tmp_path / "a", tmp_path / "b"
    path.write_bytes(b"old")
    link.symlink_to(path)
    try:
        os.setxattr(path, "user.colour", b"red")
    except OSError:
        pytest.skip("this disk has no extended attributes")
    write_whole(link, b"new")
    assert link.is_symlink() and path.read_bytes() == b"new"
    assert os.getxattr(path, "user.colour") == b"red"


# Files that are known before they are opened


def test_a_regular_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"12345")
    (tmp_path / "link.txt").symlink_to(path)
    assert read_file(path, 5) == read_file(tmp_path / "link.txt", 5, tmp_path) == b"12345"
    with pytest.raises(InputError, match=r"a\.txt: more than 4 bytes"):
        read_file(path, 4)


@posix
def test_nothing_else_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(2**40)
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "zero", "sparse", "folder"):
        with pytest.raises(InputError, match=name):
            read_file(tmp_path / name, 1000)
    (tmp_path / "folder" / "a").symlink_to(tmp_path / "pipe")
    with pytest.raises(InputError, match="leads out of"):
        read_file(tmp_path / "folder" / "a", 1000, tmp_path / "folder")


@posix
def test_one_holds_a_file(tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as first, (tmp_path / "a").open("ab") as second:
        assert lock(first)
        assert not lock(second)
        first.close()
        assert lock(second)


def test_a_name_is_printed_on_one_line() -> None:
    name = "a\n\x1b[31m\u202egpj\udcff 映画\xa0.jpg"
    assert one_line(name) == r"a\n\x1b[31m\u202egpj\xff 映画" + "\xa0.jpg"
    assert str(GenreelError(f"{name}: no")) == r"a \x1b[31m\u202egpj\xff 映画 .jpg: no"


@pytest.mark.parametrize("size", [232, 233, 241, 255])
@pytest.mark.parametrize("letter", ["a", "é"])
def test_names_as_long_as_a_disk_holds(tmp_path: Path, size: int, letter: str) -> None:
    width = len(letter.encode())
    name = letter * (size // width) + "x" * (size % width)
    write_whole(tmp_path / name, b"one")
    write_whole(tmp_path / name, b"two")
    write_folder_whole(tmp_path / "f" / name, {"a": b"1"})
    write_folder_whole(tmp_path / "f" / name, {"a": b"2"})
    assert (tmp_path / name).read_bytes() == b"two"
    assert (tmp_path / "f" / name / "a").read_bytes() == b"2"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "f"])


def test_parts_of_a_long_name_are_removed(tmp_path: Path) -> None:
    name = "é" * 127
    with pytest.raises(KeyboardInterrupt), whole_file(tmp_path / name):
        [part] = tmp_path.iterdir()
        kept = part.read_bytes()
        raise KeyboardInterrupt
    part.write_bytes(kept)  # as a killed writer leaves it
    remove_parts(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "link to a pipe"])
def test_what_is_no_regular_file_is_not_opened(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path = Path("/dev/zero")
    else:
        os.mkfifo(tmp_path / "b")
        path.symlink_to(tmp_path / "b")
    with pytest.raises(InputError, match="is no regular file"):
        open_file(path)
    with pytest.raises(InputError, match="is no regular file"):
        read_file(path, 10)
