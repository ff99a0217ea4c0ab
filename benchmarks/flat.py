"""Does the listener's memory stay flat? Resident memory of the smtp role with SQLite after every tenth of many mails.

Measures: RSS as the kernel counts it, ten sessions, small mails, no worker. Does not measure: large mails (bounded by the size limit
times the sessions), the other roles.

    python -m benchmarks.flat [--mails 100000]
"""

from __future__ import annotations

import argparse
import tempfile

from benchmarks.ending import unwind_on_sigterm
from benchmarks.entrants import Load, started
from benchmarks.processes import memory_of
from benchmarks.report import machine_line

_STEPS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=100_000)
    load = Load(sessions=10, mails=parser.parse_args().mails // _STEPS, size=2048)
    unwind_on_sigterm()
    with (
        tempfile.TemporaryDirectory() as folder,
        started("uketsuke, SQLite", "store", f"sqlite:///{folder}/bench.sqlite3") as entrant,
    ):
        print(f"     0 mails: {memory_of(entrant.process.pid).rss_mb:6.1f} MB")
        for step in range(1, _STEPS + 1):
            per_s = entrant.run(load).per_s
            print(
                f"{step * load.mails:>6} mails: {memory_of(entrant.process.pid).rss_mb:6.1f} MB, {per_s:,.0f} mails/s",
                flush=True,
            )
    print(machine_line())


if __name__ == "__main__":
    main()
