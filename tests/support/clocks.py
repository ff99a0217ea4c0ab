"""A clock that goes only when it is told to."""

from __future__ import annotations

from datetime import datetime, timedelta


class Clock:
    """Call it for the time; `advance` moves it on."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by
