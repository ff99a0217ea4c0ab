"""Taking in alone, at every size and number of sessions, with how long a sender waits for its 250; and two senders compared."""

from __future__ import annotations

import shutil
import subprocess
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.accept import CONTROL, POSTGRES, SQLITE, STOCK, case_of, measure
from benchmarks.entrants import Load, send, started
from benchmarks.listener import DESK
from benchmarks.load_flow import waits_text
from benchmarks.report import print_table
from benchmarks.rounds import AGAIN, control_text, interleave, is_void, paired_ratio

if TYPE_CHECKING:
    from benchmarks.entrants import Entrant

_MAILS = {
    ("2 KB", 2_000): (300, 1000, 1000),
    ("20 KB", 20_000): (200, 500, 500),
    ("200 KB", 200_000): (60, 100, 100),
    ("1 MB", 1_000_000): (20, 30, 50),
    ("5 MB", 5_000_000): (8, 10, 50),
}
_SESSIONS = (1, 10, 50)
_SMTP_SOURCE = ("/usr/sbin/smtp-source", "/usr/lib/postfix/sbin/smtp-source")
_SHORT = {("2 KB", 10), ("1 MB", 10)}


def accept_part(_folder: Path, binaries: Path | None, *, is_short: bool) -> None:
    """Durably, against aiosmtpd as it comes that keeps nothing."""
    print("## Taking in alone: durably, to aiosmtpd as it comes (which throws away)\n")
    rows = []
    for (size, octets), mails in _MAILS.items():
        for sessions, count in zip(_SESSIONS, mails, strict=True):
            if is_short and (size, sessions) not in _SHORT:
                continue
            done = measure(case_of(size, octets, sessions, count), 2 if is_short else 5, binaries)
            for name in [name for name in (SQLITE, POSTGRES) if name in done.runs]:
                runs = done.runs[name]
                rows.append(
                    (
                        f"{done.case.name}: {name}",
                        f"{median(run.per_s for run in runs):,.0f}",
                        f"{done.rate_ratio(name, STOCK):.2f}",
                        f"{median(run.cpu_ms for run in runs):.2f}",
                        f"{done.cpu_ratio(name, STOCK):.2f}",
                        waits_text([wait for run in runs for wait in run.waits_ms]),
                        waits_text([wait for run in done.runs[STOCK] for wait in run.waits_ms]),
                        f"{done.control:.2f}{' VOID' if is_void(done.control) else ''}",
                    )
                )
    waits = "ms to the 250 (50, 95, 99 %)"
    columns = ("mails/s", "rate to stock", "CPU ms a mail", "CPU to stock", waits, "stock's", f"control {CONTROL[-7:]}")
    print_table(("case", *columns), rows)


def senders_part(folder: Path, _binaries: Path | None, *, is_short: bool) -> None:
    """Is our sender as quick as Postfix's smtp-source? The same listener, both in turn."""
    source = next((file for file in _SMTP_SOURCE if Path(file).exists()), shutil.which("smtp-source"))
    print("## Two senders at one listener (SQLite, 2 KB, 10 sessions)\n")
    if source is None:
        print("smtp-source (Postfix) is not installed: left out\n")
        return
    load = Load(sessions=10, mails=500 if is_short else 2000, size=2000)
    with ExitStack() as stack:
        entrant = stack.enter_context(started("uketsuke, SQLite", "store", f"sqlite:///{folder / 'senders.sqlite3'}"))
        ours, theirs = partial(_ours, entrant, load), partial(_theirs, entrant, load, source)
        names = ("benchmarks.sender", "benchmarks.sender" + AGAIN, "smtp-source")
        done = interleave(dict(zip(names, (ours, ours, theirs), strict=True)), 3 if is_short else 7)
    first = names[0]
    rows = [(name, f"{median(rates):,.0f}", f"{paired_ratio(rates, done[first]):.2f}") for name, rates in done.items()]
    print_table(("sender", "mails/s", "to ours"), rows)
    print(control_text(f"{first}, against itself", paired_ratio(done[names[1]], done[first])) + "\n", flush=True)


def _ours(entrant: Entrant, load: Load) -> float:
    answer = send(entrant.port, load, entrant.sent)
    entrant.sent += load.mails
    return answer.taken / answer.seconds


def _theirs(entrant: Entrant, load: Load, source: str) -> float:
    options = ["-s", load.sessions, "-m", load.mails, "-l", load.size, "-f", "customer@shouji.example", "-t", DESK]
    began = time.perf_counter()
    subprocess.run([source, *map(str, options), f"127.0.0.1:{entrant.port}"], check=True, timeout=300)
    return load.mails / (time.perf_counter() - began)
