"""How much memory each role holds: idle, and after the dozen demo mails came in by SMTP and were triaged.

Measures: resident (RSS) and proportional (PSS) memory of each process of one `uketsuke serve` with SQLite, as the kernel
counts it, and its ratio to the smtp role; everything is started several times, and the smtp role of the first start against
that of the last is the control. Does not measure: the page cache, a long-running or busy installation, an agent at the desk,
letters going out (no smarthost is set), PostgreSQL.

    python -m benchmarks.memory [--starts N]
"""

from __future__ import annotations

import argparse
import sys
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.ending import unwind_on_sigterm
from benchmarks.installation import running_installation
from benchmarks.processes import PROC
from benchmarks.report import machine_line, print_table
from benchmarks.rounds import control_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.processes import Memory

SMTP = "smtp"


def measure() -> tuple[dict[str, Memory], dict[str, Memory]]:
    """Memory by role, idle and after the demo, of one start."""
    with running_installation() as desk:
        desk.settle()
        idle = desk.memory()
        desk.send_demo_mails()
        desk.settle()
        return idle, desk.memory()


def print_starts(starts: Sequence[tuple[dict[str, Memory], dict[str, Memory]]]) -> None:
    """Medians over the starts, a row for each role."""

    def middle(role: str, when: int, value: Callable[[Memory], float]) -> float:
        return median(value(start[when][role]) for start in starts)

    def rss(memory: Memory) -> float:
        return memory.rss_mb

    def pss(memory: Memory) -> float:
        return memory.pss_mb or 0.0

    roles = list(starts[0][0])
    measured = [(when, value) for value in (rss, pss) for when in (0, 1)]
    rows = []
    for role in roles:
        ratios = (middle(role, when, rss) / middle(SMTP, when, rss) for when in (0, 1))
        rows.append(
            (role, *(f"{middle(role, *at):.0f}" for at in measured), *(f"{ratio:.2f}" for ratio in ratios)),
        )
    totals = (sum(middle(role, *at) for role in roles) for at in measured)
    rows.append(("all", *(f"{total:.0f}" for total in totals), "", ""))
    print_table(
        (
            "process",
            "RSS idle, MB",
            "RSS after, MB",
            "PSS idle, MB",
            "PSS after, MB",
            "idle RSS to smtp's",
            "after RSS to smtp's",
        ),
        rows,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=3, choices=range(2, 11), metavar="2..10")
    asked = parser.parse_args()
    unwind_on_sigterm()
    print(f"# memory\n\n{machine_line()}", flush=True)
    if not PROC.is_dir():
        print("no /proc on this system: nothing measured")
        return
    try:
        starts = [measure() for _ in range(asked.starts)]
    except (OSError, RuntimeError) as error:
        sys.exit(f"benchmarks.memory: {error}")
    print(f"{asked.starts} starts of uketsuke serve, medians; a PSS of 0 means that the kernel does not tell it\n")
    print_starts(starts)
    for when, name in enumerate(("idle", "after the demo")):
        control = starts[-1][when][SMTP].rss_mb / starts[0][when][SMTP].rss_mb
        print(control_text(f"smtp role {name}, last start against the first", control))
    print(machine_line())


if __name__ == "__main__":
    main()
