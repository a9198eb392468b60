"""Stores to try: SQLite always, PostgreSQL where a server can be started."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from stores import THRESHOLDS, PostgreSQL

from genreel.predictor import Predictor

if TYPE_CHECKING:
    from genreel.app.store.store import Store


@pytest.fixture(scope="session")
def predictor() -> Predictor:
    """The bundle that comes along: nothing needs to be trained for a door."""
    return Predictor(threads=1)


@pytest.fixture(scope="session")
def server() -> Iterator[PostgreSQL]:
    """A PostgreSQL that lives as long as the tests; who stops it starts it again."""
    server = PostgreSQL()
    try:
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def postgresql(server: PostgreSQL) -> str:
    """Its URL."""
    return server.url


@pytest.fixture
def url_of_postgresql(socket_enabled: None, server: PostgreSQL, tmp_path: Path) -> str:
    """An empty store of PostgreSQL."""
    import pg8000.native

    name = f"t{abs(hash(str(tmp_path)))}"
    with_server = {"user": "genreel", "host": "127.0.0.1", "port": server.port}
    connection = pg8000.native.Connection(**with_server, database="postgres")
    connection.run(f"CREATE DATABASE {name}")
    connection.close()
    return server.url.replace("/postgres", f"/{name}")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'films.db'}"
    return str(request.getfixturevalue("url_of_postgresql"))


@pytest.fixture
def open_store(url: str) -> Iterator[Callable[[], Store]]:
    """Opens the same store as often as asked, as several servers do."""
    from genreel.app.store.store import Store

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
