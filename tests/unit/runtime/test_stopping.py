"""A signal ends a role whatever its main thread does at that moment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
# The main thread on its way into `wait`: it holds the event's lock when the signal comes.
ON_ITS_WAY = """
import signal
from runtime.stopping import stop_on_signals

stop = stop_on_signals()
with stop._cond:
    signal.raise_signal(signal.{name})
    signal.raise_signal(signal.{name})
print(stop.wait(20))
"""


def test_a_signal_that_comes_while_the_events_lock_is_held_is_heard() -> None:
    for name in ("SIGTERM", "SIGINT"):
        command = [sys.executable, "-c", ON_ITS_WAY.format(name=name)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=True)
        assert done.stdout == "True\n"
