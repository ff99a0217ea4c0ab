"""A group of mails on its way to PostgreSQL, for the door's event loop: sent and heard of without a thread and a wait.

Handing a group to a thread and hearing of it again costs more than the statement, because both threads want the interpreter
at the same moment; so the statement is spoken by libpq's own calls for programs that wait for many things, and the loop calls
`step` whenever the server's socket has something to say.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING

from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, Format

from models.db.accept import COLUMNS, INBOUND, once_of, pg_insert_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from psycopg import Connection
    from psycopg.pq.abc import PGconn, PGresult

    from models.db.accept import Row, Value

_MARK = re.compile(rb"%[bs]")
# Text goes as it is, with its length: a byte that no text may have is refused, never taken for the end.
_FORMATS = [Format.BINARY if INBOUND.c[name].type.python_type in {str, bytes} else Format.TEXT for name in COLUMNS]


class InFlight:
    """One statement under way on a connection that nobody else uses until `step` is true or has failed.

    Args:
        connection: Open and idle, each statement a transaction.
        statements: Which are prepared on it, by the number of rows.
        rows: At least one.
        on_end: Called with it once the connection is free again, stored or not.

    Raises:
        psycopg.Error: It could not be sent off.
        ValueError: A text that is no UTF-8.
    """

    def __init__(
        self, connection: Connection, statements: set[int], rows: Sequence[Row], on_end: Callable[[InFlight], None]
    ) -> None:
        self._pg: PGconn = connection.pgconn
        self.is_stored = False
        self._statements = statements
        self._on_end: Callable[[InFlight], None] | None = on_end
        ordered = once_of(rows)
        self._count = len(ordered)
        self._name = b"door_%d" % self._count
        self._values = [_octets_of(row[name]) for row in ordered for name in COLUMNS]
        self._formats = _FORMATS * self._count
        self._result: PGresult | None = None
        if self._count in statements:
            self._execute()
        else:
            self._pg.send_prepare(self._name, _numbered(self._count))
        self.has_more_to_send = self._pg.flush() != 0

    def fileno(self) -> int:
        """The server's socket."""
        return self._pg.socket

    def step(self) -> bool:
        """Go on as far as that is possible at once; is it stored?

        Raises:
            psycopg.Error: It was not stored, or nobody can know.
        """
        try:
            self.is_stored = self._go_on()
        except BaseException:
            self.abandon()
            raise
        if self.is_stored:
            self.abandon()
        return self.is_stored

    def abandon(self) -> None:
        """The connection is left to others; what has not arrived by now never does."""
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end(self)

    def _go_on(self) -> bool:
        self._pg.consume_input()
        self.has_more_to_send = self._pg.flush() != 0
        while not self._pg.is_busy():
            result = self._pg.get_result()
            if result is not None:
                self._result = result
                continue
            if self._result is None or self._result.status != ExecStatus.COMMAND_OK:
                raise error_from_result(self._result or self._pg.make_empty_result(ExecStatus.FATAL_ERROR))
            if self._count in self._statements:
                return True
            self._statements.add(self._count)
            self._execute()
            self.has_more_to_send = self._pg.flush() != 0
        return False

    def _execute(self) -> None:
        self._result = None
        self._pg.send_query_prepared(self._name, self._values, self._formats)


@lru_cache(maxsize=64)
def _numbered(rows: int) -> bytes:
    """The insert with libpq's marks, $1 and so on."""
    numbers = count(1)
    return _MARK.sub(lambda _: b"$%d" % next(numbers), pg_insert_of(rows, returning=False))


def _octets_of(value: Value) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, datetime):
        return value.isoformat().encode()
    return str(value).encode()
