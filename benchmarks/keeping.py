"""Backup and restore: how long, how large, how much memory, at a number of mails and at ten times as many; what secure_delete costs.

Run: `python -m benchmarks.keeping [MAILS]`. Each step is a process of its own, whose peak memory is its own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.report import machine_line, print_table
from tests.support.postgres import find_binaries, running_postgres

SIZE = 20_000
FILL = """
import random, sys
from models.db.migrate import upgrade
from models.db.store import Store
from tests.support.filings import LEASE, NOW, arrival, filing, mail
url, count, large = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
upgrade(url)
store, chance = Store(url), random.Random(count)
for start in range(0, count, 50):
    numbers = range(start, min(start + 50, count))
    store.accept([arrival(n, body=chance.randbytes(SIZE // 2).hex(), sender=f"c{n % 500}@example.com") for n in numbers])
    for claim in store.claim_mails(limit=50, lease=LEASE, now=NOW):
        store.file(filing(claim, mail(claim.mail_id, sender=f"c{claim.mail_id % 500}@example.com"), None))
if large:
    store.accept([arrival(10**7, body="x" * large)])
store.close()
""".replace("SIZE", str(SIZE))
KEEP = """
import sys
from pathlib import Path
from runtime.clock import utc_now
from runtime.keeping import write_backup
for _ in write_backup(sys.argv[1], Path(sys.argv[2]), secret=None, clock=utc_now): pass
"""
BRING_BACK = """
import sys
from pathlib import Path
from models.db.store import Store
from runtime.clock import utc_now
from runtime.keeping import Archive, restore
store = Store(sys.argv[1])
with Archive(Path(sys.argv[2])) as archive:
    for _ in archive.verify(): pass
    assert restore(archive, store, now=utc_now(), is_same_moment=True).are_books_equal
"""
FORGET = """
import sys
from models.db.store import Store
from models.erasing import Order, Why
from runtime.clock import utc_now
store = Store(sys.argv[1])
for _ in store.forget_person("c7@example.com", Order(why=Why.REQUEST, by="b"), now=utc_now()): pass
"""
ERASE = """
import sys, threading
from datetime import timedelta
import models.db.erasing as erasing
from models.db.store import Store
from runtime.clock import utc_now
import runtime.retention as retention
if sys.argv[2] == "off":
    erasing._overwrite = lambda connection: None
store = Store(sys.argv[1])
with store.write() as connection:
    connection.exec_driver_sql("UPDATE ticket SET state = 'closed'")
retention._PAUSE_S = 0
print(retention.erase_old(store, 1, utc_now() + timedelta(days=900), threading.Event()))
"""


def timed(code: str, *arguments: object) -> tuple[float, float]:
    """Seconds and peak memory in MB of a step, run as a process of its own."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(process.returncode)
    return time.perf_counter() - started, usage.ru_maxrss * 1024 / 1e6


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mails", nargs="?", type=int, default=500)
    base = parser.parse_args().mails
    print(machine_line())
    rows: list[tuple[str, ...]] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for engine in ("sqlite", "postgresql"):
            for count, large in ((base, 0), (10 * base, 0), (base, 30_000_000)):
                urls = [f"sqlite:///{folder / f'{engine}{count}{large}{n}.sqlite3'}" for n in range(2)]
                if engine == "postgresql":
                    binaries = find_binaries()
                    assert binaries is not None
                    urls[0] = stack.enter_context(running_postgres(binaries))
                file = folder / f"{engine}{count}{large}.zip"
                timed(FILL, urls[0], count, large)
                keep, back = timed(KEEP, urls[0], file), timed(BRING_BACK, urls[1], file)
                named = f"{engine}, {count} mails" + (" and one of 30 MB" if large else "")
                sizes = f"{file.stat().st_size / 1e6:.0f}"
                rows.append((named, f"{keep[0]:.1f}", f"{keep[1]:.0f}", sizes, f"{back[0]:.1f}", f"{back[1]:.0f}"))
        print_table(("", "backup s", "peak MB", "file MB", "restore s", "peak MB"), rows)
        steps = []
        for how in ("on", "off"):
            url = f"sqlite:///{folder / f'erase{how}.sqlite3'}"
            timed(FILL, url, 4 * base, 0)
            forget = timed(FORGET, url)[0]
            steps.append((how, f"{forget:.2f}", f"{timed(ERASE, url, how)[0]:.2f}"))
        print_table(("secure_delete", "forget one of 500 s", f"retention of {4 * base} s"), steps)


if __name__ == "__main__":
    main()
