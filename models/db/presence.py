"""Who runs: every process writes a line of its own, again and again; one that stopped doing so is gone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from models.db.base import Shelf
from models.db.tables import ProcessRow
from models.presence import GONE_AFTER, Process

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

PROCESS = ProcessRow.__table__  # type: ignore[attr-defined]
_FORGOTTEN_AFTER = timedelta(days=1)


class Presences(Shelf):
    """The processes of this installation."""

    def present(self, process: Process) -> None:
        """Write that a process runs, as of its `seen_at`."""
        seen = update(PROCESS).where(PROCESS.c.id == process.id).values(seen_at=process.seen_at)
        with self.write() as connection:
            if connection.execute(seen).rowcount:
                return
            names = ("id", "role", "host", "pid", "version", "shape", "started_at", "seen_at")
            connection.execute(insert(PROCESS).values({name: getattr(process, name) for name in names}))
            connection.execute(delete(PROCESS).where(PROCESS.c.seen_at < process.seen_at - _FORGOTTEN_AFTER))

    def end_presence(self, process_id: str) -> None:
        """Write that a process has ended; one that is not there has done so before."""
        with self.write() as connection:
            connection.execute(delete(PROCESS).where(PROCESS.c.id == process_id))

    def processes(self, now: datetime) -> tuple[Process, ...]:
        """Those that run, by role and start."""
        with self.read() as connection:
            return processes_in(connection, now)


def processes_in(connection: Connection, now: datetime) -> tuple[Process, ...]:
    """Those that run."""
    running = select(PROCESS).where(PROCESS.c.seen_at > now - GONE_AFTER).order_by(PROCESS.c.role, PROCESS.c.started_at)
    return tuple(Process(**row) for row in connection.execute(running).mappings())
