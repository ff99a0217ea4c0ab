"""Ending early: SIGTERM unwinds like Ctrl-C, so that listeners, databases and temporary folders go too."""

from __future__ import annotations

import signal
import sys


def unwind_on_sigterm() -> None:
    """From now on SIGTERM raises SystemExit in the main thread."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
