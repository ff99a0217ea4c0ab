"""While mails pour in faster than anybody could read them, the workers of the same machine leave it to the door.

A mail that is read a few seconds later costs nobody anything; a sender that waits for its 250 gives up, and comes back in
minutes. The door holds a lock on a file in the data folder while a rush lasts, and a worker tries it before each mail; the
kernel lets go of it whatever becomes of the door. A lower priority alone does not do it: a worker that was stopped in the
middle of a transaction keeps the database from the door.

Promises: a worker gives way for ten seconds at most, be it at once or little by little, and works for as long before it
does so again; where there are processors for all, or files cannot be made or locked, nobody gives way.
"""

from __future__ import annotations

import os
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, LOCK_UN, flock
from time import monotonic
from typing import TYPE_CHECKING

from runtime.logs import log_for

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

FILE = "rush.lock"
_WINDOW_S = 0.02
QUIET_WINDOWS = 5  # in a row, then it is over: a slow commit is no end
MANY = 10  # in a window: some times what two processors read
MOST_S = 10.0
_CALM_S = 1.0  # without a rush: then a worker has its ten seconds again
_TOLD_S = 1.0  # what was shorter is not worth a line
_LOOKS_EVERY_S, _LOOK_COUNTS_AT_MOST_S = 0.02, 0.2
_BESIDES_WORKERS = 2  # processors: the door's, and one for its database and its senders


class Rush:
    """The door's side.

    Args:
        folder: The data folder.
        later: Calls a function after so many seconds, as `call_later` of the event loop does.
    """

    def __init__(self, folder: Path, later: Callable[[float, Callable[[], None]], object]) -> None:
        self._file, self._later = _opened(folder), later
        self._kept, self._quiet, self._is_counting = 0, 0, False
        self._began: float | None = None

    def kept(self, mails: int) -> None:
        """So many mails were stored just now."""
        self._kept += mails
        if not self._is_counting and self._file is not None:
            self._is_counting = True
            self._later(_WINDOW_S, self._look)

    @property
    def is_on(self) -> bool:
        """Are the workers asked to give way?"""
        return self._began is not None

    def _look(self) -> None:
        """At the end of each window; nothing is counted while no mail comes."""
        is_rush, self._kept = self._kept >= MANY, 0
        self._quiet = 0 if is_rush else self._quiet + 1
        if is_rush and not self.is_on:
            self._begin()
        elif self.is_on and self._quiet >= QUIET_WINDOWS:
            self._end()
        self._is_counting = is_rush or self.is_on
        if self._is_counting:
            self._later(_WINDOW_S, self._look)

    def _begin(self) -> None:
        assert self._file is not None
        with suppress(OSError):  # a worker is trying it, or another door has it: the next window then
            flock(self._file, LOCK_EX | LOCK_NB)
            self._began = monotonic()

    def _end(self) -> None:
        assert self._file is not None
        assert self._began is not None
        lasted, self._began = monotonic() - self._began, None
        with suppress(OSError):
            flock(self._file, LOCK_UN)
        if lasted >= _TOLD_S:
            log_for("smtp").info("rush_over", seconds=round(lasted, 1))


class GivingWay:
    """A worker's side.

    Args:
        folder: The data folder.
        workers: How many work on this machine.
        processors: How many it has; None: as the system says.
        clock: In seconds.
    """

    def __init__(
        self,
        folder: Path,
        *,
        workers: int,
        processors: int | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        has_enough = (processors or _processors()) >= workers + _BESIDES_WORKERS
        self._file = None if has_enough else _opened(folder)
        self._clock = clock
        self._left_s, self._works_until, self._seen_at = MOST_S, 0.0, 0.0

    def wait(self, stop: threading.Event) -> None:
        """Before a mail: wait until the rush is over, it is our turn, or `stop` is set."""
        now = self._clock()
        if now < self._works_until:
            return
        if now - self._seen_at > _CALM_S:
            self._left_s = MOST_S
        while self._is_rush():
            if self._left_s <= 0:
                self._left_s, self._works_until = MOST_S, now + MOST_S
                return
            if stop.wait(_LOOKS_EVERY_S):
                return
            # The time that a machine sleeps is nobody's turn.
            before, now = now, self._clock()
            self._left_s -= min(now - before, _LOOK_COUNTS_AT_MOST_S)
            self._seen_at = now

    def _is_rush(self) -> bool:
        if self._file is None:
            return False
        try:
            flock(self._file, LOCK_SH | LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # a file system that knows no locks
            self._file = None
            return False
        flock(self._file, LOCK_UN)
        return False


def _opened(folder: Path) -> int | None:
    """The file, for as long as the process lives."""
    try:
        return os.open(folder / FILE, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return None


def _processors() -> int:
    """Those that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1
