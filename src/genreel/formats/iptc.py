"""IPTC keywords inside a JPEG poster, through exiftool where that program is installed.

No well-kept Python library of a permissive licence writes them; exiftool does, is under Perl's
Artistic licence, and runs as a program of its own.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable

from genreel.errors import GenreelError

SUFFIXES = (".jpg", ".jpeg", ".jfif", ".jpe")
"""Posters that can hold IPTC keywords where other programs look for them."""

_SECONDS = 60  # for one picture


def find_exiftool() -> str:
    """Its path; GenreelError where it is not installed."""
    program = shutil.which("exiftool")
    if program is None:
        raise GenreelError(
            "exiftool is not installed; install it (Debian: apt install libimage-exiftool-perl) "
            "or go without --iptc: sidecars need none"
        )
    return program


def write_iptc(data: bytes, old: Iterable[str], new: Iterable[str]) -> bytes:
    """A JPEG with other keywords; its pixels and all other metadata as they were.

    Args:
        data: the file.
        old: keywords that are taken away.
        new: keywords that are there afterwards, each once.

    Raises:
        GenreelError: exiftool is not installed, or cannot write this file.
    """
    # Taken away and put there again, a keyword is there once.
    edits = [f"-IPTC:Keywords-={name}" for name in (*old, *new)]
    edits += [f"-IPTC:Keywords+={name}" for name in new]
    argv = [find_exiftool(), "-q", "-m", "-charset", "UTF8", *edits, "-o", "-", "-"]
    try:
        # No shell: a name is one argument, whatever it holds.
        run = subprocess.run(argv, input=data, capture_output=True, timeout=_SECONDS)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GenreelError(f"exiftool failed ({error}); go without --iptc") from None
    if run.returncode or not run.stdout:
        lines = run.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
        raise GenreelError(
            f"exiftool cannot write its keywords ({lines[0][:200]}); mend the poster"
        )
    return run.stdout
