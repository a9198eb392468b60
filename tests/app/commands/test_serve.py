"""genreel serve, as long as it does not serve."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import Run, one_line

from genreel.app import doctor
from genreel.app.commands.sensing import serving_senses
from genreel.app.commands.shared import store_of
from genreel.errors import MissingExtra


@pytest.fixture
def port(socket_enabled: None) -> Iterator[int]:
    """A port that another program has."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_a_port_that_is_taken(run: Run, port: int, tmp_path: Path) -> None:
    store = tmp_path / "films.db"
    ran = run("serve", "--port", port, "--store", store)
    assert (ran.code, ran.out) == (1, "")
    line = one_line(ran.err)
    assert line.startswith(f"genreel: cannot listen on 127.0.0.1 port {port} (Address already in")
    assert line.endswith("stop what does, or choose another --port or --host")
    assert not store.exists()


def test_a_host_of_another_machine(run: Run, socket_enabled: None) -> None:
    ran = run("serve", "--host", "192.0.2.1", "--token", "t")
    assert (ran.code, ran.out) == (1, "")
    assert one_line(ran.err).startswith("genreel: cannot listen on 192.0.2.1 port 8750 (")


def test_a_store_in_no_folder(run: Run, socket_enabled: None, tmp_path: Path) -> None:
    folder = tmp_path / "nowhere"
    ran = run("serve", "--port", 0, "--store", folder / "films.db")
    assert (ran.code, ran.out) == (1, "")
    assert one_line(ran.err).startswith(f"genreel: no folder {folder} for the store; make it")
    assert not folder.exists()


def test_the_store_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GENREEL_STORE", raising=False)
    assert store_of(None) == "films.db"
    monkeypatch.setenv("GENREEL_STORE", "postgresql://ann:secret@host/films")
    assert store_of(None) == "postgresql://ann:secret@host/films"
    assert store_of("other.db") == "other.db"


@pytest.mark.parametrize(
    ("films", "read", "lacks", "is_read"),
    [
        (None, None, [], True),
        (None, None, ["rapidocr"], False),
        (None, False, [], False),
        (None, True, [], True),
        (Path("films.db"), None, [], True),
    ],
)
def test_posters_are_read_where_the_extra_is_installed(
    films: Path | None,
    read: bool | None,
    lacks: list[str],
    is_read: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor, "missing", lambda extra: lacks)
    assert serving_senses(films, read, None).needs_reading == is_read


@pytest.mark.parametrize(("films", "read"), [(Path("films.db"), None), (None, True)])
def test_who_asks_for_reading_is_told_what_is_missing(
    films: Path | None, read: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "missing", lambda extra: ["rapidocr"])
    with pytest.raises(MissingExtra, match="rapidocr"):
        serving_senses(films, read, None)


def test_an_index_needs_posters_that_are_read(run: Run) -> None:
    ran = run("serve", "--films", "films.db", "--no-read")
    assert ran.code == 2
    assert "--no-read does not go with --films" in one_line(ran.err)


def test_what_is_announced_answers(socket_enabled: None, tmp_path: Path) -> None:
    """Also where the port is any that is free, and the store is named by the environment."""
    command = [sys.executable, "-m", "genreel.app.cli", "serve", "--port", "0"]
    environment = {**os.environ, "GENREEL_STORE": f"sqlite:///{tmp_path / 'films.db'}"}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env=environment, text=True)
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        assert line.startswith(f"films of sqlite:///{tmp_path / 'films.db'} on http://127.0.0.1:")
        address = line.split()[4]
        with urllib.request.urlopen(f"{address}health/ready", timeout=10) as answer:
            assert answer.status == 200
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        rest = process.stderr.read()
        process.stderr.close()
    assert rest == ""
