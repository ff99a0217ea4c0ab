"""The clock of a process, its own or the database's."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.db.store import Store
from runtime.clock import follow, utc_now
from runtime.presence import present
from runtime.settings import load_settings
from runtime.wiring import open_store


def test_a_followed_clock_goes_on_from_there_whatever_this_machines_says(monkeypatch: pytest.MonkeyPatch) -> None:
    there = datetime(2031, 1, 1, tzinfo=UTC)
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    follow(there)
    monkeypatch.setattr(time, "monotonic", lambda: 1007.5)
    assert utc_now() == there + timedelta(seconds=7.5)
    follow(None)
    assert abs(utc_now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_who_runs_on_sqlite_goes_by_this_machines_clock(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with present(sqlite_store, "worker", utc_now):
        monkeypatch.setattr(time, "monotonic", lambda: 1e9)
        assert abs(utc_now() - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_who_runs_on_postgresql_goes_by_the_databases_clock(
    database_url: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.db.presence._now", lambda _connection: datetime(2031, 1, 1, tzinfo=UTC))
    with present(store, "worker", utc_now):
        assert timedelta(0) <= utc_now() - datetime(2031, 1, 1, tzinfo=UTC) < timedelta(minutes=5)


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_a_command_goes_by_the_databases_clock_before_it_asks_who_runs(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.db.presence._now", lambda _connection: datetime(2031, 1, 1, tzinfo=UTC))
    asked: list[datetime] = []
    monkeypatch.setattr("models.db.migrate.upgrade", lambda _url, now: asked.append(now))
    open_store(load_settings({"UKETSUKE_DATABASE_URL": database_url, "UKETSUKE_DATA_DIR": str(tmp_path)})).close()
    assert timedelta(0) <= asked[0] - datetime(2031, 1, 1, tzinfo=UTC) < timedelta(minutes=5)
