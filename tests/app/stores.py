"""What the tests of the store share."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from genreel.prediction import Prediction
from genreel.vocabulary import GENRES

THRESHOLDS = dict.fromkeys(GENRES, 0.5)


def prediction(film: str = "a", **scores: float) -> Prediction:
    """Scores of 0.1 but for those given, with "_" for "-"."""
    given = {name.replace("_", "-"): score for name, score in scores.items()}
    return Prediction(film, {genre: given.get(genre, 0.1) for genre in GENRES})


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class PostgreSQL:
    """A server of the tests' own, empty and running, that can be stopped and started."""

    def __init__(self) -> None:
        programs = _server_programs()
        if programs is None:
            pytest.skip("no PostgreSQL server; install one (Debian: apt-get install postgresql)")
        command: list[str] = []
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            runuser = shutil.which("runuser")
            if runuser is None or subprocess.run(["id", "nobody"], capture_output=True).returncode:
                pytest.skip("PostgreSQL does not run as root, and there is nobody to run it")
            command = [runuser, "-u", "nobody", "--"]
        # Not below pytest's own folder, which every session of pytest closes to other users.
        self.folder = Path(tempfile.mkdtemp(prefix="genreel-postgresql-"))
        self.folder.chmod(0o777 if command else 0o700)
        self.port = free_port()
        self.url = f"postgresql://genreel@127.0.0.1:{self.port}/postgres"
        data = self.folder / "data"
        self._control = [*command, programs / "pg_ctl", "-D", data, "-w", "-t", "240"]
        self._run(*command, programs / "initdb", "-D", data, "-U", "genreel", "-A", "trust")
        self.start()

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run(*self._control, "-o", options, "-l", self.folder / "log", "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stops it: "fast" tells its clients so, "immediate" is as if it crashed."""
        self._run(*self._control, "-m", mode, "stop")

    def freeze(self) -> None:
        """Leaves its connections open and answers nothing any more."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        first = (self.folder / "data" / "postmaster.pid").read_text().split()[0]
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        for pid in (first, *children):
            os.kill(int(pid), number)

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def _run(self, *command: str | Path) -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder)


def _server_programs() -> Path | None:
    """The folder of initdb and postgres."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return versions[-1].parent if versions else None
