"""What the benchmarks print: the machine they ran on, and tables that can be pasted into Markdown."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.disk import sync_costs_ms, sync_text

if TYPE_CHECKING:
    from collections.abc import Sequence


def machine_line() -> str:
    """Cores, versions, date, and how busy the machine is with other work."""
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    return (
        f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, load average {load}"
    )


def machine_lines(folder: Path, binaries: Path | None) -> str:
    """The above in full: processor, memory, both databases, and what a sync costs in the folder of the databases."""
    model = _found(Path("/proc/cpuinfo"), r"^model name\s*:\s*(.+)$") or platform.processor() or "unknown processor"
    memory = int(_found(Path("/proc/meminfo"), r"^MemTotal:\s*(\d+) kB") or 0) / 1e6
    server = "PostgreSQL: no binaries found, left out"
    if binaries:
        said = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
        server = f"{said.strip()}, fsync and synchronous_commit on"
    return (
        f"{machine_line()}\n{model}, {memory:.0f} GB, SQLite {sqlite3.sqlite_version} (WAL, synchronous=FULL), {server}\n"
        f"{sync_text(sync_costs_ms(folder))}"
    )


def _found(file: Path, pattern: str) -> str:
    try:
        found = re.search(pattern, file.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
    except OSError:
        return ""
    return found[1].strip() if found else ""


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A Markdown table with aligned columns: the first to the left, figures to the right."""
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    print(_line(head, widths))
    print("|" + "|".join("-" * (width + 1) + ("-" if place == 0 else ":") for place, width in enumerate(widths)) + "|")
    for row in rows:
        print(_line(row, widths))
    print(flush=True)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cell.ljust(width) if place == 0 else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "| " + " | ".join(padded) + " |"
