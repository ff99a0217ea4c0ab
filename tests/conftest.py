"""Fixtures that several folders share."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings
from sqlalchemy import text

from models.db.engine import make_engine, transaction
from models.db.migrate import upgrade
from models.db.store import Store
from policy.load import load_pack
from policy.pack import Pack
from runtime.clock import follow
from runtime.pulse import PULSES
from runtime.settings import load_settings
from runtime.triage import Rules
from runtime.wiring import build_rules
from tests.support.postgres import find_binaries, running_postgres

# The machine is shared: no property is about the speed of its examples.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def _scrubbed_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of this machine reaches a test."""
    for name in list(os.environ):
        if name.startswith("UKETSUKE_"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _own_logs_and_signals() -> Iterator[None]:
    """A test that runs a role sets up logs, catches signals, may follow a database's clock and beats: nothing of it outlives it."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    structlog.reset_defaults()
    follow(None)
    for pulse in PULSES:
        pulse._at = None
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def pack() -> Pack:
    return load_pack("alibabacloud_jp")


@pytest.fixture(scope="session")
def rules(pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> Rules:
    """What `uketsuke worker` measures a mail by: the built-in pack and the installed models."""
    folder = tmp_path_factory.mktemp("rules")
    return build_rules(load_settings({"UKETSUKE_DATA_DIR": str(folder)}, folder / "none.toml"), pack)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    with running_postgres(binaries) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated SQLite file; every test gets a copy, which is quicker than migrating anew."""
    file = tmp_path_factory.mktemp("migrated") / "empty.sqlite3"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty, migrated database on each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{shutil.copy(request.getfixturevalue('migrated_sqlite'), tmp_path / 'test.sqlite3')}"
    url = str(request.getfixturevalue("postgres_url"))
    engine = make_engine(url)
    with transaction(engine, writes=True) as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    upgrade(url)
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    made = Store(database_url)
    yield made
    made.close()


@pytest.fixture
def sqlite_store(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'one.sqlite3')}")
    yield made
    made.close()
