"""A case: a name that tells what was done, and the files it consists of."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Case:
    """One hostile input.

    Attributes:
        name: what was done, in a few words.
        files: name → bytes.
    """

    name: str
    files: Mapping[str, bytes]

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Its files on disk, for as long as they are needed."""
        with tempfile.TemporaryDirectory(prefix="genreel-hostile-") as name:
            self.save(Path(name))
            yield Path(name)

    def save(self, folder: Path) -> None:
        """Writes its files into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in self.files.items():
            (folder / name).write_bytes(data)


Attack = tuple[str, Callable[[], bytes]]
"""A case written by hand: its name, and what makes its bytes."""
