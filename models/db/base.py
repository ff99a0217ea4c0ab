"""What every part of the store shares: the engine and its transactions."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING

from sqlalchemy import literal_column

from models.db.bell import Bell, Ear, noted
from models.db.engine import make_engine, sqlite_cursor, transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from enum import StrEnum

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection, Engine

    from models.db.bell import Topic

# The writing transaction that this thread is in, and whose it is.
_JOINED: ContextVar[tuple[Engine, Connection] | None] = ContextVar("joined", default=None)


def any_of(column: ColumnElement[str], names: Iterable[StrEnum]) -> ColumnElement[bool]:
    """Is the column one of these? As a part of a statement that is written once: they are no parameters, which cost at each use."""
    return column.in_([literal_column(f"'{name.value}'") for name in sorted(names)])


class Shelf:
    """One part of the store."""

    def __init__(self, url: str, *, connections: int = 5) -> None:
        self._engine = make_engine(url, connections=connections)
        self._bell = Bell(self._engine)

    def write(self) -> AbstractContextManager[Connection]:
        """One writing transaction; within `together` its own. Whoever waits for what it brought hears of it afterwards."""
        return self._joined() or self._writing()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with transaction(self._engine, writes=True) as connection:
            noted(connection)  # of a transaction that failed on this connection
            yield connection
            topics = noted(connection)
        self._bell.ring(topics)

    def read(self) -> AbstractContextManager[Connection]:
        """One reading transaction; within `together` its own."""
        return self._joined() or transaction(self._engine, writes=False)

    @contextmanager
    def read_skewed(self) -> Iterator[Connection]:
        """One reading transaction whose statements PostgreSQL plans for the values that they ask for, each time.

        For lists by state and the like: nearly all tickets are closed, so that a plan for a mean value reads whole tables.
        """
        with self.read() as connection:
            if not self.is_sqlite:
                connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_custom_plan")
            yield connection

    @contextmanager
    def together(self) -> Iterator[Connection]:
        """One writing transaction, which the store's methods that are called within it join: all of it or nothing."""
        with self.write() as connection:
            token = _JOINED.set((self._engine, connection))
            try:
                yield connection
            finally:
                _JOINED.reset(token)

    def _joined(self) -> AbstractContextManager[Connection] | None:
        joined = _JOINED.get()
        return nullcontext(joined[1]) if joined and joined[0] is self._engine else None

    @property
    def is_sqlite(self) -> bool:
        """Is it SQLite, whose driver `sqlite_cursor` gives?"""
        return self._engine.dialect.name == "sqlite"

    def sqlite_cursor(self) -> AbstractContextManager[sqlite3.Cursor]:
        """SQLite without SQLAlchemy: every statement is a transaction of its own."""
        return sqlite_cursor(self._engine)

    def ear(self, *topics: Topic) -> Ear:
        """What a loop of one thread waits with between two looks at the database; close it at the end."""
        return Ear(self._engine, *topics)

    def close(self) -> None:
        """Let go of the connections."""
        self._bell.close()
        self._engine.dispose()
