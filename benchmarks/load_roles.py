"""The real role processes on one database, for the load benchmarks: listener, some workers, delivery to a sink, perhaps the desk.

Promises: no setting of the caller's environment reaches them; every wait has an end; when the block ends every process has
ended; `paused` roles take no processor time, so that several installations can take turns on one machine.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from benchmarks.entrants import ROOT, cpu_s
from benchmarks.listener import DESK
from benchmarks.processes import children_of, command_of
from models.db.engine import make_engine, transaction
from runtime.serve import role_command
from tests.support.postgres import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sqlalchemy.engine import Engine

_START_S, _END_S, _STEP_S = 90.0, 30.0, 0.02
_DONE = (
    "SELECT (SELECT count(*) FROM inbound WHERE state = 'received'),"
    " (SELECT count(*) FROM reply WHERE state = 'queued')"
)
_STATES = "SELECT state, count(*), coalesce(sum(size), 0) FROM inbound GROUP BY state"


@dataclass(slots=True, kw_only=True)
class Roles:
    """Running roles. `port` is the listener's."""

    name: str
    url: str
    folder: Path
    port: int
    desk_port: int
    processes: dict[str, subprocess.Popen[bytes]]
    server_pid: int | None  # of a PostgreSQL of our own
    engine: Engine
    environ: Mapping[str, str]
    sent: int = 0  # mails so far: the next one's number
    _read: dict[str, int] = field(default_factory=dict)  # how much of each log was read

    @property
    def worker_pids(self) -> list[int]:
        return [one.pid for name, one in self.processes.items() if name.startswith("worker")]

    def signal(self, number: signal.Signals, *, but: str = "-") -> None:
        """SIGSTOP and SIGCONT for every process whose name does not begin with `but`."""
        for name, process in self.processes.items():
            if not name.startswith(but):
                process.send_signal(number)

    def replace(self, name: str) -> None:
        """End a role by kill -9 and start another in its place, as a supervisor would; its log begins anew."""
        self.processes[name].kill()
        self.processes[name].wait(_END_S)
        self._read.pop(f"{name}.log", None)
        _start(name, list(role_command(name.rstrip("0123456789"))), self.folder, self.environ, self.processes)

    def cpu_s(self) -> dict[str, float]:
        """Processor seconds so far by kind: worker, smtp, deliver, desk, sink; and the database server's."""
        spent: dict[str, float] = {}
        for name, process in self.processes.items():
            kind = name.rstrip("0123456789")
            spent[kind] = spent.get(kind, 0.0) + cpu_s(process.pid)
        if self.server_pid is not None:
            server = [self.server_pid, *children_of(self.server_pid)]
            spent["postgresql"] = sum(cpu_s(pid, with_children=True) for pid in server)
        return spent

    def waiting(self) -> tuple[int, int]:
        """Mails that are no tickets yet, letters that are not handed over; none of these where nobody hands them over."""
        with transaction(self.engine, writes=False) as connection:
            mails, letters = connection.exec_driver_sql(_DONE).one()
        return int(mails), int(letters) if "deliver" in self.processes else 0

    def states(self) -> dict[str, tuple[int, int]]:
        """Mails and their bytes by state."""
        with transaction(self.engine, writes=False) as connection:
            return {row[0]: (int(row[1]), int(row[2])) for row in connection.exec_driver_sql(_STATES)}

    def names_from(self, first: int) -> dict[int, str]:
        """The Message-ID of each stored mail whose id is at least `first`."""
        with transaction(self.engine, writes=False) as connection:
            rows = connection.exec_driver_sql(f"SELECT id, message_id FROM inbound WHERE id >= {first}")
            return {int(row[0]): str(row[1]) for row in rows}

    def last_id(self) -> int:
        with transaction(self.engine, writes=False) as connection:
            return int(connection.exec_driver_sql("SELECT coalesce(max(id), 0) FROM inbound").scalar_one())

    def drain(self, limit_s: float) -> None:
        """Wait until no mail waits for a ticket and no letter for the sink.

        Raises:
            RuntimeError: Not in time, or a role fell.
        """
        deadline = time.monotonic() + limit_s
        while any(self.waiting()):
            fallen = [name for name, process in self.processes.items() if process.poll() is not None]
            if fallen or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name}: {fallen or 'the roles'} did not get through; {self.waiting()} wait")
            time.sleep(_STEP_S)

    def filed_at(self) -> dict[int, float]:
        """When each mail that was filed since the last call was filed, by its id, as the workers' logs tell."""
        return {
            int(line["mail_id"]): datetime.fromisoformat(line["timestamp"]).timestamp()
            for name in self.processes
            if name.startswith("worker")
            for line in self._lines(name)
            if line.get("event") == "mail_filed"
        }

    def answered_at(self) -> dict[str, float]:
        """When the letter that answers a mail came to the sink, by the mail's Message-ID; those since the last call."""
        lines = [line.split() for line in self._new("letters")]
        return {answered: float(at) for at, answered, _ in lines}

    def _lines(self, name: str) -> Iterator[Mapping[str, str]]:
        for line in self._new(f"{name}.log"):
            if line.startswith("{"):
                yield json.loads(line)

    def _new(self, name: str) -> list[str]:
        with (self.folder / name).open("rb") as file:
            file.seek(self._read.get(name, 0))
            whole = file.read().rpartition(b"\n")[0]
        self._read[name] = self._read.get(name, 0) + len(whole) + bool(whole)
        return whole.decode().splitlines()


@contextmanager
def running(
    name: str,
    folder: Path,
    url: str = "",
    *,
    workers: int = 1,
    has_desk: bool = False,
    is_sending: bool = True,
    more: Mapping[str, str] | None = None,
) -> Iterator[Roles]:
    """The roles, up: the listener listens, every worker has its models loaded; ended at the end.

    Args:
        name: What tables call them.
        folder: For their data and logs; made.
        url: Of an empty database; SQLite in the folder where there is none.
        workers: How many.
        has_desk: Does the desk run too?
        is_sending: Do letters go to a sink? Else they wait in the database.
        more: Further settings.
    """
    folder.mkdir(parents=True)
    url = url or f"sqlite:///{folder / 'bench.sqlite3'}"
    port, desk_port = free_port(), free_port()
    processes: dict[str, subprocess.Popen[bytes]] = {}
    (folder / "letters").touch()
    engine = make_engine(url)
    try:
        environ = {key: value for key, value in os.environ.items() if not key.startswith("UKETSUKE_")} | {
            "UKETSUKE_DATA_DIR": str(folder),
            "UKETSUKE_DATABASE_URL": url,
            "UKETSUKE_SMTP_PORT": str(port),
            "UKETSUKE_DESK_PORT": str(desk_port),
            "UKETSUKE_ADDRESSES": DESK,
            "UKETSUKE_REPLY_LIMITS": "off",
            "PYTHONPATH": str(ROOT),
            **(more or {}),
        }
        if is_sending:
            command = [sys.executable, "-m", "benchmarks.load_sink", str(folder / "letters")]
            sink = _start("sink", command, folder, environ, processes, stdout=subprocess.PIPE)
            assert sink.stdout is not None
            heard = select.select([sink.stdout], [], [], _START_S)[0]
            environ["UKETSUKE_SMARTHOST"] = f"127.0.0.1:{int(sink.stdout.readline()) if heard else 0}"
        subprocess.run(
            [sys.executable, "-m", "runtime.cli", "prepare"],
            cwd=folder,
            env=environ,
            check=True,
            capture_output=True,
            timeout=_START_S,
        )
        roles = ["smtp", *(f"worker{number}" for number in range(workers)), *(["deliver"] if is_sending else [])]
        for role in [*roles, *(["desk"] if has_desk else [])]:
            _start(role, list(role_command(role.rstrip("0123456789"))), folder, environ, processes)
        yield _up(
            Roles(
                name=name,
                url=url,
                folder=folder,
                port=port,
                desk_port=desk_port,
                processes=processes,
                server_pid=None if url.startswith("sqlite") else _server_pid(url),
                engine=engine,
                environ=environ,
            )
        )
    finally:
        engine.dispose()
        _end(processes)


def _start(
    name: str,
    command: list[str],
    folder: Path,
    environ: Mapping[str, str],
    processes: dict[str, subprocess.Popen[bytes]],
    stdout: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    with (folder / f"{name}.log").open("wb") as log:
        processes[name] = subprocess.Popen(
            command, cwd=folder, env=dict(environ), stdin=subprocess.PIPE, stdout=stdout, stderr=log
        )
    return processes[name]


def _up(roles: Roles) -> Roles:
    """Once the listener says that it listens. Workers are warm only after a mail: see `warm_up` in benchmarks.load."""
    deadline = time.monotonic() + _START_S
    while '"listening"' not in (roles.folder / "smtp.log").read_text(encoding="utf-8"):
        fallen = [name for name, process in roles.processes.items() if process.poll() is not None]
        if fallen or time.monotonic() > deadline:
            logs = {name: (roles.folder / f"{name}.log").read_text(encoding="utf-8")[-1500:] for name in fallen}
            raise RuntimeError(f"{roles.name}: did not start; {logs}")
        time.sleep(_STEP_S)
    return roles


def _server_pid(url: str) -> int | None:
    """The PostgreSQL server that we started for this URL."""
    port = url.rpartition(":")[2].partition("/")[0]
    return next((pid for pid in children_of(os.getpid()) if _is_server(command_of(pid), port)), None)


def _is_server(command: list[str], port: str) -> bool:
    return bool(command) and command[0].endswith("postgres") and port in command


def _end(processes: Mapping[str, subprocess.Popen[bytes]]) -> None:
    for process in processes.values():
        process.send_signal(signal.SIGCONT)
        process.terminate()
    deadline = time.monotonic() + _END_S
    for process in processes.values():
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_END_S)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
