"""The scheduler erases what is kept no longer, by itself."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from models.db.store import Store
from models.states import TicketState
from runtime.scheduler_role import run_scheduler
from runtime.settings import load_settings
from tests.support.filings import NOW, file_one


@pytest.mark.parametrize(("days", "left"), [("30", ["T000002"]), ("0", ["T000002", "T000001"])])
def test_at_its_start_as_each_night(sqlite_store: Store, tmp_path: Path, days: str, left: list[str]) -> None:
    for number in (1, 2):
        file_one(sqlite_store, number, reply_state=None)
    sqlite_store.move("T000001", TicketState.CLOSED, by="hanako", now=NOW)
    environ = {
        "UKETSUKE_DATA_DIR": str(tmp_path),
        "UKETSUKE_DATABASE_URL": f"sqlite:///{tmp_path / 'one.sqlite3'}",
        "UKETSUKE_RETENTION_DAYS": days,
    }
    settings, stop = load_settings(environ, tmp_path / "none.toml"), threading.Event()
    scheduler = threading.Thread(
        target=run_scheduler, args=(settings, Store(settings.url), stop, lambda: NOW + timedelta(days=31))
    )
    scheduler.start()
    try:
        for turn in range(200):
            if turn > 30 and len(sqlite_store.queue(include_closed=True)) == len(left):
                break
            time.sleep(0.05)
    finally:
        stop.set()
        scheduler.join()
    assert [row.ref for row in sqlite_store.queue(include_closed=True)] == left
