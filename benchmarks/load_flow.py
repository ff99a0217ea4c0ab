"""From SMTP to the ticket and on to the letter at the sink, through real roles: rates, waits, and where the processor time goes.

Promises: every mail that was answered with 250 is a ticket at the end of the run, or `Lost` is raised; installations that are
not at turn are stopped (SIGSTOP); a worker's models are loaded and warm before anything counts.
"""

from __future__ import annotations

import signal
import sqlite3
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.entrants import Load, Lost, read_times, send
from benchmarks.load_mails import message_id
from benchmarks.load_roles import running
from benchmarks.report import print_table
from benchmarks.rounds import AGAIN, control_text, interleave, paired_ratio
from tests.support.postgres import running_postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from benchmarks.load_roles import Roles

_WARM_UP = Load(sessions=1, mails=24, size=2000)
_TRIES, _LIMIT_S = 20, 900.0
_KINDS = ("worker", "postgresql", "smtp", "deliver", "sink")


@dataclass(frozen=True, slots=True, kw_only=True)
class Through:
    """One run: `rates` in mails a second from the first MAIL on, `waits_ms` from each mail's last byte on, by stage."""

    rates: Mapping[str, float]
    waits_ms: Mapping[str, tuple[float, ...]]
    cpu_ms: Mapping[str, float]  # a mail, by kind of process


STAGES = ("250", "ticket", "letter")


def warm_up(roles: Roles) -> None:
    """Until each worker has filed a mail, so that its models are loaded; and everything is through."""
    for _ in range(_TRIES):
        _sent(roles, send(roles.port, _WARM_UP, roles.sent, kind="support").taken, _WARM_UP)
        roles.drain(_LIMIT_S)
        logs = [roles.folder / f"{name}.log" for name in roles.processes if name.startswith("worker")]
        if all('"mail_filed"' in log.read_text(encoding="utf-8") for log in logs):
            break
    else:
        raise RuntimeError(f"{roles.name}: a worker never got a mail")
    roles.filed_at()
    roles.answered_at()


def run_through(roles: Roles, load: Load) -> Through:
    """Send, and wait until every mail is a ticket and every letter has gone."""
    last, spent = roles.last_id(), roles.cpu_s()
    first = roles.sent
    with TemporaryDirectory(prefix="uketsuke-bench-") as name:
        answer = send(roles.port, load, first, kind="support", times=Path(name) / "times")
        began_at, taken = read_times(Path(name) / "times")
    _sent(roles, answer.taken, load)
    roles.drain(_LIMIT_S)
    spent = {kind: 1000 * (after - spent[kind]) / load.mails for kind, after in roles.cpu_s().items()}
    named, filed, answered = roles.names_from(last + 1), roles.filed_at(), roles.answered_at()
    numbers = {message_id(number): number for number in taken}
    tickets = {numbers[named[mail]]: at for mail, at in filed.items() if named.get(mail) in numbers}
    if len(tickets) != load.mails:
        raise Lost(f"{roles.name}: {load.mails} mails were accepted, {len(tickets)} were filed; {roles.states()}")
    letters = {numbers[answers]: at for answers, at in answered.items() if answers in numbers}
    ends = {"250": {number: heard for number, (_, heard) in taken.items()}, "ticket": tickets, "letter": letters}
    return Through(
        rates={stage: len(at) / (max(at.values()) - began_at) if at else 0.0 for stage, at in ends.items()},
        waits_ms={
            stage: tuple(1000 * (when - taken[number][0]) for number, when in at.items()) for stage, at in ends.items()
        },
        cpu_ms=spent,
    )


def work_off(roles: Roles, mails: int) -> Through:
    """A backlog with everything but the listener stopped, then how fast it is worked off."""
    quiesce(roles)
    _sent(roles, send(roles.port, Load(sessions=5, mails=mails, size=2000), roles.sent, kind="support").taken, mails)
    spent, began_at = roles.cpu_s(), time.time()
    roles.signal(signal.SIGCONT)
    roles.drain(_LIMIT_S)
    filed = roles.filed_at()
    if len(filed) != mails:
        raise Lost(f"{roles.name}: {mails} mails were accepted, {len(filed)} were filed")
    return Through(
        rates={"ticket": mails / (max(filed.values()) - began_at)},
        waits_ms={},
        cpu_ms={kind: 1000 * (after - spent[kind]) / mails for kind, after in roles.cpu_s().items()},
    )


def quiesce(roles: Roles) -> None:
    """Stop all but the listener, none of them in the middle of a transaction that would keep the listener out."""
    for _ in range(_TRIES):
        roles.signal(signal.SIGSTOP, but="smtp")
        if roles.server_pid is not None or _is_free(roles.url.removeprefix("sqlite:///")):
            return
        roles.signal(signal.SIGCONT)
        time.sleep(0.1)
    raise RuntimeError(f"{roles.name}: the database was never free")


def _is_free(file: str) -> bool:
    connection = sqlite3.connect(file, timeout=0.2, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()
    return True


def _sent(roles: Roles, taken: int, load: Load | int) -> None:
    mails = load if isinstance(load, int) else load.mails
    roles.sent += mails
    if taken != mails:
        raise Lost(f"{roles.name}: {mails - taken} of {mails} mails were not accepted")


@contextmanager
def installations(
    folder: Path, binaries: Path | None, workers: Sequence[int], *, is_sending: bool
) -> Iterator[dict[str, Roles]]:
    """One for each database and number of workers, warm and stopped."""
    with ExitStack() as stack:
        found: dict[str, Roles] = {}
        for database in ("SQLite", *(["PostgreSQL"] if binaries else [])):
            for count in workers:
                name = f"{database}, {count} worker{'s' if count > 1 else ''}"
                url = stack.enter_context(running_postgres(binaries, is_durable=True)) if database != "SQLite" else ""  # type: ignore[arg-type]
                place = folder / f"{database}-{count}"
                roles = stack.enter_context(running(name, place, url, workers=count, is_sending=is_sending))
                warm_up(roles)
                roles.signal(signal.SIGSTOP)
                found[name] = roles
        yield found


def at_turn(roles: Roles, work: Callable[[Roles], Through]) -> Through:
    """The work with this installation alone awake."""
    roles.signal(signal.SIGCONT)
    try:
        return work(roles)
    finally:
        roles.signal(signal.SIGSTOP)


def flow_case(found: Mapping[str, Roles], load: Load, rounds: int) -> dict[str, list[Through]]:
    """All installations in turn, the first one twice as the control."""
    return _in_turn(found, partial(run_through, load=load), rounds)


def backlog_case(found: Mapping[str, Roles], mails: int, rounds: int) -> dict[str, list[Through]]:
    """The same for a backlog."""
    return _in_turn(found, partial(work_off, mails=mails), rounds)


def _in_turn(found: Mapping[str, Roles], work: Callable[[Roles], Through], rounds: int) -> dict[str, list[Through]]:
    works = {name: partial(at_turn, roles, work) for name, roles in found.items()}
    first = next(iter(found))
    return interleave({**works, first + AGAIN: works[first]}, rounds)


def rates_of(runs: Sequence[Through], stage: str) -> list[float]:
    return [run.rates[stage] for run in runs]


def ratio(done: Mapping[str, Sequence[Through]], above: str, below: str, stage: str) -> float:
    return paired_ratio(rates_of(done[above], stage), rates_of(done[below], stage))


def print_flow(title: str, done: Mapping[str, Sequence[Through]]) -> None:
    """Rates and waits of every installation, its ratio to the first, and the processor time a mail."""
    first = next(iter(done))
    rows = []
    for name, runs in done.items():
        if name.endswith(AGAIN):
            continue
        cpu = {kind: median(run.cpu_ms.get(kind, 0.0) for run in runs) for kind in _KINDS}
        rows.append(
            (
                name,
                *(f"{median(rates_of(runs, stage)):,.1f}" for stage in STAGES),
                f"{ratio(done, name, first, 'ticket'):.2f}",
                f"{ratio(done, name, first, 'letter'):.2f}",
                *(waits_text([wait for run in runs for wait in run.waits_ms[stage]]) for stage in STAGES),
                " + ".join(f"{cpu[kind]:.1f}" for kind in _KINDS),
            )
        )
    print(f"### {title}\n")
    print_table(
        (
            "installation",
            *(f"{stage}/s" for stage in STAGES),
            "tickets to the first",
            "letters to the first",
            *(f"ms to the {stage} (50, 95, 99 %)" for stage in STAGES),
            f"CPU ms a mail: {' + '.join(_KINDS)}",
        ),
        rows,
    )
    print(
        control_text(f"{first}, tickets, against itself", ratio(done, first + AGAIN, first, "ticket")) + "\n",
        flush=True,
    )


def print_backlog(mails: int, done: Mapping[str, Sequence[Through]]) -> None:
    """What a second worker adds."""
    first = next(iter(done))
    rows = []
    for name, runs in done.items():
        if name.endswith(AGAIN):
            continue
        one = name.partition(",")[0] + ", 1 worker"
        cpu = {kind: median(run.cpu_ms.get(kind, 0.0) for run in runs) for kind in ("worker", "postgresql", "smtp")}
        rows.append(
            (
                name,
                f"{median(rates_of(runs, 'ticket')):.1f}",
                f"{ratio(done, name, one, 'ticket'):.2f}",
                f"{ratio(done, name, first, 'ticket'):.2f}",
                *(f"{spent:.1f}" for spent in cpu.values()),
            )
        )
    print(f"### A backlog of {mails} mails\n")
    columns = ("tickets/s", "to one worker", "to the first", "CPU ms a mail: worker", "PostgreSQL", "listener")
    print_table(("installation", *columns), rows)
    print(control_text(f"{first}, against itself", ratio(done, first + AGAIN, first, "ticket")) + "\n", flush=True)


def waits_text(waits_ms: Sequence[float]) -> str:
    """Median, 95th and 99th percentile."""
    if len(waits_ms) < 2:
        return "-"
    cuts = quantiles(waits_ms, n=100)
    return ", ".join(
        f"{cuts[place - 1]:,.0f}" if cuts[place - 1] >= 10 else f"{cuts[place - 1]:.1f}" for place in (50, 95, 99)
    )
