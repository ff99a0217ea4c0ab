"""Every role says that it runs, and that it has ended; after a kill it counts as gone in a minute."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from models.db.migrate import newest, upgrade
from models.db.store import Store
from models.presence import GONE_AFTER, Process
from runtime.clock import utc_now
from runtime.version import VERSION

ROOT = Path(__file__).parents[2]
WAIT_S = 60.0


def port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "var").mkdir()
    upgrade(f"sqlite:///{tmp_path / 'var' / 'uketsuke.sqlite3'}")
    return tmp_path


def started(role: str, folder: Path) -> subprocess.Popen[bytes]:
    environment = {
        "PATH": os.environ["PATH"],
        "UKETSUKE_DATA_DIR": str(folder / "var"),
        "UKETSUKE_SMTP_PORT": port(),
        "UKETSUKE_DESK_PORT": port(),
    }
    with (folder / f"{role}.log").open("wb") as log:
        return subprocess.Popen([sys.executable, "-m", "runtime.cli", role], cwd=ROOT, env=environment, stderr=log)


def seen(store: Store, role: str, process: subprocess.Popen[bytes]) -> Process:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline and process.poll() is None:
        found = [one for one in store.processes(utc_now()) if one.role == role]
        if found:
            return found[0]
        time.sleep(0.05)
    raise TimeoutError(role)


@pytest.mark.parametrize("role", ["smtp", "worker", "deliver", "desk", "scheduler"])
def test_a_role_is_seen_while_it_runs_and_not_after(role: str, folder: Path) -> None:
    store = Store(f"sqlite:///{folder / 'var' / 'uketsuke.sqlite3'}")
    process = started(role, folder)
    try:
        found = seen(store, role, process)
        assert (found.pid, found.host, found.version) == (process.pid, socket.gethostname(), VERSION)
        assert found.shape == newest()
        if role == "desk":  # it hears signals once its port is open
            time.sleep(1.0)
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_S) == 0
        assert store.processes(utc_now()) == ()
    finally:
        process.kill()
        process.wait()
        store.close()


def test_a_killed_role_counts_as_gone_after_a_minute(folder: Path) -> None:
    store = Store(f"sqlite:///{folder / 'var' / 'uketsuke.sqlite3'}")
    process = started("deliver", folder)
    found = seen(store, "deliver", process)
    process.kill()
    process.wait()
    assert store.processes(found.seen_at) == (found,)
    assert store.processes(found.seen_at + GONE_AFTER) == ()
    store.close()
