"""TOML from anybody is tables or one line, in a time in proportion."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from genreel.errors import InputError
from genreel.toml import MAX_BYTES, MAX_DOTS, parse_toml, read_toml


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"a = [", "not valid TOML"),
        (b"\xff", "not valid TOML"),
        (b"a = " + b"9" * 5_000, "not valid TOML"),
        (b"a = " + b"[" * 100_000, "nested too deeply; mend it"),
        (b"a." * 50_000 + b"a = 1", f"a line of over {MAX_DOTS} dots; shorten it"),
        (b"[" + b"a." * 50_000 + b"a]", f"a line of over {MAX_DOTS} dots; shorten it"),
        (b"#" * (MAX_BYTES + 1), "more than 1,048,576 bytes; shorten it"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path: Path, data: bytes, told: str) -> None:
    path = tmp_path / "recipe.toml"
    path.write_bytes(data)
    with pytest.raises(InputError, match=told) as error:
        read_toml(path)
    assert "\n" not in str(error.value) and len(str(error.value)) < 200


def test_a_pipe_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "recipe.toml")
    with pytest.raises(InputError, match="is no regular file; replace it"):
        read_toml(tmp_path / "recipe.toml")


def test_dotted_keys_take_a_time_in_proportion() -> None:
    def seconds(lines: int) -> float:
        text = "".join("a." * (MAX_DOTS - 1) + f"b{k}.c = 1\n" for k in range(lines))
        start = time.process_time()
        parse_toml(text)
        return time.process_time() - start

    seconds(10)
    assert seconds(200) < 0.1 + 20 * seconds(20)
