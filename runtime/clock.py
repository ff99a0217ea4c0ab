"""The only place that asks the time.

Of many machines on one database each follows the database's clock: leases are a matter between them, and a machine whose
own clock is wrong or jumps must not take another's work for abandoned.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

_followed: tuple[datetime, float] | None = None  # what it was there, and here by a clock that never jumps


def utc_now() -> datetime:
    """This instant, aware, in UTC."""
    if _followed is None:
        return datetime.now(UTC)
    there, here = _followed
    return there + timedelta(seconds=time.monotonic() - here)


def follow(there: datetime | None) -> None:
    """From now on the time is that of a clock which just said this; None: this machine's own."""
    global _followed  # noqa: PLW0603 - the process has one clock
    _followed = None if there is None else (there, time.monotonic())
