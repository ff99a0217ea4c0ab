"""How much mail the whole takes: accepted, read into tickets, answered at a sink; a burst; a second worker; and what gives way.

Every part sends by real SMTP to real role processes and looks afterwards whether each mail is there. Entrants take turns within
each round, the order moves, ratios pair figures of one round, one entrant runs twice as the control; processor time is told
beside wall time. Does not measure: TLS, a network, other machines, attachments that take long to read (there are no such).

    python -m benchmarks.load [--short] [--part accept|senders|flow|workers|burst|pressure|growth]...
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.ending import unwind_on_sigterm
from benchmarks.entrants import Load, Lost
from benchmarks.load_accept import accept_part, senders_part
from benchmarks.load_burst import burst_part
from benchmarks.load_flow import backlog_case, flow_case, installations, print_backlog, print_flow
from benchmarks.load_growth import growth_part
from benchmarks.load_pressure import pressure_part
from benchmarks.report import machine_line, machine_lines
from runtime.logs import set_up_logs
from tests.support.postgres import find_binaries

if TYPE_CHECKING:
    from collections.abc import Callable

_SIZES = {"2 KB": 2_000, "20 KB": 20_000, "200 KB": 200_000, "1 MB": 1_000_000, "5 MB": 5_000_000}
_MAILS = {"2 KB": 60, "20 KB": 60, "200 KB": 40, "1 MB": 20, "5 MB": 10}


def flow_part(folder: Path, binaries: Path | None, *, is_short: bool) -> None:
    """Accept to ticket, and to the letter at the sink."""
    print("## Through the whole: from SMTP to the ticket, and to the letter at the sink\n")
    cases = [(size, sessions) for size in _SIZES for sessions in (1, 10, 50)]
    if is_short:
        cases = [("2 KB", 10), ("1 MB", 10)]
    with installations(folder / "flow", binaries, (1, 2), is_sending=True) as found:
        for size, sessions in cases:
            mails = _MAILS[size] // (2 if is_short else 1)
            load = Load(sessions=sessions, mails=max(mails, sessions), size=_SIZES[size])
            done = flow_case(found, load, 2 if is_short else 3)
            print_flow(f"{size}, {sessions} session{'s' if sessions > 1 else ''}, {load.mails} mails a run", done)


def workers_part(folder: Path, binaries: Path | None, *, is_short: bool) -> None:
    """What a second worker adds."""
    print("## A second worker: a backlog worked off, letters stay in the database\n")
    mails = 80 if is_short else 300
    with installations(folder / "workers", binaries, (1, 2), is_sending=False) as found:
        print_backlog(mails, backlog_case(found, mails, 2 if is_short else 5))


PARTS: dict[str, Callable[..., None]] = {
    "accept": accept_part,
    "senders": senders_part,
    "flow": flow_part,
    "workers": workers_part,
    "burst": burst_part,
    "pressure": pressure_part,
    "growth": growth_part,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--short", action="store_true", help="minutes instead of an hour: fewer cases, mails and rounds"
    )
    parser.add_argument("--part", action="append", choices=list(PARTS), help="may be given several times")
    asked = parser.parse_args()
    unwind_on_sigterm()
    set_up_logs("error")
    binaries = find_binaries()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="uketsuke-load-")))
        print(f"# load{' (short form)' if asked.short else ''}\n\n{machine_lines(folder, binaries)}\n", flush=True)
        try:
            for part in asked.part or PARTS:
                PARTS[part](folder, binaries, is_short=asked.short)
        except Lost as lost:
            sys.exit(f"benchmarks.load: {lost}")
    print(machine_line())


if __name__ == "__main__":
    main()
