"""Stores to try: SQLite always, PostgreSQL where a server can be started."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from stores import THRESHOLDS, free_port

from genreel.app.store import Store
from genreel.predictor import Predictor


@pytest.fixture(scope="session")
def predictor() -> Predictor:
    """The bundle that comes along: nothing needs to be trained for a door."""
    return Predictor(threads=1)


def _server_programs() -> Path | None:
    """The folder of initdb and postgres."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return versions[-1].parent if versions else None


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of an empty PostgreSQL that lives as long as the tests."""
    programs = _server_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server; install one (Debian: apt-get install postgresql)")
    # Not below pytest's own folder, which every session of pytest closes to other users.
    folder = Path(tempfile.mkdtemp(prefix="genreel-postgresql-"))
    command: list[str] = []
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        runuser = shutil.which("runuser")
        if runuser is None or subprocess.run(["id", "nobody"], capture_output=True).returncode:
            pytest.skip("PostgreSQL does not run as root, and there is nobody to run it")
        command = [runuser, "-u", "nobody", "--"]
        folder.chmod(0o777)
    port = free_port()
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder}
    data = folder / "data"
    subprocess.run(
        [*command, programs / "initdb", "-D", data, "-U", "genreel", "-A", "trust"], **quiet
    )
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    control = [*command, programs / "pg_ctl", "-D", data, "-w", "-t", "240"]
    subprocess.run([*control, "-o", options, "-l", folder / "log", "start"], **quiet)
    try:
        yield f"postgresql://genreel@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **quiet)
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty store of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'films.db'}"
        return
    request.getfixturevalue("socket_enabled")
    server: str = request.getfixturevalue("postgresql")
    import pg8000.native

    port = int(server.rpartition(":")[2].partition("/")[0])
    name = f"t{abs(hash(str(tmp_path)))}"
    with_server = {"user": "genreel", "host": "127.0.0.1", "port": port, "database": "postgres"}
    connection = pg8000.native.Connection(**with_server)
    connection.run(f"CREATE DATABASE {name}")
    connection.close()
    yield server.replace("/postgres", f"/{name}")


@pytest.fixture
def open_store(url: str) -> Iterator[Callable[[], Store]]:
    """Opens the same store as often as asked, as several servers do."""
    opened: list[Store] = []

    def open_store() -> Store:
        opened.append(Store(url, THRESHOLDS))
        return opened[-1]

    yield open_store
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    """An empty store."""
    return open_store()
