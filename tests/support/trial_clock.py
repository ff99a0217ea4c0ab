"""A clock that trials and the roles that they start share: faster than the world's, and set forward or back in mid-work.

It lives in a file, so that processes see a jump at once. A role takes it in the place of `runtime.clock.utc_now`.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

_WIDTH = 80


@dataclass(slots=True)
class TrialClock:
    """The time at the desk: `began_at` at its making, `speed` seconds for each of the world's."""

    file: Path

    @classmethod
    def made(cls, file: Path, *, speed: float, began_at: datetime) -> TrialClock:
        clock = cls(file)
        clock._write(time.time(), began_at.timestamp(), speed)
        return clock

    def __call__(self) -> datetime:
        real, desk, speed = self._read()
        return datetime.fromtimestamp(desk + (time.time() - real) * speed, UTC)

    @property
    def speed(self) -> float:
        return self._read()[2]

    def jump(self, by: timedelta) -> None:
        """Everybody's clock is set forward, or back, from now on."""
        real, desk, speed = self._read()
        self._write(real, desk + by.total_seconds(), speed)

    def _read(self) -> tuple[float, float, float]:
        with self.file.open("rb") as file:
            real, desk, speed = map(float, file.read(_WIDTH).split())
        return real, desk, speed

    def _write(self, real: float, desk: float, speed: float) -> None:
        text = f"{real!r} {desk!r} {speed!r}".encode().ljust(_WIDTH)
        handle = os.open(self.file, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.pwrite(handle, text, 0)  # one call: whoever reads sees the old or the new
        finally:
            os.close(handle)
