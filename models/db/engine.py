"""Engines: SQLite (WAL, synchronous=FULL) or PostgreSQL, and transactions whose failures are our own errors.

Promises: a transaction either commits whole or leaves no trace; on SQLite a writing transaction takes the lock at its
start, so that it never fails half-way for having read first.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, cast

import psycopg
from sqlalchemy import create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from models.errors import ConfigError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg import Connection as PgConnection
    from sqlalchemy.engine import URL, Connection, Engine

_BUSY_MS = 10_000
# 16 MB: pages of the indexes that every mail changes go from the log into the file once for thousands of mails.
_PAGES_BETWEEN_CHECKPOINTS = 4000
# A machine that dies holds its locks no longer than this; what it did not commit is undone.
_SILENT_S, _UNANSWERED_MS, _IDLE_WITH_LOCKS = 30, 30_000, "60s"
_WAITS_FOR_CONNECTION_S = 10.0
_TOO_MUCH = "54"  # PostgreSQL's class for what breaks a limit of the program: it would at every try
_MEND_URL = "write postgresql+psycopg://user:password@host/name, or leave it empty for SQLite in the data folder"
# States of PostgreSQL that pass or that an operator mends: a standby that was taken for the primary, a transaction that
# sat idle for too long, damaged files. Its driver takes them for mistakes of ours.
_NOT_OURS = frozenset({"25006", "25P03", "XX001", "XX002"})
# SQLite's own words for a file that no waiting will mend.
_BROKEN = ("not a database", "malformed")


_POSTGRESQL: dict[str, Any] = {
    "connect_timeout": 5,
    "application_name": "uketsuke",
    "target_session_attrs": "read-write",
    "keepalives_idle": _SILENT_S,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": _UNANSWERED_MS,
}


class BrokenDatabase(StoreUnavailable, ConfigError):
    """The database file is damaged or none at all: senders hear 451 and keep their mail, a command ends with exit 2."""

    temporary = True


def make_engine(url: str, *, connections: int = 5) -> Engine:
    """The engine of a database URL; connects on first use.

    Args:
        url: SQLAlchemy's; several hosts of PostgreSQL are tried in order for the one that takes writes.
        connections: The most that are open at once, besides those that wait for wake-ups; SQLite does not ask.

    Raises:
        ConfigError: The URL is not readable, or of a database that we do not know. It is never quoted: it may hold a password.
    """
    read = _read_url(url)
    try:
        # Parameters may hold a mail: no error of a statement quotes them, wherever it is logged.
        engine = create_engine(read, hide_parameters=True, **_arguments(read, connections))
    except (ArgumentError, ImportError):  # a dialect or a driver that is not there
        raise ConfigError(f"UKETSUKE_DATABASE_URL: no driver for {read.drivername}; {_MEND_URL}") from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_sqlite_connect)
        event.listen(engine, "begin", _on_sqlite_begin)
    else:
        event.listen(engine, "connect", _on_postgresql_connect)
    return engine


def _arguments(read: URL, connections: int) -> dict[str, Any]:
    if read.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": _BUSY_MS / 1000}}
    return {
        "pool_size": connections,
        "max_overflow": 0,
        "pool_timeout": _WAITS_FOR_CONNECTION_S,
        "pool_pre_ping": True,  # after a restart or a failover the next transaction has a connection that works
        "pool_use_lifo": True,  # what is needed at peaks only goes idle
        "connect_args": {
            **_POSTGRESQL,
            **{name: value for name, value in read.query.items() if name in _POSTGRESQL},
            "client_encoding": "utf8",  # whatever environment, URL or server would rather have
        },
    }


def _read_url(url: str) -> URL:
    try:
        read = make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigError(f"UKETSUKE_DATABASE_URL: not readable as a URL; {_MEND_URL}") from None
    if read.get_backend_name() not in {"sqlite", "postgresql"}:
        raise ConfigError(f"UKETSUKE_DATABASE_URL: uketsuke does not know {read.get_backend_name()}; {_MEND_URL}")
    return read


def _on_postgresql_connect(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own type
    """A 250 means that the mail is on disk, whatever this database's default is; and it must hold every text.

    Raises:
        ConfigError: The database is of another encoding than UTF-8.
    """
    encoding = connection.info.parameter_status("server_encoding")
    if encoding not in {"UTF8", None}:  # a proxy need not say
        connection.close()
        mend = "make another with ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0"
        raise ConfigError(f"UKETSUKE_DATABASE_URL: the database's encoding is {encoding}, not UTF8; {mend}")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SET idle_in_transaction_session_timeout = '{_IDLE_WITH_LOCKS}';"
            " SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
    connection.commit()


def _on_sqlite_connect(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own type
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_MS}",
        f"wal_autocheckpoint={_PAGES_BETWEEN_CHECKPOINTS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_sqlite_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def transaction(engine: Engine, *, writes: bool) -> Iterator[Connection]:
    """One transaction.

    Raises:
        StoreUnavailable: Full disk, locked or unreachable database; nothing was written.
        BrokenDatabase: The file is damaged, or no database.
    """
    try:
        with engine.connect() as connection, connection.execution_options(writes=writes).begin():
            yield connection
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        if str(getattr(getattr(error, "orig", None), "sqlstate", "")).startswith(_TOO_MUCH):
            raise
        raise _unavailable(_first_line(error)) from error
    except DBAPIError as error:
        is_theirs = str(getattr(error.orig, "sqlstate", "")) in _NOT_OURS
        if error.connection_invalidated or type(error) is DatabaseError or is_theirs:
            raise _unavailable(_first_line(error)) from error
        raise


@contextmanager
def sqlite_cursor(engine: Engine) -> Iterator[sqlite3.Cursor]:
    """The driver's own cursor on SQLite: every statement is a transaction. For the door, where SQLAlchemy costs more than an insert.

    Raises:
        StoreUnavailable: As with `transaction`.
        BrokenDatabase: As with `transaction`.
    """
    with sqlite_failures(), closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
        yield cast("sqlite3.Cursor", cursor)


@contextmanager
def sqlite_failures() -> Iterator[None]:
    """The driver's failures within become our own errors.

    Raises:
        StoreUnavailable: As with `transaction`.
        BrokenDatabase: As with `transaction`.
    """
    try:
        yield
    except (DBAPIError, PoolTimeout, sqlite3.Error) as error:
        cause = getattr(error, "orig", None) or error
        if isinstance(cause, (sqlite3.OperationalError, PoolTimeout)) or type(cause) is sqlite3.DatabaseError:
            raise _unavailable(_first_line(cause)) from error
        raise


def driver_connection(engine: Engine) -> PgConnection:
    """A connection to PostgreSQL of its own, outside of the pool; each statement is a transaction.

    Raises:
        DBAPIError: The database cannot be reached.
        PoolTimeout: As above.
    """
    proxy = engine.raw_connection()
    connection = cast("PgConnection", proxy.driver_connection)
    proxy.detach()
    connection.autocommit = True
    return connection


@contextmanager
def driver_failures() -> Iterator[None]:
    """PostgreSQL's failures within, as its driver raises them, become our own errors.

    Raises:
        StoreUnavailable: As with `transaction`.
    """
    try:
        yield
    except (psycopg.Error, DBAPIError, PoolTimeout) as error:
        cause = getattr(error, "orig", None) or error
        state = str(getattr(cause, "sqlstate", None) or "")
        is_theirs = isinstance(cause, (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout))
        if (is_theirs and not state.startswith(_TOO_MUCH)) or state in _NOT_OURS:
            raise _unavailable(_first_line(cause)) from error
        raise


def _unavailable(said: str) -> StoreUnavailable:
    """The driver's words as our error, with the mend where we know one."""
    if any(words in said for words in _BROKEN):
        return BrokenDatabase(f"the database: {said}; put the backup in its place or move that file away")
    if "unable to open database file" in said:
        return StoreUnavailable(f"{said}; its folder must be there and writable by this user")
    return StoreUnavailable(said)


def _first_line(error: Exception) -> str:
    """The driver's own words without SQL and parameters: those may hold a mail."""
    cause = getattr(error, "orig", None) or error
    return str(cause).partition("\n")[0]
