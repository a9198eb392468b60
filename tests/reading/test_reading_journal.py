"""The journal of what was read, in a folder that may be somebody else's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from genreel.errors import GenreelError
from genreel.lettering import Lettering, Line
from genreel.reading.journal import Journal

LETTERING = Lettering((Line("Quince", 0.9, 0.1, 0.1, 0.5, 0.1),))
LINES = (
    '{"id": [], "size": {}, "time": 1, "lettering": "[]"}',
    '{"id": "a", "size": 3, "time": "x", "lettering": 7}',
    '{"id": "a", "lettering": "["}',
    "[" * 100_000,
    '{"id": "a\\ud800", "size": ' + "9" * 5_000 + "}",
    "\x00\xff",
)


def test_whatever_it_holds_it_goes_on(tmp_path: Path) -> None:
    poster = tmp_path / "a.jpg"
    poster.write_bytes(b"abc")
    path = tmp_path / ".movies.csv.lettering.jsonl"
    path.write_text("\n".join(LINES))
    journal = Journal(tmp_path / "movies.csv")
    assert journal.find("a", poster) is None
    journal.add("a", poster, LETTERING)
    journal.close(is_done=False)
    assert Journal(tmp_path / "movies.csv").find("a", poster) == LETTERING


@pytest.mark.parametrize("target", ["mine.txt", "/dev/zero", "nowhere"])
def test_a_link_is_not_written_through(tmp_path: Path, target: str) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    (tmp_path / ".movies.csv.lettering.jsonl").symlink_to(tmp_path / target)
    with pytest.raises(GenreelError, match="is a link; remove it"):
        Journal(tmp_path / "movies.csv")
    assert mine.read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


def test_a_pipe_is_one_line(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".movies.csv.lettering.jsonl")
    with pytest.raises(GenreelError, match="is no regular file; replace it"):
        Journal(tmp_path / "movies.csv")
