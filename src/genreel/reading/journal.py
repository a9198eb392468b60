"""What was read of a catalogue's posters so far, so that a run that was stopped goes on."""

from __future__ import annotations

import json
from pathlib import Path

from genreel.errors import GenreelError, WriteError
from genreel.files import lock, open_journal
from genreel.lettering import Lettering, parse_lettering
from genreel.tables import read_json_lines


class Journal:
    """A file of JSON lines beside a catalogue, a poster each, until the catalogue is written.

    A poster that was changed since, or a line that is damaged, counts as not read.

    Args:
        table: that the lettering will be written to.

    Raises:
        InputError: it is a link, or no regular file.
        WriteError: the file cannot be written, or another process reads for the same table.
    """

    def __init__(self, table: Path) -> None:
        self.path = table.with_name(f".{table.name}.lettering.jsonl")
        self._letterings: dict[tuple[str, ...], str] = {}
        try:
            self._file = open_journal(self.path)
            if not lock(self._file):
                self._file.close()
                raise WriteError(f"another genreel read writes {table}; wait until it has ended")
            self._file.seek(0)
            for _, record in read_json_lines(self._file):
                if isinstance(record, dict) and isinstance(text := record.get("lettering"), str):
                    names = ("id", "size", "time")
                    self._letterings[tuple(str(record.get(name)) for name in names)] = text
            self._file.write(b"\n")  # behind a line that a killed process left unfinished
        except OSError as error:
            raise _cannot_write(self.path, error) from None

    def find(self, movie_id: str, poster: Path) -> Lettering | None:
        """What was read on a movie's poster; None where it was not."""
        text = self._letterings.get((movie_id, *map(str, _state(poster))))
        try:
            return None if text is None else parse_lettering(text)
        except GenreelError:
            return None

    def add(self, movie_id: str, poster: Path, lettering: Lettering) -> None:
        """Keeps what was read; raises WriteError."""
        size, time = _state(poster)
        line = {"id": movie_id, "size": size, "time": time, "lettering": lettering.to_json()}
        try:
            self._file.write(json.dumps(line).encode() + b"\n")
            self._file.flush()
        except OSError as error:
            raise _cannot_write(self.path, error) from None

    def close(self, is_done: bool) -> None:
        """Closes the file; removes it once the catalogue holds what it says."""
        self._file.close()
        if is_done:
            self.path.unlink(missing_ok=True)


def _state(poster: Path) -> tuple[int, int]:
    """Size and time of a poster's file; zeros where there is none."""
    try:
        status = poster.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _cannot_write(path: Path, error: OSError) -> WriteError:
    return WriteError(f"cannot write {path} ({error.strerror}); check the folder and its space")
