"""What every part of the store shares: the engine and its transactions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.db.engine import make_engine, sqlite_cursor, transaction

if TYPE_CHECKING:
    import sqlite3
    from contextlib import AbstractContextManager

    from sqlalchemy.engine import Connection


class Shelf:
    """One part of the store."""

    def __init__(self, url: str) -> None:
        self._engine = make_engine(url)

    def write(self) -> AbstractContextManager[Connection]:
        """One writing transaction."""
        return transaction(self._engine, writes=True)

    def read(self) -> AbstractContextManager[Connection]:
        """One reading transaction."""
        return transaction(self._engine, writes=False)

    @property
    def is_sqlite(self) -> bool:
        """Is it SQLite, whose driver `sqlite_cursor` gives?"""
        return self._engine.dialect.name == "sqlite"

    def sqlite_cursor(self) -> AbstractContextManager[sqlite3.Cursor]:
        """SQLite without SQLAlchemy: every statement is a transaction of its own."""
        return sqlite_cursor(self._engine)

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()
