"""What the kernel says of processes: children, what each runs, how much memory it holds. Linux; others have no /proc."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Of one process, in MB of 10^6 bytes."""

    rss_mb: float  # resident; pages shared with other processes count in each
    pss_mb: float | None  # proportional: a shared page is divided among those that hold it; None where not told


def children_of(pid: int) -> list[int]:
    """The processes whose parent this is, oldest first."""
    return sorted(child for child in _all_pids() if _parent_of(child) == pid)


def command_of(pid: int) -> list[str]:
    """Its command line; empty when it has ended."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")[:-1]
    except OSError:
        return []


def memory_of(pid: int) -> Memory:
    """What it holds now.

    Raises:
        OSError: It has ended.
    """
    rss = _kb(PROC / str(pid) / "status", "VmRSS")
    try:
        pss = _kb(PROC / str(pid) / "smaps_rollup", "Pss")
    except OSError:
        pss = None
    return Memory(rss_mb=(rss or 0) * 1024 / 1e6, pss_mb=None if pss is None else pss * 1024 / 1e6)


def _all_pids() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]


def _parent_of(pid: int) -> int:
    try:
        return int(
            (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]
        )
    except OSError:
        return 0


def _kb(file: Path, name: str) -> int | None:
    found = re.search(rf"^{name}:\s+(\d+) kB", file.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
    return int(found[1]) if found else None
