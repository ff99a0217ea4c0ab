"""What it costs to make 2 KB durable on this disk: append and fdatasync.

Not what a database pays for a commit (it writes more than that), but the floor under it, and a witness of the disk's spells.
"""

from __future__ import annotations

import os
import time
from statistics import median, quantiles
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_BLOCK = b"\xe5" * 2048
_IN_MEMORY_MS = 0.01


def sync_costs_ms(folder: Path, count: int = 40) -> list[float]:
    """Milliseconds of each of `count` appends of 2 KB with fdatasync."""
    file = folder / "sync-cost"
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return [_one(handle) for _ in range(count)]
    finally:
        os.close(handle)
        file.unlink()


def _one(handle: int) -> float:
    start = time.perf_counter()
    os.write(handle, _BLOCK)
    os.fdatasync(handle)
    return 1000 * (time.perf_counter() - start)


def sync_text(costs_ms: Sequence[float]) -> str:
    """Median, 95th percentile and worst, in words."""
    middle = median(costs_ms)
    note = "; so little that the folder seems to lie in memory: set TMPDIR" if middle < _IN_MEMORY_MS else ""
    return (
        f"append + fdatasync of 2 KB, {len(costs_ms)} times: median {middle:.2f} ms, "
        f"95 % {quantiles(costs_ms, n=20)[-1]:.2f} ms, worst {max(costs_ms):.2f} ms{note}"
    )
