"""Does this process's own work go on? Each loop says when it turns; whoever watches asks how long ago that was.

Promises: a beat costs well under a microsecond; nothing here waits for the database or anything else.
"""

from __future__ import annotations

from time import monotonic


class Pulse:
    """One loop of this process.

    Args:
        name: As `/livez` and the metrics call it.
        within_s: It is held for dead if it has not turned for so long.
    """

    def __init__(self, name: str, within_s: float) -> None:
        self.name, self.within_s = name, within_s
        self._at: float | None = None

    def beat(self) -> None:
        """The loop turns."""
        self._at = monotonic()

    @property
    def since_s(self) -> float | None:
        """Seconds since it turned; None if it has not begun: a process that waits for its database is not dead."""
        return None if self._at is None else monotonic() - self._at

    @property
    def is_dead(self) -> bool:
        """Has it begun, and not turned for too long?"""
        since = self.since_s
        return since is not None and since > self.within_s


# The longest that a turn may take, by what ends it: a hanging mail (200 s), a session with the smarthost (600 s, its
# bookkeeping), a pause of the mailbox (300 s). The others wait for nothing that long.
SMTP = Pulse("smtp", 15)
DESK = Pulse("desk", 15)
WORKER = Pulse("worker", 240)
LETTERS = Pulse("letters", 660)
MEMOS = Pulse("memos", 660)
WEBHOOKS = Pulse("webhooks", 120)
MAILBOX = Pulse("mailbox", 420)
SCHEDULER = Pulse("scheduler", 300)

PULSES = (SMTP, DESK, WORKER, LETTERS, MEMOS, WEBHOOKS, MAILBOX, SCHEDULER)
