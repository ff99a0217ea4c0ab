"""The command line. Exit codes: 0 done; 1 the work failed; 2 the call or the configuration is wrong (one line)."""

from __future__ import annotations

import sys

from runtime.cli.app import app, run

__all__ = ["app", "main"]


def main() -> None:
    """Entry point of `uketsuke`."""
    sys.exit(run(sys.argv[1:]))
