"""Kills a writer at every line of files.py in turn, and prints what it left, as JSON.

python tests/killed.py {file,folder,catalogue} FOLDER

In a program of its own, as a test's process is too large to be forked a hundred times.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from genreel import files
from genreel.catalogue import Movie
from genreel.formats.table import write_catalogue


def main(what: str, folder: Path) -> None:
    path = folder / {"file": "scores.csv", "folder": "bundle", "catalogue": "movies.csv"}[what]
    os.fsync = lambda fd: None  # the system outlives the writer
    found = []
    line = 1
    while True:
        shutil.rmtree(path, ignore_errors=True)
        path.unlink(missing_ok=True)
        write(what, path, "old")
        if not killed(lambda: write(what, path, "new"), line):
            break
        found.append(read(path))
        line += 1
    print(json.dumps({"found": found, "left": sorted(p.name for p in folder.iterdir())}))


def write(what: str, path: Path, word: str) -> None:
    if what == "file":
        files.write_whole(path, word.encode())
    elif what == "folder":
        files.write_folder_whole(path, {name: word.encode() for name in ("config", "model")})
    else:
        write_catalogue([Movie(str(number), word) for number in range(3)], path)


def read(path: Path) -> list[str]:
    """The words of a file, or of each file of a folder."""
    there = sorted(path.iterdir()) if path.is_dir() else [path]
    return [" ".join(one.read_text().split()) for one in there]


def killed(work: Callable[[], object], line: int) -> bool:
    """Whether a child that is to be killed at the nth line of files.py got so far."""
    child = os.fork()
    if child == 0:
        left = line

        def trace(frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
            nonlocal left
            if frame.f_code.co_filename != files.__file__:
                return None
            left -= event == "line"
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
