"""A PostgreSQL of a trial's own that can be stopped in any of its ways and started again, with a database for each installation."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.support.postgres import _run, _unprivileged, free_port

FAST, IMMEDIATE = signal.SIGINT, signal.SIGQUIT


@dataclass(slots=True)
class Cluster:
    """A cluster in a folder; it keeps its port over its restarts."""

    binaries: Path
    data: Path
    port: int
    server: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres", *, port: int | None = None) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{port or self.port}/{database}"

    def start(self) -> None:
        where = ["-D", str(self.data), "-p", str(self.port), "-h", "127.0.0.1", "-k", ""]
        command = [str(self.binaries / "postgres"), *where, "-F", "-c", "max_connections=200"]
        self.server = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **_unprivileged(self.data)
        )
        for _ in range(300):
            try:
                self._connect().close()
            except psycopg.OperationalError:
                time.sleep(0.1)
            else:
                return
        raise TimeoutError("PostgreSQL did not start")

    def stop(self, how: signal.Signals = FAST) -> None:
        if self.server is None:
            return
        self.server.send_signal(how)
        try:
            self.server.wait(30)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait(10)
        self.server = None

    def make(self, database: str) -> str:
        """A new empty database; its URL."""
        with self._connect() as connection:
            connection.execute(f"CREATE DATABASE {database}".encode())
        return self.url(database)

    def ask(self, query: str) -> object:
        """The first value of the first row; None if there is none."""
        with self._connect() as connection:
            cursor = connection.execute(query.encode())
            row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None

    def drop(self, database: str) -> None:
        with self._connect() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)".encode())

    def backends(self, database: str) -> list[int]:
        """The processes that serve somebody's connection to a database."""
        query = b"SELECT pid FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'"
        with self._connect() as connection:
            return [int(str(row[0])) for row in connection.execute(query, [database])]

    def kill_backend(self, database: str) -> bool:
        """kill -9 to one of them: PostgreSQL ends all connections and recovers."""
        found = self.backends(database)
        if found:
            os.kill(found[0], signal.SIGKILL)
        return bool(found)

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", dbname="postgres", autocommit=True, connect_timeout=5
        )


def initialised(binaries: Path, data: Path, *more: str) -> Cluster:
    """One that was never started, in that new folder."""
    data.mkdir()
    _run([binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "--locale=C.UTF-8",
          "-E", "UTF8", *more], _unprivileged(data))  # fmt: skip
    return Cluster(binaries, data, free_port())


@contextmanager
def running_cluster(binaries: Path, folder: Path | None = None) -> Iterator[Cluster]:
    """A running cluster, in a folder of its own or in that one."""
    with tempfile.TemporaryDirectory(prefix="uketsuke-pg-") as name:
        home = folder or Path(name)
        home.chmod(0o711)
        cluster = initialised(binaries, home / "data", *(["--wal-segsize=1"] if folder else []))
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
