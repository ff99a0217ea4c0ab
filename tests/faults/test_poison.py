"""A mail that hangs its worker: the process ends, the others go on, the mail is parked in the end."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from models.db.intake import WORKER_LOST
from models.db.store import Store
from tests.support.filings import NOW, arrival

ROOT = Path(__file__).parents[2]
# Backtracks for ever inside one C call, as a bad regular expression does: no thread of ours gets a turn meanwhile.
HANGING = """
import re, sys, threading
from datetime import datetime
from types import SimpleNamespace
import runtime.worker as worker
from models.db.store import Store
worker.HANG_S = 0.5
worker.parse_mail = lambda raw, *_, **__: re.match(r"(a+)+$", "a" * 64 + "b")
rules = SimpleNamespace(identity=SimpleNamespace(instance="x", secret=b"x", authserv_id=""))
now = datetime.fromisoformat(sys.argv[2])
worker.Worker(Store(sys.argv[1]), rules, frozenset(), lambda: now).run(threading.Event())
"""


def test_a_mail_that_hangs_its_workers_ends_them_and_is_parked(sqlite_store: Store, tmp_path: Path) -> None:
    (poison, sound) = sqlite_store.accept([arrival(1), arrival(2)])
    now = NOW
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", HANGING, f"sqlite:///{tmp_path / 'one.sqlite3'}", now.isoformat()],
            cwd=ROOT, capture_output=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 1
        assert b"Timeout" in done.stderr
        now += timedelta(minutes=6)
    (claim,) = sqlite_store.claim_mails(limit=8, lease=timedelta(minutes=5), now=now)
    assert (claim.mail_id, claim.attempts) == (sound, 2)  # charged once, for the batch it shared
    assert sqlite_store.stray_mail(poison).error == WORKER_LOST
