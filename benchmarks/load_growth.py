"""Does a mail cost the same whatever is stored already? The steps of its way with 10³ to 10⁶ mails in the database.

Measures: wall time of single steps through the store, as the roles call them, in one process, sizes taking turns, the smallest one
twice as the control. The large databases are made of copies by SQL (benchmarks.load_bulk). Does not measure: a database that does
not fit into memory as pages that are read again and again do here.
"""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any

from sqlalchemy import make_url

from benchmarks.desk import _copies, _patterns
from benchmarks.listener import DESK
from benchmarks.load_bulk import grow, mails_in
from benchmarks.load_mails import support_mail
from benchmarks.report import print_table
from benchmarks.rounds import AGAIN, control_text, interleave, paired_ratio
from benchmarks.tickets import write_copies
from desk.queue_view import view_of
from models.arrival import Arrival
from models.db.migrate import upgrade
from models.db.store import Store
from models.mail import Envelope
from runtime.clock import utc_now
from runtime.settings import load_settings
from runtime.wiring import build_rules, open_store
from runtime.worker import Worker
from tests.support.postgres import running_postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from runtime.triage import Rules

_FIRST = 750  # tickets that are written row by row, about a thousand mails
_SIZES = (1_000, 10_000, 100_000, 1_000_000)
_MAILS = 20  # a turn
_LOOKS = 3
_LEASE = timedelta(minutes=5)
STEPS = (
    "accept",
    "claim a mail",
    "history",
    "file",
    "claim a letter",
    "letter sent",
    "queue page",
    "tallies",
    "gauges",
    "books",
)


class Timed:
    """A store whose calls are timed: milliseconds of each, by the method's name."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.ms: dict[str, list[float]] = {}

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        found = getattr(self._store, name)
        return partial(self._timed, name, found) if callable(found) else found

    def _timed(self, name: str, call: Callable[..., object], *given: object, **named: object) -> object:
        begun = time.perf_counter()
        try:
            return call(*given, **named)
        finally:
            self.ms.setdefault(name, []).append(1000 * (time.perf_counter() - begun))


@dataclass(slots=True, kw_only=True)
class Sized:
    """One database, and a worker on it."""

    store: Store
    rules: Rules
    mails: int
    sent: int = 0

    def turn(self) -> dict[str, float]:
        """The median of each step, in ms."""
        timed = Timed(self.store)
        worker = Worker(timed, self.rules, frozenset({DESK}), utc_now)  # type: ignore[arg-type]
        for _ in range(_MAILS):
            timed.accept([self._arrival()])
        while worker.run_batch():
            pass
        while claims := timed.claim_replies(limit=1, lease=_LEASE, now=utc_now()):
            timed.reply_sent(claims[0], now=utc_now())
        for _ in range(_LOOKS):
            timed.page(view_of({}, "bench").wanted(utc_now()))
            timed.tallies()
            timed.standing(utc_now())
            timed.books()
        calls = (
            "accept",
            "claim_mails",
            "history",
            "file",
            "claim_replies",
            "reply_sent",
            "page",
            "tallies",
            "standing",
            "books",
        )
        return {step: median(timed.ms[call]) for step, call in zip(STEPS, calls, strict=True) if call in timed.ms}

    def _arrival(self) -> Arrival:
        self.sent += 1
        number = 20_000_000 + self.sent
        sender = f"customer{number}@customer{number}.example"
        envelope = Envelope(
            mail_from=sender, rcpt_tos=(DESK,), received_at=datetime.now(UTC), peer="127.0.0.1", helo="bench.example"
        )
        return Arrival(raw=support_mail(number, 2000, DESK), envelope=envelope, desk_address=DESK)


def growth_part(folder: Path, binaries: Path | None, *, is_short: bool) -> None:
    """Both engines."""
    print("## A mail's steps, whatever is stored already\n")
    name = folder / "growth"
    name.mkdir()
    given = {"UKETSUKE_DATA_DIR": str(name), "UKETSUKE_REPLY_LIMITS": "off", "UKETSUKE_SMARTHOST": "127.0.0.1:1"}
    settings = load_settings(given, name / "none.toml")
    rules = build_rules(settings)
    patterns = _patterns(open_store(settings), rules)
    sizes = _SIZES[:2] if is_short else _SIZES
    for engine in ("SQLite", *(["PostgreSQL"] if binaries else [])):
        with ExitStack() as stack:
            if engine == "SQLite":
                urls = {size: f"sqlite:///{name / f'size-{size}.sqlite3'}" for size in sizes}
            else:
                url = stack.enter_context(running_postgres(binaries, is_durable=True))  # type: ignore[arg-type]
                urls = {size: str(make_url(url).set(database=f"size_{size}")) for size in sizes}
            stores = {}
            for place, size in enumerate(sizes):
                began = time.perf_counter()
                stores[size] = _made(engine, urls, sizes[:place], size, patterns)
                stack.callback(stores[size].close)
                print(f"{engine}: {size:,} mails made in {time.perf_counter() - began:.0f} s", flush=True)
            # Not before all are made: PostgreSQL copies no database that somebody is connected to.
            found = {size: Sized(store=store, rules=rules, mails=mails_in(store)) for size, store in stores.items()}
            _measure(engine, found, 3 if is_short else 7)


def _made(engine: str, urls: dict[int, str], smaller: tuple[int, ...], size: int, patterns: Any) -> Store:  # noqa: ANN401 - benchmarks.desk's
    """The database of that size: the next smaller one copied, and grown."""
    url = urls[size]
    if smaller:
        _copy(engine, urls[smaller[-1]], url)
    else:
        if engine != "SQLite":
            with _administering(url) as run:
                run(f"CREATE DATABASE {make_url(url).database}")
        upgrade(url)
    store = Store(url)
    if not smaller:
        write_copies(store, _copies(_FIRST, patterns))
    grow(store, size)
    store.close()  # so that a copy of it is whole
    return Store(url)


def _copy(engine: str, old: str, new: str) -> None:
    if engine == "SQLite":
        shutil.copyfile(old.removeprefix("sqlite:///"), new.removeprefix("sqlite:///"))
        return
    with _administering(new) as run:
        run(f"CREATE DATABASE {make_url(new).database} TEMPLATE {make_url(old).database}")


@contextmanager
def _administering(url: str) -> Iterator[Callable[[str], object]]:
    """Statements outside of any transaction, from another database of the same server."""
    import psycopg  # noqa: PLC0415

    plain = make_url(url).set(drivername="postgresql", database="postgres")
    with psycopg.connect(plain.render_as_string(hide_password=False), autocommit=True) as connection:
        yield connection.execute


def _measure(engine: str, found: dict[int, Sized], rounds: int) -> None:
    smallest = next(iter(found))
    for one in found.values():
        one.turn()  # what is cached is cached
    works = {f"{size:,}": one.turn for size, one in found.items()}
    done = interleave({**works, f"{smallest:,}{AGAIN}": found[smallest].turn}, rounds)
    first = done[f"{smallest:,}"]
    rows = []
    for step in [step for step in STEPS if step in first[0]]:
        base = [run[step] for run in first]
        ms = {name: [run[step] for run in runs] for name, runs in done.items()}
        rows.append(
            (
                step,
                *(f"{median(ms[name]):.2f}" for name in works),
                *(f"{paired_ratio(ms[name], base):.2f}" for name in list(works)[1:]),
                f"{paired_ratio(ms[f'{smallest:,}{AGAIN}'], base):.2f}",
            )
        )
    print(f"\n### {engine}: ms a step, median of {rounds} turns of {_MAILS} mails\n")
    columns = (*(f"{name} mails" for name in works), *(f"{name} to the first" for name in list(works)[1:]), "control")
    print_table(("step", *columns), rows)
    whole = [sum(run[step] for step in STEPS[:6] if step in run) for run in first]
    again = [sum(run[step] for step in STEPS[:6] if step in run) for run in done[f"{smallest:,}{AGAIN}"]]
    print(
        control_text(f"{smallest:,} mails, accept to letter sent, against itself", paired_ratio(again, whole)) + "\n",
        flush=True,
    )
