"""A connection to PostgreSQL for the door: each statement a transaction, without a word more than that on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from models.db.engine import driver_connection, driver_failures

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from psycopg import Connection, Cursor
    from sqlalchemy.engine import Engine

Found = TypeVar("Found")


class Direct:
    """One connection, opened at first use and anew after a failure. One thread's own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def run(self, work: Callable[[Cursor[Any]], Found]) -> Found:
        """Do what is safe to be done twice: it is tried again, once, where the connection had died in the meantime.

        Raises:
            StoreUnavailable: It was not done, or nobody can know. Temporary.
        """
        with driver_failures():
            was_open = self._connection is not None
            try:
                return self._once(work)
            except Exception:
                is_dead = self._connection is None or self._connection.broken
                self.close()
                if not (was_open and is_dead):
                    raise
            return self._once(work)

    def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _once(self, work: Callable[[Cursor[Any]], Found]) -> Found:
        if self._connection is None:
            self._connection = driver_connection(self._engine)
        with self._connection.cursor() as cursor:
            return work(cursor)
