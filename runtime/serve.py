"""All roles in one command: one process each, restarted when they fall, ended together.

Promises: Ctrl-C or SIGTERM ends every role and leaves none behind, and so does kill -9 (runtime.stopping: each role
holds the other end of a pipe of ours); a role that falls is started again, ever more slowly; a role that cannot start
because of its configuration ends the whole with the same exit code.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runtime.logs import log_for
from runtime.stopping import GRACE_S, SUPERVISED, stop_on_signals

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_PAUSE_S = 30.0
_CONFIG = 2


@dataclass(slots=True, kw_only=True)
class Role:
    """One child process and how often it fell lately."""

    name: str
    command: tuple[str, ...]
    process: subprocess.Popen[bytes] | None = None
    falls: int = 0
    started: float = 0.0
    start_at: float = field(default=0.0)


def pause_after(falls: int) -> float:
    """Seconds to wait before the next start: 0.5, 1, 2 ... at most `LONGEST_PAUSE_S`."""
    return min(LONGEST_PAUSE_S, 0.5 * 2.0 ** max(0, falls - 1))


class Supervisor:
    """Starts the roles, watches them, ends them."""

    def __init__(self, roles: Sequence[Role]) -> None:
        self.roles = tuple(roles)
        self.stop = threading.Event()
        self.log = log_for("serve")
        self.lifeline: int | None = None

    def run(self) -> int:
        """Blocks until a signal or a configuration error; returns the exit code."""
        stop_on_signals(self.stop)
        code = 0
        # The writing end is not inheritable: it closes with this process and no other.
        self.lifeline, held = os.pipe()
        try:
            while not self.stop.is_set() and code != _CONFIG:
                code = max(self._tend(role) for role in self.roles)
                self.stop.wait(0.2)
        finally:
            self._end_all()
            os.close(held)
            os.close(self.lifeline)
        return code if code == _CONFIG else 0

    def _tend(self, role: Role) -> int:
        """Start the role if it is due; returns 2 if it says that its configuration is wrong, else 0."""
        now = time.monotonic()
        if role.process is None:
            if now >= role.start_at:
                self._start(role, now)
            return 0
        code = role.process.poll()
        if code is None:
            return 0
        role.process = None
        if code == _CONFIG:
            return _CONFIG
        role.falls = 1 if now - role.started > LONGEST_PAUSE_S else role.falls + 1
        role.start_at = now + pause_after(role.falls)
        self.log.error("role_fell", name=role.name, code=code, restart_in_s=pause_after(role.falls))
        return 0

    def _start(self, role: Role, now: float) -> None:
        # Own process group: Ctrl-C reaches us alone, and we end the roles in order.
        role.process = subprocess.Popen(role.command, stdin=self.lifeline, start_new_session=True)  # noqa: S603 - our own command line
        role.started = now
        self.log.info("role_started", name=role.name, pid=role.process.pid)

    def _end_all(self) -> None:
        running = [role.process for role in self.roles if role.process is not None and role.process.poll() is None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + GRACE_S
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def role_command(name: str, watch_port: int = 0) -> tuple[str, ...]:
    """The command line that runs one role in a process of its own, watched at that port; 0: as the settings say."""
    watched = ("--watch-port", str(watch_port)) if watch_port else ()
    return (sys.executable, "-m", "runtime.cli", SUPERVISED, name, *watched)
