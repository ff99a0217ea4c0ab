"""The database stops, falls, is locked, full, or cut off in the middle of a transaction."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.postgres import find_binaries
from tests.support.postgres_cluster import FAST, IMMEDIATE, Cluster, running_cluster
from tests.trials.faults.databases import SQLITE, Ground
from tests.trials.faults.installation import Installation, wait_until
from tests.trials.faults.outcome import Outcome, Trial
from tests.trials.faults.wire import wired

FAMILY = "the database"
_AWAY_S = 5.0
_LOCKED_S = 15.0
_ROLES = ("worker", "worker", "deliver", "scheduler", "smtp")
_TMPFS_MB = 200
_LOCKS = """
import sqlite3, sys, time
one = sqlite3.connect(sys.argv[1], isolation_level=None)
one.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
one.execute("ROLLBACK")
"""


def trials(
    ground: Ground, only: Callable[[str], bool], waits_s: Sequence[float] = (0.2, 0.6, 1.0)
) -> Iterator[Outcome]:
    """Those of this database; PostgreSQL is stopped so many seconds after work has come."""
    if ground.database == SQLITE:
        yield from _locked(ground, only)
        yield from _full_sqlite(ground, only)
        return
    assert ground.cluster is not None
    yield from _stopped(ground, ground.cluster, only, waits_s)
    yield from _full_postgresql(ground, only)
    yield from _cut(ground, ground.cluster, only)


def _stopped(
    ground: Ground, cluster: Cluster, only: Callable[[str], bool], waits_s: Sequence[float]
) -> Iterator[Outcome]:
    def away(how: Callable[[], object]) -> Callable[[Installation], None]:
        def strike(made: Installation) -> None:
            how()
            made.post(4)  # while it is away
            time.sleep(_AWAY_S)
            cluster.start()

        return strike

    def fallen(made: Installation) -> None:
        cluster.kill_backend(made.url.rpartition("/")[2])
        time.sleep(1)

    strikes: dict[str, Callable[[Installation], None]] = {
        "stopped (fast), 5 s away, started": away(lambda: cluster.stop(FAST)),
        "stopped (immediate, as by a power cut), 5 s away, started": away(lambda: cluster.stop(IMMEDIATE)),
        "kill -9 of a backend: all connections end, PostgreSQL recovers": fallen,
    }
    if not any(map(only, strikes)):
        return
    with ground.installation() as made:
        made.start_all(*_ROLES)
        trial = Trial(made, FAMILY, ground.database)
        for name, strike in strikes.items():
            if not only(name):
                continue
            outcome = trial.outcome(name)
            for wait_s in waits_s:
                made.post(8)
                time.sleep(wait_s)
                with made.excused():
                    strike(made)
                    began = time.monotonic()
                trial.check(outcome, began=time.monotonic() - began)
            yield outcome


def _locked(ground: Ground, only: Callable[[str], bool]) -> Iterator[Outcome]:
    name = f"the file locked by another process for {_LOCKED_S:.0f} s"
    if not only(name):
        return
    with ground.installation() as made:
        made.start_all(*_ROLES)
        trial = Trial(made, FAMILY, ground.database)
        outcome = trial.outcome(name)
        for wait_s in (0.2, 0.7):
            made.post(8)
            time.sleep(wait_s)
            file = made.url.removeprefix("sqlite:///")
            with made.excused():
                command = [sys.executable, "-c", _LOCKS, file, str(_LOCKED_S)]
                with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
                    assert other.stdout is not None
                    other.stdout.readline()
                    made.post(4)
                    other.wait(60)
            trial.check(outcome)
        yield outcome


@contextmanager
def small_disk(mb: int) -> Iterator[Path | None]:
    """A file system of so many megabytes, if we may mount one; else None."""
    with tempfile.TemporaryDirectory(prefix="uketsuke-full-") as name:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={mb}m,mode=0755", "tmpfs", name], capture_output=True, check=False
        )
        if done.returncode:
            yield None
            return
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", "-l", name], check=False)


def fill(disk: Path, left: int) -> Path:
    """A file that leaves so many bytes."""
    filler, piece = disk / "filler", bytes(2**16)
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize > left:
            file.write(piece)
    return filler


def _full_sqlite(ground: Ground, only: Callable[[str], bool]) -> Iterator[Outcome]:
    name = "the disk is full, then has room again"
    if not only(name):
        return
    outcome = Outcome(family=FAMILY, fault=name, database=ground.database)
    with small_disk(_TMPFS_MB) as disk:
        if disk is None:
            outcome.why_not = "no right to mount a small file system"
            yield outcome
            return
        with ground.installation(folder=disk) as made:
            made.start_all(*_ROLES)
            trial = Trial(made, FAMILY, ground.database)
            for left in (0, 100_000):
                made.post(6)
                filler = fill(disk, left)
                with made.excused():
                    made.post(6, size=50_000)
                    time.sleep(4)
                    if not made.mta.open:
                        outcome.findings.append("the full disk was not noticed")
                    filler.unlink()
                trial.check(outcome)
    yield outcome


def _full_postgresql(ground: Ground, only: Callable[[str], bool]) -> Iterator[Outcome]:
    name = "the disk is full: PostgreSQL gives up, has room again, is started"
    if not only(name):
        return
    outcome = Outcome(family=FAMILY, fault=name, database=ground.database)
    binaries = find_binaries()
    assert binaries is not None
    with small_disk(_TMPFS_MB) as disk:
        if disk is None:
            outcome.why_not = "no right to mount a small file system"
            yield outcome
            return
        with (
            running_cluster(binaries, disk) as cluster,
            Ground(ground.database, ground.seed, cluster).installation() as made,
        ):
            made.start_all(*_ROLES)
            trial = Trial(made, FAMILY, ground.database)
            for _ in range(2):
                made.post(6)
                filler = fill(disk, 0)
                with made.excused():
                    made.post(30, size=100_000)
                    time.sleep(5)
                    if not made.mta.open:
                        outcome.findings.append("the full disk was not noticed")
                    filler.unlink()
                    if cluster.server is not None and cluster.server.poll() is not None:
                        cluster.start()
                trial.check(outcome, patience_s=240)
    yield outcome


def _cut(ground: Ground, cluster: Cluster, only: Callable[[str], bool]) -> Iterator[Outcome]:
    """The network between one worker and the database goes silent in the middle of a filing: half-open on both sides."""
    name = "the network to one worker cut in the middle of its filing (half-open)"
    if not only(name):
        return
    outcome = Outcome(family=FAMILY, fault=name, database=ground.database)
    with ground.installation() as made, wired(cluster.port, b"INSERT INTO ticket ") as wire:
        trial = Trial(made, FAMILY, ground.database)
        made.start_all("deliver", "smtp")
        made.more["UKETSUKE_DATABASE_URL"] = cluster.url(made.url.rpartition("/")[2], port=wire.port)
        cut_off = made.start("worker")
        del made.more["UKETSUKE_DATABASE_URL"]
        wire.arm()
        made.post(3)
        wait_until(wire.is_cut.is_set, 60)
        began = time.monotonic()
        made.start("worker")
        made.post(6)
        # What it holds locked waits for PostgreSQL to miss it; everything else goes on at once.
        wait_until(lambda: len(made.store.queue(limit=50)) >= 8 and _triaged(made) >= 6, 60)
        others_s = time.monotonic() - began
        trial.check(outcome, began=time.monotonic() - began, patience_s=240)
        outcome.fault += f"; the others went on within {others_s:.0f} s"
        wire.mend()
        made.end(cut_off)
        trial.check(outcome)
    yield outcome


def _triaged(made: Installation) -> int:
    return made.store.books().ticketed
