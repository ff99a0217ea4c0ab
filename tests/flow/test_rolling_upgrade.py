"""A new version comes in beside the old one, machine by machine, while mails arrive: nobody is stopped, nothing is lost.

The new version is this one with two steps more: one that adds a column, one that takes another away.
"""

from __future__ import annotations

import os
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect

from models.db.migrate import newest
from models.db.store import Store
from runtime.clock import utc_now

pytestmark = pytest.mark.postgres
ROOT = Path(__file__).parents[2]
WAIT_S = 90.0
DESK = "support@uketsuke.example"
STEP = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on, phase = "{name}", "{before}", None, None, "{phase}"


def upgrade() -> None:
    {body}
"""
ADDS = 'op.add_column("ticket", sa.Column("mood", sa.Integer(), nullable=False, server_default="1"))'
TAKES = 'op.drop_column("ticket", "mood")'  # as if the version before had needed it


class Machine:
    """Processes of one version, on one database."""

    def __init__(self, code: Path, data: Path, url: str) -> None:
        self.code, self.data = code, data
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(code),
            "UKETSUKE_DATABASE_URL": url,
            "UKETSUKE_DATA_DIR": str(data),
            "UKETSUKE_SMTP_PORT": str(self.port),
            "UKETSUKE_REPLY_LIMITS": "off",
        }
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *roles: str) -> None:
        for role in roles:
            with (self.data / f"{self.code.name}-{role}.log").open("ab") as log:
                self.running[role] = subprocess.Popen(
                    [sys.executable, "-m", "runtime.cli", role], cwd=self.code, env=self.environment, stderr=log
                )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "runtime.cli", *arguments],
            cwd=self.code,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=WAIT_S,
        )

    def stop(self, *roles: str) -> None:
        for role in roles or tuple(self.running):
            process = self.running.pop(role)
            process.send_signal(signal.SIGTERM)
            assert process.wait(WAIT_S) == 0

    def kill(self) -> None:
        for process in self.running.values():
            process.kill()
            process.wait()

    def send(self, number: int) -> None:
        raw = (
            f"From: user{number}@c{number}.example\r\nTo: {DESK}\r\nSubject: RDS {number}\r\nMessage-ID: <r{number}@c.example>\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
            f"RDS(rm-0iwa1b2c3d4e5f6g)でエラー 1290 が出ます。番号 {number}\r\n"
        )
        deadline = time.monotonic() + WAIT_S
        while True:
            try:
                with smtplib.SMTP("127.0.0.1", self.port, timeout=20) as client:
                    client.sendmail(f"user{number}@c{number}.example", [DESK], raw.encode())
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """This version with two steps more."""
    folder = tmp_path / "later"
    folder.mkdir()
    for name in ("policy", "ingest", "classify", "responders", "desk", "reports", "runtime"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "models", folder / "models", ignore=shutil.ignore_patterns("__pycache__"))
    steps = folder / "models" / "db" / "migrations" / "versions"
    number = int(newest())
    for offset, phase, body in ((1, "pre", ADDS), (2, "post", TAKES)):
        name, before = f"{number + offset:04d}", f"{number + offset - 1:04d}"
        step = STEP.format(name=name, before=before, phase=phase, body=body)
        (steps / f"{name}_later.py").write_text(step, encoding="utf-8")
    return folder


@pytest.fixture
def machines(later: Path, tmp_path: Path, database_url: str) -> Iterator[tuple[Machine, Machine]]:
    data = tmp_path / "data"  # the secret, on every machine the same
    data.mkdir()
    both = Machine(ROOT, data, database_url), Machine(later, data, database_url)
    yield both
    for one in both:
        one.kill()


def wait_for_tickets(store: Store, count: int) -> None:
    deadline = time.monotonic() + WAIT_S
    while store.books().ticketed < count:
        assert time.monotonic() < deadline, store.books()
        time.sleep(0.1)


def wait_for(store: Store, roles: set[str]) -> None:
    deadline = time.monotonic() + WAIT_S
    while {one.role for one in store.processes(utc_now())} != roles:
        assert time.monotonic() < deadline, store.processes(utc_now())
        time.sleep(0.1)


def has_mood(store: Store) -> bool:
    with store.read() as connection:
        return "mood" in {str(column["name"]) for column in inspect(connection).get_columns("ticket")}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_old_and_new_take_mails_and_file_them_side_by_side(machines: tuple[Machine, Machine], store: Store) -> None:
    old, new = machines
    assert old.run("prepare").returncode == 0
    old.start("smtp", "worker")
    old.send(1)
    wait_for_tickets(store, 1)
    # The new version brings what it needs, under the old one's hands.
    prepared = new.run("prepare")
    assert prepared.returncode == 0
    assert "waits until these have ended: smtp " in prepared.stdout
    assert has_mood(store)
    old.send(2)
    wait_for_tickets(store, 2)
    new.start("smtp", "worker")
    new.send(3)
    old.send(4)
    wait_for_tickets(store, 4)
    # What the old one needs still stays for as long as it runs, also over a restart of it.
    old.stop("worker")
    old.start("worker")
    wait_for(store, {"smtp", "worker"})
    assert new.run("prepare").returncode == 0
    assert has_mood(store)
    old.stop()
    assert new.run("prepare").returncode == 0
    assert not has_mood(store)
    new.send(5)
    wait_for_tickets(store, 5)
    # And the old one is told so, in one line, if somebody starts it again.
    left_behind = old.run("worker")
    assert left_behind.returncode == 2
    assert "belongs to a newer one; install that one" in left_behind.stderr
    assert len(left_behind.stderr.strip().splitlines()) == 1
    new.stop()
    books = store.books(now=utc_now())
    assert (books.accepted, books.ticketed, books.faults) == (5, 5, ())
