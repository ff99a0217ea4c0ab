"""Runs a role of the real program as `uketsuke ROLE` does, with a fault of the trial's built around it.

    python -m tests.support.killed_role ROLE [--clock FILE] [--point NAME [--nth N]] [--memory BYTES] [--poison] ...

The production code has no hooks: functions are wrapped here by name before the role starts. A wrapped function ends the
process by SIGKILL before or after its n-th call, which is what `kill -9` at that instant does.
"""

# ruff: noqa: ANN401 - what is wrapped has types of its own

from __future__ import annotations

import argparse
import asyncio
import functools
import importlib
import os
import re
import resource
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.support.trial_clock import TrialClock

BEFORE, AFTER, HALF = "before", "after", "half"
POISON = re.compile(rb"^X-Trial-Poison: (\w+)\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where a process dies: before or after a call of one of these functions (`module:name` or `module:Class.name`)."""

    role: str
    where: tuple[str, ...]
    when: str
    is_telling: bool = False  # only a call whose answer is not empty counts


def _point(role: str, when: str, *where: str, is_telling: bool = False) -> Point:
    return Point(role=role, where=where, when=when, is_telling=is_telling)


# On SQLite, on PostgreSQL, and where a thread does it on either.
_AT_ONCE, _PREPARED = "models.db.at_once:AtOnce.accept", "models.db.store:Store.accept_prepared"
_SENT_OFF, _LANDED = "models.db.in_flight:InFlight.__init__", "models.db.in_flight:InFlight.step"
POINTS: dict[str, Point] = {
    # The door.
    "smtp: before the commit": _point("smtp", BEFORE, _AT_ONCE, _SENT_OFF, _PREPARED),
    "smtp: after the commit, before 250": _point("smtp", AFTER, _AT_ONCE, _LANDED, _PREPARED, is_telling=True),
    "smtp: while 250 leaves": _point("smtp", BEFORE, "runtime.smtp_role:log_many"),
    # The worker.
    "worker: after the claim": _point("worker", AFTER, "models.db.store:Store.claim_mails", is_telling=True),
    "worker: after parsing": _point("worker", AFTER, "runtime.worker:parse_mail"),
    "worker: after the history is read": _point("worker", AFTER, "models.db.store:Store.history"),
    "worker: after assessing": _point("worker", AFTER, "runtime.triage:assess"),
    "worker: after composing": _point("worker", AFTER, "runtime.triage:compose"),
    "worker: before filing": _point("worker", BEFORE, "models.db.store:Store.file"),
    "worker: filing, the claim closed": _point("worker", AFTER, "models.db.filing:_close_claim"),
    "worker: filing, the ticket written": _point("worker", AFTER, "models.db.filing:_open_ticket"),
    "worker: filing, the letter written": _point("worker", AFTER, "models.db.filing:_queue_reply"),
    "worker: filing, all written, before the commit": _point("worker", AFTER, "models.db.filing:note_returned"),
    "worker: after the commit": _point("worker", AFTER, "models.db.store:Store.file"),
    # Delivery: letters.
    "deliver: after the claim": _point("deliver", AFTER, "models.db.store:Store.claim_replies", is_telling=True),
    "deliver: connected": _point("deliver", AFTER, "aiosmtplib:SMTP.connect"),
    "deliver: after MAIL": _point("deliver", AFTER, "aiosmtplib:SMTP.mail"),
    "deliver: after RCPT": _point("deliver", AFTER, "aiosmtplib:SMTP.rcpt"),
    "deliver: half of the text sent": _point("deliver", HALF, "aiosmtplib.protocol:SMTPProtocol.write"),
    "deliver: after the smarthost's 250, before our commit": _point("deliver", BEFORE, "runtime.outbox:Outbox._note"),
    "deliver: marking, before the commit": _point("deliver", AFTER, "models.db.outbox:_end"),
    "deliver: after the commit": _point("deliver", AFTER, "models.db.store:Store.reply_sent"),
    # Delivery: mails to our own people.
    "memos: the history read": _point("deliver", AFTER, "models.db.store:Store.news_for_memos"),
    "memos: one written, before the commit": _point("deliver", AFTER, "models.db.memos:write_memo"),
    "memos: after the commit": _point("deliver", AFTER, "models.db.store:Store.keep_news"),
    "memos: after the claim": _point("deliver", AFTER, "models.db.store:Store.claim_memos", is_telling=True),
    "memos: after the smarthost's 250, before our commit": _point("deliver", BEFORE, "runtime.memos:MemoBox._note"),
    "memos: after its commit": _point("deliver", AFTER, "models.db.store:Store.memo_sent"),
    # Delivery: calls to webhooks.
    "webhooks: calls begun, before the commit": _point("deliver", AFTER, "models.db.webhooks:_without_known"),
    "webhooks: calls written": _point("deliver", AFTER, "models.db.store:Store.queue_calls", is_telling=True),
    "webhooks: after the claim": _point("deliver", AFTER, "models.db.store:Store.claim_calls", is_telling=True),
    "webhooks: answered, before the mark": _point("deliver", BEFORE, "runtime.webhooks:Hooks._mark"),
    "webhooks: after the mark": _point("deliver", AFTER, "models.db.store:Store.call_arrived"),
    # The scheduler.
    "scheduler: the report claimed": _point("scheduler", AFTER, "models.db.store:Store.claim_report", is_telling=True),
    "scheduler: the report counted": _point("scheduler", AFTER, "runtime.reporting:Reporter._whole"),
    "scheduler: report and memo written, before the commit": _point("scheduler", AFTER, "models.db.ledger:write_memo"),
    "scheduler: report and memo committed": _point("scheduler", AFTER, "models.db.store:Store.keep_report"),
    "scheduler: the day's books counted": _point("scheduler", BEFORE, "models.db.store:Store.keep_books"),
    "scheduler: the day's books committed": _point("scheduler", AFTER, "models.db.store:Store.keep_books"),
    "scheduler: before a reminder": _point("scheduler", BEFORE, "models.db.store:Store.file_reminder"),
    "scheduler: the reminder written, before the commit": _point("scheduler", AFTER, "models.db.outbox:write_reply"),
    "scheduler: after a reminder": _point("scheduler", AFTER, "models.db.store:Store.file_reminder", is_telling=True),
    "scheduler: the tallies folded, before the commit": _point("scheduler", AFTER, "models.db.lists:fold_door"),
    # The desk.
    "desk: before the reply is written": _point("desk", BEFORE, "models.db.store:Store.reply_by_hand"),
    "desk: the reply written, before the commit": _point("desk", AFTER, "models.db.by_hand:_drop_draft"),
    "desk: the reply committed, before the answer": _point("desk", AFTER, "models.db.store:Store.reply_by_hand"),
    # The mailbox.
    "imap: the mails fetched": _point("imap", BEFORE, "models.db.store:Store.take"),
    "imap: mails and marks written, before the commit": _point("imap", AFTER, "models.db.mailboxes:accept_rows"),
    "imap: after the commit": _point("imap", AFTER, "models.db.store:Store.take", is_telling=True),
    "imap: the mailbox changed, before our mark": _point("imap", BEFORE, "models.db.store:Store.finish"),
}


class Fuse:
    """Counts calls and blows at the n-th: the process gets the signal, SIGKILL or SIGSTOP."""

    def __init__(self, nth: int, number: signal.Signals = signal.SIGKILL) -> None:
        self._left, self._lock, self._number = nth, threading.Lock(), number

    def burn(self) -> None:
        with self._lock:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), self._number)


def place_of(where: str) -> tuple[Any, str]:
    """The module or class that holds a function, and its name."""
    module, _, path = where.partition(":")
    *holders, name = path.split(".")
    holder: Any = importlib.import_module(module)
    for one in holders:
        holder = getattr(holder, one)
    return holder, name


def lay(point: Point, nth: int, number: signal.Signals = signal.SIGKILL) -> None:
    """From now on the process dies at this point, or stops."""
    fuse = Fuse(nth, number)
    for where in point.where:
        holder, name = place_of(where)
        setattr(holder, name, _wrapped(getattr(holder, name), point, fuse))


def _wrapped(inner: Callable[..., Any], point: Point, fuse: Fuse) -> Callable[..., Any]:
    if point.when == HALF:
        return _half(inner, fuse)
    if asyncio.iscoroutinefunction(inner):

        @functools.wraps(inner)
        async def later(*args: Any, **kwargs: Any) -> Any:
            if point.when == BEFORE:
                fuse.burn()
            found = await inner(*args, **kwargs)
            if point.when == AFTER:
                fuse.burn()
            return found

        return later

    @functools.wraps(inner)
    def now(*args: Any, **kwargs: Any) -> Any:
        if point.when == BEFORE:
            fuse.burn()
        found = inner(*args, **kwargs)
        # A commit that says nothing has no answer to look at; False and () say that nothing was done.
        if point.when == AFTER and (not point.is_telling or found is None or found):
            fuse.burn()
        return found

    return now


def _half(inner: Callable[..., Any], fuse: Fuse) -> Callable[..., Any]:
    """Of a text only the first half goes out."""

    def write(self: Any, said: bytes) -> None:
        if said.endswith(b"\r\n.\r\n"):
            inner(self, said[: len(said) // 2])
            fuse.burn()
            inner(self, said[len(said) // 2 :])
        else:
            inner(self, said)

    return write


def keep_pace(speed: float, *, is_frozen: bool) -> None:
    """What guards a lease by the world's seconds has to keep pace with a clock that runs `speed` times as fast.

    Not the guard against mails that hang, where the process is to be frozen: it would end it at its thaw.
    """
    for where in (
        *(() if is_frozen else ("runtime.worker:HANG_S",)),
        "runtime.postman:SESSION_S",
        "responders.deliver:TIMEOUT_S",
    ):
        holder, name = place_of(where)
        setattr(holder, name, getattr(holder, name) / speed)
    holder, name = place_of("runtime.webhooks:TIMEOUT_S")
    setattr(holder, name, max(1.0, holder.TIMEOUT_S / speed))


def poison() -> None:
    """Mails with a line `X-Trial-Poison` do to their reader what it says."""
    worker: Any = importlib.import_module("runtime.worker")

    inner = worker.parse_mail

    def parse_mail(raw: bytes, *args: Any, **kwargs: Any) -> Any:
        found = POISON.search(raw[:4000])
        what = found[1] if found else b""
        if what == b"kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if what == b"hang":
            re.match(r"(a+)+$", "a" * 64 + "b")  # one C call that never ends
        if what == b"raise":
            raise ZeroDivisionError
        if what == b"eat":
            eaten = [bytes(2**24) for _ in range(2**14)]
            raise AssertionError(len(eaten))
        return inner(raw, *args, **kwargs)

    worker.parse_mail = parse_mail


def hurry() -> None:
    """The scheduler's jobs run every few seconds instead of at their minutes, and sums are folded from a few lines on."""
    for name in ("models.db.books", "models.db.lists"):
        importlib.import_module(name)._FOLD_FROM = 5  # type: ignore[attr-defined]
    role: Any = importlib.import_module("runtime.scheduler_role")
    inner = role.start_jobs

    def start_jobs(**jobs: Any) -> Any:
        made = inner(**jobs)
        for name in ("report", "remind", "pass_time"):
            made.add_job(jobs[name], "interval", seconds=2, id=f"{name} in a hurry", next_run_time=datetime.now(UTC))
        return made

    role.start_jobs = start_jobs


def ask_there(nameserver: str) -> None:
    """The sender check asks that name server."""
    from ingest.resolver import SystemResolver  # noqa: PLC0415 - after the clock
    from runtime import wiring  # noqa: PLC0415

    host, _, port = nameserver.partition(":")
    wiring.dns_resolver = lambda: SystemResolver((host,), int(port))


def die_migrating(nth: int) -> None:
    """The process dies after the n-th step of a migration."""
    from alembic.runtime.migration import HeadMaintainer  # noqa: PLC0415 - only here

    fuse, inner = Fuse(nth), HeadMaintainer.update_to_step

    def update_to_step(self: Any, step: Any) -> None:
        inner(self, step)
        fuse.burn()

    HeadMaintainer.update_to_step = update_to_step  # type: ignore[method-assign]


def main(arguments: Sequence[str]) -> int:
    """Build the fault in, then run the role."""
    parser = argparse.ArgumentParser()
    parser.add_argument("role")
    parser.add_argument("--clock")
    parser.add_argument("--point", default="")
    parser.add_argument("--nth", type=int, default=1)
    parser.add_argument("--freeze", action="store_true")
    parser.add_argument("--hurry", action="store_true")
    parser.add_argument("--memory", type=int, default=0)
    parser.add_argument("--poison", action="store_true")
    parser.add_argument("--nameserver", default="")
    parser.add_argument("--migration", type=int, default=0)
    parser.add_argument("--supervised", action="store_true")
    asked = parser.parse_args(arguments)
    if asked.supervised:
        from runtime.stopping import end_with_supervisor  # noqa: PLC0415 - as the real program does

        end_with_supervisor()
    if asked.clock:
        import runtime.clock  # noqa: PLC0415 - before all others, which take the name over

        clock = TrialClock(Path(asked.clock))
        runtime.clock.utc_now = lambda: clock()  # noqa: PLW0108 - a function: records have it as their default
        keep_pace(clock.speed, is_frozen=asked.freeze)
    if asked.point:
        lay(POINTS[asked.point], asked.nth, signal.SIGSTOP if asked.freeze else signal.SIGKILL)
    if asked.poison:
        poison()
    if asked.nameserver:
        ask_there(asked.nameserver)
    if asked.hurry:
        hurry()
    if asked.migration:
        die_migrating(asked.migration)
    if asked.role == "serve":
        _pass_on(arguments)
    if asked.memory:
        resource.setrlimit(resource.RLIMIT_AS, (asked.memory, asked.memory))
    from runtime.cli.app import run  # noqa: PLC0415 - once all is wrapped

    return run([asked.role])


def _pass_on(arguments: Sequence[str]) -> None:
    """The roles of `serve` are started by this launcher too."""
    serve: Any = importlib.import_module("runtime.serve")
    rest = [one for one in arguments if one != "serve"]

    def role_command(name: str, *_: Any) -> tuple[str, ...]:
        return (sys.executable, "-m", "tests.support.killed_role", name, "--supervised", *rest)

    serve.role_command = role_command


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
