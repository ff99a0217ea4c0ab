"""The long kill trial behind a real Postfix: `python -m benchmarks.postfix_kill --mails 5000 --kills 200`. Needs root.

Prints what was found; exit code 1 if a mail is missing, doubled or bounced.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.support.postfix import why_not
from tests.support.postfix_trial import kill_trial


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4)))
    parser.add_argument("--lmtp", action="store_true", help="Postfix speaks LMTP to us")
    wanted = parser.parse_args()
    if why_not():
        sys.exit(why_not())
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="uketsuke-trial-") as name:
        found = kill_trial(
            Path(name),
            mails=wanted.mails,
            kills=wanted.kills,
            seed=wanted.seed,
            say=lambda text: print(text, flush=True),
            is_lmtp=wanted.lmtp,
        )
    print(f"{found}\nseed {wanted.seed}, {time.monotonic() - start:.0f} s")
    if found.missing or found.doubled or found.bounced:
        sys.exit(1)


if __name__ == "__main__":
    main()
