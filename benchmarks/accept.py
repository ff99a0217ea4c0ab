"""How fast mails are taken in durably, against the same listener that keeps nothing and against aiosmtpd as it comes.

Measures: mails answered with 250 a second, on loopback, many mails a session, and the listener's own processor time a mail;
every 250 is looked up in the database. Entrants take turns within each round, the order moves, ratios pair figures of one
round, stock aiosmtpd runs twice as the control. Does not measure: TLS, a network, connecting, triage going on at the same
time, a database that is already large, or what an absolute rate would be on another machine or day.

    python -m benchmarks.accept [--rounds N] [--only "2 KB, 10 sessions"]...
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.disk import sync_costs_ms, sync_text
from benchmarks.ending import unwind_on_sigterm
from benchmarks.entrants import Load, Lost, started
from benchmarks.report import machine_line, print_table
from benchmarks.rounds import AGAIN, control_text, interleave, is_void, paired_ratio
from tests.support.postgres import find_binaries, running_postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.entrants import Entrant, Run

SQLITE, POSTGRES = "uketsuke, SQLite", "uketsuke, PostgreSQL"
DISCARD, STOCK = "uketsuke, keeps nothing", "aiosmtpd as it comes"
CONTROL = STOCK + AGAIN
WARM_UP = 20  # mails at most, not measured
ATTEMPTS = 2  # a void case is run once more, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A size, a number of sessions, and mails enough for about half a second or more."""

    size: str
    load: Load

    @property
    def name(self) -> str:
        sessions = self.load.sessions
        return f"{self.size}, {sessions} session{'s' if sessions > 1 else ''}"


def case_of(size: str, octets: int, sessions: int, mails: int) -> Case:
    return Case(size=size, load=Load(sessions=sessions, mails=mails, size=octets))


CASES = (
    case_of("2 KB", 2_000, 1, 250),
    case_of("2 KB", 2_000, 10, 600),
    case_of("2 KB", 2_000, 50, 600),
    case_of("20 KB", 20_000, 1, 150),
    case_of("20 KB", 20_000, 10, 300),
    case_of("20 KB", 20_000, 50, 300),
    case_of("1 MB", 1_000_000, 1, 15),
    case_of("1 MB", 1_000_000, 10, 20),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One case measured."""

    case: Case
    runs: dict[str, list[Run]]
    sync_ms: list[float]

    def rate_ratio(self, above: str, below: str) -> float:
        return paired_ratio([run.per_s for run in self.runs[above]], [run.per_s for run in self.runs[below]])

    def cpu_ratio(self, above: str, below: str) -> float:
        return paired_ratio([run.cpu_ms for run in self.runs[above]], [run.cpu_ms for run in self.runs[below]])

    @property
    def control(self) -> float:
        return self.rate_ratio(CONTROL, STOCK)

    @property
    def cpu_control(self) -> float:
        return self.cpu_ratio(CONTROL, STOCK)


def measure(case: Case, rounds: int, binaries: Path | None) -> Outcome:
    """Fresh databases and listeners, a short warm-up, then the rounds."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="uketsuke-bench-")))
        entrants = [stack.enter_context(started(SQLITE, "store", f"sqlite:///{folder / 'bench.sqlite3'}"))]
        stock = stack.enter_context(started(STOCK, "stock"))
        entrants.append(stock)
        if binaries:
            url = stack.enter_context(running_postgres(binaries, is_durable=True))
            entrants.append(stack.enter_context(started(POSTGRES, "store", url)))
        entrants.append(stack.enter_context(started(DISCARD, "discard")))
        warm_up = Load(sessions=case.load.sessions, mails=min(WARM_UP, case.load.mails), size=case.load.size)
        for entrant in entrants:
            entrant.run(warm_up)
        sync_ms: list[float] = []

        def work(entrant: Entrant) -> Callable[[], Run]:
            def run() -> Run:
                sync_ms.extend(sync_costs_ms(folder, 10))
                return entrant.run(case.load)

            return run

        works = {entrant.name: work(entrant) for entrant in entrants}
        return Outcome(case=case, runs=interleave({**works, CONTROL: work(stock)}, rounds), sync_ms=sync_ms)


def print_outcome(done: Outcome) -> None:
    """The case in full."""
    load = done.case.load
    print(f"## {done.case.name}: {load.mails} mails a run, {len(done.sync_ms) // len(done.runs) // 10} rounds\n")
    rows = []
    for name, runs in done.runs.items():
        rates = [run.per_s for run in runs]
        rows.append(
            (
                name,
                f"{median(rates):,.0f}",
                f"{min(rates):,.0f} to {max(rates):,.0f}",
                *(f"{done.rate_ratio(name, base):.2f}" for base in (DISCARD, STOCK)),
                f"{median(run.cpu_ms for run in runs):.2f}",
                *(f"{done.cpu_ratio(name, base):.2f}" for base in (DISCARD, STOCK)),
            )
        )
    bases = ("to keeps nothing", "to as it comes")
    print_table(("listener", "mails/s", "range", *bases, "CPU ms/mail", *bases), rows)
    print("rate, " + control_text(f"{STOCK}, against itself", done.control))
    print("CPU, " + control_text(f"{STOCK}, against itself", done.cpu_control))
    print(sync_text(done.sync_ms) + "\n", flush=True)


def print_summary(outcomes: Sequence[Outcome]) -> None:
    """All cases in one table of ratios."""
    print(
        "## Ratios of one run: taking in durably, to the same listener that keeps nothing and to aiosmtpd as it comes\n"
    )
    durable = [name for name in (SQLITE, POSTGRES) if name in outcomes[0].runs]
    rows = [
        (
            f"{done.case.name}: {name}",
            *(f"{done.rate_ratio(name, base):.2f}" for base in (DISCARD, STOCK)),
            _marked(done.control),
            *(f"{done.cpu_ratio(name, base):.2f}" for base in (DISCARD, STOCK)),
            _marked(done.cpu_control),
        )
        for done in outcomes
        for name in durable
    ]
    columns = [
        f"{figure} {base}" for figure in ("rate", "CPU") for base in ("to keeps nothing", "to as it comes", "control")
    ]
    print_table(("case", *columns), rows)


def _marked(control: float) -> str:
    return f"{control:.2f}" + (" VOID" if is_void(control) else "")


def main() -> None:
    names = [case.name for case in CASES]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10, choices=range(1, 21), metavar="1..20")
    parser.add_argument("--only", action="append", choices=names, help="a case; may be given several times")
    asked = parser.parse_args()
    unwind_on_sigterm()
    binaries = find_binaries()
    print(f"# accept\n\n{machine_line()}")
    print("PostgreSQL: fsync and synchronous_commit on" if binaries else "PostgreSQL: no binaries found, left out")
    print("stored mails are counted after every durable run; a missing one ends the benchmark\n", flush=True)
    outcomes = []
    try:
        for case in [case for case in CASES if not asked.only or case.name in asked.only]:
            for _ in range(ATTEMPTS):
                done = measure(case, asked.rounds, binaries)
                print_outcome(done)
                if not is_void(done.control):
                    break
            outcomes.append(done)
    except Lost as lost:
        sys.exit(f"benchmarks.accept: {lost}")
    print_summary(outcomes)
    print(machine_line())


if __name__ == "__main__":
    main()
