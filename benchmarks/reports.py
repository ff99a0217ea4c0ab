"""What does a month's report cost? Store.facts and summarise over few and over many tickets, on both engines.

Measures: wall time a ticket of reading the facts and of counting them, small and large taking turns, ratios within a round, the small
one twice a round as a control; the most memory that Python holds during one pass (tracemalloc) and by how much the process grows
(RSS), each in a child of its own, above what the same process held after a pass over one hour; the size of the figures as they are
saved; the time to make the HTML file of them. The tickets are copies (benchmarks.tickets) of a simulated quarter's, with answers,
reminders, letters by hand, opened over one month at several hundred customers' domains. Does not measure: other work on the
database meanwhile, the periods before.

    python -m benchmarks.reports [--small 1000] [--large 100000] [--rounds 5] [--engine sqlite|postgresql] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
import tracemalloc
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.ending import unwind_on_sigterm
from benchmarks.report import machine_line, print_table
from benchmarks.rounds import AGAIN, control_text, interleave, paired_ratio
from benchmarks.tickets import Ids, copied, patterns_of, write_copies
from models.db.migrate import upgrade
from models.db.store import Store
from policy.load import load_pack
from reports.book import book_of
from reports.document import Links, document
from reports.figures import Report, figures_to_value
from reports.periods import PeriodKind, period_of
from reports.plots import pictures
from reports.quality import summarise
from reports.render_html import render_file
from runtime.logs import set_up_logs
from tests.support.postgres import find_binaries, running_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.tickets import Pattern
    from reports.book import Book
    from reports.figures import Figures

PACK = load_pack("alibabacloud_jp")
MONTH = period_of(PeriodKind.MONTH, date(2026, 10, 15), PACK.desk.timezone)
AS_OF = MONTH.end + timedelta(hours=7)
_DOMAINS = 400
_OFTEN, _MOST_DOMAINS = 5, 200  # tickets of a domain that is counted by itself; how many such
_WARM_UP = timedelta(hours=1)
_MB = 1024 * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=1000)
    parser.add_argument("--large", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--keep", type=Path, help="a folder for the SQLite files, used again if they are there")
    parser.add_argument("--pass-over", help=argparse.SUPPRESS)  # a child's task: a database
    parser.add_argument("--traced", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.pass_over:
        print(json.dumps(_held(chosen.pass_over, is_traced=chosen.traced)))
        return
    unwind_on_sigterm()
    set_up_logs("error")
    with tempfile.TemporaryDirectory() as name:
        patterns = _patterns(Path(name))
        for engine in chosen.engine or ["sqlite", "postgresql"]:
            with _databases(engine, chosen, Path(name)) as urls:
                for size, url in urls.items():
                    _fill(url, getattr(chosen, size), patterns)
                _report(engine, urls, {"small": chosen.small, "large": chosen.large}, chosen.rounds)
    print(machine_line())


@contextmanager
def _databases(engine: str, chosen: argparse.Namespace, folder: Path) -> Iterator[dict[str, str]]:
    if engine == "sqlite":
        kept = chosen.keep or folder
        yield {size: f"sqlite:///{kept / f'reports-{getattr(chosen, size)}.sqlite3'}" for size in ("small", "large")}
        return
    binaries = find_binaries()
    if binaries is None:
        sys.exit("PostgreSQL is not installed")
    with running_postgres(binaries, is_durable=True) as url, running_postgres(binaries, is_durable=True) as other:
        yield {"small": url, "large": other}


def _patterns(folder: Path) -> list[Pattern]:
    from tests.simulation.quarter import simulate  # noqa: PLC0415 - heavy, and children have no need of it

    file = folder / "patterns.sqlite3"
    print(simulate(file, seed=3, weeks=4, mails=120), flush=True)
    store = Store(f"sqlite:///{file}")
    found = patterns_of(store)
    store.close()
    return list(found.values())


def _fill(url: str, count: int, patterns: list[Pattern]) -> None:
    upgrade(url)
    store = Store(url)
    if not sum(store.counts().values()):
        begun = time.perf_counter()
        write_copies(store, _copies(count, patterns))
        print(f"{count:,} tickets written in {time.perf_counter() - begun:.0f} s", flush=True)
    store.close()


def _copies(count: int, patterns: list[Pattern]) -> Iterator[dict[str, list[dict[str, Any]]]]:
    """Evenly over the month, the same mixture at every size; customers' domains as uneven as in life."""
    chance, ids = random.Random(2), Ids()
    spacing = (MONTH.end - MONTH.start) / count
    for place in range(count):
        rows = copied(patterns[place % len(patterns)], ids, customer=1, opened_at=MONTH.start + place * spacing)
        domain = f"firm{min(int(chance.paretovariate(0.7)), _DOMAINS):03d}.example"
        for row in (*rows["ticket"], *rows["ticket_tag"]):
            for name in ("sender", "tag"):
                if ".example" in str(row.get(name, "")):
                    start = row[name].rpartition("@")[0] + "@" if "@" in row[name] else "domain:"
                    row[name] = start + domain
        yield rows


# One pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What one pass over a month cost, in seconds."""

    tickets: int
    reading: float
    whole: float
    figures: Figures


def _book(store: Store) -> Book:
    domains = store.frequent_domains(MONTH.start, MONTH.end, at_least=_OFTEN, limit=_MOST_DOMAINS)
    return book_of(PACK, AS_OF, domains)


def _pass(store: Store, book: Book) -> Pass:
    begun = time.perf_counter()
    count = sum(1 for _ in store.facts(MONTH.start, MONTH.end))
    read = time.perf_counter()
    figures = summarise(store.facts(MONTH.start, MONTH.end), MONTH, book)
    return Pass(tickets=count, reading=read - begun, whole=time.perf_counter() - read, figures=figures)


def _held(url: str, *, is_traced: bool) -> dict[str, float]:
    """In a child: what a pass holds above what the same process held after a pass over one hour."""
    store = Store(url)
    book = _book(store)
    summarise(store.facts(MONTH.start, MONTH.start + _WARM_UP), MONTH, book)
    if is_traced:
        tracemalloc.start()
        figures = summarise(store.facts(MONTH.start, MONTH.end), MONTH, book)
        _, peak = tracemalloc.get_traced_memory()
        assert figures.cells
        return {"mb": peak / _MB}
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the highest mark falls to what is held now
    before = _highest_mb()
    figures = summarise(store.facts(MONTH.start, MONTH.end), MONTH, book)
    assert figures.cells
    return {"mb": _highest_mb() - before, "base": before}


def _highest_mb() -> float:
    """The most resident memory since the mark was set. Not `getrusage`, whose figure a child has from its parent."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def _child(url: str, *, is_traced: bool) -> dict[str, float]:
    arguments = [sys.executable, "-m", "benchmarks.reports", "--pass-over", url, *(["--traced"] if is_traced else [])]
    done = subprocess.run(arguments, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


# The report


def _report(engine: str, urls: Mapping[str, str], counts: Mapping[str, int], rounds: int) -> None:
    stores = {size: Store(url) for size, url in urls.items()}
    books = {size: _book(store) for size, store in stores.items()}
    works = {size: partial(_pass, stores[size], books[size]) for size in urls}
    passes = interleave({**works, "small" + AGAIN: works["small"]}, rounds)
    a_ticket = {name: [1000 * one.whole / one.tickets for one in many] for name, many in passes.items()}
    reading = {name: [1000 * one.reading / one.tickets for one in many] for name, many in passes.items()}
    traced = {size: _child(url, is_traced=True)["mb"] for size, url in urls.items()}
    grown = {size: _child(url, is_traced=False) for size, url in urls.items()}
    saved = {size: _saved(passes[size][0].figures) for size in urls}
    rows = [
        _row("ms a ticket, reading the facts", *(median(reading[size]) for size in urls), ratio=paired_ratio(reading["large"], reading["small"])),
        _row("ms a ticket, reading and counting", *(median(a_ticket[size]) for size in urls), ratio=paired_ratio(a_ticket["large"], a_ticket["small"])),
        _row("MB that Python holds at most", *traced.values()),
        _row(f"MB that the process grows by (from {grown['small']['base']:.0f})", *(one["mb"] for one in grown.values())),
        _row("kB of figures as saved", *(len(one) / 1000 for one in saved.values())),
        _row("s to draw and write the page", *(_drawn_s(passes[size][0].figures) for size in urls)),
        _row("cells", *(float(len(passes[size][0].figures.cells)) for size in urls)),
    ]  # fmt: skip
    print(f"{engine}: a month, median of {rounds}")
    print_table(("", *(f"{count:,} tickets" for count in counts.values()), "ratio"), rows)
    print(control_text("1,000 tickets twice", paired_ratio(a_ticket["small" + AGAIN], a_ticket["small"])), flush=True)
    for store in stores.values():
        store.close()


def _drawn_s(figures: Figures) -> float:
    """Seconds from figures to the one HTML file with its pictures; the second time, when fonts are there."""
    report = Report(figures=figures, before=(figures,) * 4, made_at=AS_OF)
    took = 0.0
    for _ in range(2):
        begun = time.perf_counter()
        told = document(report, PACK, "ja", Links(desk=""))
        render_file(told, pictures(told, "svg"))
        took = time.perf_counter() - begun
    return took


def _saved(figures: Figures) -> str:
    return json.dumps(figures_to_value(figures), ensure_ascii=False, separators=(",", ":"))


def _row(name: str, small: float, large: float, *, ratio: float | None = None) -> tuple[str, ...]:
    ratio = ratio if ratio is not None else large / small if small else float("nan")
    return (name, f"{small:,.2f}", f"{large:,.2f}", f"{ratio:.2f}")


if __name__ == "__main__":
    main()
