"""The command line. Exit codes: 0 done; 1 the work failed; 2 the call or the configuration is wrong (one line)."""

from __future__ import annotations

import gc
import sys

from runtime.cli.app import app, run

__all__ = ["app", "main"]


def main() -> None:
    """Entry point of `uketsuke`."""
    code = run(sys.argv[1:])
    # The interpreter looks through everything once more before it ends: a second or two of a role that is to end, for nothing.
    gc.freeze()
    sys.exit(code)
