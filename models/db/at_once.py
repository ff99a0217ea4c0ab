"""A connection to SQLite for commits that wait for nobody: what cannot be done within milliseconds is not begun.

For the door, which commits in its event loop: handing a group to a thread and hearing of it again costs more than the
commit, because both threads want the interpreter at the same moment.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, cast

from models.db.accept import accept_with_driver
from models.db.engine import sqlite_failures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Engine
    from sqlalchemy.pool import PoolProxiedConnection

    from models.db.accept import Row

_PATIENCE_MS = 5  # for another process that is writing
_PRIMARY = 0xFF  # of SQLite's extended result codes


class AtOnce:
    """One connection, opened at first use and anew after any failure."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._proxy: PoolProxiedConnection | None = None

    def accept(self, rows: Sequence[Row]) -> bool:
        """Store all rows in one commit; False if another process is writing: nothing was stored.

        Raises:
            StoreUnavailable: Nothing was stored. Temporary.
        """
        with sqlite_failures():
            try:
                accept_with_driver(self._cursor(), rows)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & _PRIMARY == sqlite3.SQLITE_BUSY:
                    return False
                self.close()
                raise
            except BaseException:
                self.close()
                raise
        return True

    def close(self) -> None:
        """Let go of the connection."""
        proxy, self._proxy = self._proxy, None
        if proxy is not None:
            proxy.close()

    def _cursor(self) -> sqlite3.Cursor:
        if self._proxy is None:
            self._proxy = self._engine.raw_connection()
            self._proxy.detach()  # the pool would look after its timeout
            self._proxy.cursor().execute(f"PRAGMA busy_timeout={_PATIENCE_MS}")
        return cast("sqlite3.Cursor", self._proxy.cursor())
