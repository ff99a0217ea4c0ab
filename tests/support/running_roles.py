"""A role as a process of its own, as an installation has it, watched over HTTP and ended by a signal."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.db.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
_LEASED = ("inbound", "reply", "memo", "webhook_call", "report")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Its settings, in a folder of its own, with ports that are free."""

    folder: Path
    environment: dict[str, str]

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder}/uketsuke.sqlite3"

    def port(self, name: str) -> int:
        return int(self.environment[f"UKETSUKE_{name}_PORT"])

    @contextmanager
    def store(self) -> Iterator[Store]:
        store = Store(self.url)
        try:
            yield store
        finally:
            store.close()

    @contextmanager
    def running(self, role: str, *, until: str = "/readyz") -> Iterator[subprocess.Popen[bytes]]:
        """The role, once it says that it is ready; whatever is left of it is killed at the end."""
        with (self.folder / f"{role}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "runtime.cli", role], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        try:
            wait_until(lambda: process.poll() is not None or self.ask(until)[0] == 200)
            assert process.poll() is None, self.log(role)
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(PATIENCE_S)

    def ask(self, path: str, offset: int = 0) -> tuple[int, str]:
        """Status and text of a watched path; 0 while nobody listens."""
        role = http.client.HTTPConnection("127.0.0.1", self.port("WATCH") + offset, timeout=10)
        try:
            role.request("GET", path)
            answer = role.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return 0, ""
        finally:
            role.close()

    def log(self, role: str) -> str:
        return (self.folder / f"{role}.log").read_text(encoding="utf-8")

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "runtime.cli", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    def json_of(self, *arguments: str) -> dict[str, Any]:
        done = self.command(*arguments)
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told


def installation(folder: Path, **settings: str) -> Installation:
    smtp, desk, watch = free_ports()
    return Installation(
        folder=folder,
        environment={
            "PATH": os.environ["PATH"],
            "UKETSUKE_DATA_DIR": str(folder),
            "UKETSUKE_SMTP_PORT": str(smtp),
            "UKETSUKE_DESK_PORT": str(desk),
            "UKETSUKE_WATCH_PORT": str(watch),
            "UKETSUKE_REPLY_LIMITS": "off",
            **settings,
        },
    )


def end(process: subprocess.Popen[bytes], patience_s: float = PATIENCE_S) -> int:
    """SIGTERM; the exit code."""
    process.send_signal(signal.SIGTERM)
    return process.wait(patience_s)


def leases(store: Store) -> dict[str, int]:
    """Rows that somebody still holds, by table."""
    with store.read() as connection:
        counts = {
            table: int(connection.exec_driver_sql(f"SELECT count(*) FROM {table} WHERE token IS NOT NULL").scalar_one())
            for table in _LEASED
        }
    return {table: count for table, count in counts.items() if count}


def wait_until(is_so: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + patience_s
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.02)


def free_ports(count: int = 8) -> tuple[int, int, int]:
    """One for the door, one for the desk, and the first of several in a row for whoever watches."""
    while True:
        with socket.socket() as one, socket.socket() as two, socket.socket() as three:
            for probe in (one, two, three):
                probe.bind(("127.0.0.1", 0))
            door, desk, first = (int(probe.getsockname()[1]) for probe in (one, two, three))
        if first + count < 65_000 and all(_is_free(port) for port in range(first, first + count)):
            return door, desk, first


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
