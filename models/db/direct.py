"""A connection to PostgreSQL for the door: each statement a transaction, without a word more than that on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import psycopg
from psycopg.pq import TransactionStatus

from models.db.engine import driver_connection, driver_failures
from models.db.in_flight import InFlight

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from psycopg import Connection, Cursor
    from sqlalchemy.engine import Engine

    from models.db.accept import Row

Found = TypeVar("Found")


class Direct:
    """One connection, opened at first use and anew after a failure; for one user at a time, be it a thread or the loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._prepared: set[int] = set()  # what `InFlight` has prepared on it
        self._is_doubtful = False  # after a flight that failed

    def run(self, work: Callable[[Cursor[Any]], Found]) -> Found:
        """Do what is safe to be done twice: it is tried again, once, where the connection had died in the meantime.

        Raises:
            StoreUnavailable: It was not done, or nobody can know. Temporary.
        """
        if self._is_doubtful:
            self.close()
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

    def send_off(self, rows: Sequence[Row], on_end: Callable[[InFlight], None]) -> InFlight | None:
        """Begin to store mails on the open connection, without a wait; None where that cannot be begun.

        Nothing else may be done here before `on_end` is called; one that failed may be stored all the same.
        """
        if (
            self._is_doubtful
            or self._connection is None
            or self._connection.pgconn.transaction_status != TransactionStatus.IDLE
        ):
            return None

        def end(flight: InFlight) -> None:
            self._is_doubtful = not flight.is_stored
            on_end(flight)

        self._is_doubtful = True  # until it is on its way
        try:
            flight = InFlight(self._connection, self._prepared, rows, end)
        except (psycopg.Error, ValueError):
            return None
        self._is_doubtful = False
        return flight

    def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        self._prepared.clear()
        self._is_doubtful = False
        if connection is not None:
            connection.close()

    def _once(self, work: Callable[[Cursor[Any]], Found]) -> Found:
        if self._connection is None:
            self._connection = driver_connection(self._engine)
        with self._connection.cursor() as cursor:
            return work(cursor)
