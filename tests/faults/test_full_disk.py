"""The disk is full or the database locked: 451, nothing half-written, and everything goes on afterwards."""

from __future__ import annotations

import smtplib
import sqlite3
from pathlib import Path

import pytest

from models.db.store import Store
from models.errors import StoreUnavailable
from tests.support.filings import arrival
from tests.support.listeners import DESK, listening

MAIL = b"From: a@example.com\r\nSubject: hi\r\n\r\n" + b"x" * 200_000 + b"\r\n"


def limit_pages(store: Store, pages: int) -> None:
    """SQLite's own way to a full disk: no more pages than it has."""
    with store.write() as connection:
        used = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {int(used or 0) + pages}")


def test_a_full_disk_is_451_and_nothing_is_half_written(sqlite_store: Store) -> None:
    limit_pages(sqlite_store, 4)
    with listening(sqlite_store) as listener, smtplib.SMTP("127.0.0.1", listener.port, timeout=20) as client:
        with pytest.raises(smtplib.SMTPDataError) as caught:
            client.sendmail("a@example.com", [DESK], MAIL)
        assert caught.value.smtp_code == 451
        assert sqlite_store.queue() == ()
        limit_pages(sqlite_store, 100_000)
        client.sendmail("a@example.com", [DESK], MAIL)
    assert len(sqlite_store.queue()) == 1


def test_a_locked_database_is_told_as_unavailable(
    tmp_path: Path, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.db.engine._BUSY_MS", 100)
    hasty = Store(f"sqlite:///{tmp_path / 'one.sqlite3'}")
    other = sqlite3.connect(tmp_path / "one.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreUnavailable, match="locked"):
            hasty.accept([arrival(1)])
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert hasty.accept([arrival(1)]) == (1,)
    hasty.close()
