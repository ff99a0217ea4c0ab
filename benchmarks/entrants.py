"""The entrants of the accept benchmark: each a listener process; one run sends mails and asks what it cost.

Promises: a run whose 250s are not all in the database raises `Lost`; no process outlives `started`. The processor time is
the listener's own, without the database server's.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.listener import DESK
from models.db.engine import make_engine, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
_START_S, _RUN_S, _END_S = 60.0, 180.0, 20.0
_TICKS = os.sysconf("SC_CLK_TCK")


class Lost(Exception):
    """A mail was answered with 250 and is not in the database, or was not answered with 250 at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one run sends."""

    sessions: int
    mails: int
    size: int  # bytes, about


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run gave."""

    per_s: float
    cpu_ms: float  # of the listener process, a mail
    waits_ms: tuple[float, ...]  # of each mail, from its last byte out to its 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the sender tells: mails answered with 250, the time from the first MAIL to the last answer, the mails' bytes."""

    taken: int
    seconds: float
    bytes: int
    refused: dict[str, int]  # how often each other answer came


@dataclass(slots=True, kw_only=True)
class Entrant:
    """A running listener."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    url: str  # of its database; empty: it keeps nothing
    sent: int = 0

    def run(self, load: Load) -> Run:
        """Send, measure, and look whether everything is there."""
        before = _stored(self.url)
        spent_s = cpu_s(self.process.pid)
        with TemporaryDirectory(prefix="uketsuke-bench-") as folder:
            times = Path(folder) / "times"
            answer = send(self.port, load, self.sent, times=times)
            waits_ms = tuple(1000 * (heard - sent) for sent, heard in read_times(times)[1].values())
        spent_s = cpu_s(self.process.pid) - spent_s
        self.sent += load.mails
        if answer.taken != load.mails:
            raise Lost(f"{self.name}: {load.mails - answer.taken} of {load.mails} mails were not accepted")
        if self.url:
            count, size = (after - was for after, was in zip(_stored(self.url), before, strict=True))
            if (count, size) != (load.mails, answer.bytes):
                raise Lost(
                    f"{self.name}: acknowledged {load.mails} mails of {answer.bytes} bytes, stored {count} of {size}"
                )
        return Run(per_s=load.mails / answer.seconds, cpu_ms=1000 * spent_s / load.mails, waits_ms=waits_ms)


@contextmanager
def started(name: str, kind: str, url: str = "") -> Iterator[Entrant]:
    """The listener, up and listening; ended at the end."""
    command = [sys.executable, "-m", "benchmarks.listener", kind, *([url] if url else [])]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        is_heard, _, _ = select.select([process.stdout], [], [], _START_S)
        port = process.stdout.readline() if is_heard else b""
        if not port:
            raise TimeoutError(f"{name}: the listener did not start; its exit code: {process.poll()}")
        yield Entrant(name=name, port=int(port), process=process, url=url)
    finally:
        process.terminate()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_END_S)
        process.stdin.close()
        process.stdout.close()


def send(
    port: int, load: Load, first: int, *, kind: str = "plain", times: Path | None = None, patience_s: float = 0.0
) -> Answer:
    """Send from a process of its own; raises when that takes longer than a few minutes beyond the patience."""
    asked = {
        "port": port,
        "sessions": load.sessions,
        "mails": load.mails,
        "size": load.size,
        "first": first,
        "desk": DESK,
        "kind": kind,
        "patience": patience_s,
        **({"times": times} if times else {}),
    }
    options = [word for name, value in asked.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "benchmarks.sender", *options]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, timeout=_RUN_S + patience_s)
    return Answer(**json.loads(done.stdout))


def read_times(file: Path) -> tuple[float, dict[int, tuple[float, float]]]:
    """What the sender noted: when it began, and by number when a mail's last byte was out and when its 250 came."""
    noted = json.loads(file.read_text(encoding="utf-8"))
    return noted["began_at"], {int(number): (sent, heard) for number, (sent, heard) in noted["taken"].items()}


def _stored(url: str) -> tuple[int, int]:
    """How many mails the database holds and how many bytes they are; asked on a connection of our own."""
    if not url:
        return 0, 0
    engine = make_engine(url)
    try:
        with transaction(engine, writes=False) as connection:
            row = connection.exec_driver_sql("SELECT count(*), coalesce(sum(length(raw)), 0) FROM inbound").one()
    finally:
        engine.dispose()
    return int(row[0]), int(row[1])


def cpu_s(pid: int, *, with_children: bool = False) -> float:
    """Processor time of a process, all its threads, perhaps with its children that have ended; 0 where there is no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11 : 15 if with_children else 13])) / _TICKS
