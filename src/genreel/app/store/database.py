"""A database that keeps what it has confirmed: SQLite in a file, or PostgreSQL by URL."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from genreel.app.store.schema import migrate, settings
from genreel.errors import Conflict, MissingExtra, StoreDamaged, StoreError, StoreGone

BUSY_SECONDS = 30
"""How long a writer waits for another one, and anybody for an answer of PostgreSQL."""


class Database:
    """Transactions on a store's tables, which are made or brought up to date first.

    Args:
        url: a path, "sqlite:///films.db" or "postgresql://user:password@host/name".

    Raises:
        StoreError: it cannot be opened, or it was last opened by a newer genreel.

    Attributes:
        damage: what was once damaged, as no part of a store is to be trusted then; or None.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.damage: StoreDamaged | None = None
        self._local = threading.local()
        with self.writing() as connection:
            migrate(connection)

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the store."""
        with self._typed_errors(), self.engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that is on disk when the block has ended, or not there at all.

        One inside another, in the same thread, is part of it.
        """
        outer: sa.Connection | None = getattr(self._local, "connection", None)
        if outer is not None:
            yield outer
            return
        writing = self.engine.execution_options(writing=True)
        with self._typed_errors(), writing.begin() as connection:
            self._local.connection = connection
            try:
                yield connection
            finally:
                self._local.connection = None

    def close(self) -> None:
        """Lets go of the database."""
        self.engine.dispose()

    @contextlib.contextmanager
    def _typed_errors(self) -> Iterator[None]:
        """Turns errors of the database into those of genreel, and remembers damage."""
        try:
            with _typed_errors():
                yield
        except StoreDamaged as error:
            self.damage = error
            raise


@contextlib.contextmanager
def _typed_errors() -> Iterator[None]:
    """Turns errors of the database into those of genreel."""
    try:
        yield
    except sa.exc.IntegrityError:
        raise Conflict("somebody else did the same at the same moment; try again") from None
    except sa.exc.TimeoutError:
        raise StoreGone("the store has too much to do; try again") from None
    except TimeoutError:  # of the driver's socket
        raise StoreGone("the store failed (it does not answer); is its server there?") from None
    except sa.exc.DBAPIError as error:
        reason = _fields(error.orig).get("M", error.orig)
        if _is_damaged(error.orig):
            remedy = "put back a copy, or repair it with its database's own tools"
            raise StoreDamaged(f"the store is damaged ({reason}); {remedy}") from None
        kind = StoreGone if _is_gone(error) else StoreError
        raise kind(f"the store failed ({reason}); is its disk or server there?") from None


def _is_gone(error: sa.exc.DBAPIError) -> bool:
    """Whether it is the disk or the server, and not what was asked of it."""
    kinds = (sa.exc.OperationalError, sa.exc.InterfaceError)
    return error.connection_invalidated or isinstance(error, kinds) or _went_away(error.orig)


def _is_damaged(error: BaseException | None) -> bool:
    """Whether what is on disk is no database (any more)."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without what SQLite says more closely
    is_of_sqlite = code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return is_of_sqlite or _fields(error).get("C", "").startswith("XX")  # appendix A, too


def _went_away(error: BaseException | None) -> bool:
    """Whether PostgreSQL says that it is stopping, starting, full or has lost the connection."""
    return _fields(error).get("C", "").startswith(("08", "53", "57P", "58"))  # its appendix A


def _fields(error: BaseException | None) -> dict[str, str]:
    """What PostgreSQL says of an error, by its letters: C is a code, M a message."""
    first = error.args[0] if error and error.args else None
    return first if isinstance(first, dict) else {}


def _let_go(context: sa.engine.ExceptionContext) -> None:
    # A server that is stopped says so in its last words, which are no broken connection yet. And
    # what answers too late would be taken for the answer to what is asked next.
    error = context.original_exception
    if _went_away(error) or isinstance(error, TimeoutError):
        context.is_disconnect = True


def safe_url(url: str) -> str:
    """A store's URL as it may be shown: without a password."""
    url = re.sub(r"://.*@", lambda match: _without_password(match[0]), url, flags=re.DOTALL)
    return re.sub(r"(?i)([?&]password=)[^&]*", r"\1***", url)


def _without_password(part: str) -> str:
    name, colon, _ = part.removeprefix("://").removesuffix("@").partition(":")
    return f"://{name}{colon and ':***'}@"


def _engine(url: str) -> sa.Engine:
    name = safe_url(url)[:80]
    if "://" not in url:
        url = f"sqlite:///{url}"
    # pg8000 is the driver whose licence lets anybody ship it.
    url = url.replace("postgres://", "postgresql://", 1)
    url = url.replace("postgresql://", "postgresql+pg8000://", 1)
    try:
        address = sa.make_url(url)
        if address.get_backend_name() == "postgresql":
            if not address.username:
                raise StoreError(f"{name} names no user; write postgresql://user@host/name")
            engine = sa.create_engine(
                address,
                pool_pre_ping=True,
                pool_size=8,
                max_overflow=16,
                connect_args={"timeout": BUSY_SECONDS},
            )
            sa.event.listen(engine, "handle_error", _let_go)
            return engine
        if address.get_backend_name() != "sqlite":
            raise StoreError(f"no store at {name}; give a file, sqlite:/// or postgresql://")
        folder = Path(address.database or "").absolute().parent
        if address.database and address.database != ":memory:" and not folder.is_dir():
            raise StoreError(f"no folder {folder} for the store; make it, or correct --store")
        engine = sa.create_engine(address, connect_args={"timeout": BUSY_SECONDS})
    except (sa.exc.ArgumentError, ValueError):  # such as a port that is no number
        raise StoreError(f"{name} is no store; give a file, or postgresql://…") from None
    except ModuleNotFoundError as error:
        raise MissingExtra(str(error.name), "app") from None
    except OSError as error:
        raise StoreError(f"no store at {name} ({error.strerror}); check the path") from None
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # `_begin` says when a transaction begins, not the driver
    for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        # With WAL alone a power cut may lose the last commits; FULL keeps what was confirmed.
        connection.execute(f"PRAGMA {setting}")


def _begin(connection: sa.Connection) -> None:
    # A writer takes its lock at once: one that began by reading could not get it later.
    writing = connection.get_execution_options().get("writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def get_setting(connection: sa.Connection, name: str, default: Any) -> Any:
    """A setting of the whole store.

    Args:
        connection: a transaction.
        name: of the setting.
        default: where there is none; it has the type that the setting must have.

    Raises:
        StoreDamaged: it has another type.
    """
    query = sa.select(settings.c.value).where(settings.c.name == name)
    try:
        value = connection.execute(query).scalar_one_or_none()
    except ValueError:  # no JSON
        value = ()
    if value is None:
        return default
    if type(value) is not type(default):
        raise StoreDamaged(f"the store is damaged (setting {name!r}); put back a copy")
    return value


def set_setting(connection: sa.Connection, name: str, value: Any) -> None:
    """Keeps a setting of the whole store."""
    connection.execute(settings.delete().where(settings.c.name == name))
    connection.execute(settings.insert().values(name=name, value=value))
