"""The world around: clocks, DNS, memory, poison, frozen processes, many schedulers, restarts."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

from tests.trials.faults.databases import POSTGRESQL, Ground
from tests.trials.faults.installation import Installation, Running, wait_until
from tests.trials.faults.named_others import has_reported, reports_in
from tests.trials.faults.outcome import Outcome, Trial

FAMILY = "the world"
_MEMORY = 3 * 2**30
_FROZEN = ("worker: before filing", "deliver: after the smarthost's 250, before our commit")


def trials(ground: Ground, only: Callable[[str], bool]) -> Iterator[Outcome]:
    """All of them."""
    for name, trial in TRIALS.items():
        if only(name):
            outcome = Outcome(family=FAMILY, fault=name, database=ground.database)
            trial(ground, outcome)
            yield outcome


def clock_jumps(ground: Ground, outcome: Outcome) -> None:
    """All machines' clocks, while mails and letters are under way."""
    with ground.installation() as made:
        made.start_all("worker", "worker", "deliver", "scheduler", "smtp")
        trial = Trial(made, FAMILY, ground.database)
        for hours in (2, -2, 2, -2):
            made.post(6)
            time.sleep(0.7)
            with made.excused():  # a lease that seems to be over while its letter is handed over
                made.clock.jump(timedelta(hours=hours))
                made.post(3)
                time.sleep(1)
            trial.check(outcome)


def dead_dns(ground: Ground, outcome: Outcome) -> None:
    """Questions are never answered; the mails are read all the same, their senders unproven. At the world's own pace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent, ground.installation(speed=1.0) as made:
        silent.bind(("127.0.0.1", 0))
        made.more["UKETSUKE_SENDER_CHECK"] = "dns"
        made.more["UKETSUKE_TRUSTED_RELAYS"] = "198.51.100.0/24"
        made.jumps = False
        made.launched = ("--nameserver", f"127.0.0.1:{silent.getsockname()[1]}")
        made.start_all("worker", "deliver", "smtp")
        trial = Trial(made, FAMILY, ground.database)
        made.post(3)
        trial.check(outcome)
        silent.setblocking(False)
        try:
            silent.recv(512)
        except BlockingIOError:
            outcome.findings.append("nobody asked the name server")


def poison(ground: Ground, outcome: Outcome) -> None:
    """One mail kills its reader, one hangs it, one makes it fail, one eats its memory; good ones are among them."""
    with ground.installation() as made:
        made.launched = ("--poison", "--memory", str(_MEMORY))
        made.start_all("worker", "worker", "deliver", "smtp")
        trial = Trial(made, FAMILY, ground.database)
        for what in ("kill", "hang", "raise", "eat"):
            made.post(3)
            made.post(1, poison=what)
            made.post(3)
        trial.check(outcome, may_park=4, patience_s=240)
        if outcome.parked != 4:
            outcome.findings.append(f"{outcome.parked} mails are parked, not the 4 poisonous ones")


def frozen(ground: Ground, outcome: Outcome) -> None:
    """SIGSTOP in mid-work until the lease is over and another has done it; SIGCONT: its late word changes nothing."""
    with ground.installation() as made:
        trial = Trial(made, FAMILY, ground.database)
        made.start_all("smtp")
        for name in _FROZEN:
            role = name.partition(":")[0]
            others = [made.start(one) for one in ("worker", "deliver") if one != role]
            made.post(3)
            late = made.start(role, "--point", name, "--freeze")
            wait_until(partial(is_frozen, late), 60)
            made.excuse(late)
            made.clock.jump(timedelta(minutes=21))
            other = made.start(role)
            trial.check(outcome)
            before = rows_of(made)
            made.excuse(late)
            late.thaw()
            wait_until(partial(was_told, late), 20, is_strict=False)
            if not was_told(late):
                outcome.findings.append(f"{name}: the late {role} was not told that its claim is lost")
            if rows_of(made) != before:
                outcome.findings.append(f"{name}: the late {role} changed something")
            trial.check(outcome)
            made.end(late, other, *others)


def was_told(late: Running) -> bool:
    return "claim_lost" in late.said()


def are_gone(pids: list[int]) -> bool:
    return not any(map(is_running, pids))


def is_frozen(running: Running) -> bool:
    with open(f"/proc/{running.process.pid}/stat", encoding="ascii", errors="replace") as stat:  # noqa: PTH123 - the kernel's
        return stat.read().rpartition(") ")[2].startswith("T")


def rows_of(made: Installation) -> dict[str, int]:
    """How many rows each table has that a second filing or marking would change."""
    tables = ("inbound", "reading", "ticket", "reply", "event", "memo", "thread", "search")
    with made.store.read() as connection:
        return {one: int(connection.exec_driver_sql(f"SELECT COUNT(*) FROM {one}").scalar_one()) for one in tables}


def schedulers(ground: Ground, outcome: Outcome) -> None:
    """Three at once, each time a week later, when reports, books and reminders are due."""
    with ground.installation() as made:
        made.launched = ("--hurry",)
        made.start_all("worker", "deliver", "smtp")
        trial = Trial(made, FAMILY, ground.database)
        for _ in range(3):
            made.post(4)
            made.settle()
            known = reports_in(made)
            made.clock.jump(timedelta(days=7))
            three = [made.start("scheduler") for _ in range(3)]
            made.post(2)
            is_made = partial(has_reported, made, besides=known)
            wait_until(is_made, 60, is_strict=False)
            time.sleep(3)  # in which a second or third one might be written
            trial.check(outcome)
            wait_until(is_made, 60, is_strict=False)  # a day may have begun meanwhile
            if not is_made():
                outcome.findings.append("no report was made")
            made.end(*three)


def restart(ground: Ground, outcome: Outcome) -> None:
    """kill -9 of everything at one instant, then everything is started."""
    several = 2 if ground.database == POSTGRESQL else 1
    with ground.installation() as made:
        trial = Trial(made, FAMILY, ground.database)
        for wait_s in (0.3, 0.8, 1.5):
            made.start_all(*["worker", "deliver"] * several, "scheduler", "smtp")
            made.post(10)
            time.sleep(wait_s)
            for running in list(made.roles):
                made.kill(running)
            began = time.monotonic()
            made.start_all(*["worker", "deliver"] * several, "scheduler", "smtp")
            made.clock.jump(timedelta(minutes=21))
            trial.check(outcome, began=time.monotonic() - began)
            made.end()


def supervisor(ground: Ground, outcome: Outcome) -> None:
    """`uketsuke serve` is killed: its roles end by themselves, the next one goes on."""
    with ground.installation() as made:
        trial = Trial(made, FAMILY, ground.database)
        for _ in range(2):
            first = made.start("serve")
            made.wait_for_doors()
            made.post(10)
            time.sleep(0.7)
            children = children_of(first)
            first.process.kill()
            first.process.wait(10)
            made.drop(first)
            wait_until(partial(are_gone, children), 30, is_strict=False)
            if not children or any(map(is_running, children)):
                outcome.findings.append(f"of {len(children)} roles some outlived their supervisor")
            began = time.monotonic()
            second = made.start("serve")
            made.clock.jump(timedelta(minutes=21))
            trial.check(outcome, began=time.monotonic() - began)
            made.end(second)


def children_of(running: Running) -> list[int]:
    pid = running.process.pid
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:  # noqa: PTH123 - the kernel's
        return [int(one) for one in file.read().split()]


def is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:  # noqa: PTH123 - the kernel's
            return not stat.read().rpartition(") ")[2].startswith("Z")
    except OSError:
        return False


TRIALS: dict[str, Callable[[Ground, Outcome], None]] = {
    "clocks jump by two hours, forward and back": clock_jumps,
    "DNS is dead while senders are checked by it": dead_dns,
    "mails that kill, hang, fail or starve their reader": poison,
    "a worker and a delivery frozen past their leases, then thawed": frozen,
    "three schedulers at once": schedulers,
    "everything killed at once and started": restart,
    "the supervisor killed": supervisor,
}
