"""Who runs: every process writes a line of its own, again and again; one that stopped doing so is gone. And on what."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from alembic.runtime.migration import MigrationContext
from sqlalchemy import delete, insert, select, update

from models.db.base import Shelf
from models.db.tables import ProcessRow, ShapeRow
from models.presence import GONE_AFTER, Process, Server, Standbys

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

PROCESS = ProcessRow.__table__  # type: ignore[attr-defined]
SHAPE = ShapeRow.__table__  # type: ignore[attr-defined]
_KEEPS = ("fsync", "full_page_writes")  # `synchronous_commit` we switch on ourselves
_ASKED = (
    *(*_KEEPS, "server_version", "max_connections", "superuser_reserved_connections"),
    *("synchronous_standby_names", "synchronous_commit"),
)
_FOLLOWING = "SELECT count(*) FROM pg_stat_replication"  # whoever asks sees the lines, if not what they say
_WAITING = (
    "SELECT count(*), coalesce(extract(epoch FROM max(clock_timestamp() - state_change)), 0) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event = 'SyncRep'"
)
_FORGOTTEN_AFTER = timedelta(days=1)


class Presences(Shelf):
    """The processes of this installation."""

    def present(self, process: Process) -> datetime | None:
        """Write that a process runs, as of its `seen_at`; returns the time by a clock that all machines share, if there is one."""
        seen = update(PROCESS).where(PROCESS.c.id == process.id).values(seen_at=process.seen_at)
        with self.write() as connection:
            if connection.execute(seen).rowcount:
                return _shared_time(connection)
            names = ("id", "role", "host", "pid", "version", "shape", "started_at", "seen_at")
            connection.execute(insert(PROCESS).values({name: getattr(process, name) for name in names}))
            connection.execute(delete(PROCESS).where(PROCESS.c.seen_at < process.seen_at - _FORGOTTEN_AFTER))
            return _shared_time(connection)

    def end_presence(self, process_id: str) -> None:
        """Write that a process has ended; one that is not there has done so before."""
        with self.write() as connection:
            connection.execute(delete(PROCESS).where(PROCESS.c.id == process_id))

    def processes(self, now: datetime) -> tuple[Process, ...]:
        """Those that run, by role and start."""
        with self.read() as connection:
            return processes_in(connection, now)

    def shared_time(self) -> datetime | None:
        """The time by a clock that all machines share, if there is one; asks for no table.

        Raises:
            StoreUnavailable: The database does not answer.
        """
        if self.is_sqlite:  # not even connected: that would make a file where there is none
            return None
        with self.read() as connection:
            return _now(connection)

    def secret_mark(self) -> str:
        """What is known of the secret that this database's letters are signed with; empty before the first start."""
        with self.read() as connection:
            return str(connection.execute(select(SHAPE.c.secret_mark)).scalar_one())

    def claim_secret_mark(self, mark: str, *, anew: bool = False) -> str:
        """Note that letters are signed with this secret, unless another is noted; returns the mark that stands. `anew`: in any case."""
        free = SHAPE.c.secret_mark == ""
        with self.write() as connection:
            claim = update(SHAPE).values(secret_mark=mark)
            connection.execute(claim if anew else claim.where(free))
            return str(connection.execute(select(SHAPE.c.secret_mark)).scalar_one())

    def server(self) -> Server:
        """The database itself."""
        with self.read() as connection:
            shape = MigrationContext.configure(connection).get_current_revision() or ""
            if connection.dialect.name == "sqlite":
                version = connection.exec_driver_sql("SELECT sqlite_version()").scalar_one()
                engine = f"SQLite {version}"
                return Server(engine=engine, shape=shape, now=None, unsafe=(), most_connections=0)
            said = {name: str(connection.exec_driver_sql(f"SHOW {name}").scalar_one()) for name in _ASKED}
            unsafe = tuple(f"{name} is off" for name in _KEEPS if said[name] == "off")
            engine = f"PostgreSQL {said['server_version'].partition(' ')[0]}"
            most = int(said["max_connections"]) - int(said["superuser_reserved_connections"])
            waiting, waiting_s = connection.exec_driver_sql(_WAITING).one()
            standbys = Standbys(
                named=said["synchronous_standby_names"],
                is_waited_for=said["synchronous_commit"] not in {"off", "local"},
                following=connection.exec_driver_sql(_FOLLOWING).scalar_one(),
                waiting=waiting,
                waiting_s=float(waiting_s),
            )
            return Server(
                engine=engine,
                shape=shape,
                now=_now(connection),
                unsafe=unsafe,
                most_connections=most,
                standbys=standbys,
            )


def _shared_time(connection: Connection) -> datetime | None:
    return None if connection.dialect.name == "sqlite" else _now(connection)


def _now(connection: Connection) -> datetime:
    """PostgreSQL's own clock; SQLite has this machine's."""
    now: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    return now


def processes_in(connection: Connection, now: datetime) -> tuple[Process, ...]:
    """Those that run."""
    running = select(PROCESS).where(PROCESS.c.seen_at > now - GONE_AFTER).order_by(PROCESS.c.role, PROCESS.c.started_at)
    return tuple(Process(**row) for row in connection.execute(running).mappings())
