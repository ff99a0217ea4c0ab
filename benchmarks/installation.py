"""A whole uketsuke of our own for measuring: `uketsuke serve` on free loopback ports with a data folder that is thrown away.

Promises: no setting of the caller's environment or folder reaches it; every wait has an end; when the block ends, every
process of it has ended.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.processes import children_of, command_of, memory_of
from runtime.cli.demo import MAILS
from tests.support.postgres import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.processes import Memory

ROLES = 5
_START_S, _SETTLE_S, _DEMO_S, _END_S = 60.0, 120.0, 120.0, 40.0
_STILL_S = 4.0  # so long nothing may grow by more than `_STILL_MB`
_STILL_MB = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Running roles."""

    server: subprocess.Popen[bytes]
    folder: Path
    environ: dict[str, str]

    def memory(self) -> dict[str, Memory]:
        """By the role's name; `serve` is the supervisor."""
        pids = {command_of(pid)[-1]: pid for pid in children_of(self.server.pid)}
        return {"serve": memory_of(self.server.pid)} | {name: memory_of(pid) for name, pid in pids.items()}

    def settle(self) -> None:
        """Wait until no process has grown for a while.

        Raises:
            RuntimeError: A role fell, or it never came to rest.
        """
        deadline = time.monotonic() + _SETTLE_S
        last, still_since = self._sizes(), time.monotonic()
        while time.monotonic() - still_since < _STILL_S:
            if time.monotonic() > deadline:
                raise RuntimeError(f"the roles did not come to rest within {_SETTLE_S:.0f} s")
            time.sleep(0.5)
            now = self._sizes()
            if now.keys() != last.keys() or any(abs(now[pid] - last[pid]) > _STILL_MB for pid in now):
                last, still_since = now, time.monotonic()
        if len(last) != ROLES or self.log().count('"role_fell"'):
            raise RuntimeError(f"{len(last)} of {ROLES} roles run; {self.log()[-2000:]}")

    def send_demo_mails(self) -> None:
        """Through SMTP with `uketsuke demo`, which returns when the worker is done with each.

        Raises:
            RuntimeError: Not in time, or not every mail became a filed one (the demo is content with parked mails).
        """
        done = subprocess.run(
            [sys.executable, "-m", "runtime.cli", "demo"],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            timeout=_DEMO_S,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"uketsuke demo: {done.stderr.decode(errors='replace')[-2000:]}")
        filed, sent = self.log().count('"mail_filed"'), len(list(MAILS.glob("*.eml")))
        if filed != sent:
            raise RuntimeError(f"{filed} of {sent} demo mails were filed; {self.log()[-2000:]}")

    def log(self) -> str:
        """What the roles have logged so far."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def _sizes(self) -> dict[int, float]:
        return {pid: memory_of(pid).rss_mb for pid in children_of(self.server.pid)}


@contextmanager
def running_installation() -> Iterator[Installation]:
    """Started, its listener listening; ended and gone after."""
    with tempfile.TemporaryDirectory(prefix="uketsuke-bench-") as name:
        folder = Path(name)
        environ = {key: value for key, value in os.environ.items() if not key.startswith("UKETSUKE_")}
        environ |= {
            "UKETSUKE_DATA_DIR": str(folder / "var"),
            "UKETSUKE_SMTP_PORT": str(free_port()),
            "UKETSUKE_DESK_PORT": str(free_port()),
        }
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [sys.executable, "-m", "runtime.cli", "serve"],
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        running = Installation(server=server, folder=folder, environ=environ)
        try:
            _wait_for_listener(running)
            yield running
        finally:
            _end(server)


def _wait_for_listener(running: Installation) -> None:
    """Our own listener says in the log that it listens: another program's on the same port would not."""
    deadline = time.monotonic() + _START_S
    while '"listening"' not in running.log():
        if running.server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"uketsuke serve did not start: {running.log()[-2000:]}")
        time.sleep(0.2)


def _end(server: subprocess.Popen[bytes]) -> None:
    roles = children_of(server.pid)
    server.terminate()
    try:
        server.wait(_END_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait(_END_S)
    for pid in roles:  # none is left, unless the supervisor broke its promise
        if "runtime.cli" in command_of(pid):
            os.kill(pid, signal.SIGKILL)
            print(f"the supervisor left process {pid} behind; ended")
