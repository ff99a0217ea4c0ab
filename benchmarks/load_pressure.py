"""What gives way when it is too much: the listener says 4xx, and a sender that comes again gets everything in.

More sessions than allowed; a database that another program holds for longer than we wait; a disk that is full until somebody
makes room. Counted: answers by code, and afterwards by sha256 whether each mail is there, once.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import threading
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from benchmarks.entrants import Load, Lost, send
from benchmarks.listener import DESK
from benchmarks.load_mails import support_mail
from benchmarks.load_roles import running
from benchmarks.report import print_table
from models.db.engine import transaction
from tests.support.postgres import running_postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from benchmarks.load_roles import Roles

_PATIENCE_S = 90.0
_HELD_S = 13.0  # longer than we wait for a lock
_FULL_S = 4.0
_SMALL_MB, _ROOMY_MB = 4, 256


def pressure_part(folder: Path, binaries: Path | None, *, is_short: bool) -> None:
    """Each trouble in turn, with a listener of its own."""
    print("## Back-pressure: senders that come again, while something gives way\n")
    mails = 300 if is_short else 2000
    rows = [
        _trial("50 sessions where 10 are allowed (SQLite)", folder / "sessions", mails=mails, sessions=50,
               more={"UKETSUKE_SMTP_SESSIONS": "10"}),
        _trial(f"the database held for {_HELD_S:.0f} s (SQLite)", folder / "held", mails=mails, meanwhile=_held),
    ]  # fmt: skip
    if binaries:
        with running_postgres(binaries, is_durable=True) as url:
            title = f"the database held for {_HELD_S:.0f} s (PostgreSQL)"
            rows.append(_trial(title, folder / "held-pg", url, mails=mails, meanwhile=_held))
    with ExitStack() as stack:
        disk = _small_disk(folder / "disk", stack)
        if disk is None:
            print("a full disk: left out, needs root and a tmpfs\n")
        else:
            title = f"a disk of {_SMALL_MB} MB that is full for a while (SQLite)"
            rows.append(_trial(title, disk / "data", mails=mails, size=20_000, meanwhile=lambda _: _full(disk)))
    columns = ("mails", "in at last", "answers that were not 250", "missing", "stored twice", "s")
    print_table(("trouble", *columns), rows)


def _trial(
    title: str,
    folder: Path,
    url: str = "",
    *,
    mails: int,
    sessions: int = 10,
    size: int = 2000,
    more: dict[str, str] | None = None,
    meanwhile: Callable[[Roles], AbstractContextManager[None]] | None = None,
) -> tuple[str, ...]:
    """One row; raises where a mail that was answered with 250 is not there."""
    with running(title, folder, url, workers=0, is_sending=False, more=more) as roles:
        began = time.monotonic()
        with meanwhile(roles) if meanwhile else ExitStack():
            load = Load(sessions=sessions, mails=mails, size=size)
            answer = send(roles.port, load, 0, kind="support", patience_s=_PATIENCE_S)
        took = time.monotonic() - began
        with transaction(roles.engine, writes=False) as connection:
            stored = [str(row[0]) for row in connection.exec_driver_sql("SELECT sha256 FROM inbound")]
    wanted = {hashlib.sha256(support_mail(number, size, DESK)).hexdigest() for number in range(mails)}
    missing = len(wanted - set(stored))
    if missing > mails - answer.taken:
        raise Lost(f"{title}: {answer.taken} of {mails} mails were answered with 250, {missing} are missing")
    refused = ", ".join(f"{count:,} × {code}" for code, count in sorted(answer.refused.items())) or "none"
    doubled = len(stored) - len(set(stored))
    return title, f"{mails:,}", f"{answer.taken:,}", refused, str(missing), str(doubled), f"{took:.0f}"


@contextmanager
def _held(roles: Roles) -> Iterator[None]:
    """Another program holds the table in a transaction, from a moment after the senders began."""
    lock = "" if roles.server_pid is None else "LOCK TABLE inbound IN ACCESS EXCLUSIVE MODE"

    def hold() -> None:
        time.sleep(0.7)  # the sender has built its mails by then
        with transaction(roles.engine, writes=True) as connection:
            if lock:
                connection.exec_driver_sql(lock)
            time.sleep(_HELD_S)

    with _beside(hold):
        yield


@contextmanager
def _full(disk: Path) -> Iterator[None]:
    """Room is made after some seconds."""

    def make_room() -> None:
        time.sleep(_FULL_S)
        subprocess.run(["mount", "-o", f"remount,size={_ROOMY_MB}m", disk], check=True, timeout=30)

    with _beside(make_room):
        yield


@contextmanager
def _beside(work: Callable[[], None]) -> Iterator[None]:
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _small_disk(place: Path, stack: ExitStack) -> Path | None:
    """A file system of a few MB; None where we may not mount one."""
    if os.getuid() != 0:
        return None
    place.mkdir()
    command: list[str | Path] = ["mount", "-t", "tmpfs", "-o", f"size={_SMALL_MB}m", "tmpfs", place]
    if subprocess.run(command, capture_output=True, check=False, timeout=30).returncode != 0:
        return None
    stack.callback(lambda: subprocess.run(["umount", "--lazy", place], check=False, timeout=30))
    return place
