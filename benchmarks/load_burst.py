"""A burst: thousands of small mails as fast as a sender can, while two workers, delivery and the desk are at work.

Says whether they are accepted faster than aiosmtpd as it comes throws them away, how long the workers then need, whether any
mail is lost (count and sha256), what the gauges showed of the backlog, and how long the desk's queue page took meanwhile.
"""

from __future__ import annotations

import hashlib
import signal
import threading
import time
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from httpx import Client, HTTPError

from benchmarks.accept import STOCK
from benchmarks.entrants import Load, Lost, cpu_s, send, started
from benchmarks.listener import DESK
from benchmarks.load_flow import waits_text, warm_up
from benchmarks.load_mails import support_mail
from benchmarks.load_roles import running
from benchmarks.report import print_table
from benchmarks.rounds import AGAIN, control_text, interleave, paired_ratio
from models.db.engine import transaction
from models.db.store import Store
from tests.support.postgres import running_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.entrants import Entrant
    from benchmarks.load_roles import Roles

_SIZE, _SESSIONS, _WORKERS = 2000, 10, 2
_DRAIN_S = 1800.0
_AGENT, _PASSWORD = "bench", "correct horse battery"
_LOOK_EVERY_S, _CALM_LOOKS = 0.2, 30


class Looks:
    """How long the queue page took, and what the gauges said of the backlog, whenever somebody looked."""

    def __init__(self) -> None:
        self.ms: list[float] = []
        self.failed = 0
        self.most_waiting = 0

    def look(self, browser: Client, store: Store) -> None:
        """Once at each."""
        begun = time.perf_counter()
        answer = browser.get("/queue")
        took = 1000 * (time.perf_counter() - begun)
        if answer.status_code == 200:
            self.ms.append(took)
        else:
            self.failed += 1
        self.most_waiting = max(self.most_waiting, store.standing(datetime.now(UTC)).mails_waiting)


@contextmanager
def looking(browser: Client, store: Store) -> Iterator[Looks]:
    """Look again and again until the block ends."""
    looks, stop = Looks(), threading.Event()

    def run() -> None:
        while not stop.wait(_LOOK_EVERY_S):
            looks.look(browser, store)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield looks
    finally:
        stop.set()
        thread.join()


def burst_part(folder: Path, binaries: Path | None, *, is_short: bool) -> None:
    """Both databases, each in a run of its own beside aiosmtpd."""
    print("## A burst\n")
    for database in ("SQLite", *(["PostgreSQL"] if binaries else [])):
        with ExitStack() as stack:
            url = stack.enter_context(running_postgres(binaries, is_durable=True)) if database != "SQLite" else ""  # type: ignore[arg-type]
            place = folder / f"burst-{database}"
            roles = stack.enter_context(running(database, place, url, workers=_WORKERS, has_desk=True))
            stock = stack.enter_context(started(STOCK, "stock"))
            store = Store(roles.url)
            stack.callback(store.close)
            store.add_agent(_AGENT, _PASSWORD, datetime.now(UTC))
            browser = stack.enter_context(_signed_in(roles))
            warm_up(roles)
            _burst(roles, stock, browser, store, rounds=2 if is_short else 3, mails=400 if is_short else 10_000)


def _burst(roles: Roles, stock: Entrant, browser: Client, store: Store, *, rounds: int, mails: int) -> None:
    calm, first = Looks(), roles.sent
    for _ in range(_CALM_LOOKS):
        calm.look(browser, store)
    roles.signal(signal.SIGSTOP)
    load = Load(sessions=_SESSIONS, mails=mails, size=_SIZE)
    theirs = partial(_theirs, stock, load)
    busy = Looks()
    works = {roles.name: partial(_ours, roles, load, browser, store, busy), STOCK: theirs, STOCK + AGAIN: theirs}
    done = interleave(works, rounds)
    sent = roles.sent - first
    roles.signal(signal.SIGCONT)
    left, began, spent = roles.waiting()[0], time.monotonic(), roles.cpu_s()
    with looking(browser, store) as draining:
        roles.drain(_DRAIN_S)
    took = time.monotonic() - began
    spent = {kind: after - spent[kind] for kind, after in roles.cpu_s().items()}
    lost = _missing(roles, range(first, roles.sent))
    rates = {name: [rate for rate, _ in runs] for name, runs in done.items()}
    cpu = {name: [spent_ms for _, spent_ms in runs] for name, runs in done.items()}
    rows = [
        (
            name,
            f"{median(rates[name]):,.0f}",
            f"{paired_ratio(rates[name], rates[STOCK]):.2f}",
            f"{median(cpu[name]):.2f}",
            f"{paired_ratio(cpu[name], cpu[STOCK]):.2f}",
        )
        for name in (roles.name, STOCK)
    ]
    print(f"### {roles.name}: {sent:,} mails in {rounds} bursts, {_SESSIONS} sessions, {_WORKERS} workers at work\n")
    print_table(("listener", "mails/s accepted", "to stock", "its CPU ms a mail", "to stock"), rows)
    print(control_text(f"{STOCK}, against itself", paired_ratio(rates[STOCK + AGAIN], rates[STOCK])))
    print(
        f"lost: {lost} of {sent:,} (count and sha256); parked: {roles.states().get('parked', (0, 0))[0]}\n"
        f"the gauges showed up to {max(busy.most_waiting, draining.most_waiting):,} mails waiting;"
        f" {left:,} were worked off in {took:.0f} s, {left / took:.1f} a second, letters at the sink included\n"
        f"processor seconds meanwhile: {', '.join(f'{kind} {s:.1f}' for kind, s in spent.items())}"
    )
    looked = [
        (name, f"{len(looks.ms)}", waits_text(looks.ms), str(looks.failed))
        for name, looks in (("before", calm), ("while they come in", busy), ("while they are worked off", draining))
    ]
    print()
    print_table(("queue page", "looks", "ms (50, 95, 99 %)", "failed"), looked)
    if lost:
        raise Lost(f"{roles.name}: {lost} mails of the burst are not in the database")


def _ours(roles: Roles, load: Load, browser: Client, store: Store, busy: Looks) -> tuple[float, float]:
    """Everybody at work, and somebody at the desk."""
    roles.signal(signal.SIGCONT)
    before = cpu_s(roles.processes["smtp"].pid)
    with looking(browser, store) as looks:
        answer = send(roles.port, load, roles.sent, kind="support")
    spent = cpu_s(roles.processes["smtp"].pid) - before
    busy.ms += looks.ms
    busy.failed += looks.failed
    busy.most_waiting = max(busy.most_waiting, looks.most_waiting)
    roles.signal(signal.SIGSTOP)
    if answer.taken != load.mails:
        raise Lost(f"{roles.name}: {load.mails - answer.taken} of {load.mails} mails were not accepted")
    roles.sent += load.mails
    return load.mails / answer.seconds, 1000 * spent / load.mails


def _theirs(stock: Entrant, load: Load) -> tuple[float, float]:
    before = cpu_s(stock.process.pid)
    answer = send(stock.port, load, stock.sent, kind="support")
    stock.sent += load.mails
    return load.mails / answer.seconds, 1000 * (cpu_s(stock.process.pid) - before) / load.mails


def _missing(roles: Roles, numbers: range) -> int:
    """How many of the mails sent are not stored byte for byte."""
    with transaction(roles.engine, writes=False) as connection:
        stored = {str(row[0]) for row in connection.exec_driver_sql("SELECT sha256 FROM inbound")}
    return sum(hashlib.sha256(support_mail(number, _SIZE, DESK)).hexdigest() not in stored for number in numbers)


@contextmanager
def _signed_in(roles: Roles) -> Iterator[Client]:
    """A browser at the desk, which may take a moment to come up."""
    with Client(
        base_url=f"http://127.0.0.1:{roles.desk_port}", headers={"Accept-Language": "ja"}, timeout=60
    ) as browser:
        deadline = time.monotonic() + 60
        while True:
            try:
                browser.get("/healthz").raise_for_status()
                break
            except HTTPError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        answer = browser.post("/sign-in", data={"name": _AGENT, "password": _PASSWORD})
        if answer.status_code != 303:
            raise RuntimeError(f"sign-in: {answer.status_code}")
        yield browser
