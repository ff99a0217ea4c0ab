"""How a role stops: by SIGTERM or SIGINT, and by the death of its supervisor.

The supervisor holds the writing end of a pipe that nobody writes to and gives each role the reading end as its standard
input: the kernel closes the pipe however the supervisor dies, kill -9 included, and the role reads the end of file.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress

SUPERVISED = "--supervised"  # before a role's name: its standard input is the supervisor's pipe
GRACE_S = 20.0
_ORPHANED = 1
_SUPERVISED = threading.Event()


def is_supervised() -> bool:
    """Does somebody start this process again when it falls?"""
    return _SUPERVISED.is_set()


def stop_on_signals(stop: threading.Event | None = None) -> threading.Event:
    """An event that SIGTERM and SIGINT set; the loop finishes its present batch and ends.

    A thread sets it: the handler runs in the main thread, which may hold the event's own lock at that very moment, on its
    way into `wait`, and would then wait for itself for ever.
    """
    event = stop or threading.Event()
    heard, told = os.pipe()
    os.set_blocking(told, False)

    def hear() -> None:
        os.read(heard, 1)
        event.set()

    def tell(*_: object) -> None:
        with suppress(BlockingIOError):  # as full as it gets: it was told already
            os.write(told, b".")

    threading.Thread(target=hear, name="signals", daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, tell)
    return event


def end_with_supervisor(lifeline: int | None = None, grace_s: float = GRACE_S) -> None:
    """From now on this process gets SIGTERM when its supervisor dies, and ends at once if that is not enough.

    Args:
        lifeline: The pipe's reading end; standard input when absent.
        grace_s: Seconds that the role has to end in order.
    """
    _SUPERVISED.set()
    end = sys.stdin.fileno() if lifeline is None else lifeline
    threading.Thread(target=_watch, args=(end, grace_s), name="lifeline", daemon=True).start()


def _watch(lifeline: int, grace_s: float) -> None:
    while os.read(lifeline, 1):
        pass
    # To the main thread itself: a signal that another thread takes does not wake it from a wait.
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    threading.Event().wait(grace_s)
    os._exit(_ORPHANED)
