"""A role's loop: one turn after the other until the role is to stop, whatever fails.

Promises: what fails is temporary, so the loop waits a second and goes on; a trouble that lasts, as a database that is away,
is a line of the log when it begins, one a minute while it lasts, and one when it is over. Never a trace: it may quote a mail.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from structlog.typing import FilteringBoundLogger

    from runtime.pulse import Pulse

_PAUSE_S = 1.0
_EVERY_S = 60.0
_MOST_TOLD = 300  # characters: an unknown error may quote much


class Trouble:
    """One that may come back at every try: said at most once a minute, and its end where its begin was said.

    Args:
        log: The role's.
        event: What fails, as the log calls it.
    """

    def __init__(self, log: FilteringBoundLogger, event: str) -> None:
        self._log, self._event = log, event
        self._tries, self._is_said = 0, False
        self._silent_until = 0.0

    def goes_on(self, error: Exception) -> None:
        """A try has failed."""
        self._tries += 1
        if monotonic() >= self._silent_until:
            self._silent_until, self._is_said = monotonic() + _EVERY_S, True
            self._log.error(self._event, error=repr(error)[:_MOST_TOLD], tries=self._tries)

    def is_over(self) -> None:
        """A try has not failed."""
        if self._is_said:
            self._log.info("works_again", after=self._event, tries=self._tries)
        self._tries, self._is_said = 0, False


def go_on(
    turn: Callable[[], int], stop: threading.Event, pulse: Pulse, trouble: Trouble, wait: Callable[[], object]
) -> None:
    """Take turns until `stop` is set.

    Args:
        turn: Does what there is to do; returns how much that was.
        stop: Ends it, after the turn.
        pulse: Of this loop.
        trouble: Hears of turns that fail.
        wait: Called after a turn that did nothing.
    """
    while not stop.is_set():
        pulse.beat()
        try:
            done = turn()
        except Exception as error:  # noqa: BLE001 - unknown errors are temporary: log, wait, go on
            trouble.goes_on(error)
            stop.wait(_PAUSE_S)
            continue
        trouble.is_over()
        if not done:
            wait()
