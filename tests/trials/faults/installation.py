"""An installation of the real program under trial: its database, its roles as processes, and the world around them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from models.db.migrate import upgrade
from models.db.store import Store
from models.errors import StoreError
from tests.support.hook_receiver import Receiver, receiving
from tests.support.postgres import free_port
from tests.support.trial_clock import TrialClock
from tests.trials.faults.audit import Known, Result, audit, settled_by_sql
from tests.trials.faults.mails import LEAD, OTHER_DESK, TrialMail, question
from tests.trials.faults.mta import Mta
from tests.trials.faults.sink import Sink, sinking

ROOT = Path(__file__).parents[3]
SPEED = 10.0  # the desk's seconds in one of the world's: a worker's lease of five minutes lasts half a minute
BEGAN_AT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)  # Tuesday, 10:00 in Tokyo
AGENT, PASSWORD = "hanako", "correct horse battery"
PATIENCE_S = 180.0
_LATE_ANSWER_S = 1.0
_QUIET_S = 4.0  # so long nothing moves before what is left counts as waiting for its time


class NeverSettled(Exception):
    """Something stayed under way for too long."""


@dataclass(slots=True)
class Running:
    """One process of one role."""

    role: str
    process: subprocess.Popen[bytes]
    log: Path
    more: tuple[str, ...]

    @property
    def was_killed(self) -> bool:
        return self.process.poll() == -signal.SIGKILL

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(20)

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> int:
        """In order, as an operator does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


@dataclass(slots=True, kw_only=True)
class Installation:
    """Roles, their database, and the world: senders, smarthost, receiver of webhooks, clock."""

    folder: Path
    url: str
    clock: TrialClock
    store: Store
    sink: Sink
    cut_sink: Callable[[], None]
    hooks: Receiver
    ports: list[int]
    mta: Mta
    desk_port: int
    more: dict[str, str] = field(default_factory=dict)  # settings beside the usual ones
    roles: list[Running] = field(default_factory=list)
    keeps: bool = True  # fallen roles are started again, as a supervisor does
    made: int = 0
    jumps: bool = True  # the clock is set forward while a trial settles
    launched: tuple[str, ...] = ()  # options of the launcher that each role gets
    excuses: list[tuple[float, float]] = field(default_factory=list)

    def environment(self, role: str) -> dict[str, str]:
        doors = sum(one.role == "smtp" for one in self.roles)
        port = self.ports[doors % len(self.ports)] if role == "smtp" else self.ports[0]
        return {
            "PATH": os.environ["PATH"],
            "UKETSUKE_DATA_DIR": str(self.folder / "var"),
            "UKETSUKE_DATABASE_URL": self.url,
            "UKETSUKE_SMTP_PORT": str(port),
            "UKETSUKE_DESK_PORT": str(self.desk_port),
            "UKETSUKE_SMARTHOST": f"127.0.0.1:{self.sink.port}",
            "UKETSUKE_REPLY_LIMITS": "off",
            "UKETSUKE_TRUST_SENDERS": "on",
            "UKETSUKE_HAND_OVER": "all",
            "UKETSUKE_HAND_OVER_TO": OTHER_DESK,
            "UKETSUKE_REPORT_TO": LEAD,
            "UKETSUKE_REPORT_PERIODS": "day,week",
            **self.more,
        }

    def start(self, role: str, *more: str, port: int = 0) -> Running:
        """Start one process of a role; `more` are options of the launcher."""
        log = self.folder / f"{role}.log"
        command = [sys.executable, "-m", "tests.support.killed_role", role, "--clock", str(self.clock.file),
                   *self.launched, *more]  # fmt: skip
        environment = self.environment(role) | ({"UKETSUKE_SMTP_PORT": str(port)} if port else {})
        with log.open("ab") as file:
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=file, stderr=file, start_new_session=True
            )
        running = Running(role, process, log, more)
        self.roles.append(running)
        return running

    def start_all(self, *names: str) -> None:
        for name in names:
            self.start(name)
        if "smtp" in names:
            self.wait_for_doors()

    def wait_for_doors(self) -> None:
        """Until each door that runs takes connections."""
        for port in self.ports[: max(1, sum(one.role == "smtp" for one in self.roles))]:
            self.wait_until(partial(_listens, port), 60)

    def wait_until(self, is_true: Callable[[], Any], patience_s: float) -> None:
        """Wait for it.

        Raises:
            NeverSettled: In vain; with how the roles stand and what they said last.
        """
        wait_until(is_true, patience_s, is_strict=False)
        if not is_true():
            said = "".join(f"\n{one.role}: {one.said()[-500:]}" for one in self.roles)
            raise NeverSettled(f"waited {patience_s:.0f} s in vain; roles: {self._standing()}{said}")

    def end(self, *which: Running) -> None:
        for running in which or tuple(self.roles):
            running.end()
            if running in self.roles:  # else it had ended by itself, and another stands in its place
                self.roles.remove(running)

    def drop(self, running: Running) -> None:
        """It is dead, and known to be."""
        self.roles.remove(running)
        self.excuse(running)

    def kill(self, running: Running) -> None:
        """kill -9, and nobody starts it again but the trial."""
        running.kill()
        self.drop(running)

    def excuse(self, running: Running) -> None:
        """What a process that delivers had handed over when it died may go again."""
        if running.role in {"deliver", "serve"}:
            # The smarthost may still be reading what it was sent, and answer a dead process.
            self.excuses.append((time.monotonic(), time.monotonic() + _LATE_ANSWER_S))

    @contextmanager
    def excused(self) -> Iterator[None]:
        """Nobody can mark what the smarthost takes as long as the block runs, and a little longer."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self.excuses.append((begun, time.monotonic() + _LATE_ANSWER_S))

    def post(self, count: int, *, size: int = 0, poison: str = "") -> list[TrialMail]:
        """So many new customers write."""
        mails = []
        for _ in range(count):
            self.made += 1
            mails.append(question(self.made, size=size, poison=poison))
        self.mta.post(mails)
        return mails

    def keep_running(self) -> None:
        """Start again what has fallen."""
        for running in [one for one in self.roles if one.process.poll() is not None]:
            self.drop(running)
            port = self.ports[0]
            if running.role == "smtp":
                port = next((one for one in self.ports if not _listens(one)), port)
            self.start(running.role, port=port)

    def settle(self, patience_s: float = PATIENCE_S, *, but: frozenset[str] = frozenset()) -> float:
        """Wait until nothing is under way, the clock set forward over pauses and dead leases; the seconds that it took.

        Raises:
            NeverSettled: It took too long.
        """
        began, quiet_since, before, quiet_before = time.monotonic(), time.monotonic(), {"": 0}, False
        while time.monotonic() - began < patience_s:
            if self.keeps:
                self.keep_running()
            found = self._under_way()
            open_now = {name: count for name, count in found.items() if name not in but}
            if not open_now and quiet_before:  # twice: what was between two places is in one of them by now
                return time.monotonic() - began
            quiet_before = not open_now
            if found != before:
                before, quiet_since = found, time.monotonic()
            elif self.jumps and time.monotonic() - quiet_since > _QUIET_S:
                self.clock.jump(timedelta(minutes=21 if found.get("letters") or found.get("memos") else 6))
                quiet_since = time.monotonic()
            time.sleep(0.05)
        raise NeverSettled(f"after {patience_s:.0f} s: {before}; roles: {self._standing()}")

    def _under_way(self) -> dict[str, int]:
        try:
            found = settled_by_sql(self.store)
        except StoreError:
            return {"database": int(time.monotonic())}
        return found | ({"unacknowledged": self.mta.open} if self.mta.open else {})

    def _standing(self) -> str:
        return ", ".join(f"{one.role} {one.process.poll()}" for one in self.roles)

    def audit(self) -> Result:
        known = Known(
            mails=self.mta.posted,
            acknowledged=dict(self.mta.acknowledged),
            refused=self.mta.refused,
            letters=list(self.sink.letters),
            calls=list(self.hooks.came),
            hands_over=True,
            readers=(LEAD,),
            excuses=list(self.excuses),
        )
        return audit(self.store, known, self.clock())

    def wait_for_death(self, running: Running, patience_s: float = 60) -> bool:
        """Did it end by SIGKILL within that time?"""
        wait_until(lambda: running.process.poll() is not None, patience_s, is_strict=False)
        return running.was_killed


def wait_until(is_true: Callable[[], Any], patience_s: float, *, is_strict: bool = True) -> None:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if is_true():
            return
        time.sleep(0.02)
    if is_strict:
        raise NeverSettled(f"waited {patience_s:.0f} s in vain")


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as client:
        client.settimeout(2)
        return client.recv(3) == b"220"
    return False


@contextmanager
def installed(
    url: str = "",
    *,
    seed: int,
    doors: int = 1,
    speed: float = SPEED,
    began_at: datetime = BEGAN_AT,
    is_migrated: bool = True,
    folder: Path | None = None,
    **settings: str,
) -> Iterator[Installation]:
    """A fresh installation without any role yet; on SQLite in its folder where no URL is given."""
    with ExitStack() as stack:
        home = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="uketsuke-fault-")))
        (home / "var").mkdir(exist_ok=True)
        database = url or f"sqlite:///{home / 'var' / 'uketsuke.sqlite3'}"
        if is_migrated:
            upgrade(database)
        clock = TrialClock.made(home / "clock", speed=speed, began_at=began_at)
        sink, cut = stack.enter_context(sinking(home / "letters"))
        hooks = stack.enter_context(receiving())
        store = Store(database)
        stack.callback(store.close)
        if is_migrated:
            people(store, hooks.url, clock())
        ports = [free_port() for _ in range(doors)]
        mta = Mta(ports, seed=seed)
        mta.start()
        stack.callback(mta.close)
        made = Installation(
            folder=home,
            url=database,
            clock=clock,
            store=store,
            sink=sink,
            cut_sink=cut,
            hooks=hooks,
            ports=ports,
            mta=mta,
            desk_port=free_port(),
            more=settings,
        )
        stack.callback(_end_all, made)
        yield made


def people(store: Store, hook: str, now: datetime) -> None:
    """An agent who may do all there is, and a webhook for all events."""
    store.add_agent(AGENT, PASSWORD, now)
    store.add_webhook(hook, ("*",), has_subject=True, by=AGENT, now=now)


def _end_all(made: Installation) -> None:
    for running in made.roles:
        running.kill()


def in_thread(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread
